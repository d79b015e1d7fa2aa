"""What people do with a run, signed: start it, approve or discard what is held of it, recall it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)

from engine.errors import RunRefused
from engine.run import Run, find_run, run_table
from engine.run_policy import IN_FORCE, RunPolicy, change_state, is_base, run_policy_table
from ledger.actor import Role, find_actor, list_actors, require_role
from ledger.database import SERIAL, Instant, metadata
from ledger.errors import KeyRefused
from ledger.journal import record
from ledger.refusal import refusals
from ledger.signing import is_signed, public_key_of, sign
from policies.publication import Signer

Step = Literal["started", "approved", "discarded", "recalled"]
NEEDED: dict[Step, tuple[Role, ...]] = {
    "started": ("operator",),
    "approved": ("approver",),
    "discarded": ("approver", "operator"),
    "recalled": ("approver", "operator"),
}
"""The roles of which one is needed for a step."""
_VERBS: dict[Step, str] = {
    "started": "start a run",
    "approved": "approve what is held",
    "discarded": "discard what is held",
    "recalled": "recall awards",
}

run_act_table = Table(
    "run_act",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(40), ForeignKey(run_table.c.id), nullable=False),
    Column("policy", String(100), nullable=False),  # "" where it is about the whole run
    Column("step", String(10), nullable=False),
    Column("actor", String(60), ForeignKey("actor.name"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    UniqueConstraint("run_id", "policy", "step", "actor"),
    CheckConstraint("step IN ('started', 'approved', 'discarded', 'recalled')", name="step"),
    CheckConstraint("length(signature) = 128", name="signature"),
    CheckConstraint("(step = 'started') = (policy = '')", name="policy"),
)
Index(
    "uq_run_act_started",
    run_act_table.c.run_id,
    unique=True,
    sqlite_where=run_act_table.c.step == "started",
    postgresql_where=run_act_table.c.step == "started",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAct:
    """A step that somebody has taken with a run, or with one policy of it."""

    run_id: str
    policy: str
    step: str
    actor: str
    at: datetime
    reason: str
    signature: str


def signed_text(run: Run, one: RunPolicy | None, act: RunAct) -> dict[str, Any]:
    """What the actor signs: the run by what it was made from, a policy by its very outcome."""
    return {
        "form": "zhida-run-act-1",
        "run": run.id,
        "program": run.program_hash,
        "snapshot": run.snapshot_hash,
        "outcome": "" if one is None else run.outcome_hash or "",
        "policy": "" if one is None else one.key,
        "content_hash": "" if one is None else one.content_hash,
        "compared_with": "" if one is None else one.base_run or "",
        "step": act.step,
        "actor": act.actor,
        "at": act.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "reason": act.reason,
    }


def list_run_acts(connection: Connection, run_id: str, policy: str | None = None) -> list[RunAct]:
    """What was done with a run in order; with `policy` only what was done with that one."""
    columns = run_act_table.c
    statement = select(run_act_table).where(columns.run_id == run_id).order_by(columns.id)
    if policy is not None:
        statement = statement.where(columns.policy == policy)
    return [
        RunAct(**{name: getattr(row, name) for name in RunAct.__slots__})
        for row in connection.execute(statement)
    ]


def sign_start(connection: Connection, run: Run, signer: Signer, *, now: datetime) -> bool:
    """Note who started a run, so that another one must approve; False where it is under way.

    Of a run that somebody else has started, or whose policies are settled, nothing is noted.
    """
    settled = select(run_policy_table.c.id).where(run_policy_table.c.run_id == run.id).limit(1)
    started = [act for act in list_run_acts(connection, run.id) if act.step == "started"]
    if started or connection.scalar(settled) is not None:
        _acting(connection, signer, "started")
        return False
    _take(connection, run, None, "started", signer, now, "")
    return True


def approve_held(
    connection: Connection, one: RunPolicy, signer: Signer, *, now: datetime, reason: str = ""
) -> RunPolicy:
    """Put one's name to what is held; approved once two people stand behind it.

    They are whoever started the run and an approver, or two approvers where nobody has signed the
    start. Raises RunRefused where the policy is not held, or a later run has decided it.
    """
    run = _held_run(connection, one)
    later = [
        row.run_id
        for row in connection.execute(
            select(run_policy_table.c.run_id).where(
                run_policy_table.c.policy == one.policy,
                run_policy_table.c.id > one.id,
                run_policy_table.c.state != "discarded",
            )
        )
    ]
    if later or not is_base(connection, one.policy, one.base_run):
        raise RunRefused(
            f"{one.policy} of run {one.run_id}: something newer was decided since it was held "
            f"(look at {later[-1] if later else 'zhida held list'}, or discard this one)"
        )
    _take(connection, run, one, "approved", signer, now, reason)
    if len(persons_behind(connection, one)) < 2:
        return one
    return change_state(connection, one, "approved", actor=signer.name, now=now)


def discard_held(
    connection: Connection, one: RunPolicy, signer: Signer, *, now: datetime, reason: str
) -> RunPolicy:
    """Set aside what is held: nothing follows from it. One person other than who started it."""
    run = _held_run(connection, one)
    _take(connection, run, one, "discarded", signer, now, reason)
    return change_state(connection, one, "discarded", actor=signer.name, now=now)


def recall_policy(
    connection: Connection, one: RunPolicy, signer: Signer, *, now: datetime, reason: str
) -> RunPolicy:
    """Put one's name to the recall of what a policy gave in a run; recalled once two have."""
    if one.state not in IN_FORCE:
        raise RunRefused(f"{one.policy} of run {one.run_id} is {one.state}: nothing came of it")
    run = find_run(connection, one.run_id)
    assert run is not None  # a foreign key
    mine = [
        act for act in list_run_acts(connection, one.run_id, one.policy) if act.step == "recalled"
    ]
    if signer.name not in {act.actor for act in mine}:
        _take(connection, run, one, "recalled", signer, now, reason)
    if len({act.actor for act in mine} | {signer.name}) < 2:
        return one
    return change_state(connection, one, "recalled", actor=signer.name, now=now)


def persons_behind(connection: Connection, one: RunPolicy) -> list[str]:
    """Who stands behind an approval: who started the run, then the approvers in order."""
    acts = list_run_acts(connection, one.run_id)
    started = [act.actor for act in acts if act.step == "started"]
    approved = [act.actor for act in acts if act.step == "approved" and act.policy == one.policy]
    return list(dict.fromkeys([*started, *approved]))


def check_approval(connection: Connection, one: RunPolicy) -> None:
    """Raise RunRefused where an approval rests on an act whose signature is not its actor's.

    Asked before anything follows: somebody may have written rows without holding a key.
    """
    _check_acts(connection, one, ("started", "approved"))


def check_recall(connection: Connection, one: RunPolicy) -> None:
    """As `check_approval`, of a recall."""
    _check_acts(connection, one, ("recalled",))


def _check_acts(connection: Connection, one: RunPolicy, steps: tuple[Step, ...]) -> None:
    run = find_run(connection, one.run_id)
    assert run is not None  # a foreign key
    keys = {actor.name: actor.public_key for actor in list_actors(connection)}
    behind: set[str] = set()
    for act in list_run_acts(connection, one.run_id):
        if act.step not in steps or act.policy not in ("", one.policy):
            continue
        about = None if act.step == "started" else one
        if not is_signed(keys[act.actor], act.signature, signed_text(run, about, act)):
            raise RunRefused(
                f"{one.policy} of run {one.run_id}: the act of {act.actor} is not signed with "
                "their key (nothing follows from it; look at who writes into the database)"
            )
        behind.add(act.actor)
    if len(behind) < 2:
        raise RunRefused(f"{one.policy} of run {one.run_id}: two people must stand behind it")


def _held_run(connection: Connection, one: RunPolicy) -> Run:
    if one.state != "held":
        raise RunRefused(f"{one.policy} of run {one.run_id} is {one.state}, not held")
    run = find_run(connection, one.run_id)
    assert run is not None  # a foreign key
    return run


def _acting(connection: Connection, signer: Signer, step: Step) -> None:
    actor = find_actor(connection, signer.name)
    require_role(actor, NEEDED[step], _VERBS[step])
    if public_key_of(signer.private_key) != actor.public_key:
        raise KeyRefused(f"that key is not the one of {actor.name} (name its file: --key-file)")


def _take(
    connection: Connection,
    run: Run,
    one: RunPolicy | None,
    step: Step,
    signer: Signer,
    now: datetime,
    reason: str,
) -> None:
    _acting(connection, signer, step)
    act = RunAct(
        run_id=run.id,
        policy="" if one is None else one.policy,
        step=step,
        actor=signer.name,
        at=now,
        reason=reason.strip(),
        signature="",
    )
    if step in ("discarded", "recalled") and not act.reason:
        raise RunRefused(f"say why {act.policy} of run {run.id} is {step} (--reason …)")
    signature = sign(signer.private_key, signed_text(run, one, act))
    values = {name: getattr(act, name) for name in RunAct.__slots__} | {"signature": signature}
    with refusals():
        connection.execute(insert(run_act_table).values(values))
    body = {"run": run.id}
    if one is not None:
        body |= {"policy": one.policy, "version": one.version, "outcome": run.outcome_hash or ""}
    if act.reason:
        body["reason"] = act.reason
    kind = "run.signed" if step == "started" else f"policy.held-{step}"
    kind = "policy.recall-signed" if step == "recalled" else kind
    record(connection, kind=kind, actor=act.actor, body=body, now=now)
