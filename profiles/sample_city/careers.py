"""Education and work of residents: degrees, the kind of work, up to three employers in a row."""

from dataclasses import dataclass

import numpy as np

from profiles.sample_city.city import City
from profiles.sample_city.days import YEAR, day_of_year, days_in, years_of
from profiles.sample_city.draw import Ints, exponential, happens, pick, uniform, whole
from profiles.sample_city.people import People
from profiles.sample_city.roll import Roll, pick_employers
from profiles.sample_city.shape import (
    DEGREE_AGES,
    DEGREE_BIRTH_YEARS,
    DEGREE_SHARES,
    DEGREE_WEIGHTS,
)

NO_WORK, IN_FIRM, FLEXIBLE, PUBLIC = range(4)
_KINDS = np.array([0.235, 0.60, 0.11, 0.055])
NO_DEGREE = -1
JOBS = 3
_NEVER = day_of_year(2090, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Careers:
    """By person: days since 1970-01-01; the columns of a job are arrays of three."""

    degree: Ints
    graduated: Ints
    kind: Ints
    start: Ints
    end: Ints
    retires: Ints
    hired: Ints
    left: Ints
    employer: Ints


def form_careers(city: City, roll: Roll, people: People) -> Careers:
    """What these people learn and where they work, for all time."""
    seed, person = city.seed, people.person
    share = np.interp(years_of(people.born), DEGREE_BIRTH_YEARS, DEGREE_SHARES)
    studies = happens(seed, "career/studies", person, share)
    degree = np.where(studies, pick(seed, "career/degree", person, DEGREE_WEIGHTS), NO_DEGREE)
    late = happens(seed, "career/late", person, 0.25)
    year = years_of(people.born) + DEGREE_AGES[np.maximum(degree, 0)] + late
    graduated = days_in(year, 6, 20) + whole(seed, "career/graduated", person, 15)
    graduated = np.where(studies, graduated, _NEVER)
    kind = pick(seed, "career/kind", person, _KINDS)
    doctor = (degree >= 3) & happens(seed, "career/doctor", person, 0.5)
    kind = np.where(doctor, PUBLIC, kind)
    school_end = people.born + np.floor(18.2 * YEAR).astype(np.int64)
    search = np.floor(12 + 170 * exponential(seed, "career/search", person)).astype(np.int64)
    start = np.where(studies, graduated, school_end) + search
    retires = people.born + np.floor(np.where(people.male, 60.5, 55.3) * YEAR).astype(np.int64)
    end = np.minimum(retires, people.died)
    kind = np.where(start + 100 < end, kind, NO_WORK)
    hired, left, employer = _jobs(city, roll, people, start, end)
    hired[kind != IN_FIRM] = left[kind != IN_FIRM] = _NEVER
    return Careers(
        degree=degree, graduated=graduated, kind=kind, start=start, end=end, retires=retires,
        hired=hired, left=left, employer=employer,
    )  # fmt: skip


def _jobs(
    city: City, roll: Roll, people: People, start: Ints, end: Ints
) -> tuple[Ints, Ints, Ints]:
    """Up to three jobs one after another; a job lies within the life of its firm."""
    seed, person = city.seed, people.person
    shape = (len(person), JOBS)
    hired, left = np.full(shape, _NEVER), np.full(shape, _NEVER)
    employer = np.zeros(shape, dtype=np.int64)
    joined = day_of_year(2018, 6, 1) + whole(seed, "job/joined", person, 900)
    begin = np.maximum(start, joined)
    for job in range(JOBS):
        years = 0.3 + 3.0 * exponential(seed, "job/years", person, job)
        finish = begin + np.floor(years * YEAR).astype(np.int64)
        finish = np.minimum(end, finish if job < JOBS - 1 else _NEVER)
        firm = pick_employers(roll, uniform(seed, "job/employer", person, job))
        inside = np.maximum(begin, roll.registered[firm] + 20)
        outside = np.minimum(finish, roll.deregistered[firm])
        there = outside > inside + 30
        hired[:, job] = np.where(there, inside, _NEVER)
        left[:, job] = np.where(there, outside, _NEVER)
        employer[:, job] = firm
        gap = np.floor(80 * exponential(seed, "job/gap", person, job)).astype(np.int64)
        begin = np.maximum(finish, inside) + 1 + gap
    return hired, left, employer
