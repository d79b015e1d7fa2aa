"""Suggestions of industry codes are a list for the register: no fact or verdict comes of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from console.cli import app
from profiles.dataset import builtin_datasets
from profiles.sample_city.scopes import write_scopes
from profiles.sample_city.shape import TRADES
from tests.support.policy_texts import write_policies
from tests.unit.profiles.delivery_world import DAY, credit_code

Zhida = Callable[..., Any]
FIRMS = 400


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command over a home with a register, a tenth of which has no industry code."""

    def call(*words: str, ends: int = 0) -> Any:
        arguments = ["--home", str(tmp_path / "home"), *words]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert result.exit_code == ends, result.output or result.exception
        return json.loads(result.stdout) if "json" in words else result.stdout

    index = np.arange(FIRMS)
    trade = index % 8
    nothing = pl.lit(None, dtype=pl.String)
    given = pl.DataFrame(
        {
            "uscc": [credit_code(number) for number in range(FIRMS)],
            "name": [f"示范第{number}号" for number in range(FIRMS)],
            "business_scope": write_scopes(1, index, trade),
            "industry_code": [
                None if number % 10 == 0 else TRADES[place].code
                for number, place in enumerate(trade.tolist())
            ],
            "registered_on": "2020-01-01",
        }
    )
    columns = builtin_datasets()["registration"].columns
    written = given.select(
        pl.col(name) if name in given.columns else nothing.alias(name) for name in columns
    )
    written.write_csv(tmp_path / "registration.csv")
    call("init")
    call("ingest", str(tmp_path / "registration.csv"), "--delivered-on", DAY.isoformat())
    return call


def test_firms_without_a_code_get_suggestions_and_nothing_else_changes(
    zhida: Zhida, tmp_path: Path
) -> None:
    as_of = ("--as-of", DAY.isoformat(), "--format", "json")
    run = ("--as-of", DAY.isoformat())
    before = zhida("snapshot", *as_of)["snapshot"]
    files = sorted((tmp_path / "home" / "releases").rglob("*"))
    target = tmp_path / "suggested.csv"
    told = zhida("suggest-industry", "--to", str(target), *as_of)
    assert (told["lacking"], told["learnt_from"]) == (FIRMS // 10, FIRMS - FIRMS // 10)
    assert told["suggested"] == FIRMS // 10
    listed = pl.read_csv(target)
    assert set(listed["uscc"]) == {credit_code(number) for number in range(0, FIRMS, 10)}
    codes = {credit_code(number): TRADES[number % 8].code for number in range(0, FIRMS, 10)}
    right = sum(codes[row["uscc"]] == row["code"] for row in listed.iter_rows(named=True))
    assert right > 0.9 * len(codes)
    assert sorted((tmp_path / "home" / "releases").rglob("*")) == files
    assert zhida("snapshot", *as_of)["snapshot"] == before
    assert zhida("suggest-industry", *run).count(credit_code(0)) == 0


def test_a_verdict_that_waits_for_the_code_still_waits(zhida: Zhida, tmp_path: Path) -> None:
    clause = """\
        clauses:
          - {id: a, says: 餐饮业, source: 一, when: 'gbt4754_code == "H6210"'}
        benefit: {amount: 1}
        """
    (policy,) = write_policies(tmp_path, {"catering": clause})
    as_of = ("--as-of", DAY.isoformat())
    zhida("snapshot", *as_of)

    def unknown() -> Any:
        return zhida("unknowns", "--policies", str(policy), "--format", "json")

    before = unknown()
    assert [fact["fact"] for fact in before["facts"]] == ["gbt4754_code"]
    assert before["unknown"] == FIRMS // 10
    zhida("suggest-industry", *as_of)
    zhida("snapshot", *as_of)
    assert unknown() == before


def test_without_a_register_it_says_what_to_do(zhida: Zhida, tmp_path: Path) -> None:
    zhida("suggest-industry", "--as-of", "2000-01-01", ends=1)
