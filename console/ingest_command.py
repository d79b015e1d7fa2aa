"""The command `ingest`: files, folders of files, or a query on a department's database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.command import REFUSED, SET_ASIDE, print_json, read_day, settings_of
from console.errors import NothingThere
from console.options import Day, Format
from console.settings import read_clock, read_key, read_variable
from console.wiring import load_words
from engine.shown_value import mask
from profiles.changeset import Mode
from profiles.column_mapping import ColumnMapping, load_mappings
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused
from profiles.ingest import Progress, ReleaseReport, ingest
from profiles.query_delivery import ingest_query
from profiles.query_rows import Query

LARGE = 20_000_000
"""Bytes of a file that takes some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """One delivery: what it is called, of which dataset, and whether it takes long."""

    name: str
    dataset: str
    source: Path | Query
    long: bool


def ingest_sources(
    context: typer.Context,
    sources: Annotated[
        list[Path] | None, typer.Argument(help="CSV, Parquet or .xlsx files, or folders.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="The dataset (default: named like the file).")
    ] = None,
    delivered_on: Day = None,
    mode: Annotated[Mode, typer.Option(help="What a delivery is to what is there.")] = "full",
    columns: Annotated[
        Path | None, typer.Option(help="What the department's own headings stand for, as YAML.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="A sheet of a workbook (default: the first visible one).")
    ] = None,
    from_url: Annotated[
        str | None, typer.Option(help="A database to ask, as an SQLAlchemy address.")
    ] = None,
    from_url_in: Annotated[
        str | None,
        typer.Option(metavar="VARIABLE", help="The environment variable that holds the address."),
    ] = None,
    query: Annotated[str | None, typer.Option(help="What to ask it: a SELECT.")] = None,
    output: Format = "table",
) -> None:
    """Take deliveries in as releases; rows that cannot be used are quarantined.

    A full delivery replaces all that a dataset held. An incremental one holds changed rows and a
    column removed. A correction holds rows that stand for quarantined ones, with corrects_line.
    """
    settings = settings_of(context)
    read_key(settings)
    datasets = load_words().datasets
    mappings = load_mappings(columns, datasets) if columns else {}
    day = read_day(delivered_on, read_clock().date())
    address = read_variable(from_url_in) if from_url_in else from_url
    ordered = list(_list_files(sources or (), dataset))
    ordered += _list_query(address, query, dataset)
    if not ordered:
        raise NothingThere("there is no file to take in, and no --from-url to ask")

    def take_in(item: _Ordered, known: Dataset, tell: Progress | None) -> ReleaseReport:
        mapping: ColumnMapping | None = mappings.get(known.name)
        if isinstance(item.source, Query):
            return ingest_query(
                item.source, known, root=settings.releases, delivered_on=day, mode=mode,
                mapping=mapping, on_progress=tell,
            )  # fmt: skip
        return ingest(
            item.source, known, root=settings.releases, delivered_on=day, mode=mode,
            mapping=mapping, sheet=sheet, on_progress=tell,
        )  # fmt: skip

    reports, refused = _take_all(ordered, datasets, take_in)
    if output == "json":
        print_json([_describe(report) for report in reports])
    else:
        show.show_releases(reports)
    for text in refused:
        show.err.print(f"[red]refused[/] {escape(mask(text))}", soft_wrap=True)
    if refused:
        raise typer.Exit(REFUSED)
    if any(report.release.reasons for report in reports):
        raise typer.Exit(SET_ASIDE)


def _list_files(sources: Sequence[Path], dataset: str | None) -> Iterator[_Ordered]:
    for source in sources:
        for file in sorted(source.iterdir()) if source.is_dir() else [source]:
            long = file.is_file() and file.stat().st_size > LARGE
            yield _Ordered(name=file.name, dataset=dataset or file.stem, source=file, long=long)


def _list_query(address: str | None, query: str | None, dataset: str | None) -> list[_Ordered]:
    if address is None and query is None:
        return []
    if address is None or query is None or dataset is None:
        raise typer.BadParameter(
            "a query needs all of --from-url (or --from-url-in), --query and --dataset"
        )
    asked = Query(url=address, sql=query)
    return [_Ordered(name=asked.name, dataset=dataset, source=asked, long=True)]


def _take_all(
    ordered: Sequence[_Ordered],
    datasets: Mapping[str, Dataset],
    take_in: Callable[[_Ordered, Dataset, Progress | None], ReleaseReport],
) -> tuple[list[ReleaseReport], list[str]]:
    """What became of each delivery, and why others were refused; one never stops the next."""
    reports, refused = [], []
    with show.progress() as tell:
        for number, item in enumerate(ordered):
            tell("taking in deliveries", number, len(ordered))
            known = datasets.get(item.dataset)
            if known is None:
                told = f"{item.name}: there is no dataset {item.dataset} (name one: --dataset)"
                refused.append(told)
                continue
            try:
                telling = _telling(tell, item.dataset) if item.long else None
                reports.append(take_in(item, known, telling))
            except DeliveryRefused as error:
                refused.append(str(error))
        tell("taking in deliveries", len(ordered), len(ordered))
    return reports, refused


def _telling(tell: Progress, name: str) -> Progress:
    return lambda step, done, total: tell(f"{name}: {step}", done, total)


def _describe(report: ReleaseReport) -> dict[str, object]:
    release = report.release
    return {
        "dataset": release.dataset,
        "release": release.hash,
        "created": report.created,
        "rows_in": release.rows_in,
        "accepted": release.rows,
        "new": release.changed.new,
        "changed": release.changed.changed,
        "vanished": release.changed.vanished,
        "standing": release.standing,
        "exceeded": list(release.exceeded),
        "quarantined": dict(release.reasons),
    }
