"""How far a policy's examples test it: each condition's values on each span of days.

`cover_examples` counts all; `clauses_never_false(policy, vocabulary)` is the short question whether
each clause is once seen to stand in somebody's way. A condition's value in an example is what the
evaluation gives, whatever the other clauses say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.examples import subjects_of_examples
from engine.explain_by_hand import read_all_given
from engine.policy_spans import FIRST, PolicySpan, spans_of
from engine.program import Bound, Program, bind, compile_policies
from engine.rows import RowsGiven
from engine.tested import TRUTHS, Seen, Tested, Truth, see, tested_of, values_of
from language.reference import Facts
from policies.policy import Example, Policy
from profiles.fact import Fact, Vocabulary
from profiles.hand import Subject

USUAL_DAY = date(2025, 1, 1)
"""A day of a policy that has no dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSeen:
    """An example as it was evaluated on its day."""

    example: Example
    bound: Bound
    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of one condition in one span: the examples in which it comes out so."""

    tested: Tested
    span: PolicySpan
    truth: Truth
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What the examples of one policy reach, cell by cell, in the order of the policy.

    Values that are proved never to come out are no cells. `outside` are the examples on days on
    which no run decides the policy.
    """

    policy: Policy
    spans: tuple[PolicySpan, ...]
    cells: tuple[Cell, ...]
    outside: tuple[str, ...]

    @property
    def covered(self) -> int:
        """How many cells an example reaches."""
        return sum(bool(cell.examples) for cell in self.cells)

    @property
    def missing(self) -> tuple[Cell, ...]:
        """The cells that no example reaches."""
        return tuple(cell for cell in self.cells if not cell.examples)


def cover_examples(
    policy: Policy, vocabulary: Vocabulary, seen: Sequence[ExampleSeen] | None = None
) -> Coverage:
    """Count which values of which conditions the examples reach in each span.

    `seen` are the examples as `see_examples` evaluated them, where the caller has them.
    """
    spans = spans_of(policy)
    facts = facts_known(policy, vocabulary)
    seen = see_examples(policy, vocabulary) if seen is None else seen
    inside = {span: [one for one in seen if span.holds(one.example.as_of)] for span in spans}
    cells: list[Cell] = []
    for span in spans:
        bound = bind(policy, vocabulary, day_in(span))
        for tested in tested_of(bound, facts):
            cells += _cells(tested, span, inside[span])
    days = [one for found in inside.values() for one in found]
    return Coverage(
        policy=policy,
        spans=spans,
        cells=tuple(cells),
        outside=tuple(one.example.name for one in seen if one not in days),
    )


def _cells(tested: Tested, span: PolicySpan, inside: Sequence[ExampleSeen]) -> list[Cell]:
    values = [(one.example.name, values_of(tested, one.seen)) for one in inside]
    found = []
    for truth in TRUTHS:
        names = tuple(name for name, reached in values if truth in reached)
        if truth in tested.possible or names:
            found.append(Cell(tested=tested, span=span, truth=truth, examples=names))
    return found


def clauses_never_false(policy: Policy, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The clauses, also of rows, that no example lets stand in anybody's way, by id.

    That is to be false or, beneath a `none`, to be true. Clauses of which this is proved never to
    happen, or that an office judges, are left out.
    """
    seen = see_examples(policy, vocabulary)
    days = [day_in(span) for span in spans_of(policy)] or [USUAL_DAY]
    # what cannot fail on the days of one span may on those of another
    clauses = {
        tested.key: tested
        for day in days
        for tested in tested_of(bind(policy, vocabulary, day), {})
        if tested.sort in ("clause", "row clause") and tested.fails in tested.possible
    }
    return tuple(
        tested.id
        for tested in clauses.values()
        if not any(tested.fails in values_of(tested, one.seen) for one in seen)
    )


def see_examples(policy: Policy, vocabulary: Vocabulary) -> list[ExampleSeen]:
    """Evaluate every example, those of one day together."""
    program = compile_policies([policy], vocabulary)
    subjects = subjects_of_examples(policy, vocabulary)
    read: dict[int, tuple[Bound, Facts, RowsGiven]] = {}
    for day in sorted({example.as_of for example in policy.examples}):
        places = [i for i, example in enumerate(policy.examples) if example.as_of == day]
        bound = bind(policy, vocabulary, day)
        given = read_subjects(program, bound, [subjects[place] for place in places])
        read |= {p: (bound, *one) for p, one in zip(places, given, strict=True)}
    found = []
    for place, example in enumerate(policy.examples):
        bound, facts, rows = read[place]
        found.append(ExampleSeen(example=example, bound=bound, seen=see(bound, facts, rows)))
    return found


def read_subjects(
    program: Program, bound: Bound, subjects: list[Subject]
) -> list[tuple[Facts, RowsGiven]]:
    """What subjects of one day give; those that give rows under the same names are read together.

    A row set that only some of them give would else be asked of all.
    """
    row_sets = program.vocabulary.row_sets.keys() | bound.policy.row_sets.keys()
    alike: dict[frozenset[str], list[int]] = {}
    for index, subject in enumerate(subjects):
        alike.setdefault(frozenset(subject.facts) & row_sets, []).append(index)
    read: dict[int, tuple[Facts, RowsGiven]] = {}
    for places in alike.values():
        given, _ = read_all_given(program, bound, [subjects[place] for place in places])
        read |= dict(zip(places, given, strict=True))
    return [read[index] for index in range(len(subjects))]


def facts_known(policy: Policy, vocabulary: Vocabulary) -> Mapping[str, Fact]:
    """The facts that a policy's conditions may name, by name."""
    facts = dict(vocabulary.facts) | {fact.name: fact for fact in policy.facts}
    return facts | ({fact.name: fact for fact in policy.each.facts} if policy.each else {})


def day_in(span: PolicySpan, near: date | None = None) -> date:
    """A day of the span: the nearest one to a day, or its first that is no open end.

    Long before anybody was born a period may have no beginning, so no day there is chosen.
    """
    if near is not None:
        return min(max(near, span.start), span.end)
    if span.start > FIRST:
        return span.start
    return span.end if span.end < date.max else USUAL_DAY
