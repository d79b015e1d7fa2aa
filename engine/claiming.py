"""Who executes an instance: a worker under a lease, for a bounded number of attempts.

The lease is the schedule's: its instances run one at a time, in order. A worker that stops is
succeeded when its lease has run out; with its old token it changes nothing any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, exists, literal, or_, select

from engine.run_instance import (
    LEASE_PREFIX,
    UNFINISHED,
    Instance,
    change_instance,
    describe_change,
    instance_of,
    instance_table,
)
from engine.schedule import schedule_table
from ledger.database import reading
from ledger.journal import canonical_json, record_all
from ledger.lease import Lease, acquire_lease, check_lease, lease_table, release_lease

MOST_ATTEMPTS = 3
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5))
"""How long an instance rests after its first and its second failed attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An instance and the lease under which its worker executes it."""

    instance: Instance
    lease: Lease


def claim_instance(
    engine: Engine, *, owner: str, now: datetime, lasts: timedelta
) -> Claimed | None:
    """The oldest instance that may run now, under a lease; None where there is none."""
    while True:
        with reading(engine) as connection:
            schedules = connection.scalars(_claimable(now)).all()
        progress = False
        for schedule in schedules:
            with engine.begin() as connection:
                lease = acquire_lease(
                    connection, name=LEASE_PREFIX + schedule, owner=owner, now=now, lasts=lasts
                )
                if lease is None:
                    continue
                claimed = _start(connection, schedule, lease, now)
                if claimed is not None:
                    return claimed
                progress = True  # one that had been tried too often has failed
                release_lease(connection, lease)
        if not progress:
            return None


def note_progress(engine: Engine, instance: Instance, progress: Mapping[str, Any]) -> None:
    """Keep what this attempt has settled, for the next one should this one end."""
    with engine.begin() as connection:
        change_instance(connection, instance.id, progress=canonical_json(dict(progress)))


def finish_instance(
    engine: Engine, claimed: Claimed, *, result: Mapping[str, Any], now: datetime
) -> None:
    """Say that it is done, and give the lease back. Raises LeaseLost with a stale token."""
    text = canonical_json(dict(result))
    with engine.begin() as connection:
        check_lease(connection, claimed.lease, now=now)
        change_instance(
            connection, claimed.instance.id, state="done", reason="", result=text, finished_at=now
        )
        _record(connection, "instance.done", claimed.instance, now=now, result=dict(result))
        release_lease(connection, claimed.lease)


def fail_attempt(engine: Engine, claimed: Claimed, *, reason: str, now: datetime) -> None:
    """Say why the attempt failed: it waits for another one, or has failed after the last.

    Raises LeaseLost with a stale token.
    """
    instance = claimed.instance
    with engine.begin() as connection:
        check_lease(connection, claimed.lease, now=now)
        if instance.attempts < MOST_ATTEMPTS:
            rest = BACKOFF[instance.attempts - 1]
            change_instance(
                connection, instance.id, state="queued", reason=reason, not_before=now + rest
            )
        else:
            _fail(connection, instance, reason=reason, now=now)
        release_lease(connection, claimed.lease)


def skip_overtaken(engine: Engine, claimed: Claimed, *, now: datetime) -> None:
    """End it: what counts already is of a later day, and another attempt finds the same.

    Raises LeaseLost with a stale token.
    """
    instance, reason = claimed.instance, "overtaken"
    with engine.begin() as connection:
        check_lease(connection, claimed.lease, now=now)
        change_instance(connection, instance.id, state="skipped", reason=reason, finished_at=now)
        _record(connection, "instance.skipped", instance, now=now, reason=reason)
        release_lease(connection, claimed.lease)


def give_back(engine: Engine, claimed: Claimed, *, now: datetime) -> None:
    """Let another worker begin at once: this one is asked to stop. The attempt is not counted."""
    instance = claimed.instance
    with engine.begin() as connection:
        check_lease(connection, claimed.lease, now=now)
        change_instance(connection, instance.id, state="queued", attempts=instance.attempts - 1)
        release_lease(connection, claimed.lease)


def _claimable(now: datetime) -> Select[str]:
    """The schedules whose oldest unfinished instance may run now, by its fire time."""
    columns = instance_table.c
    older = instance_table.alias("older")
    return (
        select(columns.schedule)
        .outerjoin(schedule_table, schedule_table.c.name == columns.schedule)
        .outerjoin(
            lease_table, lease_table.c.name == literal(LEASE_PREFIX).concat(columns.schedule)
        )
        .where(
            columns.state.in_(UNFINISHED),
            or_(columns.not_before.is_(None), columns.not_before <= now),
            schedule_table.c.paused_at.is_(None),
            or_(lease_table.c.lease_until.is_(None), lease_table.c.lease_until <= now),
            ~exists().where(
                and_(
                    older.c.schedule == columns.schedule,
                    older.c.fire_at < columns.fire_at,
                    older.c.state.in_(UNFINISHED),
                )
            ),
        )
        .order_by(columns.fire_at, columns.schedule)
    )


def _start(connection: Connection, schedule: str, lease: Lease, now: datetime) -> Claimed | None:
    """Begin the oldest unfinished instance; None where it was tried too often and has failed."""
    columns = instance_table.c
    row = connection.execute(
        select(instance_table)
        .where(columns.schedule == schedule, columns.state.in_(UNFINISHED))
        .order_by(columns.fire_at)
        .limit(1)
        .with_for_update()  # its schedule may be about to be removed
    ).one_or_none()
    if row is None or (row.not_before is not None and row.not_before > now):
        return None  # somebody else was faster
    if row.attempts >= MOST_ATTEMPTS:
        _fail(connection, instance_of(row), reason="abandoned", now=now)
        return None
    change_instance(
        connection,
        row.id,
        state="running",
        attempts=row.attempts + 1,
        owner=lease.owner,
        token=lease.token,
        started_at=row.started_at or now,
        not_before=None,
    )
    started = connection.execute(select(instance_table).where(columns.id == row.id)).one()
    return Claimed(instance=instance_of(started), lease=lease)


def _fail(connection: Connection, instance: Instance, *, reason: str, now: datetime) -> None:
    change_instance(connection, instance.id, state="failed", reason=reason, finished_at=now)
    _record(
        connection, "instance.failed", instance, now=now, reason=reason, attempts=instance.attempts
    )


def _record(
    connection: Connection, kind: str, instance: Instance, *, now: datetime, **body: Any
) -> None:
    record_all(connection, [describe_change(kind, instance, now=now, **body)])
