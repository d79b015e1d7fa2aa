"""Schedules and their instances."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("cron", sa.String(length=200), nullable=True),
        sa.Column("time_of_day", sa.String(length=5), nullable=True),
        sa.Column("calendar", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("catch_up", sa.String(length=10), nullable=False),
        sa.Column("overlap", sa.String(length=10), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("seen_until", INSTANT, nullable=False),
        sa.CheckConstraint("task IN ('run')", name=op.f("ck_schedule_task")),
        sa.CheckConstraint(
            "(cron IS NULL) <> (time_of_day IS NULL)", name=op.f("ck_schedule_timing")
        ),
        sa.CheckConstraint(
            "calendar IN ('every-day', 'working-days')", name=op.f("ck_schedule_calendar")
        ),
        sa.CheckConstraint(
            "catch_up IN ('latest', 'all', 'none')", name=op.f("ck_schedule_catch_up")
        ),
        sa.CheckConstraint("overlap IN ('skip', 'queue')", name=op.f("ck_schedule_overlap")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule")),
    )
    op.create_table(
        "run_instance",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("schedule", sa.String(length=60), nullable=False),
        sa.Column("fire_at", INSTANT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'skipped')",
            name=op.f("ck_run_instance_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_instance")),
        sa.UniqueConstraint("schedule", "fire_at", name=op.f("uq_run_instance_schedule_fire_at")),
    )
    unfinished = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "ix_run_instance_unfinished",
        "run_instance",
        ["schedule", "fire_at"],
        unique=False,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
