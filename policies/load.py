"""From policy files to policies: every error of every file in one go, nothing guessed."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from language.document import Document
from language.document_reading import read_documents
from language.errors import FilesRefused, Problem
from policies.build import build_policy
from policies.dating import find_gaps
from policies.errors import NothingToLoad
from policies.frame import Frame, is_frame
from policies.policy import Policy
from policies.shelf import Shelf, flatten, gather_frames
from profiles.fact import Vocabulary

CATALOGUE = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Policies that may be used, and what their authors should still look at.

    `files` are all that were read, also those of the catalogue in which a frame was found;
    `beside` names the files of tables that stand beside each. `documents` are the policies by
    their keys as they are written, each merged with its frame: they know the place of every part.
    """

    policies: tuple[Policy, ...]
    warnings: tuple[Problem, ...]
    frames: tuple[Frame, ...] = ()
    files: tuple[Path, ...] = ()
    beside: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict, repr=False)


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
    """Read policy files and folders of them; frames are found among them and in the catalogue.

    Raises FilesRefused with every problem of every file; NothingToLoad where there is no file.
    """
    files = find_policy_files(paths)
    if not files:
        raise NothingToLoad("no policy file (*.yaml) was found there")
    problems: list[Problem] = []
    warnings: list[Problem] = []
    documents: list[Document] = []
    for path in files:
        read, found = read_documents(path)
        documents += read
        problems += found
    frames, found = gather_frames(documents)
    problems += found
    elsewhere = [path for path in find_policy_files([CATALOGUE]) if path not in files]
    shelf = Shelf(frames=frames, elsewhere=elsewhere)
    policies: dict[str, Policy] = {}
    written: dict[str, Document] = {}
    beside: dict[Path, list[str]] = {}
    for document in documents:
        if is_frame(document):
            continue
        flat, use, found = flatten(document, shelf)
        problems += found
        if flat is None:
            continue
        for beside_what, name in _table_files(flat):
            beside.setdefault(beside_what, []).append(name)
        policy, found, noted = build_policy(flat, vocabulary, use)
        problems += found
        warnings += noted
        if policy is None:
            continue
        written.setdefault(policy.key, flat)
        clash = policies.setdefault(policy.key, policy)
        if clash is not policy:
            problems.append(
                document.problem(
                    ("policy",),
                    f'policy "{policy.id}" version {policy.version} is also in {clash.file}',
                    "give one of them another id or version",
                    code="version-overlap",
                )
            )
    for frame in frames:
        if frame.key not in shelf.used:
            found, noted = _check_alone(frame, vocabulary)
            problems += found
            warnings += noted
    problems += _find_overlaps(list(policies.values()))
    warnings += find_gaps(policies.values())
    if problems:
        # a slip in a frame is found again with each policy that implements it
        raise FilesRefused(list(dict.fromkeys(problems)))
    return Loaded(
        policies=tuple(policies.values()),
        warnings=tuple(sorted(dict.fromkeys(warnings))),
        frames=tuple(shelf.frames),
        files=tuple(dict.fromkeys([*files, *shelf.opened])),
        beside={path: tuple(dict.fromkeys(names)) for path, names in beside.items()},
        documents=written,
    )


def _table_files(document: Document) -> Iterator[tuple[Path, str]]:
    """The files of tables that a policy names, each with the file that names it."""
    tables = document.value.get("tables") if isinstance(document.value, dict) else None
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        named = table.get("file") if isinstance(table, dict) else None
        if isinstance(named, str):
            yield Path(document.file_of(("tables", name, "file"))), named


def _check_alone(frame: Frame, vocabulary: Vocabulary) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with a frame that no policy here implements, as far as it says everything."""
    message = f'no policy here implements frame "{frame.id}"'
    if not frame.whole or "benefit" not in frame.document.value:
        remedy = "its conditions are checked with the first policy that does"
        return [], [frame.document.problem(("policy",), message, remedy, code="frame-alone")]
    value = {key: part for key, part in frame.document.value.items() if key != "kind"}
    _, problems, _ = build_policy(replace(frame.document, value=value), vocabulary)
    return problems, [frame.document.problem(("policy",), message, code="frame-alone")]


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
                    code="version-overlap",
                )
            )
    return problems
