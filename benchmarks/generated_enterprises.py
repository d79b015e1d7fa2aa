"""Enterprise profiles of forty facts and policies in the manner of the catalogue, from a seed.

Every form of a condition stands here twice: as authors write it, and as somebody would write it by
hand in Polars over the same columns (money in fen, so that nothing is rounded).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

AS_OF = date(2025, 10, 31)
MONEY = (
    "ui_premium_prev_year", "revenue", "rd_expense", "avg_wage_prev_year", "vat_sales",
    "taxable_income", "assets_avg", "electricity_fee",
)  # fmt: skip
TYPES = np.array(["enterprise", "branch", "individual_business", "social_org", "foundation"])
SIZES = np.array(["large", "medium", "small", "micro"])
SECTIONS = np.array(["A", "C", "F", "G", "H", "I", "L", "M", "N", "Q"])
DISTRICTS = np.array([f"9901{number:02d}" for number in range(1, 13)])
FLAGS = {
    "ent_is_labor_dispatch": 0.03, "credit_serious_dishonest": 0.02, "is_zombie": 0.01,
    "credit_abnormal_operation": 0.04, "hnte_valid": 0.3, "first_sishang": 0.1,
    "tech_sme_listed": 0.4, "major_incident_3y": 0.02,
}  # fmt: skip

c = pl.col
Drawn = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A condition with slots, several where one must hold, and the expression that an expert
    would write for it."""

    text: str | tuple[str, ...]
    hand: Callable[[Drawn], pl.Expr]


FORMS = (
    Form(text="ui_paid_months >= {months}", hand=lambda d: c("ui_paid_months") >= d["months"]),
    Form(text="staff_prev_year > {staff}", hand=lambda d: c("staff_prev_year") > d["staff"]),
    Form(text="revenue <= {sales}0", hand=lambda d: c("revenue") <= d["sales"] * 1000),
    Form(text="revenue >= {sales}", hand=lambda d: c("revenue") >= d["sales"] * 100),
    Form(text="taxable_income < {sales}0", hand=lambda d: c("taxable_income") < d["sales"] * 1000),
    Form(text="assets_avg <= {sales}00", hand=lambda d: c("assets_avg") <= d["sales"] * 10_000),
    Form(text="vat_sales >= {staff}000", hand=lambda d: c("vat_sales") >= d["staff"] * 100_000),
    Form(text="ui_insured_count >= {small}", hand=lambda d: c("ui_insured_count") >= d["small"]),
    Form(text="partners <= {small}", hand=lambda d: c("partners") <= d["small"]),
    Form(text="jobs_created_12m >= {few}", hand=lambda d: c("jobs_created_12m") >= d["few"]),
    Form(
        text="mfg_sales_share_pct >= {months}.5",
        hand=lambda d: c("mfg_sales_share_pct") >= d["months"] + 0.5,
    ),
    Form(
        text="revenue_growth_pct > {few}.25",
        hand=lambda d: c("revenue_growth_pct") > d["few"] + 0.25,
    ),
    Form(
        text="registered_on <= $date({y}, {m}, 1)",
        hand=lambda d: c("registered_on") <= date(d["y"], d["m"], 1),
    ),
    Form(
        text="confirmed_on >= $date({y}, {m}, 15)",
        hand=lambda d: c("confirmed_on") >= date(d["y"], d["m"], 15),
    ),
    Form(
        text="$years(registered_on, as_of) >= {few}",
        hand=lambda d: c("registered_on") <= date(AS_OF.year - d["few"], AS_OF.month, AS_OF.day),
    ),
    Form(
        text="ui_first_insured_month < $date({y}, {m}, 1)",
        hand=lambda d: c("ui_first_insured_month") < date(d["y"], d["m"], 1),
    ),
    Form(
        text='ent_size in ["{size}", "medium", "micro"]',
        hand=lambda d: c("ent_size").is_in([d["size"], "medium", "micro"]),
    ),
    Form(
        text='ent_type in ["enterprise", "branch", "{type}"]',
        hand=lambda d: c("ent_type").is_in(["enterprise", "branch", d["type"]]),
    ),
    Form(text='ent_type != "{type}"', hand=lambda d: c("ent_type") != d["type"]),
    Form(
        text='not $starts_with(gbt4754_code, "{section}")',
        hand=lambda d: ~c("gbt4754_code").str.starts_with(d["section"]),
    ),
    Form(
        text=('$starts_with(gbt4754_code, "{section}")', "tech_sme_listed", "hnte_valid"),
        hand=lambda d: (
            c("gbt4754_code").str.starts_with(d["section"]) | c("tech_sme_listed") | c("hnte_valid")
        ),
    ),
    Form(
        text=('vat_type == "small_scale"', "vat_sales > {sales}"),
        hand=lambda d: (c("vat_type") == "small_scale") | (c("vat_sales") > d["sales"] * 100),
    ),
    # a quotient without a divisor is unknown
    Form(
        text="ui_benefit_recipients / ui_insured_count <= 0.0{share}",
        hand=lambda d: pl.when(c("ui_insured_count") != 0).then(
            c("ui_benefit_recipients") * 1000 <= c("ui_insured_count") * d["share"]
        ),
    ),
    Form(
        text="rd_expense / revenue >= 0.0{share}",
        hand=lambda d: pl.when(c("revenue") != 0).then(
            c("rd_expense") * 1000 >= c("revenue") * d["share"]
        ),
    ),
    Form(
        text="vat_sales >= revenue * 0.{share}",
        hand=lambda d: c("vat_sales") * 100 >= c("revenue") * d["share"],
    ),
)
NEVER = (
    Form(text="is_zombie", hand=lambda d: c("is_zombie")),
    Form(text="credit_serious_dishonest", hand=lambda d: c("credit_serious_dishonest")),
    Form(text="credit_abnormal_operation", hand=lambda d: c("credit_abnormal_operation")),
    Form(text="major_incident_3y", hand=lambda d: c("major_incident_3y")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A generated policy: what it asks, of which district, and its amount."""

    number: int
    asked: tuple[tuple[Form, Drawn], ...]
    never: tuple[Form, ...]
    district: str | None
    rate: float
    cap: int


def draw_part(rows: int, seed: int, *, missing: float = 0.08) -> pl.DataFrame:
    """A part's facts, `missing` of each fact's values unknown; money in fen."""
    rng = np.random.default_rng(seed)
    insured = rng.geometric(0.02, rows)
    revenue = rng.lognormal(15, 2, rows).astype(np.int64) * 100
    industry = np.char.add(
        SECTIONS[rng.integers(0, len(SECTIONS), rows)], rng.integers(100, 240, rows).astype(str)
    )
    columns: dict[str, Any] = {
        "ent_region": DISTRICTS[rng.integers(0, len(DISTRICTS), rows)],
        "ent_type": TYPES[rng.integers(0, len(TYPES), rows)],
        "ent_size": SIZES[rng.integers(0, len(SIZES), rows)],
        "gbt4754_code": industry,
        "vat_type": np.array(["small_scale", "general"])[rng.integers(0, 2, rows)],
        "vat_period": np.array(["month", "quarter"])[rng.integers(0, 2, rows)],
        "listing_level": np.array(["regional", "neeq", "main"])[rng.integers(0, 3, rows)],
        "ui_paid_months": rng.integers(0, 61, rows),
        "ui_insured_count": insured,
        "ui_benefit_recipients": rng.binomial(insured, 0.05),
        "jobs_created_12m": rng.geometric(0.1, rows) - 1,
        "partners": rng.geometric(0.05, rows),
        "business_months": rng.integers(0, 400, rows),
        "zjtx_year": rng.integers(2015, 2026, rows),
        "ui_premium_prev_year": insured * rng.integers(30_000, 120_000, rows),
        "revenue": revenue,
        "rd_expense": (revenue * rng.beta(1, 20, rows)).astype(np.int64),
        "avg_wage_prev_year": rng.lognormal(11, 0.5, rows).astype(np.int64) * 100,
        "vat_sales": (revenue * rng.uniform(0.1, 1, rows)).astype(np.int64),
        "taxable_income": (revenue * rng.uniform(-0.1, 0.3, rows)).astype(np.int64),
        "assets_avg": rng.lognormal(16, 2, rows).astype(np.int64) * 100,
        "electricity_fee": rng.lognormal(9, 1, rows).astype(np.int64) * 100,
        "staff_prev_year": np.round(insured * rng.uniform(0.8, 1.2, rows), 2),
        "mfg_sales_share_pct": np.round(rng.uniform(0, 100, rows), 1),
        "revenue_growth_pct": np.round(rng.normal(5, 15, rows), 2),
        "va_growth_pct": np.round(rng.normal(4, 10, rows), 2),
        **{name: rng.random(rows) < share for name, share in FLAGS.items()},
    }
    for name in ("registered_on", "confirmed_on", "ui_first_insured_month",
                 "above_scale_first_on", "approved_on", "loan_disbursed_on"):  # fmt: skip
        days = rng.integers(10_957, 20_392, rows).astype(np.int32)  # 2000 to 2025
        columns[name] = pl.Series(days).cast(pl.Date)
    frame = pl.DataFrame(columns).with_columns(
        pl.when(pl.Series(rng.random(rows) >= missing)).then(pl.col(name)).alias(name)
        for name in columns
    )
    subjects = pl.select(pl.int_range(rows).cast(pl.String).str.zfill(12).alias("subject"))
    return subjects.hstack(frame)


def draw_drafts(count: int, seed: int = 7) -> Iterator[Draft]:
    """Policies of four to seven conditions, one to three exclusions, some for one district."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        picked = rng.choice(len(FORMS), size=int(rng.integers(4, 8)), replace=False)
        never = rng.choice(len(NEVER), size=int(rng.integers(1, 4)), replace=False)
        yield Draft(
            number=number,
            asked=tuple((FORMS[index], _draw_values(rng)) for index in picked),
            never=tuple(NEVER[index] for index in never),
            district=str(rng.choice(DISTRICTS)) if rng.random() < 0.2 else None,
            rate=round(float(rng.uniform(0.1, 0.9)), 3),
            cap=int(rng.integers(1, 100)) * 10_000,
        )


def _draw_values(rng: np.random.Generator) -> Drawn:
    return {
        "months": int(rng.integers(1, 37)),
        "staff": int(rng.integers(1, 60)),
        "small": int(rng.integers(5, 50)),
        "few": int(rng.integers(1, 9)),
        "sales": int(rng.integers(1, 40)) * 50_000,
        "share": int(rng.integers(10, 60)),
        "y": int(rng.integers(2005, 2020)),
        "m": int(rng.integers(1, 13)),
        "size": str(rng.choice(SIZES)),
        "type": str(rng.choice(TYPES)),
        "section": str(rng.choice(SECTIONS)),
    }


def write_policies(folder: Path, count: int, seed: int = 7) -> None:
    """`count` policy files."""
    for draft in draw_drafts(count, seed):
        path = folder / f"p{draft.number:04d}.yaml"
        path.write_text(_write(draft), encoding="utf-8")


def _write(draft: Draft) -> str:
    clauses = "".join(
        _write_clause(f"c{place}", form, drawn) for place, (form, drawn) in enumerate(draft.asked)
    )
    never = "".join(
        f"      - {{id: n{place}, says: 条件, source: 办法, when: '{form.text}'}}\n"
        for place, form in enumerate(draft.never)
    )
    region = f'region: "{draft.district}"\n' if draft.district else ""
    return (
        f"policy: p{draft.number:04d}\nversion: 1\ntitle: {{zh: 第{draft.number}项}}\n"
        f"audience: enterprise\nauthority: 市局\nlevel: city\nbasis: [{{document: 办法}}]\n{region}"
        f"effective: {{from: 2020-01-01}}\nper: year\nclauses:\n{clauses}"
        f"  - id: never\n    says: 不在此列\n    source: 办法\n    none:\n{never}"
        f"benefit: {{kind: cash, amount: [ui_premium_prev_year, {{times: {draft.rate}}}, "
        f"{{at_most: {draft.cap}}}]}}\n"
    )


def _write_clause(name: str, form: Form, drawn: Drawn) -> str:
    if isinstance(form.text, str):
        when = form.text.format(**drawn)
        return f"  - {{id: {name}, says: 条件, source: 办法, when: '{when}'}}\n"
    members = "".join(
        f"      - {{id: {name}{place}, says: 条件, source: 办法, when: '{text.format(**drawn)}'}}\n"
        for place, text in enumerate(form.text)
    )
    return f"  - id: {name}\n    says: 其一\n    source: 办法\n    any:\n{members}"
