"""A worker that takes matches in, seals, composes and delivers, and kills itself on the way.

Run by test_kill_and_resume.py as `killed_worker.py URL MAILDIR MINUTES EVENT`. It counts what it
does that something outside could see: each statement, each commit, each file on its way, before
and after; at the EVENT-th (0: never) it sends itself SIGKILL, which no code can catch.
"""

import os
import signal
import sys
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


def main(url: str, maildir: str, minutes: str, fatal_event: str) -> None:
    events = count(1)

    def tick(*_arguments: object, **_options: object) -> None:
        if next(events) == int(fatal_event):
            os.kill(os.getpid(), signal.SIGKILL)

    def sync_and_tick(path: Path, flags: int = 0) -> None:
        tick()
        sync(path, flags)
        tick()

    sync = notifier.channels.maildir._sync
    notifier.channels.maildir._sync = sync_and_tick
    awards.award.MOST_AWARDS, awards.award.CHUNK = 100, 50
    notifier.compose.BATCH = 150
    engine = open_database(url)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
        event.listen(engine, name, tick)
    work(engine, Path(maildir), float(minutes))
    engine.dispose()
    print(next(events))


def work(
    engine: Engine,
    maildir: Path,
    minutes: float,
    *,
    policy: str = "elder-allowance",
    matches: int = MATCHES,
    adjusted: int = ADJUSTED,
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


if __name__ == "__main__":
    main(*sys.argv[1:])
