"""Schedules whose last fire time came to nothing, or that no worker looks after."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from console.alert import Alert, Limits
from engine.run_instance import list_instances, oldest_queued
from engine.schedule import list_schedules
from engine.shown_value import mask
from engine.timing import next_fire_time


def find_schedule_alerts(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    """Of each schedule that is not paused: its newest instance, and a fire time that has none."""
    for schedule in list_schedules(connection):
        if schedule.paused_at is not None:
            continue
        newest = next(iter(list_instances(connection, schedule.name, limit=1)), None)
        if newest is not None and newest.state == "failed":
            yield Alert(
                kind="schedule failed",
                name=schedule.name,
                since=newest.finished_at,
                figure=newest.attempts,
                limit=0,
                detail=mask(newest.reason),
            )
        # the first fire time that no worker has seen: each that one sees gets its instance
        waiting = next_fire_time(schedule.timing, after=schedule.seen_until)
        queued = oldest_queued(connection, schedule.name)
        waiting = min((one for one in (waiting, queued) if one is not None), default=None)
        if waiting is not None and now - waiting > limits.late:
            yield Alert(
                kind="schedule late",
                name=schedule.name,
                since=waiting,
                figure=(now - waiting).total_seconds() / 3600,
                limit=limits.late.total_seconds() / 3600,
            )
