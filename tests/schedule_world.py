"""Schedules for the tests of what is stored: every minute from a fixed time on."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from engine.claiming import Claimed, claim_instance
from engine.due_instances import create_due
from engine.run_instance import instance_table
from engine.schedule import RunOptions, Schedule, add_schedule
from engine.timing import make_timing
from ledger.database import reading
from ledger.journal import journal_entry
from tests.storage_world import ACTOR, NOW

LASTS = timedelta(minutes=1)
"""How long leases last here."""


def add(engine: Engine, name: str = "nightly", **words: Any) -> Schedule:
    """A schedule, of every minute where nothing else is said."""
    timing = {key: words.pop(key) for key in ("cron", "at", "calendar", "zone") if key in words}
    if not {"cron", "at"} & set(timing):
        timing["cron"] = "* * * * *"
    return add_schedule(
        engine,
        name,
        make_timing(**{"zone": "Asia/Shanghai", **timing}),
        words.pop("options", RunOptions(build_snapshot=True)),
        **{"catch_up": "all", "overlap": "queue", "actor": ACTOR, "now": NOW, **words},
    )


def claim(engine: Engine, now: datetime, owner: str = "one") -> Claimed | None:
    return claim_instance(engine, owner=owner, now=now, lasts=LASTS)


def take(engine: Engine, now: datetime, owner: str = "one") -> Claimed:
    """The instance that there must be."""
    claimed = claim(engine, now, owner)
    assert claimed is not None
    return claimed


def create(engine: Engine, now: datetime) -> int:
    return create_due(engine, now=now)


def instances(engine: Engine) -> list[Any]:
    """All instances, by schedule and fire time."""
    columns = instance_table.c
    with reading(engine) as connection:
        statement = select(instance_table).order_by(columns.schedule, columns.fire_at)
        return list(connection.execute(statement))


def states(engine: Engine) -> list[str]:
    """The state of each instance, with the reason where there is one."""
    return [" ".join(filter(None, (row.state, row.reason))) for row in instances(engine)]


def told(engine: Engine, kind: str) -> list[dict[str, Any]]:
    """The bodies of the journal's entries of a kind."""
    columns = journal_entry.c
    with reading(engine) as connection:
        bodies = select(columns.body).where(columns.kind == kind).order_by(columns.id)
        return [json.loads(body) for body in connection.scalars(bodies)]
