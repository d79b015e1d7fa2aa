"""Files about what firms are: the register, size classes, yearly accounts, disabled staff."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import (
    codes,
    in_order,
    numbered,
    planted_column,
    row_names,
    yuan,
)
from profiles.sample_city.days import date_column, day_of_year, year_column
from profiles.sample_city.draw import Flags, Floats, Ints, happens, normal, uniform, whole
from profiles.sample_city.firms import Firms, grown, take_firms
from profiles.sample_city.scopes import write_scopes
from profiles.sample_city.shape import CITY, DISTRICTS, FORMS, SIZES, TRADES

_CAPITALS = np.array([1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000])
_MISTAKEN_SIZES = np.array([2, 3, 0, 0])  # micro as medium, small as large, the others as micro
_RESEARCH = np.array([trade.research for trade in TRADES])


def make_registration(city: City, firms: Firms) -> pl.DataFrame:
    """The register of firms, the deregistered ones too."""
    middle = np.array([3.0, 7.5, 10.0, 12.5])[firms.size]
    step = np.round(middle + 1.8 * normal(city.seed, "registration/capital", firms.index))
    capital = _CAPITALS[np.clip(step, 0, len(_CAPITALS) - 1).astype(np.int64)]
    person = whole(city.seed, "registration/representative", firms.index, city.households * 8)
    endings = ["号" + trade.word + form.name for trade in TRADES for form in FORMS]
    ending = codes(endings, firms.trade * len(FORMS) + firms.form)
    street = 1 + whole(city.seed, "registration/street", firms.index, 999)
    districts = codes([name + "示范路" for name in DISTRICTS], firms.district)
    address = pl.select(pl.concat_str(districts, pl.Series(street), pl.lit("号"))).to_series()
    return pl.DataFrame(
        {
            "uscc": firms.uscc,
            "name": numbered("示范第", firms.index + 1, 7, ending),
            "legal_representative": numbered("示例居民", person, 8),
            "address": address,
            "region": pl.Series(CITY + 1 + firms.district).cast(pl.String),
            "ent_type": codes([form.code for form in FORMS], firms.form),
            "industry_code": codes([trade.code for trade in TRADES], firms.trade),
            "registered_capital": yuan(capital.astype(np.float64)),  # the column's unit is 万元
            "business_scope": write_scopes(city.seed, firms.index, firms.trade),
            "registered_on": date_column(firms.registered),
            "deregistered_on": date_column(firms.deregistered, firms.deregistered <= city.today),
            "row": row_names(firms.index),
            "planted": planted_column(len(firms.index)),
        }
    )


def make_size_class(city: City, firms: Firms) -> pl.DataFrame:
    """Size classes by year, known in the spring; one in a hundred contradicts the number of staff.

    Most wrong classes are corrected and most late ones delivered some day.
    """
    return in_order([_size_class_of(city, firms, city.first_year + back) for back in range(3)])


def _size_class_of(city: City, firms: Firms, year: int) -> pl.DataFrame:
    due = day_of_year(year, 3, 1) + whole(city.seed, "size/due", firms.index, 60, year)
    late = happens(city.seed, "size/late", firms.index, 0.05, year)
    known = due + late * whole(city.seed, "size/lateness", firms.index, 1200, year)
    alive = (firms.registered < due) & (firms.deregistered > due) & (due <= city.today)
    part = take_firms(firms, alive)
    wrong = happens(city.seed, "size/wrong", part.index, 0.012, year)
    corrected = due[alive] + 60 + whole(city.seed, "size/corrected", part.index, 700, year)
    wrong &= corrected > city.today
    size = np.where(wrong, _MISTAKEN_SIZES[part.size], part.size)
    return pl.DataFrame(
        {
            "uscc": part.uscc,
            "year": year_column(np.full(len(size), year)),
            "ent_size": codes(SIZES, size),
            "row": row_names(part.index, year),
            "planted": planted_column(
                len(size), late=known[alive] > city.today, size_against_staff=wrong
            ),
        }
    )


def make_annual_accounts(city: City, firms: Firms) -> pl.DataFrame:
    """Accounts of the last three years, filed by the end of May and known in June."""
    return in_order([_accounts_of(city, firms, city.first_year - 1 + back) for back in range(3)])


def _accounts_of(city: City, firms: Firms, year: int) -> pl.DataFrame:
    keeps = np.array([form.code != "individual_business" for form in FORMS])[firms.form]
    keeps |= happens(city.seed, "accounts/keeps", firms.index, 0.2)
    due = day_of_year(year + 1, 5, 1) + whole(city.seed, "accounts/due", firms.index, 45, year)
    late = happens(city.seed, "accounts/late", firms.index, 0.03, year)
    known = due + late * whole(city.seed, "accounts/lateness", firms.index, 400, year)
    existed = (firms.registered < day_of_year(year, 10, 1)) & (firms.deregistered > due)
    there = keeps & existed & (due <= city.today)
    part = take_firms(firms, there)
    staff = staff_of(part, year)
    wage = np.round(part.wage_month * 12 * 1.04 ** (year - 2025), -1)
    revenue = grown(part, part.revenue, year - 2025.0) * np.exp(
        0.12 * normal(city.seed, "accounts/revenue", part.index, year)
    )
    return pl.DataFrame(
        {
            "uscc": part.uscc,
            "year": year_column(np.full(len(staff), year)),
            "staff": pl.Series(staff),
            "average_wage": yuan(wage),
            "revenue": yuan(revenue),
            "rd_expense": yuan(_research(city, part, revenue, year)),
            "row": row_names(part.index, year),
            "planted": planted_column(len(staff), late=known[there] > city.today),
        }
    )


def staff_of(firms: Firms, year: int) -> Floats:
    """Staff on average of the year: a mean of quarters, so in quarters of a person."""
    return np.maximum(np.round(grown(firms, firms.staff, year - 2025.25) * 4) / 4, 1.0)


def _research(city: City, firms: Firms, revenue: Floats, year: int) -> Floats:
    share = _RESEARCH[firms.trade] * np.array([0.35, 1.0, 1.8, 2.6])[firms.size]
    researches = happens(city.seed, "accounts/research", firms.index, share)
    rate = 0.045 * np.exp(0.5 * normal(city.seed, "accounts/research rate", firms.index))
    drift = np.exp(0.1 * normal(city.seed, "accounts/research drift", firms.index, year))
    return np.where(researches, revenue * np.minimum(rate * drift, 0.4), 0.0)


def make_disabled_staff(city: City, firms: Firms) -> pl.DataFrame:
    """Disabled staff as audited for the last three years: around 1 % and 1.5 % of the staff."""
    return in_order([_disabled_of(city, firms, city.first_year - 1 + back) for back in range(3)])


def _disabled_of(city: City, firms: Firms, year: int) -> pl.DataFrame:
    audited = day_of_year(year + 1, 4, 1) + whole(
        city.seed, "disabled/audited", firms.index, 90, year
    )
    staff = staff_of(firms, year)
    employs: Flags = happens(
        city.seed, "disabled/employs", firms.index, np.where(staff >= 20, 0.55, 0.03)
    )
    existed = (firms.registered < day_of_year(year, 7, 1)) & (firms.deregistered > audited)
    there = employs & existed & (audited <= city.today)
    part, staff = take_firms(firms, there), staff[there]
    ratio = 0.0135 * np.exp(0.4 * normal(city.seed, "disabled/ratio", part.index))
    months: Ints = 1 + whole(city.seed, "disabled/months", part.index, 12, year)
    partly = uniform(city.seed, "disabled/partly", part.index, year) < 0.15
    persons = np.maximum(np.round(staff * ratio), 1.0)  # grade 1 and 2 count double
    persons = np.where(partly, persons - 1 + np.round(months / 12, 2), persons)
    return pl.DataFrame(
        {
            "uscc": part.uscc,
            "year": year_column(np.full(len(staff), year)),
            "disabled_staff": pl.Series(np.round(persons, 2)),
            "row": row_names(part.index, year),
            "planted": planted_column(len(staff)),
        }
    )
