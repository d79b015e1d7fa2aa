"""SIGKILL at any statement, commit or file, then resumed: nothing lost, nothing twice."""

import json
import mailbox
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import Engine

from awards.award import adjustment_table, award_table
from ledger.database import reading
from ledger.journal import count_unsealed, journal_entry, verify
from notifier.channels.inbox import inbox_table
from notifier.notice import delivery_table, notice_table
from tests.reliability.killed_worker import ADJUSTED, MATCHES
from tests.storage_world import all_rows, count_rows

ROOT = Path(__file__).parents[2]
KILLS = 8
SEED = 2
"""Chosen so that the kills fall into every step: intake, seal, composing, both channels."""


def start_worker(*arguments: object) -> "subprocess.CompletedProcess[str]":
    worker = Path(__file__).with_name("killed_worker.py")
    return subprocess.run(
        [sys.executable, str(worker), *map(str, arguments)],
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def is_killed(url: str, maildir: Path, minutes: int, fatal: int) -> bool:
    """Let a worker do its pass; whether it was killed at its step `fatal`."""
    done = start_worker(url, maildir, minutes, fatal)
    if done.returncode != -signal.SIGKILL:
        assert done.returncode == 0, done.stderr
    return done.returncode != 0


def test_a_worker_killed_anywhere_loses_nothing_and_doubles_nothing(
    database_url: str, database: Engine, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    killed = 0
    for attempt in range(KILLS):
        fatal = chance.randint(1, 20 + 60 * attempt)
        # six minutes later: the leases of the pass before have ended
        killed += is_killed(database_url, tmp_path, 6 * attempt, fatal)
    assert killed >= 5
    assert not is_killed(database_url, tmp_path, 6 * KILLS, 0)
    check_all_is_there_once(database, tmp_path, MATCHES, ADJUSTED)
    before = snapshot(database)
    assert not is_killed(database_url, tmp_path, 6 * KILLS + 6, 0)
    assert snapshot(database) == before  # another pass changes nothing


def test_a_worker_killed_at_each_step_in_turn_is_succeeded_by_the_next(
    database_url: str, database: Engine, tmp_path: Path
) -> None:
    done = start_worker(database_url, tmp_path)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps > 40
    check_all_is_there_once(database, tmp_path, 3 * steps, steps)


def snapshot(database: Engine) -> list[int]:
    tables = (award_table, adjustment_table, journal_entry, notice_table, delivery_table)
    return [count_rows(database, table) for table in (*tables, inbox_table)]


def check_all_is_there_once(database: Engine, maildir: Path, matches: int, adjusted: int) -> None:
    awards = all_rows(database, award_table)
    assert len(awards) == matches
    assert len({(row.policy, row.subject) for row in awards}) == matches
    assert len([row for row in awards if row.amount_fen == 700]) == adjusted

    lines = all_rows(database, adjustment_table)
    assert len(lines) == len({line.award_id for line in lines}) == adjusted

    entries = all_rows(database, journal_entry)
    kinds = Counter(entry.kind for entry in entries)
    assert kinds == {"run.started": 2, "award.opened": matches, "award.adjusted": adjusted}
    told = {json.loads(entry.body)["award"] for entry in entries if entry.kind == "award.opened"}
    assert told == {row.id for row in awards}
    with reading(database) as connection:
        assert count_unsealed(connection) == 0
        assert verify(connection).sequence == len(entries)

    notices = all_rows(database, notice_table)
    assert Counter(notice.kind for notice in notices) == {
        "award_opened": matches,
        "amount_changed": adjusted,
    }
    states = Counter((row.channel, row.state) for row in all_rows(database, delivery_table))
    assert states == {("inbox", "sent"): len(notices), ("maildir", "sent"): len(notices)}

    names = {notice.message_id for notice in notices}
    assert {row.message_id for row in all_rows(database, inbox_table)} == names
    mails = [mail["Message-ID"] for mail in mailbox.Maildir(maildir, create=False)]
    assert sorted(mails) == sorted(f"<{name}@zhida.invalid>" for name in names)
    assert list((maildir / "tmp").iterdir()) == []
