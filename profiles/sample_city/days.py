"""Days and months as whole numbers since 1970-01-01, and as columns."""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from profiles.sample_city.draw import Flags, Ints

YEAR = 365.2425
"""Days of a mean Gregorian year."""


def day_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def day_of_year(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of that day."""
    return day_of(date(year, month, day))


def months_of(days: Ints) -> Ints:
    """Months since 1970-01 in which the days lie."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def years_of(days: Ints) -> Ints:
    """Calendar years in which the days lie."""
    return months_of(days) // 12 + 1970


def month_starts(months: Ints) -> Ints:
    """The first day of each month."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def days_in(years: Ints, month: int, day: int) -> Ints:
    """That day of that month in each year."""
    return month_starts((years - 1970) * 12 + month - 1) + day - 1


def add_months(days: Ints, months: Ints | int) -> Ints:
    """The same day so many months later, at the month's end where it has no such day."""
    month = months_of(days)
    place = days - month_starts(month)
    later = month + months
    last = month_starts(later + 1) - month_starts(later) - 1
    return np.asarray(month_starts(later) + np.minimum(place, last), dtype=np.int64)


def date_column(days: Ints, shown: Flags | None = None) -> pl.Series:
    """Dates, null where not `shown`."""
    column = pl.Series(days.astype(np.int32)).cast(pl.Date)
    return column if shown is None else hide(column, ~shown)


def month_column(months: Ints) -> pl.Series:
    """Months as `2025-10`."""
    return _labels(months, lambda month: f"{month // 12 + 1970:04d}-{month % 12 + 1:02d}")


def year_column(years: Ints) -> pl.Series:
    """Years as `2025`."""
    return _labels(years, str)


def hide(column: pl.Series, hidden: Flags) -> pl.Series:
    """The column with null where `hidden`."""
    shown = pl.Series(~hidden)
    return column.zip_with(
        shown, pl.Series([None], dtype=column.dtype).new_from_index(0, len(column))
    )


def _labels(numbers: Ints, label: Callable[[int], str]) -> pl.Series:
    if not len(numbers):
        return pl.Series([], dtype=pl.String)
    first, last = int(numbers.min()), int(numbers.max())
    labels = pl.Series([label(number) for number in range(first, last + 1)], dtype=pl.String)
    return labels.gather(pl.Series(numbers - first))
