"""Files with many rows a firm: unemployment insurance by month, VAT filings."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import codes, gathered, planted_column, row_names, yuan
from profiles.sample_city.days import (
    date_column,
    month_column,
    month_starts,
    months_of,
)
from profiles.sample_city.draw import Floats, Ints, happens, normal, uniform, whole
from profiles.sample_city.firms import Firms, take_firms
from profiles.sample_city.shape import FORMS

_EPOCH_MONTH = (2025 - 1970) * 12 + 8
_PREMIUM_RATE = 0.01  # employer 0.5 % and staff 0.5 %
_UNPAID = np.array([0.0008, 0.05, 0.35])  # a month's risk: reliable, careless, in trouble


def insured_in(city: City, firms: Firms, places: Ints, months: Ints) -> Floats:
    """Persons insured by the firms at `places` in these months."""
    years = (months - _EPOCH_MONTH) / 12
    wobble = 0.08 * (uniform(city.seed, "insured", firms.index[places], months // 3) - 0.5)
    persons = firms.insured[places] * np.exp(firms.growth[places] * years + wobble)
    return np.asarray(np.maximum(np.round(persons), 1.0), dtype=np.float64)


def make_unemployment_insurance(city: City, firms: Firms) -> pl.DataFrame:
    """Months from January two years ago; a month is known on about the 20th of the next one.

    Some months come late. Some are unpaid or paid in part, and most of these are settled later.
    """
    firms = take_firms(firms, firms.insures)
    first, last = _months_from(city.first_year), int(months_of(np.array([city.today]))[0])
    places, months = _grid(firms, first, last - 1)
    subject = firms.index[places]
    due = month_starts(months + 1) + 17 + whole(city.seed, "ui/due", subject, 8)
    until = months_of(firms.deregistered)[places]
    there = (months >= firms.insured_from[places]) & (months <= until) & (due <= city.today)
    places, months, subject, due = places[there], months[there], subject[there], due[there]
    late = happens(city.seed, "ui/late", subject, 0.004, months)
    known = due + late * whole(city.seed, "ui/lateness", subject, 240, months)
    manner = np.searchsorted([0.86, 0.97], uniform(city.seed, "ui/manner", firms.index))[places]
    unpaid = happens(city.seed, "ui/unpaid", subject, _UNPAID[manner], months)
    settled = due + 40 + whole(city.seed, "ui/settled", subject, 1200, months)
    short = unpaid & (settled > city.today)
    insured = insured_in(city, firms, places, months)
    base = np.round(firms.wage_month[places] * 1.04 ** (months // 12 + 1970 - 2025))
    part = np.where(short, uniform(city.seed, "ui/part", subject, months) * 0.8, 1.0)
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "month": month_column(months),
            "insured": pl.Series(insured.astype(np.int64)),
            "premium": yuan(insured * base * _PREMIUM_RATE * part),
            "paid_in_full": pl.Series(~short),
            "row": row_names(subject, months),
            "planted": planted_column(len(months), late=known > city.today),
        }
    )


def make_vat_filing(city: City, firms: Firms) -> pl.DataFrame:
    """Filings since January of last year, by month or by quarter; some are filed late."""
    form = np.array([form.files_vat for form in FORMS])[firms.form]
    owner_run = np.array([form.code == "individual_business" for form in FORMS])[firms.form]
    taxed_flat = owner_run & happens(city.seed, "vat/flat", firms.index, 0.6)
    firms = take_firms(firms, form & ~taxed_flat)
    quarterly = ~firms.general_payer & happens(city.seed, "vat/quarterly", firms.index, 0.8)
    first, last = _months_from(city.this_year - 1), int(months_of(np.array([city.today]))[0])
    places, months = _grid(firms, first, last - 1)
    subject = firms.index[places]
    end = month_starts(months + 1) - 1
    filed = end + 3 + whole(city.seed, "vat/filed", subject, 13, months)
    late = happens(city.seed, "vat/late", subject, 0.008, months)
    due, filed = filed, filed + late * (20 + whole(city.seed, "vat/lateness", subject, 150, months))
    there = (months % 3 == 2) | ~quarterly[places]
    there &= (firms.registered[places] < end) & (firms.deregistered[places] > end)
    there &= due + 2 <= city.today
    places, months, subject, end = places[there], months[there], subject[there], end[there]
    filed, by_quarter = filed[there], quarterly[places]
    sales = _sales(city, firms, places, months) * np.where(by_quarter, 3.0, 1.0)
    dealer = happens(city.seed, "vat/property", firms.index, 0.012)[places]
    sold = dealer & happens(city.seed, "vat/property sale", subject, 0.25, months)
    property_share = np.where(sold, uniform(city.seed, "vat/property share", subject, months), 0.0)
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "period_end": date_column(end),
            "vat_type": codes(("small_scale", "general"), firms.general_payer[places] * 1),
            "vat_period": codes(("month", "quarter"), by_quarter * 1),
            "vat_sales": yuan(sales),
            "vat_real_estate_sales": yuan(np.floor(sales * property_share)),
            "filed_on": date_column(filed),
            "row": row_names(subject, months),
            "planted": planted_column(len(months), late=filed + 2 > city.today),
        }
    )


def _sales(city: City, firms: Firms, places: Ints, months: Ints) -> Floats:
    years = (months - _EPOCH_MONTH) / 12
    season = 0.3 * normal(city.seed, "vat/season", firms.index[places], months)
    idle = happens(city.seed, "vat/idle", firms.index[places], 0.06, months)
    sales = firms.revenue[places] / 12 * np.exp(firms.growth[places] * years + season)
    return np.where(idle, 0.0, sales)


def _months_from(year: int) -> int:
    return (year - 1970) * 12


def _grid(firms: Firms, first: int, last: int) -> tuple[Ints, Ints]:
    """Each firm with each month, by firm."""
    months = np.arange(first, last + 1)
    places = np.repeat(np.arange(len(firms.index)), len(months))
    return places, np.tile(months, len(firms.index))
