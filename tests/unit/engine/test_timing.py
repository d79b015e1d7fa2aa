"""Fire times, against a loop over every minute that knows nothing of APScheduler."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import ScheduleRefused
from engine.timing import Timing, fire_times, is_assumed, make_timing, next_fire_time
from engine.working_days import is_provisional, is_working_day

MINUTE = timedelta(minutes=1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NEW_YORK, BERLIN, SHANGHAI = "America/New_York", "Europe/Berlin", "Asia/Shanghai"
LORD_HOWE, KATHMANDU = "Australia/Lord_Howe", "Asia/Kathmandu"  # half an hour of summer; +05:45

CHANGES = {
    NEW_YORK: (date(2026, 3, 8), date(2026, 11, 1)),
    BERLIN: (date(2026, 3, 29), date(2026, 10, 25)),
    LORD_HOWE: (date(2026, 10, 4), date(2026, 4, 5)),
    SHANGHAI: (date(2026, 2, 27), date(2025, 12, 31)),
    KATHMANDU: (date(2024, 2, 28), date(2025, 1, 1)),
}
"""The days on which each clock goes forward and back; for clocks that do not, other edges."""


# the oracle


def holds(field: str, value: int, least: int) -> bool:
    """Whether one field of a cron expression holds for a number."""
    for piece in field.split(","):
        where, _, step = piece.partition("/")
        first, _, last = where.partition("-")
        low = least if first == "*" else int(first)
        high = 10_000 if first == "*" or (step and not last) else int(last or first)
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def matches(timing: Timing, wall: datetime) -> bool:
    """Whether a minute on the wall is one at which it fires."""
    if timing.cron is None:
        at = timing.time_of_day
        assert at is not None
        if (wall.hour, wall.minute) != (at.hour, at.minute):
            return False
        return timing.calendar == "every-day" or chinese_calendar.is_workday(wall)
    minute, hour, day, month, weekday = timing.cron.split(" ")
    for index, name in enumerate(WEEKDAYS):
        weekday = weekday.replace(name, str(index))
    return (
        holds(minute, wall.minute, 0)
        and holds(hour, wall.hour, 0)
        and holds(day, wall.day, 1)
        and holds(month, wall.month, 1)
        and holds(weekday, wall.weekday(), 0)
    )


def walk_minutes(timing: Timing, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every minute of real time at which it is to fire, by the rules of the operator's guide."""
    zone = ZoneInfo(timing.zone)
    hourly = timing.cron is not None and timing.cron.split(" ")[1] == "*"
    minute = after - timedelta(hours=3)
    owed: set[datetime] = set()
    before = (minute - MINUTE).astimezone(zone).replace(tzinfo=None)
    while minute <= until:
        local = minute.astimezone(zone)
        here = local.replace(tzinfo=None)
        # the clock went forward: what it jumped over fires as long after the jump
        for number in range((here - before) // MINUTE - 1):
            if matches(timing, before + (number + 1) * MINUTE):
                owed.add(minute + number * MINUTE)
        fires = (local.fold == 0 or hourly) and matches(timing, here)
        if minute > after and (fires or minute in owed):
            yield minute
        before = here
        minute += MINUTE


# drawn schedules


def _field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.integers(2, (most - least) // 2).map(lambda by: f"*/{by}")
    several = st.lists(number, min_size=2, max_size=3).map(lambda found: ",".join(map(str, found)))
    return st.one_of(st.just("*"), number.map(str), span, step, several)


CRONS = st.tuples(
    _field(0, 59),
    st.one_of(_field(0, 23), st.sampled_from(["*", "1", "2", "1-3", "*/2"])),
    st.one_of(st.just("*"), _field(1, 31)),
    st.one_of(st.just("*"), _field(1, 12)),
    st.one_of(st.just("*"), st.sampled_from(["mon-fri", "sat,sun", "sun", "mon"])),
).map(" ".join)


@given(
    cron=CRONS,
    zone=st.sampled_from(sorted(CHANGES)),
    backward=st.booleans(),
    start=st.integers(-1_500, 300),
    length=st.integers(1, 1_600),
)
@example(cron="30 2 * * *", zone=BERLIN, backward=False, start=-60, length=600)
@example(cron="*/15 * * * *", zone=NEW_YORK, backward=True, start=-60, length=900)
@example(cron="*/15 1-2 * * *", zone=LORD_HOWE, backward=True, start=-90, length=900)
@settings(max_examples=80)
def test_fire_times_are_those_of_a_loop_over_every_minute(
    cron: str, zone: str, backward: bool, start: int, length: int
) -> None:
    midnight = datetime.combine(CHANGES[zone][backward], datetime.min.time(), ZoneInfo(zone))
    after = midnight.astimezone(UTC) + start * MINUTE
    until = after + length * MINUTE
    timing = Timing(zone=zone, cron=cron)
    assert fire_times(timing, after=after, until=until) == list(walk_minutes(timing, after, until))


@given(
    at=st.times().map(lambda found: f"{found.hour:02}:{found.minute:02}"),
    calendar=st.sampled_from(["every-day", "working-days"]),
    zone=st.sampled_from(sorted(CHANGES)),
    backward=st.booleans(),
)
@example(at="02:30", calendar="every-day", zone=BERLIN, backward=True)
@settings(max_examples=25)
def test_times_of_day_are_those_of_a_loop_over_every_minute(
    at: str, calendar: str, zone: str, backward: bool
) -> None:
    after = datetime.combine(CHANGES[zone][backward], datetime.min.time(), UTC) - 2 * 1_440 * MINUTE
    until = after + 4 * 1_440 * MINUTE
    timing = make_timing(zone=zone, at=at, calendar=calendar)
    assert fire_times(timing, after=after, until=until) == list(walk_minutes(timing, after, until))


@given(
    cron=CRONS,
    zone=st.sampled_from(sorted(CHANGES)),
    cuts=st.lists(st.integers(0, 4_000), max_size=6),
)
@settings(max_examples=60)
def test_looking_often_finds_the_same_as_looking_once(
    cron: str, zone: str, cuts: list[int]
) -> None:
    timing = Timing(zone=zone, cron=cron)
    midnight = datetime.combine(CHANGES[zone][1], datetime.min.time(), ZoneInfo(zone))
    since = midnight.astimezone(UTC) - 1_000 * MINUTE
    looks = [since, *(since + cut * MINUTE for cut in sorted(cuts)), since + 4_000 * MINUTE]
    several = [
        found
        for after, until in pairwise(looks)
        for found in fire_times(timing, after=after, until=until)
    ]
    assert several == fire_times(timing, after=looks[0], until=looks[-1])


@pytest.mark.parametrize("zone", [NEW_YORK, BERLIN, LORD_HOWE])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    "cron", ["30 2 * * *", "*/10 * * * *", "*/20 1-3 * * *", "15,45 1,2 * * *", "0 */2 * * *"]
)
def test_from_and_to_any_moment_of_a_change_of_the_clock(
    zone: str, backward: bool, cron: str
) -> None:
    timing = Timing(zone=zone, cron=cron)
    midnight = datetime.combine(CHANGES[zone][backward], datetime.min.time(), ZoneInfo(zone))
    since = midnight.astimezone(UTC)
    moments = [since + number * 10 * MINUTE for number in range(36)]
    expected = list(walk_minutes(timing, since, moments[-1]))
    for number, after in enumerate(moments):
        for until in moments[number:]:
            due = [instant for instant in expected if after < instant <= until]
            assert fire_times(timing, after=after, until=until) == due
        following = [instant for instant in expected if instant > after]
        for limit in (1, 2, 5):
            found = fire_times(timing, after=after, until=moments[-1], limit=limit)
            assert found == following[:limit]


# daylight saving, by hand


def shown(timing: Timing, day: date, days: int) -> list[str]:
    zone = ZoneInfo(timing.zone)
    after = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC) - MINUTE
    found = fire_times(timing, after=after, until=after + timedelta(days=days))
    return [instant.astimezone(zone).strftime("%d %H:%M%z") for instant in found]


@pytest.mark.parametrize(
    ("zone", "forward", "back"),
    [
        (
            NEW_YORK,
            ["07 02:30-0500", "08 03:30-0400", "09 02:30-0400"],
            ["31 02:30-0400", "01 02:30-0500", "02 02:30-0500"],
        ),
        (
            BERLIN,
            ["28 02:30+0100", "29 03:30+0200", "30 02:30+0200"],
            ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"],
        ),
        (
            SHANGHAI,
            ["26 02:30+0800", "27 02:30+0800", "28 02:30+0800"],
            ["30 02:30+0800", "31 02:30+0800", "01 02:30+0800"],
        ),
    ],
)
def test_half_past_two_comes_once_a_day_whatever_the_clock_does(
    zone: str, forward: list[str], back: list[str]
) -> None:
    for timing in (make_timing(zone=zone, at="02:30"), make_timing(zone=zone, cron="30 2 * * *")):
        ahead, behind = (day - timedelta(days=1) for day in CHANGES[zone])
        assert shown(timing, ahead, 3) == forward
        assert shown(timing, behind, 3) == back


def test_a_schedule_of_every_hour_fires_every_hour_of_real_time() -> None:
    timing = make_timing(zone=BERLIN, cron="0 * * * *")
    for day in CHANGES[BERLIN]:
        since = datetime.combine(day, datetime.min.time(), UTC) - MINUTE
        found = fire_times(timing, after=since, until=since + timedelta(days=1))
        assert found == [since + MINUTE + timedelta(hours=hour) for hour in range(24)]


def test_a_day_that_a_country_left_out_is_not_made_up_for_twice() -> None:
    # Samoa went from 29 to 31 December 2011
    timing = make_timing(zone="Pacific/Apia", at="10:00")
    since = datetime(2011, 12, 29, 12, tzinfo=UTC)
    found = fire_times(timing, after=since, until=since + timedelta(days=3))
    assert [(b - a) for a, b in pairwise(found)] == [timedelta(days=1)] * 2


# working days


def test_working_days_follow_the_adjusted_holidays() -> None:
    timing = make_timing(zone=SHANGHAI, at="02:30", calendar="working-days")
    # the National Day of 2026: 1 to 7 October are off, Saturday the 10th is worked instead
    assert [day[:2] for day in shown(timing, date(2026, 9, 29), 14)] == (
        ["29", "30", "08", "09", "10", "12"]
    )


def test_days_of_an_unpublished_calendar_are_weekdays_and_assumed() -> None:
    last = max(day.year for day in chinese_calendar.constants.holidays)
    timing = make_timing(zone=SHANGHAI, at="02:30", calendar="working-days")
    after = datetime(last + 1, 1, 1, tzinfo=UTC)
    found = fire_times(timing, after=after, until=after + timedelta(days=20))
    days = [instant.astimezone(ZoneInfo(SHANGHAI)).date() for instant in found]
    assert all(day.weekday() < 5 for day in days)
    assert len(days) in (14, 15)
    assert all(is_assumed(timing, instant) for instant in found)
    every = make_timing(zone=SHANGHAI, at="02:30")
    assert not any(is_assumed(every, instant) for instant in found)


def test_the_last_week_of_the_last_published_year_is_still_open() -> None:
    # 29 December 2018 became a working day by the calendar of 2019
    assert is_working_day(date(2018, 12, 29))
    last = max(day.year for day in chinese_calendar.constants.holidays)
    assert is_provisional(date(last, 12, 29))
    assert not is_provisional(date(last, 12, 20))
    assert not is_provisional(date(last, 10, 1))


# what is refused


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"cron": "30 2 * *"}, "four|4 fields"),
        ({"cron": "61 * * * *"}, "61"),
        ({"cron": "0 2 * * 0"}, '"0" is no weekday'),  # Sunday to cron, Monday to the trigger
        ({"cron": "0 2 * * mon-fri/2"}, "no weekday"),  # the trigger would overlook the step
        ({"cron": "0 2 * * mond"}, "no weekday"),
        ({"cron": "0 2 30 2 *"}, "no day that ever comes"),
        ({"cron": "0 2 * foo *"}, "foo"),
        ({"cron": "*/0 2 * * *"}, "higher than 0"),
        ({"cron": "0 2 * * *", "at": "02:30"}, "either"),
        ({}, "either"),
        ({"cron": "0 2 * * *", "calendar": "working-days"}, "calendar goes with"),
        ({"at": "2:30"}, "no time of day"),
        ({"at": "24:00"}, "no time of day"),
        ({"at": "02:30", "calendar": "holidays"}, "no calendar"),
        ({"at": "02:30", "zone": "Asia/Nowhere"}, "no time zone"),
        ({"at": "02:30", "zone": "Asia"}, "no time zone"),
        ({"at": "02:30", "zone": "../etc/passwd"}, "no time zone"),
        ({"at": "02:30", "zone": ""}, "no time zone"),
    ],
)
def test_what_is_no_timing_is_refused_with_its_remedy(words: dict[str, str], message: str) -> None:
    with pytest.raises(ScheduleRefused, match=message):
        make_timing(**{"zone": SHANGHAI, **words})


def test_a_rare_day_is_found() -> None:
    timing = make_timing(zone=SHANGHAI, cron="0 0 29 2 sun")
    found = next_fire_time(timing, after=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == datetime(2032, 2, 28, 16, tzinfo=UTC)
    last = make_timing(zone=SHANGHAI, cron="0 9 last * *")
    assert shown(last, date(2026, 2, 20), 45) == ["28 09:00+0800", "31 09:00+0800"]
