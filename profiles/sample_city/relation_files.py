"""Files about who belongs to whom: households and members, marriages, guardians, firms' persons."""

import numpy as np
import polars as pl

from profiles.sample_city.city import City
from profiles.sample_city.columns import codes, gathered, in_order, planted_column, row_names
from profiles.sample_city.days import YEAR, add_months, date_column
from profiles.sample_city.draw import Floats, Ints, happens, uniform, whole
from profiles.sample_city.firms import Firms, form_firms, take_firms
from profiles.sample_city.people import RELATIONS, People, registered_by
from profiles.sample_city.roll import Roll
from profiles.sample_city.shape import CITY, FORMS, PROVINCE_ELSEWHERE

_COMPANY = np.array([form.code == "enterprise" for form in FORMS])
_PARTNERSHIP = np.array([form.code in ("law_firm", "accounting_firm") for form in FORMS])
_SECOND_SHARES = np.array([10.0, 20.0, 30.0, 40.0, 49.0])
_GROUP = 12  # so many firms in a row may belong to the group of the first of them
_SPOUSE = 1


def make_households(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Households by the number of their first head; the head of today is the first who lives.

    A household is dissolved when its last member has died.
    """
    known = registered_by(people, city.today)
    places = np.flatnonzero(known)
    frame = pl.DataFrame(
        {
            "household": people.household[places],
            "id": gathered(ids, places),
            "died": people.died[places],
            "since": np.maximum(people.since, people.born + int(20 * YEAR))[places],
            "district": people.district[places],
            "place": people.place[places],
        }
    ).filter((pl.col("place") == 0).any().over("household"))
    lives = pl.col("died") + 20 > city.today
    homes = frame.group_by("household", maintain_order=True).agg(
        pl.col("id").first().alias("household_id"),
        pl.col("id").filter(lives).first().fill_null(pl.col("id").first()).alias("head_id"),
        pl.col("since").first(),
        pl.col("died").max(),
        pl.col("district").first(),
    )
    index = homes["household"].to_numpy()
    elsewhere = happens(city.seed, "household/elsewhere", index, 0.06)
    away = PROVINCE_ELSEWHERE + 1 + whole(city.seed, "household/away", index, 3)
    region = np.where(elsewhere, away, CITY + 1 + homes["district"].to_numpy())
    died = homes["died"].to_numpy()
    return pl.DataFrame(
        {
            "household_id": homes["household_id"],
            "head_id": homes["head_id"],
            "region": pl.Series(region).cast(pl.String),
            "formed_on": date_column(homes["since"].to_numpy()),
            "dissolved_on": date_column(died, died + 20 <= city.today),
            "row": row_names(index),
            "planted": planted_column(len(index)),
        }
    )


def make_household_members(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Every member with the days of belonging, as long as the first head is known."""
    known = registered_by(people, city.today)
    heads = np.flatnonzero(known & (people.place == 0))
    places = np.flatnonzero(known & np.isin(people.household, people.household[heads]))
    found = np.searchsorted(people.household[heads], people.household[places])
    died = people.died[places]
    return pl.DataFrame(
        {
            "household_id": gathered(ids, heads[found]),
            "person_id": gathered(ids, places),
            "relation": codes(RELATIONS, people.place[places]),
            "from_on": date_column(people.since[places]),
            "to_on": date_column(died, died + 20 <= city.today),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )


def make_marriages(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Heads and their spouses, a row for each, as far as registered here; a death ends it."""
    known = registered_by(people, city.today)
    heads = np.flatnonzero(known & (people.place == 0))
    spouses = np.flatnonzero(known & (people.place == _SPOUSE))
    both = np.isin(people.household[spouses], people.household[heads])
    spouses = spouses[both]
    heads = heads[np.isin(people.household[heads], people.household[spouses])]
    younger = np.maximum(people.born[heads], people.born[spouses])
    wait = 22.1 + 6.0 * uniform(city.seed, "marriage/age", people.household[heads])
    married = np.floor(younger + wait * YEAR).astype(np.int64)
    ended = np.minimum(people.died[heads], people.died[spouses])
    there = (married + 20 <= city.today) & (married < ended)
    there &= happens(city.seed, "marriage/here", people.household[heads], 0.5)
    frames = [
        _married(city, people, ids, a[there], b[there], married[there], ended[there])
        for a, b in ((heads, spouses), (spouses, heads))
    ]
    return in_order(frames)


def _married(
    city: City, people: People, ids: pl.Series, who: Ints, whom: Ints, married: Ints, ended: Ints
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id_number": gathered(ids, who),
            "spouse_id": gathered(ids, whom),
            "married_on": date_column(married),
            "ended_on": date_column(ended, ended + 20 <= city.today),
            "row": row_names(people.person[who]),
            "planted": planted_column(len(who)),
        }
    )


def make_guardians(city: City, people: People, ids: pl.Series) -> pl.DataFrame:
    """Children under 18 on record with the head of their household as parent."""
    known = registered_by(people, city.today)
    heads = np.flatnonzero(known & (people.place == 0))
    child = known & (people.place >= 2) & (people.place <= 4) & (people.born + 30 <= city.today)
    child &= np.isin(people.household, people.household[heads])
    child &= happens(city.seed, "guardian/recorded", people.person, 0.5)
    places = np.flatnonzero(child & (add_months(people.born, 216) > city.today))
    found = heads[np.searchsorted(people.household[heads], people.household[places])]
    died = np.minimum(people.died[places], people.died[found])
    nobody = pl.Series([None], dtype=pl.String).new_from_index(0, len(places))
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "guardian_id": gathered(ids, found),
            "institution": nobody,
            "relation": codes(("parent",), np.zeros(len(places), dtype=np.int64)),
            "from_on": date_column(people.since[places]),
            "to_on": date_column(died, died + 20 <= city.today),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )


def make_legal_representatives(city: City, roll: Roll, firms: Firms) -> pl.DataFrame:
    """One person a firm at a time; one firm in eight has had another after some years."""
    first, second = (_workers(city, roll, firms, f"representative {n}") for n in (1, 2))
    after = 400 + whole(city.seed, "representative/after", firms.index, 2500)
    changed = firms.registered + after
    changes = happens(city.seed, "representative/changes", firms.index, 0.125)
    changes &= changed < firms.deregistered
    ends = np.where(changes, changed - 1, firms.deregistered)
    frames = []
    for part, who, there, begin, end in (
        (0, first, firms.registered + 10 <= city.today, firms.registered, ends),
        (1, second, changes & (changed + 10 <= city.today), changed, firms.deregistered),
    ):
        places = np.flatnonzero(there)
        frames.append(
            pl.DataFrame(
                {
                    "uscc": gathered(firms.uscc, places),
                    "person_id": gathered(roll.worker_ids, who[places]),
                    "from_on": date_column(begin[places]),
                    "to_on": date_column(end[places], end[places] <= city.today),
                    "row": row_names(firms.index[places], part),
                    "planted": planted_column(len(places)),
                }
            )
        )
    return in_order(frames)


def make_shareholders(city: City, roll: Roll, firms: Firms) -> pl.DataFrame:
    """Companies and partnerships: one or two persons, a third of them with a second."""
    held = _COMPANY[firms.form] | _PARTNERSHIP[firms.form]
    held &= firms.registered + 10 <= city.today
    pair = happens(city.seed, "shareholder/pair", firms.index, 0.33) | _PARTNERSHIP[firms.form]
    lot = whole(city.seed, "shareholder/share", firms.index, len(_SECOND_SHARES))
    second = np.where(pair, _SECOND_SHARES[lot], 0.0)
    return in_order(
        [
            _holders(city, roll, firms, np.flatnonzero(held), 1, 100.0 - second),
            _holders(city, roll, firms, np.flatnonzero(held & pair), 2, second),
        ]
    )


def _holders(
    city: City, roll: Roll, firms: Firms, places: Ints, number: int, share: Floats
) -> pl.DataFrame:
    who = _workers(city, roll, firms, f"shareholder {number}")[places]
    ends = firms.deregistered[places]
    nobody = pl.Series([None], dtype=pl.String).new_from_index(0, len(places))
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "holder_no": pl.Series(np.full(len(places), number)),
            "kind": codes(("shareholder", "partner"), _PARTNERSHIP[firms.form[places]] * 1),
            "person_id": gathered(roll.worker_ids, who),
            "firm": nobody,
            "share_pct": pl.Series(share[places]),
            "from_on": date_column(firms.registered[places]),
            "to_on": date_column(ends, ends <= city.today),
            "row": row_names(firms.index[places], number),
            "planted": planted_column(len(places)),
        }
    )


def make_enterprise_groups(city: City, firms: Firms) -> pl.DataFrame:
    """A few groups: a company as parent, and companies registered next to it as members."""
    leaders = firms.index // _GROUP * _GROUP
    member = (firms.index == leaders) | happens(city.seed, "group/member", firms.index, 0.2)
    member &= _COMPANY[firms.form]
    firms, leaders = take_firms(firms, member), leaders[member]
    heads, found = np.unique(leaders, return_inverse=True)
    parents = form_firms(city, heads)  # they may be in another block
    leads = (_COMPANY[parents.form] & (parents.size >= 1))[found]
    begin = np.maximum(firms.registered, parents.registered[found]) + 90
    end = np.minimum(firms.deregistered, parents.deregistered[found])
    places = np.flatnonzero(leads & (begin < end) & (begin + 20 <= city.today))
    ends = end[places]
    return pl.DataFrame(
        {
            "uscc": gathered(firms.uscc, places),
            "parent": gathered(parents.uscc, found[places]),
            "role": codes(("parent", "member"), (firms.index != leaders)[places] * 1),
            "from_on": date_column(begin[places]),
            "to_on": date_column(ends, ends <= city.today),
            "row": row_names(firms.index[places]),
            "planted": planted_column(len(places)),
        }
    )


def _workers(city: City, roll: Roll, firms: Firms, about: str) -> Ints:
    """A place in the roll of workers for each firm."""
    return whole(city.seed, about, firms.index, len(roll.workers.person))
