"""The functions of the language: their arguments, their results, their meaning on exact values.

Month arithmetic clamps at month ends, as the Civil Code has it (民法典 202: where the last month
has no such day, its last day): somebody born on 29 February completes a year on 28 February.
"""

import calendar
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from language.types import Kind

N, D, T, B = Kind.NUMBER, Kind.DATE, Kind.TEXT, Kind.BOOLEAN


class Undefined(Exception):
    """The value does not exist, like a quotient by zero or the 31st of April."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`arguments` are kinds; with `variadic` the last may be repeated.

    `literal` names positions that must be literals in the text.
    """

    arguments: tuple[Kind, ...]
    result: Kind
    compute: Callable[..., Any]
    says: str
    example: str
    variadic: bool = False
    optional: int = 0
    literal: tuple[int, ...] = ()


def days_in_month(year: int, month: int) -> int:
    """The number of days of a month."""
    return calendar.monthrange(year, month)[1]


def add_months(day: date, months: Fraction) -> date:
    """The same day `months` later or earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 + _whole(months)
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise Undefined
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def months_between(start: date, end: date) -> Fraction:
    """Completed months from `start` to `end`; negative where `end` is earlier."""
    months = (end.year - start.year) * 12 + end.month - start.month
    anniversary = min(start.day, days_in_month(end.year, end.month))
    return Fraction(months - (end.day < anniversary))


def years_between(start: date, end: date) -> Fraction:
    """Completed years from `start` to `end`, the age of somebody born on `start`."""
    anniversary = (start.month, min(start.day, days_in_month(end.year, start.month)))
    return Fraction(end.year - start.year - ((end.month, end.day) < anniversary))


def months_through(start: date, end: date) -> Fraction:
    """Calendar months from that of `start` through that of `end`, both counted; never below 0."""
    return Fraction(max(0, (end.year - start.year) * 12 + end.month - start.month + 1))


def round_half_up(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """四舍五入: to so many decimals, a half away from zero."""
    scale = 10 ** _whole(digits)
    rounded = math.floor(abs(value) * scale + Fraction(1, 2))
    return Fraction(rounded if value >= 0 else -rounded, scale)


def truncate(value: Fraction) -> Fraction:
    """The whole part, toward zero."""
    return Fraction(math.trunc(value))


def whole_literal(argument: Any) -> Any:
    """The whole number that an argument spells out, with its sign; None where it is none."""
    value = getattr(argument, "value", None)
    if value is None:
        inner = whole_literal(getattr(argument, "operand", None)) if argument is not None else None
        return None if inner is None else -inner
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return None


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise Undefined
    return value.numerator


def _date(year: Fraction, month: Fraction, day: Fraction) -> date:
    try:
        return date(_whole(year), _whole(month), _whole(day))
    except (ValueError, OverflowError):
        raise Undefined from None


def _month_end(day: date) -> date:
    return day.replace(day=days_in_month(day.year, day.month))


FUNCTIONS: dict[str, Function] = {
    "years": Function(
        arguments=(D, D), result=N, compute=years_between,
        says="completed years from one day to another", example="$years(birth_date, as_of) >= 80",
    ),
    "months": Function(
        arguments=(D, D), result=N, compute=months_between,
        says="completed months from one day to another",
        example="$months(graduated_on, as_of) <= 24",
    ),
    "days": Function(
        arguments=(D, D), result=N, compute=lambda a, b: Fraction((b - a).days),
        says="days from one day to another", example="$days(approved_on, as_of) <= 30",
    ),
    "months_through": Function(
        arguments=(D, D), result=N, compute=months_through,
        says="calendar months, both ends counted",
        example="$months_through(period_start, period_end) == 3",
    ),
    "year": Function(
        arguments=(D,), result=N, compute=lambda a: Fraction(a.year),
        says="the year of a day", example="$year(hired_on) == 2025",
    ),
    "month": Function(
        arguments=(D,), result=N, compute=lambda a: Fraction(a.month),
        says="the month of a day, 1 to 12", example="$month(as_of) == 10",
    ),
    "quarter": Function(
        arguments=(D,), result=N, compute=lambda a: Fraction((a.month + 2) // 3),
        says="the quarter of a day, 1 to 4", example="$quarter(upscaled_on) == 1",
    ),
    "date": Function(
        arguments=(N, N, N), result=D, compute=_date, literal=(1, 2),
        says="a day; the year may be computed", example="birth_date >= $date(2022, 1, 1)",
    ),
    "add_months": Function(
        arguments=(D, N), result=D, compute=add_months,
        says="the same day so many months later, or that month's last day",
        example="$add_months(birth_date, 36) > as_of",
    ),
    "add_days": Function(
        arguments=(D, N), result=D, compute=lambda a, n: a + timedelta(days=_whole(n)),
        literal=(1,), says="so many days later", example="$add_days(approved_on, 30) >= as_of",
    ),
    "month_start": Function(
        arguments=(D,), result=D, compute=lambda a: a.replace(day=1),
        says="the first day of the month", example="$month_start(moved_in_on) <= period_start",
    ),
    "month_end": Function(
        arguments=(D,), result=D, compute=_month_end,
        says="the last day of the month", example="$month_end(as_of) == period_end",
    ),
    "year_start": Function(
        arguments=(D,), result=D, compute=lambda a: a.replace(month=1, day=1),
        says="the first day of the year", example="registered_on < $year_start(as_of)",
    ),
    "year_end": Function(
        arguments=(D,), result=D, compute=lambda a: a.replace(month=12, day=31),
        says="the last day of the year", example="$years(birth_date, $year_end(as_of)) >= 80",
    ),
    "earliest": Function(
        arguments=(D,), result=D, compute=lambda *a: min(a), variadic=True,
        says="the first of several days", example="$earliest(period_end, as_of) == as_of",
    ),
    "latest": Function(
        arguments=(D,), result=D, compute=lambda *a: max(a), variadic=True,
        says="the last of several days", example="$latest(hired_on, period_start)",
    ),
    "min": Function(
        arguments=(N,), result=N, compute=lambda *a: min(a), variadic=True,
        says="the smallest of several numbers", example="$min(months_pension, months_ui) >= 3",
    ),
    "max": Function(
        arguments=(N,), result=N, compute=lambda *a: max(a), variadic=True,
        says="the largest of several numbers", example="$max(0, output - output_base)",
    ),
    "abs": Function(
        arguments=(N,), result=N, compute=abs, says="without its sign", example="$abs(-3) == 3",
    ),
    "round": Function(
        arguments=(N, N), result=N, compute=round_half_up, optional=1, literal=(1,),
        says="四舍五入, to so many decimals (0), a half away from zero",
        example="$round(5.505, 2) == 5.51",
    ),
    "floor": Function(
        arguments=(N,), result=N, compute=lambda a: Fraction(math.floor(a)),
        says="the next whole number down", example="$floor(2.9) == 2",
    ),
    "ceil": Function(
        arguments=(N,), result=N, compute=lambda a: Fraction(math.ceil(a)),
        says="the next whole number up", example="$ceil(2.1) == 3",
    ),
    "starts_with": Function(
        arguments=(T, T), result=B, compute=lambda a, b: a.startswith(b), literal=(1,),
        says="whether a text or code begins so", example='$starts_with(gbt4754_code, "C")',
    ),
    "has": Function(
        arguments=(), result=B, compute=lambda: None,
        says="whether a table parameter has a row for this subject", example="$has(care)",
    ),
}  # fmt: skip
"""`has` is special: its argument is the name of a table, not that table's value."""
