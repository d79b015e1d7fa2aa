"""A worker of schedules in a process of its own, whose clock stands still.

Run as `schedule_worker.py URL MINUTE`: works until nothing is due at that minute, each instance by
one entry in the journal.

Run as `schedule_worker.py URL MINUTE sweep`: for each step of that work, a statement or a commit, a
copy of the process works two minutes later and sends itself SIGKILL there, which no code can catch,
and another one works a minute after that. Prints how many were killed.

Run as `schedule_worker.py URL MINUTE wait`: says `began` when it has an instance, and goes on with
a line on its standard input that says which minute it is then.
"""

import os
import signal
import sys
import traceback
from collections.abc import Mapping
from itertools import count
from threading import Event
from typing import Any

from sqlalchemy import Engine, event

from console.heartbeat import Clock
from console.worker import Work, work_until_idle
from engine.run_instance import Instance
from ledger.database import open_database
from ledger.journal import record
from tests.schedule_world import LASTS
from tests.storage_world import ACTOR, NOW, minutes_later


def work(url: str, minute: float, fatal: int, *, waits: bool = False) -> None:
    """Work until nothing is due, or killed at a step (0: at none)."""
    steps = count(1)
    clock = [minute]

    def step(*_arguments: object) -> None:
        if next(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def perform(instance: Instance, engine: Engine) -> Mapping[str, Any]:
        if waits:
            print("began", flush=True)
            clock[0] = float(sys.stdin.readline())
        with engine.begin() as connection:
            body = {"fire_at": instance.fire_at.isoformat(), "attempt": instance.attempts}
            record(connection, kind="performed", actor=ACTOR, body=body, now=NOW)
        return {}

    def wait(waited: Event, seconds: float | None) -> bool:
        # the heartbeat stands still with the clock; what a busy database asks for is a short rest
        return waited.wait(300 if seconds and seconds > 10 else seconds)

    def tell(change: str, _instance: Instance, _reason: str) -> None:
        if waits:
            print(change, flush=True)

    engine = open_database(url)
    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, step)
    work_until_idle(
        Work(
            engine=engine,
            perform=perform,
            owner=f"worker-{os.getpid()}",
            clock=Clock(now=lambda: minutes_later(clock[0]), wait=wait),
            tell=tell,
            poll_seconds=5,
            lease=LASTS,
        )
    )
    engine.dispose()


def is_killed(url: str, minute: float, fatal: int) -> bool:
    """Work in a copy of this process, which has no threads yet; whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            work(url, minute, fatal)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != 0:
        raise AssertionError(f"the worker failed with status {status}")
    return False


def sweep(url: str, minute: float) -> int:
    """Each step killed in turn and succeeded when the lease has ended; how many there were."""
    for fatal in count(1):
        if not is_killed(url, minute, fatal):
            return fatal - 1
        if is_killed(url, minute + 1, 0):
            raise AssertionError("killed although it should not be")
        minute += 2
    raise AssertionError("unreachable")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [url, minute]:
            work(url, float(minute), 0)
        case [url, minute, "sweep"]:
            print(sweep(url, float(minute)))
        case [url, minute, "wait"]:
            work(url, float(minute), 0, waits=True)
