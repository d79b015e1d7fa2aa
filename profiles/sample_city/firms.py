"""Firms: what each is for all time, from its place in the order of registration."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from profiles.sample_city.city import EPOCH, HISTORY_FROM, HISTORY_TO, City, firm_arrivals
from profiles.sample_city.days import YEAR, months_of
from profiles.sample_city.draw import (
    Flags,
    Floats,
    Ints,
    exponential,
    happens,
    normal,
    pick,
    pick_by,
    uniform,
    whole,
)
from profiles.sample_city.identity_number import credit_codes
from profiles.sample_city.shape import (
    CITY,
    DISTRICT_WEIGHTS,
    FORMS,
    STAFF_LEAST,
    STAFF_MEDIAN,
    STAFF_MOST,
    STAFF_SPREAD,
    TRADES,
)

_FORM_SIZES = np.array([form.sizes for form in FORMS])
_FORM_TRADES = np.array(
    [[trade.weight * (trade.group in form.sections) for trade in TRADES] for form in FORMS]
)
_WAGE_MONTH = np.array([trade.wage_year / 12 for trade in TRADES])
_PER_HEAD = np.array([trade.revenue_per_head for trade in TRADES])


@dataclass(frozen=True, slots=True, kw_only=True)
class Firms:
    """Columns of firms; amounts in yuan on the epoch day, days since 1970-01-01."""

    index: Ints
    uscc: pl.Series
    form: Ints
    trade: Ints
    size: Ints
    district: Ints
    registered: Ints
    deregistered: Ints
    staff: Floats
    growth: Floats
    wage_month: Floats
    revenue: Floats
    insures: Flags
    insured: Floats
    insured_from: Ints
    general_payer: Flags


def form_firms(city: City, index: Ints) -> Firms:
    """The firms of these places, whoever else is asked for."""
    seed = city.seed
    form = pick(seed, "firm/form", index, np.array([form.weight for form in FORMS]))
    size = pick_by(seed, "firm/size", index, form, _FORM_SIZES)
    trade = pick_by(seed, "firm/trade", index, form, _FORM_TRADES)
    district = pick(seed, "firm/district", index, DISTRICT_WEIGHTS)
    registered, deregistered = _lives(city, index, size)
    drawn = STAFF_MEDIAN[size] * np.exp(STAFF_SPREAD[size] * normal(seed, "firm/staff", index))
    staff = np.round(np.clip(drawn, STAFF_LEAST[size], STAFF_MOST[size]))
    spread = 0.55 * normal(seed, "firm/revenue", index)
    tail = np.minimum(uniform(seed, "firm/revenue tail", index) ** (-1 / 2.2), 200.0)
    owner_run = np.array([form.code == "individual_business" for form in FORMS])[form]
    revenue = staff * _PER_HEAD[trade] * np.where(owner_run, 0.35, 0.6) * np.exp(spread) * tail
    by_size = np.array([0.88, 1.0, 1.12, 1.3])[size]
    wage = _WAGE_MONTH[trade] * by_size * np.exp(0.24 * normal(seed, "firm/wage", index))
    general = happens(seed, "firm/general", index, np.where(revenue > 5e6, 0.94, 0.18))
    insured_share = np.minimum(0.72 + 0.35 * uniform(seed, "firm/insured", index), 1.0)
    start = np.maximum(months_of(registered) + 1 + whole(seed, "firm/insured lag", index, 5), 0)
    return Firms(
        index=index,
        uscc=credit_codes(
            np.array([form.credit_code for form in FORMS])[form], CITY + 1 + district, index
        ),
        form=form,
        trade=trade,
        size=size,
        district=district,
        registered=registered,
        deregistered=deregistered,
        staff=staff,
        growth=np.clip(0.01 + 0.11 * normal(seed, "firm/growth", index), -0.4, 0.5),
        wage_month=np.round(np.maximum(wage, 2_300.0)),
        revenue=revenue,
        insures=happens(
            seed, "firm/insures", index, np.array([form.insures for form in FORMS])[form]
        ),
        insured=np.maximum(np.round(staff * insured_share), 1.0),
        insured_from=start,
        general_payer=general,
    )


def take_firms(firms: Firms, wanted: Flags) -> Firms:
    """The firms where `wanted`."""
    places = np.flatnonzero(wanted)
    columns: dict[str, Any] = {name: getattr(firms, name) for name in Firms.__slots__}
    uscc = columns.pop("uscc").gather(pl.Series(places))
    return Firms(uscc=uscc, **{name: column[places] for name, column in columns.items()})


def grown(firms: Firms, value: Floats, years: Floats | float) -> Floats:
    """A quantity of the epoch day after (or before) so many years of the firm's own growth."""
    return np.asarray(value * np.exp(firms.growth * years), dtype=np.float64)


def _lives(city: City, index: Ints, size: Ints) -> tuple[Ints, Ints]:
    """Days of registration and of the end; four in five were registered within eleven years."""
    age = np.minimum(exponential(city.seed, "firm/age", index) * 6.5 * YEAR, 40 * YEAR)
    counted = index < city.firms
    registered = np.where(counted, EPOCH - age.astype(np.int64), firm_arrivals(city, index))
    mean_years = np.array([26.0, 45.0, 90.0, 200.0])[size]
    life = exponential(city.seed, "firm/life", index) * mean_years * YEAR
    ended = np.maximum(registered, HISTORY_FROM) + 60 + life.astype(np.int64)
    return registered, np.minimum(ended, HISTORY_TO * 2)
