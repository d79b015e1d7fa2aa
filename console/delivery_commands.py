"""Commands before and after deliveries: `init`, `sample-city`, `snapshot`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from console import show
from console.command import print_json, read_day, settings_of
from console.options import Day, Format, VocabularyPaths
from console.settings import make_home, read_clock
from console.wiring import load_words, newest_snapshot, opened_database, take_snapshot
from profiles.sample_city import DEFAULT_SEED, write_city


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
    insured_months: Annotated[
        int, typer.Option(min=0, max=60, help="So many months of everybody's medical insurance.")
    ] = 0,
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
                insured_months=insured_months,
                on_progress=lambda done, total: tell("writing the city", done, total),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    rows = sum(report.rows.values())
    show.out.print(f"{len(report.files)} files with {rows:,} rows in {folder}")


def build_snapshot(
    context: typer.Context,
    as_of: Day = None,
    vocabulary: VocabularyPaths = None,
    incremental: Annotated[
        bool,
        typer.Option(
            "--incremental", help="Look only at what has changed since the newest snapshot."
        ),
    ] = False,
    known_on: Annotated[
        str | None,
        typer.Option(
            "--known-on",
            metavar="YYYY-MM-DD",
            help="As it was known at the end of that day, whatever came later (default: now).",
        ),
    ] = None,
    output: Format = "table",
) -> None:
    """Build the profiles of all subjects as of a day from the releases delivered until then."""
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    base = newest_snapshot(settings) if incremental else None
    reasons: list[str] = []
    with show.progress() as tell:
        day = read_day(as_of, read_clock().date())
        built = take_snapshot(
            settings,
            words,
            day,
            tell,
            base=base,
            on_anew=reasons.append,
            known_on=None if known_on is None else read_day(known_on, day),
        )
    for reason in reasons:
        show.err.print(f"built anew, not from the snapshot before: {reason}")
    if output == "json":
        print_json(
            {
                "snapshot": built.hash,
                "base": None if built.base is None else built.base.hash,
                "as_of": built.as_of,
                "known_on": built.known_on,
                "subjects": {
                    kind: sum(part.subjects for part in built.parts(kind))
                    for kind in ("enterprise", "resident", "household")
                },
                "notes": list(built.notes),
            }
        )
    else:
        show.show_snapshot(built)
