"""Working days of the State Council's calendar, with its adjusted holidays (调休).

The calendar of a year is published in November of the year before. Beyond what is published Monday
to Friday count as working days, and every such answer is provisional: another one may be true once
the calendar has come.
"""

from datetime import date, timedelta
from functools import cache

import chinese_calendar

_TURN_OF_THE_YEAR = timedelta(days=7)
"""A holiday at New Year can make working days of the weekend before it, in the year before."""


def is_working_day(day: date) -> bool:
    """Whether offices work on a day; provisional where `is_provisional` says so."""
    first, last = _published()
    if first <= day <= last:
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def is_provisional(day: date) -> bool:
    """Whether the calendar that will hold on a day has not been published yet."""
    first, last = _published()
    return not first <= day <= last - _TURN_OF_THE_YEAR


@cache
def _published() -> tuple[date, date]:
    """The first and the last day of the calendars that the package `chinesecalendar` knows."""
    years = {day.year for day in chinese_calendar.constants.holidays}
    return date(min(years), 1, 1), date(max(years), 12, 31)
