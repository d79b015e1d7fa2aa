"""Files about who residents are: the household register, kindergarten, graduation, disability."""

import numpy as np
import polars as pl

from profiles.sample_city.careers import NO_WORK, Careers
from profiles.sample_city.city import EPOCH, City
from profiles.sample_city.columns import (
    codes,
    gathered,
    in_order,
    numbered,
    planted_column,
    row_names,
    yuan,
)
from profiles.sample_city.days import YEAR, add_months, date_column, day_of_year, days_in, years_of
from profiles.sample_city.draw import Flags, Floats, Ints, happens, pick, uniform, whole
from profiles.sample_city.people import RELATIONS, People, registered_by
from profiles.sample_city.shape import (
    CITY,
    DEGREES,
    DISABILITY_AGES,
    DISABILITY_LEVEL_WEIGHTS,
    DISABILITY_SHARES,
    DISABILITY_TYPE_WEIGHTS,
    DISABILITY_TYPES,
    PROVINCE_ELSEWHERE,
)

_KINDERGARTENS = ("public", "private_approved", "unlicensed")
_PUBLIC_FEES = np.array([660.0, 600.0, 540.0, 480.0, 400.0, 320.0])  # yuan a month, by district


def make_household_register(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """The register of residents, the dead too; 6 % are registered elsewhere in the province.

    Telephone numbers begin with 1004, which is no prefix of a Chinese mobile network.
    """
    known = registered_by(people, city.today)
    places = np.flatnonzero(known)
    person, household = people.person[places], people.household[places]
    elsewhere = happens(city.seed, "household/elsewhere", household, 0.06)
    away = PROVINCE_ELSEWHERE + 1 + whole(city.seed, "household/away", household, 3)
    region = np.where(elsewhere, away, CITY + 1 + people.district[places])
    born, since = people.born[places], people.since[places]
    came = household >= city.households
    adult = (EPOCH - born) > 20 * YEAR
    moved = adult & happens(city.seed, "person/moved", person, 0.33) & ~came
    when = born + np.floor(
        np.maximum(EPOCH - born, 0) * uniform(city.seed, "person/moved on", person)
    ).astype(np.int64)
    moved_on = np.where(came, since, when)
    died = people.died[places]
    reported = died + 3 + whole(city.seed, "person/death reported", person, 40)
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "name": numbered("示例居民", person, 8),
            "sex": codes(("female", "male"), people.male[places] * 1),
            "birth_date": date_column(born),
            "region": pl.Series(region).cast(pl.String),
            "moved_in_on": date_column(
                moved_on, (moved | (came & (since > born))) & (moved_on <= city.today)
            ),
            "household_no": numbered("示范户", household, 8),
            "relation": codes(RELATIONS, people.place[places]),
            "phone": numbered("1004", person % 10_000_000, 7),
            "died_on": date_column(died, reported <= city.today),
            "row": row_names(person),
            "planted": planted_column(len(places)),
        }
    )


def make_kindergarten(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """One row a school year, from the September of being three, for the last three of them."""
    attends = happens(city.seed, "kindergarten", people.person, 0.88)
    entry_year = years_of(people.born + 122) + 3  # born before September: the year of turning three
    kind = pick(city.seed, "kindergarten/kind", people.person, np.array([0.52, 0.38, 0.10]))
    public = _PUBLIC_FEES[people.district]
    own = np.round(public + _surcharge(city, people, kind), -1)
    frames = []
    for grade in range(3):
        begin = days_in(entry_year + grade, 9, 1)
        end = days_in(entry_year + grade + 1, 8, 31)
        there = attends & (begin + 20 <= city.today) & (begin >= day_of_year(city.first_year, 9, 1))
        there &= (people.died > begin) & (people.since < begin)
        places = np.flatnonzero(there)
        ends = np.minimum(end, people.died)[places]
        frames.append(
            pl.DataFrame(
                {
                    "id_number": gathered(ids, places),
                    "school_kind": codes(_KINDERGARTENS, kind[places]),
                    "final_year": pl.Series([grade == 2] * len(places), dtype=pl.Boolean),
                    "own_fee_month": yuan(own[places]),
                    "public_fee_month": yuan(public[places]),
                    "from_on": date_column(begin[places]),
                    "to_on": date_column(ends, ends <= city.today),
                    "row": row_names(people.person[places], grade),
                    "planted": planted_column(len(places)),
                }
            )
        )
    return in_order(frames)


def _surcharge(city: City, people: People, kind: Ints) -> Floats:
    lot = uniform(city.seed, "kindergarten/fee", people.person)
    return np.choose(kind, [60 * (lot - 0.5), 420 * lot - 60, 150 + 500 * lot])


def make_graduation(city: City, people: People, ids: pl.Series, careers: Careers) -> pl.DataFrame:
    """Degrees since 1990, with the bachelor's and master's before a doctor's."""
    known = registered_by(people, city.today)
    frames = []
    for degree in range(len(DEGREES)):
        own = careers.degree == degree
        before = (careers.degree > degree) & np.isin(degree, (1, 2)) & (careers.degree >= 2)
        years_before = np.where(careers.degree >= 3, np.where(degree == 1, 7, 4), 3)
        day = np.where(own, careers.graduated, add_months(careers.graduated, -12 * years_before))
        there = known & (own | before) & (day + 25 <= city.today) & (people.died > day)
        places = np.flatnonzero(there & (day >= day_of_year(1990, 1, 1)))
        frames.append(
            pl.DataFrame(
                {
                    "id_number": gathered(ids, places),
                    "education_level": codes(DEGREES, np.full(len(places), degree)),
                    "graduated_on": date_column(day[places]),
                    "row": row_names(people.person[places], degree),
                    "planted": planted_column(len(places)),
                }
            )
        )
    return in_order(frames)


def disabled_from(city: City, people: People) -> tuple[Ints, Ints]:
    """The day of each person's first certificate (far away for most), and the grade."""
    lot = uniform(city.seed, "disability", people.person)
    age = np.interp(lot, DISABILITY_SHARES, DISABILITY_AGES)
    wait = 0.1 + 2.0 * uniform(city.seed, "disability/wait", people.person)
    issued = people.born + np.floor((age + wait) * YEAR).astype(np.int64)
    new_cards = day_of_year(2008, 6, 1) + whole(city.seed, "disability/renewed", people.person, 900)
    issued = np.maximum(issued, new_cards)
    issued = np.where(lot <= DISABILITY_SHARES[-1], issued, day_of_year(2090, 1, 1))
    return issued, 1 + pick(city.seed, "disability/level", people.person, DISABILITY_LEVEL_WEIGHTS)


def make_disability_certificates(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Certificates for ten years, renewed by nineteen in twenty."""
    first, level = disabled_from(city, people)
    kind = pick(city.seed, "disability/type", people.person, DISABILITY_TYPE_WEIGHTS)
    holds: Flags = registered_by(people, city.today)
    frames = []
    for term in range(3):
        issued = add_months(first, 120 * term)
        if term:
            holds = holds & happens(city.seed, "disability/again", people.person, 0.95, term)
        there = holds & (issued + 20 <= city.today) & (issued < people.died)
        places = np.flatnonzero(there & (people.since <= issued))
        frames.append(
            pl.DataFrame(
                {
                    "id_number": gathered(ids, places),
                    "disability_type": codes(DISABILITY_TYPES, kind[places]),
                    "disability_level": pl.Series(level[places]),
                    "issued_on": date_column(issued[places]),
                    "valid_to": date_column(add_months(issued[places], 120) - 1),
                    "row": row_names(people.person[places], term),
                    "planted": planted_column(len(places)),
                }
            )
        )
    return in_order(frames)


def make_severe_disability_no_work(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """Adults with grade 1 or 2 and no work, as far as recognised."""
    issued, level = disabled_from(city, people)
    begin = np.maximum(issued, people.born + np.floor(18 * YEAR).astype(np.int64)) + 60
    there = (level <= 2) & (careers.kind == NO_WORK) & registered_by(people, city.today)
    there &= happens(city.seed, "severe/recognised", people.person, 0.75)
    there &= (begin < people.died) & (begin + 20 <= city.today)
    places = np.flatnonzero(there)
    died = people.died[places]
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "from_on": date_column(begin[places]),
            "to_on": date_column(died, died + 40 <= city.today),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )
