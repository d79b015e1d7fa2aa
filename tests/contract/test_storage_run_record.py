"""What is written down of a run: its figures as they were before it was decided, and its passes."""

from datetime import timedelta

from sqlalchemy import Engine

from engine.run import Run, accept_run, find_run, finish_run, list_accepted, newest_run
from engine.run_record import (
    PolicyFigures,
    begin_pass,
    end_pass,
    keep_figures,
    list_passes,
    list_unended,
    read_figures,
    run_pass_table,
)
from ledger.database import reading
from tests.storage_world import ACTOR, NOW, count_rows, make_run, minutes_later


def figures(policy: str = "elder-allowance", **changes: int) -> PolicyFigures:
    values = {"subjects": 1_000, "eligible": 40, "unknown": 5, "amount_fen": 2**40, **changes}
    return PolicyFigures(
        policy=policy, version="2025.1", title_zh="高龄津贴", title_en="Old-age allowance",
        outside=None, open_amounts=1, **values,
    )  # fmt: skip


def evaluated(engine: Engine, snapshot: str) -> Run:
    run = make_run(engine, snapshot)
    return finish_run(
        engine, run.id, outcome_hash="c" * 64, outcome_path=f"outcomes/{run.id}",
        counts={"eligible": 40}, actor=ACTOR, now=minutes_later(1),
    )  # fmt: skip


def read(engine: Engine, run: Run) -> tuple[str | None, tuple[PolicyFigures, ...]]:
    with reading(engine) as connection:
        found = read_figures(connection, run.id)
    assert found is not None
    assert found.run_id == run.id
    return found.against, found.policies


def test_figures_come_back_as_they_were_written(database: Engine) -> None:
    before, run = make_run(database, "a"), evaluated(database, "b")
    told = [figures(gained=3, lost=1, difference_fen=-5), figures("other", unsettled=2)]
    keep_figures(database, run, told, against=before.id, now=NOW)
    assert read(database, run) == (before.id, tuple(told))
    with reading(database) as connection:
        assert read_figures(connection, before.id) is None


def test_a_trials_figures_give_way_to_those_of_the_run_itself(database: Engine) -> None:
    before, run = make_run(database, "a"), evaluated(database, "b")
    keep_figures(database, run, [figures(gained=40)], against=None, now=NOW)
    keep_figures(database, run, [figures(gained=3)], against=before.id, now=minutes_later(2))
    assert read(database, run) == (before.id, (figures(gained=3),))


def test_figures_of_a_decided_run_stay_as_they_are(database: Engine) -> None:
    run = evaluated(database, "b")
    keep_figures(database, run, [figures(gained=40)], against=None, now=NOW)
    accepted = accept_run(database, run.id, actor=ACTOR, now=minutes_later(2))
    keep_figures(database, accepted, [figures(gained=0)], against=run.id, now=minutes_later(3))
    assert read(database, run) == (None, (figures(gained=40),))


def test_a_pass_is_told_from_its_beginning_to_its_end(database: Engine) -> None:
    run = make_run(database)
    number = begin_pass(database, run, trial=False, now=NOW)
    with reading(database) as connection:
        (begun,) = list_passes(connection, run.id)
        assert (begun.ended_at, begun.seconds, dict(begun.content)) == (None, None, {})
        assert list_unended(connection) == [begun]
    content = {"stages": [{"stage": "evaluating", "seconds": 1.25}], "counts": {"opened": 7}}
    end_pass(database, number, now=NOW, seconds=90.5, content=content)
    with reading(database) as connection:
        (ended,) = list_passes(connection, run.id)
        assert list_unended(connection) == []
    assert ended.ended_at == NOW + timedelta(seconds=90.5)
    assert (ended.seconds, ended.content, ended.trial) == (90.5, content, False)


def unended(engine: Engine) -> list[tuple[str, object]]:
    with reading(engine) as connection:
        return [(one.run_id, one.started_at) for one in list_unended(connection)]


def test_a_killed_pass_is_made_good_by_whichever_ends_after_it(database: Engine) -> None:
    first, second = make_run(database, "a"), make_run(database, "b")
    begin_pass(database, second, trial=False, now=minutes_later(5))
    begin_pass(database, first, trial=False, now=NOW)  # killed
    begin_pass(database, first, trial=False, now=minutes_later(9))  # killed again
    assert unended(database) == [(second.id, minutes_later(5)), (first.id, minutes_later(9))]
    last = begin_pass(database, second, trial=False, now=minutes_later(20))
    end_pass(database, last, now=minutes_later(20), seconds=1.0, content={})
    assert unended(database) == []
    begin_pass(database, first, trial=False, now=minutes_later(30))
    assert unended(database) == [(first.id, minutes_later(30))]
    assert count_rows(database, run_pass_table) == 5


def test_a_trial_leaves_nothing_undone_and_makes_nothing_good(database: Engine) -> None:
    run = make_run(database)
    begin_pass(database, run, trial=False, now=NOW)
    begin_pass(database, run, trial=True, now=minutes_later(1))
    tried = begin_pass(database, run, trial=True, now=minutes_later(2))
    end_pass(database, tried, now=minutes_later(2), seconds=1.0, content={})
    assert unended(database) == [(run.id, NOW)]


def test_accepted_runs_are_listed_by_when_they_were_accepted(database: Engine) -> None:
    for minute, snapshot in ((5, "a"), (9, "b"), (7, "c")):
        run = evaluated(database, snapshot)
        accept_run(database, run.id, actor=ACTOR, now=minutes_later(minute))
    started = evaluated(database, "d")
    with reading(database) as connection:
        listed = list_accepted(connection, 2)
        assert [run.snapshot_hash[0] for run in listed] == ["b", "c"]
        newest = newest_run(connection)
        assert newest is not None
        assert newest.started_at == started.started_at
        assert find_run(connection, newest.id) == newest
