"""What a predicate over one fact means for the codes of its column: ranges that hold or fail.

Comparing with a value is worked out on whole numbers at once. Anything else that rests on one fact
alone is evaluated by the columns themselves, on one row for each distinct value.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

import numpy as np
import polars as pl

from language.bits import Flags
from language.coded import Coded, distinct_values
from language.column import Bounds, Frame
from language.definition import Given, Scalar
from language.expression import Call, Comparison, Literal, Membership, Name
from language.lowering import Lowering
from language.predicate import Predicate
from language.size import refuse_too_large

Run = tuple[int, int]
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A predicate on the codes of a column.

    `runs` are the codes, both ends included, for which it holds or, with `holds` false, for which
    it fails. `unknown` are the codes for which it is neither; None says that these are the rows
    that are missing, whose code `runs` may then cover or not.
    """

    column: str
    runs: tuple[Run, ...]
    holds: bool = True
    unknown: tuple[Run, ...] | None = None


def settle_directly(predicate: Predicate, columns: Mapping[str, Coded]) -> Test | None:
    """The test of a comparison, membership or beginning of one fact; None for anything else."""
    match predicate.expression:
        case (
            Name(name=name)
            | Comparison(left=Name(name=name), right=Literal())
            | Membership(member=Name(name=name))
            | Call(function="starts_with", arguments=(Name(name=name), _))
        ) if name in columns and isinstance(predicate.scope[name], Given):
            coded = columns[name]
        case _:
            return None
    match predicate.expression:
        case Comparison(operator=operator, right=Literal(value=value)):
            return compare_codes(operator, name, coded, value)
        case Membership(items=items):
            places = [_place(coded, item.value) for item in items]
            runs = [(place, place) for place in places if place is not None]
            return _test(name, coded, runs, when_none=False)
        case Call(arguments=(_, Literal(value=str(text)))):
            first = bisect_left(coded.texts, text)
            last = bisect_right(coded.texts, text, key=lambda value: value[: len(text)]) - 1
            return _test(name, coded, [(first, last)], when_none=None)
        case _:
            return _test(name, coded, [(1, 1)], when_none=None)


def compare_codes(operator: str, name: str, coded: Coded, value: Scalar) -> Test | None:
    """The test of a comparison of a column with a value."""
    if operator in ("eq", "ne"):
        place = _place(coded, value)
        runs = [] if place is None else [(place, place)]
        equal = operator == "eq"
        return _test(name, coded, runs, when_none=not equal, holds=equal)
    number = _whole(coded, value)
    if number is None:
        return None
    low, high = coded.low, coded.low + coded.size - 1
    match operator:
        case "ge":
            low = ceil(number)
        case "gt":
            low = floor(number) + 1
        case "le":
            high = floor(number)
        case "lt":
            high = ceil(number) - 1
    if not coded.wide:
        low, high = low - coded.low, high - coded.low
    return _test(name, coded, [(low, high)], when_none=None)


def _whole(coded: Coded, value: Scalar) -> Fraction | int | None:
    """A number or day as the column holds it."""
    match value:
        case bool() | str():
            return None
        case Fraction():
            return value * coded.scale
        case date():
            return value.toordinal() - _EPOCH


def _place(coded: Coded, value: Scalar) -> int | None:
    """The code of a value, also one beyond all codes there are; None where no code could be its."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        place = bisect_left(coded.texts, value)
        return place if place < len(coded.texts) and coded.texts[place] == value else None
    number = _whole(coded, value)
    if number is None or number != int(number):
        return None
    return int(number) - (0 if coded.wide else coded.low)


def _test(
    name: str,
    coded: Coded,
    runs: Sequence[Run],
    *,
    when_none: bool | None,
    holds: bool = True,
) -> Test:
    """The test whose values are in `runs` (or, with `holds` false, outside them); `when_none` is
    its value where the fact does not apply."""
    if coded.wide:
        low, high = coded.low, coded.low + coded.size - 1
        merged = _merge(runs, low, high)
        return Test(column=name, runs=merged, holds=holds)
    last = coded.size - 1
    merged = _merge(runs, 0, last)
    unknown: tuple[Run, ...] | None = None
    if coded.may_not_apply:
        if when_none is None:
            unknown = ((coded.size, coded.size + 1),)
        elif when_none is holds:
            merged = _merge([*merged, (coded.size, coded.size)], 0, coded.size)
            last = coded.size
    # the code of what is missing may stand in any range: one comparison instead of two
    open_end = unknown is not None or last == coded.size or not coded.may_not_apply
    if merged and merged[-1][1] == last and open_end:
        merged = (*merged[:-1], (merged[-1][0], coded.size + 1))
    return Test(column=name, runs=merged, holds=holds, unknown=unknown)


def _merge(runs: Sequence[Run], low: int, high: int) -> tuple[Run, ...]:
    """The runs within `low` and `high`, ascending, those that touch made one."""
    merged: list[Run] = []
    for start, end in sorted((max(start, low), min(end, high)) for start, end in runs):
        if start > end:
            continue
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def settle_by_values(
    name: str, coded: Coded, predicates: Sequence[Predicate], bounds: Mapping[str, Bounds]
) -> list[Test]:
    """The tests of any predicates that rest on this one fact, each evaluated on every value.

    Raises TooWide and Polars' errors as the columns of a whole part do.
    """
    values = distinct_values(coded, name)
    known = Frame(columns=frozenset(values.columns), bounds=bounds)
    for predicate in predicates:
        refuse_too_large(predicate.expression, predicate.scope)
    exprs = [
        Lowering(predicate.scope, known).boolean(predicate.expression).alias(str(number))
        for number, predicate in enumerate(predicates)
    ]
    decided = values.lazy().select(pl.col(name), *exprs).collect()
    return [_from_values(name, coded, decided[expr.meta.output_name()]) for expr in exprs]


def _from_values(name: str, coded: Coded, values: pl.Series) -> Test:
    size = coded.size
    unknown = values.is_null().to_numpy().copy()
    true = values.fill_null(False).to_numpy().copy()
    # nobody has the code of what does not apply, or of what is missing: any value will do
    if not coded.may_not_apply:
        unknown[size], true[size] = unknown[size + 1], true[size + 1]
    if coded.missing is None:
        unknown[size + 1], true[size + 1] = unknown[size], true[size]
    only_missing = not unknown[: size + coded.may_not_apply].any()
    fails = ~true & ~unknown
    if only_missing:
        # rows that are missing are told apart by themselves
        true[size + 1], fails[size + 1] = true[size], fails[size]
        if not coded.may_not_apply:
            true[size:], fails[size:] = true[size - 1], fails[size - 1]
    holding, failing = _runs(true), _runs(fails)
    holds = _cost(holding, size) <= _cost(failing, size)
    undecided = None if only_missing else _runs(unknown)
    if only_missing and coded.missing is not None and not unknown[size + 1]:
        undecided = ()
        holding, holds = _runs(values.fill_null(False).to_numpy()), True
    return Test(column=name, runs=holding if holds else failing, holds=holds, unknown=undecided)


def _cost(runs: tuple[Run, ...], size: int) -> int:
    return sum(1 if low in (0, high) or high > size else 2 for low, high in runs)


def _runs(flags: Flags) -> tuple[Run, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return tuple((int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True))
