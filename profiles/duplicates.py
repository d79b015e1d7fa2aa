"""Rows of one key that say the same, and rows that contradict each other."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from profiles.dataset import Dataset
from profiles.sifting import write_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Rows kept, how many only repeated one of them, and contradictions as quarantined rows."""

    kept: pl.DataFrame
    repeated: int
    contradictions: pl.DataFrame


def settle_duplicates(rows: pl.DataFrame, dataset: Dataset) -> Settled:
    """Drop repeated rows of sorted ones; set aside rows of one key that say different things.

    Where nothing tells the rows of a key apart, equal rows are two events. Every row of a
    contradiction is set aside, also the repeated ones.
    """
    none = pl.DataFrame()
    if dataset.unique is None or not rows.height:
        return Settled(kept=rows, repeated=0, contradictions=none)
    same_key = _as_before(rows, [dataset.key, *dataset.unique])
    if not same_key.any():
        return Settled(kept=rows, repeated=0, contradictions=none)
    same = same_key & _as_before(rows, list(dataset.columns))
    groups = np.cumsum(~same_key)
    contrary = np.zeros(int(groups[-1]) + 1, np.bool_)
    contrary[groups[same_key & ~same]] = True
    aside = contrary[groups]
    kept = rows.filter(pl.Series(~same & ~aside))
    repeated = rows.height - kept.height - int(aside.sum())
    if not aside.any():
        return Settled(kept=kept, repeated=repeated, contradictions=none)
    key = [dataset.key, *dataset.unique]
    reason = f"contradiction: other rows have the same {', '.join(key)} and another content"
    contradictions = set_aside(rows.filter(pl.Series(aside)), dataset, reason)
    return Settled(kept=kept, repeated=repeated, contradictions=contradictions)


def set_aside(rows: pl.DataFrame, dataset: Dataset, reason: str) -> pl.DataFrame:
    """Typed rows as quarantined ones, all for the same reason."""
    return rows.select(
        "line",
        pl.lit(reason).alias("reason"),
        write_rows(_write_typed(rows, dataset), dataset).alias("row"),
        pl.lit(reason).alias("counted"),
        pl.col(dataset.key).alias("key"),
    )


def _as_before(rows: pl.DataFrame, columns: list[str]) -> np.typing.NDArray[np.bool_]:
    """Whether each row has the same values in these columns as the row before it."""
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in columns)
    found = rows.select(same.alias("same"))["same"].to_numpy().copy()
    found[0] = False
    return found


def _write_typed(frame: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Typed values as texts; money in yuan."""
    written = []
    for name, column in dataset.columns.items():
        value = pl.col(name)
        if column.type == "money":
            value = value.cast(pl.Decimal(20, 2)) / 100
        written.append(value.cast(pl.String))
    return frame.select(written)
