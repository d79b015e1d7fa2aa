"""A lease: the right to do one thing alone for a while, with a token that grows with each holder.

A worker that was stopped past its lease and wakes up again shows an old token and is refused
(a fencing token). Time is given by the caller.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, String, Table, or_, update

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
    """The same lease for longer. Raises LeaseLost where somebody else has it.

    In a transaction with the work itself this is the fence: the work commits only with a live
    token.
    """
    _change_lease(connection, lease, lease_until=now + lasts)
    return replace(lease, lease_until=now + lasts)


def release_lease(connection: Connection, lease: Lease) -> None:
    """Give the lease back. Raises LeaseLost where somebody else has it."""
    _change_lease(connection, lease, lease_until=None)


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
