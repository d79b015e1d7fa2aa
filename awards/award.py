"""Awards: what follows from a match for one period; the tables, and the pace of writing them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    Engine,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    and_,
    select,
)

from engine.run import run_table
from ledger.database import Instant, leave_room, metadata
from ledger.retry import transact

MOST_SECONDS = 0.25
MOST_AWARDS = {"sqlite": 2_000, "postgresql": 10_000}
CHUNK = {"sqlite": 500, "postgresql": 2_500}
"""A transaction ends after MOST_AWARDS or MOST_SECONDS, looked at after each CHUNK. SQLite has one
writer, and others wait for it; PostgreSQL waits for its disk at each commit."""

award_table = Table(
    "award",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("policy", String(100), nullable=False),  # the family, without version
    Column("policy_version", String(40), nullable=False),  # "" where imported
    Column("subject", String(40), nullable=False),
    Column("subject_kind", String(20), nullable=False),
    Column("period", String(20), nullable=False),
    Column("item", String(200), nullable=False),
    Column("amount_fen", BigInteger),  # null: still open
    Column("state", String(20), nullable=False),
    Column("origin", String(20), nullable=False),
    Column("run_id", String(40), ForeignKey(run_table.c.id)),
    Column("opened_at", Instant, nullable=False),
    Column("paid_on", Date),
    UniqueConstraint("policy", "period", "subject", "item"),  # at most one award
    CheckConstraint("state IN ('opened', 'paid', 'declined', 'withdrawn', 'closed')", name="state"),
    CheckConstraint("origin IN ('run', 'imported')", name="origin"),
    CheckConstraint("amount_fen >= 0", name="amount_fen"),
    Index("ix_award_subject", "subject"),
)

adjustment_table = Table(
    "award_adjustment",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("award_id", String(32), ForeignKey(award_table.c.id), nullable=False),
    Column("run_id", String(40), ForeignKey(run_table.c.id), nullable=False),
    Column("before_fen", BigInteger),  # null: was open
    Column("after_fen", BigInteger),  # null: is open again, set back by a recall
    Column("adjusted_at", Instant, nullable=False),
    Index("ix_award_adjustment_award_id", "award_id"),
)

recall_table = Table(
    "award_recall",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("award_id", String(32), ForeignKey(award_table.c.id), nullable=False),
    Column("run_id", String(40), ForeignKey(run_table.c.id), nullable=False),  # the mistaken run
    Column("what", String(10), nullable=False),
    Column("before_fen", BigInteger),
    Column("after_fen", BigInteger),
    Column("recalled_at", Instant, nullable=False),
    Column("reopened_at", Instant),  # when a later run opened the award again
    UniqueConstraint("award_id", "run_id"),
    CheckConstraint("what IN ('withdrawn', 'set back', 'recover')", name="what"),
)
"""What a recall did with each award: withdrawn, its amount set back, or paid, to be recovered."""


def is_recalled() -> ColumnElement[bool]:
    """Whether an award is withdrawn by a recall, so that a later run may open it again."""
    mine = (recall_table.c.award_id == award_table.c.id) & (recall_table.c.what == "withdrawn")
    found = select(recall_table.c.id).where(mine, recall_table.c.reopened_at.is_(None))
    return and_(award_table.c.state == "withdrawn", found.correlate(award_table).exists())


_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When a transaction ends and who is told; `seconds` is a clock that only goes forward."""

    seconds: Callable[[], float] | None = None
    on_progress: Callable[[int], None] | None = None


def name_rows(count: int, now: datetime) -> list[str]:
    """New ids that grow with time and within the batch, so that they are appended to their index.

    12 hexadecimal digits of milliseconds, 6 of the place in the batch, 14 at random.
    """
    lead = f"{int(now.timestamp() * 1000):012x}"
    chance = secrets.token_hex(7 * count)
    return [f"{lead}{place:06x}{chance[14 * place : 14 * place + 14]}" for place in range(count)]


def write_in_batches(
    engine: Engine,
    rows: Sequence[_Row],
    write: Callable[[Connection, Sequence[_Row]], int],
    pace: Pace,
) -> int:
    """Write all rows chunk by chunk in short transactions; the sum of what `write` returned."""

    def write_some(connection: Connection, some: slice) -> int:
        return write(connection, rows[some])

    return write_slices(engine, len(rows), write_some, pace)


def write_slices(
    engine: Engine,
    count: int,
    write: Callable[[Connection, slice], int],
    pace: Pace,
    *,
    recount: Callable[[Connection, slice], int | None] = lambda _connection, _some: None,
) -> int:
    """Write `count` rows slice by slice in short transactions; the sum of what `write` returned.

    A transaction that is broken off is repeated, so `write` must leave alone what is there already.
    `recount` tells what `write` returned for some rows if they were committed, and None if not.
    """
    most, chunk = MOST_AWARDS[engine.dialect.name], CHUNK[engine.dialect.name]
    written = position = reached = 0

    def write_some(connection: Connection) -> int:
        nonlocal reached
        reached, of_this = position, 0
        started = pace.seconds() if pace.seconds else 0.0
        end = min(position + most, count)
        while reached < end:
            some = slice(reached, min(reached + chunk, end))
            of_this += write(connection, some)
            reached = some.stop
            if pace.seconds and pace.seconds() - started >= MOST_SECONDS:
                break
        return of_this

    def look(connection: Connection) -> int | None:
        return recount(connection, slice(position, reached))

    while position < count:
        reached = position
        written += transact(engine, write_some, look=look)
        position = reached
        if pace.on_progress:
            pace.on_progress(position)
        if position < count:
            leave_room(engine)
    return written
