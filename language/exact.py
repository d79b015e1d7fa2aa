"""Exact numbers in columns: a quotient of two whole-number columns with known bounds.

Nothing is rounded: comparing quotients is a cross-multiplication. Whole numbers are Int64 where
the bounds of the part's own values exclude overflow, else Int128; beyond that `TooWide` sends the
policy's rows of this part to the row-by-row reference.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import polars as pl

from language.errors import LanguageError
from language.functions import round_half_up

INT64 = 2**63 - 1
INT128 = 2**126  # a margin below 2**127, for the doubling in roundings


class TooWide(LanguageError):
    """The numbers of this part can exceed 128 bits; the reference decides these rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole-number column with every value between `low` and `high`; null is unknown."""

    expr: pl.Expr
    low: int
    high: int
    wide: bool = False
    constant: int | None = None
    """The value where it is written in the program: known, and the same in every row."""
    times: "tuple[Whole, int] | None" = None
    """The column and the written factor above 1 of which this is the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """`numerator / denominator`; the denominator is positive or null."""

    numerator: Whole
    denominator: Whole


@lru_cache(maxsize=4096)
def literal_whole(value: int) -> Whole:
    """The same whole number in every row."""
    if abs(value) > INT128:
        raise TooWide(f"{value} has more than 126 bits")
    wide = abs(value) > INT64
    return Whole(
        expr=pl.lit(value, dtype=pl.Int128 if wide else pl.Int64),
        low=value,
        high=value,
        wide=wide,
        constant=value,
    )


ONE = literal_whole(1)


def literal(value: Fraction) -> Exact:
    """The same number in every row."""
    return Exact(
        numerator=literal_whole(value.numerator), denominator=literal_whole(value.denominator)
    )


def column(expr: pl.Expr, *, low: int, high: int, scale: int = 1) -> Exact:
    """A column of whole numbers that are each `scale` times the value (100 for fen of yuan)."""
    return Exact(numerator=Whole(expr=expr, low=low, high=high), denominator=literal_whole(scale))


def unknown() -> Exact:
    """A number that is missing in every row."""
    return Exact(numerator=Whole(expr=pl.lit(None, dtype=pl.Int64), low=0, high=0), denominator=ONE)


def _combine(
    left: Whole, right: Whole, low: int, high: int, join: Callable[[pl.Expr, pl.Expr], pl.Expr]
) -> Whole:
    """Join two columns in a type wide enough for the operands and the result."""
    widest = max(-low, high)
    if widest > INT128:
        raise TooWide("a product or sum has more than 126 bits")
    wide = widest > INT64 or left.wide or right.wide
    a, b = (_cast(side, wide) for side in (left, right))
    return Whole(expr=join(a, b), low=low, high=high, wide=wide)


def _cast(whole: Whole, wide: bool) -> pl.Expr:
    if not wide or whole.wide:
        return whole.expr
    if whole.constant is not None:
        return pl.lit(whole.constant, dtype=pl.Int128)
    return whole.expr.cast(pl.Int128)


def _multiply(left: Whole, right: Whole) -> Whole:
    for one, other in ((left, right), (right, left)):
        if one.constant == 1:
            return other
    if left.constant is not None and right.constant is not None:
        return literal_whole(left.constant * right.constant)
    ends = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    product = _combine(left, right, min(ends), max(ends), lambda a, b: a * b)
    for one, other in ((left, right), (right, left)):
        if one.constant is not None and one.constant > 1:
            column, factor = other.times or (other, 1)
            return replace(product, times=(column, factor * one.constant))
    return product


def _add(left: Whole, right: Whole) -> Whole:
    if left.constant is not None and right.constant is not None:
        return literal_whole(left.constant + right.constant)
    return _combine(left, right, left.low + right.low, left.high + right.high, lambda a, b: a + b)


def _common(left: Exact, right: Exact) -> tuple[Whole, Whole, Whole]:
    """Both numerators over one denominator."""
    a, b = left.denominator.constant, right.denominator.constant
    if a is not None and b is not None:
        shared = math.lcm(a, b)
        return (
            _multiply(left.numerator, literal_whole(shared // a)),
            _multiply(right.numerator, literal_whole(shared // b)),
            literal_whole(shared),
        )
    return (
        _multiply(left.numerator, right.denominator),
        _multiply(right.numerator, left.denominator),
        _multiply(left.denominator, right.denominator),
    )


def add(left: Exact, right: Exact) -> Exact:
    """The sum."""
    a, b, shared = _common(left, right)
    return Exact(numerator=_add(a, b), denominator=shared)


def negate(value: Exact) -> Exact:
    """The value with the other sign."""
    return Exact(
        numerator=_multiply(value.numerator, literal_whole(-1)), denominator=value.denominator
    )


def subtract(left: Exact, right: Exact) -> Exact:
    """The difference."""
    return add(left, negate(right))


def multiply(left: Exact, right: Exact) -> Exact:
    """The product."""
    return Exact(
        numerator=_multiply(left.numerator, right.numerator),
        denominator=_multiply(left.denominator, right.denominator),
    )


def power(value: Exact, exponent: int) -> Exact:
    """The value multiplied with itself, by a small written exponent."""
    result = literal(Fraction(1))
    for _ in range(exponent):
        result = multiply(result, value)
    return result


def divide(left: Exact, right: Exact) -> Exact:
    """The quotient; null where the divisor is zero."""
    top = _multiply(left.numerator, right.denominator)
    bottom = _multiply(left.denominator, right.numerator)
    if bottom.low > 0:
        return Exact(numerator=top, denominator=bottom)
    if bottom.low == 0 and bottom.high > 0:
        above = pl.when(bottom.expr > 0).then(bottom.expr)
        return Exact(numerator=top, denominator=replace(bottom, expr=above, low=1, times=None))
    if bottom.constant is not None and bottom.constant < 0:
        turn = literal_whole(-1)
        return Exact(numerator=_multiply(top, turn), denominator=_multiply(bottom, turn))
    sign_expr = pl.when(bottom.expr > 0).then(1).when(bottom.expr < 0).then(-1)
    sign = Whole(expr=sign_expr.cast(pl.Int64), low=-1, high=1)
    size = max(abs(bottom.low), abs(bottom.high), 1)
    absolute = pl.when(bottom.expr != 0).then(bottom.expr.abs())
    return Exact(
        numerator=_multiply(top, sign),
        denominator=Whole(expr=absolute, low=1, high=size, wide=bottom.wide),
    )


def compare(operator: str, left: Exact, right: Exact) -> pl.Expr:
    """A Boolean column; null where either side is."""
    a, b, _ = _common(left, right)
    if b.constant is not None and a.times is not None:
        return _compare_factor(operator, *a.times, b.constant)
    if a.constant is not None and b.times is not None:
        return _compare_factor(TURNED[operator], *b.times, a.constant)
    wide = a.wide or b.wide
    if a.constant is not None:
        a, b, operator = b, a, TURNED[operator]
    return _COMPARE[operator](_cast(a, wide), _cast(b, wide))


_COMPARE: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
TURNED: Mapping[str, str] = {
    "eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le",
}  # fmt: skip
"""The same comparison with its sides exchanged. A literal stands on the right: on the left of a
column whose values are all the same, Polars answers with one row."""


def _compare_factor(operator: str, column: Whole, factor: int, constant: int) -> pl.Expr:
    """`column * factor` against a constant: the column against the constant's part of it."""
    down, rest = divmod(constant, factor)
    if rest and operator in ("eq", "ne"):
        return pl.when(column.expr.is_not_null()).then(operator == "ne")
    if rest and operator in ("lt", "ge"):
        down += 1
    bound = literal_whole(down)
    wide = column.wide or bound.wide
    return _COMPARE[operator](_cast(column, wide), _cast(bound, wide))


def choose(cases: list[tuple[pl.Expr, Exact]], otherwise: Exact | None = None) -> Exact:
    """The value of the first case that holds; null once a case is unknown before that."""
    values = [value for _, value in cases] + ([otherwise] if otherwise is not None else [])
    scales = [value.denominator.constant for value in values]
    if all(scale is not None for scale in scales):
        shared = math.lcm(*(scale for scale in scales if scale is not None))
        numerators = [
            _multiply(value.numerator, literal_whole(shared // (value.denominator.constant or 1)))
            for value in values
        ]
        return Exact(
            numerator=_choose_whole([test for test, _ in cases], numerators),
            denominator=literal_whole(shared),
        )
    tests = [test for test, _ in cases]
    return Exact(
        numerator=_choose_whole(tests, [value.numerator for value in values]),
        denominator=_choose_whole(tests, [value.denominator for value in values]),
    )


def _choose_whole(tests: list[pl.Expr], values: list[Whole]) -> Whole:
    wide = any(value.wide for value in values)
    exprs = [_cast(value, wide) for value in values]
    return Whole(
        expr=choose_expr(tests, exprs, pl.Int128 if wide else pl.Int64),
        low=min(value.low for value in values),
        high=max(value.high for value in values),
        wide=wide,
    )


def choose_expr(tests: list[pl.Expr], values: list[pl.Expr], dtype: type[pl.DataType]) -> pl.Expr:
    """`values[i]` of the first test that is true, null from the first unknown one on.

    One value more than tests: the last is for rows where every test is false.
    """
    result = values[len(tests)] if len(values) > len(tests) else pl.lit(None, dtype=dtype)
    for test, value in reversed(list(zip(tests, values, strict=False))):
        # a null test takes neither branch, where when/otherwise would read it as false
        result = pl.when(test).then(value).when(test.is_not_null()).then(result)
    return result


def coalesce(left: Exact, right: Exact) -> Exact:
    """The left value, or the right one where the left is unknown."""
    known = known_expr(left)
    return choose([(known, left)], right)


def known_expr(value: Exact) -> pl.Expr:
    """Where the value is known; never null."""
    return value.numerator.expr.is_not_null() & value.denominator.expr.is_not_null()


def smallest(values: list[Exact], *, largest: bool = False) -> Exact:
    """The least (or greatest) of several values; null where any is."""
    if len(values) == 1:
        return values[0]
    # in halves: a fold from the left would repeat the first value exponentially
    half = len(values) // 2
    left, right = (smallest(part, largest=largest) for part in (values[:half], values[half:]))
    keep = compare("ge" if largest else "le", left, right)
    chosen = choose([(keep, left)], right)
    if left.denominator.constant is None or right.denominator.constant is None:
        return chosen
    # over one denominator the result also keeps to the narrower bound of the two
    a, b, _ = _common(left, right)
    pick = max if largest else min
    bounds = replace(chosen.numerator, low=pick(a.low, b.low), high=pick(a.high, b.high))
    return replace(chosen, numerator=bounds)


def absolute(value: Exact) -> Exact:
    """The value without its sign."""
    top = value.numerator
    size = max(abs(top.low), abs(top.high))
    return Exact(
        numerator=Whole(expr=top.expr.abs(), low=0, high=size, wide=top.wide),
        denominator=value.denominator,
    )


def floor(value: Exact) -> Exact:
    """The next whole number down."""
    return Exact(numerator=_floor(value.numerator, value.denominator), denominator=ONE)


def _floor(top: Whole, bottom: Whole) -> Whole:
    if bottom.constant == 1:
        return top
    ends = [a // b for a in (top.low, top.high) for b in (bottom.low, bottom.high)]
    return _combine(top, bottom, min(ends), max(ends), lambda a, b: a // b)


def ceil(value: Exact) -> Exact:
    """The next whole number up."""
    return negate(floor(negate(value)))


def truncate(value: Exact) -> Exact:
    """The whole part, toward zero."""
    if value.numerator.low >= 0:
        return floor(value)
    below = value.numerator.expr < 0
    return choose([(below, ceil(value))], floor(value))


def round_to(value: Exact, digits: int) -> Exact:
    """四舍五入 to so many decimals, a half away from zero."""
    scale = 10**digits
    constant = _constant(value)
    if constant is not None:
        return literal(round_half_up(constant, Fraction(digits)))
    if value.denominator.constant is not None and scale % value.denominator.constant == 0:
        return value
    doubled = _multiply(absolute(value).numerator, literal_whole(2 * scale))
    whole = _floor(_add(doubled, value.denominator), _multiply(value.denominator, literal_whole(2)))
    rounded = Exact(numerator=whole, denominator=literal_whole(scale))
    if value.numerator.low >= 0:
        return rounded
    return choose([(value.numerator.expr < 0, negate(rounded))], rounded)


def to_fen(value: Exact) -> pl.Expr:
    """Yuan as Int64 fen, rounded half-up; TooWide where that could overflow."""
    fen = round_to(multiply(value, literal(Fraction(100))), 0)
    if max(abs(fen.numerator.low), abs(fen.numerator.high)) > INT64:
        raise TooWide("an amount can exceed what fen in 64 bits hold")
    scale = fen.denominator.constant
    if scale == 1:
        return fen.numerator.expr.cast(pl.Int64)
    return _floor(fen.numerator, fen.denominator).expr.cast(pl.Int64)


def lower_bound(value: Exact) -> Fraction:
    """A number that no row of the column is below."""
    low = value.numerator.low
    return Fraction(low, value.denominator.low if low < 0 else max(value.denominator.high, 1))


def _constant(value: Exact) -> Fraction | None:
    top, bottom = value.numerator.constant, value.denominator.constant
    return None if top is None or bottom is None else Fraction(top, bottom)
