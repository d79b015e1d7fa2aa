"""What is asked for, and what follows from it for the whole city."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from profiles.sample_city.days import YEAR, day_of
from profiles.sample_city.draw import Ints, uniform
from profiles.sample_city.shape import PERSONS_PER_HOUSEHOLD

DEFAULT_SEED = 990100

EPOCH = day_of(date(2025, 9, 30))
"""The day on which the firms and residents asked for are counted; nothing hangs on `as_of`."""

HISTORY_FROM = day_of(date(2021, 1, 1))
"""Before this day nobody dies or closes: whoever was gone by then is not in the registers."""

HISTORY_TO = day_of(date(2031, 1, 1))
EARLIEST, LATEST = date(2024, 1, 1), date(2030, 12, 31)

_NEW_FIRMS_A_DAY = 0.0002  # of the firms counted on the epoch day: 0.6 % a month
_NEW_HOUSEHOLDS_A_DAY = 0.00002


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city as known on a day: `today` is `as_of` in days since 1970-01-01."""

    seed: int
    firms: int
    households: int
    today: int

    @property
    def this_year(self) -> int:
        """The calendar year of today."""
        return (date(1970, 1, 1) + timedelta(days=self.today)).year

    @property
    def first_year(self) -> int:
        """The first year of which yearly and monthly figures are delivered."""
        return self.this_year - 2

    @property
    def firms_known(self) -> int:
        """Firms that have come into being by today, the closed ones too."""
        return self.firms + _arrived(self, self.firms, _NEW_FIRMS_A_DAY)

    @property
    def households_known(self) -> int:
        """Households that live here or have moved in by today."""
        return self.households + _arrived(self, self.households, _NEW_HOUSEHOLDS_A_DAY)


def found_city(*, firms: int, residents: int, seed: int, as_of: date) -> City:
    """Check what is asked for; ValueError says what is wrong and what would be right."""
    if not EARLIEST <= as_of <= LATEST:
        raise ValueError(
            f"the sample city is known from {EARLIEST} to {LATEST}, not on {as_of}: "
            "choose a day between them"
        )
    if not 1 <= firms <= 20_000_000 or not 1 <= residents <= 40_000_000:
        raise ValueError(
            f"a sample city of {firms} firms and {residents} residents cannot be numbered: "
            "choose 1 to 20,000,000 firms and 1 to 40,000,000 residents"
        )
    households = max(1, round(residents / PERSONS_PER_HOUSEHOLD))
    return City(seed=seed, firms=firms, households=households, today=day_of(as_of))


def firm_arrivals(city: City, index: Ints) -> Ints:
    """The day on which each firm beyond the counted ones is registered, in their order."""
    return _arrival(city.firms, _NEW_FIRMS_A_DAY, index)


def household_arrivals(city: City, index: Ints) -> Ints:
    """The day on which each household beyond the counted ones moves in, in their order."""
    return _arrival(city.households, _NEW_HOUSEHOLDS_A_DAY, index)


def spells(
    city: City, about: str, subject: Ints, *, share: float, mean_years: float, least_days: int = 30
) -> tuple[Ints, Ints]:
    """Stays on a list: for about `share` of the subjects at any time, begin and end.

    Begins are spread evenly over the history, so some begin in every month of it; the others
    begin at the end of time.
    """
    years = (HISTORY_TO - HISTORY_FROM) / YEAR
    ever = uniform(city.seed, about + "/ever", subject) < share * years / mean_years
    place = uniform(city.seed, about + "/begin", subject)
    begin = (
        HISTORY_FROM - mean_years * YEAR + place * (HISTORY_TO - HISTORY_FROM + mean_years * YEAR)
    )
    length = least_days + 2 * (mean_years * YEAR - least_days) * uniform(
        city.seed, about + "/length", subject
    )
    begins = np.where(ever, begin, HISTORY_TO * 2).astype(np.int64)
    return begins, begins + length.astype(np.int64)


def _arrived(city: City, counted: int, a_day: float) -> int:
    return max(0, int((city.today - EPOCH) * counted * a_day))


def _arrival(counted: int, a_day: float, index: Ints) -> Ints:
    late = np.maximum(index - counted + 1, 0)
    return EPOCH + np.ceil(late / (counted * a_day)).astype(np.int64)
