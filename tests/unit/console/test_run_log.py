"""Stages are timed by what progress is told of, on a clock that the test moves."""

import logging

import pytest
from sqlalchemy import Engine

from console.run_log import STAGES, PartTime, RunLog, StageTime, StageWatch
from console.run_report import gather_report, parts_of
from console.run_report_page import build_run_page
from tests.storage_world import NOW, make_run


class Clock:
    """Seconds that pass, and half of them worked."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> tuple[float, float]:
        return self.now, self.now / 2


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_stage_lasts_until_another_is_told_of(clock: Clock) -> None:
    told: list[tuple[str, int, int]] = []
    watch = StageWatch("r", lambda *words: told.append(words), clock)
    for passed, what, done in (
        (3, "evaluating", 1), (4, "evaluating", 2), (1, "opening awards", 0),
        (2, "opening awards", 500), (8, "composing notices", 0), (16, "opening awards", 9),
    ):  # fmt: skip
        clock.now += passed
        watch(what, done, 9)
    clock.now += 32
    # evaluating from the beginning to the first word of awards; awards twice: 10 and 32
    assert watch.end() == (
        StageTime(stage="evaluating", seconds=8.0, processor_seconds=4.0),
        StageTime(stage="opening awards", seconds=42.0, processor_seconds=21.0),
        StageTime(stage="composing", seconds=16.0, processor_seconds=8.0),
    )
    assert watch.seconds == 66
    assert [what for what, _, _ in told][-1] == "opening awards"
    assert len(told) == 6


def test_all_seconds_are_in_some_stage(clock: Clock) -> None:
    watch = StageWatch("r", lambda *_: None, clock)
    for number, what in enumerate(STAGES):
        clock.now += number + 0.5
        watch(what, 0, 1)
    clock.now += 1
    times = watch.end()
    assert sum(one.seconds for one in times) == watch.seconds
    assert [one.stage for one in times] == list(STAGES.values())


def test_what_nobody_has_named_is_a_stage_of_its_own(clock: Clock) -> None:
    watch = StageWatch("r", lambda *_: None, clock)
    watch("baking bread", 0, 1)
    clock.now += 2
    assert [(one.stage, one.seconds) for one in watch.end()] == [
        ("evaluating", 0.0), ("baking bread", 2.0),
    ]  # fmt: skip


def test_each_stage_is_an_event_with_how_much_was_done(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "zhida")
    watch = StageWatch("2025-11-30-ab", lambda *_: None, clock)
    watch("evaluating", 12, 12)
    clock.now += 2
    watch("sealing the journal", 0, 1)
    watch.end()
    fields = [record.fields for record in caplog.records]  # type: ignore[attr-defined]
    assert [(one["stage"], one["done"], one["seconds"]) for one in fields] == [
        ("evaluating", 12, 2.0), ("sealing", 0, 0.0),
    ]  # fmt: skip
    assert {one["run"] for one in fields} == {"2025-11-30-ab"}


def test_parts_are_told_the_slowest_first(database: Engine) -> None:
    log = RunLog(database, make_run(database), lambda *_: None, trial=False, now=NOW)
    parts = [
        PartTime(part=f"resident-{n:04d}", subjects=500_000, seconds=n, processor_seconds=n / 2)
        for n in range(15)
    ]
    log.end(held=(), counts={}, parts=parts)
    data = gather_report(database, None)
    assert [part["part"] for part in parts_of(data.evaluating)] == [one.part for one in parts]
    (times,) = [s for s in build_run_page(data, "en").sections if s.heading == "Time"]
    grid = times.blocks[-1]
    assert grid.rows[0] == ("resident-0014", "500,000", "14.00", "7.00")  # type: ignore[union-attr]
    assert len(grid.rows) == 12  # type: ignore[union-attr]
    assert grid.notes == ("3 parts more were quicker.",)  # type: ignore[union-attr]
