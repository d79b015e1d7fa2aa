"""Enterprise profiles and policies in the manner of the catalogue, from a seed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

MONEY = ("ui_premium_prev_year", "revenue", "rd_expense")
TYPES = np.array(["enterprise", "branch", "social_org", "law_firm", "public_institution"])
SIZES = np.array(["large", "medium", "small", "micro"])
SECTIONS = np.array(["A", "C", "F", "G", "H", "I", "L", "M", "N", "Q"])


def draw_part(rows: int, seed: int, *, missing: float = 0.02) -> pl.DataFrame:
    """A part's facts, `missing` of each fact's values unknown; money in fen."""
    rng = np.random.default_rng(seed)
    insured = rng.geometric(0.02, rows)
    revenue = (rng.lognormal(15, 2, rows)).astype(np.int64) * 100
    section = SECTIONS[rng.integers(0, len(SECTIONS), rows)]
    industry = np.char.add(section, rng.integers(1000, 9999, rows).astype(str))
    columns: dict[str, pl.Series] = {
        "ent_type": pl.Series(TYPES[rng.integers(0, len(TYPES), rows)]),
        "ent_size": pl.Series(SIZES[rng.integers(0, len(SIZES), rows)]),
        "gbt4754_code": pl.Series(industry),
        "ui_paid_months": pl.Series(rng.integers(0, 61, rows)),
        "ui_insured_count": pl.Series(insured),
        "ui_benefit_recipients": pl.Series(rng.binomial(insured, 0.05)),
        "ui_premium_prev_year": pl.Series(insured * rng.integers(30_000, 120_000, rows)),
        "revenue": pl.Series(revenue),
        "rd_expense": pl.Series((revenue * rng.beta(1, 20, rows)).astype(np.int64)),
        "staff_prev_year": pl.Series(np.round(insured * rng.uniform(0.8, 1.2, rows), 2)),
        "is_zombie": pl.Series(rng.random(rows) < 0.01),
        "credit_serious_dishonest": pl.Series(rng.random(rows) < 0.02),
        "credit_abnormal_operation": pl.Series(rng.random(rows) < 0.04),
    }
    frame = pl.DataFrame(columns).with_columns(
        pl.when(pl.Series(rng.random(rows) >= missing)).then(pl.col(name)).alias(name)
        for name in columns
    )
    subjects = pl.select(pl.int_range(rows).cast(pl.String).str.zfill(12).alias("subject"))
    return subjects.hstack(frame)


def write_policies(folder: Path, count: int, seed: int = 7) -> None:
    """`count` policy files: five to seven clauses, a quarter of them computed, and an amount."""
    for number, text in enumerate(_texts(count, seed)):
        (folder / f"p{number:04d}.yaml").write_text(text, encoding="utf-8")


def _texts(count: int, seed: int) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    for number in range(count):
        months = int(rng.integers(1, 37))
        staff = int(rng.integers(1, 300))
        permille = int(rng.integers(10, 120))
        share = round(float(rng.uniform(0.005, 0.08)), 4)
        rate = round(float(rng.uniform(0.1, 0.9)), 3)
        cap = int(rng.integers(1, 100)) * 10_000
        sales = int(rng.integers(1, 400)) * 50_000
        chosen = [
            f"ui_paid_months >= {months}",
            f"staff_prev_year > {staff}",
            f"revenue <= {sales * 10}",
            f"revenue >= {sales}",
            f"ui_benefit_recipients * 1000 <= ui_insured_count * {permille}",
            f"rd_expense / revenue >= {share}",
            f'ent_size in ["{"small" if number % 2 else "large"}", "medium", "micro"]',
            'ent_type != "public_institution"',
            f'$starts_with(gbt4754_code, "{SECTIONS[number % len(SECTIONS)]}")',
            "not is_zombie",
            "not credit_serious_dishonest",
            "not credit_abnormal_operation",
        ]
        picked = rng.choice(len(chosen), size=int(rng.integers(3, 6)), replace=False)
        clauses = "".join(
            f"  - {{id: c{place}, says: 条件, source: 办法, when: '{chosen[index]}'}}\n"
            for place, index in enumerate([*picked, 9, 10])
            if index not in (9, 10) or place >= len(picked)
        )
        yield (
            f"policy: p{number:04d}\nversion: 1\ntitle: {{zh: 第{number}项}}\n"
            "audience: enterprise\nauthority: 市局\nlevel: city\nbasis: [{document: 办法}]\n"
            f"effective: {{from: 2020-01-01}}\nper: year\nclauses:\n{clauses}"
            f"benefit: {{kind: cash, amount: [ui_premium_prev_year, {{times: {rate}}}, "
            f"{{at_most: {cap}}}]}}\n"
        )
