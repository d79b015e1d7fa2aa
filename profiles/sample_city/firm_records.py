"""Files of what offices have on record of some firms: lists, penalties, numbers of former times."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import (
    codes,
    gathered,
    in_order,
    numbered,
    planted_column,
    row_names,
    yuan,
)
from profiles.sample_city.days import date_column, day_of_year, month_starts, months_of
from profiles.sample_city.draw import happens, whole
from profiles.sample_city.firm_lists import stays_of
from profiles.sample_city.firms import Firms
from profiles.sample_city.identity_number import registration_numbers
from profiles.sample_city.shape import CITY, TRADES

_RESEARCH = np.array([trade.research for trade in TRADES])
_INDUSTRY = np.array([trade.group == "C" for trade in TRADES])
_LISTS = ("integrated_circuit", "advanced_manufacturing", "tech_sme", "strategic_emerging",
          "restricted_industry")  # fmt: skip
_PENALTY_FIELDS = ("safety", "quality", "environment", "tax", "labour", "other")


def make_industry_lists(city: City, firms: Firms) -> pl.DataFrame:
    """Lists of one calendar year or several; that of small technology firms holds the most."""
    frames = []
    research = _RESEARCH[firms.trade]
    chances = (research * 0.05, _INDUSTRY[firms.trade] * 0.1, research * 0.5, research * 0.12,
               _INDUSTRY[firms.trade] * 0.01)  # fmt: skip
    for place, (name, chance) in enumerate(zip(_LISTS, chances, strict=True)):
        listed = happens(city.seed, "list/" + name, firms.index, chance)
        begin = day_of_year(2020, 1, 1) + whole(city.seed, f"list/{name}/on", firms.index, 2000)
        begin = np.maximum(month_starts(months_of(begin)), firms.registered + 200)
        end = begin + 700 + whole(city.seed, f"list/{name}/for", firms.index, 1500)
        there = listed & (begin < firms.deregistered) & (begin + 20 <= city.today)
        rows = stays_of(city, firms, there, begin, end, ("from_on", "to_on"), place)
        named = codes((name,), np.zeros(len(rows), dtype=np.int64))
        frames.append(rows.insert_column(1, named.alias("list")))
    return in_order(frames)


def make_administrative_penalties(city: City, firms: Firms) -> pl.DataFrame:
    """About 2 % of the firms in five years; one in ten of the breaches is a major one."""
    day = day_of_year(2021, 1, 1) + whole(city.seed, "penalty/day", firms.index, 2500)
    there = happens(city.seed, "penalty", firms.index, 0.03) & (day > firms.registered)
    places = np.flatnonzero(there & (day < firms.deregistered) & (day + 10 <= city.today))
    index = firms.index[places]
    field = whole(city.seed, "penalty/field", index, len(_PENALTY_FIELDS))
    steps = 1 + whole(city.seed, "penalty/fine", index, 100)
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "document_no": numbered("示范罚决字第", index, 7, "号"),
            "field": codes(_PENALTY_FIELDS, field),
            "major": pl.Series(happens(city.seed, "penalty/major", index, 0.1)),
            "fine": yuan(np.asarray(500.0 * steps, dtype=np.float64)),
            "decided_on": date_column(day[places]),
            "row": row_names(index),
            "planted": planted_column(len(places)),
        }
    )


def make_enterprise_identifier_changes(city: City, firms: Firms) -> pl.DataFrame:
    """Firms from before October 2015, when registration numbers gave way to credit codes."""
    turn = day_of_year(2015, 10, 1)
    places = np.flatnonzero((firms.registered < turn) & (firms.deregistered > turn + 900))
    index = firms.index[places]
    changed = turn + whole(city.seed, "coded", index, 800)
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "old_identifier": registration_numbers(CITY + 1 + firms.district[places], index),
            "change": codes(("coded",), np.zeros(len(places), dtype=np.int64)),
            "effective_on": date_column(changed),
            "authority": codes(("示范市市场监督管理局",), np.zeros(len(places), dtype=np.int64)),
            "row": row_names(index),
            "planted": planted_column(len(places)),
        }
    )
