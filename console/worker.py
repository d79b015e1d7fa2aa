"""The worker: looks which fire times have come, and executes what they have made due.

APScheduler ticks in memory and knows nothing: a tick makes rows, and whichever worker gets the
lease executes them, so any number of workers may share a database, and each may be killed.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from threading import Event
from typing import Any, TypeVar

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from console.failure import name_failure
from console.heartbeat import Clock, kept_alive
from engine.claiming import (
    Claimed,
    claim_instance,
    fail_attempt,
    finish_instance,
    give_back,
    skip_overtaken,
)
from engine.due_instances import create_due
from engine.errors import RunOvertaken
from engine.run_instance import Instance
from ledger.errors import DatabaseBusy, LeaseLost
from ledger.lease import fenced

LEASE = timedelta(minutes=1)
"""How long a worker that died keeps its instance from the others."""

MOST_REFUSALS = 5
"""How often in a row the database may refuse the same thing before the worker ends with it."""

Perform = Callable[[Instance, Engine], Mapping[str, Any]]
"""Does what an instance is for, writing through that engine only, and tells what came of it."""

Tell = Callable[[str, Instance, str], None]
"""Hears of instances that are `began`, `done`, `failed`, `skipped`, `lost` or `returned`, with the
reason."""

_BUSY = (DatabaseBusy, OperationalError)
"""What may be otherwise a moment later: a locked database, a deadlock, a connection that broke."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker needs; whoever sets `stop`, and then `wake`, asks it to end after what it has
    in hand."""

    engine: Engine
    perform: Perform
    owner: str
    clock: Clock
    tell: Tell
    poll_seconds: float
    lease: timedelta = LEASE
    stop: Event = field(default_factory=Event)
    wake: Event = field(default_factory=Event)


def work_once(work: Work) -> bool:
    """Look once and execute one instance, if any may run; whether there was one."""
    _persist(work, lambda: create_due(work.engine, now=work.clock.now()))
    claimed = _persist(
        work,
        lambda: claim_instance(
            work.engine, owner=work.owner, now=work.clock.now(), lasts=work.lease
        ),
    )
    if claimed is None:
        return False
    work.tell("began", claimed.instance, "")
    with kept_alive(work.engine, claimed.lease, clock=work.clock, lasts=work.lease):
        try:
            _execute(work, claimed)
        except LeaseLost as lost:
            # somebody else has it, or will have: all that is left to do is to let go of it
            work.tell("lost", claimed.instance, str(lost))
    return True


def work_until_idle(work: Work) -> int:
    """Execute one instance after the other until none may run now; how many there were."""
    done = 0
    with _ticking(work):
        while not work.stop.is_set() and work_once(work):
            done += 1
    return done


def work_on(work: Work) -> None:
    """Look every `poll_seconds` and execute what is due, until asked to stop.

    Raises what the database has refused `MOST_REFUSALS` times in a row.
    """
    with _ticking(work):
        while not work.stop.is_set():
            if not work_once(work):
                work.clock.wait(work.wake, work.poll_seconds)
                work.wake.clear()


def _execute(work: Work, claimed: Claimed) -> None:
    """One attempt, and what is kept of it. Raises LeaseLost where it is kept by somebody else."""
    instance, lease, now = claimed.instance, claimed.lease, work.clock.now
    try:
        with fenced(work.engine, lease, now=now, lasts=work.lease) as guarded:
            result = work.perform(instance, guarded)
    except LeaseLost:
        raise
    except RunOvertaken:
        _persist(work, lambda: skip_overtaken(work.engine, claimed, now=now()))
        work.tell("skipped", instance, "overtaken")
    except KeyboardInterrupt:
        _persist(work, lambda: give_back(work.engine, claimed, now=now()))
        work.tell("returned", instance, "")
        raise
    except Exception as error:  # the edge of one attempt: whatever it raises is its failure
        reason = name_failure(error)
        _persist(work, lambda: fail_attempt(work.engine, claimed, reason=reason, now=now()))
        work.tell("failed", instance, reason)
    else:
        _persist(work, lambda: finish_instance(work.engine, claimed, result=result, now=now()))
        work.tell("done", instance, "")


@contextmanager
def _ticking(work: Work) -> Iterator[None]:
    """Fire times become instances while another one is executed: so an overlap is seen in time."""

    def tick() -> None:
        try:
            if create_due(work.engine, now=work.clock.now()):
                work.wake.set()
        except _BUSY:
            return  # the next look sees the same, and the worker's own looks are counted

    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it warns of ticks that take long
    ticker = BackgroundScheduler(timezone=UTC)
    ticker.add_job(
        tick,
        IntervalTrigger(seconds=work.poll_seconds, timezone=UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    ticker.start()
    try:
        yield
    finally:
        ticker.shutdown()


def _persist(work: Work, action: Callable[[], _T]) -> _T:
    """Do it again after a while where the database refuses, for a bounded number of times."""
    for _ in range(MOST_REFUSALS - 1):
        try:
            return action()
        except _BUSY:
            work.clock.wait(work.stop, work.poll_seconds)
    return action()
