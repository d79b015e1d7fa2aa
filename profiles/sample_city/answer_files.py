"""What residents and firms declare and correct about themselves at the portal."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from profiles.sample_city.city import EPOCH, City
from profiles.sample_city.columns import codes, gathered, planted_column, row_names
from profiles.sample_city.days import YEAR, date_column
from profiles.sample_city.draw import Flags, Ints, happens, uniform, whole
from profiles.sample_city.firms import Firms
from profiles.sample_city.people import People, registered_by

_OF_FIRMS = tuple(("energy_type", value, "declared") for value in ("power", "gas", "coal"))
_OF_RESIDENTS = (
    ("child_status", "deceased", "declared"),
    ("child_status", "disabled", "declared"),
    ("other_children", "false", "declared"),
    ("education_level", "bachelor", "corrected"),
    ("education_level", "none", "corrected"),
)
_FOR_DAYS = 365
_KEPT_DAYS = 60
_AGAIN_DAYS = 600


def make_enterprise_answers(city: City, firms: Firms) -> pl.DataFrame:
    """One firm in fifty says what it burns."""
    there = happens(city.seed, "firm/answers", firms.index, 0.02)
    given = _given_on(city, "firm/answers/day", firms.index)
    there &= (given > firms.registered) & (given < firms.deregistered)
    return _answers(city, "uscc", firms.uscc, firms.index, there, given, _OF_FIRMS)


def make_resident_answers(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """One grown-up in a hundred has answered something."""
    there = happens(city.seed, "answers", people.person, 0.01) & registered_by(people, city.today)
    given = _given_on(city, "answers/day", people.person)
    there &= (given - people.born > 20 * YEAR) & (given < people.died) & (given > people.since)
    return _answers(city, "id_number", ids, people.person, there, given, _OF_RESIDENTS)


def _given_on(city: City, about: str, subject: Ints) -> Ints:
    """The last time by today; everybody answers again after so many days."""
    first = EPOCH + np.floor(uniform(city.seed, about, subject) * _AGAIN_DAYS).astype(np.int64)
    return city.today - (city.today - first) % _AGAIN_DAYS


def _answers(
    city: City,
    key: str,
    keys: pl.Series,
    subject: Ints,
    there: Flags,
    given: Ints,
    answers: Sequence[tuple[str, str, str]],
) -> pl.DataFrame:
    """An answer each, for a year; it stays in the file for two months more."""
    there = there & (given + _FOR_DAYS + _KEPT_DAYS > city.today)
    places = np.flatnonzero(there)
    which = whole(city.seed, f"{key}/answer", subject[places], len(answers))
    facts, values, roles = zip(*answers, strict=True)
    return pl.DataFrame(
        {
            key: gathered(keys, places),
            "fact": codes(facts, which),
            "value": codes(values, which),
            "role": codes(roles, which),
            "source": pl.repeat("一网通办", len(places), dtype=pl.String, eager=True),
            "given_on": date_column(given[places]),
            "expires_on": date_column(given[places] + _FOR_DAYS),
            "row": row_names(subject[places]),
            "planted": planted_column(len(places)),
        }
    )
