"""Schedules and their instances, on both databases."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert
from sqlalchemy.exc import IntegrityError

from engine.catch_up import CatchUp
from engine.claiming import (
    BACKOFF,
    MOST_ATTEMPTS,
    Claimed,
    fail_attempt,
    finish_instance,
    give_back,
    note_progress,
)
from engine.due_instances import remove_with_waiting
from engine.errors import ScheduleRefused
from engine.run_instance import instance_table, list_instances
from engine.schedule import (
    RunOptions,
    find_schedule,
    list_schedules,
    pause_schedule,
    resume_schedule,
)
from ledger.database import reading
from ledger.errors import LeaseLost
from ledger.lease import renew_lease
from tests.schedule_world import LASTS, add, claim, create, instances, states, take, told
from tests.storage_world import ACTOR, NOW, minutes_later

FIRE_TIMES = 1_000


# what is written down


def test_a_schedule_is_read_as_it_was_written(database: Engine) -> None:
    options = RunOptions(build_snapshot=False, trial=True, vocabulary=("a.yaml",))
    written = add(
        database, "by-day", at="02:30", calendar="working-days", options=options, overlap="skip"
    )
    other = add(database, "by-cron", cron="30 2 * * MON-fri", catch_up="none")
    assert other.timing.cron == "30 2 * * mon-fri"
    with reading(database) as connection:
        assert list_schedules(connection) == [other, written]
    assert [body["schedule"] for body in told(database, "schedule.added")] == ["by-day", "by-cron"]
    assert written.options == options


def test_a_name_is_given_once(database: Engine) -> None:
    add(database)
    with pytest.raises(ScheduleRefused, match='"nightly" already'):
        add(database)
    assert len(told(database, "schedule.added")) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"name": "a b"}, "no name"),
        ({"name": ""}, "no name"),
        ({"name": "x" * 61}, "no name"),
        ({"catch_up": "some"}, "no catch-up"),
        ({"overlap": "kill"}, "no overlap"),
    ],
)
def test_unknown_words_are_refused(database: Engine, words: dict[str, str], message: str) -> None:
    with pytest.raises(ScheduleRefused, match=message):
        add(database, **words)
    with reading(database) as connection:
        assert list_schedules(connection) == []


def test_nothing_is_paused_resumed_or_removed_that_is_not_there(database: Engine) -> None:
    for change in (pause_schedule, resume_schedule, remove_with_waiting):
        with pytest.raises(ScheduleRefused, match='no schedule "nightly"'):
            change(database, "nightly", actor=ACTOR, now=NOW)


# fire times become instances


def test_three_schedulers_make_one_instance_of_each_of_a_thousand_fire_times(
    open_engine: Callable[[], Engine], database: Engine
) -> None:
    add(database)
    barrier = threading.Barrier(3)
    failures: list[BaseException] = []

    def look(engine: Engine, step: int) -> None:
        try:
            barrier.wait()
            for minute in [*range(step, FIRE_TIMES, step), FIRE_TIMES]:
                create(engine, minutes_later(minute))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look, args=(open_engine(), step)) for step in (29, 31, 37)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    expected = [minutes_later(minute) for minute in range(1, FIRE_TIMES + 1)]
    assert [row.fire_at for row in instances(database)] == expected


def test_two_instances_of_one_fire_time_are_refused_by_the_database(database: Engine) -> None:
    add(database)
    create(database, minutes_later(1))
    (row,) = instances(database)
    twice = {key: value for key, value in row._mapping.items() if key != "id"}
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(instance_table).values(**twice))


def test_before_the_first_fire_time_there_is_nothing(database: Engine) -> None:
    add(database, cron="30 * * * *")
    assert create(database, minutes_later(29)) == 0
    assert create(database, minutes_later(30)) == 1
    assert create(database, minutes_later(30)) == 0


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("all", ["queued", "queued", "queued"]),
        ("latest", ["skipped missed", "skipped missed", "queued"]),
        ("none", ["skipped missed", "skipped missed", "skipped missed"]),
    ],
)
def test_down_across_three_fire_times(
    database: Engine, catch_up: CatchUp, expected: list[str]
) -> None:
    add(database, cron="0 * * * *", catch_up=catch_up)
    create(database, minutes_later(3 * 60 + 20))
    assert states(database) == expected
    skipped = [body["reason"] for body in told(database, "instance.skipped")]
    assert skipped == ["missed"] * expected.count("skipped missed")
    # the next one comes as ever
    create(database, minutes_later(4 * 60 + 1))
    assert states(database)[3:] == ["queued"]


def test_more_missed_fire_times_than_one_look_holds(database: Engine) -> None:
    add(database, catch_up="latest")
    create(database, minutes_later(1_201))
    found = states(database)
    assert found == ["skipped missed"] * 1_200 + ["queued"]


def test_a_clock_that_goes_back_or_forward_an_hour_doubles_and_misses_nothing(
    database: Engine,
) -> None:
    add(database, cron="*/10 * * * *")
    for minute in (10, 20, -40, 30, 90, 30, 40, 50, 100, 40, 110):
        create(database, minutes_later(minute))
    assert [row.fire_at for row in instances(database)] == [
        minutes_later(minute) for minute in range(10, 111, 10)
    ]


def test_the_day_of_an_instance_is_that_of_its_zone(database: Engine) -> None:
    add(database, "east", cron="30 2 * * *", zone="Asia/Shanghai")
    add(database, "west", cron="30 23 * * *", zone="America/New_York")
    create(database, minutes_later(1_440))
    days = {row.schedule: (row.fire_at.isoformat(), str(row.day)) for row in instances(database)}
    assert days == {
        "east": ("2025-12-01T18:30:00+00:00", "2025-12-02"),
        "west": ("2025-12-02T04:30:00+00:00", "2025-12-01"),
    }


def test_what_outlasts_its_interval_makes_the_next_one_skipped_or_wait(database: Engine) -> None:
    for overlap in ("skip", "queue"):
        add(database, overlap, overlap=overlap)
    create(database, minutes_later(1))
    first, second = take(database, minutes_later(1)), take(database, minutes_later(1), "two")
    assert {first.instance.schedule, second.instance.schedule} == {"skip", "queue"}
    create(database, minutes_later(1.9))
    create(database, minutes_later(2) - timedelta(seconds=1))
    with database.begin() as connection:  # both hold their leases on
        for claimed in (first, second):
            renew_lease(connection, claimed.lease, now=minutes_later(1.9), lasts=2 * LASTS)
    create(database, minutes_later(2))
    assert states(database) == ["running", "queued", "running", "skipped overlap"]
    (entry,) = told(database, "instance.skipped")
    assert entry["schedule"] == "skip"
    assert entry["fire_at"] == minutes_later(2).isoformat()
    # the one that waits does not begin beside the other
    assert claim(database, minutes_later(2), "three") is None


# pausing and removing


def test_a_pause_leaves_its_fire_times_out_and_lets_nothing_begin(database: Engine) -> None:
    add(database, cron="*/10 * * * *")
    create(database, minutes_later(10))
    for _ in range(2):  # again changes nothing
        pause_schedule(database, "nightly", actor=ACTOR, now=minutes_later(12))
    assert create(database, minutes_later(31)) == 0
    assert claim(database, minutes_later(31)) is None
    for _ in range(2):
        resume_schedule(database, "nightly", actor=ACTOR, now=minutes_later(31))
    assert create(database, minutes_later(41)) == 1
    assert [row.fire_at for row in instances(database)] == [minutes_later(10), minutes_later(40)]
    assert take(database, minutes_later(41)).instance.fire_at == minutes_later(10)
    assert len(told(database, "schedule.paused")) == len(told(database, "schedule.resumed")) == 1


def test_what_is_being_removed_is_not_begun_at_the_same_time(
    database: Engine, open_engine: Callable[[], Engine]
) -> None:
    """A worker that claims between the look at what waits and its change has to wait, too."""
    add(database)
    create(database, minutes_later(1))
    other = open_engine()
    claimed: list[Claimed | None] = []
    worker = threading.Thread(target=lambda: claimed.append(claim(other, minutes_later(1))))

    @event.listens_for(database, "before_cursor_execute")
    def claim_meanwhile(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE run_instance") and not worker.ident:
            worker.start()
            worker.join(0.5)  # it is done where nothing stops it

    remove_with_waiting(database, "nightly", actor=ACTOR, now=minutes_later(2))
    worker.join()
    assert claimed == [None]
    assert states(database) == ["skipped removed"]


def test_what_waits_for_a_removed_schedule_is_skipped_and_what_runs_ends(
    database: Engine,
) -> None:
    add(database)
    create(database, minutes_later(2))
    claimed = take(database, minutes_later(2))
    remove_with_waiting(database, "nightly", actor=ACTOR, now=minutes_later(2))
    assert states(database) == ["running", "skipped removed"]
    # its worker dies; somebody else ends what was begun, although the schedule is gone
    other = take(database, claimed.lease.lease_until, "two")
    assert other.instance.id == claimed.instance.id
    finish_instance(database, other, result={}, now=minutes_later(3))
    assert states(database) == ["done", "skipped removed"]
    assert [body["reason"] for body in told(database, "instance.skipped")] == ["removed"]
    assert len(told(database, "schedule.removed")) == 1
    add(database, now=minutes_later(4))  # the name is free again
    assert create(database, minutes_later(5)) == 1


# who executes


def test_instances_of_a_schedule_are_executed_one_at_a_time_in_order(database: Engine) -> None:
    add(database)
    create(database, minutes_later(3))
    for number in (1, 2, 3):
        claimed = take(database, minutes_later(3))
        assert claimed.instance.fire_at == minutes_later(number)
        assert (claimed.instance.state, claimed.instance.attempts) == ("running", 1)
        assert claim(database, minutes_later(3), "two") is None
        finish_instance(database, claimed, result={"run": number}, now=minutes_later(3))
    assert claim(database, minutes_later(3)) is None
    assert states(database) == ["done"] * 3
    assert [body["result"] for body in told(database, "instance.done")] == [
        {"run": number} for number in (1, 2, 3)
    ]


def test_of_many_workers_that_ask_at_once_one_gets_it(
    open_engine: Callable[[], Engine], database: Engine
) -> None:
    add(database)
    create(database, minutes_later(1))
    barrier = threading.Barrier(4)
    got: list[object] = []

    def ask(engine: Engine, owner: str) -> None:
        barrier.wait()
        got.append(claim(engine, minutes_later(1), owner))

    threads = [threading.Thread(target=ask, args=(open_engine(), f"w{n}")) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len([claimed for claimed in got if claimed is not None]) == 1


def test_a_stale_worker_neither_finishes_nor_fails_nor_gives_back(database: Engine) -> None:
    add(database)
    create(database, minutes_later(1))
    first = take(database, minutes_later(1))
    note_progress(database, first.instance, {"snapshot": "s"})
    later = first.lease.lease_until
    second = take(database, later, "two")
    assert second.instance.id == first.instance.id
    assert second.instance.attempts == 2
    assert second.instance.progress == {"snapshot": "s"}
    with pytest.raises(LeaseLost):
        finish_instance(database, first, result={}, now=later)
    with pytest.raises(LeaseLost):
        fail_attempt(database, first, reason="late", now=later)
    with pytest.raises(LeaseLost):
        give_back(database, first, now=later)
    assert states(database) == ["running"]
    finish_instance(database, second, result={}, now=later)
    assert states(database) == ["done"]


def test_attempts_are_bounded_rest_between_and_end_with_their_reason(database: Engine) -> None:
    add(database, "once", cron="1 * * * *")
    now = minutes_later(1)
    create(database, now)
    for number, rest in enumerate((*BACKOFF, timedelta()), start=1):
        claimed = take(database, now)
        assert claimed.instance.attempts == number
        fail_attempt(database, claimed, reason=f"no snapshot {number}", now=now)
        if rest:
            assert states(database) == [f"queued no snapshot {number}"]
            assert claim(database, now + rest - timedelta(seconds=1)) is None
        now += rest
    assert states(database) == ["failed no snapshot 3"]
    assert claim(database, now + timedelta(hours=1)) is None
    (entry,) = told(database, "instance.failed")
    assert (entry["reason"], entry["attempts"]) == ("no snapshot 3", MOST_ATTEMPTS)


def test_an_instance_that_keeps_killing_its_workers_fails(database: Engine) -> None:
    add(database)
    create(database, minutes_later(2))
    now = minutes_later(2)
    for _ in range(MOST_ATTEMPTS):
        now = take(database, now).lease.lease_until
    # the next claim gives it up and goes on with the following one
    assert take(database, now).instance.fire_at == minutes_later(2)
    assert states(database) == ["failed abandoned", "running"]
    assert [body["reason"] for body in told(database, "instance.failed")] == ["abandoned"]


def test_an_attempt_that_was_given_back_does_not_count(database: Engine) -> None:
    add(database)
    create(database, minutes_later(1))
    for _ in range(MOST_ATTEMPTS + 2):
        claimed = take(database, minutes_later(1))
        assert claimed.instance.attempts == 1
        give_back(database, claimed, now=minutes_later(1))
    assert states(database) == ["queued"]


def test_schedules_run_beside_each_other(database: Engine) -> None:
    for name in ("a", "b"):
        add(database, name)
    create(database, minutes_later(1))
    found = [take(database, minutes_later(1), owner).instance.schedule for owner in ("x", "y")]
    assert found == ["a", "b"]


def test_instances_are_listed_the_latest_first(database: Engine) -> None:
    add(database)
    create(database, minutes_later(5))
    with reading(database) as connection:
        found = list_instances(connection, "nightly", limit=3)
        assert [one.fire_at for one in found] == [minutes_later(n) for n in (5, 4, 3)]
        assert list_instances(connection, "other", limit=3) == []
        assert find_schedule(connection, "nightly").seen_until == minutes_later(5)
