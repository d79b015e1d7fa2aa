"""Frames as departments would hold them, with one more column that names the row.

Every frame has the columns of its dataset (amounts as text in yuan, months and years as text, all
else typed) and two more: `row` names the row for all time, the defects planted in it hang on that;
`planted` says what is wrong with a row by its content (late: due, but not delivered yet).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from profiles.sample_city.draw import Flags, Floats, Ints

ROW = "row"
PLANTED = "planted"
LATE = "late"
_PARTS = 4096


def row_names(subject: Ints, part: Ints | int = 0) -> pl.Series:
    """Names of rows: the subject and which of its rows it is (below 4096)."""
    return pl.Series(subject * _PARTS + part, dtype=pl.Int64)


def gathered(column: pl.Series, places: Ints) -> pl.Series:
    """The column at these places."""
    return column.gather(pl.Series(places))


def codes(values: Sequence[str], places: Ints) -> pl.Series:
    """Texts by their place in a short list."""
    return gathered(pl.Series(values, dtype=pl.String), places)


def yuan(amount: Floats) -> pl.Series:
    """Amounts rounded to a fen, as text in yuan with two decimals."""
    fen = pl.Series(np.round(amount * 100).astype(np.int64))
    sign = pl.when(fen < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    size = fen.abs()
    whole, rest = (size // 100).cast(pl.String), (size % 100).cast(pl.String).str.zfill(2)
    return pl.select(pl.concat_str(sign, whole, pl.lit("."), rest)).to_series()


def numbered(before: str, numbers: Ints, width: int, after: pl.Series | str = "") -> pl.Series:
    """Names such as 示例居民00000456."""
    digits = pl.Series(numbers).cast(pl.String).str.zfill(width)
    return pl.select(pl.concat_str(pl.lit(before), digits, pl.lit(after))).to_series()


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as a department's CSV writes it; `row` stays a number."""
    return frame.select(
        pl.when(pl.col(name))
        .then(pl.lit("true"))
        .when(~pl.col(name))
        .then(pl.lit("false"))
        .alias(name)
        if dtype == pl.Boolean
        else pl.col(name)
        if name == ROW or dtype == pl.String
        else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
    )


def planted_column(size: int, **kinds: Flags) -> pl.Series:
    """Which rows are wrong by content: the first kind that is true of each, null for the others."""
    names = sorted(kinds)
    place = np.full(size, len(names), dtype=np.int64)
    for number, name in reversed(list(enumerate(names))):
        place[kinds[name]] = number
    return gathered(pl.Series([*names, None], dtype=pl.String), place)


def in_order(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The frames as one, by subject and then by row of the subject."""
    return pl.concat(frames).sort(ROW)
