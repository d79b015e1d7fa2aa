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


def _days_in_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = pl.when(leap).then(29).otherwise(28)
    others = pl.when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
    return pl.when(month == 2).then(february).otherwise(others)


def _parts(day: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    return (
        day.dt.year().cast(pl.Int64),
        day.dt.month().cast(pl.Int64),
        day.dt.day().cast(pl.Int64),
    )


def _clamped(day: pl.Expr, year: pl.Expr, month: pl.Expr) -> pl.Expr:
    last = _days_in_month(year, month)
    return pl.when(day < last).then(day).otherwise(last)


def _years(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, ad), (by, bm, bd) = _parts(start), _parts(end)
    anniversary = am * 32 + _clamped(ad, by, am)
    return _whole(by - ay - (bm * 32 + bd < anniversary).cast(pl.Int64), -10_000, 10_000)


def _months(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, ad), (by, bm, bd) = _parts(start), _parts(end)
    early = (bd < _clamped(ad, by, bm)).cast(pl.Int64)
    return _whole((by - ay) * 12 + bm - am - early, -120_000, 120_000)


def _months_through(start: pl.Expr, end: pl.Expr) -> Exact:
    (ay, am, _), (by, bm, _) = _parts(start), _parts(end)
    count = (by - ay) * 12 + bm - am + 1
    return _whole(pl.when(count > 0).then(count).when(count <= 0).then(0), 0, 120_000)


def _add_months(day: pl.Expr, months: Exact) -> pl.Expr:
    whole = exact.floor(months)
    ok = exact.compare("eq", whole, months)
    y, m, d = _parts(day)
    count = whole.numerator.expr.cast(pl.Int64, strict=False)
    index = y * 12 + m - 1 + pl.when(count.abs() <= MAX_MONTHS).then(count)
    year, month = index // 12, index % 12 + 1
    inside = ok & (year >= 1) & (year <= 9999)
    year = pl.when(inside).then(year)
    return pl.when(inside).then(pl.date(year, month, _clamped(d, year, month)))


def _add_days(day: pl.Expr, days: Exact) -> pl.Expr:
    moved = day + pl.duration(days=days.numerator.expr)
    year = moved.dt.year()
    return pl.when((year >= 1) & (year <= 9999)).then(moved)


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
