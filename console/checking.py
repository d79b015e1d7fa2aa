"""All that a check finds: errors, warnings and failing examples, each as a problem with a code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from console.population import count_by_clause
from console.wiring import load_chosen
from engine.clause_counts import ClauseCount, PolicyCounts
from engine.example_coverage import clauses_never_false
from engine.examples import ExampleResult, run_examples
from engine.program import compile_policies
from language.document import Document
from language.errors import FilesRefused, Problem
from policies.check_kinds import CHECK_KINDS, Level
from policies.entry_criteria import find_unmet
from policies.load import Loaded, find_policy_files
from policies.local import clauses_of
from policies.policy import Policy
from policies.running_out import find_running_out
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.snapshot import Snapshot

FEWEST = 20
"""Subjects below which a snapshot says nothing of a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The policies that can be used, how their examples came out, and every problem in order.

    `files` are those that were read, whatever is wrong with them.
    """

    problems: tuple[Problem, ...]
    policies: tuple[Policy, ...] = ()
    examples: tuple[tuple[Policy, tuple[ExampleResult, ...]], ...] = ()
    files: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()

    def of_level(self, level: Level) -> list[Problem]:
        """The problems of one level."""
        return [problem for problem in self.problems if level_of(problem) == level]


def level_of(problem: Problem) -> Level:
    """How grave a problem is; what has no kind of its own refuses its file."""
    kind = CHECK_KINDS.get(problem.code)
    return "error" if kind is None else kind.level


def check_files(
    paths: Sequence[Path],
    words: Vocabulary,
    *,
    day: date,
    snapshot: Snapshot | None = None,
    ignore: Iterable[str] = (),
    tell: Progress = lambda what, done, total: None,
) -> Checked:
    """Check policy files and folders of them.

    A file that is refused keeps none of the others from being checked. `day` is what soon means;
    with a `snapshot` clauses are also tried on everybody in it.
    """
    refused: list[Problem] = []
    try:
        loaded = load_chosen(list(paths), words)
    except FilesRefused as refusal:
        refused = refusal.problems
        loaded = _load_the_rest(paths, words, refused)
    examples = [(policy, tuple(run_examples(policy, words))) for policy in loaded.policies]
    found = [*refused, *loaded.warnings]
    for policy, results in examples:
        found += _failed(policy, results)
        document = loaded.documents[policy.key]
        found += find_running_out(policy, document, day)
        found += find_unmet(policy, document)
        found += _never_false(policy, document, words)
    left_out: list[str] = []
    if snapshot is not None:
        counts, left_out = count_by_clause(
            compile_policies(loaded.policies, words), snapshot, None, tell
        )
        for count in counts:
            document = loaded.documents[f"{count.policy}@{count.version}"]
            found += find_idle_clauses(count, document)
    unwanted = frozenset(ignore)
    return Checked(
        policies=loaded.policies,
        examples=tuple(examples),
        problems=tuple(sorted({p for p in found if p.code not in unwanted})),
        files=tuple(dict.fromkeys([*find_policy_files(paths), *loaded.files])),
        left_out=tuple(left_out),
    )


def find_idle_clauses(counts: PolicyCounts, document: Document) -> list[Problem]:
    """The clauses that hold for everybody, for nobody, or are unknown for most."""
    total = counts.subjects
    if total < FEWEST:
        return []
    places = {part[1]: place for part, place in clauses_of(document.value)}
    found = []
    for clause in counts.clauses:
        code, what = _idle(clause, total)
        if code and clause.id in places:
            place = places[clause.id]
            found.append(
                document.problem(place, f'clause "{clause.id}" {what}', _OF_IDLE[code], code=code)
            )
    return found


_OF_IDLE = {
    "always-on-snapshot": "look for a slip; where it is right it decides nothing here",
    "never-on-snapshot": "look for a slip in a value; where it is right nobody here passes by it",
    "unknown-on-snapshot": "zhida unknowns tells which facts are missing",
}


def _idle(clause: ClauseCount, total: int) -> tuple[str, str]:
    if clause.passes == total:
        return "always-on-snapshot", f"lets all {total:,} subjects of the snapshot pass"
    if clause.fails == total:
        return "never-on-snapshot", f"lets none of the {total:,} subjects of the snapshot pass"
    if clause.unknown * 2 > total:
        return (
            "unknown-on-snapshot",
            f"is unknown for {clause.unknown:,} of the {total:,} subjects of the snapshot",
        )
    return "", ""


def _never_false(policy: Policy, document: Document, words: Vocabulary) -> list[Problem]:
    """The clauses that no example lets stand in anybody's way."""
    if not policy.examples:
        return []
    places = {part[1]: place for part, place in clauses_of(document.value)}
    return [
        document.problem(
            places[clause],
            f'no example fails by clause "{clause}"',
            "add one in which it alone fails; zhida test --propose writes it",
            code="never-false",
        )
        for clause in clauses_never_false(policy, words)
        if clause in places
    ]


def _failed(policy: Policy, results: Iterable[ExampleResult]) -> list[Problem]:
    return [
        Problem(
            file=policy.file,
            line=result.line,
            column=1,
            message=f"example {result.example!r}: {difference}",
            remedy="decide by the text of the law which of the two is wrong",
            code="example-failed",
        )
        for result in results
        for difference in result.differences
    ]


def _load_the_rest(paths: Sequence[Path], words: Vocabulary, refused: list[Problem]) -> Loaded:
    """What can be read without the files that are refused; nothing where that is refused, too."""
    broken = {problem.file for problem in refused}
    good = [path for path in find_policy_files(paths) if str(path) not in broken]
    nothing = Loaded(policies=(), warnings=())
    if not good:
        return nothing
    try:
        return load_chosen(good, words)
    except FilesRefused as refusal:
        # what implements a frame that is refused, or a second version of what is
        refused += [problem for problem in refusal.problems if problem not in refused]
        return nothing
