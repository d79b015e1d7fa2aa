"""The values that one input of a table may have, one of each sort that its rows tell apart."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Scalar,
    Within,
)
from language.matching import applies, applies_to_none
from language.truth import NONE, NotApplicable
from language.types import Kind
from language.unparse import show_number
from policies.cell import GB2260, bounds_of

OTHER = "another value"
"""Stands for every text that neither the rows nor the clauses name."""

Sort = Scalar | NotApplicable
"""One value that stands for all that no row tells from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an input may be: its kind, its closed values, whether it may not apply.

    `step` is the distance of neighbours: 1 of whole numbers, 1/100 of money, None where there is
    none.
    """

    name: str
    kind: Kind
    step: Fraction | None = None
    closed: tuple[str, ...] = ()
    may_not_apply: bool = False
    system: str = ""


def sorts_of(shape: Shape, keys: Iterable[Matcher], extra: Iterable[Scalar] = ()) -> list[Sort]:
    """A value of each sort; `extra` are further values to tell apart."""
    found: list[Sort] = []
    keys, extra = list(keys), list(extra)
    match shape.kind:
        case Kind.BOOLEAN:
            found += [True, False]
        case Kind.NUMBER:
            points = {end for key in keys for end in bounds_of(key) if isinstance(end, Fraction)}
            points |= {end for end in extra if isinstance(end, Fraction)}
            below, *numbers = _numbers(points, shape.step)
            if below >= 0 or min(points, default=below) < 0 or any(fits(k, below) for k in keys):
                found.append(below)  # but rows that begin at 0 leave nothing out
            found += numbers
        case Kind.DATE:
            days = {end for key in keys for end in bounds_of(key) if isinstance(end, date)}
            days |= {end for end in extra if isinstance(end, date)}
            found += _days(days)
        case Kind.TEXT if shape.closed:
            found += shape.closed
        case Kind.TEXT:
            texts = {text for key in keys for text in _texts(key)}
            texts |= {text for text in extra if isinstance(text, str)}
            if shape.system == GB2260:
                texts = {text.ljust(6, "0") for text in texts}
            found += [*sorted(texts), OTHER]
    return [*found, NONE] if shape.may_not_apply else found


def fits(key: Matcher, value: Sort) -> bool:
    """Whether a key holds for a value."""
    return applies_to_none(key) if isinstance(value, NotApplicable) else applies(key, value)


def show_sort(value: Sort) -> str:
    """A value for people."""
    match value:
        case NotApplicable():
            return "none (does not apply)"
        case bool():
            return "true" if value else "false"
        case Fraction():
            return show_number(value)
        case _:
            return str(value)


def show_key(key: Matcher) -> str:
    """A key for people, in the words of rows."""
    match key:
        case Equal(values=values):
            return ", ".join(show_sort(value) for value in values)
        case Beneath(prefixes=prefixes):
            return ", ".join(prefixes)
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            words = [] if low is None else [f"{'from' if low_in else 'over'} {show_number(low)}"]
            end = "" if high is None else f"{'up to' if high_in else 'under'} {show_number(high)}"
            return " ".join([*words, end]).strip()
        case During(first=first, last=last):
            words = [] if first is None else [f"from {first}"]
            return " ".join(words if last is None else [*words, f"up to {last}"])
        case NotApplying():
            return "null"
        case OneOf(members=members):
            return ", ".join(show_key(member) for member in members)
        case Otherwise():
            return "else"
        case Anything():
            return "any"


def _numbers(points: set[Fraction], step: Fraction | None) -> Iterator[Fraction]:
    """Each point, one number between each two, and one beyond each end."""
    if not points:
        yield Fraction(0)
        return
    ordered = sorted(points)
    yield ordered[0] - 1 if step is None else _next(ordered[0], -step)
    for low, high in itertools.pairwise(ordered):
        yield from _on_step(low, step)
        between = (low + high) / 2 if step is None else _next(low, step)
        if between < high:
            yield between
    yield from _on_step(ordered[-1], step)
    yield ordered[-1] + 1 if step is None else _next(ordered[-1], step)


def _on_step(point: Fraction, step: Fraction | None) -> Iterator[Fraction]:
    if step is None or (point / step).denominator == 1:
        yield point


def _next(point: Fraction, step: Fraction) -> Fraction:
    """The nearest neighbour above, or below for a negative step."""
    return (floor(point / step) + 1) * step


def _days(days: set[date]) -> Iterator[date]:
    if not days:
        yield date(2000, 1, 1)
        return
    ordinals = _numbers({Fraction(day.toordinal()) for day in days}, Fraction(1))
    for number in ordinals:
        if date.min.toordinal() <= number <= date.max.toordinal():
            yield date.fromordinal(int(number))


def _texts(key: Matcher) -> Iterator[str]:
    match key:
        case Equal(values=values):
            yield from (value for value in values if isinstance(value, str))
        case Beneath(prefixes=prefixes):
            yield from prefixes
        case OneOf(members=members) | Otherwise(others=members):
            for member in members:
                yield from _texts(member)
