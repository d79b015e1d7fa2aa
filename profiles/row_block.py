"""Rows of a delivery as they come from whatever source, before they are typed."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from profiles.dataset import Column

NONE_BROKEN = pl.DataFrame(schema={"line": pl.Int64(), "reason": pl.String(), "text": pl.String()})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBlock:
    """Some rows: the dataset's columns as text or as the source types them, and `line`.

    `heading` is the source's own, `columns` says how each column is written here, which a mapping
    of columns may change.
    `broken` are lines that are no rows: `line`, `reason` and `text`. `done` of `total` bytes or
    rows have been read with this block; a source that does not know its end has them alike.
    `cut_line` is the line in which a file ends without a line break: nobody can tell whether its
    last cell is whole.
    """

    cells: pl.DataFrame
    heading: tuple[str, ...]
    columns: Mapping[str, Column]
    broken: pl.DataFrame
    done: int
    total: int
    cut_line: int | None = None
