"""The outbox: nothing lost, nothing twice, stale workers refused."""

import mailbox
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.database import reading
from ledger.journal import seal
from notifier.channels.channel import Answer, Channel, Message
from notifier.channels.inbox import Inbox, inbox_table, read_inbox
from notifier.channels.maildir import Maildir
from notifier.compose import compose_notices
from notifier.notice import delivery_table, notice_table
from notifier.outbox import (
    WAITS,
    Claim,
    DeliveryReport,
    claim_deliveries,
    deliver_pending,
    end_deliveries,
    read_messages,
)
from tests.storage_world import (
    NOW,
    all_rows,
    count_rows,
    make_card,
    many_matches,
    minutes_later,
    subject_of,
    take_in,
)


@dataclass(kw_only=True)
class Postbox:
    """A channel that keeps what it is sent and answers as it is told."""

    answer: Callable[[Message], Answer] = field(default=lambda _message: Answer(state="sent"))
    received: list[Message] = field(default_factory=list)

    def send(self, messages: Sequence[Message], *, now: datetime) -> list[Answer]:
        self.received.extend(messages)
        return [self.answer(message) for message in messages]


def prepare(engine: Engine, count: int = 3, channels: Sequence[str] = ("post",)) -> None:
    take_in(engine, many_matches(count))
    seal(engine, now=NOW)
    compose_notices(engine, {"elder-allowance": make_card()}, now=NOW, channels=channels)


def claim(engine: Engine, worker: str, now: datetime = NOW, batch: int = 100) -> list[Claim]:
    return claim_deliveries(engine, ["post"], now=now, worker=worker, batch=batch)


def test_each_notice_is_delivered_once(database: Engine) -> None:
    prepare(database, 7)
    post = Postbox()
    report = deliver_pending(database, {"post": post}, now=NOW, worker="w", batch=3)
    assert report == DeliveryReport(sent=7)
    assert sorted(m.recipient for m in post.received) == [subject_of(n) for n in range(7)]
    again = deliver_pending(database, {"post": post}, now=minutes_later(600), worker="w")
    assert again == DeliveryReport()
    assert {row.state for row in all_rows(database, delivery_table)} == {"sent"}


def test_what_goes_by_other_channels_waits(database: Engine) -> None:
    prepare(database, 2, channels=("post", "later"))
    deliver_pending(database, {"post": Postbox()}, now=NOW, worker="w")
    states = sorted((row.channel, row.state) for row in all_rows(database, delivery_table))
    assert states == [("later", "pending")] * 2 + [("post", "sent")] * 2


def test_a_failed_attempt_is_repeated_with_growing_waits_under_the_same_id(
    database: Engine,
) -> None:
    prepare(database, 1)
    post = Postbox(answer=lambda _message: Answer(state="later", reason="busy"))
    now = NOW
    for wait in WAITS:
        assert deliver_pending(database, {"post": post}, now=now, worker="w").retried == 1
        early = now + wait * 0.99
        assert deliver_pending(database, {"post": post}, now=early, worker="w").retried == 0
        now += wait
    last = deliver_pending(database, {"post": post}, now=now, worker="w")
    assert last == DeliveryReport(failed=1)
    row = all_rows(database, delivery_table)[0]
    assert (row.state, row.attempts, row.reason) == ("failed", len(WAITS) + 1, "busy")
    assert len({message.message_id for message in post.received}) == 1
    assert [message.repeated for message in post.received] == [False] + [True] * len(WAITS)


def test_a_refused_message_is_not_repeated(database: Engine) -> None:
    prepare(database, 1)
    post = Postbox(answer=lambda _message: Answer(state="refused", reason="no such box"))
    channels = {"post": post}
    assert deliver_pending(database, channels, now=NOW, worker="w") == DeliveryReport(failed=1)
    assert deliver_pending(database, channels, now=minutes_later(9e4), worker="w") == (
        DeliveryReport()
    )


def test_one_message_that_breaks_the_channel_holds_up_no_other(database: Engine) -> None:
    prepare(database, 5)

    def answer(message: Message) -> Answer:
        if message.recipient == subject_of(2):
            raise ZeroDivisionError
        return Answer(state="sent")

    report = deliver_pending(database, {"post": Postbox(answer=answer)}, now=NOW, worker="w")
    assert report == DeliveryReport(sent=4, retried=1)
    reasons = {row.reason for row in all_rows(database, delivery_table)}
    assert reasons == {"", "ZeroDivisionError"}


def test_a_claimed_delivery_is_nobody_elses_until_the_lease_ends(database: Engine) -> None:
    prepare(database, 4)
    first = claim(database, "one", batch=3)
    second = claim(database, "two")
    assert (len(first), len(second)) == (3, 1)
    assert claim(database, "three", minutes_later(4.9)) == []
    assert len(claim(database, "three", minutes_later(5))) == 4


def test_a_worker_that_wakes_up_after_its_lease_is_refused(database: Engine) -> None:
    prepare(database, 2)
    stopped = claim(database, "one")
    successor = claim(database, "two", minutes_later(6))
    refused = dict.fromkeys(stopped, Answer(state="refused", reason="late"))
    assert end_deliveries(database, refused, now=minutes_later(7)) == DeliveryReport(stale=2)
    sent = dict.fromkeys(successor, Answer(state="sent"))
    assert end_deliveries(database, sent, now=minutes_later(7)) == DeliveryReport(sent=2)
    late = dict.fromkeys(stopped, Answer(state="sent"))
    assert end_deliveries(database, late, now=minutes_later(8)) == DeliveryReport(stale=2)
    assert {row.worker for row in all_rows(database, delivery_table)} == {"two"}


def test_a_takeover_sends_the_same_message_again(database: Engine) -> None:
    prepare(database, 1)
    first = read_messages(database, claim(database, "one"))
    second = read_messages(database, claim(database, "two", minutes_later(6)))
    (before,), (after,) = first.values(), second.values()
    assert before.message_id == after.message_id
    assert (before.repeated, after.repeated) == (False, True)


def test_workers_at_the_same_time_claim_each_delivery_once(
    open_engine: Callable[[], Engine],
) -> None:
    engines = [open_engine() for _ in range(3)]
    prepare(engines[0], 300)
    barrier = threading.Barrier(len(engines))
    claims: list[Claim] = []

    def work(engine: Engine, worker: str) -> None:
        barrier.wait()
        while got := claim(engine, worker, batch=20):
            assert len(got) <= 20
            claims.extend(got)

    threads = [
        threading.Thread(target=work, args=(engine, f"worker-{number}"))
        for number, engine in enumerate(engines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == len({claim.delivery for claim in claims}) == 300
    assert {claim.token for claim in claims} == {1}


def test_the_inbox_shows_a_subject_its_own_messages_the_newest_first(database: Engine) -> None:
    channels = {"inbox": Inbox(engine=database)}
    prepare(database, 2, channels=["inbox"])
    deliver_pending(database, channels, now=NOW, worker="w")
    take_in(database, many_matches(2, period="2025-12"))
    seal(database, now=NOW)
    compose_notices(database, {"elder-allowance": make_card()}, now=NOW)
    deliver_pending(database, channels, now=minutes_later(5), worker="w")
    with reading(database) as connection:
        messages = read_inbox(connection, subject_of(1))
        assert read_inbox(connection, subject_of(9)) == []
    assert [message.received_at for message in messages] == [minutes_later(5), NOW]
    assert "2025年12月" in messages[0].title_zh
    assert "CNY 100.01" in messages[1].body_en


@pytest.mark.parametrize("crash", ["before ending", "after reading"])
def test_a_repeated_send_changes_nothing_for_the_recipient(
    database: Engine, tmp_path: Path, crash: str
) -> None:
    prepare(database, 3, channels=("inbox", "maildir"))
    channels: dict[str, Channel] = {
        "inbox": Inbox(engine=database),
        "maildir": Maildir(path=tmp_path / "mail"),
    }
    for name, channel in channels.items():  # sent, but its worker died before it could say so
        claims = claim_deliveries(database, [name], now=NOW, worker="dead")
        channel.send(list(read_messages(database, claims).values()), now=NOW)
    box = mailbox.Maildir(tmp_path / "mail", create=False)
    if crash == "after reading":
        for key in box.keys():  # noqa: SIM118 - a mailbox iterates over messages
            message = box.get_message(key)
            message.set_subdir("cur")
            message.set_flags("S")
            box[key] = message
    before = {path: path.read_bytes() for path in (tmp_path / "mail").rglob("*.zhida*")}
    report = deliver_pending(database, channels, now=minutes_later(6), worker="w")
    assert report == DeliveryReport(sent=6)
    after = {path: path.read_bytes() for path in (tmp_path / "mail").rglob("*.zhida*")}
    assert len(after) == 3
    assert after == before
    assert count_rows(database, inbox_table) == 3
    with reading(database) as connection:
        assert [m.received_at for m in read_inbox(connection, subject_of(0))] == [NOW]


def test_what_the_maildir_holds_are_the_notices(database: Engine, tmp_path: Path) -> None:
    prepare(database, 3, channels=["maildir"])
    deliver_pending(database, {"maildir": Maildir(path=tmp_path)}, now=NOW, worker="w")
    names = {row.message_id for row in all_rows(database, notice_table)}
    ids = {mail["Message-ID"] for mail in mailbox.Maildir(tmp_path, create=False)}
    assert ids == {f"<{name}@zhida.invalid>" for name in names}


def test_a_clock_that_is_set_back_sends_nothing_twice(database: Engine) -> None:
    prepare(database, 3)
    post = Postbox()
    deliver_pending(database, {"post": post}, now=NOW, worker="w")
    deliver_pending(database, {"post": post}, now=minutes_later(-60), worker="w")
    assert len(post.received) == 3


def test_nothing_is_left_behind_however_small_the_batches(database: Engine) -> None:
    prepare(database, 10)
    told: list[int] = []
    report = deliver_pending(
        database, {"post": Postbox()}, now=NOW, worker="w", batch=1, on_progress=told.append
    )
    assert report.sent == 10
    assert told == list(range(1, 11))
