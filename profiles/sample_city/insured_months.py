"""Medical insurance of everybody by month: by far the most rows that a city's departments keep."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import gathered, planted_column, row_names
from profiles.sample_city.days import date_column, month_starts, months_of
from profiles.sample_city.draw import happens
from profiles.sample_city.people import People, registered_by


def make_medical_insurance(city: City, people: People, ids: pl.Series, months: int) -> pl.DataFrame:
    """So many months up to the one before today, of everybody who was alive in them."""
    last = int(months_of(np.array([city.today - 20]))[0]) - 1
    known = np.flatnonzero(registered_by(people, city.today))
    month = np.tile(np.arange(last - months + 1, last + 1), len(known))
    places = np.repeat(known, months)
    begin, end = month_starts(month), month_starts(month + 1)
    alive = (people.born[places] < end) & (people.died[places] > begin)
    places, month, begin = places[alive], month[alive], begin[alive]
    person = people.person[places]
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "month": date_column(begin),
            "paid": pl.Series(~happens(city.seed, "medical/unpaid", person, 0.03, month)),
            "row": row_names(person, month),
            "planted": planted_column(len(places)),
        }
    )
