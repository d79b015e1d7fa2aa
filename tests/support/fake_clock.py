"""The command `zhida` with time compressed: run as `fake_clock.py START MINUTES KILL WORDS…`.

Its clock shows START and moves on by a minute whenever the worker has nothing to do. After MINUTES
it sends itself SIGTERM, as whoever stops a service does. Before its commit number KILL (0: never)
it sends itself SIGKILL, which no code can catch.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from threading import Event

from sqlalchemy import Connection, Engine, event

import console.schedule_commands
import console.work_command
from console.cli import main


def compress_time(
    start: datetime, minutes: int, put: Callable[[object, str, object], None] = setattr
) -> None:
    """Replace the clock of the commands, and how the worker rests."""
    clock = [start]
    since = [0]

    def read_clock() -> datetime:
        return clock[0]

    def wait_for(waited: Event, seconds: float | None) -> bool:
        if seconds is None or seconds > 10:  # the heartbeat
            return waited.wait(600)
        clock[0] += timedelta(minutes=1)
        since[0] += 1
        if since[0] >= minutes:
            os.kill(os.getpid(), signal.SIGTERM)
        return True

    put(console.schedule_commands, "read_clock", read_clock)
    put(console.work_command, "read_clock", read_clock)
    put(console.work_command, "wait_for", wait_for)


def kill_at(fatal: int) -> None:
    """Die before the commit of this number."""
    commits = count(1)

    def step(_connection: Connection) -> None:
        if next(commits) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", step)


if __name__ == "__main__":
    start, minutes, fatal, *words = sys.argv[1:]
    compress_time(datetime.fromisoformat(start), int(minutes))
    kill_at(int(fatal))
    sys.argv[1:] = words
    main()
