"""What somebody should look at: each alert says what, since when, why it matters, what to do.

Those here are read from the database; `console/clause_alerts.py` has those that are counted over
two snapshots. Any process that asks tells the same.
"""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Connection, func, select

from console.alert import Alert, Limits
from console.schedule_alerts import find_schedule_alerts
from engine.run import list_accepted
from engine.run_policy import list_held
from engine.run_record import PolicyFigures, list_unended, read_figures
from ledger.journal import count_unsealed, oldest_unsealed
from notifier.notice import delivery_table

FEWEST = 20
"""A jump of fewer subjects than this is none."""


def find_alerts(connection: Connection, limits: Limits, now: datetime) -> list[Alert]:
    """All alerts that the database tells of; those about clauses are `find_constant_clauses`."""
    return [
        *_without_run(connection, limits, now),
        *_unended(connection, limits, now),
        *_jumped(connection, limits),
        *_unsealed(connection, limits, now),
        *_failed(connection, limits),
        *_overdue(connection, limits, now),
        *_held(connection),
        *find_schedule_alerts(connection, limits, now),
    ]


def _without_run(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    last = next(iter(list_accepted(connection, 1)), None)
    allowed = limits.without_run.total_seconds() / 3600
    if last is None or last.decided_at is None:
        yield Alert(kind="no run", name="", since=None, figure=0, limit=allowed)
    elif now - last.decided_at > limits.without_run:
        hours = (now - last.decided_at).total_seconds() / 3600
        yield Alert(kind="no run", name=last.id, since=last.decided_at, figure=hours, limit=allowed)


def _unended(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    for one in list_unended(connection):
        if now - one.started_at > limits.unended:
            yield Alert(
                kind="run unended",
                name=one.run_id,
                since=one.started_at,
                figure=(now - one.started_at).total_seconds() / 3600,
                limit=limits.unended.total_seconds() / 3600,
            )


def _jumped(connection: Connection, limits: Limits) -> Iterator[Alert]:
    runs = list_accepted(connection, 2)
    if len(runs) < 2:
        return
    now, before = (read_figures(connection, run.id) for run in runs)
    if now is None or before is None:
        return
    former = {one.policy: one for one in before.policies if one.outside is None}
    for one in now.policies:
        was = former.get(one.policy)
        if one.outside is None and was is not None and has_jumped(one, was, limits.jump):
            yield Alert(
                kind="unknowns jumped",
                name=one.policy,
                since=runs[0].decided_at,
                figure=one.unknown / one.subjects,
                limit=float(limits.jump),
                before=was.unknown / was.subjects if was.subjects else 0.0,
            )


def has_jumped(now: PolicyFigures, before: PolicyFigures, jump: Fraction) -> bool:
    """Whether so many more are unknown: by `jump` of all subjects, by half, and not by a few."""
    if not now.subjects or not before.subjects:
        return False
    share, was = Fraction(now.unknown, now.subjects), Fraction(before.unknown, before.subjects)
    return (
        share - was >= jump and 2 * share >= 3 * was and now.unknown - was * now.subjects >= FEWEST
    )


def _unsealed(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    oldest = oldest_unsealed(connection)
    if oldest is not None and now - oldest > limits.unsealed:
        yield Alert(
            kind="journal unsealed",
            name="",
            since=oldest,
            figure=count_unsealed(connection),
            limit=limits.unsealed.total_seconds() / 60,
        )


def _failed(connection: Connection, limits: Limits) -> Iterator[Alert]:
    columns = delivery_table.c
    rows = connection.execute(
        select(columns.channel, func.count(), func.min(columns.ended_at))
        .where(columns.state == "failed")
        .group_by(columns.channel)
        .order_by(columns.channel)
    )
    for channel, count, since in rows:
        if count > limits.failed:
            yield Alert(
                kind="deliveries failed",
                name=channel,
                since=since,
                figure=count,
                limit=limits.failed,
            )


def _overdue(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    columns = delivery_table.c
    rows = connection.execute(
        select(columns.channel, func.count(), func.min(columns.due_at))
        .where(columns.state == "pending", columns.due_at < now - limits.overdue)
        .group_by(columns.channel)
        .order_by(columns.channel)
    )
    for channel, count, since in rows:
        yield Alert(
            kind="deliveries overdue",
            name=channel,
            since=since,
            figure=count,
            limit=limits.overdue.total_seconds() / 3600,
        )


def _held(connection: Connection) -> Iterator[Alert]:
    for one in list_held(connection):
        yield Alert(
            kind="policy held",
            name=one.policy,
            since=one.decided_at,
            figure=one.figures.changed,
            limit=0,
            detail=one.run_id,
        )
