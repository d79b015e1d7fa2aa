"""A pandas, Polars or Arrow table gives the verdicts that its rows give one by one."""

from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pytest

from engine.by_hand import evaluate_subjects
from engine.program import Program, compile_policies
from engine.table import TableRefused, evaluate_table
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import builtin_vocabulary
from profiles.hand import Subject

DAY = date(2025, 9, 1)
ROWS: list[dict[str, Any]] = [
    {"subject": "a", "ent_size": "small", "ui_premium_prev_year": 86400.55, "ui_paid_months": 40},
    {"subject": "b", "ent_size": None, "ui_premium_prev_year": 300000.0, "ui_paid_months": 60},
    {"subject": "c", "ent_size": "large", "ui_premium_prev_year": 1.0, "ui_paid_months": 11},
    {"subject": "d", "ent_size": "small", "ui_premium_prev_year": 1.0, "ui_paid_months": None},
]
COMMON: dict[str, Any] = {
    "ent_type": "enterprise",
    "ent_region": "370000",
    "ui_insured_count": 20,
    "ui_insured_avg_prev_year": 20.0,
    "ui_benefit_recipients": 0,
}


@pytest.fixture(scope="module")
def program() -> Program:
    vocabulary = builtin_vocabulary(builtin_datasets())
    (file,) = CATALOGUE.rglob("e01-*.yaml")
    return compile_policies(load_policies([file], vocabulary).policies, vocabulary)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_table_gives_what_its_rows_give_one_by_one(program: Program, kind: str) -> None:
    # the lay-off rate is worked out from counts, so the shared measures stand as their sums
    rows = [row | COMMON for row in ROWS]
    for row in rows:
        row["ui_insured_avg_prev_year::sum"] = 20 * 12
        row["ui_insured_avg_prev_year::count"] = 12
    frame = pl.DataFrame(rows)
    table = {"pandas": frame.to_pandas(), "polars": frame, "arrow": frame.to_arrow()}[kind]
    found = evaluate_table(program, table, "enterprise", DAY)
    assert isinstance(found, pd.DataFrame)
    subjects = [
        Subject(
            line=n,
            subject=str(row["subject"]),
            audience="enterprise",
            as_of=DAY,
            facts={k: v for k, v in row.items() if k != "subject" and "::" not in k},
        )
        for n, row in enumerate(row | COMMON for row in ROWS)
    ]
    results, troubles = evaluate_subjects(program, subjects, DAY)
    assert not troubles
    wanted = {r.subject: (r.verdict, r.amount_fen) for r in results if r.verdict != "ineligible"}
    amounts = [None if pd.isna(fen) else int(fen) for fen in found["amount_fen"]]
    came = dict(zip(found["subject"], zip(found["verdict"], amounts, strict=True), strict=True))
    assert came == wanted
    assert wanted["a"] == ("eligible", int(Decimal("86400.55") * 60))
    assert wanted["d"] == ("unknown", None)


@pytest.mark.parametrize(
    ("column", "values"),
    [("subject", [1.0]), ("ui_paid_months", ["forty"]), ("ui_premium_prev_year", [1.005])],
)
def test_a_column_that_is_no_fact_of_its_type_is_refused(
    program: Program, column: str, values: list[object]
) -> None:
    table = pl.DataFrame({"subject": ["a"]} | {column: values})
    with pytest.raises(TableRefused, match=column):
        evaluate_table(program, table, "enterprise", DAY)
