"""Cells that need no second look: typed already, or plain digits, or one of a few texts.

Each reading here gives what `profiles.typed_values` reads from the cell's text, only sooner;
cells of which it is not sure it leaves to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from profiles.dataset import Column

FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(9999, 12, 31)
_EXACT = 10**15
"""Integers below have at most 15 digits, which every type of number holds exactly."""
_PLAIN_DIGITS = 15
_PLAIN_MONEY = 12
"""Digits of which six more, from 万元 to fen, still fit 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """Values of a column, and where they are surely right; an empty cell is never sure."""

    values: pl.Series
    sure: pl.Series


def read_plain(column: Column, cells: pl.Series, *, fen_digits: int) -> Plain | None:
    """The values of cells that are typed already or plain digits; None where none can be.

    `fen_digits` are the decimal places from the unit of a money column to the fen.
    """
    dtype = cells.dtype
    if dtype == pl.String:
        return _read_digits(column, cells, fen_digits)
    if dtype.is_integer():
        return _read_integers(column, cells, fen_digits)
    reader = _TYPED.get((column.type, dtype.base_type()))
    return None if reader is None else reader(cells)


def _read_integers(column: Column, cells: pl.Series, fen_digits: int) -> Plain | None:
    places = {"integer": 0, "number": 0, "ratio": 0, "money": fen_digits}.get(column.type)
    if places is None:
        return None
    # Values of 128 bits, and those beyond the sign bit, become null and are looked at as text.
    whole = cells.cast(pl.Int64, strict=False)
    limit = _EXACT // 10**places
    sure = whole.is_between(-limit, limit, closed="none").fill_null(False)
    if column.type == "money":
        return Plain(values=whole.set(~sure, None) * 10**places, sure=sure)
    if column.type == "integer":
        return Plain(values=whole, sure=sure)
    return Plain(values=whole.cast(pl.Float64), sure=sure)


def _read_digits(column: Column, cells: pl.Series, fen_digits: int) -> Plain | None:
    """Digits with at most one point among them, and no sign before them."""
    if column.type not in ("integer", "money", "number", "ratio"):
        return None
    text = pl.col("text")
    point = text.str.find(".", literal=True)
    longest = _PLAIN_MONEY if column.type == "money" else _PLAIN_DIGITS
    unsigned = ~text.str.starts_with("-") & ~text.str.starts_with("+")
    short = (text.str.len_bytes() <= longest) & unsigned & (point.is_null() | (point > 0))
    frame = pl.DataFrame({"text": cells})
    if column.type == "integer":
        frame = frame.select(value=text.cast(pl.Int64, strict=False), short=short)
        values = frame["value"]
        return Plain(values=values, sure=(frame["short"] & values.is_not_null()).fill_null(False))
    frame = frame.select(
        "text",
        short=short,
        digits=text.str.replace(".", "", literal=True).cast(pl.Int64, strict=False),
        places=pl.when(point.is_null())
        .then(0)
        .otherwise(text.str.len_bytes().cast(pl.Int64) - point.cast(pl.Int64) - 1),
    )
    sure = (frame["short"] & frame["digits"].is_not_null()).fill_null(False)
    if column.type != "money":
        # The nearest floating-point number, as of the text itself.
        values = frame["text"].cast(pl.Float64, strict=False)
        return Plain(values=values, sure=sure & values.is_not_null())
    sure &= (frame["places"] <= fen_digits).fill_null(False)
    factors = pl.lit(10, dtype=pl.Int64).pow((fen_digits - pl.col("places")).clip(0, None))
    values = frame.select(pl.col("digits") * factors).to_series()
    return Plain(values=values, sure=sure & (values < _EXACT).fill_null(False))


def _read_days(cells: pl.Series) -> Plain:
    sure = cells.is_between(FIRST_DAY, LAST_DAY).fill_null(False)
    return Plain(values=cells, sure=sure)


def _read_first_days(cells: pl.Series) -> Plain:
    """Dates that stand for their month."""
    plain = _read_days(cells)
    return Plain(values=cells, sure=plain.sure & (cells.dt.day() == 1).fill_null(False))


def _read_new_years_days(cells: pl.Series) -> Plain:
    """Dates that stand for their year."""
    plain = _read_days(cells)
    return Plain(values=cells, sure=plain.sure & (cells.dt.ordinal_day() == 1).fill_null(False))


def _read_booleans(cells: pl.Series) -> Plain:
    return Plain(values=cells, sure=cells.is_not_null())


_TYPED: Mapping[tuple[str, object], Callable[[pl.Series], Plain]] = MappingProxyType(
    {
        ("boolean", pl.Boolean): _read_booleans,
        ("date", pl.Date): _read_days,
        ("month", pl.Date): _read_first_days,
        ("year", pl.Date): _read_new_years_days,
    }
)
