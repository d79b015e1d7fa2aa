"""What a run is compared with: the run that counts of each policy, and nothing older over it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from console.deciding_held import approved_with
from engine.errors import RunOvertaken, RunRefused
from engine.run import Run, accept_run
from engine.run_policy import (
    Decided,
    RunPolicy,
    list_held,
    list_run_policies,
    settle_policies,
)
from ledger.database import reading
from ledger.errors import ChangeRefused
from tests.brake_world import FIGURES, OVER, World, world
from tests.storage_world import ACTOR, NOW, make_run

__all__ = ["world"]  # a fixture


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
