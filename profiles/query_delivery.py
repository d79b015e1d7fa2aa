"""What a query gives made into a release, as a file would be."""

from datetime import date
from pathlib import Path

from profiles.changeset import Mode, delivered_form
from profiles.column_mapping import ColumnMapping
from profiles.dataset import Dataset
from profiles.ingest import Progress, ReleaseReport, ingest_blocks
from profiles.query_rows import Query, read_query
from profiles.release_write import Source
from profiles.renamed import telling_renamed


def ingest_query(
    query: Query,
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    mode: Mode = "full",
    mapping: ColumnMapping | None = None,
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Make the rows of a query a release of the dataset, under `root/<dataset>/<hash>/`.

    Raises DeliveryRefused where the database cannot be asked, and for whatever a file would be
    refused for.
    """
    with telling_renamed(root, dataset, delivered_on):
        return ingest_blocks(
            read_query(query, delivered_form(dataset, mode), mapping),
            dataset,
            root=root,
            delivered_on=delivered_on,
            source=Source(name=query.name, sha256=query.sha256),
            mode=mode,
            on_progress=on_progress,
        )
