"""Fire times that have come become instances, whoever looks first, each once."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from engine.catch_up import plan_instances
from engine.run_instance import (
    LEASE_PREFIX,
    UNFINISHED,
    change_instance,
    describe_change,
    instance_of,
    instance_table,
)
from engine.schedule import (
    Schedule,
    find_schedule,
    list_schedules,
    note_seen,
    remove_schedule,
    schedule_table,
)
from engine.timing import fire_times
from ledger.database import insert_absent, reading
from ledger.journal import record_all
from ledger.lease import lease_table

MOST_AT_ONCE = 500
"""Fire times that one transaction looks at."""


def create_due(engine: Engine, *, now: datetime) -> int:
    """An instance for each fire time that has come since the last look; how many there were."""
    with reading(engine) as connection:
        schedules = list_schedules(connection)
    created = 0
    for schedule in schedules:
        while _is_due(schedule, now):
            with engine.begin() as connection:
                found = _lock_schedule(connection, schedule.name)
                if found is None:
                    break
                schedule = found
                if _is_due(schedule, now):
                    created += _create_some(connection, schedule, now)
                    schedule = find_schedule(connection, schedule.name)
    return created


def remove_with_waiting(engine: Engine, name: str, *, actor: str, now: datetime) -> None:
    """Remove a schedule; its waiting instances are skipped, a running one is finished."""
    columns = instance_table.c
    with engine.begin() as connection:
        remove_schedule(connection, name, actor=actor, now=now)
        waiting = connection.execute(
            select(instance_table)
            .where(columns.schedule == name, columns.state == "queued")
            .order_by(columns.id)
            .with_for_update()  # a worker may be about to begin one
        ).all()
        entries = []
        for row in waiting:
            change_instance(connection, row.id, state="skipped", reason="removed", finished_at=now)
            entries.append(
                describe_change("instance.skipped", instance_of(row), now=now, reason="removed")
            )
        record_all(connection, entries)


def _is_due(schedule: Schedule, now: datetime) -> bool:
    return schedule.paused_at is None and bool(
        fire_times(schedule.timing, after=schedule.seen_until, until=now, limit=1)
    )


def _lock_schedule(connection: Connection, name: str) -> Schedule | None:
    """The schedule as it is now, for this transaction alone; None where it is gone."""
    columns = schedule_table.c
    locked = select(columns.name).where(columns.name == name).with_for_update()
    return None if connection.scalar(locked) is None else find_schedule(connection, name)


def _create_some(connection: Connection, schedule: Schedule, now: datetime) -> int:
    """The instances of the next fire times that are due, at most `MOST_AT_ONCE`."""
    due = fire_times(schedule.timing, after=schedule.seen_until, until=now, limit=MOST_AT_ONCE + 1)
    more = len(due) > MOST_AT_ONCE
    due = due[:MOST_AT_ONCE]
    planned = plan_instances(
        due,
        now=now,
        catch_up=schedule.catch_up,
        overlap=schedule.overlap,
        unfinished=_has_unfinished(connection, schedule.name, now),
        more=more,
    )
    zone = ZoneInfo(schedule.timing.zone)
    rows = [
        {
            "schedule": schedule.name,
            "fire_at": one.fire_at,
            "day": one.fire_at.astimezone(zone).date(),
            "task": "run",
            "options": schedule.options.as_json(),
            "state": "skipped" if one.reason else "queued",
            "reason": one.reason,
            "attempts": 0,
            "created_at": now,
            "finished_at": now if one.reason else None,
            "progress": "{}",
            "result": "{}",
        }
        for one in planned
    ]
    inserted = connection.execute(
        insert_absent(connection, instance_table).values(rows).returning(instance_table)
    ).all()
    skipped = [instance_of(row) for row in inserted if row.state == "skipped"]
    record_all(
        connection,
        [describe_change("instance.skipped", one, now=now, reason=one.reason) for one in skipped],
    )
    note_seen(connection, schedule.name, due[-1])
    return len(inserted)


def _has_unfinished(connection: Connection, schedule: str, now: datetime) -> bool:
    """Whether an instance waits, or is executed under a lease that has not run out."""
    columns = instance_table.c
    states = set(
        connection.scalars(
            select(columns.state)
            .where(columns.schedule == schedule, columns.state.in_(UNFINISHED))
            .distinct()
        )
    )
    if "queued" in states or not states:
        return "queued" in states
    until = connection.scalar(
        select(lease_table.c.lease_until).where(lease_table.c.name == LEASE_PREFIX + schedule)
    )
    return until is not None and until > now
