"""Runs: one evaluation of the policies in force over a snapshot, and whether it was accepted.

A run is what it was made from: the same program over the same snapshot is the same run, so one that
was killed anywhere is simply repeated.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    Engine,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
    update,
)

from engine.errors import IncrementDiffers, RunNotReproduced, RunRefused
from ledger.database import Instant, insert_absent, metadata
from ledger.journal import canonical_json, record

run_table = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("snapshot_hash", String(64), nullable=False),
    Column("program_hash", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("decided_at", Instant),  # accepted or discarded
    Column("outcome_hash", String(64)),
    Column("outcome_path", String(300)),  # relative to the home directory
    Column("counts", Text, nullable=False),  # canonical JSON
    UniqueConstraint("program_hash", "snapshot_hash"),
    CheckConstraint("state IN ('started', 'evaluated', 'accepted', 'discarded')", name="state"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One evaluation; `state` is started, evaluated, accepted or discarded."""

    id: str
    as_of: date
    snapshot_hash: str
    program_hash: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    decided_at: datetime | None
    outcome_hash: str | None
    outcome_path: str | None
    counts: Mapping[str, int]


def begin_run(
    engine: Engine,
    *,
    as_of: date,
    snapshot_hash: str,
    program_hash: str,
    actor: str,
    now: datetime,
) -> Run:
    """The run of this program over this snapshot: a new one, or the one there is already."""
    run_id = _name_run(as_of, snapshot_hash, program_hash)
    with engine.begin() as connection:
        started = connection.scalar(
            insert_absent(connection, run_table)
            .values(
                id=run_id,
                as_of=as_of,
                snapshot_hash=snapshot_hash,
                program_hash=program_hash,
                state="started",
                started_at=now,
                counts="{}",
            )
            .returning(run_table.c.id)
        )
        run = _one_run(connection, run_id)
        if started is not None:
            _record(connection, "run.started", run, actor=actor, now=now)
        return run


def finish_run(
    engine: Engine,
    run_id: str,
    *,
    outcome_hash: str,
    outcome_path: str,
    counts: Mapping[str, int],
    actor: str,
    now: datetime,
) -> Run:
    """Note the outcome of a run; again with the same outcome changes nothing.

    Raises RunNotReproduced where the run had another outcome before.
    """
    with engine.begin() as connection:
        run = _one_run(connection, run_id, for_update=True)
        if run.outcome_hash is not None:
            if run.outcome_hash != outcome_hash:
                raise RunNotReproduced(run_id=run_id, before=run.outcome_hash, now=outcome_hash)
            return run
        run = _change(
            connection,
            run_id,
            state="evaluated",
            finished_at=now,
            outcome_hash=outcome_hash,
            outcome_path=outcome_path,
            counts=canonical_json(dict(counts)),
        )
        _record(connection, "run.evaluated", run, actor=actor, now=now)
        return run


def accept_run(engine: Engine, run_id: str, *, actor: str, now: datetime) -> Run:
    """Take an evaluated run's matches as those in force; again changes nothing."""
    return _decide(engine, run_id, state="accepted", actor=actor, now=now)


def discard_run(engine: Engine, run_id: str, *, actor: str, now: datetime) -> Run:
    """Set an evaluated run aside: nothing follows from it, and no later run is compared with it."""
    return _decide(engine, run_id, state="discarded", actor=actor, now=now)


def try_run(engine: Engine, run: Run, *, actor: str, now: datetime) -> None:
    """Enter in the journal that a run was a trial, from which nothing follows."""
    with engine.begin() as connection:
        _record(connection, "run.tried", run, actor=actor, now=now)


def note_differed(
    engine: Engine, run: Run, differs: IncrementDiffers, *, actor: str, now: datetime
) -> None:
    """Enter in the journal that what would have been taken over from the run before was not what a
    decision in full says."""
    found = {"policies": list(differs.policies), "subjects": differs.subjects}
    with engine.begin() as connection:
        _record(connection, "run.increment-differed", run, actor=actor, now=now, **found)


def find_run(connection: Connection, run_id: str) -> Run | None:
    """The run of this id."""
    row = connection.execute(select(run_table).where(run_table.c.id == run_id)).one_or_none()
    return None if row is None else _run_of(row)


def last_accepted_run(connection: Connection) -> Run | None:
    """The run that changes are compared with: the one accepted last."""
    return next(iter(list_accepted(connection, 1)), None)


def list_accepted(connection: Connection, most: int) -> list[Run]:
    """The runs that were accepted last, the newest first, at most `most`."""
    columns = run_table.c
    rows = connection.execute(
        select(run_table)
        .where(columns.state == "accepted")
        .order_by(columns.decided_at.desc(), columns.as_of.desc(), columns.id.desc())
        .limit(most)
    )
    return [_run_of(row) for row in rows]


def list_runs(connection: Connection) -> list[Run]:
    """All runs, those started last first."""
    columns = run_table.c
    rows = connection.execute(
        select(run_table).order_by(columns.started_at.desc(), columns.id.desc())
    )
    return [_run_of(row) for row in rows]


def newest_run(connection: Connection) -> Run | None:
    """The run that was started last, whatever became of it."""
    columns = run_table.c
    row = connection.execute(
        select(run_table).order_by(columns.started_at.desc(), columns.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _run_of(row)


def _name_run(as_of: date, snapshot_hash: str, program_hash: str) -> str:
    digest = hashlib.sha256(f"{program_hash}\n{snapshot_hash}".encode()).hexdigest()
    return f"{as_of.isoformat()}-{digest[:16]}"


def _decide(engine: Engine, run_id: str, *, state: str, actor: str, now: datetime) -> Run:
    with engine.begin() as connection:
        run = _one_run(connection, run_id, for_update=True)
        if run.state == state:
            return run
        if run.state != "evaluated":
            raise RunRefused(f"run {run_id} is {run.state}, so it cannot become {state}")
        run = _change(connection, run_id, state=state, decided_at=now)
        _record(connection, f"run.{state}", run, actor=actor, now=now)
        return run


def _one_run(connection: Connection, run_id: str, *, for_update: bool = False) -> Run:
    statement = select(run_table).where(run_table.c.id == run_id)
    row = connection.execute(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        raise RunRefused(f'there is no run "{run_id}"')
    return _run_of(row)


def _change(connection: Connection, run_id: str, **values: Any) -> Run:
    connection.execute(update(run_table).where(run_table.c.id == run_id).values(**values))
    return _one_run(connection, run_id)


def _record(
    connection: Connection, kind: str, run: Run, *, actor: str, now: datetime, **found: Any
) -> None:
    body = {
        **found,
        "run": run.id,
        "as_of": run.as_of.isoformat(),
        "snapshot": run.snapshot_hash,
        "program": run.program_hash,
        "outcome": run.outcome_hash,
    }
    record(connection, kind=kind, actor=actor, body=body, now=now)


def _run_of(row: Row[Any]) -> Run:
    return Run(**{**row._mapping, "counts": json.loads(row.counts)})
