"""What the money is for: the period of an award, beside the day of the run."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

Per = Literal["year", "half", "quarter", "month", "once"]
_MONTHS = {"year": 12, "half": 6, "quarter": 3, "month": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period by its name (`2025`, `2025H2`, `2025Q4`, `2025-11`, `once`), both days included."""

    name: str
    start: date
    end: date


def period_of(
    per: Per, which: str, as_of: date, effective_from: date, effective_to: date | None
) -> Period:
    """The period a run on `as_of` decides.

    `which` is `this`, `last` (the one that ended before `as_of`'s own) or a period's name. For
    `once` the period is as long as the policy is in force, at most until `as_of`.
    """
    if per == "once":
        end = as_of if effective_to is None else min(as_of, effective_to)
        return Period(name="once", start=effective_from, end=max(end, effective_from))
    if which not in ("this", "last"):
        return parse_period(which)
    months = _MONTHS[per]
    index = as_of.year * 12 + (as_of.month - 1) // months * months
    if which == "last":
        index -= months
    return _period(index // 12, index % 12 + 1, months)


def parse_period(text: str) -> Period:
    """A period by its name; ValueError where it is none."""
    if match := re.fullmatch(r"(\d{4})(?:-(\d{2})|Q([1-4])|H([12]))?", text, re.ASCII):
        year = int(match[1])
        if match[2] and 1 <= int(match[2]) <= 12:
            return _period(year, int(match[2]), 1)
        if match[3]:
            return _period(year, int(match[3]) * 3 - 2, 3)
        if match[4]:
            return _period(year, int(match[4]) * 6 - 5, 6)
        if not match[2] and year:
            return _period(year, 1, 12)
    raise ValueError(f'"{text}" is not a period; write this, last, 2024, 2024H1, 2024Q3 or 2024-05')


def _period(year: int, month: int, months: int) -> Period:
    start = date(year, month, 1)
    last = month + months - 1
    end = date(year, last, calendar.monthrange(year, last)[1])
    name = {
        12: f"{year:04d}",
        6: f"{year:04d}H{(month + 5) // 6}",
        3: f"{year:04d}Q{(month + 2) // 3}",
        1: f"{year:04d}-{month:02d}",
    }[months]
    return Period(name=name, start=start, end=end)
