"""The command `export`: facts of a snapshot or the outcome of a run, as a file for others."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from console import show
from console.access import Purpose, read_purpose, record_access
from console.command import settings_of
from console.errors import NothingThere
from console.options import VocabularyPaths, one_of
from console.settings import Settings
from console.table_file import check_target, write_table
from console.wiring import load_words, newest_snapshot, opened_database
from engine.city_evaluation import KINDS
from engine.outcome import Outcome, read_outcome
from engine.outcome_reading import read_parts as read_outcome_parts
from engine.part_outcome import OUTCOME_SCHEMA
from engine.run import last_accepted_run
from language.column import NOT_APPLICABLE
from ledger.database import reading
from profiles.fact import Vocabulary
from profiles.frames import columns_of, in_units
from profiles.snapshot import Part, Snapshot, read_part

_YUAN = pl.Decimal(20, 2)


def export_table(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="facts (of the newest snapshot) or outcome.")],
    to: Annotated[Path, typer.Option("--to", help="A new .parquet, .csv or .xlsx file.")],
    purpose: Purpose = None,
    kind: Annotated[
        str | None, typer.Option(help="enterprise, resident or household (facts: needed).")
    ] = None,
    fact: Annotated[
        list[str] | None, typer.Option("--fact", help="Only these facts (default: all).")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Only this policy's outcome (default: all).")
    ] = None,
    vocabulary: VocabularyPaths = None,
) -> None:
    """Write facts or outcome to a file, subjects by surrogate id, money in yuan."""
    one_of(what, "facts", "outcome")
    settings = settings_of(context)
    told = read_purpose(purpose)
    if kind is not None:
        one_of(kind, *KINDS)
    check_target(to)
    if what == "facts":
        if kind is None:
            raise typer.BadParameter(f"name a --kind: {', '.join(KINDS)}")
        rows = _export_facts(settings, load_words(vocabulary or ()), kind, fact or [], to, told)
    else:
        rows = _export_outcome(settings, kind, policy, to, told)
    show.out.print(f"{rows:,} rows in {to}")


def _export_facts(
    settings: Settings, words: Vocabulary, kind: str, names: list[str], to: Path, purpose: str
) -> int:
    snapshot = newest_snapshot(settings)
    parts = snapshot.parts(kind)
    if not parts:
        raise NothingThere(f"the snapshot as of {snapshot.as_of} has no subjects of kind {kind}")
    known = read_part(snapshot, parts[0], datasets=[]).facts.columns
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NothingThere(f"the snapshot has no fact {', '.join(unknown)} of kind {kind}")
    chosen = [
        name
        for name in known
        if not names or name.removesuffix(NOT_APPLICABLE) in ("subject", *names)
    ]
    rows = sum(part.subjects for part in parts)
    record_access(
        settings,
        "facts.exported",
        purpose=purpose,
        what={
            "snapshot": snapshot.hash,
            "kind": kind,
            "rows": rows,
            "facts": names or "all",
            "form": to.suffix.lower(),
        },
    )
    write_table(_facts(words, snapshot, parts, chosen), to, rows)
    return rows


def _facts(
    words: Vocabulary, snapshot: Snapshot, parts: tuple[Part, ...], names: list[str]
) -> Iterator[pl.DataFrame]:
    columns = columns_of(words.facts.values())
    for part in parts:
        facts = read_part(snapshot, part, datasets=[]).facts.select(names)
        yield in_units(facts, columns)


def _export_outcome(
    settings: Settings, kind: str | None, policy: str | None, to: Path, purpose: str
) -> int:
    with opened_database(settings) as engine, reading(engine) as connection:
        run = last_accepted_run(connection)
    if run is None or run.outcome_path is None:
        raise NothingThere("there is no run yet (make one with: zhida run)")
    outcome = read_outcome(settings.home / run.outcome_path)
    rows = sum(frame.height for frame in _outcome(outcome, kind, policy))
    if policy is not None and not rows:
        raise NothingThere(f'the outcome of {run.id} has no row of "{policy}"')
    record_access(
        settings,
        "outcome.exported",
        purpose=purpose,
        what={
            "run": run.id,
            "rows": rows,
            "kind": kind or "all",
            "policy": policy or "all",
            "form": to.suffix.lower(),
        },
    )
    write_table(_outcome(outcome, kind, policy), to, rows)
    return rows


def _outcome(outcome: Outcome, kind: str | None, policy: str | None) -> Iterator[pl.DataFrame]:
    """The rows of every part; amounts in yuan under a name that says so."""
    yuan = (pl.col("amount_fen").cast(_YUAN) / 100).cast(_YUAN)
    parts = read_outcome_parts(outcome)
    for frame in chain([pl.DataFrame(schema=OUTCOME_SCHEMA)], parts):
        wanted = pl.lit(True)
        if kind is not None:
            wanted &= pl.col("kind") == kind
        if policy is not None:
            wanted &= pl.col("policy") == policy
        yield (
            frame.filter(wanted)
            .with_columns(yuan.alias("amount_fen"))
            .rename({"amount_fen": "amount_yuan"})
        )
