"""Links between rows without a key and firms of the register."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

IN_FORCE = sa.text("state IN ('linked', 'accepted')")


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("dataset", sa.String(length=63), nullable=False),
        sa.Column("row", sa.String(length=32), nullable=False),
        sa.Column("candidate", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("register", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('linked', 'review', 'accepted', 'rejected')", name=op.f("ck_link_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.create_index(
        "uq_link_one_firm",
        "link",
        ["dataset", "row"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_index("ix_link_row", "link", ["dataset", "row"], unique=False)
