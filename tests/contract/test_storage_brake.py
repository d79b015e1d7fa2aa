"""What becomes of each policy of a run, kept by the database itself, whoever writes into it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, text, update

from console.deciding_held import approved_with
from engine.brake import Excess, Figures, Held
from engine.errors import RunOvertaken, RunRefused
from engine.run import Run, accept_run, finish_run
from engine.run_act import (
    RunAct,
    approve_held,
    check_approval,
    discard_held,
    list_run_acts,
    persons_behind,
    recall_policy,
    run_act_table,
    sign_start,
    signed_text,
)
from engine.run_policy import (
    Decided,
    RunPolicy,
    find_bases,
    list_held,
    list_run_policies,
    run_policy_table,
    settle_policies,
)
from ledger.actor import ROLES, change_role, retire_actor
from ledger.database import reading
from ledger.errors import ActorRefused, ChangeRefused, KeyRefused
from ledger.journal import journal_entry
from ledger.refusal import refusals
from ledger.signing import make_private_key, sign
from policies.load import load_policies
from policies.policy import Policy
from policies.publication import Signer, submit
from policies.release import files_of
from tests.storage_world import ACTOR, NOW, all_rows, make_run, minutes_later
from tests.support.policy_texts import vocabulary
from tests.support.publishing import make_actor

TEXT = """
policy: {policy}
version: "1"
title: {{zh: 示范补贴, en: Grant of the sample city}}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{{document: 示范市补贴办法}}]
effective: {{from: 2026-01-01}}
clauses: [{{id: large, says: 人数不少于5人, source: 二, when: ui_insured_count >= 5}}]
benefit: {{amount: 1000}}
"""
FIGURES = Figures(audience=100, reached=90, eligible=90, amount_fen=900, before=1, gained=89)
OVER = Held(excesses=(Excess(limit="gained_share", figure=89, allowed=Fraction(1, 5), of=1),))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Who writes policies, who starts runs, two who approve, and one who does everything."""

    engine: Engine
    policies: dict[str, Policy]
    author: Signer
    starter: Signer
    first: Signer
    second: Signer
    all: Signer

    def run(self, snapshot: str = "a", starter: Signer | None = None) -> Run:
        run = make_run(self.engine, snapshot)
        if starter is not None:
            with self.engine.begin() as connection:
                sign_start(connection, run, starter, now=NOW)
        return finish_run(
            self.engine,
            run.id,
            outcome_hash=snapshot * 64,
            outcome_path=f"outcomes/{run.id}",
            counts={},
            actor=ACTOR,
            now=NOW,
        )

    def settle(self, run: Run, base: str | None = None, **held: Held | None) -> list[RunPolicy]:
        decided = [
            Decided(policy=self.policies[name], base_run=base, figures=FIGURES, held=why)
            for name, why in held.items()
        ]
        return settle_policies(self.engine, run, decided, actor=ACTOR, now=NOW)

    def hold(self, snapshot: str = "a", starter: Signer | None = None) -> RunPolicy:
        (one,) = self.settle(self.run(snapshot, starter), city=OVER)
        return one

    def approve(self, one: RunPolicy, signer: Signer, minute: float = 1) -> RunPolicy:
        with self.engine.begin() as connection:
            return approve_held(connection, one, signer, now=minutes_later(minute))

    def discard(self, one: RunPolicy, signer: Signer, reason: str = "wrong") -> RunPolicy:
        with self.engine.begin() as connection:
            return discard_held(connection, one, signer, now=minutes_later(1), reason=reason)

    def recall(self, one: RunPolicy, signer: Signer, minute: float = 2) -> RunPolicy:
        with self.engine.begin() as connection:
            return recall_policy(connection, one, signer, now=minutes_later(minute), reason="wrong")

    def states(self, run_id: str) -> dict[str, str]:
        with reading(self.engine) as connection:
            return {one.policy: one.state for one in list_run_policies(connection, run_id)}

    def base(self, policy: str = "city") -> str | None:
        with reading(self.engine) as connection:
            return find_bases(connection, [policy]).get(policy)

    def act(
        self, run: Run, one: RunPolicy | None, step: str, signer: Signer, **changes: Any
    ) -> None:
        """An act as somebody writes it who goes round the program, signed with a true key."""
        values: dict[str, Any] = {
            "run_id": run.id,
            "policy": "" if one is None else one.policy,
            "step": step,
            "actor": signer.name,
            "at": minutes_later(1),
            "reason": "why",
            "signature": "",
            **changes,
        }
        act = RunAct(**values)
        values["signature"] = sign(signer.private_key, signed_text(run, one, act))
        with self.engine.begin() as connection, refusals():
            connection.execute(insert(run_act_table).values(values))


@pytest.fixture
def world(database: Engine, tmp_path: Path) -> World:
    policies = {}
    with database.begin() as connection:
        author = make_actor(connection, "wang", "author", "approver", now=NOW)
        for name in ("city", "town", "village"):
            path = tmp_path / f"{name}.yaml"
            path.write_text(TEXT.format(policy=name), encoding="utf-8")
            loaded = load_policies([path], vocabulary())
            policies[name] = loaded.policies[0]
            submit(
                connection, loaded.policies[0], files_of(loaded.policies[0], loaded),
                signer=author, now=NOW,
            )  # fmt: skip
        return World(
            engine=database,
            policies=policies,
            author=author,
            starter=make_actor(connection, "sun", "operator", "approver", now=NOW),
            first=make_actor(connection, "li", "approver", now=NOW),
            second=make_actor(connection, "zhou", "approver", now=NOW),
            all=make_actor(connection, "zhao", *ROLES, now=NOW),
        )


def refused(engine: Engine, what: Callable[[Connection], object]) -> str:
    """The message with which the database refuses a statement; nothing of it is written."""
    with pytest.raises(ChangeRefused) as caught, engine.begin() as connection, refusals():
        what(connection)
    return str(caught.value)


def kinds(engine: Engine) -> list[str]:
    return [row.kind for row in all_rows(engine, journal_entry)]


def test_acceptance_is_per_policy_and_settled_once(world: World) -> None:
    run = world.run()
    first = world.settle(run, city=OVER, town=None)
    assert {one.policy: one.state for one in first} == {"city": "held", "town": "accepted"}
    assert first[0].held == OVER
    assert first[0].figures == FIGURES
    assert (world.base("town"), world.base("city")) == (run.id, None)
    # the same run again, whatever the limits are by now
    assert world.settle(run, city=None, town=OVER) == first
    assert kinds(world.engine).count("policy.held") == 1


def test_who_started_a_run_and_one_approver_stand_behind_an_approval(world: World) -> None:
    one = world.hold(starter=world.starter)
    approved = world.approve(one, world.first)
    assert (approved.state, approved.decided_by) == ("approved", "li")
    assert world.base() == one.run_id
    with reading(world.engine) as connection:
        assert persons_behind(connection, approved) == ["sun", "li"]
        check_approval(connection, approved)
    assert kinds(world.engine)[-1] == "policy.held-approved"


def test_a_run_that_nobody_has_signed_needs_two_approvers(world: World) -> None:
    one = world.hold()
    waiting = world.approve(one, world.first)
    assert waiting.state == "held"
    with pytest.raises(ChangeRefused, match="this step is done already"):
        world.approve(one, world.first, 2)
    assert world.approve(one, world.second, 2).state == "approved"


def test_whoever_started_the_run_decides_nothing_of_it_also_in_sql(world: World) -> None:
    one = world.hold(starter=world.starter)
    run = world.run()
    for step in ("approved", "discarded"):
        with pytest.raises(ChangeRefused, match="whoever started a run does not decide"):
            world.act(run, one, step, world.starter)
    with pytest.raises(ChangeRefused, match="takes a second person"):
        world.approve(one, world.starter)
    assert world.states(run.id) == {"city": "held"}


def test_the_author_of_a_policy_does_not_approve_it_also_in_sql(world: World) -> None:
    one = world.hold()
    with pytest.raises(ChangeRefused, match="whoever wrote or submitted a policy"):
        world.act(world.run(), one, "approved", world.author)


def test_nobody_approves_without_the_role_the_key_or_after_the_end(world: World) -> None:
    one = world.hold()
    with world.engine.begin() as connection:
        change_role(connection, "li", "approver", "revoked", by="tests", now=NOW)
        retire_actor(connection, "zhou", by="tests", now=NOW)
    with pytest.raises(ActorRefused, match="needs the role approver"):
        world.approve(one, world.first)
    with pytest.raises(ChangeRefused, match="does not hold the role"):
        world.act(world.run(), one, "approved", world.first)
    with pytest.raises(ChangeRefused, match="not active"):
        world.act(world.run(), one, "approved", world.second)
    stolen = Signer(name="zhao", private_key=make_private_key())
    with pytest.raises(KeyRefused):
        world.approve(one, stolen)
    # what was written without the key is found before anything follows
    world.act(world.run(), one, "approved", stolen)
    world.act(world.run(), one, "approved", world.starter)
    with world.engine.begin() as connection:
        connection.execute(update(run_policy_table).values(state="approved", decided_by="sun"))
    with reading(world.engine) as connection:
        (approved,) = list_run_policies(connection, one.run_id)
        with pytest.raises(RunRefused, match="not signed with their key"):
            check_approval(connection, approved)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("approved", "two people must stand behind it"),
        ("discarded", "somebody must have signed"),
        ("accepted", "does not go from that state"),
        ("recalled", "does not go from that state"),
        ("superseded", "no later run"),
    ],
)
def test_no_statement_sets_a_state_that_nobody_has_signed(
    world: World, state: str, message: str
) -> None:
    one = world.hold(starter=world.starter)
    change = update(run_policy_table).values(state=state, decided_by="li")
    assert message in refused(world.engine, lambda connection: connection.execute(change))
    assert world.states(one.run_id) == {"city": "held"}


def test_an_approval_counts_for_its_own_policy_and_run_alone(world: World) -> None:
    run = world.run(starter=world.starter)
    world.settle(run, city=OVER, town=OVER)
    with reading(world.engine) as connection:
        held = {one.policy: one for one in list_run_policies(connection, run.id)}
    world.approve(held["city"], world.first)
    change = (
        update(run_policy_table)
        .where(run_policy_table.c.policy == "town")
        .values(state="approved", decided_by="li")
    )
    message = refused(world.engine, lambda connection: connection.execute(change))
    assert "two people must stand behind it" in message


def test_acts_and_rows_are_never_changed_or_deleted(world: World) -> None:
    one = world.hold(starter=world.starter)
    world.approve(one, world.first)
    for statement, told in (
        (update(run_act_table).values(actor="zhao"), "an act is never changed"),
        (delete(run_act_table), "an act is never changed"),
        (delete(run_policy_table), "never deleted"),
        (update(run_policy_table).values(version="2"), "nothing is changed but its state"),
        (update(run_policy_table).values(base_run=one.run_id), "nothing is changed but its state"),
        (update(run_policy_table).values(reasons="{}"), "nothing is changed but its state"),
    ):
        assert told in refused(world.engine, lambda c, s=statement: c.execute(s))  # type: ignore[misc]
    row = dict(all_rows(world.engine, run_policy_table)[0]._mapping)
    new = {**row, "id": 99, "policy": "town", "state": "approved"}
    for values, told in ((new, "begins as accepted or held"), (row, "written once")):
        added = insert(run_policy_table).values(values)
        assert told in refused(world.engine, lambda c, s=added: c.execute(s))  # type: ignore[misc]
    if world.engine.dialect.name == "sqlite":
        for table, values in (
            ("run_policy", row),
            ("run_act", all_rows(world.engine, run_act_table)[0]._mapping),
        ):
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            replaced = text(f"REPLACE INTO {table} ({names}) VALUES ({marks})")
            at = {n: str(v) if n in ("at", "decided_at") else v for n, v in values.items()}
            refused(world.engine, lambda c, r=replaced, a=at: c.execute(r, a))  # type: ignore[misc]


def test_nobody_says_later_that_they_started_a_run(world: World) -> None:
    one = world.hold()
    with pytest.raises(ChangeRefused, match="decided already"):
        world.act(world.run(), None, "started", world.starter)
    run = world.run()
    with world.engine.begin() as connection:
        assert not sign_start(connection, run, world.starter, now=minutes_later(3))
    other = world.run("b", world.starter)
    with world.engine.begin() as connection:
        assert not sign_start(connection, other, world.all, now=minutes_later(3))
    with pytest.raises(ChangeRefused, match="done already"):
        world.act(other, None, "started", world.all)
    with reading(world.engine) as connection:
        assert persons_behind(connection, one) == []
        assert [act.actor for act in list_run_acts(connection, other.id)] == ["sun"]
        with pytest.raises(ActorRefused):
            sign_start(connection, other, world.first, now=NOW)


def test_a_later_run_supersedes_what_was_held_and_nothing_older_is_approved(world: World) -> None:
    old = world.hold("a", world.starter)
    new = world.hold("b", world.starter)
    assert world.states(old.run_id) == {"city": "superseded"}
    with pytest.raises(RunRefused, match="something newer"):
        world.approve(old, world.first)
    with pytest.raises(ChangeRefused, match="nothing is held there"):
        world.act(world.run("a"), old, "approved", world.first)
    world.approve(new, world.first)
    with reading(world.engine) as connection:
        assert list_held(connection) == []
        assert [one.run_id for one in list_held(connection, waiting=False)] == [
            new.run_id,
            old.run_id,
        ]


def test_a_run_compared_with_what_is_no_longer_the_last_is_refused(world: World) -> None:
    first, late = world.run("a"), world.run("b")
    world.settle(first, city=None)
    with pytest.raises(RunRefused, match="accepted meanwhile"):
        world.settle(late, city=None)
    assert world.states(late.id) == {}
    world.settle(late, first.id, city=None)
    assert world.base() == late.id


def test_a_run_accepted_as_a_whole_is_a_base_until_the_policy_is_accepted_in_another(
    world: World,
) -> None:
    """Such are runs of earlier versions, and those that decided no policy."""
    whole = accept_run(world.engine, world.run("a").id, actor=ACTOR, now=NOW)
    world.settle(world.run("b"), whole.id, city=None)
    assert world.base() is not None
    with pytest.raises(RunRefused, match="accepted meanwhile"):
        world.settle(world.run("c"), whole.id, city=None)
    (held,) = world.settle(world.run("c", world.starter), whole.id, town=OVER)
    assert world.approve(held, world.first).state == "approved"
    assert world.base("town") == held.run_id


def test_a_recalled_run_is_no_base_although_no_other_is_there(world: World) -> None:
    first = world.run("a")
    (one,) = world.settle(first, city=None)
    world.recall(one, world.first)
    world.recall(one, world.second)
    assert world.base() is None
    with pytest.raises(RunRefused, match="accepted meanwhile"):
        world.settle(world.run("b"), first.id, city=None)


def test_a_run_of_an_older_day_is_not_accepted_over_a_newer_one(world: World) -> None:
    newer, older = world.run("a"), make_run(world.engine, "b")
    older = replace(older, as_of=older.as_of - timedelta(days=1))
    first = world.settle(newer, city=None)
    for held in (None, OVER):
        with pytest.raises(RunOvertaken, match=f"of an older day than run {newer.id}"):
            world.settle(older, newer.id, city=held)
    assert world.states(older.id) == {}
    assert world.settle(newer, newer.id, city=None) == first


def test_all_that_was_approved_of_a_run_and_still_counts_is_followed_together(
    world: World,
) -> None:
    run = world.run("a", world.starter)
    held = world.settle(run, city=OVER, town=OVER, village=None)
    city, town = (world.approve(one, world.first) for one in held if one.state == "held")

    def followed_with(one: RunPolicy) -> list[str]:
        with reading(world.engine) as connection:
            return [other.policy for other in approved_with(connection, run.id, [one])]

    assert followed_with(city) == ["city", "town"]
    world.settle(world.run("b"), run.id, town=None)
    assert followed_with(city) == ["city"]
    assert followed_with(town) == ["city", "town"]


def test_after_a_discard_what_was_accepted_before_still_counts(world: World) -> None:
    first = world.run("a")
    world.settle(first, city=None)
    (one,) = world.settle(world.run("b", world.starter), first.id, city=OVER)
    with pytest.raises(RunRefused, match="say why"):
        world.discard(one, world.first, "  ")
    with pytest.raises(ChangeRefused, match="need a reason"):
        world.act(world.run("b"), one, "discarded", world.first, reason=" ")
    assert world.discard(one, world.first).state == "discarded"
    assert world.base() == first.id
    with pytest.raises(ChangeRefused, match="nothing is held there"):
        world.approve(one, world.second)
    with reading(world.engine) as connection:
        (discarded,) = list_run_policies(connection, one.run_id)
    with pytest.raises(RunRefused, match="discarded, not held"):
        world.approve(discarded, world.second)


def test_a_recall_takes_two_people_and_the_run_before_counts_again(world: World) -> None:
    first = world.run("a")
    world.settle(first, city=None)
    (one,) = world.settle(world.run("b"), first.id, city=None)
    with pytest.raises(ActorRefused):
        world.recall(one, make_signer(world))
    change = update(run_policy_table).where(run_policy_table.c.id == one.id)
    change = change.values(state="recalled")
    assert world.recall(one, world.starter).state == "accepted"
    assert world.recall(one, world.starter, 3).state == "accepted"  # the same person again
    message = refused(world.engine, lambda connection: connection.execute(change))
    assert "two people must stand behind a recall" in message
    assert world.recall(one, world.author, 4).state == "recalled"
    assert world.base() == first.id
    with reading(world.engine) as connection:
        (recalled,) = list_run_policies(connection, one.run_id)
    with pytest.raises(RunRefused, match="recalled"):
        world.recall(recalled, world.second)


def make_signer(world: World) -> Signer:
    with world.engine.begin() as connection:
        return make_actor(connection, "wu", "author", now=NOW)


def test_of_two_runs_that_settle_at_once_the_second_sees_the_first(
    world: World, open_engine: Callable[[], Engine]
) -> None:
    runs = [world.run("a"), world.run("b")]
    barrier = Barrier(2)

    def settle(run: Run) -> str:
        engine = open_engine()
        decided = [
            Decided(policy=self_policy, base_run=None, figures=FIGURES, held=None)
            for self_policy in (world.policies["city"],)
        ]
        barrier.wait()
        try:
            settle_policies(engine, run, decided, actor=ACTOR, now=NOW)
        except RunRefused:
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(settle, runs)) == ["accepted", "refused"]


def test_of_two_approvals_at_once_both_are_signed_and_the_policy_is_approved(
    world: World, open_engine: Callable[[], Engine]
) -> None:
    one = world.hold()
    barrier = Barrier(2)

    def approve(signer: Signer) -> str:
        engine = open_engine()
        barrier.wait()
        with engine.begin() as connection:
            return approve_held(connection, one, signer, now=minutes_later(1)).state

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, [world.first, world.second])) == ["approved", "held"]
    assert world.states(one.run_id) == {"city": "approved"}


def test_figures_and_reasons_are_read_as_they_were_written(world: World) -> None:
    one = world.hold()
    row = all_rows(world.engine, run_policy_table)[0]
    assert json.loads(row.counts)["gained"] == 89
    assert (one.figures, one.held) == (FIGURES, OVER)
    assert isinstance(one.held.excesses[0].allowed, Fraction)
