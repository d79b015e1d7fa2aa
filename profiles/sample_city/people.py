"""Residents: eight places in each household, who holds them, and from when until when.

The places are head, spouse, three children, two parents and another relative; a place may stay
empty, or be taken by a child that is born later. A person's number is household * 8 + place.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from profiles.sample_city.city import EPOCH, HISTORY_FROM, HISTORY_TO, City, household_arrivals
from profiles.sample_city.days import YEAR
from profiles.sample_city.draw import (
    Flags,
    Floats,
    Ints,
    exponential,
    happens,
    normal,
    pick,
    uniform,
)
from profiles.sample_city.identity_number import resident_numbers
from profiles.sample_city.shape import (
    CITY,
    DISTRICT_WEIGHTS,
    HEAD_AGE_BOUNDS,
    HEAD_AGE_WEIGHTS,
)

PLACES = 8
RELATIONS = ("head", "spouse", "child", "child", "child", "parent", "parent", "other")
_PLACE_NAMES = ("head", "spouse", "child 1", "child 2", "child 3", "father", "mother", "other")

_RISK, _RISK_GROWTH = 2.75e-5, 0.095  # yearly risk of death at birth and its growth (Gompertz)
_SPOUSE = np.array([0.30, 0.78, 0.82, 0.82, 0.74, 0.55, 0.30])
_FIRST_CHILD = np.array([0.76, 0.82, 0.84, 0.50, 0.28, 0.18, 0.15])
_SECOND_CHILD = np.array([0.38, 0.52, 0.50, 0.15, 0.05, 0.03, 0.03])
_PARENT = np.array([0.04, 0.06, 0.08, 0.09, 0.03, 0.0, 0.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Columns of persons, by household and place; days since 1970-01-01.

    `birth_district` is the one in the identity number, `since` the day from which the register
    knows them, `died` far in the future for those who live on.
    """

    person: Ints
    household: Ints
    place: Ints
    district: Ints
    birth_district: Ints
    male: Flags
    born: Ints
    since: Ints
    died: Ints


def form_people(city: City, household: Ints) -> People:
    """Everybody who ever belongs to these households."""
    seed = city.seed
    band = pick(seed, "head/age", household, HEAD_AGE_WEIGHTS)
    low, high = HEAD_AGE_BOUNDS[band], HEAD_AGE_BOUNDS[band + 1]
    head_age = low + (high - low) * uniform(seed, "head/age in band", household)
    head_male = happens(seed, "head/male", household, 0.66)
    ages, there = _ages(city, household, head_age, band)
    male = np.empty(ages.shape, dtype=np.bool_)
    for place, name in enumerate(_PLACE_NAMES):
        male[:, place] = happens(seed, f"{name}/male", household, 0.53 if 2 <= place <= 4 else 0.5)
    male[:, 0], male[:, 1] = head_male, ~head_male
    male[:, 5], male[:, 6] = True, False
    rows, places = np.nonzero(there)
    home = household[rows]
    district = pick(seed, "household/district", household, DISTRICT_WEIGHTS)[rows]
    person = home * PLACES + places
    moved_birth = happens(seed, "person/born elsewhere", person, 0.15)
    other = pick(seed, "person/birth district", person, DISTRICT_WEIGHTS)
    born = np.floor(EPOCH - ages[rows, places] * YEAR).astype(np.int64)
    since = np.maximum(born, np.where(home >= city.households, household_arrivals(city, home), 0))
    return People(
        person=person,
        household=home,
        place=places.astype(np.int64),
        district=district,
        birth_district=np.where(moved_birth, other, district),
        male=male[rows, places],
        born=born,
        since=since,
        died=_deaths(city, person, born, since),
    )


def take_people(people: People, wanted: Flags) -> People:
    """The persons where `wanted`."""
    places = np.flatnonzero(wanted)
    return People(**{name: getattr(people, name)[places] for name in People.__slots__})


def registered_by(people: People, day: int) -> Flags:
    """Whom the register knows on a day, the dead too."""
    return (people.since + 10 <= day) & (people.born + 10 <= day)


def identity_numbers(people: People, orders: Ints) -> pl.Series:
    """Their identity numbers; `orders` is each one's place among those born alike."""
    serial = 2 * orders + np.where(people.male, 1, 2)
    return resident_numbers(CITY + 1 + people.birth_district, people.born, serial)


def _ages(city: City, household: Ints, head_age: Floats, band: Ints) -> tuple[Floats, Flags]:
    """Ages on the epoch day (negative before birth), and which places are ever taken."""
    seed = city.seed
    ages = np.zeros((len(household), PLACES))
    there = np.zeros(ages.shape, dtype=np.bool_)
    ages[:, 0], there[:, 0] = head_age, True
    spouse_age = head_age + 2.6 * normal(seed, "spouse/age", household)
    youngest = 20.5 + 3 * uniform(seed, "spouse/young", household)
    ages[:, 1] = np.where(spouse_age < 20.5, youngest, spouse_age)
    there[:, 1] = happens(seed, "spouse", household, _SPOUSE[band])
    motherhood = np.clip(27.5 + 4.2 * normal(seed, "child 1/age", household), 20.0, 42.0)
    gap = 1.2 + 3.0 * exponential(seed, "child 2/age", household)
    ages[:, 2] = head_age - motherhood
    ages[:, 3] = ages[:, 2] - gap
    ages[:, 4] = ages[:, 3] - 1.2 - 2.0 * exponential(seed, "child 3/age", household)
    there[:, 2] = happens(seed, "child 1", household, _FIRST_CHILD[band])
    there[:, 3] = there[:, 2] & happens(seed, "child 2", household, _SECOND_CHILD[band])
    there[:, 4] = there[:, 3] & happens(seed, "child 3", household, 0.2)
    for place, name in ((5, "father"), (6, "mother")):
        older = np.clip(27.0 + 4.0 * normal(seed, name + "/age", household), 19.0, 42.0)
        ages[:, place] = head_age + older
        there[:, place] = happens(seed, name, household, _PARENT[band] * (1.0 + 0.3 * (place == 6)))
    ages[:, 7] = 1.0 + 78.0 * uniform(seed, "other/age", household)
    there[:, 7] = happens(seed, "other", household, 0.05)
    latest = (EPOCH - HISTORY_TO) / YEAR
    return ages, there & (ages < 104.0) & (ages > latest)


def _deaths(city: City, person: Ints, born: Ints, since: Ints) -> Ints:
    """Days of death by Gompertz' law, for persons alive when the history or their stay begins."""
    age = np.maximum(since, HISTORY_FROM) / YEAR - born / YEAR
    luck = exponential(city.seed, "person/death", person)
    end = np.log(np.exp(_RISK_GROWTH * np.maximum(age, 0)) + _RISK_GROWTH / _RISK * luck)
    return born + 1 + np.floor(end / _RISK_GROWTH * YEAR).astype(np.int64)
