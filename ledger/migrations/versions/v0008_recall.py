"""What recalls did with each award; amounts that are set back to open; notices of both.

On SQLite two constraints are changed in the text of the schema, as its documentation describes for
changes that touch no row ("Making Other Kinds Of Table Schema Changes"): a table of notices is
referred to by others and would have to be written anew with them, which takes hours in a city.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INSTANT = sa.DateTime(timezone=True)
KINDS_BEFORE = "kind IN ('award_opened', 'amount_changed')"
KINDS = "kind IN ('award_opened', 'amount_changed', 'withdrawn_in_error', 'amount_set_back')"


def upgrade() -> None:
    op.create_table(
        "award_recall",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("award_id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=True),
        sa.Column("after_fen", sa.BigInteger(), nullable=True),
        sa.Column("recalled_at", INSTANT, nullable=False),
        sa.Column("reopened_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "what IN ('withdrawn', 'set back', 'recover')", name=op.f("ck_award_recall_what")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_award_recall_award_id_award")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_award_recall_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_recall")),
        sa.UniqueConstraint("award_id", "run_id", name=op.f("uq_award_recall_award_id_run_id")),
    )
    if op.get_context().dialect.name == "sqlite":
        _rewrite_sqlite("award_adjustment", "after_fen BIGINT NOT NULL", "after_fen BIGINT")
        _rewrite_sqlite("notice", KINDS_BEFORE, KINDS)
        return
    op.alter_column("award_adjustment", "after_fen", nullable=True)
    op.drop_constraint(op.f("ck_notice_kind"), "notice", type_="check")
    op.create_check_constraint(op.f("ck_notice_kind"), "notice", KINDS)


def _rewrite_sqlite(table: str, before: str, after: str) -> None:
    """Put other words into the definition of a table, whose rows fit them as they are."""
    connection = op.get_bind()
    find = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    definition = connection.execute(find, {"table": table}).scalar_one()
    if before not in definition:
        raise RuntimeError(f'the table {table} is not defined as expected: no "{before}" in it')
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": definition.replace(before, after), "table": table},
    )
    # every open connection reads the schema anew
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema = OFF"))
