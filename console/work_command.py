"""The command `work`: a worker that executes schedules until it is stopped."""

import os
import secrets
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from types import FrameType
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import Engine

from console import show
from console.command import settings_of
from console.heartbeat import Clock
from console.schedule_words import CHANGES, say_moment, say_reason
from console.scheduled_run import perform_run
from console.settings import read_clock
from console.wiring import opened_database
from console.worker import Work, work_on, work_once, work_until_idle
from engine.run_instance import Instance


def work_schedules(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, execute one instance at most, and end.")
    ] = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is due any more.")
    ] = False,
    poll: Annotated[
        float, typer.Option(min=0.1, max=3600, metavar="SECONDS", help="How often it looks.")
    ] = 5,
) -> None:
    """Execute what schedules have made due, beside any number of other workers.

    Stopped with SIGTERM or Ctrl-C it first ends what it has in hand; asked once more it gives that
    back, and another worker begins it again.
    """
    if once and until_idle:
        raise typer.BadParameter("either --once or --until-idle")
    settings = settings_of(context)
    with opened_database(settings) as engine:

        def perform(instance: Instance, guarded: Engine) -> Mapping[str, Any]:
            with show.progress() as progress:
                return perform_run(
                    settings, instance, guarded, now=read_clock, on_progress=progress
                )

        work = Work(
            engine=engine,
            perform=perform,
            owner=_name_worker(),
            clock=Clock(now=read_clock, wait=wait_for),
            tell=_tell,
            poll_seconds=poll,
        )
        with _stopped_by_signals(work):
            if once:
                work_once(work)
            elif until_idle:
                work_until_idle(work)
            else:
                show.out.print(f"工作进程 worker {escape(work.owner)}")
                work_on(work)


def wait_for(event: Event, seconds: float | None) -> bool:
    """Wait for an event or so many seconds; whether it was the event."""
    return event.wait(seconds)


def _name_worker() -> str:
    return f"{socket.gethostname()[:150]}:{os.getpid()}:{secrets.token_hex(4)}"


def _tell(change: str, instance: Instance, reason: str) -> None:
    zh, en = CHANGES[change]
    why = f": {say_reason(reason)}" if reason else ""
    moment: datetime = read_clock()
    show.out.print(
        escape(
            f"{say_moment(moment)} {instance.schedule} {say_moment(instance.fire_at)} "
            f"{zh} {en}{why}"
        ),
        soft_wrap=True,
    )


@contextmanager
def _stopped_by_signals(work: Work) -> Iterator[None]:
    """The first signal asks to stop after the instance at hand, the second to give it back."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        if work.stop.is_set():
            raise KeyboardInterrupt
        work.stop.set()
        work.wake.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
