"""Files about work: contracts, insurance, dismissals, flexible employment, public payroll."""

import numpy as np
import polars as pl

from profiles.sample_city.careers import FLEXIBLE, IN_FIRM, JOBS, PUBLIC, Careers
from profiles.sample_city.city import City
from profiles.sample_city.columns import (
    codes,
    gathered,
    in_order,
    planted_column,
    row_names,
    yuan,
)
from profiles.sample_city.days import (
    YEAR,
    add_months,
    date_column,
    day_of_year,
    hide,
    month_starts,
    months_of,
    year_column,
)
from profiles.sample_city.draw import (
    Flags,
    Ints,
    exponential,
    happens,
    normal,
    pick,
    uniform,
    whole,
)
from profiles.sample_city.firm_series import insured_in
from profiles.sample_city.firms import Firms, take_firms
from profiles.sample_city.people import People, registered_by
from profiles.sample_city.region_files import lowest_tier
from profiles.sample_city.roll import Roll, employer_codes, pick_dismissed

_CONTRACT_MONTHS = np.array([12, 24, 36, 60, 0])  # 0: not recorded
_CONTRACT_WEIGHTS = np.array([0.24, 0.16, 0.46, 0.06, 0.08])
_MONTHS = 24


def make_employment(
    city: City, roll: Roll, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """Contracts of residents with firms since 2018; some of the dead are still employed."""
    person_known = registered_by(people, city.today)
    frames = []
    for job in range(JOBS):
        hired = careers.hired[:, job]
        filed = hired + 3 + whole(city.seed, "employment/filed", people.person, 28, job)
        places = np.flatnonzero((filed <= city.today) & person_known)
        person, left = people.person[places], careers.left[places, job]
        died = left >= people.died[places]
        unreported = died & happens(city.seed, "employment/unreported", person, 0.4)
        reported = left + 10 + 300 * unreported
        term = pick(city.seed, "employment/term", person, _CONTRACT_WEIGHTS, job)
        months = pl.Series(_CONTRACT_MONTHS[term])
        frames.append(
            pl.DataFrame(
                {
                    "uscc": employer_codes(roll, careers.employer[places, job]),
                    "person_id": gathered(ids, places),
                    "hired_on": date_column(hired[places]),
                    "left_on": date_column(left, reported <= city.today),
                    "contract_months": hide(months, _CONTRACT_MONTHS[term] == 0),
                    "row": row_names(person, job),
                    "planted": planted_column(
                        len(places),
                        employed_after_death=unreported
                        & (left + 60 <= city.today)
                        & (reported > city.today),
                    ),
                }
            )
        )
    return in_order(frames)


def make_employee_insurance(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """The last 24 months of graduates of the last three years, and of one other worker in 20.

    A few of the dead are still insured by the firm that did not report it.
    """
    recent = careers.graduated >= day_of_year(city.this_year - 3, 6, 1)
    recent &= careers.graduated <= city.today
    sample = happens(city.seed, "insurance/sample", people.person, 0.05)
    died_at_work = people.died == careers.end
    unreported = died_at_work & happens(city.seed, "insurance/unreported", people.person, 0.4)
    works = (careers.kind == IN_FIRM) | (careers.kind == PUBLIC)
    wanted = works & (recent | sample | unreported) & registered_by(people, city.today)
    chosen = np.flatnonzero(wanted)
    last = int(months_of(np.array([city.today - 20]))[0]) - 1
    months = np.tile(np.arange(last - _MONTHS + 1, last + 1), len(chosen))
    places = np.repeat(chosen, _MONTHS)
    begin, end = month_starts(months), month_starts(months + 1)
    died = people.died[places]
    after = np.where(unreported[places], 75, 0)
    insured: Flags = (
        (careers.kind[places] == PUBLIC)
        & (careers.start[places] < end - 15)
        & (careers.end[places] + after * (careers.end[places] >= died) > begin)
    )
    for job in range(JOBS):
        left = careers.left[places, job]
        insured |= (careers.hired[places, job] < end - 15) & (left + after * (left >= died) > begin)
    places, months, begin = places[insured], months[insured], begin[insured]
    person = people.person[places]
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "month": date_column(begin),
            "paid": pl.Series(~happens(city.seed, "insurance/unpaid", person, 0.008, months)),
            "row": row_names(person, months),
            "planted": planted_column(len(places), insured_after_death=begin > died[insured]),
        }
    )


def make_unemployment_benefit(city: City, roll: Roll, firms: Firms) -> pl.DataFrame:
    """Who drew benefits after leaving which firm: layoffs of around 2 %, of some firms far more."""
    firms = take_firms(firms, firms.insures)
    usual = 0.016 * np.exp(0.8 * normal(city.seed, "benefit/rate", firms.index))
    harsh = happens(city.seed, "benefit/harsh", firms.index, 0.08)
    high = 0.04 + 0.3 * uniform(city.seed, "benefit/harsh rate", firms.index)
    rate = np.where(harsh, high, usual)
    all_places = np.arange(len(firms.index))
    frames = []
    for year in range(city.first_year, city.this_year + 1):
        insured = insured_in(city, firms, all_places, np.full(len(rate), (year - 1970) * 12 + 6))
        lot = uniform(city.seed, "benefit/rounding", firms.index, year)
        persons = np.minimum(np.floor(insured * rate + lot), 900).astype(np.int64)
        places = np.repeat(all_places, persons)
        number = np.arange(len(places)) - np.repeat(np.cumsum(persons) - persons, persons)
        subject, part = firms.index[places], year % 4 * 1000 + number
        lot_of = (year - 1970) * 1000 + number
        begin = day_of_year(year, 1, 1) + whole(city.seed, "benefit/begin", subject, 365, lot_of)
        numbers, dies = pick_dismissed(city, roll, "benefit", subject, lot_of)
        there = (begin + 12 <= city.today) & (begin < dies)
        there &= (months_of(begin) >= firms.insured_from[places] + 6) & (
            begin < firms.deregistered[places] + 200
        )
        kept = np.flatnonzero(there)
        frames.append(
            pl.DataFrame(
                {
                    "uscc": gathered(firms.uscc, places[kept]),
                    "person_id": gathered(numbers, kept),
                    "started_on": date_column(begin[kept]),
                    "row": row_names(subject[kept], part[kept]),
                    "planted": planted_column(len(kept)),
                }
            )
        )
    return in_order(frames)


def make_flexible_employment(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """Registered for the insurance subsidy: hard to employ (women of 40, men of 50), graduates."""
    graduate = careers.graduated < day_of_year(2080, 1, 1)
    lag = np.floor(150 * exponential(city.seed, "flexible/lag", people.person)).astype(np.int64)
    young = careers.graduated + 20 + np.minimum(lag, 700)
    hard_age = np.where(people.male, 50, 40) * YEAR
    opened = np.maximum(people.born + np.floor(hard_age).astype(np.int64), day_of_year(2021, 1, 1))
    hard = opened + 30 + whole(city.seed, "flexible/wait", people.person, 1600)
    as_graduate = graduate & (young > day_of_year(2021, 1, 1))
    registered = np.where(as_graduate, young, hard)
    near = careers.retires - registered < 5 * YEAR  # within five years: until retirement
    months = np.where(as_graduate, 24, np.where(near, 60, 36))
    ended = np.minimum(np.minimum(add_months(registered, months), careers.end), people.died)
    there = (careers.kind == FLEXIBLE) & registered_by(people, city.today)
    there &= happens(city.seed, "flexible", people.person, 0.55) & (registered + 60 < careers.end)
    places = np.flatnonzero(there & (registered + 15 <= city.today))
    begin, ends = registered[places], ended[places]
    used = months_of(np.minimum(ends, city.today)) - months_of(begin) - 1
    years = np.round((careers.retires[places] - begin) / YEAR, 1)
    granted = used > 0
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "flex_group": codes(("hard", "grad2y"), as_graduate[places] * 1),
            "subsidy_months_used": pl.Series(np.clip(used, 0, months[places])),
            "years_to_retirement_at_first": hide(pl.Series(np.maximum(years, 0.0)), ~granted),
            "registered_on": date_column(begin),
            "ended_on": date_column(ends, ends <= city.today),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )


def make_flexible_contributions(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """What the flexibly employed paid themselves, above, at and below the lowest tier of a year."""
    frames = []
    for year in range(city.first_year - 1, city.this_year):
        begin, end = day_of_year(year, 1, 1), day_of_year(year + 1, 1, 1)
        pays = happens(city.seed, "contribution", people.person, 0.75)
        there = pays & (careers.kind == FLEXIBLE) & registered_by(people, city.today)
        there &= (careers.start < begin + 300) & (careers.end > begin + 60)
        places = np.flatnonzero(there & (end + 20 <= city.today))
        person = people.person[places]
        tier = np.array([1.0, 1.0, 1.25, 1.6, 2.0])[
            pick(city.seed, "contribution/tier", person, np.array([0.4, 0.2, 0.2, 0.12, 0.08]))
        ]
        gap = happens(city.seed, "contribution/gap", person, 0.15, year)
        months = np.where(gap, 3 + whole(city.seed, "contribution/months", person, 9, year), 12)
        years: Ints = np.full(len(places), year)
        frames.append(
            pl.DataFrame(
                {
                    "id_number": gathered(ids, places),
                    "year": year_column(years),
                    "own_paid": yuan(lowest_tier(years) / 12 * months * tier),
                    "row": row_names(person, year),
                    "planted": planted_column(len(places)),
                }
            )
        )
    return in_order(frames)


def make_public_payroll(
    city: City, people: People, ids: pl.Series, careers: Careers
) -> pl.DataFrame:
    """Staff of public bodies; a new doctor is one who came with the degree since 2022."""
    there = (careers.kind == PUBLIC) & registered_by(people, city.today)
    places = np.flatnonzero(there & (careers.start + 25 <= city.today))
    begin, end = careers.start[places], careers.end[places]
    doctor = (careers.degree[places] >= 3) & (begin >= day_of_year(2022, 1, 1))
    return pl.DataFrame(
        {
            "id_number": gathered(ids, places),
            "from_on": date_column(begin),
            "to_on": date_column(end, end + 10 <= city.today),
            "newly_hired_phd": pl.Series(doctor),
            "row": row_names(people.person[places]),
            "planted": planted_column(len(places)),
        }
    )
