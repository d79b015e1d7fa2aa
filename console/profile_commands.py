"""The command `profile`: all that is known of one subject, and from where."""

import sys
from collections.abc import Sequence
from typing import Annotated, cast

import polars as pl
import typer

from console.access import read_purpose, record_access
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import VocabularyPaths, one_of
from console.profile_json import profile_as_json
from console.profile_page import ShownRows, build_pages, hide
from console.settings import Settings, read_key
from console.show_page import show_page, write_page
from console.subject import IDENTIFIERS, find_subject, say_former
from console.wiring import load_words, newest_snapshot
from engine.wording import Language
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.identifier import check_identifiers, subject_ids
from profiles.revealed_rows import find_identifier, read_revealed
from profiles.snapshot import Snapshot
from profiles.subject_profile import PERSONAL, Profile, ProfileSource, build_profile

READ_FROM_INPUT = "-"


def show_profile(
    context: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(
            help="A subject id, or an identifier of now or before; - reads it from input."
        ),
    ],
    rows: Annotated[bool, typer.Option("--rows", help="The rows of its datasets too.")] = False,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only the rows of this dataset (repeatable).")
    ] = None,
    reveal: Annotated[
        str | None,
        typer.Option(help="Show what is personal too, for this purpose; the journal keeps it."),
    ] = None,
    vocabulary: VocabularyPaths = None,
    language: Annotated[str, typer.Option("--language", "--lang", help="zh, en or both.")] = "both",
    output: Annotated[str, typer.Option("--format", help="table, json or html.")] = "table",
) -> None:
    """One subject's facts with source, release and freshness, or why they are missing."""
    one_of(language, "zh", "en", "both")
    one_of(output, "table", "json", "html")
    settings = settings_of(context)
    read_key(settings)
    purpose = None if reveal is None else read_purpose(reveal)
    words = load_words(vocabulary or ())
    chosen = _choose(words, dataset or [])
    if subject == READ_FROM_INPUT:
        subject = typer.prompt("subject", hide_input=sys.stdin.isatty(), err=True)
    snapshot = newest_snapshot(settings)
    found = find_subject(settings, snapshot, words.datasets, subject)
    if found is None:
        # what was typed may be somebody's number, in whatever form: it is not repeated
        raise NothingThere(f"that is nobody in the snapshot as of {snapshot.as_of}")
    say_former(found, subject)
    profile = build_profile(snapshot, found.part, found.subject, words)
    shown: list[ShownRows] = []
    if rows or chosen:
        sources = [s for s in profile.sources.values() if s.dataset.kind == found.kind]
        wanted = [s for s in sources if not chosen or s.dataset.name in chosen]
        if purpose is None:
            shown = [hide(source.dataset, source.rows) for source in wanted]
        else:
            shown = _reveal(settings, snapshot, profile, subject, wanted, words)
    if purpose is not None:
        _record(settings, profile, shown, purpose)
    languages: Sequence[Language] = (
        ("zh", "en") if language == "both" else (cast(Language, language),)
    )
    if output == "json":
        print_json(profile_as_json(profile, shown, purpose))
        return
    pages = build_pages(profile, shown, purpose, languages)
    if output == "html":
        sys.stdout.write(write_page(pages))
        return
    for page in pages:
        show_page(page)


def _choose(words: Vocabulary, names: Sequence[str]) -> frozenset[str]:
    unknown = [name for name in names if name not in words.datasets]
    if unknown:
        raise NothingThere(f"there is no dataset {', '.join(unknown)}")
    return frozenset(names)


def _reveal(
    settings: Settings,
    snapshot: Snapshot,
    profile: Profile,
    typed: str,
    wanted: Sequence[ProfileSource],
    words: Vocabulary,
) -> list[ShownRows]:
    """The rows as they were delivered, from the releases that the snapshot was built from."""
    identifier = _identifier_of(settings, snapshot, profile, typed, words)
    shown = []
    for source in wanted:
        frame = pl.DataFrame()
        if identifier is not None and not source.stale:
            frame = read_revealed(snapshot, settings.releases, source.dataset, identifier)
        shown.append(ShownRows(dataset=source.dataset, frame=frame, hidden=frozenset()))
    return shown


def _identifier_of(
    settings: Settings, snapshot: Snapshot, profile: Profile, typed: str, words: Vocabulary
) -> str | None:
    """The identifier that was typed, else the register's for a surrogate id that was."""
    key = read_key(settings)
    identifier = IDENTIFIERS.get(profile.kind)
    if identifier is None:
        return None
    checked = check_identifiers(identifier, pl.Series([typed], dtype=pl.String))
    right = checked.filter(pl.col("reason").is_null())["value"]
    if right.len() and subject_ids(profile.kind, right, key)[0] == profile.subject:
        return str(right[0])
    for dataset in words.datasets.values():
        if dataset.register and dataset.kind == profile.kind:
            return find_identifier(snapshot, settings.releases, dataset, profile.subject, key)
    return None


def _record(settings: Settings, profile: Profile, shown: Sequence[ShownRows], purpose: str) -> None:
    """Who saw what of whom and what for, before it is shown."""
    record_access(
        settings,
        "profile.revealed",
        subject=profile.subject,
        purpose=purpose,
        what={
            "snapshot": profile.snapshot,
            "facts": sorted(
                told.fact.name for told in profile.facts if told.masked and told.value is not None
            ),
            "columns": {found.dataset.name: _personal_columns(found.dataset) for found in shown},
        },
    )


def _personal_columns(dataset: Dataset) -> list[str]:
    return [name for name, column in dataset.columns.items() if column.sensitivity in PERSONAL]
