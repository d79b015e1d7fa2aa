"""What becomes of each policy of a run, kept by the database itself, whoever writes into it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Executable, delete, insert, text, update

from engine.errors import RunRefused
from engine.run_act import (
    approve_held,
    check_approval,
    list_run_acts,
    persons_behind,
    run_act_table,
    sign_start,
)
from engine.run_policy import (
    list_run_policies,
    run_policy_table,
)
from ledger.actor import change_role, retire_actor
from ledger.database import reading
from ledger.errors import ActorRefused, ChangeRefused, KeyRefused
from ledger.journal import journal_entry
from ledger.refusal import refusals
from ledger.signing import make_private_key
from policies.publication import Signer
from tests.brake_world import FIGURES, OVER, World, world
from tests.storage_world import NOW, all_rows, minutes_later
from tests.support.publishing import make_actor

__all__ = ["world"]  # a fixture


def refused(engine: Engine, what: Callable[[Connection], object]) -> str:
    """The message with which the database refuses a statement; nothing of it is written."""
    with pytest.raises(ChangeRefused) as caught, engine.begin() as connection, refusals():
        what(connection)
    return str(caught.value)


def executing(statement: Executable, *values: dict[str, Any]) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(statement, *values)


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
    assert message in refused(world.engine, executing(change))
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
    message = refused(world.engine, executing(change))
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
        assert told in refused(world.engine, executing(statement))
    row = dict(all_rows(world.engine, run_policy_table)[0]._mapping)
    new = {**row, "id": 99, "policy": "town", "state": "approved"}
    for values, told in ((new, "begins as accepted or held"), (row, "written once")):
        added = insert(run_policy_table).values(values)
        assert told in refused(world.engine, executing(added))
    if world.engine.dialect.name == "sqlite":
        for table, values in (
            ("run_policy", row),
            ("run_act", all_rows(world.engine, run_act_table)[0]._mapping),
        ):
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            replaced = text(f"REPLACE INTO {table} ({names}) VALUES ({marks})")
            at = {n: str(v) if n in ("at", "decided_at") else v for n, v in values.items()}
            refused(world.engine, executing(replaced, at))


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
    message = refused(world.engine, executing(change))
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
