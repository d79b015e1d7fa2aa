"""Rows of a delivery that have no usable key, and what they can be linked by."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ledger.journal import canonical_json, keyed_hash
from profiles.column_mapping import ColumnMapping
from profiles.dataset import Dataset
from profiles.delivery import read_delivery
from profiles.errors import NotLinkable
from profiles.identifier import check_identifiers, mask_long_numbers, mask_series
from profiles.linkage_register import FIELDS
from profiles.region import region_codes

SHOWN = "shown"
UNKEYED_SCHEMA = {
    "line": pl.Int64(),
    "row": pl.String(),
    **dict.fromkeys(FIELDS, pl.String()),
    SHOWN: pl.String(),
}


def read_unkeyed(
    source: Path,
    dataset: Dataset,
    key: bytes,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
) -> pl.DataFrame:
    """The rows of a file whose key is empty or cannot be right.

    Columns: `line` in the file; `row`, a keyed hash of what it can be linked by, so that rows that
    say the same of a firm are one; `name`, `address`, `representative`, `region` as they stand; and
    `shown`, the same as JSON for a person to read, with personal columns masked. `mapping` and
    `sheet` are those the file is ingested with. Raises `NotLinkable` where the dataset does not say
    what rows may be linked by.
    """
    link_of(dataset)
    blocks = read_delivery(source, dataset, mapping, sheet)
    unkeyed = (name_unkeyed(block.cells, dataset, key) for block in blocks)
    return pl.concat([pl.DataFrame(schema=UNKEYED_SCHEMA), *unkeyed])


def name_unkeyed(cells: pl.DataFrame, dataset: Dataset, key: bytes) -> pl.DataFrame:
    """As `read_unkeyed`, for the rows of one block."""
    checked = check_identifiers(dataset.identifier, cells[dataset.key].cast(pl.String))
    unkeyed = cells.filter(checked["reason"].is_not_null())
    fields = read_fields(unkeyed, link_of(dataset))
    hashes = [keyed_hash(canonical_json(list(row)), key) for row in fields.iter_rows()]
    named = fields.with_columns(
        unkeyed["line"], pl.Series("row", hashes, dtype=pl.String), show_fields(fields, dataset)
    )
    return named.select(pl.col(name).cast(dtype) for name, dtype in UNKEYED_SCHEMA.items())


def link_of(dataset: Dataset) -> Mapping[str, str]:
    """The columns that rows of a dataset are linked by. Raises `NotLinkable` without any."""
    if dataset.link is None:
        raise NotLinkable(dataset.name)
    return dataset.link


def read_fields(frame: pl.DataFrame, link: Mapping[str, str]) -> pl.DataFrame:
    """The columns `FIELDS` of rows or of the register; what is not declared is null.

    A region may be a code or a name.
    """
    fields = frame.select(
        (pl.col(link[field]).cast(pl.String).str.strip_chars() if field in link else pl.lit(None))
        .cast(pl.String)
        .alias(field)
        for field in FIELDS
    )
    return fields.with_columns(region_codes(fields["region"]).alias("region"))


def show_fields(fields: pl.DataFrame, dataset: Dataset) -> pl.Series:
    """Each row as JSON for a person to read: personal columns and long numbers masked."""
    link = link_of(dataset)
    shown = []
    for field in FIELDS:
        texts = fields[field].str.head(200)
        column = dataset.columns.get(link.get(field, ""))
        personal = column is not None and column.sensitivity in ("personal", "sensitive")
        shown.append(mask_series(texts) if personal else mask_long_numbers(texts))
    masked = pl.DataFrame(shown)
    return masked.select(pl.struct(pl.all()).struct.json_encode().alias(SHOWN)).to_series()
