"""The command `verify-data`: whether releases and snapshots still hold what their names say."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.markup import escape

from console import show
from console.command import REFUSED, print_json, settings_of
from console.errors import NothingThere
from console.options import Format, VocabularyPaths
from console.settings import Settings, read_key
from console.wiring import load_words, newest_snapshot
from profiles.comparison import Difference, compare_snapshots
from profiles.errors import ProfilesError
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.parting import choose_releases
from profiles.release import list_releases, verify_release
from profiles.snapshot import Snapshot, open_snapshot, read_rows, verify_snapshot
from profiles.snapshot_taking import build_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A release or snapshot that was read whole, and what is wrong with it ("": nothing)."""

    what: str
    name: str
    trouble: str


def verify_holdings(
    context: typer.Context,
    dataset: Annotated[
        str | None, typer.Argument(help="Releases of one dataset only (default: all there is).")
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="Also build the newest snapshot from nothing and compare: facts, rows, doubt.",
        ),
    ] = False,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Read every release and snapshot whole and compare its content with the hash in its name."""
    settings = settings_of(context)
    read_key(settings)
    words = load_words(vocabulary or ())
    if dataset is not None and dataset not in words.datasets:
        raise NothingThere(f'there is no dataset "{dataset}" (all of them: zhida dataset list)')
    with show.progress() as tell:
        checked = list(_check(settings, words, dataset, tell))
        differences = _compare_with_rebuilt(settings, words, tell) if rebuild else []
    if not checked:
        raise NothingThere("there is nothing to verify yet (make a release with: zhida ingest)")
    troubles = [each for each in checked if each.trouble]
    if output == "json":
        print_json(
            {
                "verified": len(checked),
                "damaged": [
                    {"what": each.what, "name": each.name, "trouble": each.trouble}
                    for each in troubles
                ],
                "differences": [
                    {
                        "kind": each.kind,
                        "part": each.number,
                        "what": each.what,
                        "subjects": each.subjects,
                    }
                    for each in differences
                ],
            }
        )
    else:
        _show(checked, troubles, differences, rebuild=rebuild)
    if troubles or differences:
        raise typer.Exit(REFUSED)


def _check(
    settings: Settings, words: Vocabulary, dataset: str | None, tell: Progress
) -> Iterator[Checked]:
    names = sorted(words.datasets) if dataset is None else [dataset]
    todo = [(name, release) for name in names for release in list_releases(settings.releases, name)]
    paths = sorted(path.parent for path in settings.snapshots.glob("*/manifest.json"))
    paths = paths if dataset is None else []
    several = len(todo) + len(paths)
    for done, (name, release) in enumerate(todo):
        tell("reading releases", done, several)
        trouble = ""
        try:
            verify_release(release, words.datasets[name])
        except ProfilesError as error:
            trouble = str(error)
        yield Checked(what=f"release of {name}", name=release.hash, trouble=trouble)
    for done, path in enumerate(paths, start=len(todo)):
        tell("reading snapshots", done, several)
        yield Checked(what="snapshot", name=path.name, trouble=_trouble_of(path))
    tell("reading snapshots", several, several)


def _trouble_of(path: Path) -> str:
    try:
        verify_snapshot(open_snapshot(path))
    except ProfilesError as error:
        return str(error)
    return ""


def _compare_with_rebuilt(
    settings: Settings, words: Vocabulary, tell: Progress
) -> list[Difference]:
    """What the newest snapshot holds and one built from nothing of the same releases does not."""
    newest = newest_snapshot(settings)
    chosen = choose_releases(settings.releases, words.datasets, newest.as_of, newest.known_on)
    counting = {item.dataset.name: item.release.hash for item in chosen}
    used = {release.dataset: release.hash for release in newest.releases}
    if counting != used:
        later = sorted(name for name in counting if counting[name] != used.get(name))
        raise NothingThere(
            f"other releases count since the newest snapshot was built ({', '.join(later)}): "
            "build one of now first (zhida snapshot)"
        )
    with tempfile.TemporaryDirectory(prefix=".verifying-", dir=settings.snapshots) as folder:
        rebuilt = build_snapshot(
            releases_root=settings.releases,
            snapshots_root=Path(folder),
            datasets=words.datasets,
            vocabulary=words,
            as_of=newest.as_of,
            key=read_key(settings),
            on_progress=tell,
            made={"grants": _rows_made(newest)},
            known_on=newest.known_on,
        )
        return compare_snapshots(
            newest, rebuilt, lambda done, several: tell("comparing parts", done, several)
        )


def _rows_made(snapshot: Snapshot) -> pl.DataFrame:
    """Our own rows that a snapshot holds, with the kind of their subjects."""
    found = [
        read_rows(snapshot, part, "grants").select(pl.lit(part.kind).alias("kind"), pl.all())
        for part in snapshot.all_parts
        if "grants" in part.datasets
    ]
    return pl.concat(found)


def _show(
    checked: list[Checked], troubles: list[Checked], differences: list[Difference], *, rebuild: bool
) -> None:
    if troubles:
        table = show.make_table("what", "name", "trouble", whole=(0, 1))
        for each in troubles:
            table.add_row(each.what, each.name[:12], f"[red]{escape(each.trouble)}[/]")
        show.out.print(table)
    if differences:
        table = show.make_table("kind", "part", "what", "subjects", numbers=(1, 3), whole=(0, 2))
        for differing in differences:
            row = (differing.kind, str(differing.number), differing.what, f"{differing.subjects:,}")
            table.add_row(*row)
        show.out.print(table)
    good = len(checked) - len(troubles)
    colour = "yellow" if troubles or differences else "green"
    told = f"{good:,} of {len(checked):,} releases and snapshots hold what their names say"
    if rebuild:
        told += (
            "; built from nothing the newest snapshot holds other things"
            if differences
            else "; built from nothing the newest snapshot holds the same"
        )
    show.out.print(f"[{colour}]{told}[/]", soft_wrap=True)
