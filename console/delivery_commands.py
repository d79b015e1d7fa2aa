"""Commands from a department's file to a snapshot: `init`, `sample-city`, `ingest`, `snapshot`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.command import REFUSED, SET_ASIDE, print_json, read_day, settings_of
from console.errors import NothingThere
from console.options import Day, Format, VocabularyPaths
from console.settings import make_home, read_clock, read_key
from console.wiring import load_words, opened_database, take_snapshot
from engine.shown_value import mask
from profiles.changeset import Mode
from profiles.errors import DeliveryRefused
from profiles.ingest import Progress, ingest
from profiles.sample_city import DEFAULT_SEED, write_city

LARGE = 20_000_000
"""Bytes of a file that takes some seconds."""


def make_installation(context: typer.Context) -> None:
    """Make the home folder, its secret key and the database; again changes nothing."""
    settings = settings_of(context)
    made = make_home(settings)
    with opened_database(settings):
        pass
    show.out.print(f"{'made' if made else 'there already'}: {settings.home}")


def write_sample_city(
    folder: Annotated[Path, typer.Argument(help="Where the department files go.")],
    firms: Annotated[int, typer.Option(min=1)] = 20_000,
    residents: Annotated[int, typer.Option(min=1)] = 60_000,
    seed: int = DEFAULT_SEED,
    as_of: Annotated[str, typer.Option(help="The day of delivery.")] = "2025-10-31",
) -> None:
    """Write the department files of a synthetic city, as delivered on a day."""
    day = read_day(as_of, date.max)
    with show.progress() as tell:
        try:
            report = write_city(
                folder,
                firms=firms,
                residents=residents,
                seed=seed,
                as_of=day,
                on_progress=lambda done, total: tell("writing the city", done, total),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    rows = sum(report.rows.values())
    show.out.print(f"{len(report.files)} files with {rows:,} rows in {folder}")


def ingest_files(
    context: typer.Context,
    sources: Annotated[list[Path], typer.Argument(help="CSV or Parquet files, or folders.")],
    dataset: Annotated[
        str | None, typer.Option(help="The dataset (default: named like the file).")
    ] = None,
    delivered_on: Day = None,
    mode: Annotated[Mode, typer.Option(help="What a delivery is to what is there.")] = "full",
    output: Format = "table",
) -> None:
    """Take department files in as releases; rows that cannot be used are quarantined.

    A full delivery replaces all that a dataset held. An incremental one holds changed rows and a
    column removed. A correction holds rows that stand for quarantined ones, with corrects_line.
    """
    settings = settings_of(context)
    read_key(settings)
    vocabulary = load_words()
    day = read_day(delivered_on, read_clock().date())
    files = [f for s in sources for f in (sorted(s.iterdir()) if s.is_dir() else [s])]
    reports, refused = [], []
    if not files:
        raise NothingThere("there is no file to take in")
    with show.progress() as tell:
        for number, file in enumerate(files):
            tell("taking in files", number, len(files))
            name = dataset or file.stem
            if name not in vocabulary.datasets:
                refused.append(f"{file.name}: there is no dataset {name} (name one: --dataset)")
                continue
            try:
                reports.append(
                    ingest(
                        file,
                        vocabulary.datasets[name],
                        root=settings.releases,
                        delivered_on=day,
                        mode=mode,
                        on_progress=_telling(tell, name) if _is_large(file) else None,
                    )
                )
            except DeliveryRefused as error:
                refused.append(str(error))
        tell("taking in files", len(files), len(files))
    if output == "json":
        print_json(
            [
                {
                    "dataset": report.release.dataset,
                    "release": report.release.hash,
                    "created": report.created,
                    "rows_in": report.release.rows_in,
                    "accepted": report.release.rows,
                    "new": report.release.changed.new,
                    "changed": report.release.changed.changed,
                    "vanished": report.release.changed.vanished,
                    "standing": report.release.standing,
                    "exceeded": list(report.release.exceeded),
                    "quarantined": dict(report.release.reasons),
                }
                for report in reports
            ]
        )
    else:
        show.show_releases(reports)
    for text in refused:
        show.err.print(f"[red]refused[/] {escape(mask(text))}")
    if refused:
        raise typer.Exit(REFUSED)
    if any(report.release.reasons for report in reports):
        raise typer.Exit(SET_ASIDE)


def _is_large(file: Path) -> bool:
    """Whether one file alone takes long enough for a bar of its own."""
    return file.is_file() and file.stat().st_size > LARGE


def _telling(tell: Progress, name: str) -> Progress:
    return lambda step, done, total: tell(f"{name}: {step}", done, total)


def build_snapshot(
    context: typer.Context,
    as_of: Day = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Build the profiles of all subjects as of a day from the releases delivered until then."""
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    with show.progress() as tell:
        built = take_snapshot(settings, words, read_day(as_of, read_clock().date()), tell)
    if output == "json":
        print_json(
            {
                "snapshot": built.hash,
                "as_of": built.as_of,
                "subjects": {
                    kind: sum(part.subjects for part in built.parts(kind))
                    for kind in ("enterprise", "resident", "household")
                },
                "notes": list(built.notes),
            }
        )
    else:
        show.show_snapshot(built)
