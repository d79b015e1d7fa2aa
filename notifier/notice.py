"""Notices: what we owe somebody to know, written once, and its deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from awards.award import award_table
from ledger.database import SERIAL, Instant, metadata

notice_table = Table(
    "notice",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("message_id", String(32), nullable=False, unique=True),
    Column("award_id", String(32), ForeignKey(award_table.c.id), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("recipient", String(40), nullable=False),
    Column("about", String(32), nullable=False),  # the adjustment or recall, "": the award itself
    Column("title_zh", Text, nullable=False),
    Column("body_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("award_id", "kind", "recipient", "about"),
    CheckConstraint(
        "kind IN ('award_opened', 'amount_changed', 'withdrawn_in_error', 'amount_set_back', "
        "'waiting_for_funds', 'funded')",
        name="kind",
    ),
)

delivery_table = Table(
    "delivery",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("notice_id", BigInteger, ForeignKey(notice_table.c.id), nullable=False),
    Column("channel", String(30), nullable=False),
    Column("state", String(20), nullable=False),
    Column("due_at", Instant, nullable=False),  # while claimed: when the lease ends
    Column("attempts", Integer, nullable=False),
    Column("worker", String(200)),
    Column("token", BigInteger, nullable=False),  # grows with each claim
    Column("reason", String(200), nullable=False),  # why the last attempt failed, "" if it did not
    Column("ended_at", Instant),
    UniqueConstraint("notice_id", "channel"),
    CheckConstraint("state IN ('pending', 'sent', 'failed')", name="state"),
)
Index(
    "ix_delivery_pending",
    delivery_table.c.channel,
    delivery_table.c.due_at,
    sqlite_where=delivery_table.c.state == "pending",
    postgresql_where=delivery_table.c.state == "pending",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCard:
    """What a notice says about a policy; everything in it is public.

    `reasons` are its clauses in words, all of which hold for whoever has an award. `fact_labels`
    are Chinese and English labels of the facts an amount can wait for.
    """

    policy: str
    version: str
    title_zh: str
    title_en: str
    authority: str
    basis: tuple[str, ...]
    reasons_zh: tuple[str, ...]
    reasons_en: tuple[str, ...]
    delivery: str  # direct, confirm, invite
    contact_zh: str
    not_modelled: tuple[str, ...] = ()
    fact_labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
