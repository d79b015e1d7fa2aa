"""Families of policies as the catalogue has them: what each asks for, what it gives, drawn with
figures of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.catalogue_amounts import (
    Amount,
    by_age,
    by_code,
    by_level,
    by_title,
    constant,
    each,
    months_by_degree,
    share_by_size,
    share_of,
    smaller_of,
    tiered,
)
from benchmarks.catalogue_conditions import (
    LAYOFF_LIMIT,
    Condition,
    aged_at_start,
    aged_from,
    aged_up_to,
    applies,
    at_least,
    at_most,
    few_laid_off,
    holds,
    holds_not,
    in_trade,
    one_of,
    share_at_least,
    since,
    within_months,
)

Rng = np.random.Generator
All, Any, Never = "all", "any", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A condition alone, or a group of which one, or none, may hold."""

    group: str
    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a policy asks for and gives."""

    audience: str
    per: str
    clauses: tuple[Clause, ...]
    amount: Amount
    parameters: tuple[str, ...] = ()


def asked(*conditions: Condition) -> tuple[Clause, ...]:
    """A clause for each."""
    return tuple(Clause(group=All, members=(condition,)) for condition in conditions)


def one_holds(*conditions: Condition) -> tuple[Clause, ...]:
    """One of them must hold."""
    return (Clause(group=Any, members=conditions),)


def none_holds(*conditions: Condition) -> tuple[Clause, ...]:
    """None of them may hold."""
    return (Clause(group=Never, members=conditions),)


def _pick(rng: Rng, values: Sequence[int]) -> int:
    return int(rng.choice(np.array(values)))


def _old_age(rng: Rng) -> Shape:
    start = _pick(rng, (70, 75, 80, 80, 85, 90, 100))
    per = str(rng.choice(["month", "month", "quarter", "year"]))
    old = aged_from(start) if rng.random() < 0.7 else aged_at_start(start, per)
    base = _pick(rng, range(3, 20)) * 10
    bands = [(age, base * step) for step, age in enumerate((60, 70, 80, 90, 100), 1)]
    amount = by_age(bands) if rng.random() < 0.7 else constant(base)
    clauses = asked(old, holds("local_hukou"))
    if rng.random() < 0.5:
        clauses += none_holds(holds("tekun"), holds("work_injury_nursing"))
    if rng.random() < 0.3:
        clauses += one_holds(holds("hh_dibao"), holds("hh_low_income"), holds("hh_edge"))
    return Shape(audience="resident", per=per, clauses=clauses, amount=amount)


def _disability(rng: Rng) -> Shape:
    level = _pick(rng, (1, 2, 2, 3, 4))
    clauses = asked(applies("disability_level"), at_most("disability_level", level))
    if rng.random() < 0.4:
        kinds = ("visual", "physical", "intellectual", "mental", "multiple")
        clauses += asked(one_of("disability_type", kinds[: _pick(rng, (2, 3, 4))]))
    if rng.random() < 0.4:
        clauses += one_holds(
            holds("severe_no_work"), holds("hh_dibao"), holds("hh_low_income"), holds("hh_edge")
        )
    clauses += none_holds(
        holds("tekun"), holds("work_injury_nursing"), one_of("orphan_support", ("orphan",))
    )
    base = _pick(rng, range(8, 40)) * 10
    amount = by_level([base * 2, base, base // 2]) if rng.random() < 0.7 else constant(base)
    return Shape(audience="resident", per="month", clauses=clauses, amount=amount)


def _kindergarten(rng: Rng) -> Shape:
    kinds = ("public", "private_approved") if rng.random() < 0.7 else ("public",)
    clauses = asked(holds("grade_final_year"), one_of("school_kind", kinds))
    amount = smaller_of("own_fee_month", "public_fee_month")
    if rng.random() < 0.5:
        amount = share_of("own_fee_month", _pick(rng, (300, 500, 800)), 600)
    return Shape(audience="resident", per="month", clauses=clauses, amount=amount)


def _graduate(rng: Rng) -> Shape:
    degrees = ("bachelor", "master", "phd", "phd_overseas")
    clauses = asked(
        aged_up_to(_pick(rng, (30, 35, 40))),
        within_months("months_since_graduation", "graduated_on", _pick(rng, (12, 24, 36, 60))),
        one_of("education_level", degrees[_pick(rng, (0, 0, 1)) :]),
        at_least("local_insurance_months", _pick(rng, (1, 6, 12))),
    )
    clauses += one_holds(holds_not("public_staff"), holds("hospital_or_school_phd"))
    base = _pick(rng, range(3, 12)) * 100
    degree = {"bachelor": base, "master": base * 2, "phd": base * 3, "phd_overseas": base * 4}
    months = rng.random() < 0.7
    amount = months_by_degree(degree, 24) if months else by_code("education_level", degree, 0)
    return Shape(audience="resident", per="once", clauses=clauses, amount=amount)


def _flexible(rng: Rng) -> Shape:
    clauses = asked(
        one_of("flex_group", ("hard", "grad2y") if rng.random() < 0.7 else ("hard",)),
        at_most("subsidy_months_used", _pick(rng, (23, 35, 59))),
        at_least("own_paid_contrib", 1, money=True),
    )
    amount = share_of("own_paid_contrib", _pick(rng, (500, 600, 667)), 12_000)
    return Shape(audience="resident", per="year", clauses=clauses, amount=amount)


def _orphan(rng: Rng) -> Shape:
    clauses = asked(one_of("orphan_support", ("orphan", "factual")), aged_up_to(17))
    base = _pick(rng, range(12, 25)) * 100
    amount = constant(base) if rng.random() < 0.5 else by_code("placement", {"family": base}, 2400)
    return Shape(audience="resident", per="month", clauses=clauses, amount=amount)


def _needy(rng: Rng) -> Shape:
    lists = [holds(name) for name in ("hh_dibao", "hh_low_income", "hh_edge", "tekun")]
    clauses = one_holds(*lists[: _pick(rng, (2, 3, 4))])
    if rng.random() < 0.6:
        clauses += (
            asked(aged_up_to(_pick(rng, (5, 13, 17))))
            if rng.random() < 0.4
            else asked(aged_from(_pick(rng, (55, 60, 65))))
        )
    per = str(rng.choice(["month", "quarter", "year"]))
    amount = constant(_pick(rng, range(5, 80)) * 10)
    return Shape(audience="resident", per=per, clauses=clauses, amount=amount)


def _soldier(rng: Rng) -> Shape:
    clauses = one_holds(
        holds("good_soldier"), holds("merit3"), one_of("service_place", ("tibet", "plateau"))
    )
    clauses += asked(aged_up_to(_pick(rng, (28, 35, 60))))
    amount = constant(_pick(rng, range(5, 60)) * 100)
    return Shape(audience="resident", per="year", clauses=clauses, amount=amount)


def _insured(rng: Rng) -> Shape:
    clauses = asked(
        at_least("local_insurance_months", _pick(rng, (6, 12, 18))),
        aged_from(_pick(rng, (18, 40, 45, 50))),
        aged_up_to(_pick(rng, (55, 59))),
    )
    if rng.random() < 0.5:
        clauses += asked(one_of("sex", (str(rng.choice(["female", "male"])),)))
    if rng.random() < 0.5:
        clauses += asked(holds("married"))
    clauses += none_holds(holds("public_staff"), holds("hh_dibao"))
    amount = constant(_pick(rng, range(5, 60)) * 20)
    return Shape(audience="resident", per="quarter", clauses=clauses, amount=amount)


def _everybody(rng: Rng) -> Shape:
    """What nearly all of an age are given: a checkup, an insurance, a pass."""
    clauses = asked(aged_from(_pick(rng, (60, 65, 70))), holds("local_hukou"))
    if rng.random() < 0.4:
        clauses = asked(aged_from(6), aged_up_to(_pick(rng, (14, 17))), holds("local_hukou"))
    if rng.random() < 0.3:
        clauses += none_holds(holds("public_staff"), holds("tekun"))
    amount = constant(_pick(rng, range(2, 30)) * 10)
    return Shape(audience="resident", per="year", clauses=clauses, amount=amount)


def _child(rng: Rng) -> Shape:
    oldest = _pick(rng, (0, 1, 2, 5))
    clauses = asked(aged_up_to(oldest), holds("local_hukou"))
    if rng.random() < 0.6:
        clauses += one_holds(holds("hh_dibao"), holds("hh_low_income"), holds("hh_edge"))
    amount = constant(_pick(rng, range(10, 40)) * 10)
    return Shape(audience="resident", per="month", clauses=clauses, amount=amount)


LISTED = ("credit_serious_dishonest", "credit_abnormal_operation", "is_zombie", "major_incident_3y")


def _honest(rng: Rng) -> tuple[Clause, ...]:
    never = [holds(name) for name in LISTED[: _pick(rng, (1, 2, 3, 4))]]
    if rng.random() < 0.3:
        never.append(at_least("single_fine_max", _pick(rng, (1, 5, 10)) * 10_000, money=True))
    return none_holds(*never)


def _retention(rng: Rng) -> Shape:
    kinds = ("enterprise", "branch", "coop", "social_org", "foundation", "individual_business")
    clauses = asked(
        at_least("ui_paid_months", 12),
        few_laid_off(),
        one_of("ent_type", kinds[: _pick(rng, (2, 4, 6))]),
    )
    if rng.random() < 0.8:
        clauses += asked(at_least("ui_insured_count", _pick(rng, (3, 5, 10, 20, 30))))
    rates = {"large": _pick(rng, (200, 300)), "medium": _pick(rng, (400, 600))}
    amount = share_by_size("ui_premium_prev_year", rates, 600, _pick(rng, (5, 10, 50)) * 10_000)
    return Shape(
        audience="enterprise", per="year", clauses=clauses + _honest(rng), amount=amount,
        parameters=(LAYOFF_LIMIT,),
    )  # fmt: skip


def _levy(rng: Rng) -> Shape:
    clauses = asked(
        at_least("staff_prev_year", _pick(rng, (1, 5, 10, 20))),
        at_most("staff_prev_year", _pick(rng, (30, 50, 100))),
        share_at_least("disabled_staff_prev_year", "staff_prev_year", _pick(rng, (1, 2, 3))),
    )
    amount = share_of("avg_wage_prev_year", _pick(rng, (15, 50, 100)), 10_000)
    return Shape(audience="enterprise", per="year", clauses=clauses + _honest(rng), amount=amount)


def _sales_tax(rng: Rng) -> Shape:
    clauses = asked(
        one_of("vat_type", ("small_scale",)),
        at_most("vat_sales", _pick(rng, (10, 15, 30, 45)) * 10_000, money=True),
        at_least("vat_sales", 1, money=True),
    )
    if rng.random() < 0.5:
        clauses += asked(one_of("vat_period", ("quarter",)))
    amount = share_of("vat_sales", _pick(rng, (10, 20, 30)), 10_000)
    return Shape(audience="enterprise", per="quarter", clauses=clauses, amount=amount)


def _research(rng: Rng) -> Shape:
    clauses = asked(
        at_least("rd_expense", _pick(rng, (1, 50, 100, 500)) * 10_000, money=True),
        in_trade([*"CIM"][: _pick(rng, (2, 3))]),
    )
    if rng.random() < 0.5:
        clauses += asked(share_at_least("rd_expense", "revenue", _pick(rng, (3, 4, 5))))
    if rng.random() < 0.5:
        clauses += one_holds(holds("hnte_valid"), holds("tech_sme_listed"), holds("advmfg_listed"))
    first, most = _pick(rng, (30, 50, 80)), _pick(rng, (20, 100, 200)) * 10_000
    amount = tiered("rd_expense", first, first // 2, 1_000_000, most)
    if rng.random() < 0.4:
        amount = share_of("rd_expense", first, most)
    return Shape(audience="enterprise", per="year", clauses=clauses + _honest(rng), amount=amount)


def _above_scale(rng: Rng) -> Shape:
    clauses = asked(
        holds("above_scale"),
        since("above_scale_first_on", date(_pick(rng, range(2020, 2025)), 1, 1)),
    )
    if rng.random() < 0.6:
        clauses += asked(in_trade([*"CFGHLI"][: _pick(rng, (1, 2, 4, 6))]))
    base = _pick(rng, range(1, 20)) * 10_000
    amount = by_code("ent_size", {"small": base, "medium": base * 2}, base * 3)
    return Shape(audience="enterprise", per="once", clauses=clauses + _honest(rng), amount=amount)


def _titles(rng: Rng) -> Shape:
    titles = ("hnte", "little_giant", "national_champion")
    clauses = asked(
        one_of("title", titles[: _pick(rng, (2, 3))]), one_of("title_event", ("first", "review"))
    )
    amount = by_title(_pick(rng, (10, 20, 30)), _pick(rng, (5, 8)), _pick(rng, (50, 80)))
    return Shape(audience="enterprise", per="once", clauses=clauses + _honest(rng), amount=amount)


def _jobs(rng: Rng) -> Shape:
    clauses = asked(
        at_least("jobs_created_12m", _pick(rng, (1, 2, 3, 5))),
        one_of("ent_size", ("micro", "small", "medium")[: _pick(rng, (1, 2, 3))]),
    )
    amount = each("jobs_created_12m", _pick(rng, (5, 10, 15, 20)) * 100, 50_000)
    return Shape(audience="enterprise", per="year", clauses=clauses + _honest(rng), amount=amount)


def _start_up(rng: Rng) -> Shape:
    clauses = asked(
        within_months("months_since_registration", "registered_on", _pick(rng, (12, 24, 36))),
        one_of("ent_size", ("micro", "small")),
        at_least("ui_insured_count", _pick(rng, (1, 2, 3, 5))),
    )
    if rng.random() < 0.5:
        clauses += asked(one_of("ent_type", ("enterprise", "individual_business", "coop")))
    amount = constant(_pick(rng, range(3, 20)) * 1000)
    return Shape(audience="enterprise", per="once", clauses=clauses + _honest(rng), amount=amount)


def _trade(rng: Rng) -> Shape:
    clauses = asked(
        in_trade([*"CFHILMNR"][: _pick(rng, (1, 2, 3, 4))]),
        at_least("revenue", _pick(rng, (50, 100, 200, 500)) * 10_000, money=True),
    )
    if rng.random() < 0.6:
        clauses += asked(one_of("ent_size", ("micro", "small", "medium")))
    if rng.random() < 0.4:
        clauses += one_holds(
            holds("strategic_listed"), holds("advmfg_listed"), holds("tech_sme_listed"),
            at_least("revenue", 20_000_000, money=True),
        )  # fmt: skip
    amount = share_of("revenue", _pick(rng, (1, 2, 5)), _pick(rng, (5, 10, 50)) * 10_000)
    if rng.random() < 0.4:
        amount = constant(_pick(rng, range(1, 20)) * 10_000)
    return Shape(audience="enterprise", per="year", clauses=clauses + _honest(rng), amount=amount)


def _small(rng: Rng) -> Shape:
    """A relief for nearly all small firms; of many the sum that it is a share of is not known."""
    clauses = one_holds(
        one_of("ent_size", ("micro", "small")), one_of("ent_type", ("individual_business",))
    )
    if rng.random() < 0.5:
        clauses += asked(one_of("ent_type", ("enterprise", "individual_business", "branch")))
    fact = str(rng.choice(["vat_sales", "ui_premium_prev_year", "avg_wage_prev_year"]))
    amount = share_of(fact, _pick(rng, (1, 5, 10)), _pick(rng, (2, 5, 10)) * 1000)
    return Shape(audience="enterprise", per="quarter", clauses=clauses, amount=amount)


def _unreported(rng: Rng) -> Shape:
    """For firms, what rests on datasets that no department has brought."""
    clauses = asked(
        holds("sector_switch"), at_least("output_prev_month", _pick(rng, (1, 10)), money=True)
    )
    return Shape(audience="enterprise", per="year", clauses=clauses, amount=constant(10_000))


def _unregistered(rng: Rng) -> Shape:
    """For residents, what rests on datasets that no department has brought."""
    clauses = asked(holds("student_loan"), holds("final_year_student"))
    amount = constant(_pick(rng, (10, 15, 20)) * 100)
    return Shape(audience="resident", per="once", clauses=clauses, amount=amount)


def _household(rng: Rng) -> Shape:
    clauses = asked(at_least("hh_minors", _pick(rng, (1, 2, 3))))
    if rng.random() < 0.7:
        clauses += asked(at_least("hh_size", _pick(rng, (4, 5, 6))))
    amount = each("hh_minors", _pick(rng, range(5, 40)) * 10, 1200)
    if rng.random() < 0.5:
        amount = constant(_pick(rng, range(5, 40)) * 10)
    return Shape(audience="household", per="year", clauses=clauses, amount=amount)


FAMILIES: tuple[tuple[float, Callable[[Rng], Shape]], ...] = (
    (10, _old_age), (8, _disability), (3, _kindergarten), (5, _graduate), (4, _flexible),
    (2, _orphan), (8, _needy), (2, _soldier), (3, _insured), (3, _child), (2, _everybody),
    (6, _retention), (5, _levy), (4, _sales_tax), (6, _research), (3, _above_scale), (2, _titles),
    (5, _jobs), (4, _start_up), (4, _trade), (5, _small), (3, _household),
    (0.5, _unreported), (0.5, _unregistered),
)  # fmt: skip
"""How many of a hundred policies are of which family: half for residents, some for households, the
others for firms."""
