"""Files that name some firms only: lists, licences, certificates, titles, reviews."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City, spells
from profiles.sample_city.columns import codes, gathered, in_order, planted_column, row_names
from profiles.sample_city.days import (
    add_months,
    date_column,
    day_of_year,
    month_starts,
    months_of,
)
from profiles.sample_city.draw import Flags, Ints, happens, uniform, whole
from profiles.sample_city.firms import Firms, take_firms
from profiles.sample_city.shape import DISPATCH_CODE, TRADES

_TITLES = ("hnte", "tech_little_giant", "national_champion", "provincial_champion",
           "little_giant", "provincial_zjtx")  # fmt: skip
_RESEARCH = np.array([trade.research for trade in TRADES])
_REVIEWED = np.array([trade.reviewed for trade in TRADES])
_DISPATCH = np.array([trade.code == DISPATCH_CODE for trade in TRADES])
_INDUSTRY = np.array([trade.group == "C" for trade in TRADES])


def make_serious_dishonesty_list(city: City, firms: Firms) -> pl.DataFrame:
    """About 1 % of the firms at any time; stays from before a firm was registered fall away."""
    return _list(city, firms, "dishonesty", share=0.02, mean_years=2.5)


def make_abnormal_operation_list(city: City, firms: Firms) -> pl.DataFrame:
    """About 3 % of the firms at any time."""
    return _list(city, firms, "abnormal", share=0.046, mean_years=1.8)


def make_zombie_list(city: City, firms: Firms) -> pl.DataFrame:
    """About 0.3 % of the firms at any time."""
    return _list(city, firms, "zombie", share=0.006, mean_years=3.0)


def _list(city: City, firms: Firms, about: str, *, share: float, mean_years: float) -> pl.DataFrame:
    begin, end = spells(city, about, firms.index, share=share, mean_years=mean_years)
    there = (begin > firms.registered) & (begin < firms.deregistered) & (begin < city.today)
    return stays_of(city, firms, there, begin, end, ("listed_on", "removed_on"))


def make_labour_dispatch_licences(city: City, firms: Firms) -> pl.DataFrame:
    """Licences for three years, most of them held by firms of that trade."""
    licensed = happens(
        city.seed, "dispatch", firms.index, np.where(_DISPATCH[firms.trade], 0.7, 0.001)
    )
    lag = whole(city.seed, "dispatch/lag", firms.index, 1500)
    begin = np.maximum(firms.registered + 60 + lag, day_of_year(2016, 1, 1) + lag)
    end = begin + 1095 * (1 + whole(city.seed, "dispatch/terms", firms.index, 6))
    there = licensed & (begin < firms.deregistered) & (begin < city.today)
    return stays_of(city, firms, there, begin, end, ("licensed_on", "expired_on"))


def make_sishang_register(city: City, firms: Firms) -> pl.DataFrame:
    """Firms above scale: entered at the start of a month, some left, some came again."""
    chance = np.array([0.004, 0.16, 0.8, 0.96])[firms.size]
    above = happens(city.seed, "sishang", firms.index, chance)
    lag = whole(city.seed, "sishang/lag", firms.index, 2600)
    entered = month_starts(
        months_of(np.maximum(firms.registered, day_of_year(2015, 1, 1)) + 90 + lag)
    )
    leaves = happens(city.seed, "sishang/leaves", firms.index, 0.18)
    stay = np.where(leaves, 200 + whole(city.seed, "sishang/stay", firms.index, 2200), 40_000)
    left = month_starts(months_of(entered + stay))
    again = leaves & happens(city.seed, "sishang/again", firms.index, 0.3)
    entered_again = add_months(left, 12)
    frames = []
    for part, first, begin, end in (
        (above, True, entered, left),
        (above & again, False, entered_again, entered_again + 40_000),
    ):
        there = part & (begin < firms.deregistered) & (begin + 20 <= city.today)
        stays = stays_of(
            city, firms, there, begin, end, ("entered_on", "left_on"), 0 if first else 1
        )
        frames.append(stays.insert_column(3, pl.Series("first_time", [first] * len(stays))))
    return in_order(frames)


def stays_of(
    city: City, firms: Firms, there: Flags, begin: Ints, end: Ints, names: tuple[str, str],
    part: int = 0,
) -> pl.DataFrame:  # fmt: skip
    """Rows of states of firms, closed when the firm is."""
    places = np.flatnonzero(there)
    ends = np.minimum(end, firms.deregistered)[places]
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            names[0]: date_column(begin[places]),
            names[1]: date_column(ends, ends <= city.today),
            "row": row_names(firms.index[places], part),
            "planted": planted_column(len(places)),
        }
    )


def certified_from(city: City, firms: Firms) -> tuple[Flags, Ints]:
    """Which firms are ever 高新技术企业, and the day of their first certificate."""
    chance = _RESEARCH[firms.trade] * np.array([0.12, 0.8, 1.6, 2.2])[firms.size]
    first = day_of_year(2017, 1, 1) + whole(city.seed, "hnte/first", firms.index, 5000)
    first = np.maximum(first, firms.registered + 400)
    return happens(city.seed, "hnte", firms.index, chance), first


def make_hnte_certificates(city: City, firms: Firms) -> pl.DataFrame:
    """Certificates for three years; three in four are renewed each time."""
    ever, first = certified_from(city, firms)
    frames = []
    for term in range(5):
        issued = add_months(first, 36 * term)
        if term:
            ever = ever & happens(city.seed, "hnte/again", firms.index, 0.75, term)
        there = ever & (issued < firms.deregistered) & (issued + 20 <= city.today)
        frames.append(
            _award(
                firms, there, {"event": "recert" if term else "first"}, "issued_on", issued, term
            )
        )
    return in_order(frames)


def make_titles(city: City, firms: Firms) -> pl.DataFrame:
    """Titles of the larger technical firms; a title is reviewed after three years."""
    ever, first = certified_from(city, firms)
    technical = _RESEARCH[firms.trade] > 0
    step = np.array([0.02, 0.5, 1.0, 1.3])[firms.size]
    chances = {
        "hnte": ever * 1.0,
        "tech_little_giant": technical * step * 0.03,
        "national_champion": _INDUSTRY[firms.trade] * step**3 * 0.05,
        "provincial_champion": _INDUSTRY[firms.trade] * step**2 * 0.08,
        "little_giant": technical * step**2 * 0.06,
        "provincial_zjtx": technical * step * 0.2,
    }
    frames = []
    for number, title in enumerate(_TITLES):
        held = happens(city.seed, "title/" + title, firms.index, chances[title])
        lag = whole(city.seed, "title/lag " + title, firms.index, 3600)
        begin = (
            first
            if title == "hnte"
            else np.maximum(firms.registered + 700, day_of_year(2019, 7, 1)) + lag
        )
        for term in range(3):
            recognised = add_months(begin, 36 * term)
            if term:
                held = held & happens(city.seed, "title/again " + title, firms.index, 0.7, term)
            there = held & (recognised < firms.deregistered) & (recognised + 10 <= city.today)
            event = {"title": title, "event": "review" if term else "first"}
            part = number * 3 + term
            frames.append(_award(firms, there, event, "recognised_on", recognised, part))
    return in_order(frames)


def _award(
    firms: Firms, there: Flags, what: dict[str, str], day_column: str, day: Ints, part: int
) -> pl.DataFrame:
    places = np.flatnonzero(there)
    same = np.zeros(len(places), dtype=np.int64)
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            **{name: codes((value,), same) for name, value in what.items()},
            day_column: date_column(day[places]),
            "valid_to": date_column(add_months(day[places], 36) - 1),
            "row": row_names(firms.index[places], part),
            "planted": planted_column(len(places)),
        }
    )


def make_ecology_review(city: City, firms: Firms) -> pl.DataFrame:
    """Yearly reviews of part of the firms: who was not reviewed is unknown, not compliant."""
    frames = []
    for year in range(city.first_year, city.this_year + 1):
        day = day_of_year(year, 4, 1) + whole(city.seed, "ecology/day", firms.index, 90, year)
        usual = happens(city.seed, "ecology", firms.index, _REVIEWED[firms.trade])
        there = usual & happens(city.seed, "ecology/year", firms.index, 0.95, year)
        there &= (firms.registered < day) & (firms.deregistered > day) & (day + 30 <= city.today)
        part = take_firms(firms, there)
        frames.append(
            pl.DataFrame(
                {
                    "uscc": part.uscc,
                    "reviewed_on": date_column(day[there]),
                    "compliant": pl.Series(
                        uniform(city.seed, "ecology/ok", part.index, year) < 0.95
                    ),
                    "row": row_names(part.index, year),
                    "planted": planted_column(len(part.index)),
                }
            )
        )
    return in_order(frames)
