"""The law's own boundaries for the eleven real policies: each on both sides, read off the texts.

Each case is the policy's number, the day, the facts that differ from a plain case, and what the
text gives: a verdict, or the amount that follows from it ("open" where a fact for it is missing).
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.by_hand import Result, evaluate_subjects
from engine.program import compile_policies
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.hand import Subject
from profiles.vocabulary_load import builtin_vocabulary

VOCABULARY = builtin_vocabulary(builtin_datasets())
POLICIES = {p.id.split("-")[0]: p for p in load_policies([CATALOGUE], VOCABULARY).policies}

PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "e01": ("2025-09-01", {
        "ent_type": "enterprise", "ent_region": "370102", "ent_is_labor_dispatch": False,
        "ent_size": "small", "ui_paid_months": 12, "ui_insured_count": 100, "layoff_rate_pct": 0,
        "ui_premium_prev_year": 10000}),
    "e02": ("2024-11-01", {
        "ent_type": "enterprise", "ent_region": "440300", "policy_compliant": True,
        "is_zombie": False, "credit_serious_dishonest": False, "credit_abnormal_operation": False,
        "ent_size": "small", "ui_paid_months": 12, "ui_insured_count": 100,
        "ui_insured_avg_prev_year": 100, "ui_benefit_recipients": 0,
        "ui_premium_prev_year": 10000}),
    "e06": ("2025-09-01", {
        "p_disabled_ratio_pct": 1.5, "avg_wage_prev_year": 100000, "ent_type": "enterprise",
        "staff_prev_year": 200, "disabled_staff_prev_year": 0}),
    "e09": ("2024-03-31", {
        "vat_type": "small_scale", "vat_period": "month", "vat_sales": 50000,
        "vat_real_estate_sales": 0}),
    "e27": ("2023-06-01", {"hnte_event": "first", "first_sishang": False, "rd_expense": 0}),
    "e34": ("2025-01-01", {"title": "little_giant", "title_event": "first"}),
    "r02": ("2025-10-01", {
        "grade_final_year": True, "school_kind": "public", "own_fee_month": 500,
        "public_fee_month": 400}),
    "r06": ("2021-12-31", {
        "tekun": False, "work_injury_nursing": False, "orphan_support": "none",
        "severe_no_work": False, "hh_dibao": False, "hh_low_income": False,
        "disability_level": 4, "disability_type": "physical"}),
    "r12": ("2025-06-01", {
        "flex_group": "hard", "own_paid_contrib": 9000, "subsidy_months_used": 0,
        "years_to_retirement_at_first": 10}),
    "r19": ("2025-07-01", {"placement": "family", "age": 10, "orphan_support": "orphan"}),
    "r22": ("2023-01-01", {
        "age": 30, "local_hukou": True, "public_staff": False, "hospital_or_school_phd": False,
        "months_since_graduation": 12, "education_level": "bachelor",
        "local_insurance_months": 12}),
}  # fmt: skip

Given = dict[str, Any]
CASES: list[tuple[str, str, Given, str]] = [
    # E01: 12 months, 30 people, 5.5 % and 20 %, the six unit types, the round of 2025
    ("e01", "", {}, "6000"),
    ("e01", "", {"ui_paid_months": 11}, "ineligible"),
    ("e01", "", {"layoff_rate_pct": 5.5}, "6000"),
    ("e01", "", {"layoff_rate_pct": 5.501}, "ineligible"),
    ("e01", "", {"ui_insured_count": 30, "layoff_rate_pct": 20}, "6000"),
    ("e01", "", {"ui_insured_count": 30, "layoff_rate_pct": 20.01}, "ineligible"),
    ("e01", "", {"ui_insured_count": 31, "layoff_rate_pct": 5.6}, "ineligible"),
    ("e01", "", {"ent_size": "large"}, "3000"),
    ("e01", "", {"ent_size": "medium"}, "6000"),
    ("e01", "", {"ent_size": "micro"}, "6000"),
    ("e01", "", {"ent_type": "individual_business", "ent_size": None}, "6000"),
    ("e01", "", {"ent_type": "foundation", "ent_size": "large"}, "6000"),
    ("e01", "", {"ent_type": "public_institution"}, "ineligible"),
    ("e01", "", {"ui_paid_months": None}, "unknown"),
    ("e01", "", {"ui_paid_months": 11, "layoff_rate_pct": None}, "ineligible"),
    ("e01", "", {"ui_premium_prev_year": None}, "open"),
    ("e01", "", {"ent_region": "371600"}, "6000"),
    ("e01", "", {"ent_region": "360100"}, "ineligible"),
    ("e01", "", {"ent_region": None}, "unknown"),
    ("e01", "2025-12-31", {}, "6000"),
    ("e01", "2026-01-01", {}, "ineligible"),
    # E02: rounding to two decimals of the percentage, the four exclusions, no payment from April
    ("e02", "", {}, "4000"),
    ("e02", "", {"ent_size": "large"}, "2000"),
    ("e02", "", {"ui_benefit_recipients": 550, "ui_insured_avg_prev_year": 9991}, "4000"),
    ("e02", "", {"ui_benefit_recipients": 550, "ui_insured_avg_prev_year": 9990}, "ineligible"),
    ("e02", "", {"ui_insured_count": 30, "ui_insured_avg_prev_year": 30,
                 "ui_benefit_recipients": 6}, "4000"),
    ("e02", "", {"ui_insured_count": 30, "ui_insured_avg_prev_year": 30,
                 "ui_benefit_recipients": 7}, "ineligible"),
    ("e02", "", {"is_zombie": True}, "ineligible"),
    ("e02", "", {"credit_serious_dishonest": True}, "ineligible"),
    ("e02", "", {"credit_serious_dishonest": True, "policy_compliant": None}, "ineligible"),
    ("e02", "", {"policy_compliant": False}, "ineligible"),
    ("e02", "", {"ent_type": "public_institution"}, "ineligible"),
    ("e02", "", {"ent_type": None}, "unknown"),
    ("e02", "", {"ent_size": None}, "open"),
    ("e02", "", {"ui_insured_avg_prev_year": 0}, "unknown"),
    ("e02", "2025-03-31", {}, "4000"),
    ("e02", "2025-04-01", {}, "ineligible"),
    # E06: 30 staff, 1 %, the province's ratio; the amount is what need not be paid
    ("e06", "", {"staff_prev_year": 30}, "45000"),
    ("e06", "", {"staff_prev_year": 31}, "4650"),
    ("e06", "", {"disabled_staff_prev_year": 2}, "50000"),
    ("e06", "", {"disabled_staff_prev_year": 1.99}, "10100"),
    ("e06", "", {"disabled_staff_prev_year": 3}, "0"),
    ("e06", "", {"disabled_staff_prev_year": 4}, "0"),
    ("e06", "", {"ent_type": "social_org", "staff_prev_year": 30}, "4500"),
    ("e06", "2022-12-31", {}, "ineligible"),
    ("e06", "2027-12-31", {"staff_prev_year": 31}, "4650"),
    ("e06", "2028-01-01", {}, "ineligible"),
    ("e06", "", {"avg_wage_prev_year": None}, "open"),
    # E09: 100,000 a month, 300,000 a quarter; 150,000 and 450,000 before 2023
    ("e09", "", {"vat_sales": 100000}, "1000"),
    ("e09", "", {"vat_sales": 100000.01}, "ineligible"),
    ("e09", "", {"vat_period": "quarter", "vat_sales": 300000}, "3000"),
    ("e09", "", {"vat_period": "quarter", "vat_sales": 300000.01}, "ineligible"),
    ("e09", "", {"vat_sales": 200000, "vat_real_estate_sales": 100000}, "1000"),
    ("e09", "", {"vat_sales": 200000, "vat_real_estate_sales": 99999.99}, "ineligible"),
    ("e09", "2022-03-31", {"vat_sales": 150000}, "1500"),
    ("e09", "2022-03-31", {"vat_sales": 150000.01}, "ineligible"),
    ("e09", "2022-12-31", {"vat_sales": 900000}, "27000"),
    ("e09", "2023-01-01", {"vat_sales": 900000}, "ineligible"),
    ("e09", "2021-03-31", {"vat_sales": 100001}, "ineligible"),
    ("e09", "2027-12-31", {"vat_sales": 100000}, "1000"),
    ("e09", "2028-01-01", {}, "ineligible"),
    ("e09", "", {"vat_type": "general"}, "ineligible"),
    ("e09", "", {"vat_type": None}, "unknown"),
    # E27: bands from 10, 50 and 100 million, lower bound included; at most one million
    ("e27", "", {"rd_expense": 9_999_999.99}, "200000"),
    ("e27", "", {"rd_expense": 10_000_000}, "400000"),
    ("e27", "", {"rd_expense": 49_999_999.99}, "400000"),
    ("e27", "", {"rd_expense": 50_000_000}, "600000"),
    ("e27", "", {"rd_expense": 99_999_999.99}, "600000"),
    ("e27", "", {"rd_expense": 100_000_000}, "900000"),
    ("e27", "", {"rd_expense": 100_000_000, "first_sishang": True}, "1000000"),
    ("e27", "", {"hnte_event": "recert", "rd_expense": 100_000_000}, "800000"),
    ("e27", "", {"hnte_event": "recert", "first_sishang": True}, "200000"),
    ("e27", "", {"hnte_event": "none"}, "ineligible"),
    ("e27", "2024-09-01", {}, "200000"),
    ("e27", "2024-09-02", {}, "ineligible"),
    ("e27", "2021-07-26", {}, "ineligible"),
    ("e27", "2021-07-27", {}, "200000"),
    ("e27", "", {"first_sishang": None}, "open"),
    # E34: the table of titles
    ("e34", "", {"title": "hnte"}, "200000"),
    ("e34", "", {"title": "tech_little_giant"}, "30000"),
    ("e34", "", {"title": "tech_little_giant", "title_event": "review"}, "10000"),
    ("e34", "", {"title": "national_champion"}, "500000"),
    ("e34", "", {"title": "provincial_champion"}, "200000"),
    ("e34", "", {"title": "provincial_zjtx"}, "100000"),
    ("e34", "", {"title_event": "review"}, "100000"),
    ("e34", "", {"title": "none"}, "ineligible"),
    ("e34", "", {"title": None}, "unknown"),
    # R02: the final year, approved kindergartens, from the autumn term of 2025
    ("r02", "", {}, "500"),
    ("r02", "", {"school_kind": "private_approved"}, "400"),
    ("r02", "", {"school_kind": "private_approved", "own_fee_month": 400}, "400"),
    ("r02", "", {"school_kind": "private_approved", "own_fee_month": 399.99}, "399.99"),
    ("r02", "", {"public_fee_month": None}, "500"),
    ("r02", "2025-09-01", {}, "500"),
    ("r02", "2025-08-31", {}, "ineligible"),
    ("r02", "", {"grade_final_year": None}, "unknown"),
    ("r02", "", {"grade_final_year": False, "school_kind": None}, "ineligible"),
    ("r02", "", {"hukou_region": "540121"}, "ineligible"),
    ("r02", "", {"hukou_region": "513422"}, "ineligible"),
    ("r02", "", {"hukou_region": "513401"}, "500"),
    ("r02", "", {"hukou_region": "653101"}, "ineligible"),
    ("r02", "", {"hukou_region": "650100"}, "500"),
    # R06: both subsidies, who is excluded from which
    ("r06", "", {"severe_no_work": True, "disability_level": 1}, "710"),
    ("r06", "", {"hh_dibao": True, "disability_level": 2}, "560"),
    ("r06", "", {"hh_dibao": True, "disability_level": 3, "disability_type": "intellectual"},
     "560"),
    ("r06", "", {"hh_dibao": True, "disability_level": 3, "disability_type": "visual"}, "410"),
    ("r06", "", {"hh_low_income": True}, "290"),
    ("r06", "", {"disability_level": 1}, "300"),
    ("r06", "", {"disability_level": 2, "disability_type": None}, "150"),
    ("r06", "", {"disability_level": 3, "disability_type": "mental"}, "150"),
    ("r06", "", {}, "ineligible"),
    ("r06", "", {"work_injury_nursing": True, "hh_dibao": True}, "ineligible"),
    ("r06", "", {"orphan_support": "factual", "hh_dibao": True, "disability_level": 2}, "150"),
    ("r06", "", {"orphan_support": "factual", "hh_dibao": True, "disability_level": 4},
     "ineligible"),
    ("r06", "", {"tekun": None, "hh_dibao": True}, "unknown"),
    ("r06", "", {"tekun": True, "hh_dibao": None, "disability_level": None}, "ineligible"),
    # R12: three years or until retirement, graduates two years; Wuhai in whole yuan
    ("r12", "", {}, "6000"),
    ("r12", "", {"own_paid_contrib": 10000}, "6666.67"),
    ("r12", "", {"subsidy_months_used": 35}, "6000"),
    ("r12", "", {"subsidy_months_used": 36}, "ineligible"),
    ("r12", "", {"subsidy_months_used": 36, "years_to_retirement_at_first": 4.99}, "6000"),
    ("r12", "", {"subsidy_months_used": 36, "years_to_retirement_at_first": 5}, "ineligible"),
    ("r12", "", {"flex_group": "grad2y", "subsidy_months_used": 23}, "6000"),
    ("r12", "", {"flex_group": "grad2y", "subsidy_months_used": 24}, "ineligible"),
    ("r12", "", {"flex_group": "grad2y", "subsidy_months_used": 24,
                 "years_to_retirement_at_first": 1}, "ineligible"),
    ("r12", "", {"hukou_region": "150302", "lowest_tier_contrib": 9000.75}, "6001"),
    ("r12", "", {"hukou_region": "150302", "lowest_tier_contrib": 9000.74}, "6000"),
    ("r12", "", {"hukou_region": "150302"}, "open"),
    ("r12", "", {"flex_group": None}, "unknown"),
    ("r12", "", {"subsidy_months_used": None, "years_to_retirement_at_first": 3}, "6000"),
    # R19: July's rise, 18 years
    ("r19", "2024-06-30", {}, "1700"),
    ("r19", "2024-06-30", {"placement": "institution"}, "2100"),
    ("r19", "2024-07-01", {}, "1792"),
    ("r19", "2024-07-01", {"placement": "institution"}, "2213"),
    ("r19", "2025-06-30", {"placement": "institution"}, "2213"),
    ("r19", "2025-07-01", {"placement": "institution"}, "2335"),
    ("r19", "", {"age": 17}, "1891"),
    ("r19", "", {"age": 18}, "ineligible"),
    ("r19", "", {"orphan_support": "factual"}, "1891"),
    ("r19", "", {"orphan_support": "none"}, "ineligible"),
    ("r19", "", {"orphan_support": None, "age": 18}, "ineligible"),
    ("r19", "", {"placement": None}, "open"),
    # R22: 35 years, two years, 24 months, established staff but for newly hired doctors
    ("r22", "", {"age": 35}, "6000"),
    ("r22", "", {"age": 36}, "ineligible"),
    ("r22", "", {"months_since_graduation": 24}, "6000"),
    ("r22", "", {"months_since_graduation": 25}, "ineligible"),
    ("r22", "", {"local_insurance_months": 24}, "12000"),
    ("r22", "", {"local_insurance_months": 25}, "12000"),
    ("r22", "", {"local_insurance_months": 1}, "500"),
    ("r22", "", {"local_insurance_months": 0}, "ineligible"),
    ("r22", "", {"education_level": "phd_overseas", "local_insurance_months": 24}, "99999.84"),
    ("r22", "", {"education_level": "master", "local_insurance_months": 24}, "19999.92"),
    ("r22", "", {"education_level": "associate"}, "ineligible"),
    ("r22", "", {"local_hukou": False}, "ineligible"),
    ("r22", "", {"public_staff": True}, "ineligible"),
    ("r22", "", {"public_staff": True, "hospital_or_school_phd": None}, "unknown"),
    ("r22", "", {"public_staff": None, "hospital_or_school_phd": True}, "6000"),
    ("r22", "2017-08-22", {}, "ineligible"),
]  # fmt: skip


def decide(number: str, day: str, changed: Given) -> Result:
    default, plain = PLAIN[number]
    policy = POLICIES[number]
    subject = Subject(
        line=1, subject="case", audience=policy.audience,
        as_of=date.fromisoformat(day or default), facts=plain | changed,
    )  # fmt: skip
    results, _ = evaluate_subjects(
        compile_policies([policy], VOCABULARY), [subject], date(2000, 1, 1)
    )
    return results[0]


@pytest.mark.parametrize(("number", "day", "changed", "wanted"), CASES)
def test_a_boundary_of_the_law_is_on_the_side_the_text_puts_it(
    number: str, day: str, changed: Given, wanted: str
) -> None:
    result = decide(number, day, changed)
    if wanted in ("ineligible", "unknown"):
        assert result.verdict == wanted, result
        return
    assert result.verdict == "eligible", result
    if wanted == "open":
        assert result.amount_fen is None
    else:
        assert result.amount_fen == Decimal(wanted) * 100, result


@pytest.mark.parametrize("number", list(PLAIN))
def test_without_any_fact_a_policy_is_undecided_never_given(number: str) -> None:
    plain = PLAIN[number][1]
    assert decide(number, "", dict.fromkeys(plain, "unknown")).verdict == "unknown"


@pytest.mark.parametrize("number", list(PLAIN))
def test_a_missing_fact_never_turns_the_verdict_round(number: str) -> None:
    for _, day, changed, _ in [case for case in CASES if case[0] == number]:
        full = decide(number, day, changed)
        for name in PLAIN[number][1]:
            without = decide(number, day, changed | {name: "unknown"})
            assert without.verdict in (full.verdict, "unknown"), (name, changed)
            # an undecided portion adds nothing yet and is named; it follows as an adjustment
            settled = without.amount_fen is not None and not without.unknown
            if without.verdict == full.verdict == "eligible" and settled:
                assert without.amount_fen == full.amount_fen, (name, changed)
