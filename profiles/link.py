"""Links between rows and firms, and who decided each (关联、待核).

The machine proposes: its links and what it lays before a person are made anew by every run. What a
person has accepted or rejected stays, and no run changes it. Rows are known by a keyed hash of what
they can be linked by, firms by their surrogate id.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    select,
    update,
)

from ledger.database import Instant, insert_absent, metadata
from ledger.journal import NewEntry, record_all
from profiles.errors import LinkRefused

State = Literal["linked", "review", "accepted", "rejected"]
MACHINE = ("linked", "review")
BY_MACHINE = "linkage"
"""Who decided, where it was the model."""
BATCH = 1_000
"""Rows settled in one transaction."""

link_table = Table(
    "link",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("dataset", String(63), nullable=False),
    Column("row", String(32), nullable=False),  # a keyed hash
    Column("candidate", String(40), nullable=False),  # a surrogate id
    Column("state", String(10), nullable=False),
    Column("score", Integer, nullable=False),  # ten-thousandths
    Column("ahead", Integer, nullable=False),  # of the next candidate, in ten-thousandths
    Column("line", Integer, nullable=False),  # in the file of this hash
    Column("source", String(64), nullable=False),
    Column("register", String(64), nullable=False),  # the release that was linked to
    Column("model", String(64), nullable=False),
    Column("shown", Text, nullable=False),  # row and candidate, masked, as JSON
    Column("decided_by", String(100), nullable=False),
    Column("decided_at", Instant, nullable=False),
    CheckConstraint("state IN ('linked', 'review', 'accepted', 'rejected')", name="state"),
)
_IN_FORCE = link_table.c.state.in_(("linked", "accepted"))
Index(
    "uq_link_one_firm",
    link_table.c.dataset,
    link_table.c.row,
    unique=True,
    sqlite_where=_IN_FORCE,
    postgresql_where=_IN_FORCE,
)
Index("ix_link_row", link_table.c.dataset, link_table.c.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A row and a firm that may be the same; `score` and `ahead` are ten-thousandths."""

    id: str
    dataset: str
    row: str
    candidate: str
    state: State
    score: int
    ahead: int
    line: int
    source: str
    register: str
    model: str
    shown: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a run has changed: links made and dropped, rows for a person, rows a person decided."""

    made: int
    dropped: int
    review: int
    by_person: int


def name_link(dataset: str, row: str, candidate: str) -> str:
    """The id of a pair: the same in every run."""
    text = "\0".join((dataset, row, candidate))
    return hashlib.blake2b(text.encode(), digest_size=6, person=b"zhida-link").hexdigest()


def settle_links(
    engine: Engine, dataset: str, rows: Sequence[str], proposed: Iterable[Link], *, now: datetime
) -> Settled:
    """Put what a run proposes in the place of what runs proposed before of these rows.

    `rows` are all that the run looked at, also those for which it proposes nothing.
    """
    by_row: dict[str, list[Link]] = {row: [] for row in rows}
    for link in proposed:
        by_row[link.row].append(link)
    done = Settled(made=0, dropped=0, review=0, by_person=0)
    names = list(by_row)
    for start in range(0, len(names), BATCH):
        some = {row: by_row[row] for row in names[start : start + BATCH]}
        with engine.begin() as connection:
            part = _settle_some(connection, dataset, some, now)
        done = Settled(
            made=done.made + part.made,
            dropped=done.dropped + part.dropped,
            review=done.review + part.review,
            by_person=done.by_person + part.by_person,
        )
    return done


def decide_link(
    connection: Connection,
    link_id: str,
    decision: Literal["accepted", "rejected"],
    *,
    actor: str,
    now: datetime,
) -> Link:
    """Note what a person says of a pair; the same person may say otherwise later.

    Accepting one firm takes the machine's other proposals for the row away. Raises `LinkRefused`
    where there is no such pair, or another firm has been accepted for the row.
    """
    link = _find(connection, link_id)
    columns = link_table.c
    of_row = (columns.dataset == link.dataset) & (columns.row == link.row)
    if decision == "accepted":
        others = connection.execute(
            select(link_table).where(of_row, columns.id != link.id, columns.state == "accepted")
        ).all()
        if others:
            raise LinkRefused(
                f"link {link.id}: for this row {others[0].id} has been accepted already "
                "(reject that one first)"
            )
        connection.execute(
            delete(link_table).where(of_row, columns.id != link.id, columns.state.in_(MACHINE))
        )
    connection.execute(
        update(link_table)
        .where(columns.id == link.id)
        .values(state=decision, decided_by=actor, decided_at=now)
    )
    record_all(connection, [_entry(f"link.{decision}", link, actor=actor, now=now)])
    return _find(connection, link_id)


def read_links(
    connection: Connection,
    dataset: str | None = None,
    states: Sequence[State] = ("review",),
) -> list[Link]:
    """Links in these states, the most likely first."""
    columns = link_table.c
    query = select(link_table).where(columns.state.in_(states))
    if dataset is not None:
        query = query.where(columns.dataset == dataset)
    ordered = query.order_by(columns.dataset, columns.line, columns.score.desc(), columns.id)
    return [_link(row) for row in connection.execute(ordered)]


def _settle_some(
    connection: Connection, dataset: str, proposed: dict[str, list[Link]], now: datetime
) -> Settled:
    columns = link_table.c
    of_rows = (columns.dataset == dataset) & columns.row.in_(list(proposed))
    there = [
        _link(row)
        for row in connection.execute(select(link_table).where(of_rows).with_for_update())
    ]
    accepted = {link.row for link in there if link.state == "accepted"}
    rejected = {link.id for link in there if link.state == "rejected"}
    wanted = {
        link.id: link
        for row, links in proposed.items()
        for link in links
        if row not in accepted and link.id not in rejected
    }
    before = {link.id: link for link in there if link.state in MACHINE}
    connection.execute(delete(link_table).where(of_rows, columns.state.in_(MACHINE)))
    for link in wanted.values():
        # somebody may have decided of it since: then that stands
        connection.execute(insert_absent(connection, link_table).values(**_values(link)))
    entries = [
        _entry("link.made", link, actor=link.decided_by, now=now)
        for link in wanted.values()
        if link.state == "linked" and not _same_link(before.get(link.id), link)
    ]
    dropped = [
        link
        for link in before.values()
        if link.state == "linked" and getattr(wanted.get(link.id), "state", None) != "linked"
    ]
    entries += [_entry("link.dropped", link, actor=BY_MACHINE, now=now) for link in dropped]
    record_all(connection, entries)
    return Settled(
        made=sum(link.state == "linked" for link in wanted.values()),
        dropped=len(dropped),
        review=len({link.row for link in wanted.values() if link.state == "review"}),
        by_person=len(accepted | {link.row for link in there if link.state == "rejected"}),
    )


def _same_link(before: Link | None, after: Link) -> bool:
    """Whether a run has only found again what another found with the same model."""
    return before is not None and before.state == after.state and before.model == after.model


def _find(connection: Connection, link_id: str) -> Link:
    query = select(link_table).where(link_table.c.id == link_id)
    found = connection.execute(query.with_for_update()).one_or_none()
    if found is None:
        raise LinkRefused(f'there is no link "{link_id}" (all of them: zhida link list)')
    return _link(found)


def _link(row: Row[Any]) -> Link:
    return Link(**row._mapping)


def _values(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in Link.__slots__}


def _entry(kind: str, link: Link, *, actor: str, now: datetime) -> NewEntry:
    return NewEntry(
        kind=kind,
        actor=actor,
        subject=link.candidate,
        body={
            "link": link.id,
            "dataset": link.dataset,
            "row": link.row,
            "line": link.line,
            "source": link.source,
            "register": link.register,
            "score": link.score,
            "ahead": link.ahead,
            "model": link.model,
        },
        now=now,
    )
