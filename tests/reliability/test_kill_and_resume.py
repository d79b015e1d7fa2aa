"""SIGKILL at any statement, commit or file, then resumed: nothing lost, nothing twice."""

import json
import mailbox
import random
import signal
import subprocess
import sys
from collections import Counter
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, event

from awards.award import adjustment_table, award_table
from ledger.database import reading
from ledger.journal import count_unsealed, journal_entry, verify
from notifier.channels.inbox import inbox_table
from notifier.notice import delivery_table, notice_table
from tests.reliability.killed_worker import ADJUSTED, MATCHES, work
from tests.storage_world import all_rows, count_rows, many_matches

ROOT = Path(__file__).parents[2]
KILLS = 10
SEED = 2
"""Chosen so that the kills fall into every step: intake, seal, composing, both channels."""


def work_once(url: str, maildir: Path, minutes: int, fatal_event: int) -> int | None:
    """Let a worker do its pass; the number of events, None where it was killed."""
    worker = Path(__file__).with_name("killed_worker.py")
    command = [sys.executable, str(worker), url, str(maildir), str(minutes), str(fatal_event)]
    done = subprocess.run(
        command,
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_a_worker_killed_anywhere_loses_nothing_and_doubles_nothing(
    database_url: str, database: Engine, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    killed = 0
    for attempt in range(KILLS):
        # the leases of the pass before have ended: five minutes
        fatal = chance.randint(1, 40 + 80 * attempt)
        killed += work_once(database_url, tmp_path / "mail", 6 * attempt, fatal) is None
    assert killed >= 3
    assert work_once(database_url, tmp_path / "mail", 6 * KILLS, 0) is not None
    awards = all_rows(database, award_table)
    assert sorted(row.subject for row in awards) == sorted(many_matches(MATCHES)["subject"])
    check_all_is_there_once(database, tmp_path / "mail", MATCHES, ADJUSTED)
    before = snapshot(database)
    assert work_once(database_url, tmp_path / "mail", 6 * KILLS + 6, 0) is not None
    assert snapshot(database) == before  # another pass changes nothing


class Stopped(BaseException):
    """What is raised where a worker would be killed."""


def test_a_pass_stopped_at_each_step_is_completed_by_the_next(
    database: Engine, tmp_path: Path
) -> None:
    """Every statement, begin and commit in turn, each in a policy of its own."""
    fatal = 0
    steps = count(1)

    def stop(*_arguments: object) -> None:
        if next(steps) == fatal:
            raise Stopped

    for name in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
        event.listen(database, name, stop)
    stopped = True
    while stopped:
        fatal += 1
        steps = count(1)
        policy, minutes = f"policy-{fatal}", 20 * fatal
        try:
            work(database, tmp_path, minutes, policy=policy, matches=3, adjusted=1)
            stopped = False
        except Stopped:
            work(database, tmp_path, minutes + 6, policy=policy, matches=3, adjusted=1)
    assert fatal > 50
    check_all_is_there_once(database, tmp_path, 3 * fatal, fatal)


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
