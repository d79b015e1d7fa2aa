"""When a schedule fires: a cron expression or a time of day, in a time zone, as instants in UTC.

APScheduler's CronTrigger reads the expression and walks a clock on the wall that never changes; the
way from that clock to UTC is ours, because over daylight saving the trigger's own one runs some
jobs twice and drops others. A time that the clock skips fires as long after the change as it stands
behind it on the wall (02:30 at 03:30); a time that comes twice fires the first time, unless the
schedule is one of every hour, which fires in both. No instant comes twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from engine.errors import ScheduleRefused
from engine.working_days import is_provisional, is_working_day

Calendar = Literal["every-day", "working-days"]
CALENDARS: tuple[Calendar, ...] = ("every-day", "working-days")
HORIZON = timedelta(days=366 * 30)
"""How far a fire time is looked for: a 29 February on a certain weekday comes once in 28 years."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_NUMBERS = r"(?:\*|\d{1,2}(?:-\d{1,2})?)(?:/\d{1,2})?"
_FIELDS = {
    "minute": _NUMBERS,
    "hour": _NUMBERS,
    "day of month": rf"{_NUMBERS}|last",
    "month": rf"{_NUMBERS}|[a-z]{{3}}(?:-[a-z]{{3}})?",
    "weekday": r"\*|[a-z]{3}(?:-[a-z]{3})?",
}
"""What a field may hold. The trigger overlooks what stands behind a name, and its 0 is Monday where
cron's is Sunday: neither reaches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a schedule fires; either `cron` or `time_of_day` is there."""

    zone: str
    cron: str | None = None
    time_of_day: time | None = None
    calendar: Calendar = "every-day"


def make_timing(
    *, zone: str, cron: str | None = None, at: str | None = None, calendar: str = "every-day"
) -> Timing:
    """The timing that these words mean. Raises ScheduleRefused with what is wrong and the remedy.

    `at` is a time of day like 02:30, `cron` has five fields: minute, hour, day of month, month and
    weekday, which must all hold.
    """
    _find_zone(zone)
    if (cron is None) == (at is None):
        raise ScheduleRefused("a schedule has either a cron expression or a time of day")
    if cron is not None:
        if calendar != "every-day":
            raise ScheduleRefused("a calendar goes with a time of day, not with a cron expression")
        return _check_cron(" ".join(cron.lower().split()), zone)
    if calendar not in CALENDARS:
        raise ScheduleRefused(f'"{calendar}" is no calendar (one of {", ".join(CALENDARS)})')
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", at or "", re.ASCII)
    if found is None:
        raise ScheduleRefused(f'"{at}" is no time of day (write it like 02:30)')
    kind: Calendar = "working-days" if calendar == "working-days" else "every-day"
    return Timing(zone=zone, time_of_day=time(int(found[1]), int(found[2])), calendar=kind)


def fire_times(
    timing: Timing, *, after: datetime, until: datetime, limit: int | None = None
) -> list[datetime]:
    """The instants at which it fires later than `after` and not later than `until`, in order.

    With `limit` the first ones only.
    """
    zone = _find_zone(timing.zone)

    def on_the_wall(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None)

    found: set[datetime] = set()
    # near a change of the clock walls and instants do not come in the same order
    last = on_the_wall(until) + _change_near(until, zone)
    for wall in _walls(timing, on_the_wall(after) - _change_near(after, zone)):
        if wall > last:
            break
        instants = _instants_of(wall, zone, twice=_is_hourly(timing))
        found.update(instant for instant in instants if after < instant <= until)
        if limit is not None and len(found) >= limit:
            farthest = sorted(found)[limit - 1]
            last = on_the_wall(farthest) + _change_near(farthest, zone)
    return sorted(found)[:limit]


def next_fire_time(timing: Timing, *, after: datetime) -> datetime | None:
    """The first instant later than `after`; None where there is none within a generation."""
    found = fire_times(timing, after=after, until=after + HORIZON, limit=1)
    return found[0] if found else None


def is_assumed(timing: Timing, fire_at: datetime) -> bool:
    """Whether a fire time rests on a calendar that has not been published yet."""
    day = fire_at.astimezone(_find_zone(timing.zone)).date()
    return timing.calendar == "working-days" and is_provisional(day)


def _check_cron(cron: str, zone: str) -> Timing:
    fields = cron.split(" ")
    if len(fields) != len(_FIELDS):
        raise ScheduleRefused(
            f'"{cron}" has {len(fields)} fields, not five '
            "(minute, hour, day of month, month, weekday: 30 2 * * mon-fri)"
        )
    for (name, pattern), field in zip(_FIELDS.items(), fields, strict=True):
        for piece in field.split(","):
            if re.fullmatch(pattern, piece, re.ASCII) is None:
                hint = "names such as mon-fri" if name == "weekday" else "*, 5, 1-5, */10 or 5,20"
                raise ScheduleRefused(f'"{cron}": "{piece}" is no {name} (write {hint})')
    try:
        timing = Timing(zone=zone, cron=cron)
        _read_cron(cron)
    except ValueError as error:
        raise ScheduleRefused(f'"{cron}": {error}') from None
    if next_fire_time(timing, after=datetime(2000, 1, 1, tzinfo=UTC)) is None:
        raise ScheduleRefused(f'"{cron}" names no day that ever comes')
    return timing


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleRefused(f'"{name}" is no time zone (write one like Asia/Shanghai)') from None


def _read_cron(cron: str) -> CronTrigger:
    return CronTrigger.from_crontab(cron, timezone=UTC)


def _is_hourly(timing: Timing) -> bool:
    return timing.cron is not None and timing.cron.split(" ")[1] == "*"


def _walls(timing: Timing, since: datetime) -> Iterator[datetime]:
    """The times on the wall at which it fires, from `since` on, in order, within the horizon."""
    if timing.time_of_day is None:
        yield from _cron_walls(timing.cron or "", since)
        return
    days = (since.date() + _DAY * number for number in range(HORIZON // _DAY))
    for day in days:
        wall = datetime.combine(day, timing.time_of_day)
        if wall >= since and (timing.calendar == "every-day" or is_working_day(day)):
            yield wall


def _cron_walls(cron: str, since: datetime) -> Iterator[datetime]:
    trigger = _read_cron(cron)
    clock = since.replace(tzinfo=UTC)  # a clock that never changes
    trigger.end_date = clock + HORIZON
    while (found := trigger.get_next_fire_time(None, clock)) is not None:
        yield found.replace(tzinfo=None)
        clock = found + _MINUTE


def _instants_of(wall: datetime, zone: ZoneInfo, *, twice: bool) -> list[datetime]:
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return [first, second] if twice and second > first else [first]


def _change_near(instant: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the clock changes within a day of an instant; nothing on most days."""
    here, before, after = (
        (instant + away).astimezone(zone).utcoffset() or timedelta()
        for away in (timedelta(), -_DAY, _DAY)
    )
    return max(abs(here - before), abs(here - after))
