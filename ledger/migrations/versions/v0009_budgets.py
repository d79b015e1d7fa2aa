"""Budgets and what awards reserve of them; notices of waiting for funds and of funding."""

import sqlalchemy as sa
from alembic import op

from ledger.migrations.notice_kinds import allow_notices

revision = "0009"
down_revision = "0008"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("queue_order", sa.String(length=10), nullable=False),
        sa.Column("stated_version", sa.String(length=40), nullable=False),
        sa.Column("stated_from", sa.Date(), nullable=False),
        sa.Column("stated_fen", sa.BigInteger(), nullable=False),
        sa.Column("to_share", sa.Boolean(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "reserved_fen >= 0 AND reserved_fen <= amount_fen", name=op.f("ck_budget_reserved_fen")
        ),
        sa.CheckConstraint(
            "queue_order IN ('earliest', 'highest', 'lowest', 'ratio')",
            name=op.f("ck_budget_queue_order"),
        ),
        sa.PrimaryKeyConstraint("policy", "period", name=op.f("pk_budget")),
    )
    op.create_table(
        "budget_reservation",
        sa.Column("award_id", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("budget_period", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("wanted_fen", sa.BigInteger(), nullable=True),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('reserved', 'waiting', 'returned')", name=op.f("ck_budget_reservation_state")
        ),
        sa.CheckConstraint(
            "reserved_fen >= 0 AND reserved_fen <= wanted_fen",
            name=op.f("ck_budget_reservation_reserved_fen"),
        ),
        sa.CheckConstraint(
            "wanted_fen IS NOT NULL OR reserved_fen = 0",
            name=op.f("ck_budget_reservation_open_amount"),
        ),
        sa.CheckConstraint(
            "state <> 'reserved' OR wanted_fen IS NOT NULL",
            name=op.f("ck_budget_reservation_reserved_amount"),
        ),
        sa.CheckConstraint(
            "state <> 'returned' OR reserved_fen = 0",
            name=op.f("ck_budget_reservation_returned_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_budget_reservation_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["policy", "budget_period"],
            ["budget.policy", "budget.period"],
            name=op.f("fk_budget_reservation_policy_budget"),
        ),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_budget_reservation")),
    )
    op.create_index(
        "ix_budget_reservation_policy_budget_period",
        "budget_reservation",
        ["policy", "budget_period"],
    )
    waiting = sa.text("state = 'waiting'")
    for name in ("seen_on", "wanted_fen"):
        op.create_index(
            f"ix_budget_reservation_waiting_{name}",
            "budget_reservation",
            ["policy", "budget_period", name, "subject"],
            sqlite_where=waiting,
            postgresql_where=waiting,
        )
    before = ("award_opened", "amount_changed", "withdrawn_in_error", "amount_set_back")
    allow_notices((*before, "waiting_for_funds", "funded"))
