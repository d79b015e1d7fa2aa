"""Spans of time in words, seen from the day of a run and the period it decides."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

_MONTH = r"(\d{4})-(\d{2})"
_YEAR = r"(\d{4})"
PERIOD_SPANS = (
    "period",
    "last period",
    "same period last year",
    "year of period",
    "year before period",
)
"""The spans that only a policy has: the vocabulary knows no period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a run looks: its day, and the first and last day of the period it decides, if any."""

    as_of: date
    period: tuple[date, date] | None = None


def parse_span(text: str, moment: Moment) -> tuple[date, date]:
    """First and last day of a span in words.

    From `as_of`: `this year`, `last year`, `last 2 years` (whole calendar years before this one),
    the same with `month`. By the calendar: years `2024` or `2021 to 2023`, months `2024-05` or
    `2021-01 to 2021-03`. From the period: `period`, `last period` (as many months before it),
    `same period last year`, `year of period` and `year before period` (the calendar year in which
    it ends, and the one before). ValueError otherwise.
    """
    words = " ".join(text.split())
    if words in PERIOD_SPANS:
        return _of_period(words, moment)
    if match := re.fullmatch(
        r"(this|last) (year|month)|last (\d{1,2}) (years|months)", words, re.ASCII
    ):
        unit = (match[2] or match[4]).rstrip("s")
        count = int(match[3] or 1)
        if count == 0:
            raise ValueError(f'"{text}" is no span: it has no days')
        months = count * (12 if unit == "year" else 1)
        as_of = moment.as_of
        start_of = as_of.replace(month=1, day=1) if unit == "year" else as_of.replace(day=1)
        if match[1] == "this":
            return start_of, end_of_months(start_of, 12 if unit == "year" else 1)
        first = shift_month(start_of, -months)
        return first, end_of_months(first, months)
    if match := re.fullmatch(rf"{_MONTH} to {_MONTH}", words, re.ASCII):
        first, last = date(int(match[1]), int(match[2]), 1), date(int(match[3]), int(match[4]), 1)
        if last < first:
            raise ValueError(f'"{text}" ends before it begins')
        return first, end_of_months(last, 1)
    if match := re.fullmatch(_MONTH, words, re.ASCII):
        first = date(int(match[1]), int(match[2]), 1)
        return first, end_of_months(first, 1)
    if match := re.fullmatch(rf"{_YEAR}(?: to {_YEAR})?", words, re.ASCII):
        first, last = date(int(match[1]), 1, 1), date(int(match[2] or match[1]), 12, 31)
        if last < first:
            raise ValueError(f'"{text}" ends before it begins')
        return first, last
    raise ValueError(
        f'"{text}" is not a span; write this year, last year, last 2 years, last 3 months, 2024, '
        "2024-05, 2021-01 to 2021-03, or in a policy period, last period, same period last year, "
        "year of period, year before period"
    )


def _of_period(words: str, moment: Moment) -> tuple[date, date]:
    if moment.period is None:
        raise ValueError(f'"{words}" is no span here: only a policy has a period')
    start, end = moment.period
    if words == "period":
        return start, end
    if words in ("year of period", "year before period"):
        year = end.year - (words == "year before period")
        return date(year, 1, 1), date(year, 12, 31)
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    first = shift_month(start, -12 if words == "same period last year" else -months)
    return first, end_of_months(first, months)


def shift_month(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def end_of_months(first: date, months: int) -> date:
    """The last day of so many months that begin on `first`."""
    last = shift_month(first, months - 1)
    return last.replace(day=calendar.monthrange(last.year, last.month)[1])
