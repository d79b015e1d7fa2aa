"""A data frame delivered like a department's file: written as texts, sifted as every file is."""

import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from profiles.dataset import Dataset
from profiles.frames import AnyFrame, read_frame, refuse_floats, write_texts
from profiles.heading import match_header
from profiles.ingest import Progress, ReleaseReport, ingest


def ingest_frame(
    frame: AnyFrame,
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    name: str = "frame",
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Make a pandas, Polars or Arrow table a release of the dataset, under `root/<dataset>/`.

    Its columns are named, and its cells written, as those of a file: money in the unit that the
    dataset declares. `name` stands in the release for the file's name. Rows that cannot be used go
    to the quarantine. Raises FrameRefused for float columns that would hold identifiers, codes,
    texts or days, and DeliveryRefused for whatever a file would be refused for.
    """
    read = read_frame(frame, name)
    headings = match_header(name, read.columns, dataset).names
    pairs = zip(read.columns, headings, strict=True)
    named = read.rename({cell: column for cell, column in pairs if column is not None})
    refuse_floats(named, dataset.columns, name)
    texts = pl.DataFrame([write_texts(series) for series in named.iter_columns()])
    root.mkdir(parents=True, exist_ok=True)
    # beside the releases, which hold the same: no copy of personal data lies elsewhere
    with tempfile.TemporaryDirectory(prefix=".incoming-frame-", dir=root) as folder:
        file = Path(folder) / f"{name}.parquet"
        texts.write_parquet(file)
        return ingest(file, dataset, root=root, delivered_on=delivered_on, on_progress=on_progress)
