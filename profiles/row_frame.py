"""A row set's frame for the subjects of a part, from its dataset's rows."""

from collections.abc import Mapping

import polars as pl

from language.column import GIVEN, NOT_APPLICABLE
from language.types import FactType
from profiles.row_set import RowSet, last_day_of

DTYPES: dict[FactType, type[pl.DataType]] = {
    FactType.BOOLEAN: pl.Boolean,
    FactType.INTEGER: pl.Int64,
    FactType.MONEY: pl.Int64,
    FactType.RATIO: pl.Float64,
    FactType.NUMBER: pl.Float64,
    FactType.DATE: pl.Date,
    FactType.CODE: pl.String,
    FactType.TEXT: pl.String,
}
"""How each type of fact is held in a column; money in fen."""


def source_of(row_set: RowSet, rows: Mapping[str, object]) -> str | None:
    """Where a row set's rows are: under its own name, else under its dataset's."""
    for name in (row_set.name, row_set.dataset):
        if name is not None and name in rows:
            return name
    return None


def frame_of_rows(row_set: RowSet, rows: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    """The row set's frame: `subject` and its columns; None where no rows of it were delivered.

    `rows` holds frames by dataset, and by row set where rows were given by hand or joined when the
    snapshot was built. What is worked out has no column unless it was given: conditions put the
    formula in its place. What is only ever given, and what the snapshot leaves out because it is
    personal, is missing. An empty last day of a delivered state does not apply: it is in force.
    """
    source = source_of(row_set, rows)
    if source is None:
        return None
    frame = rows[source]
    columns: list[pl.Expr] = [pl.col("subject")]
    for name, column in row_set.columns.items():
        stored = name if source == row_set.name else column.dataset_column
        if stored is None or stored not in frame.columns:
            if column.formula is None:
                columns.append(pl.lit(None, dtype=DTYPES[column.type]).alias(name))
            continue
        columns.append(pl.col(stored).cast(DTYPES[column.type]).alias(name))
        columns += [
            pl.col(stored + suffix).alias(name + suffix)
            for suffix in (GIVEN, NOT_APPLICABLE)
            if stored + suffix in frame.columns
        ]
        if name == last_day_of(row_set) and stored + NOT_APPLICABLE not in frame.columns:
            columns.append(pl.col(stored).is_null().alias(name + NOT_APPLICABLE))
    return frame.select(columns)
