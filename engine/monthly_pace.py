"""When the money of a policy would be due: month by month over the year of a snapshot.

Nobody knows the facts of later months. What is asked is what monthly runs, each on the last day of
its month, would open if all facts stayed as they are on the snapshot's day, apart from ages and
terms that are reckoned from a day, from standards that change, and from the policy's own days.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from engine.program import Bound, bind
from engine.side_by_side import Side
from policies.policy import Policy
from profiles.fact import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPace:
    """What comes due in a month: awards and their money, and those whose amount is open."""

    month: str
    awards: int
    amount_fen: int
    open_amounts: int


def bind_months(policy: Policy, vocabulary: Vocabulary, year: int) -> tuple[Bound, ...]:
    """The policy on the last day of each month, each under a version of its own."""
    return tuple(
        bind(replace(policy, version=_name(year, month)), vocabulary, _last_day(year, month))
        for month in range(1, 13)
    )


def _name(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}"


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


class Pace:
    """The awards of twelve months, gathered part by part: each period's award counts once.

    Of a subject with several items the first month in which one is due counts for all of them.
    """

    def __init__(self, months: Sequence[Bound]) -> None:
        self._months = months
        self._found = [(0, 0, 0)] * len(months)

    def add(self, sides: Mapping[str, Side]) -> None:
        """Take in a part: what each month gives to its subjects, by the months' names."""
        opened: dict[str, npt.NDArray[np.bool_]] = {}
        for number, bound in enumerate(self._months):
            side = sides.get(bound.policy.version)
            if side is None:
                continue
            # what a month decides again was opened in the month that decided it first
            there = opened.get(bound.period.name)
            due = side.eligible if there is None else side.eligible & ~there
            opened[bound.period.name] = due if there is None else there | due
            awards, fen, open_ = self._found[number]
            self._found[number] = (
                awards + int(due.sum()),
                fen + int(side.amount_fen[due].sum()),
                open_ + int(side.is_open[due].sum()),
            )

    def result(self) -> tuple[MonthPace, ...]:
        """The twelve months in order."""
        return tuple(
            MonthPace(
                month=bound.policy.version,
                awards=awards,
                amount_fen=amount_fen,
                open_amounts=open_amounts,
            )
            for bound, (awards, amount_fen, open_amounts) in zip(
                self._months, self._found, strict=True
            )
        )


def month_spent(pace: Sequence[MonthPace], budget: Fraction) -> str | None:
    """The month in which the money due exceeds a budget in yuan; None where it lasts."""
    total = 0
    for month in pace:
        total += month.amount_fen
        if total > budget * 100:
            return month.month
    return None
