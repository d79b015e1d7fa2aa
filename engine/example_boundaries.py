"""Whether a policy's examples stand on each threshold, and next to it on its other side.

A threshold is what an ordered comparison sets a fact against: a written number, a parameter, a day.
One step is a fen of money, a hundredth of a share, one of any other number, and a day. Of years,
months and days since a date the step is a day, too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from engine.example_coverage import ExampleSeen, day_in, facts_known, see_examples
from engine.near_miss import TIMES, day_it_holds
from engine.policy_spans import PolicySpan, spans_of
from engine.program import Bound, bind
from engine.tested import Seen, Tested, tested_of
from engine.turning_points import step_of
from language.definition import Choice, Formula, Scope
from language.expression import Arithmetic, Comparison, Expression, Name, names_in, walk
from language.reach import parts_of, reachable_facts
from language.reference import Reference
from language.types import FactType, Kind, kind_of
from language.unparse import unparse
from policies.policy import Policy
from profiles.fact import Vocabulary

Side = Literal["on", "beside"]
SIDES: tuple[Side, ...] = ("on", "beside")
_ORDERED = ("lt", "le", "gt", "ge")
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_NOT = {"lt": "ge", "le": "gt", "gt": "gt", "ge": "ge"}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """An ordered comparison of what is `measured` with a `limit` that is no fact; `step` is how
    far the next value is."""

    tested: Tested
    measured: Expression
    operator: str
    limit: Expression
    step: Fraction

    @property
    def text(self) -> str:
        """The comparison as it is written."""
        comparison = Comparison(operator=self.operator, left=self.measured, right=self.limit)
        return unparse(comparison)[1:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """One side of a threshold in a span, and the examples that stand there."""

    threshold: Threshold
    span: PolicySpan
    side: Side
    examples: tuple[str, ...]


def cover_boundaries(
    policy: Policy, vocabulary: Vocabulary, seen: Sequence[ExampleSeen] | None = None
) -> tuple[Boundary, ...]:
    """Each side of each threshold in each span; `seen` as for `cover_examples`."""
    seen = see_examples(policy, vocabulary) if seen is None else seen
    facts = facts_known(policy, vocabulary)
    found: list[Boundary] = []
    for span in spans_of(policy):
        bound = bind(policy, vocabulary, day_in(span))
        inside = [one for one in seen if span.holds(one.example.as_of)]
        for threshold in thresholds_of(bound, tested_of(bound, facts)):
            found += _sides(threshold, span, inside)
    return tuple(found)


def _sides(threshold: Threshold, span: PolicySpan, inside: list[ExampleSeen]) -> Iterator[Boundary]:
    stands = [(one.example.name, sides_of(threshold, one.seen)) for one in inside]
    for side in SIDES:
        names = tuple(name for name, sides in stands if side in sides)
        yield Boundary(threshold=threshold, span=span, side=side, examples=names)


def thresholds_of(bound: Bound, all_tested: Iterable[Tested]) -> tuple[Threshold, ...]:
    """The thresholds of what is tested, also those in facts that are worked out, each once."""
    found: dict[tuple[bool, Expression], Threshold] = {}
    for tested in all_tested:
        if tested.when is None:
            continue
        scope = bound.row_scope if tested.of_row else bound.scope
        types = bound.row_types if tested.of_row else bound.types
        for comparison in _comparisons(tested.when, scope):
            threshold = _threshold(tested, comparison, scope, types)
            if threshold is not None:
                found.setdefault((tested.of_row, comparison), threshold)
    return tuple(found.values())


def _comparisons(when: Expression, scope: Scope) -> Iterator[Comparison]:
    bodies = [when]
    for name in sorted(reachable_facts([when], scope)):
        definition = scope.get(name)
        if isinstance(definition, (Formula, Choice)):
            bodies += parts_of(definition)
    for body in bodies:
        for part in walk(body):
            if isinstance(part, Comparison) and part.operator in _ORDERED:
                yield part


def _threshold(
    tested: Tested, comparison: Comparison, scope: Scope, types: Mapping[str, FactType]
) -> Threshold | None:
    """The comparison with what is measured on the left; None where both sides are facts."""
    left, right, operator = comparison.left, comparison.right, comparison.operator
    if _is_limit(left, types):
        left, right, operator = right, left, _TURNED[operator]
    if not _is_limit(right, types) or not reachable_facts([left], scope) & types.keys():
        return None
    step = _step(left, types)
    return Threshold(tested=tested, measured=left, operator=operator, limit=right, step=step)


def _is_limit(expression: Expression, types: Mapping[str, FactType]) -> bool:
    """Whether no fact stands in it: written values, parameters and the days of the run."""
    return not names_in(expression) & types.keys()


def _step(measured: Expression, types: Mapping[str, FactType]) -> Fraction:
    if isinstance(measured, Name) and measured.name in types:
        return step_of(types[measured.name])
    numbers = (
        [t for name in names_in(measured) if kind_of(t := types[name]) is Kind.NUMBER]
        if (names_in(measured) <= types.keys())
        else [FactType.RATIO]
    )
    divides = any(isinstance(p, Arithmetic) and p.operator == "div" for p in walk(measured))
    return Fraction(1, 100) if divides else min((step_of(t) for t in numbers), default=Fraction(1))


def sides_of(threshold: Threshold, seen: Seen) -> frozenset[Side]:
    """Where an example stands: on the threshold, one step beside it, or both where rows do."""
    sides = (_side(threshold, walk) for walk in seen.walks(threshold.tested))
    return frozenset(side for side in sides if side is not None)


def _side(threshold: Threshold, reference: Reference) -> Side | None:
    """The side of one subject or row; None where it stands on neither."""
    day, waits_for = day_it_holds(
        threshold.measured, threshold.limit, _NOT[threshold.operator], reference
    )
    if day is not None and waits_for in TIMES:
        now = reference.value(Name(name=waits_for)).value
        first, before = now == day, now == day - _DAY
        # the last day of an age that is still young enough is the one on the threshold
        on, beside = (first, before) if threshold.operator in ("ge", "lt") else (before, first)
        return "on" if on else "beside" if beside else None
    value = reference.value(threshold.measured).value
    limit = reference.value(threshold.limit).value
    step = threshold.step
    if isinstance(value, date) and isinstance(limit, date):
        gap, step = Fraction((value - limit).days), Fraction(1)
    elif isinstance(value, Fraction) and isinstance(limit, Fraction):
        gap = value - limit
    else:
        return None
    if gap == 0:
        return "on"
    # with `from` and `under` the threshold's other side is below it, else above
    other = -gap if threshold.operator in ("ge", "lt") else gap
    return "beside" if 0 < other <= step else None
