"""Near miss: how far each ordered comparison that stands in the way is from holding, exactly."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from language.definition import Choice, Constant, Formula, Given
from language.expression import Call, Comparison, Conditional, Expression, Logic, Name, Not
from language.functions import Undefined, add_months
from language.reach import reachable_facts
from language.reference import Reference

Direction = Literal["below", "above"]
TIMES = ("as_of", "period_start", "period_end")

_OPPOSITE = {"lt": "ge", "ge": "lt", "le": "gt", "gt": "le"}
_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A comparison that does not come out as it must.

    `value` is `below` or `above` `threshold` by `gap` (days between dates); `included`: the
    threshold itself would do. `holds_on` is the day from which it holds by itself, once `waits_for`
    (as_of, period_start or period_end) reaches it; None where time alone does not bring it.
    """

    measured: Expression
    limit: Expression
    value: Fraction | date
    threshold: Fraction | date
    gap: Fraction
    direction: Direction
    included: bool
    holds_on: date | None = None
    waits_for: str = ""


def find_near_misses(
    expression: Expression, reference: Reference, *, wanted: bool
) -> list[NearMiss]:
    """The comparisons that keep a condition from being `wanted`, in the order they stand in."""
    return list(_find(expression, reference, wanted))


def _find(expression: Expression, reference: Reference, wanted: bool) -> Iterator[NearMiss]:
    if reference.value(expression).value is wanted:
        return
    match expression:
        case Not(operand=operand):
            yield from _find(operand, reference, not wanted)
        case Logic(operands=operands):
            for operand in operands:
                yield from _find(operand, reference, wanted)
        case Conditional(test=test, then=then, otherwise=otherwise):
            held = reference.value(test).value
            if held is not None:
                yield from _find(then if held else otherwise, reference, wanted)
        case Name(name=name):
            inner = _definition(name, reference)
            if inner is not None:
                yield from _find(inner, reference, wanted)
        case Comparison(operator="lt" | "le" | "gt" | "ge"):
            found = _measure(expression, reference, wanted)
            if found is not None:
                yield found


def _definition(name: str, reference: Reference) -> Expression | None:
    """The formula behind a name, unless its value is given; of a choice the case that counts."""
    if name in reference.facts:
        return None
    match reference.scope.get(name):
        case Formula(expression=expression):
            return expression
        case Choice(cases=cases):
            for test, then in cases:
                held = True if test is None else reference.value(test).value
                if held is None:
                    return None
                if held:
                    return then
    return None


def _measure(comparison: Comparison, reference: Reference, wanted: bool) -> NearMiss | None:
    operator, left, right = comparison.operator, comparison.left, comparison.right
    if not wanted:
        operator = _OPPOSITE[operator]
    if not _is_of_subject(left, reference) and _is_of_subject(right, reference):
        operator, left, right = _MIRRORED[operator], right, left
    value, threshold = reference.value(left).value, reference.value(right).value
    if isinstance(value, date) and isinstance(threshold, date):
        gap = Fraction(abs((threshold - value).days))
    elif isinstance(value, Fraction) and isinstance(threshold, Fraction):
        gap = abs(threshold - value)
    else:
        return None
    included = operator in ("ge", "le")
    holds_on, waits_for = day_it_holds(left, right, operator, reference)
    return NearMiss(
        measured=left,
        limit=right,
        value=value,
        threshold=threshold,
        gap=gap,
        direction="below" if operator in ("ge", "gt") else "above",
        included=included,
        holds_on=holds_on,
        waits_for=waits_for,
    )


def _is_of_subject(expression: Expression, reference: Reference) -> bool:
    names = reachable_facts([expression], reference.scope)
    return any(isinstance(reference.scope.get(name), Given) for name in names)


def day_it_holds(
    measured: Expression, limit: Expression, operator: str, reference: Reference
) -> tuple[date | None, str]:
    """The day that time alone brings it about, and which time has to reach it."""
    value, threshold = reference.value(measured).value, reference.value(limit).value
    time = _time(limit)
    if time and operator in ("le", "lt") and isinstance(value, date):
        return _shift(value, 0 if operator == "le" else 1), time
    measured = unwrap(measured, reference)
    if operator not in ("ge", "gt") or not isinstance(threshold, Fraction):
        return None, ""
    whole = ceil(threshold) if operator == "ge" else floor(threshold) + 1
    match measured:
        case Call(function="years" | "months" | "days" as function, arguments=(start, end)):
            time, since = _time(end), reference.value(start).value
            if not time or not isinstance(since, date) or _moves(start, reference):
                return None, ""
            if function == "days":
                return _shift(since, whole), time
            try:
                return add_months(since, Fraction(whole * (12 if function == "years" else 1))), time
            except Undefined:
                return None, ""
    return None, ""


def _time(expression: Expression) -> str:
    return expression.name if isinstance(expression, Name) and expression.name in TIMES else ""


def unwrap(expression: Expression, reference: Reference) -> Expression:
    """The formula that a name stands for, as long as it is one and its value is not given."""
    while isinstance(expression, Name):
        inner = _definition(expression.name, reference)
        if inner is None:
            return expression
        expression = inner
    return expression


def _moves(expression: Expression, reference: Reference) -> bool:
    """Whether it changes with the day of the run."""
    names = reachable_facts([expression], reference.scope)
    return any(name in TIMES and isinstance(reference.scope[name], Constant) for name in names)


def _shift(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
