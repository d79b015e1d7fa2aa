"""Files of what offices have on record of some residents: military service."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import codes, gathered, planted_column, row_names
from profiles.sample_city.days import add_months, date_column, day_of_year, days_in, years_of
from profiles.sample_city.draw import happens, pick, whole
from profiles.sample_city.people import People, registered_by

_PLACES = ("normal", "tibet", "plateau")


def make_military_service(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Two years of service from the September of the nineteenth or a later year."""
    served = happens(city.seed, "service", people.person, np.where(people.male, 0.05, 0.004))
    year = years_of(people.born) + 19 + whole(city.seed, "service/when", people.person, 4)
    begin = days_in(year, 9, 1)
    end = add_months(begin, 24) - 1
    there = served & registered_by(people, city.today) & (begin < people.died)
    there &= (begin + 30 <= city.today) & (begin >= day_of_year(1985, 1, 1))
    places = np.flatnonzero(there)
    person = people.person[places]
    place = pick(city.seed, "service/place", person, np.array([0.9, 0.04, 0.06]))
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "place": codes(_PLACES, place),
            "merit3": pl.Series(happens(city.seed, "service/merit", person, 0.02)),
            "good_soldier": pl.Series(happens(city.seed, "service/good", person, 0.15)),
            "enlisted_on": date_column(begin[places]),
            "discharged_on": date_column(end[places], end[places] + 10 <= city.today),
            "row": row_names(person),
            "planted": planted_column(len(places)),
        }
    )
