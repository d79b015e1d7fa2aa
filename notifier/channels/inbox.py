"""The inbox: notices a subject finds when it looks, in the same database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Engine, ForeignKey, Index, String, Table, select

from ledger.database import Instant, insert_absent, metadata
from notifier.channels.channel import Answer, Message
from notifier.notice import notice_table

inbox_table = Table(
    "inbox_message",
    metadata,
    Column("message_id", String(32), ForeignKey(notice_table.c.message_id), primary_key=True),
    Column("subject", String(40), nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_inbox_message_subject", "subject"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A notice as its subject reads it."""

    message_id: str
    received_at: datetime
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The channel that puts notices into the inbox."""

    engine: Engine

    def send(self, messages: Sequence[Message], *, now: datetime) -> list[Answer]:
        rows = [
            {"message_id": message.message_id, "subject": message.recipient, "received_at": now}
            for message in messages
        ]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert_absent(connection, inbox_table), rows)
        return [Answer(state="sent") for _ in messages]


def read_inbox(connection: Connection, subject: str) -> list[InboxMessage]:
    """A subject's messages, the newest first."""
    inbox, notice = inbox_table.c, notice_table.c
    rows = connection.execute(
        select(
            inbox.message_id,
            inbox.received_at,
            notice.title_zh,
            notice.body_zh,
            notice.title_en,
            notice.body_en,
        )
        .join_from(inbox_table, notice_table)
        .where(inbox.subject == subject)
        .order_by(inbox.received_at.desc(), notice.id.desc())
    )
    return [InboxMessage(**row._mapping) for row in rows]
