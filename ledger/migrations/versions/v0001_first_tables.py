"""The first tables: journal, leases, runs, awards, notices; and the journal's guards."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

CHANGED = """
    OLD.sequence IS NOT NULL OR NEW.id <> OLD.id OR NEW.recorded_at <> OLD.recorded_at
    OR NEW.kind <> OLD.kind OR NEW.actor <> OLD.actor OR NEW.subject <> OLD.subject
    OR NEW.body <> OLD.body
"""
"""What an update of the journal may not do; all it may is seal."""

GUARDS = {
    "sqlite": (
        f"""
        CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry WHEN {CHANGED}
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
        """
        CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the journal is append-only'
            USING ERRCODE = 'integrity_constraint_violation';
        END
        $$
        """,
        f"""
        CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
        FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION refuse_journal_change()
        """,
        """
        CREATE TRIGGER journal_entry_no_delete BEFORE DELETE OR TRUNCATE ON journal_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
        """,
    ),
}


def upgrade() -> None:
    op.create_table(
        "journal_cursor",
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_journal_cursor")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(sequence IS NULL) = (hash IS NULL)", name=op.f("ck_journal_entry_sealed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("sequence", name=op.f("uq_journal_entry_sequence")),
    )
    op.create_index(
        "ix_journal_entry_unsealed",
        "journal_entry",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sequence IS NULL"),
        postgresql_where=sa.text("sequence IS NULL"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("snapshot_hash", sa.String(length=64), nullable=False),
        sa.Column("program_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("outcome_hash", sa.String(length=64), nullable=True),
        sa.Column("outcome_path", sa.String(length=300), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('started', 'evaluated', 'accepted', 'discarded')", name=op.f("ck_run_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "program_hash", "snapshot_hash", name=op.f("uq_run_program_hash_snapshot_hash")
        ),
    )
    op.create_table(
        "award",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=100), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.CheckConstraint("origin IN ('run', 'imported')", name=op.f("ck_award_origin")),
        sa.CheckConstraint(
            "state IN ('opened', 'paid', 'declined', 'withdrawn', 'closed')",
            name=op.f("ck_award_state"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_award_amount_fen")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_award_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
        sa.UniqueConstraint(
            "policy", "period", "subject", "item", name=op.f("uq_award_policy_period_subject_item")
        ),
    )
    op.create_index("ix_award_subject", "award", ["subject"], unique=False)
    op.create_table(
        "award_adjustment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("award_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=True),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_adjustment_award_id_award")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_award_adjustment_run_id_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_adjustment")),
    )
    op.create_index("ix_award_adjustment_award_id", "award_adjustment", ["award_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("award_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("recipient", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('award_opened', 'amount_changed')", name=op.f("ck_notice_kind")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_notice_award_id_award")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "award_id",
            "kind",
            "recipient",
            "about",
            name=op.f("uq_notice_award_id_kind_recipient_about"),
        ),
        sa.UniqueConstraint("message_id", name=op.f("uq_notice_message_id")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'failed')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "channel", name=op.f("uq_delivery_notice_id_channel")),
    )
    op.create_index(
        "ix_delivery_pending",
        "delivery",
        ["channel", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "inbox_message",
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["notice.message_id"], name=op.f("fk_inbox_message_message_id_notice")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_inbox_message")),
    )
    op.create_index("ix_inbox_message_subject", "inbox_message", ["subject"], unique=False)
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(statement)
