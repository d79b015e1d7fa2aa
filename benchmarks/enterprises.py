"""Enterprise profiles drawn for measuring: facts of the vocabulary, some of them missing."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from language.lowering import NOT_APPLICABLE

MISSING = 0.03
"""The share of each fact's values that is not known."""

SIZES = ("large", "medium", "small", "micro")
TYPES = ("enterprise", "branch", "social_org", "law_firm", "public_institution", "coop")
SECTORS = ("C3512", "C2710", "I6510", "F5110", "M7310", "E4710")
REGIONS = ("990101", "990102", "990103", "990104", "440100", "370200")
DAY_ZERO = date(2005, 1, 1)


def draw_enterprises(rows: int, seed: int = 20_250_901) -> pl.DataFrame:
    """So many profiles, the same for the same seed; money in fen."""
    rng = np.random.default_rng(seed)

    def choose(values: tuple[str, ...]) -> pl.Series:
        return pl.Series(values).gather(rng.integers(0, len(values), rows))

    def flag(share: float) -> pl.Series:
        return pl.Series(rng.random(rows) < share)

    staff = np.exp(rng.normal(3, 1.4, rows)).astype(np.int64) + 1
    insured = np.maximum(1, staff - rng.integers(0, 4, rows))
    premium = insured * rng.integers(20_000, 90_000, rows)
    revenue = staff * rng.integers(5_000_000, 90_000_000, rows)
    sales = rng.integers(0, 600_000, rows) * 100
    facts: dict[str, pl.Series] = {
        "ent_region": choose(REGIONS),
        "ent_type": choose(TYPES),
        "ent_size": choose(SIZES),
        "gbt4754_code": choose(SECTORS),
        "ent_is_labor_dispatch": flag(0.03),
        "credit_serious_dishonest": flag(0.01),
        "credit_abnormal_operation": flag(0.03),
        "is_zombie": flag(0.01),
        "first_sishang": flag(0.05),
        "ui_paid_months": pl.Series(rng.integers(0, 36, rows)),
        "ui_premium_prev_year": pl.Series(premium),
        "ui_insured_count": pl.Series(insured),
        "ui_insured_avg_prev_year": pl.Series(np.round(insured * rng.uniform(0.8, 1.2, rows), 2)),
        "ui_benefit_recipients": pl.Series(rng.binomial(insured, 0.06)),
        "staff_prev_year": pl.Series(staff.astype(np.float64)),
        "disabled_staff_prev_year": pl.Series(rng.binomial(staff, 0.015).astype(np.float64)),
        "avg_wage_prev_year": pl.Series(rng.integers(40_000, 200_000, rows) * 100),
        "vat_type": choose(("small_scale", "general")),
        "vat_period": choose(("month", "quarter")),
        "vat_sales": pl.Series(sales),
        "vat_real_estate_sales": pl.Series((sales * (rng.random(rows) < 0.05)).astype(np.int64)),
        "revenue": pl.Series(revenue),
        "rd_expense": pl.Series((revenue * rng.uniform(0, 0.1, rows)).astype(np.int64)),
        "hnte_event": choose(("first", "recert")),
        "registered_on": pl.Series(
            [DAY_ZERO + timedelta(days=int(days)) for days in rng.integers(0, 7_500, rows)]
        ),
    }
    columns = [pl.Series("subject", [f"E{number:07d}" for number in range(rows)])]
    for name, series in facts.items():
        known = pl.Series(rng.random(rows) >= MISSING)
        held = pl.select(pl.when(known).then(series).alias(name)).to_series()
        if name == "hnte_event":  # most firms were never recognised: it does not apply
            without = pl.Series(rng.random(rows) < 0.6) & known
            held = pl.select(pl.when(~without).then(held).alias(name)).to_series()
            columns.append(without.alias(name + NOT_APPLICABLE))
        columns.append(held)
    return pl.DataFrame(columns)
