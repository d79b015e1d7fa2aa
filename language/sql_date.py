"""Functions of days in DuckDB's SQL; what each means says its namesake in `language.functions`."""

from collections.abc import Callable, Mapping, Sequence

from language import sql_number as number
from language.sql_number import Number

MAX_MONTHS = 120_000
"""Further than the calendar reaches from one end to the other."""

Arguments = Sequence[str | Number]


def _days(arguments: Arguments) -> list[str]:
    return [argument for argument in arguments if isinstance(argument, str)]


def _months_apart(start: str, end: str) -> str:
    years = f"(YEAR({end}) - YEAR({start}))"
    return f"({years} * 12 + MONTH({end}) - MONTH({start}))"


def _months(arguments: Arguments) -> Number:
    """A month is complete on the same day of the month, or on its last where it has no such day."""
    start, end = _days(arguments)
    early = f"DAY({end}) < LEAST(DAY({start}), DAY(LAST_DAY({end})))"
    return number.whole(f"({_months_apart(start, end)} - CAST({early} AS INTEGER))", MAX_MONTHS)


def _years(arguments: Arguments) -> Number:
    """A year is complete on the same day of the year, 29 February on the last of February."""
    start, end = _days(arguments)
    last = f"DAY(LAST_DAY(MAKE_DATE(YEAR({end}), MONTH({start}), 1)))"
    birthday = f"MONTH({start}) * 100 + LEAST(DAY({start}), {last})"
    early = f"MONTH({end}) * 100 + DAY({end}) < {birthday}"
    years = f"YEAR({end}) - YEAR({start}) - CAST({early} AS INTEGER)"
    return number.whole(f"({years})", 10_000)


def _months_through(arguments: Arguments) -> Number:
    start, end = _days(arguments)
    count = f"({_months_apart(start, end)} + 1)"
    return number.whole(f"CASE WHEN {count} < 0 THEN 0 ELSE {count} END", MAX_MONTHS)


def _in_calendar(day: str) -> str:
    """The day, or null where it is no day of the years 1 to 9999."""
    return f"CASE WHEN {day} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {day} END"


def _add_months(arguments: Arguments) -> str:
    day, count = arguments
    assert isinstance(day, str)
    assert isinstance(count, Number)
    top = number.truncate(count)
    near = f"ABS({top.top.sql}) <= {MAX_MONTHS} AND {number.compare('=', top, count)}"
    months = f"CASE WHEN {near} THEN CAST({top.top.sql} AS INTEGER) END"
    return _in_calendar(f"CAST({day} + TO_MONTHS({months}) AS DATE)")


def _add_days(arguments: Arguments) -> str:
    day, count = arguments
    assert isinstance(count, Number)
    return _in_calendar(f"({day} + CAST({count.top.sql} AS INTEGER))")


def date_in_year(year: Number, month: int, day: int) -> str:
    """The day of a computed year; null where the year is no year or has no such day."""
    top = number.truncate(year)
    fine = f"{top.top.sql} BETWEEN 1 AND 9999 AND {number.compare('=', top, year)}"
    whole = f"CASE WHEN {fine} THEN CAST({top.top.sql} AS INTEGER) END"
    moved = f"(MAKE_DATE({whole}, {month}, 1) + {day - 1})"
    return f"CASE WHEN MONTH({moved}) = {month} THEN {moved} END"


def _extreme(function: str, arguments: Arguments) -> str:
    """SQL's LEAST and GREATEST leave out what is null; here it makes the result unknown."""
    days = _days(arguments)
    known = " AND ".join(f"{day} IS NOT NULL" for day in days)
    return f"CASE WHEN {known} THEN {function}({', '.join(days)}) END"


DATES: Mapping[str, Callable[[Arguments], str | Number]] = {
    "years": _years,
    "months": _months,
    "days": lambda a: number.whole("({1} - {0})".format(*_days(a)), 4_000_000),
    "months_through": _months_through,
    "year": lambda a: number.whole(f"YEAR({a[0]})", 9_999),
    "month": lambda a: number.whole(f"MONTH({a[0]})", 12),
    "quarter": lambda a: number.whole(f"QUARTER({a[0]})", 4),
    "year_start": lambda a: f"MAKE_DATE(YEAR({a[0]}), 1, 1)",
    "year_end": lambda a: f"MAKE_DATE(YEAR({a[0]}), 12, 31)",
    "add_months": _add_months,
    "add_days": _add_days,
    "month_start": lambda a: f"CAST(DATE_TRUNC('month', {a[0]}) AS DATE)",
    "month_end": lambda a: f"LAST_DAY({a[0]})",
    "earliest": lambda a: _extreme("LEAST", a),
    "latest": lambda a: _extreme("GREATEST", a),
}
