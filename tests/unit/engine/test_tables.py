"""A pandas, Polars or Arrow table is decided like the lines of a file, and loses nothing."""

from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest

from engine.program import Program, compile_policies
from engine.table import TableRefused, evaluate_table
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.vocabulary_load import builtin_vocabulary

DAY = date(2025, 9, 1)
COMMON: dict[str, Any] = {
    "audience": "enterprise",
    "ent_type": "enterprise",
    "ent_region": "370000",
    "ent_size": "small",
    "ui_insured_count": 20,
    "layoff_rate_pct": 0.5,
}
ROWS: list[dict[str, Any]] = [
    {"subject": "a", "ui_premium_prev_year": 86400.55, "ui_paid_months": 40.0},
    {"subject": "b", "ui_premium_prev_year": None, "ui_paid_months": 60.0},
    {"subject": "c", "ui_premium_prev_year": 1.0, "ui_paid_months": 11.0},
    {"subject": "d", "ui_premium_prev_year": 1.0, "ui_paid_months": None},
    {"subject": "e", "ui_premium_prev_year": 1.0, "ui_paid_months": 11.9},
]


@pytest.fixture(scope="module")
def program() -> Program:
    vocabulary = builtin_vocabulary(builtin_datasets())
    (file,) = CATALOGUE.rglob("e01-*.yaml")
    return compile_policies(load_policies([file], vocabulary).policies, vocabulary)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_table_is_decided_row_by_row(program: Program, kind: str) -> None:
    frame = pl.DataFrame([row | COMMON for row in ROWS])
    table = {"pandas": frame.to_pandas(), "polars": frame, "arrow": frame.to_arrow()}[kind]
    found, troubles = evaluate_table(program, table, DAY)
    assert isinstance(found, pd.DataFrame)
    came = list(zip(found["subject"], found["verdict"], strict=True))
    # 11.9 months are no whole number: unknown, not cut to 11 and refused
    assert came == [
        ("a", "eligible"),
        ("b", "eligible"),
        ("c", "ineligible"),
        ("d", "unknown"),
        ("e", "unknown"),
    ]
    assert [x if isinstance(x, str) else None for x in found["amount"]][:2] == ["51840.33", None]
    assert [trouble.line for trouble in troubles] == [5]
    assert "ui_paid_months" in troubles[0].message


def test_a_number_as_subject_is_refused(program: Program) -> None:
    with pytest.raises(TableRefused, match="subject"):
        evaluate_table(program, pl.DataFrame({"subject": [1.0]}), DAY)
