"""Why cells of a column cannot be used, in words that tell nothing about anybody."""

from dataclasses import dataclass

import polars as pl

from profiles.dataset import Column
from profiles.identifier import mask_long_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Why some cells of a column cannot be used.

    `rows` is true where it applies; `reason` is what is counted, `words` what is told of each
    row where that says more.
    """

    reason: str
    rows: pl.Series
    words: pl.Series | None = None


def complain(
    column: Column, reason: str, rows: pl.Series, words: pl.Series | None = None
) -> Complaint:
    """A complaint about a column's cells where `rows` is true; null is no complaint."""
    return Complaint(
        reason=f"{column.name}: {reason}",
        rows=rows.fill_null(False),
        words=None if words is None else (f"{column.name}: " + words),
    )


def quote_texts(column: Column, texts: pl.Series, rest: str) -> pl.Series | None:
    """`"giant" is none of …`, without values that may tell who somebody is."""
    if column.identifier or column.sensitivity in ("personal", "sensitive"):
        return None
    return '"' + mask_long_numbers(texts.str.head(40)) + '" ' + rest
