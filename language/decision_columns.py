"""What a decision table gives, in columns; agrees with `language.decision_table` on every row.

Rows are told apart by the code of their output, so that "the same whichever of these applies" is
that the least and the greatest code agree.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from language import exact
from language.column import DTYPES, Column, null
from language.decision_table import SEPARATOR
from language.definition import LISTINGS, DecisionTable, Hit, Scalar
from language.exact import INT64, Exact, TooWide, Whole
from language.types import Kind

OPEN = -1
"""The code of what has no value: a cell left open, or no row and no default."""


def decide_columns(table: DecisionTable, holds: list[pl.Expr]) -> Column:
    """The output, where `holds` says for each rule whether it applies (null: perhaps)."""
    match table.hit:
        case Hit.UNIQUE | Hit.ANY | Hit.FIRST | Hit.PRIORITY:
            return _one_of(table, holds)
        case Hit.COUNT:
            count = pl.sum_horizontal([held.cast(pl.Int64) for held in holds])
            settled = pl.when(~_any(_unsure(holds))).then(count)
            return exact.column(settled, low=0, high=len(holds))
        case Hit.SUM | Hit.MIN | Hit.MAX:
            return _combined(table, holds)
        case hit:
            assert hit in LISTINGS
            return _listed(table, holds)


def has_column(table: DecisionTable, holds: list[pl.Expr]) -> pl.Expr:
    """Whether the table has an output."""
    if table.default is not None or table.hit is Hit.COUNT:
        return pl.lit(True)
    return pl.any_horizontal(holds)


def _sure(holds: list[pl.Expr]) -> list[pl.Expr]:
    return [held.fill_null(False) for held in holds]


def _perhaps(holds: list[pl.Expr]) -> list[pl.Expr]:
    return [held.fill_null(True) for held in holds]


def _unsure(holds: list[pl.Expr]) -> list[pl.Expr]:
    return [held.is_null() for held in holds]


def _any(tests: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(tests) if tests else pl.lit(False)


def _where(test: pl.Expr, value: int) -> pl.Expr:
    return pl.when(test).then(pl.lit(value, dtype=pl.Int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Of some rules: the least and greatest code that could count, and whether one surely does."""

    least: pl.Expr
    most: pl.Expr
    sure: pl.Expr


def _one_of(table: DecisionTable, holds: list[pl.Expr]) -> Column:
    values = list(dict.fromkeys([rule.value for rule in table.rules] + [table.default]))
    known = [value for value in values if value is not None]
    codes = [OPEN if rule.value is None else known.index(rule.value) for rule in table.rules]
    default = OPEN if table.default is None else known.index(table.default)
    if table.hit in (Hit.FIRST, Hit.PRIORITY):
        reach = _first_of(codes, holds)
    else:
        perhaps = [_where(test, code) for test, code in zip(_perhaps(holds), codes, strict=True)]
        reach = _Reach(
            least=pl.min_horizontal(perhaps),
            most=pl.max_horizontal(perhaps),
            sure=_any(_sure(holds)),
        )
    fallback = _where(~reach.sure, default)
    least = pl.min_horizontal([reach.least, fallback])
    settled = least == pl.max_horizontal([reach.most, fallback])
    if table.hit is Hit.UNIQUE:
        possible = pl.sum_horizontal([test.cast(pl.Int64) for test in _perhaps(holds)])
        settled = settled & (possible <= 1)
    return _value_of(pl.when(settled).then(least), known, table.kind)


def _first_of(codes: list[int], holds: list[pl.Expr]) -> _Reach:
    """In halves, as a chain of a thousand rows would nest too deeply."""
    if len(codes) == 1:
        perhaps = _where(holds[0].fill_null(True), codes[0])
        return _Reach(least=perhaps, most=perhaps, sure=holds[0].fill_null(False))
    half = len(codes) // 2
    above, below = _first_of(codes[:half], holds[:half]), _first_of(codes[half:], holds[half:])
    passed = pl.when(~above.sure)
    return _Reach(
        least=pl.min_horizontal([above.least, passed.then(below.least)]),
        most=pl.max_horizontal([above.most, passed.then(below.most)]),
        sure=above.sure | below.sure,
    )


def _value_of(code: pl.Expr, known: list[Scalar], kind: Kind) -> Column:
    """The output of a code; null for OPEN and null."""
    if not known:
        return null(kind)
    if kind is not Kind.NUMBER:
        return code.replace_strict(
            list(range(len(known))), known, default=None, return_dtype=DTYPES[kind]
        )
    scale, whole = _whole_numbers(known)
    numerator = code.replace_strict(
        list(range(len(known))), whole, default=None, return_dtype=pl.Int64
    )
    return exact.column(numerator, low=min(whole), high=max(whole), scale=scale)


def _whole_numbers(values: list[Scalar]) -> tuple[int, list[int]]:
    """Numbers as whole ones, each a value times the scale that is returned first."""
    numbers = [value for value in values if isinstance(value, Fraction)]
    scale = math.lcm(*(number.denominator for number in numbers))
    whole = [int(number * scale) for number in numbers]
    if sum(abs(number) for number in whole) > INT64:
        raise TooWide("a table's numbers have more than 63 bits")
    return scale, whole


def _combined(table: DecisionTable, holds: list[pl.Expr]) -> Exact:
    numbers = [rule.value for rule in table.rules if rule.value is not None]
    defaults = [] if table.default is None else [table.default]
    scale, whole = _whole_numbers([*numbers, *defaults])
    default = whole[-1] if defaults else None
    with_value = [i for i, rule in enumerate(table.rules) if rule.value is not None]
    kept = [holds[index] for index in with_value]
    sure = _sure(holds)
    left_open = _any([holds[i].fill_null(True) for i in range(len(holds)) if i not in with_value])
    zero = pl.lit(0, dtype=pl.Int64)
    if table.hit is Hit.SUM:
        parts = [_where(t, n) for t, n in zip(_sure(kept), whole, strict=False)]
        total = pl.sum_horizontal([zero, *(part.fill_null(0) for part in parts)])
        changing = [t for t, n in zip(_unsure(kept), whole, strict=False) if n != 0]
        same = ~_any(changing)
        ends = [sum(n for n in whole if n < 0), sum(n for n in whole if n > 0)]
    else:
        extreme = pl.min_horizontal if table.hit is Hit.MIN else pl.max_horizontal
        parts = [_where(t, n) for t, n in zip(_sure(kept), whole, strict=False)]
        possible = [_where(t, n) for t, n in zip(_perhaps(kept), whole, strict=False)]
        total = extreme(parts) if parts else pl.lit(None, dtype=pl.Int64)
        same = (total == extreme(possible)) if parts else pl.lit(False)
        ends = [min(whole, default=0), max(whole, default=0)]
    result: pl.Expr = pl.when(_any(sure) & ~left_open & same.fill_null(False)).then(total)
    if default is not None:
        others = [
            test
            for test, n in zip(_perhaps(kept), whole, strict=False)
            if n != default or (table.hit is Hit.SUM and n != 0)
        ]
        alone = ~_any(sure) & ~left_open & ~_any(others)
        result = pl.when(alone).then(pl.lit(default, dtype=pl.Int64)).otherwise(result)
    return Exact(
        numerator=Whole(expr=result, low=ends[0], high=ends[1]),
        denominator=exact.literal_whole(scale),
    )


def _listed(table: DecisionTable, holds: list[pl.Expr]) -> pl.Expr:
    pairs = list(zip(table.rules, holds, strict=True))
    texts = [pl.when(test).then(pl.lit(str(rule.value))) for rule, test in pairs]
    listing = pl.concat_str(texts, separator=SEPARATOR, ignore_nulls=True)
    unsettled = _any(_unsure(holds))
    left_open = _any([test.fill_null(False) for rule, test in pairs if rule.value is None])
    result: pl.Expr = pl.when(_any(_sure(holds)) & ~unsettled & ~left_open).then(listing)
    if table.default is None:
        return result
    none = ~_any(_perhaps(holds))
    return pl.when(none).then(pl.lit(str(table.default))).otherwise(result)
