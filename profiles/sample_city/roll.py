"""What one subject's rows need of all the others: who was born alike, who works, who employs.

Made once, in order, block by block, before any file. It holds a few bytes for each place of a
household (46 MB for 7.6 million residents) and for each firm, and does not change with the day.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import gathered
from profiles.sample_city.days import day_of_year
from profiles.sample_city.draw import Floats, Ints, happens, whole
from profiles.sample_city.firms import form_firms
from profiles.sample_city.identity_number import credit_codes, resident_numbers
from profiles.sample_city.people import PLACES, People, form_people, identity_numbers, take_people
from profiles.sample_city.shape import CITY, FORMS

_BLOCK = 50_000
_FIRST_BIRTH = day_of_year(1915, 1, 1)
_BIRTHS = day_of_year(2032, 1, 1) - _FIRST_BIRTH
_RESIDENT_ORDERS = 400  # of the 499 of a day, region and sex; the others are outsiders'
_OUTSIDER_ORDERS = 99
_POOL = 400_000  # dismissed persons are drawn from so many workers at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """`orders` by person number; `workers` of working age; the counted firms by index."""

    orders: npt.NDArray[np.int16]
    workers: People
    worker_ids: pl.Series
    staff_so_far: Floats
    form: npt.NDArray[np.int8]
    district: npt.NDArray[np.int8]
    registered: npt.NDArray[np.int32]
    deregistered: npt.NDArray[np.int32]


def call_roll(city: City) -> Roll:
    """Number everybody and collect workers and employers."""
    counted = np.zeros(12 * _BIRTHS, dtype=np.int16)
    orders = np.zeros(city.households_known * PLACES, dtype=np.int16)
    workers, numbers = [], []
    share = min(1.0, _POOL / (1.5 * city.households))
    for households in blocks(city.households_known, _BLOCK):
        people = form_people(city, households)
        orders[people.person] = _orders(people, counted)
        working = (people.born >= day_of_year(1969, 1, 1)) & (people.born < day_of_year(2004, 1, 1))
        working &= people.household < city.households
        working &= happens(city.seed, "roll/pool", people.person, share)
        part = take_people(people, working)
        workers.append(part)
        numbers.append(identity_numbers(part, orders[part.person].astype(np.int64)))
    firms = [form_firms(city, block) for block in blocks(city.firms, _BLOCK)]
    return Roll(
        orders=orders,
        workers=People(
            **{
                name: np.concatenate([getattr(part, name) for part in workers])
                for name in People.__slots__
            }
        ),
        worker_ids=pl.concat(numbers),
        staff_so_far=np.cumsum(np.concatenate([part.staff for part in firms])),
        form=np.concatenate([part.form.astype(np.int8) for part in firms]),
        district=np.concatenate([part.district.astype(np.int8) for part in firms]),
        registered=np.concatenate([part.registered.astype(np.int32) for part in firms]),
        deregistered=np.concatenate([part.deregistered.astype(np.int32) for part in firms]),
    )


def blocks(size: int, block: int) -> Iterator[Ints]:
    """The numbers 0 to below `size`, so many at a time."""
    for first in range(0, size, block):
        yield np.arange(first, min(first + block, size))


def numbers_of(roll: Roll, people: People) -> pl.Series:
    """Identity numbers of residents."""
    return identity_numbers(people, roll.orders[people.person].astype(np.int64))


def pick_employers(roll: Roll, lot: Floats) -> Ints:
    """Counted firms, as often as they have staff, for lots between 0 and 1."""
    places = np.searchsorted(roll.staff_so_far, lot * roll.staff_so_far[-1], side="right")
    return np.asarray(np.minimum(places, len(roll.form) - 1), dtype=np.int64)


def employer_codes(roll: Roll, index: Ints) -> pl.Series:
    """Credit codes of counted firms."""
    kinds = np.array([form.credit_code for form in FORMS])
    region = CITY + 1 + roll.district[index].astype(np.int64)
    return credit_codes(kinds[roll.form[index]], region, index)


def pick_dismissed(
    city: City, roll: Roll, about: str, subject: Ints, part: Ints
) -> tuple[pl.Series, Ints]:
    """Identity numbers of persons who lost their work, and the day each dies.

    One in four works here without being registered here: such a person is in no register.
    """
    place = whole(city.seed, about + "/resident", subject, len(roll.workers.person), part)
    outsider = happens(city.seed, about + "/outsider", subject, 0.25, part)
    lot = whole(city.seed, about + "/number", subject, 6 * 2 * 12_000 * _OUTSIDER_ORDERS, part)
    district, lot = lot % 6, lot // 6
    sex, lot = lot % 2, lot // 2
    day, order = lot % 12_000, _RESIDENT_ORDERS + lot // 12_000
    foreign = resident_numbers(
        CITY + 1 + district, day_of_year(1970, 1, 1) + day, 2 * order + 1 + sex
    )
    numbers = gathered(roll.worker_ids, place).zip_with(pl.Series(~outsider), foreign)
    return numbers, np.where(outsider, day_of_year(2090, 1, 1), roll.workers.died[place])


def _orders(people: People, counted: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Each person's place among those of the same day, district and sex so far; `counted` grows."""
    alike = (people.birth_district * 2 + people.male) * _BIRTHS + people.born - _FIRST_BIRTH
    sequence = np.argsort(alike, kind="stable")
    keys, first, sizes = np.unique(alike[sequence], return_index=True, return_counts=True)
    orders = np.empty(len(alike), dtype=np.int64)
    orders[sequence] = np.arange(len(alike)) - np.repeat(first - counted[keys], sizes)
    counted[keys] += sizes.astype(np.int16)
    if len(orders) and orders.max() >= _RESIDENT_ORDERS:
        raise ValueError(
            "the identity numbers of some day of birth are used up: ask for fewer residents"
        )
    return orders.astype(np.int16)
