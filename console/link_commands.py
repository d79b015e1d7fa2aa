"""Commands for rows without a key: link them, and decide where the model does not (关联、待核)."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.text import Text

from console import show
from console.command import SET_ASIDE, print_json, read_day, settings_of
from console.errors import NothingThere
from console.linking import run_delivery, run_linking
from console.options import Day, Format
from console.settings import read_clock, read_key
from console.wiring import ACTOR, load_words, opened_database
from ledger.database import reading
from profiles.column_mapping import ColumnMapping, load_mappings
from profiles.dataset import Dataset
from profiles.link import Link, State, decide_link, read_links

app = typer.Typer(
    no_args_is_help=True, help="Rows without a key: run, list, accept, reject, deliver."
)

Name = Annotated[str, typer.Argument(help="The dataset's name.")]
File = Annotated[Path, typer.Argument(help="The department's file.")]
LinkId = Annotated[str, typer.Argument(metavar="ID", help="The link's id, as list shows it.")]
Columns = Annotated[
    Path | None, typer.Option(help="What the department's own headings stand for, as YAML.")
]
Sheet = Annotated[
    str | None, typer.Option(help="A sheet of a workbook (default: the first visible one).")
]
By = Annotated[str, typer.Option("--by", help="Who decides; it stays with the link.")]
_COLOURS = {"linked": "green", "accepted": "green", "review": "yellow", "rejected": "red"}


@app.command("run")
def run(
    context: typer.Context,
    dataset: Name,
    file: File,
    columns: Columns = None,
    sheet: Sheet = None,
    output: Format = "table",
) -> None:
    """Link the rows of a file that have no usable key to the register.

    Clear ones are linked, doubtful ones wait for a person, others stay set aside. What persons
    have decided stays. Nothing is delivered by it: see zhida link deliver.
    """
    settings = settings_of(context)
    words = load_words()
    known = _known(dataset)
    with opened_database(settings) as engine, show.progress() as tell:
        report = run_linking(
            settings,
            engine,
            words.datasets,
            known,
            file,
            mapping=_mapping(columns, words.datasets, known),
            sheet=sheet,
            now=read_clock(),
            tell=tell,
        )
    settled = report.settled
    counts = {
        "rows_without_key": report.unkeyed,
        "different": report.different,
        "linked": settled.made,
        "dropped": settled.dropped,
        "review": settled.review,
        "decided_by_persons": settled.by_person,
    }
    if output == "json":
        print_json({"dataset": known.name, "model": report.model, **counts})
        return
    for what, count in counts.items():
        show.out.print(f"{what.replace('_', ' '):20} {count:>9,}")
    if settled.review:
        show.out.print(f"look at them with: zhida link list {known.name}")


@app.command("list")
def list_links(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Argument(help="One dataset (default: all).")] = None,
    state: Annotated[
        Literal["review", "linked", "accepted", "rejected", "all"],
        typer.Option(help="Which ones."),
    ] = "review",
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 50,
    output: Format = "table",
) -> None:
    """Rows and the firms they may be, with personal columns masked."""
    settings = settings_of(context)
    name = _known(dataset).name if dataset else None
    states: tuple[State, ...] = (
        ("review", "linked", "accepted", "rejected") if state == "all" else (state,)
    )
    with opened_database(settings) as engine, reading(engine) as connection:
        found = read_links(connection, name, states)
    if output == "json":
        print_json([_describe(link) for link in found[:limit]])
        return
    table = show.make_table(
        "id", "state", "score", "line", "row", "firm", numbers=(2, 3), whole=(0, 1)
    )
    for link in found[:limit]:
        shown = json.loads(link.shown)
        table.add_row(
            link.id,
            Text(link.state, style=_COLOURS[link.state]),
            f"{link.score / 10_000:.2f}",
            f"{link.line:,}",
            Text(_one_line(shown["row"])),
            Text(_one_line(shown["firm"])),
        )
    show.out.print(table)
    show.out.print(f"{len(found):,} in all")


@app.command("accept")
def accept(context: typer.Context, link: LinkId, by: By = ACTOR) -> None:
    """Say that a row is this firm; no run changes that."""
    _decide(context, link, "accepted", by)


@app.command("reject")
def reject(context: typer.Context, link: LinkId, by: By = ACTOR) -> None:
    """Say that a row is not this firm; no run proposes it again."""
    _decide(context, link, "rejected", by)


@app.command("deliver")
def deliver(
    context: typer.Context,
    dataset: Name,
    file: File,
    columns: Columns = None,
    sheet: Sheet = None,
    delivered_on: Day = None,
    replacing: Annotated[
        bool, typer.Option(help="Also where the newest release came from another file.")
    ] = False,
) -> None:
    """Take a file in once more with the keys that links in force have found, as a new release."""
    settings = settings_of(context)
    read_key(settings)
    datasets = load_words().datasets
    known = _known(dataset)
    now = read_clock()
    day: date = read_day(delivered_on, now.date())
    with opened_database(settings) as engine:
        report, links = run_delivery(
            settings,
            engine,
            datasets,
            known,
            file,
            mapping=_mapping(columns, datasets, known),
            sheet=sheet,
            delivered_on=day,
            replacing=replacing,
            actor=ACTOR,
            now=now,
        )
    show.show_releases([report])
    show.out.print(f"{links:,} links in force")
    if report.release.reasons:
        raise typer.Exit(SET_ASIDE)


def _decide(
    context: typer.Context, link: str, decision: Literal["accepted", "rejected"], by: str
) -> None:
    with opened_database(settings_of(context)) as engine, engine.begin() as connection:
        decided = decide_link(connection, link, decision, actor=by, now=read_clock())
    show.out.print(f"{decision}: {decided.id} ({escape(decided.dataset)}, line {decided.line})")


def _mapping(
    path: Path | None, datasets: Mapping[str, Dataset], dataset: Dataset
) -> ColumnMapping | None:
    return load_mappings(path, datasets).get(dataset.name) if path else None


def _known(name: str) -> Dataset:
    found = load_words().datasets.get(name)
    if found is None:
        raise NothingThere(f'there is no dataset "{name}" (all of them: zhida dataset list)')
    return found


def _one_line(shown: dict[str, str | None]) -> str:
    return " · ".join(text for text in shown.values() if text)


def _describe(link: Link) -> dict[str, object]:
    return {
        "id": link.id,
        "dataset": link.dataset,
        "state": link.state,
        "score": link.score / 10_000,
        "ahead": link.ahead / 10_000,
        "line": link.line,
        "subject": link.candidate,
        **json.loads(link.shown),
        "source": link.source,
        "register": link.register,
        "model": link.model,
        "decided_by": link.decided_by,
        "decided_at": link.decided_at.isoformat(),
    }
