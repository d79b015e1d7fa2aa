"""Values of a measured fact on the limit that holds for somebody, and one step to either side."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from engine.example_boundaries import Threshold
from engine.near_miss import unwrap
from language.expression import Call, Name, names_in
from language.functions import Undefined, add_months
from language.reference import Reference

_STEPS = (0, -1, 1)
_MONTHS = {"years": 12, "months": 1}


def numbers_at_limit(threshold: Threshold, walk: Reference) -> Iterator[tuple[str, Fraction]]:
    """For each fact that is measured the limit and its neighbours, where it is a number."""
    limit = walk.value(threshold.limit).value
    if isinstance(limit, Fraction):
        for name in sorted(names_in(threshold.measured)):
            for step in _STEPS:
                yield name, limit + step * threshold.step


def days_at_limit(threshold: Threshold, walk: Reference) -> Iterator[tuple[str, date]]:
    """Days on the limit and beside it; of a span of time the days on which it would begin."""
    limit = walk.value(threshold.limit).value
    if isinstance(limit, date):
        for name in sorted(names_in(threshold.measured)):
            yield from ((name, day) for day in _beside(limit))
        return
    measured = unwrap(threshold.measured, walk)
    match measured:
        case Call(
            function="years" | "months" | "days" as function, arguments=(Name(name=name), end)
        ) if isinstance(limit, Fraction) and limit.denominator == 1:
            last = walk.value(end).value
            if isinstance(last, date):
                for whole in (limit, limit + 1):
                    begun = _begun(last, function, int(whole))
                    if begun is not None:
                        yield from ((name, day) for day in _beside(begun))


def _begun(last: date, function: str, whole: int) -> date | None:
    """The last day from which so many years, months or days have passed."""
    try:
        if function == "days":
            return last - timedelta(days=whole)
        return add_months(last, Fraction(-whole * _MONTHS[function]))
    except (Undefined, OverflowError):
        return None


def _beside(day: date) -> Iterator[date]:
    if date.min < day < date.max:
        yield from (day + timedelta(days=step) for step in _STEPS)
