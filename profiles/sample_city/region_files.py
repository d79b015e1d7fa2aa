"""Figures published for the city: the quota of disabled staff, the lowest tier of contributions."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import gathered, planted_column, row_names, yuan
from profiles.sample_city.days import year_column
from profiles.sample_city.draw import Floats, Ints
from profiles.sample_city.shape import CITY

_QUOTA_PCT = 1.5  # the lowest share 残疾人就业条例 (2007), article 8, allows a province to set


def lowest_tier(years: Ints) -> Floats:
    """Lowest pension contribution of the flexibly employed, yuan a year, a round sample figure."""
    return np.asarray(np.round(760 * 1.04 ** (years - 2021)) * 12, dtype=np.float64)


def make_disability_employment_ratio(city: City) -> pl.DataFrame:
    """The quota of each year, published when the year begins."""
    years = np.arange(city.first_year - 1, city.this_year + 1)
    return _figures(years, "ratio_pct", pl.Series(np.full(len(years), _QUOTA_PCT)))


def make_flexible_lowest_tier(city: City) -> pl.DataFrame:
    """The lowest tier of each year, published when the year begins."""
    years = np.arange(city.first_year - 1, city.this_year + 1)
    return _figures(years, "lowest_tier_contrib", yuan(lowest_tier(years)))


def _figures(years: Ints, name: str, values: pl.Series) -> pl.DataFrame:
    region = pl.Series([str(CITY)], dtype=pl.String)
    return pl.DataFrame(
        {
            "region": gathered(region, np.zeros(len(years), dtype=np.int64)),
            "year": year_column(years),
            name: values,
            "row": row_names(years),
            "planted": planted_column(len(years)),
        }
    )
