"""Schedules: what is to run when, as rows that any number of workers share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Row,
    String,
    Table,
    Text,
    delete,
    select,
    update,
)

from engine.catch_up import CATCH_UPS, OVERLAPS, CatchUp, Overlap
from engine.errors import ScheduleRefused
from engine.timing import Timing
from ledger.database import Instant, insert_absent, metadata
from ledger.journal import canonical_json, record

NAME_LENGTH = 60

schedule_table = Table(
    "schedule",
    metadata,
    Column("name", String(NAME_LENGTH), primary_key=True),
    Column("task", String(20), nullable=False),
    Column("options", Text, nullable=False),  # canonical JSON
    Column("cron", String(200)),
    Column("time_of_day", String(5)),  # 02:30
    Column("calendar", String(20), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("catch_up", String(10), nullable=False),
    Column("overlap", String(10), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("paused_at", Instant),  # null: it fires
    Column("seen_until", Instant, nullable=False),
    CheckConstraint("task IN ('run')", name="task"),
    CheckConstraint("(cron IS NULL) <> (time_of_day IS NULL)", name="timing"),
    CheckConstraint("calendar IN ('every-day', 'working-days')", name="calendar"),
    CheckConstraint("catch_up IN ('latest', 'all', 'none')", name="catch_up"),
    CheckConstraint("overlap IN ('skip', 'queue')", name="overlap"),
)
"""`seen_until` is the instant up to which every fire time has its instance or is to have none. The
next fire time is worked out from it whenever it is asked for: it moves when a calendar is
published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a scheduled run does: `build_snapshot` first builds that of the fire time's day."""

    build_snapshot: bool
    trial: bool = False
    vocabulary: tuple[str, ...] = ()

    def as_json(self) -> str:
        """Canonical JSON."""
        return canonical_json(
            {
                "snapshot": "day" if self.build_snapshot else "newest",
                "trial": self.trial,
                "vocabulary": list(self.vocabulary),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule; `options` are those of its task."""

    name: str
    timing: Timing
    options: RunOptions
    catch_up: CatchUp
    overlap: Overlap
    added_at: datetime
    paused_at: datetime | None
    seen_until: datetime


def read_options(text: str) -> RunOptions:
    """The options that `RunOptions.as_json` wrote."""
    found = json.loads(text)
    return RunOptions(
        build_snapshot=found["snapshot"] == "day",
        trial=found["trial"],
        vocabulary=tuple(found["vocabulary"]),
    )


def add_schedule(
    engine: Engine,
    name: str,
    timing: Timing,
    options: RunOptions,
    *,
    catch_up: str,
    overlap: str,
    actor: str,
    now: datetime,
) -> Schedule:
    """A new schedule, whose first fire time is later than `now`.

    Raises ScheduleRefused where there is one of this name, or a word is unknown.
    """
    _refuse_unknown(name, catch_up, overlap)
    at = timing.time_of_day
    with engine.begin() as connection:
        added = connection.scalar(
            insert_absent(connection, schedule_table)
            .values(
                name=name,
                task="run",
                options=options.as_json(),
                cron=timing.cron,
                time_of_day=None if at is None else at.isoformat("minutes"),
                calendar=timing.calendar,
                zone=timing.zone,
                catch_up=catch_up,
                overlap=overlap,
                added_at=now,
                seen_until=now,
            )
            .returning(schedule_table.c.name)
        )
        if added is None:
            raise ScheduleRefused(
                f'there is a schedule "{name}" already (see it with: zhida schedule list)'
            )
        schedule = find_schedule(connection, name)
        _record(connection, "schedule.added", schedule, actor=actor, now=now)
        return schedule


def pause_schedule(engine: Engine, name: str, *, actor: str, now: datetime) -> Schedule:
    """Let nothing of it begin until it is resumed; again changes nothing."""
    with engine.begin() as connection:
        schedule = find_schedule(connection, name, for_update=True)
        if schedule.paused_at is not None:
            return schedule
        return _change(connection, "schedule.paused", name, actor=actor, now=now, paused_at=now)


def resume_schedule(engine: Engine, name: str, *, actor: str, now: datetime) -> Schedule:
    """Let it fire again, from now on: fire times of the pause are not made up for."""
    with engine.begin() as connection:
        schedule = find_schedule(connection, name, for_update=True)
        if schedule.paused_at is None:
            return schedule
        seen = max(schedule.seen_until, now)
        return _change(
            connection,
            "schedule.resumed",
            name,
            actor=actor,
            now=now,
            paused_at=None,
            seen_until=seen,
        )


def remove_schedule(connection: Connection, name: str, *, actor: str, now: datetime) -> None:
    """Take it away; what it has run stays known. The caller sees to what still waits."""
    schedule = find_schedule(connection, name, for_update=True)
    connection.execute(delete(schedule_table).where(schedule_table.c.name == name))
    _record(connection, "schedule.removed", schedule, actor=actor, now=now)


def find_schedule(connection: Connection, name: str, *, for_update: bool = False) -> Schedule:
    """The schedule of this name. Raises ScheduleRefused where there is none."""
    statement = select(schedule_table).where(schedule_table.c.name == name)
    row = connection.execute(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        raise ScheduleRefused(f'there is no schedule "{name}" (all of them: zhida schedule list)')
    return _schedule_of(row)


def list_schedules(connection: Connection) -> list[Schedule]:
    """All schedules by name."""
    rows = connection.execute(select(schedule_table).order_by(schedule_table.c.name))
    return [_schedule_of(row) for row in rows]


def note_seen(connection: Connection, name: str, until: datetime) -> None:
    """Say that every fire time up to `until` has become what it is to be."""
    connection.execute(
        update(schedule_table).where(schedule_table.c.name == name).values(seen_until=until)
    )


def _refuse_unknown(name: str, catch_up: str, overlap: str) -> None:
    if not name or len(name) > NAME_LENGTH or not name.replace("-", "").isalnum():
        raise ScheduleRefused(
            f'"{name}" is no name of a schedule (letters, digits and hyphens, '
            f"at most {NAME_LENGTH})"
        )
    for what, value, allowed in (
        ("catch-up", catch_up, CATCH_UPS),
        ("overlap", overlap, OVERLAPS),
    ):
        if value not in allowed:
            raise ScheduleRefused(f'"{value}" is no {what} (one of {", ".join(allowed)})')


def _change(
    connection: Connection, kind: str, name: str, *, actor: str, now: datetime, **values: Any
) -> Schedule:
    connection.execute(update(schedule_table).where(schedule_table.c.name == name).values(**values))
    schedule = find_schedule(connection, name)
    _record(connection, kind, schedule, actor=actor, now=now)
    return schedule


def _record(
    connection: Connection, kind: str, schedule: Schedule, *, actor: str, now: datetime
) -> None:
    record(connection, kind=kind, actor=actor, body=describe_schedule(schedule), now=now)


def describe_schedule(schedule: Schedule) -> Mapping[str, Any]:
    """What a schedule says, as plain data."""
    timing = schedule.timing
    at = timing.time_of_day
    return {
        "schedule": schedule.name,
        "task": "run",
        "options": json.loads(schedule.options.as_json()),
        "cron": timing.cron,
        "at": None if at is None else at.isoformat("minutes"),
        "calendar": timing.calendar,
        "zone": timing.zone,
        "catch_up": schedule.catch_up,
        "overlap": schedule.overlap,
    }


def _schedule_of(row: Row[Any]) -> Schedule:
    return Schedule(
        name=row.name,
        timing=Timing(
            zone=row.zone,
            cron=row.cron,
            time_of_day=None if row.time_of_day is None else time.fromisoformat(row.time_of_day),
            calendar=row.calendar,
        ),
        options=read_options(row.options),
        catch_up=row.catch_up,
        overlap=row.overlap,
        added_at=row.added_at,
        paused_at=row.paused_at,
        seen_until=row.seen_until,
    )
