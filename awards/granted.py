"""Every award that was made, as rows that the next snapshot holds: so memory is data.

A policy that asks what somebody drew before reads these rows like those of a department.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from sqlalchemy import Connection, select

from awards.award import adjustment_table, award_table, is_recalled
from engine.part_outcome import KEY
from engine.run import run_table

GRANT_SCHEMA = pl.Schema(
    {
        "kind": pl.String(),
        "subject": pl.String(),
        "policy": pl.String(),
        "period": pl.String(),
        "item": pl.String(),
        "person_id": pl.String(),
        "amount": pl.Int64(),
        "months": pl.Int64(),
        "granted_on": pl.Date(),
        "paid_on": pl.Date(),
    }
)
"""The columns of the vocabulary's rows `grants`, with the kind of the subject; `amount` in fen."""

CHUNK = 50_000
_AT_ONCE = 500
_MADE = ("opened", "paid", "closed")


def read_grants(connection: Connection, known_on: date | None = None) -> pl.DataFrame:
    """The awards that were made and neither declined nor withdrawn, in the form of GRANT_SCHEMA.

    `granted_on` is the day of the run that made the award, of an imported one the day it was paid.
    `months` are those of its period; a period without a length has none. `known_on`: as they stood
    at the end of that day (UTC), without what was opened, adjusted or paid later.
    """
    query = (
        select(
            award_table.c.id,
            award_table.c.subject_kind,
            award_table.c.subject,
            award_table.c.policy,
            award_table.c.period,
            award_table.c.item,
            award_table.c.amount_fen,
            award_table.c.paid_on,
            run_table.c.as_of,
        )
        .join_from(award_table, run_table, award_table.c.run_id == run_table.c.id, isouter=True)
        .where(award_table.c.state.in_(_MADE))
        .order_by(award_table.c.subject, award_table.c.policy, award_table.c.period)
        .order_by(award_table.c.item)
    )
    amounts: dict[str, int | None] = {}
    if known_on is not None:
        end = datetime.combine(known_on + timedelta(days=1), time(), UTC)
        query = query.where(award_table.c.opened_at < end)
        amounts = _amounts_before(connection, end)
    found = [pl.DataFrame(schema=GRANT_SCHEMA)]
    for chunk in connection.execute(query).partitions(CHUNK):
        rows = [
            (
                *(kind, subject, policy, period, item, None),
                *(amounts.get(award, fen), months_of(period), made or paid, paid),
            )
            for award, kind, subject, policy, period, item, fen, paid, made in chunk
        ]
        found.append(pl.DataFrame(rows, schema=GRANT_SCHEMA, orient="row"))
    grants = pl.concat(found)
    if known_on is not None:
        unpaid = pl.col("paid_on") > known_on
        grants = grants.with_columns(pl.when(~unpaid.fill_null(False)).then("paid_on"))
    return grants


def _amounts_before(connection: Connection, end: datetime) -> dict[str, int | None]:
    """What awards came to by then that have been adjusted since."""
    columns = adjustment_table.c
    query = (
        select(columns.award_id, columns.before_fen)
        .where(columns.adjusted_at >= end)
        .order_by(columns.adjusted_at.desc(), columns.id.desc())
    )
    # the earliest of them stands last, and says what was there before all of them
    return {award: before for award, before in connection.execute(query)}


def months_of(period: str) -> int | None:
    """How many months a period has by its name: 2025, 2025H1, 2025Q3, 2025-11."""
    for pattern, months in ((r"\d{4}", 12), (r"\d{4}H\d", 6), (r"\d{4}Q\d", 3), (r"\d{4}-\d\d", 1)):
        if re.fullmatch(pattern, period, re.ASCII):
            return months
    return None


def read_awarded(connection: Connection, subjects: Sequence[str]) -> pl.DataFrame:
    """What was ever awarded to these subjects, also what was declined or withdrawn since: `policy`,
    `subject`, `period`, `item`. None of it is offered once more but what a recall withdrew."""
    found = [pl.DataFrame(schema={name: pl.String for name in KEY})]
    columns = award_table.c
    for start in range(0, len(subjects), _AT_ONCE):
        some = subjects[start : start + _AT_ONCE]
        query = select(columns.policy, columns.subject, columns.period, columns.item).where(
            columns.subject.in_(some), ~is_recalled()
        )
        rows = [tuple(row) for row in connection.execute(query)]
        found.append(pl.DataFrame(rows, schema=found[0].schema, orient="row"))
    return pl.concat(found)
