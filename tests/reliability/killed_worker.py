"""A worker that takes matches in, seals, composes and delivers, and kills itself on the way.

It counts its steps: before each statement, before each commit, before and after each file is on the
disk; at the fatal one it sends itself SIGKILL, which no code can catch.

Run by test_kill_and_resume.py: as `killed_worker.py URL MAILDIR MINUTES STEP` for one pass killed
at STEP (0: never), as `killed_worker.py URL MAILDIR` for a small pass killed at each step in turn
and then completed. Both print the number of steps.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, event

import awards.award
import notifier.channels.maildir
import notifier.compose
from ledger.database import open_database
from ledger.journal import seal
from notifier.channels.channel import Channel
from notifier.channels.inbox import Inbox
from notifier.channels.maildir import Maildir
from notifier.compose import compose_notices
from notifier.outbox import deliver_pending
from tests.storage_world import make_card, many_matches, minutes_later, take_in

MATCHES = 400
ADJUSTED = 30


def work(
    engine: Engine, maildir: Path, minutes: float, *, policy: str, matches: int, adjusted: int
) -> None:
    """What one pass does: may be repeated, and then changes nothing more."""
    now = minutes_later(minutes)
    still_open = many_matches(adjusted, policy=policy, amount_fen=None)
    known = many_matches(matches, policy=policy)[adjusted:]
    take_in(engine, pl.concat([still_open, known]), now=now)
    later = many_matches(adjusted, policy=policy, amount_fen=700)
    take_in(engine, later, snapshot="b", now=now)
    seal(engine, now=now, batch=150)
    cards = {policy: make_card(policy)}
    compose_notices(engine, cards, now=now, channels=("inbox", "maildir"))
    channels: dict[str, Channel] = {"inbox": Inbox(engine=engine), "maildir": Maildir(path=maildir)}
    deliver_pending(engine, channels, now=now, worker=f"worker-{minutes}", batch=60)


def work_until(
    url: str,
    maildir: Path,
    minutes: float,
    fatal: int,
    *,
    policy: str = "elder-allowance",
    matches: int = MATCHES,
    adjusted: int = ADJUSTED,
) -> int:
    """One pass, in small transactions, killed at the step `fatal`; the number of its steps."""
    steps = count(1)

    def step(*_arguments: object, **_options: object) -> None:
        if next(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def sync_in_steps(path: Path, flags: int = 0) -> None:
        step()
        sync(path, flags)
        step()

    sync = notifier.channels.maildir._sync
    notifier.channels.maildir._sync = sync_in_steps
    for name in ("sqlite", "postgresql"):
        awards.award.MOST_AWARDS[name], awards.award.CHUNK[name] = 100, 50
    notifier.compose.BATCH = 150
    engine = open_database(url)
    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, step)
    work(engine, maildir, minutes, policy=policy, matches=matches, adjusted=adjusted)
    engine.dispose()
    return next(steps)


def stop_at_each_step(url: str, maildir: Path) -> int:
    """For each step a policy of its own, whose pass is killed there and then completed."""

    def small_pass(minutes: float, fatal: int, policy: str) -> int:
        return work_until(url, maildir, minutes, fatal, policy=policy, matches=3, adjusted=1)

    for fatal in count(1):
        policy, minutes = f"policy-{fatal}", 20 * fatal
        if not _is_killed(lambda m=minutes, f=fatal, p=policy: small_pass(m, f, p)):  # type: ignore[misc]
            return fatal
        if _is_killed(lambda m=minutes + 6, p=policy: small_pass(m, 0, p)):  # type: ignore[misc]
            raise AssertionError("killed although it should not be")
    raise AssertionError("unreachable")


def _is_killed(run: Callable[[], object]) -> bool:
    """Run it in a copy of this process, which has no threads yet; whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != 0:
        raise AssertionError(f"the pass failed with status {status}")
    return False


if __name__ == "__main__":
    match sys.argv[1:]:
        case [url, maildir]:
            print(stop_at_each_step(url, Path(maildir)))
        case [url, maildir, minutes, fatal]:
            print(work_until(url, Path(maildir), float(minutes), int(fatal)))
