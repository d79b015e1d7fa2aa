"""A department's file made into a release: what can be read is kept, the rest set aside by name."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import polars as pl

from profiles.content import hash_file
from profiles.dataset import Dataset
from profiles.delivery import read_delivery
from profiles.errors import DeliveryRefused
from profiles.release import QUARANTINE_SCHEMA, Delivery, Release, write_release
from profiles.sifting import sift_block, write_rows
from profiles.typed_values import DTYPES

Progress = Callable[[str, int, int], None]
"""Called with a step and how much of how much of it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """What became of a delivery: its release, and whether it was new (`created`)."""

    release: Release
    created: bool


def ingest(
    source: Path,
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    mode: Literal["full", "incremental"] = "full",
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Make a CSV or Parquet file a release of the dataset, under `root/<dataset>/<hash>/`.

    A delivery is full: it replaces all that the dataset held before. Rows that cannot be used
    go to the release's quarantine with a reason. Raises `DeliveryRefused` where the file as a
    whole cannot be used: its header does not fit, it is empty, or none of its rows is usable.
    """
    tell = on_progress or _tell_nobody
    if mode != "full":
        raise DeliveryRefused(
            source.name, [f"{mode} deliveries are not taken yet: deliver the whole dataset"]
        )
    sifted = []
    for block in read_delivery(source, dataset):
        sifted.append(sift_block(block, dataset))
        tell("reading", block.done, block.total)
    good = pl.concat([_empty_rows(dataset), *(part.good for part in sifted)])
    bad = pl.concat([_EMPTY_BAD, *(part.bad for part in sifted)])
    rows_in = good.height + bad.height
    tell("comparing rows", 0, rows_in)
    good, repeated, contradictions = _settle_duplicates(good, dataset)
    bad = pl.concat([bad, contradictions])
    _refuse_unusable(source.name, dataset, good, bad)
    tell("writing", 0, good.height)
    delivery = Delivery(
        rows=good.drop("line"),
        quarantine=bad.select(list(QUARANTINE_SCHEMA)),
        doubtful=bad["key"].drop_nulls(),
        rows_in=rows_in,
        repeated=repeated,
        unassigned=bad["key"].null_count(),
        reasons=Counter(bad["counted"].to_list()),
        source_name=source.name,
        source_hash=hash_file(source),
    )
    release, created = write_release(delivery, dataset, root=root, delivered_on=delivered_on)
    tell("writing", release.rows, release.rows)
    return ReleaseReport(release=release, created=created)


def _settle_duplicates(
    good: pl.DataFrame, dataset: Dataset
) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """Drop repeated rows; set aside rows of one key that say different things.

    Gives the rows kept, how many were repetitions, and the contradictions.
    """
    if dataset.unique is None:
        return good, 0, _EMPTY_BAD
    key = [dataset.key, *dataset.unique]
    several = good.select(pl.struct(key).is_duplicated()).to_series()
    if not several.any():
        return good, 0, _EMPTY_BAD
    content = list(dataset.columns)
    suspects = good.filter(several).sort("line").unique(content, keep="first", maintain_order=True)
    contrary = suspects.select(pl.struct(key).is_duplicated()).to_series()
    kept = pl.concat([good.filter(~several), suspects.filter(~contrary)])
    # Every row of the contradiction is shown, also the repeated ones.
    keys = suspects.filter(contrary).select(key).unique()
    set_aside = good.filter(several).join(keys, on=key, how="semi", nulls_equal=True)
    reason = f"contradiction: other rows have the same {', '.join(key)} and another content"
    contradictions = set_aside.select(
        "line",
        pl.lit(reason).alias("reason"),
        write_rows(_write_typed(set_aside, dataset), dataset).alias("row"),
        pl.lit(reason).alias("counted"),
        pl.col(dataset.key).alias("key"),
    )
    return kept, good.height - kept.height - set_aside.height, contradictions


def _refuse_unusable(file: str, dataset: Dataset, good: pl.DataFrame, bad: pl.DataFrame) -> None:
    if good.height:
        return
    if bad.height:
        counts = Counter(bad["counted"].to_list()).most_common(5)
        told = "; ".join(f"{reason} ({several} rows)" for reason, several in counts)
        raise DeliveryRefused(file, [f"none of its {bad.height} rows can be used: {told}"])
    if dataset.register:
        raise DeliveryRefused(file, ["has a header but no rows, and a register is never empty"])


def _write_typed(frame: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Typed values as texts; money in yuan."""
    written = []
    for name, column in dataset.columns.items():
        value = pl.col(name)
        if column.type == "money":
            value = value.cast(pl.Decimal(20, 2)) / 100
        written.append(value.cast(pl.String))
    return frame.select(written)


def _empty_rows(dataset: Dataset) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {"line": pl.Int64()}
    return pl.DataFrame(
        schema=schema | {name: DTYPES[column.type] for name, column in dataset.columns.items()}
    )


def _tell_nobody(step: str, done: int, total: int) -> None:
    pass


_EMPTY_BAD = pl.DataFrame(schema={**QUARANTINE_SCHEMA, "counted": pl.String(), "key": pl.String()})
