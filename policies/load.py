"""From policy files to policies: every error of every file in one go, nothing guessed."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from language.document import read_documents
from language.errors import FilesRefused, Problem
from policies.build import build_policy
from policies.errors import NothingToLoad
from policies.policy import Policy
from profiles.fact import Vocabulary

CATALOGUE = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Policies that may be used, and what their authors should still look at."""

    policies: tuple[Policy, ...]
    warnings: tuple[Problem, ...]


def find_policy_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files among paths; folders are searched through."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def load_policies(paths: Iterable[Path], vocabulary: Vocabulary) -> Loaded:
    """Read policy files and folders of them.

    Raises FilesRefused with every problem of every file; NothingToLoad where there is no file.
    """
    files = find_policy_files(paths)
    if not files:
        raise NothingToLoad("no policy file (*.yaml) was found there")
    problems: list[Problem] = []
    warnings: list[Problem] = []
    policies: dict[str, Policy] = {}
    for path in files:
        documents, found = read_documents(path)
        problems += found
        for document in documents:
            policy, found, noted = build_policy(document, vocabulary)
            problems += found
            warnings += noted
            if policy is None:
                continue
            clash = policies.setdefault(policy.key, policy)
            if clash is not policy:
                problems.append(
                    document.problem(
                        ("policy",),
                        f'policy "{policy.id}" version {policy.version} is also in {clash.file}',
                        "give one of them another id or version",
                    )
                )
    problems += _find_overlaps(list(policies.values()))
    if problems:
        raise FilesRefused(problems)
    return Loaded(policies=tuple(policies.values()), warnings=tuple(sorted(warnings)))


def _find_overlaps(policies: list[Policy]) -> list[Problem]:
    """Two versions of a policy in force on one day would decide the same award twice."""
    problems = []
    for first, second in itertools.combinations(policies, 2):
        if first.id != second.id or first.key == second.key:
            continue
        starts = max(first.starts_on, second.starts_on)
        ends = min(first.ends_on, second.ends_on)
        if starts <= ends:
            problems.append(
                Problem(
                    file=second.file,
                    line=0,
                    column=0,
                    message=f'versions {first.version} and {second.version} of "{first.id}" are '
                    f"both in force on {starts}",
                    remedy="end the older one the day before the newer begins",
                )
            )
    return problems
