"""Instances: one execution for each fire time of a schedule, as rows.

An instance is unique by schedule and fire time, whoever sees that it has come. It waits (queued),
is executed (running), and ends as done, failed or skipped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    update,
)

from engine.schedule import NAME_LENGTH, RunOptions, read_options
from ledger.database import SERIAL, Instant, metadata
from ledger.journal import NewEntry

State = Literal["queued", "running", "done", "failed", "skipped"]
ACTOR = "schedule"
LEASE_PREFIX = "schedule:"
"""A lease is of a schedule, so that no two of its instances are executed at a time."""

UNFINISHED = ("queued", "running")

instance_table = Table(
    "run_instance",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("schedule", String(NAME_LENGTH), nullable=False),  # it may have been removed since
    Column("fire_at", Instant, nullable=False),
    Column("day", Date, nullable=False),  # of the fire time, in the schedule's zone
    Column("task", String(20), nullable=False),
    Column("options", Text, nullable=False),  # canonical JSON
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False),  # of what was skipped or went wrong
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("owner", String(200)),
    Column("token", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("progress", Text, nullable=False),  # canonical JSON
    Column("result", Text, nullable=False),  # canonical JSON
    UniqueConstraint("schedule", "fire_at"),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'skipped')", name="state"),
)
Index(
    "ix_run_instance_unfinished",
    instance_table.c.schedule,
    instance_table.c.fire_at,
    sqlite_where=instance_table.c.state.in_(UNFINISHED),
    postgresql_where=instance_table.c.state.in_(UNFINISHED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One fire time and what became of it.

    `progress` is what its attempts have settled, so that a later one goes on with the same.
    """

    id: int
    schedule: str
    fire_at: datetime
    day: date
    options: RunOptions
    state: State
    reason: str
    attempts: int
    not_before: datetime | None
    owner: str | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: Mapping[str, Any]
    result: Mapping[str, Any]


def list_instances(
    connection: Connection, schedule: str | None = None, *, limit: int
) -> list[Instance]:
    """The instances of one schedule or of all, the latest fire time first."""
    columns = instance_table.c
    statement = select(instance_table).order_by(columns.fire_at.desc(), columns.schedule)
    if schedule is not None:
        statement = statement.where(columns.schedule == schedule)
    return [instance_of(row) for row in connection.execute(statement.limit(limit))]


def oldest_queued(connection: Connection, schedule: str) -> datetime | None:
    """The oldest fire time of a schedule that waits for a worker; None where none waits."""
    columns = instance_table.c
    found: datetime | None = connection.scalar(
        select(func.min(columns.fire_at)).where(
            columns.schedule == schedule, columns.state == "queued"
        )
    )
    return found


def change_instance(connection: Connection, instance_id: int, **values: Any) -> None:
    connection.execute(
        update(instance_table).where(instance_table.c.id == instance_id).values(**values)
    )


def describe_change(kind: str, instance: Instance, *, now: datetime, **body: Any) -> NewEntry:
    """A journal entry of what became of an instance."""
    whole = {
        "schedule": instance.schedule,
        "fire_at": instance.fire_at.astimezone(UTC).isoformat(),
        **body,
    }
    return NewEntry(kind=kind, actor=ACTOR, subject="", body=whole, now=now)


def instance_of(row: Row[Any]) -> Instance:
    """The instance that a row holds."""
    return Instance(
        id=row.id,
        schedule=row.schedule,
        fire_at=row.fire_at,
        day=row.day,
        options=read_options(row.options),
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        not_before=row.not_before,
        owner=row.owner,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=json.loads(row.progress),
        result=json.loads(row.result),
    )
