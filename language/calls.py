"""The functions of conditions over columns: dates in calendar parts, months clamped at their ends.

Each agrees with its namesake in `language.functions`, which says what it means.
"""

from collections.abc import Callable

import polars as pl

from language import exact
from language.column import Column, compare, number_of, plain
from language.exact import Exact

MAX_MONTHS = 120_000


def _whole(expr: pl.Expr, low: int, high: int) -> Exact:
    return exact.column(expr.cast(pl.Int64), low=low, high=high)


def _parts(day: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    return day.dt.year().cast(pl.Int64), day.dt.month().cast(pl.Int64)


def _shift(day: pl.Expr, months: pl.Expr | int) -> pl.Expr:
    """So many months later, or that month's last day: Polars clamps as the law does.

    Written with as few copies of `day` as can be, since every copy is worked out again.
    """
    if isinstance(months, int):
        return day.dt.offset_by(f"{months}mo")
    return day.dt.offset_by(pl.format("{}mo", months))


def _years(start: pl.Expr, end: pl.Expr) -> Exact:
    years = end.dt.year().cast(pl.Int64) - start.dt.year().cast(pl.Int64)
    early = (end < _shift(start, years * 12)).cast(pl.Int64)
    return _whole(years - early, -10_000, 10_000)


def _months(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am), (by, bm) = _parts(start), _parts(end)
    months = (by - ay) * 12 + bm - am
    early = (end < _shift(start, months)).cast(pl.Int64)
    return _whole(months - early, -120_000, 120_000)


def _months_through(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am), (by, bm) = _parts(start), _parts(end)
    count = (by - ay) * 12 + bm - am + 1
    return _whole(count.clip(lower_bound=0), 0, 120_000)


def _year_end(day: pl.Expr) -> pl.Expr:
    """31 December, also of the year 9999, which has none after it."""
    return pl.date(day.dt.year(), 12, 31)


def _add_months(day: pl.Expr, months: Exact) -> pl.Expr:
    count = months.numerator.constant
    if count is not None and months.denominator.constant == 1:
        moved = _shift(day, count) if abs(count) <= MAX_MONTHS else pl.lit(None, dtype=pl.Date)
    else:
        whole = exact.floor(months)
        number = whole.numerator.expr.cast(pl.Int64, strict=False)
        near = exact.compare("eq", whole, months) & (number.abs() <= MAX_MONTHS)
        moved = _shift(day, pl.when(near).then(number))
    return pl.when(moved.dt.year().is_between(1, 9999)).then(moved)


def _add_days(day: pl.Expr, days: Exact) -> pl.Expr:
    moved = day + pl.duration(days=days.numerator.expr)
    return pl.when(moved.dt.year().is_between(1, 9999)).then(moved)


def date_in_year(year: Exact, month: int, day: int) -> pl.Expr:
    """The day of a computed year; null where the year is no year or has no such day."""
    whole = exact.floor(year)
    number = whole.numerator.expr.cast(pl.Int64, strict=False)
    fine = exact.compare("eq", whole, year) & number.is_between(1, 9999)
    # Polars raises on a day that does not exist, so the first of the month is made and moved
    first = pl.date(pl.when(fine).then(number), month, 1)
    moved = first + pl.duration(days=day - 1)
    return pl.when(moved.dt.month() == month).then(moved)


def _extreme(values: list[Column], operator: str) -> pl.Expr:
    if len(values) == 1:
        return plain(values[0])
    half = len(values) // 2
    left, right = (_extreme(part, operator) for part in (values[:half], values[half:]))
    return exact.choose_expr([compare(operator, left, right)], [left, right], pl.Date)


CALLS: dict[str, Callable[[list[Column]], Column]] = {
    "years": lambda a: _years(plain(a[0]), plain(a[1])),
    "months": lambda a: _months(plain(a[0]), plain(a[1])),
    "days": lambda a: _whole((plain(a[1]) - plain(a[0])).dt.total_days(), -3_700_000, 3_700_000),
    "months_through": lambda a: _months_through(plain(a[0]), plain(a[1])),
    "year": lambda a: _whole(plain(a[0]).dt.year(), 0, 10_000),
    "month": lambda a: _whole(plain(a[0]).dt.month(), 1, 12),
    "quarter": lambda a: _whole(plain(a[0]).dt.quarter(), 1, 4),
    "year_start": lambda a: plain(a[0]).dt.truncate("1y"),
    "year_end": lambda a: _year_end(plain(a[0])),
    "add_months": lambda a: _add_months(plain(a[0]), number_of(a[1])),
    "add_days": lambda a: _add_days(plain(a[0]), number_of(a[1])),
    "month_start": lambda a: plain(a[0]).dt.month_start(),
    "month_end": lambda a: plain(a[0]).dt.month_end(),
    "earliest": lambda a: _extreme(a, "le"),
    "latest": lambda a: _extreme(a, "ge"),
    "min": lambda a: exact.smallest([number_of(v) for v in a]),
    "max": lambda a: exact.smallest([number_of(v) for v in a], largest=True),
    "abs": lambda a: exact.absolute(number_of(a[0])),
    "floor": lambda a: exact.floor(number_of(a[0])),
    "ceil": lambda a: exact.ceil(number_of(a[0])),
}
