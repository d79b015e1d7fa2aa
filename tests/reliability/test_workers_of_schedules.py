"""Workers of schedules as processes: several at once, killed anywhere, stopped and resumed."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import Engine

from ledger.lease import lease_table
from tests.schedule_world import add, create, instances, states, told
from tests.storage_world import all_rows, minutes_later

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("schedule_worker.py")
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def start(url: str, minute: float, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(WORKER), url, str(minute), *more],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(worker: "subprocess.Popen[str]", said: str = "") -> str:
    """What a worker said until it ended by itself."""
    out, err = worker.communicate(said, timeout=300)
    assert worker.returncode == 0, err
    return out


def test_three_workers_execute_each_of_many_fire_times_once(
    database_url: str, database: Engine
) -> None:
    for name in ("a", "b", "c", "d"):
        add(database, name)
    workers = [start(database_url, 10) for _ in range(3)]
    for worker in workers:
        finish(worker)
    assert Counter(states(database)) == {"done": 40}
    done = Counter(body["fire_at"] for body in told(database, "performed"))
    assert done == {minutes_later(minute).isoformat(): 4 for minute in range(1, 11)}
    assert {row.attempts for row in instances(database)} == {1}
    assert len(told(database, "instance.done")) == 40


def test_a_worker_killed_at_each_step_in_turn_is_succeeded_when_its_lease_has_ended(
    database_url: str, database: Engine
) -> None:
    add(database)
    killed = int(finish(start(database_url, 1, "sweep")))
    assert killed > 15
    # a minute each for who was killed, for who succeeded it, and the last
    assert states(database) == ["done"] * (2 * killed + 1)
    done = told(database, "instance.done")
    assert len({body["fire_at"] for body in done}) == len(done) == 2 * killed + 1
    performed = Counter(body["fire_at"] for body in told(database, "performed"))
    assert set(performed) == {body["fire_at"] for body in done}
    # once more only where the kill came between what was done and saying so
    assert max(performed.values()) == 2
    assert {row.attempts for row in instances(database)} == {1, 2}
    assert [row.lease_until for row in all_rows(database, lease_table)] == [None]


def test_a_worker_stopped_past_its_lease_neither_writes_nor_finishes(
    database_url: str, database: Engine
) -> None:
    add(database)
    create(database, minutes_later(1))
    stopped = start(database_url, 1, "wait")
    try:
        assert stopped.stdout is not None
        assert stopped.stdout.readline() == "began\n"  # told by the worker
        assert stopped.stdout.readline() == "began\n"  # and by what it performs
        stopped.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, stopped.pid, os.WSTOPPED | os.WNOWAIT)

        finish(start(database_url, 1.9))
        assert states(database) == ["running"]
        finish(start(database_url, 2))
        assert states(database) == ["done", "done"]
        before = (told(database, "performed"), told(database, "instance.done"))

        stopped.send_signal(signal.SIGCONT)
        # its own clock has not noticed anything
        assert finish(stopped, "1\n").split() == ["lost"]
    finally:
        stopped.kill()
        stopped.wait()
    assert (told(database, "performed"), told(database, "instance.done")) == before
    assert [body["attempt"] for body in before[0]] == [2, 1]
