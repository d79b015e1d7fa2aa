"""Actors: who may do what here, since when, under which public key (经办人).

A role is granted and revoked by rows that are added and never changed, so that it can be told for
every moment who held what. An actor that has ended keeps its name and key for ever.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from ledger.database import SERIAL, Instant, metadata
from ledger.errors import ActorRefused
from ledger.journal import record
from ledger.refusal import refusals

Role = Literal["author", "reviewer", "approver", "operator", "finance", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
_NAME = re.compile(r"[^\W_][\w.-]{0,59}")
_LONG_NUMBER = re.compile(r"\d{9}|[0-9A-Za-z]{18}")
"""Of a name: it could be somebody's phone or identity number."""

actor_table = Table(
    "actor",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("public_key", String(64), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    UniqueConstraint("public_key"),
    CheckConstraint("until IS NULL OR until >= since", name="until"),
)

role_table = Table(
    "actor_role",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("actor", String(60), ForeignKey("actor.name"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("change", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(100), nullable=False),
    CheckConstraint(
        "role IN ('author', 'reviewer', 'approver', 'operator', 'finance', 'auditor')", name="role"
    ),
    CheckConstraint("change IN ('granted', 'revoked')", name="change"),
)
Index("ix_actor_role_actor", role_table.c.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpan:
    """A role that an actor holds or held."""

    role: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts here; `spans` are its roles in the order in which they were granted."""

    name: str
    public_key: str
    since: datetime
    until: datetime | None
    spans: tuple[RoleSpan, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that it holds now."""
        return tuple(span.role for span in self.spans if span.until is None)


def add_actor(
    connection: Connection,
    name: str,
    public_key: str,
    roles: Iterable[Role],
    *,
    by: str,
    now: datetime,
) -> None:
    """Enter an actor with its roles. Raises ActorRefused, ChangeRefused where it is there."""
    if not _NAME.fullmatch(name) or _LONG_NUMBER.search(name):
        raise ActorRefused(
            "that is no name for an actor (letters and digits, then also . - _; no long number)"
        )
    with refusals():
        connection.execute(insert(actor_table).values(name=name, public_key=public_key, since=now))
    body = {"actor": name, "public_key": public_key}
    record(connection, kind="actor.added", actor=by, body=body, now=now)
    for role in dict.fromkeys(roles):
        change_role(connection, name, role, "granted", by=by, now=now)


def change_role(
    connection: Connection,
    name: str,
    role: Role,
    change: Literal["granted", "revoked"],
    *,
    by: str,
    now: datetime,
) -> None:
    """Grant or revoke a role. Raises ActorRefused where that changes nothing."""
    held = role in find_actor(connection, name).roles
    if held == (change == "granted"):
        raise ActorRefused(f"{name} {'holds' if held else 'does not hold'} the role {role}")
    with refusals():
        connection.execute(
            insert(role_table).values(actor=name, role=role, change=change, at=now, by=by)
        )
    body = {"actor": name, "role": role}
    record(connection, kind=f"actor.role-{change}", actor=by, body=body, now=now)


def retire_actor(connection: Connection, name: str, *, by: str, now: datetime) -> None:
    """End an actor and with it all its roles; what it did stays."""
    if find_actor(connection, name).until is not None:
        raise ActorRefused(f"{name} has ended already")
    with refusals():
        connection.execute(update(actor_table).where(actor_table.c.name == name).values(until=now))
    record(connection, kind="actor.retired", actor=by, body={"actor": name}, now=now)


def find_actor(connection: Connection, name: str) -> Actor:
    """The actor of this name, also one that has ended. Raises ActorRefused."""
    found = [actor for actor in list_actors(connection) if actor.name == name]
    if not found:
        raise ActorRefused("there is no actor of that name (zhida actor list shows them)")
    return found[0]


def require_role(actor: Actor, roles: Sequence[Role], what: str) -> None:
    """Raise ActorRefused unless the actor holds one of these roles."""
    if actor.until is not None:
        raise ActorRefused(f"{actor.name} has ended and does nothing more here")
    if not set(roles) & set(actor.roles):
        needed = " or ".join(roles)
        raise ActorRefused(
            f"{actor.name} may not {what}: that needs the role {needed} "
            f"(zhida actor roles {actor.name} --grant {roles[0]})"
        )


def list_actors(connection: Connection) -> list[Actor]:
    """All actors by name, with their roles of all times."""
    changes = connection.execute(select(role_table).order_by(role_table.c.id)).all()
    found = []
    for row in connection.execute(select(actor_table).order_by(actor_table.c.name)):
        spans: list[RoleSpan] = []
        for change in (change for change in changes if change.actor == row.name):
            if change.change == "granted":
                spans.append(RoleSpan(role=change.role, since=change.at, until=row.until))
                continue
            for place, span in enumerate(spans):
                if span.role == change.role and span.until == row.until:
                    spans[place] = RoleSpan(role=span.role, since=span.since, until=change.at)
        found.append(
            Actor(
                name=row.name,
                public_key=row.public_key,
                since=row.since,
                until=row.until,
                spans=tuple(spans),
            )
        )
    return found
