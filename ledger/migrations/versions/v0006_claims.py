"""Claims: what is used up once among the policies of a group, each held by one award."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("claim_group", sa.String(length=100), nullable=False),
        sa.Column("claimed", sa.String(length=64), nullable=False),
        sa.Column("award_id", sa.String(length=32), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_claim_award_id_award")),
        sa.PrimaryKeyConstraint("claim_group", "claimed", name=op.f("pk_claim")),
    )
    op.create_index("ix_claim_award_id", "claim", ["award_id"], unique=False)
