"""Reservations: what an award has of its policy's budget, and its place among those that wait.

An award's own amount is never changed by a lack of money. What it may be paid is `reserved_fen` of
its reservation; while that is less than what it comes to, the rest waits. An amount that is still
open reserves nothing and has no place yet: it is not zero, and it holds nobody up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    bindparam,
    collate,
    or_,
    select,
    update,
)

from awards.award import award_table
from awards.budget import BudgetKey, budget_table
from ledger.bulk import insert_columns
from ledger.database import Instant, metadata
from ledger.journal import NewEntry
from policies.terms_file import BudgetOrder

ReservationState = Literal["reserved", "waiting", "returned"]
AT_ONCE = 500

reservation_table = Table(
    "budget_reservation",
    metadata,
    Column("award_id", String(32), ForeignKey(award_table.c.id), primary_key=True),
    Column("policy", String(100), nullable=False),
    Column("budget_period", String(20), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("seen_on", Date, nullable=False),  # the day of the run that first had the match
    Column("wanted_fen", BigInteger),  # what the award comes to; null: still open
    Column("reserved_fen", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("revision", Integer, nullable=False),  # grows with each change
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["policy", "budget_period"], [budget_table.c.policy, budget_table.c.period]
    ),
    CheckConstraint("state IN ('reserved', 'waiting', 'returned')", name="state"),
    CheckConstraint("reserved_fen >= 0 AND reserved_fen <= wanted_fen", name="reserved_fen"),
    CheckConstraint("wanted_fen IS NOT NULL OR reserved_fen = 0", name="open_amount"),
    CheckConstraint("state <> 'reserved' OR wanted_fen IS NOT NULL", name="reserved_amount"),
    CheckConstraint("state <> 'returned' OR reserved_fen = 0", name="returned_amount"),
    Index("ix_budget_reservation_policy_budget_period", "policy", "budget_period"),
)
for _name in ("seen_on", "wanted_fen"):
    Index(
        f"ix_budget_reservation_waiting_{_name}",
        reservation_table.c.policy,
        reservation_table.c.budget_period,
        reservation_table.c[_name],
        reservation_table.c.subject,
        sqlite_where=reservation_table.c.state == "waiting",
        postgresql_where=reservation_table.c.state == "waiting",
    )

Place = tuple[int, date, str, str, str]
"""Where an award stands: by its amount where that counts, by the day it was first seen, then by
subject, period and item."""

LAST: Place = (2**63, date.max, "", "", "")
"""Behind every place there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One award's part of a budget, with what the journal says about the award."""

    award_id: str
    key: BudgetKey
    version: str
    subject: str
    period: str
    item: str
    seen_on: date
    wanted_fen: int | None
    reserved_fen: int
    state: ReservationState
    revision: int
    award_state: str
    award_fen: int | None  # what the award itself says by now

    @property
    def need_fen(self) -> int:
        """What it has not got yet; 0 while the amount is open."""
        return 0 if self.wanted_fen is None else self.wanted_fen - self.reserved_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserving:
    """A new content of a reservation; without `wanted_fen` the amount stays open."""

    was: Reservation
    wanted_fen: int | None
    reserved_fen: int
    state: ReservationState


def place_of(
    order: BudgetOrder, wanted_fen: int, seen_on: date, subject: str, period: str, item: str
) -> Place:
    """An award's place in the order; smaller comes first."""
    rank = {"highest": -wanted_fen, "lowest": wanted_fen}.get(order, 0)
    return (rank, seen_on, subject, period, item)


def place_in(order: BudgetOrder, one: Reservation) -> Place:
    """The place of a reservation whose amount is known."""
    return place_of(order, one.wanted_fen or 0, one.seen_on, one.subject, one.period, one.item)


def read_queue(
    connection: Connection, key: BudgetKey, order: BudgetOrder, limit: int | None
) -> list[Reservation]:
    """Those that wait, the first come first, at most `limit`; without those still open."""
    columns, award = reservation_table.c, award_table.c
    by_amount: dict[str, list[ColumnElement[Any]]] = {
        "highest": [columns.wanted_fen.desc()],
        "lowest": [columns.wanted_fen],
    }
    ties: list[ColumnElement[str]] = [award.period, award.item]
    if connection.dialect.name == "postgresql":
        ties = [collate(tie, "C") for tie in ties]  # as Python and SQLite compare texts
    query = (
        _reservations()
        .where(columns.policy == key.policy, columns.budget_period == key.period)
        .where(columns.state == "waiting", columns.wanted_fen.is_not(None))
        .order_by(*by_amount.get(order, []), columns.seen_on, columns.subject, *ties)
        .limit(limit)
    )
    return [_reservation_of(row) for row in connection.execute(query)]


def read_head(connection: Connection, key: BudgetKey, order: BudgetOrder) -> Place | None:
    """The place of the first that waits; nobody behind it gets anything before it does."""
    queue = read_queue(connection, key, order, 1)
    return place_in(order, queue[0]) if queue else None


def read_reservations(connection: Connection, awards: Sequence[str]) -> list[Reservation]:
    """The reservations of these awards, by award; of one without there is none."""
    found: list[Reservation] = []
    for start in range(0, len(awards), AT_ONCE):
        some = awards[start : start + AT_ONCE]
        query = _reservations().where(reservation_table.c.award_id.in_(some))
        found += [_reservation_of(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: one.award_id)


def read_all(connection: Connection, key: BudgetKey) -> list[Reservation]:
    """Every reservation of a budget that is not returned, also those still open."""
    columns = reservation_table.c
    query = _reservations().where(
        columns.policy == key.policy,
        columns.budget_period == key.period,
        columns.state != "returned",
    )
    return [_reservation_of(row) for row in connection.execute(query)]


def find_ended(connection: Connection, key: BudgetKey) -> list[str]:
    """Awards that were declined or withdrawn and still hold a reservation."""
    columns = reservation_table.c
    query = (
        select(columns.award_id)
        .join_from(reservation_table, award_table, award_table.c.id == columns.award_id)
        .where(columns.policy == key.policy, columns.budget_period == key.period)
        .where(columns.state != "returned", award_table.c.state.in_(("declined", "withdrawn")))
        .order_by(columns.award_id)
    )
    return list(connection.scalars(query))


def find_changed(connection: Connection, key: BudgetKey) -> list[Reservation]:
    """Reservations that say another amount than their open awards, or nothing of a reopened one.

    A recall sets amounts back and opens withdrawn awards again without asking for money.
    """
    columns, award = reservation_table.c, award_table.c
    query = (
        _reservations()
        .where(columns.policy == key.policy, columns.budget_period == key.period)
        .where(award.state == "opened")
        .where(
            or_(
                columns.state == "returned",
                columns.wanted_fen.is_distinct_from(award.amount_fen),
            )
        )
        .order_by(columns.award_id)
    )
    return [_reservation_of(row) for row in connection.execute(query)]


def insert_reservations(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the reservations of new awards."""
    if rows:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        insert_columns(connection, reservation_table, shared={}, columns=columns)


def change_reservations(
    connection: Connection, changes: Sequence[Reserving], now: datetime
) -> list[Reserving]:
    """Write new contents; those that nobody has changed since they were read."""
    columns = reservation_table.c
    statement = (
        update(reservation_table)
        .where(columns.award_id == bindparam("award"), columns.revision == bindparam("seen"))
        .values(
            wanted_fen=bindparam("wanted"),
            reserved_fen=bindparam("reserved"),
            state=bindparam("becomes"),
            revision=bindparam("next"),
            changed_at=now,
        )
    )
    done = []
    for change in changes:
        values = {
            "award": change.was.award_id,
            "seen": change.was.revision,
            "wanted": change.wanted_fen,
            "reserved": change.reserved_fen,
            "becomes": change.state,
            "next": change.was.revision + 1,
        }
        if connection.execute(statement, values).rowcount == 1:
            done.append(change)
    return done


def entry_of(kind: str, change: Reserving, *, actor: str, now: datetime) -> NewEntry:
    """What the journal says of a change: the award in full, what it has now and had before."""
    was = change.was
    body = {
        "award": was.award_id,
        "policy": was.key.policy,
        "version": was.version,
        "period": was.period,
        "item": was.item,
        "amount_fen": change.wanted_fen,
        "before_fen": was.reserved_fen,
        "reserved_fen": change.reserved_fen,
        "budget": was.key.period,
        "revision": was.revision + 1,
    }
    return NewEntry(kind=kind, actor=actor, subject=was.subject, body=body, now=now)


def by_place(order: BudgetOrder, some: Iterable[Reservation]) -> list[Reservation]:
    """Reservations whose amounts are known, in their order."""
    return sorted(some, key=lambda one: place_in(order, one))


def _reservations() -> Select[Any]:
    columns, award = reservation_table.c, award_table.c
    return select(
        *(columns.award_id, columns.policy, columns.budget_period, columns.subject),
        *(columns.seen_on, columns.wanted_fen, columns.reserved_fen, columns.state),
        *(columns.revision, award.policy_version, award.period, award.item),
        award.state.label("award_state"),
        award.amount_fen.label("award_fen"),
    ).join_from(reservation_table, award_table, award.id == columns.award_id)


def _reservation_of(row: Row[Any]) -> Reservation:
    return Reservation(
        award_id=row.award_id,
        key=BudgetKey(policy=row.policy, period=row.budget_period),
        version=row.policy_version,
        subject=row.subject,
        period=row.period,
        item=row.item,
        seen_on=row.seen_on,
        wanted_fen=row.wanted_fen,
        reserved_fen=row.reserved_fen,
        state=row.state,
        revision=row.revision,
        award_state=row.award_state,
        award_fen=row.award_fen,
    )
