"""Runs: the same program over the same snapshot is one run, whatever was killed in between."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from engine.errors import RunNotReproduced, RunRefused
from engine.run import (
    Run,
    accept_run,
    begin_run,
    discard_run,
    find_run,
    finish_run,
    last_accepted_run,
    run_table,
)
from ledger.database import reading
from ledger.journal import journal_entry
from tests.storage_world import ACTOR, AS_OF, NOW, all_rows, make_run, minutes_later

COUNTS = {"eligible": 3, "unknown": 1}


def finish(engine: Engine, run: Run, outcome: str = "c") -> Run:
    return finish_run(
        engine,
        run.id,
        outcome_hash=outcome * 64,
        outcome_path=f"outcomes/{run.id}",
        counts=COUNTS,
        actor=ACTOR,
        now=minutes_later(1),
    )


def accept(engine: Engine, run: Run, minute: float) -> Run:
    return accept_run(engine, run.id, actor=ACTOR, now=minutes_later(minute))


def kinds(engine: Engine) -> list[str]:
    return [row.kind for row in all_rows(engine, journal_entry)]


def test_the_same_run_again_is_the_same_run(database: Engine) -> None:
    first = make_run(database)
    again = begin_run(
        database,
        as_of=AS_OF,
        snapshot_hash=first.snapshot_hash,
        program_hash=first.program_hash,
        actor="clerk-2",
        now=minutes_later(9),
    )
    assert again == first
    assert first.state == "started"
    assert kinds(database) == ["run.started"]


def test_another_snapshot_or_program_is_another_run(database: Engine) -> None:
    names = {make_run(database, snapshot).id for snapshot in "abc"}
    other = begin_run(
        database, as_of=AS_OF, snapshot_hash="a" * 64, program_hash="e" * 64, actor=ACTOR, now=NOW
    )
    assert len(names | {other.id}) == 4


def test_runs_begun_at_the_same_time_are_one(open_engine: Callable[[], Engine]) -> None:
    engines = [open_engine() for _ in range(3)]
    barrier = threading.Barrier(len(engines))
    runs: list[Run] = []

    def work(engine: Engine) -> None:
        barrier.wait()
        runs.append(make_run(engine))

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3
    assert len({run.id for run in runs}) == 1
    assert kinds(engines[0]) == ["run.started"]


def test_a_finished_run_keeps_what_it_found(database: Engine) -> None:
    run = finish(database, make_run(database))
    assert (run.state, run.counts, run.finished_at) == ("evaluated", COUNTS, minutes_later(1))
    assert run.outcome_path == f"outcomes/{run.id}"
    assert finish(database, run) == run
    assert make_run(database) == run
    assert kinds(database) == ["run.started", "run.evaluated"]


def test_a_run_that_gives_another_outcome_is_an_error(database: Engine) -> None:
    run = finish(database, make_run(database), "c")
    with pytest.raises(RunNotReproduced) as caught:
        finish(database, run, "d")
    assert caught.value.run_id == run.id


def test_only_an_evaluated_run_is_accepted_and_once(database: Engine) -> None:
    run = make_run(database)
    with pytest.raises(RunRefused, match="started"):
        accept(database, run, 2)
    finish(database, run)
    accepted = accept(database, run, 2)
    assert (accepted.state, accepted.decided_at) == ("accepted", minutes_later(2))
    assert accept(database, run, 3) == accepted
    with pytest.raises(RunRefused, match="accepted"):
        discard_run(database, run.id, actor=ACTOR, now=NOW)
    assert kinds(database) == ["run.started", "run.evaluated", "run.accepted"]


def test_the_last_accepted_run_is_the_one_accepted_last(database: Engine) -> None:
    with reading(database) as connection:
        assert last_accepted_run(connection) is None
    runs = {name: finish(database, make_run(database, name)) for name in "abcd"}
    accept(database, runs["b"], 5)
    accept(database, runs["a"], 9)
    discard_run(database, runs["c"].id, actor=ACTOR, now=minutes_later(20))
    with reading(database) as connection:
        last = last_accepted_run(connection)
    assert last is not None
    assert last.id == runs["a"].id


def test_an_unknown_run_is_refused(database: Engine) -> None:
    with reading(database) as connection:
        assert find_run(connection, "2025-11-30-none") is None
    with pytest.raises(RunRefused, match="2025-11-30-none"):
        accept_run(database, "2025-11-30-none", actor=ACTOR, now=NOW)
    assert all_rows(database, run_table) == []
