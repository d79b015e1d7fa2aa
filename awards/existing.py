"""The awards of one policy and period as they stand, read in columns."""

from io import BytesIO

import polars as pl
from sqlalchemy import Connection, Engine, select

from awards.award import award_table
from ledger.bulk import copy_out
from ledger.database import reading

EXISTING = pl.Schema(
    {
        "subject": pl.String(),
        "item": pl.String(),
        "id": pl.String(),
        "award_fen": pl.Int64(),
        "state": pl.String(),
        "origin": pl.String(),
    }
)
ROWS = 50_000
"""Rows that stand as Python's objects at a time."""


def read_existing(engine: Engine, policy: str, period: str) -> pl.DataFrame:
    """The awards of the policy, of any version, for the period: in the form of EXISTING."""
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            return _copied(connection, policy, period)
        columns = award_table.c
        statement = select(
            columns.subject,
            columns.item,
            columns.id,
            columns.amount_fen,
            columns.state,
            columns.origin,
        ).where(columns.policy == policy, columns.period == period)
        frames = [EXISTING.to_frame()]
        result = connection.execution_options(yield_per=ROWS).execute(statement)
        for rows in result.partitions():
            texts = dict(zip(EXISTING.names(), zip(*rows, strict=True), strict=True))
            frames.append(pl.DataFrame(texts, schema=EXISTING))
        return pl.concat(frames)


def _copied(connection: Connection, policy: str, period: str) -> pl.DataFrame:
    """The same by PostgreSQL's COPY, which Polars reads as it comes."""
    content = copy_out(
        connection,
        "SELECT subject, item, id, amount_fen, state, origin FROM award "
        "WHERE policy = %s AND period = %s",
        (policy, period),
    )
    if not content:
        return EXISTING.to_frame()
    # only the amount may be null, and an empty text is none
    return pl.read_csv(
        BytesIO(content),
        has_header=False,
        schema=EXISTING,
        empty_string_is_null=False,
        quote_char='"',
    )
