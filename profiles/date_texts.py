"""Dates, months and years as departments write them."""

import polars as pl

from profiles.complaint import Complaint, complain, quote_texts
from profiles.dataset import Column

_YEAR_LAST = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$"
_SERIAL = r"^\d{5}(?:\.\d+)?$"
"""Days since 1900, from 1927 on: what a spreadsheet shows of a date that is not formatted."""
_ORDERS = {"day/month/year": "$3-$2-$1", "month/day/year": "$3-$1-$2"}


def parse_date(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """`2024-05-01`, `2024/5/1`, `20240501`, `2024年5月1日`; also with midnight after it.

    With the column's own order of dates also `1/5/2024`.
    """
    order = _ORDERS.get(column.dates)
    if order is not None:
        texts = texts.str.replace(_YEAR_LAST, order)
    dates = texts.str.to_date("%Y-%m-%d", strict=False)
    dates = dates.set(~texts.str.contains(r"^\d{4}-\d{2}-\d{2}$").fill_null(True), None)
    rest = texts.is_not_null() & dates.is_null()
    if rest.any():
        unread = texts.filter(rest)
        parts = unread.str.extract_groups(
            r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00(?:\.0+)?)?)?$"
        ).struct.unnest()
        compact = unread.str.extract_groups(r"^(\d{4})(\d{2})(\d{2})$").struct.unnest()
        dates = dates.scatter(rest.arg_true(), _join_dates(parts, compact))
    serial = texts.str.contains(_SERIAL).fill_null(False)
    dates, complaints = _check_dates(
        column, texts.set(serial, None), dates, "not a date", "2024-05-01"
    )
    reason = "a spreadsheet's number of a day: format the column as dates"
    return dates, [*complaints, complain(column, reason, serial)]


def parse_month(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """`2024-05`, or its first day as a date."""
    parts = texts.str.extract_groups(
        r"^(\d{4})[-/.年](\d{1,2})(?:月|-01|-01 00:00:00)?$"
    ).struct.unnest()
    compact = texts.str.extract_groups(r"^(\d{4})(\d{2})$").struct.unnest()
    months = _join_dates(parts, compact)
    return _check_dates(column, texts, months, "not a month", "2024-05")


def parse_year(column: Column, texts: pl.Series) -> tuple[pl.Series, list[Complaint]]:
    """`2024`, `2024年度`, or its first day as a date."""
    numbers = texts.str.extract(r"^(\d{4})(?:年度?|\.0|-01-01(?: 00:00:00)?)?$")
    years = (numbers + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    return _check_dates(column, texts, years, "not a year", "2024")


def _join_dates(*readings: pl.DataFrame) -> pl.Series:
    """The first reading (year, month and day; a day left out is the first) that is a date."""
    texts = [
        frame.select(
            pl.concat_str(
                pl.col("1"),
                pl.col("2").str.zfill(2),
                pl.col("3").str.zfill(2) if "3" in frame.columns else pl.lit("01"),
                separator="-",
            ).alias("date")
        ).to_series()
        for frame in readings
    ]
    first = texts[0]
    for text in texts[1:]:
        first = first.zip_with(first.is_not_null(), text)
    return first.str.to_date("%Y-%m-%d", strict=False)


def _check_dates(
    column: Column, texts: pl.Series, dates: pl.Series, reason: str, example: str
) -> tuple[pl.Series, list[Complaint]]:
    early = (dates.dt.year() < 1800).fill_null(False)
    bad = texts.is_not_null() & (dates.is_null() | early)
    words = quote_texts(column, texts, f"is {reason} such as {example}")
    return dates.set(early, None), [complain(column, reason, bad, words)]
