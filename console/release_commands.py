"""Commands for releases: list them, look at what was set aside, decide of those that wait."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import Format
from console.settings import Settings, read_clock, read_key
from console.wiring import ACTOR, load_words, opened_database
from ledger.journal import record
from profiles.dataset import Dataset
from profiles.quarantine import open_quarantines
from profiles.release import Release, list_releases, newest_release, read_quarantine
from profiles.standing import (
    Decision,
    accept_release,
    find_release,
    refuse_undecidable,
    reject_release,
)

app = typer.Typer(no_args_is_help=True, help="Releases: list, quarantine, accept, reject.")

Name = Annotated[str, typer.Argument(help="The dataset's name.")]
Prefix = Annotated[str, typer.Argument(help="The release's hash, or how it begins.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stays with the release.")]
_COLOURS = {"in force": "green", "waiting": "yellow", "rejected": "red"}
_STANDING = {"in force": "counts", "waiting": "waiting", "rejected": "rejected"}


@app.command("list")
def list_them(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Argument(help="One dataset (default: all).")] = None,
    output: Format = "table",
) -> None:
    """The releases of each dataset, the newest first, and whether each counts."""
    settings = settings_of(context)
    read_key(settings)
    datasets = load_words().datasets
    names = [_known(dataset, datasets).name] if dataset else sorted(datasets)
    found = [r for name in names for r in reversed(list_releases(settings.releases, name))]
    if not found:
        raise NothingThere("there is no release yet (make one with: zhida ingest)")
    if output == "json":
        print_json([_describe(release) for release in found])
        return
    table = show.make_table("dataset", "release", "delivered", "rows", "new", "changed", "gone",
                            "aside", "standing", numbers=(3, 4, 5, 6, 7),
                            whole=(0, 1, 2, 8))  # fmt: skip
    for release in found:
        changed = release.changed
        table.add_row(
            release.dataset,
            release.hash[:8],
            release.delivered_on.isoformat(),
            f"{release.rows:,}",
            f"{changed.new:,}",
            f"{changed.changed:,}",
            f"{changed.vanished:,}",
            Text(f"{release.quarantined:,}", style="yellow" if release.quarantined else "dim"),
            Text(_STANDING[release.standing], style=_COLOURS[release.standing]),
        )
    show.out.print(table)
    for release in found:
        for told in release.exceeded if release.standing == "waiting" else ():
            show.out.print(f"  [yellow]{release.dataset} {release.hash[:12]}: {escape(told)}[/]")


@app.command("quarantine")
def show_quarantine(
    context: typer.Context,
    dataset: Name,
    release: Annotated[
        str | None, typer.Argument(help="Its hash (default: the newest with any).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many rows at most.")] = 50,
    output: Format = "table",
) -> None:
    """The rows that a release set aside: line, reason, and the row with everything personal masked.

    Corrected rows come back with: zhida ingest --mode correction, each with its corrects_line.
    """
    settings = settings_of(context)
    read_key(settings)
    known = _known(dataset, load_words().datasets)
    if release is None:
        newest = newest_release(settings.releases, known.name, date.max)
        if newest is None:
            raise NothingThere(f'"{known.name}" has no release that counts')
        chosen = next(iter(open_quarantines(newest)), newest)
    else:
        chosen = find_release(settings.releases, known.name, release)
    rows = read_quarantine(chosen)
    if output == "json":
        print_json(
            {"dataset": known.name, "release": chosen.hash, "rows": rows.head(limit).to_dicts()}
        )
        return
    table = show.make_table("line", "reason", "row", numbers=(0,))
    for line, reason, row in rows.head(limit).iter_rows():
        table.add_row(f"{line:,}", Text(reason, style="yellow"), Text(row, style="dim"))
    show.out.print(table)
    show.out.print(f"{rows.height:,} rows of {known.name} {chosen.hash[:12]} are set aside")


@app.command("accept")
def accept(context: typer.Context, dataset: Name, release: Prefix, reason: Why) -> None:
    """Let a release count that breaks its dataset's limits and waits."""
    _decide(settings_of(context), "accepted", dataset, release, reason)


@app.command("reject")
def reject(context: typer.Context, dataset: Name, release: Prefix, reason: Why) -> None:
    """Leave a release out for good that breaks its dataset's limits and waits."""
    _decide(settings_of(context), "rejected", dataset, release, reason)


def _decide(
    settings: Settings,
    decision: Decision,
    dataset: str,
    prefix: str,
    reason: str,
) -> None:
    known = _known(dataset, load_words().datasets)
    now = read_clock()
    release = find_release(settings.releases, known.name, prefix)
    decide = accept_release if decision == "accepted" else reject_release
    refuse_undecidable(release, decision, reason)
    with opened_database(settings) as engine:
        with engine.begin() as connection:
            # first the entry, and for good: a decision without one could not be traced, an entry
            # without a decision says at least that somebody tried
            record(
                connection,
                kind=f"release.{decision}",
                actor=ACTOR,
                body={"dataset": known.name, "release": release.hash, "reason": reason},
                now=now,
            )
        decide(release, by=ACTOR, reason=reason, at=now.isoformat())
    show.out.print(f"{decision}: {known.name} {release.hash[:12]}")
    counting = newest_release(settings.releases, known.name, date.max)
    if decision == "accepted" and counting is not None and counting.hash != release.hash:
        show.out.print(
            f"since {counting.delivered_on} the later delivery {counting.hash[:12]} counts"
        )


def _known(name: str, datasets: Mapping[str, Dataset]) -> Dataset:
    found = datasets.get(name)
    if found is None:
        raise NothingThere(f'there is no dataset "{name}" (all of them: zhida dataset list)')
    return found


def _describe(release: Release) -> dict[str, object]:
    return {
        "dataset": release.dataset,
        "release": release.hash,
        "mode": release.mode,
        "base": release.base,
        "delivered_on": release.delivered_on,
        "rows_in": release.rows_in,
        "rows": release.rows,
        "repeated": release.repeated,
        "quarantined": dict(release.reasons),
        "new": release.changed.new,
        "changed": release.changed.changed,
        "vanished": release.changed.vanished,
        "exceeded": list(release.exceeded),
        "standing": release.standing,
    }
