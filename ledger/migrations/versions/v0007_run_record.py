"""What is written down of a run: its figures by policy, and each pass it took."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "run_figures",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("against", sa.String(length=40), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("policies", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_figures_run_id_run")),
        sa.ForeignKeyConstraint(["against"], ["run.id"], name=op.f("fk_run_figures_against_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_figures")),
    )
    op.create_table(
        "run_pass",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_pass_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_pass")),
    )
    op.create_index("ix_run_pass_run_id", "run_pass", ["run_id"], unique=False)
