"""Identifiers that changed, from department files to verdicts, by the real command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from profiles.dataset import builtin_datasets
from tests.unit.profiles.delivery_world import credit_code, write_csv

DAY = "2025-02-10"
POLICY = """
policy: insured-firms
version: "1"
title: {zh: 参保企业奖励, en: Award for insured firms}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{document: 示范市参保企业奖励办法}]
per: year
period: last
clauses:
  - {id: insured, says: 有足额缴费月份, when: ui_paid_months >= 1}
  - {id: listed, says: 未被列入僵尸企业, when: not is_zombie}
benefit: {kind: cash, amount: 1000元}
"""

OLD, ONE, OTHER, FORMER, NOW, ALONE = (credit_code(number) for number in range(1, 7))
Zhida = Callable[..., str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firms of which OLD became two, and FORMER one; only OLD and FORMER ever paid in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def zhida(home: Path) -> Zhida:
    def call(*words: object) -> str:
        options = ["--home", str(home / "home"), *map(str, words)]
        result = CliRunner().invoke(app, options, env={"COLUMNS": "160"})
        assert result.exit_code == 0, result.output or result.exception
        return result.stdout

    return call


@pytest.fixture(scope="module")
def policy(home: Path, zhida: Zhida) -> Path:
    firms = (OLD, ONE, OTHER, FORMER, NOW, ALONE)
    columns = ",".join(builtin_datasets()["registration"].columns)
    files = {
        "registration": [
            columns,
            *(f"{c},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01," for c in firms),
        ],
        "enterprise-identifier-changes": [
            "uscc,old_identifier,change,effective_on,authority",
            f"{ONE},{OLD},corrected,2024-05-01,登记机关",
            f"{OTHER},{OLD},corrected,2024-06-01,登记机关",
            f"{NOW},{FORMER},corrected,2024-06-01,登记机关",
        ],
        "unemployment-insurance": [
            "uscc,month,insured,premium,paid_in_full",
            *(f"{code},2024-0{n},5,100.00,true" for code in (OLD, FORMER) for n in (1, 2)),
        ],
        "zombie-list": ["uscc,listed_on,removed_on"],
    }
    zhida("init")
    for name, lines in files.items():
        zhida("ingest", write_csv(home / f"{name}.csv", *lines), "--delivered-on", DAY)
    zhida("snapshot", "--as-of", DAY)
    path = home / "insured-firms.yaml"
    path.write_text(POLICY, encoding="utf-8")
    zhida("run", "--policies", path)
    return path


def explained(zhida: Zhida, code: str) -> Any:
    (found,) = json.loads(zhida("explain", code, "insured-firms", "--format", "json"))
    return found


def test_whoever_is_named_in_a_fork_gets_neither_yes_nor_no(zhida: Zhida, policy: Path):
    # by its own rows OLD would be eligible, and the other two would not be
    verdicts = {code: explained(zhida, code)["verdict"] for code in (OLD, ONE, OTHER)}
    assert verdicts == dict.fromkeys((OLD, ONE, OTHER), "unknown")
    assert explained(zhida, NOW)["verdict"] == "eligible"
    assert explained(zhida, ALONE)["verdict"] == "ineligible"
