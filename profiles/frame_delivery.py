"""A data frame delivered like a department's file: its cells are sifted as those of any file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from profiles.changeset import Mode, delivered_form
from profiles.content import hash_content
from profiles.dataset import Dataset
from profiles.frames import AnyFrame, cells_of, read_frame, refuse_floats
from profiles.heading import Heading, match_header
from profiles.ingest import Progress, ReleaseReport, ingest_blocks
from profiles.release_write import Source
from profiles.row_block import NONE_BROKEN, RowBlock
from profiles.typed_values import write_texts

BLOCK_ROWS = 250_000


def ingest_frame(
    frame: AnyFrame,
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    name: str = "frame",
    mode: Mode = "full",
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Make a pandas, Polars or Arrow table a release of the dataset, under `root/<dataset>/`.

    Its columns are named, and its cells written, as those of a file: money in the unit that the
    dataset declares. `name` stands in the release for the file's name, rows count from 1, `mode` is
    that of `ingest`. Rows that cannot be used go to the quarantine. Raises FrameRefused for float
    columns that would hold identifiers, codes, texts or days, and DeliveryRefused for whatever a
    file would be refused for.
    """
    form = delivered_form(dataset, mode)
    read = read_frame(frame, name)
    heading = match_header(name, read.columns, form)
    names = {
        cell: column for cell, column in zip(read.columns, heading.names, strict=True) if column
    }
    named = read.rename(names).select(*form.columns)
    refuse_floats(named, form.columns, name)
    cells = pl.DataFrame([cells_of(series) for series in named.iter_columns()])
    texts = pl.DataFrame([write_texts(series) for series in cells.iter_columns()])
    return ingest_blocks(
        _blocks(cells, heading),
        dataset,
        root=root,
        delivered_on=delivered_on,
        source=Source(name=name, sha256=hash_content(texts)),
        mode=mode,
        on_progress=on_progress,
    )


def _blocks(cells: pl.DataFrame, heading: Heading) -> Iterator[RowBlock]:
    numbered = cells.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))
    for start in range(0, max(cells.height, 1), BLOCK_ROWS):
        block = numbered.slice(start, BLOCK_ROWS)
        done = start + block.height
        yield RowBlock(
            cells=block,
            heading=heading.cells,
            columns=heading.columns,
            broken=NONE_BROKEN,
            done=done,
            total=cells.height,
        )
