"""A lease: the right to do one thing alone for a while, with a token that grows with each holder.

A worker that was stopped past its lease and wakes up again shows an old token and is refused
(a fencing token), and so is every transaction it has still open. Time is given by the caller.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    String,
    Table,
    event,
    func,
    or_,
    select,
    update,
)

from ledger.database import Instant, metadata, upsert
from ledger.errors import LeaseLost

lease_table = Table(
    "lease",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("lease_until", Instant),  # null: given back
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What a holder shows."""

    name: str
    owner: str
    token: int
    lease_until: datetime


def acquire_lease(
    connection: Connection, *, name: str, owner: str, now: datetime, lasts: timedelta
) -> Lease | None:
    """The lease, if it is free or has run out; None while somebody else holds it."""
    values = {"owner": owner, "lease_until": now + lasts}
    statement = upsert(connection, lease_table).values(name=name, token=1, **values)
    token = connection.scalar(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={**values, "token": lease_table.c.token + 1},
            where=or_(lease_table.c.lease_until.is_(None), lease_table.c.lease_until <= now),
        ).returning(lease_table.c.token)
    )
    if token is None:
        return None
    return Lease(name=name, owner=owner, token=token, lease_until=now + lasts)


def renew_lease(connection: Connection, lease: Lease, *, now: datetime, lasts: timedelta) -> Lease:
    """The same lease for longer. Raises LeaseLost where it ran out or somebody else has it.

    In a transaction with the work itself this is a fence: the work commits only with a live token.
    """
    check_lease(connection, lease, now=now)
    _change_lease(connection, lease, lease_until=now + lasts)
    return replace(lease, lease_until=now + lasts)


def check_lease(connection: Connection, lease: Lease, *, now: datetime) -> None:
    """Raise LeaseLost unless the token is live, and keep it so to the end of the transaction.

    The row stays locked on PostgreSQL, SQLite has one writer: nobody takes the lease over between
    this look and the commit.
    """
    columns = lease_table.c
    live = select(columns.token).where(
        columns.name == lease.name, columns.token == lease.token, columns.lease_until > now
    )
    if connection.scalar(live.with_for_update(read=True)) is None:
        raise LeaseLost(name=lease.name, token=lease.token)


def release_lease(connection: Connection, lease: Lease) -> None:
    """Give the lease back. Raises LeaseLost where somebody else has it."""
    _change_lease(connection, lease, lease_until=None)


@contextmanager
def fenced(
    engine: Engine, lease: Lease, *, now: Callable[[], datetime], lasts: timedelta
) -> Iterator[Engine]:
    """An engine over the same database whose transactions commit only while the token is live.

    A commit with a stale token raises LeaseLost and nothing of the transaction stays; after the
    block every commit does. Transactions that only read are left alone. `lasts` is the longest that
    a silent transaction may hold its locks on PostgreSQL, which then ends it: a worker stopped in
    its middle does not keep its successor waiting.
    """
    guarded = engine.execution_options()
    closed = False

    def bound_silence(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get("zhida_reading", False)
        if connection.dialect.name == "postgresql" and not only_reads:
            milliseconds = str(round(lasts / timedelta(milliseconds=1)))
            setting = "idle_in_transaction_session_timeout"
            connection.execute(select(func.set_config(setting, milliseconds, True)))

    def refuse_stale(connection: Connection) -> None:
        try:
            if closed:
                raise LeaseLost(name=lease.name, token=lease.token)
            check_lease(connection, lease, now=now())
        except BaseException:
            # SQLAlchemy takes the transaction for ended, and would give the connection back with it
            connection.connection.rollback()
            raise

    event.listen(guarded, "begin", bound_silence)
    event.listen(guarded, "commit", refuse_stale)
    try:
        yield guarded
    finally:
        closed = True


def _change_lease(connection: Connection, lease: Lease, *, lease_until: datetime | None) -> None:
    columns = lease_table.c
    changed = connection.execute(
        update(lease_table)
        .where(columns.name == lease.name, columns.token == lease.token)
        .where(columns.lease_until.is_not(None))
        .values(lease_until=lease_until)
    )
    if changed.rowcount != 1:
        raise LeaseLost(name=lease.name, token=lease.token)
