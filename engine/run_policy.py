"""What became of each policy of a run: accepted at once, or held until people have decided.

Acceptance is per policy. What a policy is compared with is its own outcome that was accepted last,
so a policy that is held is compared the next time with what counted before. Who may change a state
to which is kept by the database (`ledger/migrations/versions/`), whoever writes into it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)

from engine.brake import Excess, Figures, Held
from engine.errors import RunOvertaken, RunRefused
from engine.run import Run, run_table
from ledger.database import SERIAL, Instant, metadata
from ledger.journal import canonical_json, record
from policies.policy import Policy

State = Literal["accepted", "held", "approved", "discarded", "superseded", "recalled"]
IN_FORCE: tuple[State, ...] = ("accepted", "approved")
"""States in which a policy's matches become awards, and later runs are compared with them."""

run_policy_table = Table(
    "run_policy",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(40), ForeignKey(run_table.c.id), nullable=False),
    Column("policy", String(100), nullable=False),  # the family, without version
    Column("version", String(40), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("base_run", String(40), ForeignKey(run_table.c.id)),  # null: it ran for the first time
    Column("counts", Text, nullable=False),  # canonical JSON: Figures
    Column("reasons", Text, nullable=False),  # canonical JSON: Held
    Column("decided_by", String(100), nullable=False),
    Column("decided_at", Instant, nullable=False),
    UniqueConstraint("run_id", "policy"),
    CheckConstraint(
        "state IN ('accepted', 'held', 'approved', 'discarded', 'superseded', 'recalled')",
        name="state",
    ),
)
Index("ix_run_policy_policy", run_policy_table.c.policy, run_policy_table.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPolicy:
    """One policy of a run. `base_run` is the run whose outcome it was compared with.

    `superseded`: it was held, and a later run has decided the policy. `id` grows with time.
    """

    id: int
    run_id: str
    policy: str
    version: str
    content_hash: str
    state: State
    base_run: str | None
    figures: Figures
    held: Held
    decided_by: str
    decided_at: datetime

    @property
    def key(self) -> str:
        """The policy with its version."""
        return f"{self.policy}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the brake says of one policy of a run; without `held` it is accepted."""

    policy: Policy
    base_run: str | None
    figures: Figures
    held: Held | None


def settle_policies(
    engine: Engine, run: Run, decided: Sequence[Decided], *, actor: str, now: datetime
) -> list[RunPolicy]:
    """Write what becomes of each policy of a run, once; again it is what was written first.

    A policy that was held in an earlier run and is decided by this one is superseded there. Raises
    RunRefused where another run was accepted since the policies were compared, RunOvertaken where
    what counts of a policy is of a later day than this run.
    """
    with engine.begin() as connection:
        _lock(connection)
        there = list_run_policies(connection, run.id)
        if there:
            return there
        for one in decided:
            if not is_base(connection, one.policy.id, one.base_run):
                raise RunRefused(
                    f"run {run.id}: another run of {one.policy.id} was accepted meanwhile "
                    "(run again: it is compared with that one)"
                )
            _refuse_older(connection, run, one.policy.id, one.base_run)
        for one in decided:
            state = "accepted" if one.held is None else "held"
            row = {
                "run_id": run.id,
                "policy": one.policy.id,
                "version": one.policy.version,
                "content_hash": one.policy.content_hash,
                "state": state,
                "base_run": one.base_run,
                "counts": canonical_json(asdict(one.figures)),
                "reasons": canonical_json(_plain_held(one.held)),
                "decided_by": actor,
                "decided_at": now,
            }
            connection.execute(insert(run_policy_table).values(row))
            if one.held is not None:
                body = {
                    "run": run.id,
                    "policy": one.policy.id,
                    "version": one.policy.version,
                    "figures": asdict(one.figures),
                    **_plain_held(one.held),
                }
                record(connection, kind="policy.held", actor=actor, body=body, now=now)
        _supersede(connection, run.id, [one.policy.id for one in decided], actor, now)
        return list_run_policies(connection, run.id)


def list_run_policies(connection: Connection, run_id: str) -> list[RunPolicy]:
    """Every policy of a run, by id."""
    columns = run_policy_table.c
    rows = connection.execute(
        select(run_policy_table).where(columns.run_id == run_id).order_by(columns.policy)
    )
    return [_run_policy_of(row) for row in rows]


def list_held(connection: Connection, *, waiting: bool = True) -> list[RunPolicy]:
    """What is held, the newest first; with `waiting` False also what was held and is decided."""
    columns = run_policy_table.c
    statement = select(run_policy_table).order_by(columns.id.desc())
    if waiting:
        statement = statement.where(columns.state == "held")
    else:
        statement = statement.where(columns.reasons != canonical_json(_plain_held(None)))
    return [_run_policy_of(row) for row in connection.execute(statement)]


def find_bases(connection: Connection, policies: Iterable[str]) -> dict[str, str]:
    """The run in which each policy was accepted last, by the policy's id; none where it never was.

    A policy of the time before acceptance was per policy is not among them.
    """
    wanted = set(policies)
    columns = run_policy_table.c
    last = (
        select(func.max(columns.id).label("id"))
        .where(columns.state.in_(IN_FORCE))
        .group_by(columns.policy)
        .subquery()
    )
    rows = connection.execute(
        select(columns.policy, columns.run_id).join(last, last.c.id == columns.id)
    )
    return {row.policy: row.run_id for row in rows if row.policy in wanted}


def is_base(connection: Connection, policy: str, base_run: str | None) -> bool:
    """Whether a policy is (still) compared with this run; None: with nothing.

    A policy that no run has accepted by itself is compared with a run that was accepted as a whole,
    or with nothing: such a run has nothing written of its policies.
    """
    last = find_bases(connection, [policy]).get(policy)
    if last is not None or base_run is None:
        return last == base_run
    columns = run_policy_table.c
    by_policy = select(columns.id).where(columns.run_id == base_run).limit(1)
    return connection.scalar(by_policy) is None


def find_accepted(connection: Connection, bases: Mapping[str, str]) -> dict[str, RunPolicy]:
    """The rows of `bases`, by the policy's id."""
    columns = run_policy_table.c
    found = {}
    for run_id in sorted(set(bases.values())):
        for row in connection.execute(
            select(run_policy_table).where(columns.run_id == run_id, columns.state.in_(IN_FORCE))
        ):
            if bases.get(row.policy) == run_id:
                found[row.policy] = _run_policy_of(row)
    return found


def list_stopped(connection: Connection, run_id: str, policies: Iterable[str]) -> list[str]:
    """Those of these policies of which nothing follows from a run: held, discarded, recalled.

    The states of all of them stay as they are until this transaction ends.
    """
    columns = run_policy_table.c
    rows = connection.execute(
        select(columns.policy, columns.state)
        .where(columns.run_id == run_id, columns.policy.in_(sorted(set(policies))))
        .order_by(columns.policy)
        .with_for_update(read=True)
    )
    return [row.policy for row in rows if row.state not in IN_FORCE]


def find_overtaken(
    connection: Connection, run_id: str, decided: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Those of these policies and periods of a run that a later run, which was accepted, decided.

    Of a later run that did not note its periods it is all of them.
    """
    asked = set(decided)
    columns, later = run_policy_table.c, run_policy_table.alias("later")
    rows = connection.execute(
        select(columns.policy, later.c.counts)
        .join(later, (later.c.policy == columns.policy) & (later.c.id > columns.id))
        .where(columns.run_id == run_id, columns.policy.in_(sorted({p for p, _ in asked})))
        .where(later.c.state.in_(IN_FORCE))
    )
    periods = {(row.policy, json.loads(row.counts).get("period", "")) for row in rows}
    return {one for one in asked if {one, (one[0], "")} & periods}


def change_state(
    connection: Connection,
    one: RunPolicy,
    state: State,
    *,
    actor: str,
    now: datetime,
) -> RunPolicy:
    """Set a state that the acts of people allow; the database refuses any other."""
    columns = run_policy_table.c
    connection.execute(
        update(run_policy_table)
        .where(columns.id == one.id)
        .values(state=state, decided_by=actor, decided_at=now)
    )
    row = connection.execute(select(run_policy_table).where(columns.id == one.id)).one()
    return _run_policy_of(row)


def refuse_overtaken(connection: Connection, run: Run, policies: Iterable[str]) -> None:
    """Raise RunOvertaken where what counts of one of these policies is of a later day than a run
    that nothing was settled of yet: before it is decided for nothing.

    `settle_policies` asks once more, when nobody else can settle anything.
    """
    if list_run_policies(connection, run.id):
        return
    for policy, base_run in sorted(find_bases(connection, policies).items()):
        _refuse_older(connection, run, policy, base_run)


def _refuse_older(connection: Connection, run: Run, policy: str, base_run: str | None) -> None:
    columns = run_table.c
    day = connection.scalar(select(columns.as_of).where(columns.id == base_run))
    if day is not None and run.as_of < day:
        raise RunOvertaken(
            f"run {run.id}: it is of an older day than run {base_run}, which counts of {policy} "
            "(nothing follows from it; run over a newer snapshot, or recall the newer run first)"
        )


def _supersede(
    connection: Connection, run_id: str, policies: Sequence[str], actor: str, now: datetime
) -> None:
    """What was held of these policies before waits for nobody any more: this run decided them."""
    columns = run_policy_table.c
    rows = connection.execute(
        select(columns.id, columns.run_id, columns.policy, columns.version)
        .where(columns.state == "held", columns.run_id != run_id)
        .order_by(columns.id)
    ).all()
    for row in rows:
        if row.policy not in policies:
            continue
        connection.execute(
            update(run_policy_table)
            .where(columns.id == row.id)
            .values(state="superseded", decided_by=actor, decided_at=now)
        )
        body = {"run": row.run_id, "policy": row.policy, "version": row.version, "by": run_id}
        record(connection, kind="policy.superseded", actor=actor, body=body, now=now)


def _lock(connection: Connection) -> None:
    """One run at a time settles its policies: the second sees what the first has accepted."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE run_policy IN SHARE ROW EXCLUSIVE MODE"))


def _plain_held(held: Held | None) -> dict[str, Any]:
    if held is None:
        return {"excesses": [], "linked": []}
    excesses = [
        {
            "limit": one.limit,
            "figure": one.figure,
            "allowed": str(one.allowed),
            "of": one.of,
        }
        for one in held.excesses
    ]
    return {"excesses": excesses, "linked": list(held.linked)}


def _run_policy_of(row: Row[Any]) -> RunPolicy:
    reasons = json.loads(row.reasons)
    excesses = tuple(
        Excess(
            limit=one["limit"],
            figure=one["figure"],
            allowed=Fraction(one["allowed"]),
            of=one["of"],
        )
        for one in reasons["excesses"]
    )
    values = {
        **row._mapping,
        "figures": Figures(**json.loads(row.counts)),
        "held": Held(excesses=excesses, linked=tuple(reasons["linked"])),
    }
    del values["counts"], values["reasons"]
    return RunPolicy(**values)
