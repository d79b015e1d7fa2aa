"""A policy's own measures from department files to explanations, by the real command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stdnum.cn import uscc

from profiles.dataset import builtin_datasets
from tests.support.publishing import publish_files

Command = Callable[..., subprocess.CompletedProcess[str]]
DAY = "2025-02-10"
POLICY = """
policy: steady-payer
version: "1"
title: {zh: 稳定缴费奖励, en: Award for steady payers}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{document: 示范市稳定缴费奖励办法}]
per: year
period: last
parameters:
  smallest: {label: 最少人数, value: 3, source: 二}
facts:
  months_in_a_row:
    says: 连续足额月数
    from: unemployment-insurance
    over: period
    where: paid_in_full and insured >= smallest
    longest_run: month
  premium: {says: 当年保费, from: unemployment-insurance, over: period, where: insured >= smallest, sum: premium}
clauses:
  - {id: steady, says: 连续缴费满6个月, when: months_in_a_row >= 6}
benefit: {kind: cash, amount: [premium, {times: 50%}]}
"""  # noqa: E501


def credit_code(number: int) -> str:
    body = f"91990101MA{number:07d}"
    return body + uscc.calc_check_digit(body)


STEADY, BROKEN, SMALL, UNSURE, SILENT = (credit_code(number) for number in range(1, 6))


@pytest.fixture
def zhida(tmp_path: Path) -> Command:
    def call(*words: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "console.cli", "--home", tmp_path / "home", *map(str, words)],
            capture_output=True,
            text=True,
            env=dict(os.environ) | {"COLUMNS": "200"},
            timeout=300,
        )
        assert "Traceback" not in done.stderr
        return done

    return call


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def month(code: str, number: int, insured: object = 5, paid: str = "true") -> str:
    return f"{code},2024-{number:02},{insured},100.00,{paid}"


def test_rows_of_a_department_decide_by_a_measure_of_the_policy(
    tmp_path: Path, zhida: Command
) -> None:
    registration = builtin_datasets()["registration"]
    firms = [
        f"{code},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01,"
        for code in (STEADY, BROKEN, SMALL, UNSURE, SILENT)
    ]
    zhida("init")
    files = [
        write(tmp_path / "registration.csv", ",".join(registration.columns), *firms),
        write(
            tmp_path / "unemployment-insurance.csv",
            "uscc,month,insured,premium,paid_in_full",
            *(month(STEADY, n) for n in range(4, 10)),
            *(month(BROKEN, n, paid="false" if n == 6 else "true") for n in range(1, 12)),
            *(month(SMALL, n, insured=2) for n in range(1, 13)),
            *(month(UNSURE, n) for n in range(1, 12)),
            month(UNSURE, 12, insured="many"),
        ),
    ]
    for file in files:
        zhida("ingest", file, "--delivered-on", DAY)
    zhida("snapshot", "--as-of", DAY)
    policy = write(tmp_path / "steady-payer.yaml", POLICY)
    assert zhida("check", policy).returncode == 0
    publish_files(tmp_path / "home", policy)
    assert zhida("run", "--policies", policy).returncode == 0

    def explained(code: str) -> dict[str, object]:
        done = zhida("explain", code, "steady-payer", "--format", "json")
        (found,) = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    steady = explained(STEADY)
    assert (steady["verdict"], steady["amount"]) == ("eligible", "300.00")
    text = json.dumps(steady, ensure_ascii=False)
    assert "unemployment-insurance" in text
    assert DAY in text
    # June breaks the run into five months and five
    assert explained(BROKEN)["verdict"] == "ineligible"
    assert explained(SMALL)["verdict"] == "ineligible"
    # a row that was set aside leaves open what the others seem to say
    assert explained(UNSURE)["verdict"] == "unknown"
    # the dataset is complete: no row is no month
    assert explained(SILENT)["verdict"] == "ineligible"
