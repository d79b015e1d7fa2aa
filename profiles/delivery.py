"""A department's file as blocks of rows under the dataset's columns, whatever its format."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from profiles.column_mapping import ColumnMapping
from profiles.csv_lines import CsvFile, open_csv, read_blocks
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused
from profiles.heading import Heading, match_header
from profiles.parquet_rows import read_parquet_rows
from profiles.row_block import RowBlock
from profiles.whole_cell import is_surely_whole
from profiles.workbook_rows import read_workbook_rows

_ZIP, _COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
CUT_OFF = (
    "the file ends in this row without a line break, it may have been cut off: deliver all of it, "
    "with a line break at its end"
)


def read_delivery(
    source: Path,
    dataset: Dataset,
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
) -> Iterator[RowBlock]:
    """The rows of a CSV or Parquet file or a workbook.

    `mapping` says what the department's own headings stand for; `sheet` which one of a workbook is
    read, by default the first that is not hidden. Raises `DeliveryRefused` before the first row
    where the file as a whole cannot be read, later where it turns out to be damaged.
    """
    try:
        with source.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise DeliveryRefused(source.name, [reason]) from error
    if not start:
        raise DeliveryRefused(source.name, ["is empty: it has not even a header"])
    if start == b"PAR1" or source.suffix == ".parquet":
        return read_parquet_rows(source, dataset, mapping)
    if start == _ZIP:
        return read_workbook_rows(source, dataset, mapping, sheet)
    if start == _COMPOUND_FILE:
        raise DeliveryRefused(
            source.name, ["is an old workbook, or one with a password: save it as .xlsx or CSV"]
        )
    opened = open_csv(source)
    return _read_csv(opened, match_header(source.name, opened.header, dataset, mapping))


def _read_csv(opened: CsvFile, heading: Heading) -> Iterator[RowBlock]:
    names = {name: f"cell_{place}" for place, name in enumerate(heading.names) if name}
    cells_of = [pl.col(names[name]).alias(name) for name in heading.columns]
    total = opened.path.stat().st_size
    for block in read_blocks(opened):
        cells = block.cells.select("line", *cells_of)
        broken, last = block.broken, None
        if not block.ended and not _ends_whole(cells, broken, heading):
            last = _last_line(cells, broken)
            broken = broken.with_columns(
                reason=pl.when(pl.col("line") == last).then(pl.lit(CUT_OFF)).otherwise("reason")
            )
        yield RowBlock(
            cells=cells,
            heading=heading.cells,
            columns=heading.columns,
            broken=broken,
            done=block.bytes_read,
            total=total,
            cut_line=last,
        )


def _ends_whole(cells: pl.DataFrame, broken: pl.DataFrame, heading: Heading) -> bool:
    """Whether the very last cell of the rows so far can be no beginning of a longer one."""
    name = heading.names[-1]
    found = cells.filter(pl.col("line") == _last_line(cells, broken))
    if not name or not found.height:
        return False
    return is_surely_whole(found[name][0], heading.columns[name])


def _last_line(*frames: pl.DataFrame) -> int:
    return int(pl.concat([frame["line"] for frame in frames]).to_numpy().max(initial=0))
