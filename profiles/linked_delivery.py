"""A delivery once more, with the keys filled in that links have found: a release of its own.

The whole file is taken in again, so that the release holds what the links in force say and nothing
of those that were taken back. The release says by its source that keys in it were found by linking.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from profiles.column_mapping import ColumnMapping
from profiles.content import hash_file
from profiles.dataset import Dataset
from profiles.delivery import read_delivery
from profiles.errors import DeliveryRefused
from profiles.ingest import Progress, ReleaseReport, ingest_blocks
from profiles.release import load_manifest, newest_release
from profiles.release_write import Source
from profiles.row_block import RowBlock
from profiles.unkeyed import name_unkeyed

ORIGIN = "linked: "
"""How the source of a release begins, some keys of which were found by linking."""


def fill_keys(
    source: Path,
    dataset: Dataset,
    found: pl.DataFrame,
    key: bytes,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
) -> Iterator[RowBlock]:
    """The rows of a file, with the keys of `found` (`row`, `key`) where theirs cannot be right."""
    for block in read_delivery(source, dataset, mapping, sheet):
        unkeyed = name_unkeyed(block.cells, dataset, key).join(found, on="row", how="inner")
        keys = unkeyed.select("line", pl.col("key").alias("found"))
        cells = block.cells.join(keys, on="line", how="left", maintain_order="left")
        own = pl.col(dataset.key).cast(pl.String)
        filled = cells.with_columns(pl.coalesce("found", own).alias(dataset.key))
        yield replace(block, cells=filled.select(block.cells.columns))


def deliver_linked(
    source: Path,
    dataset: Dataset,
    found: pl.DataFrame,
    *,
    root: Path,
    delivered_on: date,
    key: bytes,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
    replacing: bool = False,
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Take a file in with the keys that links have found, as a full delivery.

    Raises `DeliveryRefused` where the dataset's newest release was made from another file, unless
    `replacing`; and where the very same release is there already, but is not the newest.
    """
    sha256 = hash_file(source)
    newest = newest_release(root, dataset.name, delivered_on)
    if newest is not None and not replacing:
        made_from = load_manifest(newest.path)["source"]["sha256"]
        if newest.mode != "full" or made_from != sha256:
            problem = (
                f"the newest release of {dataset.name} was not made from this file (ingest it "
                "first, or say --replacing if it shall take the place of that release)"
            )
            raise DeliveryRefused(source.name, [problem])
    report = ingest_blocks(
        fill_keys(source, dataset, found, key, mapping, sheet),
        dataset,
        root=root,
        delivered_on=delivered_on,
        source=Source(name=f"{ORIGIN}{source.name}", sha256=sha256),
        on_progress=on_progress,
    )
    after = newest_release(root, dataset.name, delivered_on)
    release = report.release
    if release.standing == "in force" and (after is None or after.hash != release.hash):
        problem = (
            f"with these links it is release {release.hash[:12]}, which a later one of the same "
            "day has replaced (name a later day: --delivered-on)"
        )
        raise DeliveryRefused(source.name, [problem])
    return report
