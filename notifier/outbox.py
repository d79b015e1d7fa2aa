"""The outbox: deliveries that are due are claimed, sent and ended, each as often as it takes.

A claim is a lease: a delivery whose worker died is due again when the lease ends, and goes out
under the same message id. A worker that wakes up after its lease shows an old token and is
refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, Engine, select, tuple_, update

from ledger.database import reading
from notifier.channels.channel import Answer, Channel, Message
from notifier.notice import delivery_table, notice_table

LEASE = timedelta(minutes=5)
BATCH = 500
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each failed attempt the next is due; after the last the delivery has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to attempt one delivery, shown by `token`."""

    delivery: int
    notice: int
    channel: str
    attempts: int
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of the attempts of one pass."""

    sent: int = 0
    retried: int = 0  # to be tried again later
    failed: int = 0  # for good
    stale: int = 0  # the lease had ended meanwhile: somebody else decides


def deliver_pending(
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    worker: str,
    batch: int = BATCH,
    on_progress: Callable[[int], None] | None = None,
) -> DeliveryReport:
    """Attempt every delivery that is due by one of `channels`."""
    report = DeliveryReport()
    while claims := claim_deliveries(engine, list(channels), now=now, worker=worker, batch=batch):
        messages = read_messages(engine, claims)
        answers: dict[Claim, Answer] = {}
        for name, group in groupby(claims, key=lambda claim: claim.channel):
            mine = list(group)
            sending = [messages[claim] for claim in mine]
            answers.update(zip(mine, _send(channels[name], sending, now), strict=True))
        ended = end_deliveries(engine, answers, now=now)
        report = DeliveryReport(
            sent=report.sent + ended.sent,
            retried=report.retried + ended.retried,
            failed=report.failed + ended.failed,
            stale=report.stale + ended.stale,
        )
        if on_progress:
            on_progress(report.sent + report.retried + report.failed + report.stale)
    return report


def claim_deliveries(
    engine: Engine, channels: Sequence[str], *, now: datetime, worker: str, batch: int = BATCH
) -> list[Claim]:
    """Take at most `batch` due deliveries for LEASE, by channel and the longest due first.

    One statement: PostgreSQL skips what others hold (in a MATERIALIZED table expression, where a
    bare subquery may take too many), SQLite has one writer anyway.
    """
    columns = delivery_table.c
    due = (
        select(columns.id)
        .where(columns.state == "pending", columns.channel.in_(channels), columns.due_at <= now)
        .order_by(columns.channel, columns.due_at)
        .limit(batch)
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED")
    )
    claim = (
        update(delivery_table)
        .where(columns.id.in_(select(due.c.id)))
        .values(
            due_at=now + LEASE,
            worker=worker,
            attempts=columns.attempts + 1,
            token=columns.token + 1,
        )
        .returning(columns.id, columns.notice_id, columns.channel, columns.attempts, columns.token)
    )
    with engine.begin() as connection:
        rows = connection.execute(claim).all()
    claims = [
        Claim(
            delivery=row.id,
            notice=row.notice_id,
            channel=row.channel,
            attempts=row.attempts,
            token=row.token,
        )
        for row in rows
    ]
    return sorted(claims, key=lambda claim: (claim.channel, claim.delivery))


def read_messages(engine: Engine, claims: Sequence[Claim]) -> dict[Claim, Message]:
    """What each claim is to send."""
    columns = notice_table.c
    wanted = select(notice_table).where(columns.id.in_({claim.notice for claim in claims}))
    with reading(engine) as connection:
        notices = {row.id: row for row in connection.execute(wanted)}
    return {
        claim: Message(
            message_id=notices[claim.notice].message_id,
            recipient=notices[claim.notice].recipient,
            created_at=notices[claim.notice].created_at,
            title_zh=notices[claim.notice].title_zh,
            body_zh=notices[claim.notice].body_zh,
            title_en=notices[claim.notice].title_en,
            body_en=notices[claim.notice].body_en,
            repeated=claim.attempts > 1,
        )
        for claim in claims
    }


def end_deliveries(
    engine: Engine, answers: Mapping[Claim, Answer], *, now: datetime
) -> DeliveryReport:
    """Write down the answers, each only while its claim's token is the newest."""
    sent = [claim for claim, answer in answers.items() if answer.state == "sent"]
    rest = [(claim, answer) for claim, answer in answers.items() if answer.state != "sent"]
    retried = failed = 0
    with engine.begin() as connection:
        done = _end(connection, sent, state="sent", ended_at=now, reason="")
        for claim, answer in rest:
            final = answer.state == "refused" or claim.attempts > len(WAITS)
            if final:
                failed += _end(
                    connection, [claim], state="failed", ended_at=now, reason=answer.reason
                )
            else:
                due_at = now + WAITS[claim.attempts - 1]
                retried += _end(connection, [claim], due_at=due_at, reason=answer.reason)
    stale = len(answers) - done - retried - failed
    return DeliveryReport(sent=done, retried=retried, failed=failed, stale=stale)


def _end(connection: Connection, claims: Sequence[Claim], **values: object) -> int:
    """Change the deliveries whose token is still the claim's; how many were."""
    if not claims:
        return 0
    columns = delivery_table.c
    tokens = [(claim.delivery, claim.token) for claim in claims]
    ended = connection.execute(
        update(delivery_table)
        .where(columns.state == "pending", tuple_(columns.id, columns.token).in_(tokens))
        .values(**values)
    )
    return ended.rowcount


def _send(channel: Channel, messages: Sequence[Message], now: datetime) -> list[Answer]:
    """The channel's answers; where it fails as a whole each message is tried alone, so that one
    cannot hold up the others.
    """
    try:
        return channel.send(messages, now=now)
    except Exception as error:  # the edge of one delivery: whatever a channel raises is its failure
        if len(messages) == 1:
            return [Answer(state="later", reason=type(error).__name__)]
    return [answer for message in messages for answer in _send(channel, [message], now)]
