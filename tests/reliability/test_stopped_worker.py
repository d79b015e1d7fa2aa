"""A worker stopped past its lease and resumed: its stale token is refused, nothing stays of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.journal import journal_entry
from ledger.lease import Lease, acquire_lease, lease_table
from tests.reliability.stopped_worker import LASTS
from tests.storage_world import all_rows, count_rows, minutes_later

ROOT = Path(__file__).parents[2]


@contextmanager
def stopped_at(url: str, where: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker that has taken the lease at minute 0 and was stopped at a place."""
    worker = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("stopped_worker.py")), url, "0", where],
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == f"{where}\n"
        worker.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def resume(worker: "subprocess.Popen[str]", minutes: float) -> str:
    """Let it go on at a minute; what it says came of it."""
    worker.send_signal(signal.SIGCONT)
    said, _ = worker.communicate(f"{minutes}\n", timeout=100)
    return said.strip()


def take_over(engine: Engine, minutes: float) -> Lease | None:
    with engine.begin() as connection:
        return acquire_lease(
            connection, name="run", owner="two", now=minutes_later(minutes), lasts=LASTS
        )


def test_a_worker_resumed_within_its_lease_commits(database_url: str, database: Engine) -> None:
    with stopped_at(database_url, "before") as worker:
        assert take_over(database, 0.5) is None
        assert resume(worker, 0.5) == "committed"
    assert count_rows(database, journal_entry) == 1


def test_a_worker_stopped_past_its_lease_and_succeeded_is_refused(
    database_url: str, database: Engine
) -> None:
    with stopped_at(database_url, "before") as worker:
        assert take_over(database, 1) is not None
        # also where its own clock stands still
        assert resume(worker, 0) == "lost"
    assert count_rows(database, journal_entry) == 0


def test_a_worker_stopped_past_its_lease_is_refused_before_anybody_succeeds_it(
    database_url: str, database: Engine
) -> None:
    with stopped_at(database_url, "inside") as worker:
        assert resume(worker, 1) in ("lost", "ended")
    assert count_rows(database, journal_entry) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_stopped_inside_its_transaction_is_succeeded_and_refused(
    database_url: str, database: Engine
) -> None:
    with stopped_at(database_url, "inside") as worker:
        assert take_over(database, 1) is not None
        assert resume(worker, 0) in ("lost", "ended")
    assert count_rows(database, journal_entry) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_stopped_between_look_and_commit_is_ended_by_the_database_and_succeeded(
    database_url: str, database: Engine
) -> None:
    with stopped_at(database_url, "checked") as worker:
        # the fence holds the lease's row: this waits until the database has ended the silent worker
        assert take_over(database, 1) is not None
        assert resume(worker, 0) == "ended"
    assert count_rows(database, journal_entry) == 0
    assert [row.owner for row in all_rows(database, lease_table)] == ["two"]
