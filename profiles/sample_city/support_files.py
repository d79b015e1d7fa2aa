"""Files of civil affairs: social assistance by household, orphans, nursing after injury."""

import numpy as np
import polars as pl

from profiles.sample_city.careers import NO_WORK, Careers
from profiles.sample_city.city import EPOCH, City, spells
from profiles.sample_city.columns import codes, gathered, in_order, planted_column, row_names
from profiles.sample_city.days import YEAR, add_months, date_column, month_starts, months_of
from profiles.sample_city.draw import Flags, Ints, happens, pick, uniform
from profiles.sample_city.people import People, registered_by

_CATEGORIES = ("dibao", "low_income", "edge", "tekun")
_FORGOTTEN_DAYS = 400  # an end that nobody reported is found by the yearly review


def make_social_assistance(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Every member of an assisted household; 2 to 3 % of the residents at any time.

    Some are still on it though the register says that they have died.
    """
    begin, end = spells(city, "assistance", people.household, share=0.031, mean_years=3.5)
    category = pick(
        city.seed, "assistance/category", people.household, np.array([0.72, 0.13, 0.15])
    )
    ordinary = _assisted(city, people, ids, ~_alone_and_old(people), begin, end, category, 0)
    begin, end = spells(city, "tekun", people.household, share=0.11, mean_years=8.0)
    tekun = np.full(len(category), 3)
    return in_order(
        [ordinary, _assisted(city, people, ids, _alone_and_old(people), begin, end, tekun, 1)]
    )


def _alone_and_old(people: People) -> Flags:
    """Heads of 60 and over in a household of nobody else."""
    _, place, size = np.unique(people.household, return_inverse=True, return_counts=True)
    old = (EPOCH - people.born) > 60 * YEAR
    return np.asarray((size[place] == 1) & old, dtype=np.bool_)


def _assisted(
    city: City, people: People, ids: pl.Series, who: Flags, begin: Ints, end: Ints,
    category: Ints, part: int,
) -> pl.DataFrame:  # fmt: skip
    begin = month_starts(months_of(np.maximum(begin, people.since + 31)))
    end = month_starts(months_of(end)) - 1
    there = who & registered_by(people, city.today) & (begin < people.died) & (begin < end)
    places = np.flatnonzero(there & (begin + 20 <= city.today))
    person, died = people.person[places], people.died[places]
    forgotten = happens(city.seed, "assistance/forgotten", person, 0.3)
    known = np.minimum(end[places], died + 20 + _FORGOTTEN_DAYS * forgotten)
    ends = np.minimum(end[places], month_starts(months_of(died) + 1) - 1)
    closed = known <= city.today
    paid_on = ~closed & (died + 60 <= city.today)
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "category": codes(_CATEGORIES, category[places]),
            "from_on": date_column(begin[places]),
            "to_on": date_column(ends, closed),
            "row": row_names(person, part),
            "planted": planted_column(len(places), assisted_after_death=paid_on),
        }
    )


def make_orphan_support(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Orphans and children nobody cares for in fact, until they are 18."""
    born = people.born
    lot = (
        happens(city.seed, "orphan", people.person, 0.003)
        & (people.place >= 2)
        & (people.place <= 4)
    )
    age = 1 + 13 * uniform(city.seed, "orphan/age", people.person)
    begin = month_starts(months_of(born + np.floor(age * YEAR).astype(np.int64)))
    end = np.minimum(add_months(born, 216), people.died)
    there = lot & registered_by(people, city.today) & (begin + 20 <= city.today) & (begin < end)
    there &= end > EPOCH - 6 * 365
    places = np.flatnonzero(there)
    kind = happens(city.seed, "orphan/factual", people.person[places], 0.6)
    placed = happens(city.seed, "orphan/institution", people.person[places], 0.25)
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "orphan_support": codes(("orphan", "factual"), kind * 1),
            "placement": codes(("family", "institution"), placed * 1),
            "from_on": date_column(begin[places]),
            "to_on": date_column(end[places], end[places] <= city.today),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )


def make_work_injury_nursing(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """A few who were injured at work and draw a nursing allowance for life."""
    lot = happens(city.seed, "injury", people.person, 0.0012) & (careers.kind != NO_WORK)
    place = uniform(city.seed, "injury/when", people.person)
    begin = careers.start + np.floor((careers.end - careers.start) * place).astype(np.int64)
    there = lot & registered_by(people, city.today) & (begin + 40 <= city.today)
    places = np.flatnonzero(there & (begin < people.died))
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
