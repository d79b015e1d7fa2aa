"""Exact numbers in SQL: decimals of DuckDB, and quotients of two of them.

DuckDB holds at most 38 decimal digits and takes a quotient of decimals as a float, so a division
stays a pair of decimals and is compared by cross-multiplication. What may need more digits is
refused with NotExact, never rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from language.errors import LanguageError

MAX_DIGITS = 38
MAX_LENGTH = 60_000
"""Signs of SQL of one number; its parts are repeated in it, so nesting makes it grow quickly."""


class NotExact(LanguageError):
    """DuckDB's decimals of 38 digits are not sure to hold it, or its SQL would be too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal:
    """SQL of type DECIMAL(…, scale) whose digits without the point make at most `most`."""

    sql: str
    most: int
    scale: int
    positive: bool = False
    """Known to be above zero, or null, in every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """`top / bottom`, or `top` alone; the bottom is positive or null; null is unknown."""

    top: Decimal
    bottom: Decimal | None = None


def decimal(sql: str, *, most: int, scale: int, positive: bool = False) -> Decimal:
    """The SQL as a decimal just wide enough."""
    digits = max(len(str(most)), scale)
    if digits > MAX_DIGITS:
        raise NotExact(f"a number can need {digits} digits, DuckDB's decimals have {MAX_DIGITS}")
    if len(sql) > MAX_LENGTH:
        raise NotExact("the SQL of a number is too long")
    typed = f"CAST({sql} AS DECIMAL({digits}, {scale}))"
    return Decimal(sql=typed, most=most, scale=scale, positive=positive)


def whole(sql: str, most: int) -> Number:
    """A whole number of SQL, of at most this size."""
    return Number(top=decimal(sql, most=most, scale=0))


def literal(value: Fraction) -> Number:
    """A written number; a quotient where its decimals do not end."""
    for scale in range(MAX_DIGITS):
        if (value * 10**scale).denominator == 1:
            return Number(top=_written(value, scale))
    top, bottom = (Fraction(part) for part in (value.numerator, value.denominator))
    return Number(top=_written(top, 0), bottom=_written(bottom, 0))


def _written(value: Fraction, scale: int) -> Decimal:
    whole_part = int(value * 10**scale)
    digits = f"{abs(whole_part):0{scale + 1}d}"
    shown = f"{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}".rstrip(".")
    sign = "-" if value < 0 else ""
    return decimal(f"'{sign}{shown}'", most=abs(whole_part), scale=scale, positive=value > 0)


ONE = literal(Fraction(1)).top
ZERO = literal(Fraction(0))
UNKNOWN = Number(top=decimal("NULL", most=0, scale=0))


def _widen(value: Decimal, scale: int, most: int | None = None) -> Decimal:
    """The same value with more decimals; `most` is that of the decimals it will stand beside."""
    least = value.most * 10 ** (scale - value.scale)
    if scale == value.scale and most in (None, value.most):
        return value
    return decimal(value.sql, most=max(least, most or 0), scale=scale, positive=value.positive)


def make_alike(values: Sequence[Decimal]) -> list[Decimal]:
    """The same values, all of one type: DuckDB drops decimals where it joins different ones."""
    scale = max(value.scale for value in values)
    most = max(value.most * 10 ** (scale - value.scale) for value in values)
    return [_widen(value, scale, most) for value in values]


def _times(a: Decimal, b: Decimal | None) -> Decimal:
    if b is None or b is ONE:
        return a
    if a is ONE:
        return b
    most, scale = a.most * b.most, a.scale + b.scale
    # DuckDB multiplies two decimals of up to 18 digits in 64 bits, whatever the product needs
    wide = decimal(a.sql, most=max(a.most, 10 ** max(len(str(most)), scale) - 1), scale=a.scale)
    positive = a.positive and b.positive
    return decimal(f"({wide.sql} * {b.sql})", most=most, scale=scale, positive=positive)


def _plus(a: Decimal, b: Decimal) -> Decimal:
    scale = max(a.scale, b.scale)
    left, right = _widen(a, scale), _widen(b, scale)
    most = left.most + right.most
    left, right = (_widen(side, scale, most) for side in (left, right))
    return decimal(f"({left.sql} + {right.sql})", most=most, scale=scale)


def negate(value: Number) -> Number:
    """The value with the other sign."""
    top = value.top
    return Number(top=decimal(f"(-{top.sql})", most=top.most, scale=top.scale), bottom=value.bottom)


def add(a: Number, b: Number) -> Number:
    """The sum."""
    if a.bottom == b.bottom:
        return Number(top=_plus(a.top, b.top), bottom=a.bottom)
    top = _plus(_times(a.top, b.bottom), _times(b.top, a.bottom))
    return Number(top=top, bottom=_times(a.bottom or ONE, b.bottom))


def subtract(a: Number, b: Number) -> Number:
    """The difference."""
    return add(a, negate(b))


def multiply(a: Number, b: Number) -> Number:
    """The product."""
    bottom = _times(a.bottom or ONE, b.bottom)
    return Number(top=_times(a.top, b.top), bottom=None if bottom is ONE else bottom)


def divide(a: Number, b: Number) -> Number:
    """The quotient; its bottom is null where the divisor is zero."""
    top, bottom = _times(a.top, b.bottom), _times(a.bottom or ONE, b.top)
    if bottom.positive:
        return Number(top=top, bottom=bottom)
    turned = f"CASE WHEN {bottom.sql} < 0 THEN -{top.sql} ELSE {top.sql} END"
    return Number(
        top=decimal(turned, most=top.most, scale=top.scale),
        bottom=decimal(
            f"ABS(NULLIF({bottom.sql}, 0))", most=bottom.most, scale=bottom.scale, positive=True
        ),
    )


def compare(sign: str, a: Number, b: Number) -> str:
    """SQL of the truth of `a sign b`."""
    if a.bottom == b.bottom:
        # a bottom that is null makes both sides unknown, though it is left out here
        left, right = make_alike([a.top, b.top])
        test = f"({left.sql} {sign} {right.sql})"
        return test if a.bottom is None else f"CASE WHEN {a.bottom.sql} > 0 THEN {test} END"
    left, right = make_alike([_times(a.top, b.bottom), _times(b.top, a.bottom)])
    return f"({left.sql} {sign} {right.sql})"


def choose(cases: Sequence[tuple[str, Number]], otherwise: Number) -> Number:
    """The first value whose test holds; null from the first unknown test on."""
    tests = [test for test, _ in cases]
    values = [*(value for _, value in cases), otherwise]
    tops = make_alike([value.top for value in values])
    top = _case(tests, tops)
    if all(value.bottom is None for value in values):
        return Number(top=top)
    bottom = _case(tests, make_alike([value.bottom or ONE for value in values]))
    return Number(top=top, bottom=bottom)


def _case(tests: Sequence[str], values: Sequence[Decimal]) -> Decimal:
    sql = choose_sql(tests, [value.sql for value in values])
    most, scale = max(value.most for value in values), values[0].scale
    return decimal(sql, most=most, scale=scale, positive=all(v.positive for v in values))


def choose_sql(tests: Sequence[str], values: Sequence[str]) -> str:
    """CASE that stops at an unknown test, where SQL's own would read it as false."""
    parts = [
        f"WHEN {test} THEN {value} WHEN ({test}) IS NULL THEN NULL"
        for test, value in zip(tests, values, strict=False)
    ]
    return f"CASE {' '.join(parts)} ELSE {values[-1]} END" if parts else values[-1]


def known(value: Number) -> str:
    """SQL of whether the value is known; never null."""
    parts = [value.top, *([value.bottom] if value.bottom else [])]
    return "(" + " AND ".join(f"{part.sql} IS NOT NULL" for part in parts) + ")"


def absolute(value: Number) -> Number:
    """The value without its sign."""
    top = value.top
    return Number(
        top=decimal(f"ABS({top.sql})", most=top.most, scale=top.scale), bottom=value.bottom
    )


def smallest(values: Sequence[Number], sign: str = "<=") -> Number:
    """The least of several values, with `>=` the greatest; null where any is."""
    result = values[0]
    for value in values[1:]:
        result = choose([(compare(sign, result, value), result)], value)
    return result


def _integers(value: Number) -> tuple[str, str, int, int]:
    """A quotient as two HUGEINTs, which divide exactly, and the most that either is."""
    assert value.bottom is not None
    top, bottom = value.top, value.bottom
    scale = max(top.scale, bottom.scale)
    shift = literal(Fraction(10**scale)).top
    parts = [_times(_widen(part, scale), shift) for part in (top, bottom)]
    return (
        f"CAST({parts[0].sql} AS HUGEINT)",
        f"CAST({parts[1].sql} AS HUGEINT)",
        parts[0].most,
        parts[1].most,
    )


def truncate(value: Number) -> Number:
    """The whole part, toward zero."""
    if value.bottom is None:
        return whole(f"TRUNC({value.top.sql})", value.top.most // 10**value.top.scale)
    top, bottom, most, _ = _integers(value)
    return whole(f"({top} // {bottom})", most)


def floor(value: Number) -> Number:
    """The next whole number down."""
    if value.bottom is None:
        return whole(f"FLOOR({value.top.sql})", value.top.most // 10**value.top.scale + 1)
    top, bottom, most, _ = _integers(value)
    down = f"CASE WHEN {top} % {bottom} < 0 THEN 1 ELSE 0 END"
    return whole(f"({top} // {bottom} - {down})", most + 1)


def ceil(value: Number) -> Number:
    """The next whole number up."""
    if value.bottom is None:
        return whole(f"CEIL({value.top.sql})", value.top.most // 10**value.top.scale + 1)
    return negate(floor(negate(value)))


def round_half_up(value: Number, digits: int) -> Number:
    """To so many decimals, a half away from zero, as DuckDB's own ROUND of a decimal has it."""
    top = value.top
    if value.bottom is None:
        if top.scale <= digits:
            return value
        most = top.most // 10 ** (top.scale - digits) + 1
        return Number(top=decimal(f"ROUND({top.sql}, {digits})", most=most, scale=digits))
    moved = multiply(absolute(value), literal(Fraction(10**digits)))
    a, b, most, divisor = _integers(moved)
    if 2 * most + 2 * divisor >= 10**MAX_DIGITS:
        raise NotExact("a rounding can need more digits than DuckDB's whole numbers have")
    size = whole(f"((2 * {a} + {b}) // (2 * {b}))", most + 1)
    below = compare("<", value, ZERO)
    rounded = choose([(below, negate(size))], size)
    return multiply(rounded, literal(Fraction(1, 10**digits)))


def remainder(a: Number, b: Number) -> Number:
    """What a division leaves, with the sign of the dividend."""
    return subtract(a, multiply(b, truncate(divide(a, b))))
