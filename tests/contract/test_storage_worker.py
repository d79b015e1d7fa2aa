"""The worker's loop with its real ticker and leases, on both databases; what it does is given."""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine

import ledger.database
from console.heartbeat import Clock, kept_alive
from console.worker import (
    MOST_REFUSALS,
    Perform,
    Work,
    work_on,
    work_once,
    work_until_idle,
)
from engine.claiming import BACKOFF
from engine.errors import RunOvertaken
from engine.run_instance import Instance
from engine.schedule import pause_schedule
from ledger.database import open_database
from ledger.errors import DatabaseBusy
from ledger.journal import journal_entry, record
from ledger.lease import acquire_lease, lease_table
from tests.schedule_world import LASTS, add, create, instances, states, take, told
from tests.storage_world import ACTOR, NOW, all_rows, count_rows, minutes_later


def wait_for_event(event: Event, _seconds: float | None) -> bool:
    """No time passes but by the test's clock."""
    return event.wait(200)


class Worker:
    """A worker whose clock the test sets, and what it has told."""

    def __init__(self, engine: Engine, perform: Perform, minute: float = 1) -> None:
        self.minute = minute
        self.told: list[str] = []
        self.on_done: Callable[[], None] = lambda: None
        self.work = Work(
            engine=engine,
            perform=perform,
            owner="one",
            clock=Clock(now=self.now, wait=wait_for_event),
            tell=self.tell,
            poll_seconds=0.05,
            lease=LASTS,
        )

    def now(self) -> datetime:
        return minutes_later(self.minute)

    def tell(self, change: str, _instance: Instance, _reason: str) -> None:
        self.told.append(change)
        if change == "done":
            self.on_done()


def perform_entry(instance: Instance, engine: Engine) -> Mapping[str, Any]:
    """One entry in the journal."""
    with engine.begin() as connection:
        body = {"fire_at": instance.fire_at.isoformat()}
        record(connection, kind="performed", actor=ACTOR, body=body, now=NOW)
    return {"run": "r"}


def performed(engine: Engine) -> list[str]:
    return [body["fire_at"] for body in told(engine, "performed")]


def test_one_look_executes_one_instance(database: Engine) -> None:
    add(database)
    worker = Worker(database, perform_entry, minute=2)
    assert work_once(worker.work)
    assert states(database) == ["done", "queued"]
    assert performed(database) == [minutes_later(1).isoformat()]
    (row, _) = instances(database)
    assert (row.result, row.owner, row.attempts) == ('{"run":"r"}', "one", 1)
    assert [row.lease_until for row in all_rows(database, lease_table)] == [None]
    assert work_once(worker.work)
    assert not work_once(worker.work)
    assert worker.told == ["began", "done"] * 2


def test_a_worker_goes_on_until_nothing_is_due(database: Engine) -> None:
    add(database)
    worker = Worker(database, perform_entry, minute=12)
    assert work_until_idle(worker.work) == 12
    assert count_rows(database, journal_entry) == 1 + 12 + 12
    assert states(database) == ["done"] * 12
    assert len(performed(database)) == 12


def test_a_worker_looks_again_and_again_until_it_is_stopped(database: Engine) -> None:
    """Time compressed: a minute passes whenever an instance is done, and wakes the worker."""
    add(database, overlap="skip")

    def pass_a_minute() -> None:
        worker.minute += 1
        if worker.minute == 20:
            worker.work.stop.set()

    worker = Worker(database, perform_entry)
    worker.on_done = pass_a_minute
    work_on(worker.work)
    assert performed(database) == [minutes_later(minute).isoformat() for minute in range(1, 20)]


def test_a_tick_during_a_long_run_records_the_overlap(database: Engine) -> None:
    for name, overlap in (("queue", "queue"), ("skip", "skip")):
        add(database, name, overlap=overlap)
    pause_schedule(database, "queue", actor=ACTOR, now=NOW)

    def outlast(instance: Instance, engine: Engine) -> Mapping[str, Any]:
        # the clock moves on; the ticker, and nobody else, sees that a fire time has come
        worker.work.wake.clear()
        worker.minute = 1.9
        with database.begin() as connection:
            ledger.lease.renew_lease(connection, lease(), now=worker.now(), lasts=LASTS)
        worker.minute = 2
        assert worker.work.wake.wait(200)
        worker.work.stop.set()
        return {}

    def lease() -> Any:
        (row,) = all_rows(database, lease_table)
        return ledger.lease.Lease(
            name=row.name, owner=row.owner, token=row.token, lease_until=row.lease_until
        )

    worker = Worker(database, outlast)
    work_on(worker.work)
    assert states(database) == ["done", "skipped overlap"]


def test_what_an_attempt_raises_is_its_reason_and_attempts_are_bounded(database: Engine) -> None:
    add(database, cron="1 * * * *")

    def fail(instance: Instance, _engine: Engine) -> Mapping[str, Any]:
        raise ValueError(f"attempt {instance.attempts} of 110101199003070000")

    worker = Worker(database, fail, minute=1)
    for rest in (*BACKOFF, timedelta()):
        assert work_once(worker.work)
        assert not work_once(worker.work)
        worker.minute += rest / timedelta(minutes=1)
    (row,) = instances(database)
    assert row.state == "failed"
    assert re.fullmatch(
        r"an error that was not expected \(ValueError at test_storage_worker\.py:\d+\)", row.reason
    )
    assert "110101199003070000" not in row.reason
    assert worker.told == ["began", "failed"] * 3
    assert len(told(database, "instance.failed")) == 1
    assert not work_once(worker.work)


def test_an_instance_whose_run_is_overtaken_is_skipped_and_not_tried_again(
    database: Engine,
) -> None:
    add(database, cron="1 * * * *")

    def come_late(_instance: Instance, _engine: Engine) -> Mapping[str, Any]:
        raise RunOvertaken("run r: it is of an older day")

    worker = Worker(database, come_late, minute=1)
    assert work_once(worker.work)
    (row,) = instances(database)
    assert (row.state, row.reason, row.attempts) == ("skipped", "overtaken", 1)
    assert row.finished_at is not None
    assert worker.told == ["began", "skipped"]
    assert [body["reason"] for body in told(database, "instance.skipped")] == ["overtaken"]
    worker.minute += 10
    assert not work_once(worker.work)


def test_a_failed_attempt_leaves_nothing_of_its_open_transaction(database: Engine) -> None:
    add(database)

    def fail(_instance: Instance, engine: Engine) -> Mapping[str, Any]:
        with engine.begin() as connection:
            record(connection, kind="performed", actor=ACTOR, body={}, now=NOW)
            raise ValueError("in the middle")

    assert work_once(Worker(database, fail).work)
    assert performed_nothing(database)


def performed_nothing(database: Engine) -> bool:
    return told(database, "performed") == []


def test_a_worker_that_lost_its_lease_changes_nothing_and_goes_on(database: Engine) -> None:
    add(database)

    def stall(instance: Instance, engine: Engine) -> Mapping[str, Any]:
        worker.minute += 1  # past the lease, which nobody renewed
        return perform_entry(instance, engine)

    worker = Worker(database, stall)
    assert work_once(worker.work)
    assert worker.told == ["began", "lost"]
    assert performed_nothing(database)
    assert [row.state for row in instances(database)] == ["running"]

    other = Worker(database, perform_entry, minute=2)
    assert work_until_idle(other.work) == 2
    assert states(database) == ["done", "done"]
    assert [row.attempts for row in instances(database)] == [2, 1]


def test_who_swallows_the_loss_of_a_lease_does_not_finish_either(database: Engine) -> None:
    add(database)

    def swallow(instance: Instance, engine: Engine) -> Mapping[str, Any]:
        worker.minute += 1
        with pytest.raises(ledger.errors.LeaseLost):
            perform_entry(instance, engine)
        return {}

    worker = Worker(database, swallow)
    assert work_once(worker.work)
    assert worker.told == ["began", "lost"]
    assert states(database) == ["running"]


def test_a_worker_that_is_told_twice_to_stop_gives_its_instance_back(database: Engine) -> None:
    add(database)

    def interrupted(_instance: Instance, _engine: Engine) -> Mapping[str, Any]:
        raise KeyboardInterrupt

    worker = Worker(database, interrupted)
    with pytest.raises(KeyboardInterrupt):
        work_once(worker.work)
    assert worker.told == ["began", "returned"]
    assert states(database) == ["queued"]
    # at once, without waiting for the lease to end
    assert take(database, minutes_later(1), "two").instance.attempts == 1


def test_a_worker_killed_is_succeeded_at_the_first_look_after_its_lease(database: Engine) -> None:
    add(database)
    create(database, minutes_later(1))
    dead = take(database, minutes_later(1), "dead")
    worker = Worker(database, perform_entry, minute=1.99)
    assert not work_once(worker.work)
    worker.minute = 2
    assert dead.lease.lease_until == worker.now()
    assert work_once(worker.work)
    first = instances(database)[0]
    assert (first.state, first.owner, first.attempts) == ("done", "one", 2)


# the heartbeat


def test_a_lease_is_renewed_until_its_work_ends(database: Engine) -> None:
    minutes = iter((0.4, 0.8, 1.2))
    clock = [0.0]
    renewed = Event()

    def wait(ended: Event, seconds: float | None) -> bool:
        assert seconds == 20
        for minute in minutes:
            clock[0] = minute
            return False
        renewed.set()
        return ended.wait(200)

    with database.begin() as connection:
        lease = acquire_lease(connection, name="run", owner="one", now=NOW, lasts=LASTS)
    assert lease is not None
    beat = Clock(now=lambda: minutes_later(clock[0]), wait=wait)
    with kept_alive(database, lease, clock=beat, lasts=LASTS):
        assert renewed.wait(200)
    (row,) = all_rows(database, lease_table)
    assert row.lease_until == minutes_later(2.2)


def test_a_heartbeat_never_takes_a_lease_back_that_went_to_somebody_else(
    database: Engine,
) -> None:
    with database.begin() as connection:
        lease = acquire_lease(connection, name="run", owner="one", now=NOW, lasts=LASTS)
    assert lease is not None
    with database.begin() as connection:
        acquire_lease(connection, name="run", owner="two", now=minutes_later(1), lasts=LASTS)
    beats = []

    def wait(_ended: Event, _seconds: float | None) -> bool:
        beats.append(1)
        return False

    with kept_alive(database, lease, clock=Clock(now=lambda: NOW, wait=wait), lasts=LASTS):
        pass
    assert len(beats) <= 1
    assert [row.owner for row in all_rows(database, lease_table)] == ["two"]


# a database that refuses


@pytest.fixture
def impatient(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """SQLite whose transactions wait for the writer a hundredth of a second, not 30."""
    path = tmp_path / "busy.db"
    path.write_bytes(sqlite_template.read_bytes())
    monkeypatch.setattr(ledger.database, "WAIT_SECONDS", 0.01)
    engine = open_database(f"sqlite:///{path}")
    locker = sqlite3.connect(path, isolation_level=None)
    yield engine, locker
    locker.close()
    engine.dispose()


def count_waits(worker: Worker, then: Callable[[int], object]) -> list[float | None]:
    """How often the worker rests; `then` is told the number each time."""
    waits: list[float | None] = []

    def wait(event: Event, seconds: float | None) -> bool:
        if event is worker.work.stop:
            waits.append(seconds)
            then(len(waits))
            return False
        return event.wait(200)

    worker.work = replace(worker.work, clock=Clock(now=worker.now, wait=wait))
    return waits


def test_a_locked_database_is_asked_again_and_then_it_goes_on(impatient: Any) -> None:
    engine, locker = impatient
    add(engine)
    worker = Worker(engine, perform_entry)
    waits = count_waits(worker, lambda number: number == 2 and locker.execute("ROLLBACK"))
    locker.execute("BEGIN IMMEDIATE")
    assert work_once(worker.work)
    assert waits == [0.05, 0.05]
    assert states(engine) == ["done"]


def test_a_database_that_stays_locked_ends_the_worker_with_a_clear_error(impatient: Any) -> None:
    engine, locker = impatient
    add(engine)
    worker = Worker(engine, perform_entry)
    waits = count_waits(worker, lambda _number: None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match="locked by another process"):
        work_on(worker.work)
    assert len(waits) == MOST_REFUSALS - 1
    locker.execute("ROLLBACK")
    assert states(engine) == []


def test_an_instance_is_finished_although_the_database_was_locked_meanwhile(
    impatient: Any,
) -> None:
    engine, locker = impatient
    add(engine)

    def lock(instance: Instance, engine: Engine) -> Mapping[str, Any]:
        result = perform_entry(instance, engine)
        locker.execute("BEGIN IMMEDIATE")
        return result

    worker = Worker(engine, lock)
    count_waits(worker, lambda number: number == 3 and locker.execute("ROLLBACK"))
    assert work_once(worker.work)
    assert states(engine) == ["done"]
    assert len(performed(engine)) == 1
