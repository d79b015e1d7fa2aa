"""Identifiers that changed, from department files to verdicts, by the real command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from profiles.dataset import builtin_datasets
from tests.support.publishing import publish_files
from tests.unit.profiles.delivery_world import credit_code, resident_number, write_csv
from tests.unit.profiles.test_identity import registration_number

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
REGISTRATION_NUMBER, TWICE, MERGED = (registration_number(number) for number in (1, 2, 3))
FIRST, SECOND = resident_number(1), resident_number(2)
SHORT = "990101900101002"
Zhida = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firms of which OLD became two, and FORMER one; only OLD and FORMER ever paid in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def zhida(home: Path) -> Zhida:
    def call(*words: object, ends: int = 0) -> Result:
        options = ["--home", str(home / "home"), *map(str, words)]
        result = CliRunner().invoke(app, options, env={"COLUMNS": "160"})
        assert result.exit_code == ends, result.output or result.exception
        return result

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
            f"{FORMER},{REGISTRATION_NUMBER},coded,2016-01-04,登记机关",
            f"{NOW},{FORMER},corrected,2024-06-01,登记机关",
            f"{ONE},{TWICE},coded,2016-01-04,登记机关",
            f"{OTHER},{TWICE},coded,2016-01-04,登记机关",
            f"{ALONE},{MERGED},merged,2024-06-01,登记机关",
        ],
        "unemployment-insurance": [
            "uscc,month,insured,premium,paid_in_full",
            *(f"{code},2024-0{n},5,100.00,true" for code in (OLD, FORMER) for n in (1, 2)),
        ],
        "household-register": [
            ",".join(builtin_datasets()["household-register"].columns),
            *(f"{n},某,male,1990-01-01,990101,,户,head,," for n in (FIRST, SECOND)),
        ],
        "resident-identifier-changes": [
            "id_number,old_identifier,change,effective_on,authority",
            f"{SECOND},{FIRST},duplicate_cancelled,2024-01-01,公安局",
        ],
        "zombie-list": ["uscc,listed_on,removed_on"],
    }
    zhida("init")
    for name, lines in files.items():
        zhida("ingest", write_csv(home / f"{name}.csv", *lines), "--delivered-on", DAY)
    zhida("snapshot", "--as-of", DAY)
    path = home / "insured-firms.yaml"
    path.write_text(POLICY, encoding="utf-8")
    publish_files(home / "home", path)
    zhida("run")
    return path


def explained(zhida: Zhida, code: str) -> Any:
    (found,) = json.loads(zhida("explain", code, "insured-firms", "--format", "json").stdout)
    return found


def test_whoever_is_named_in_a_fork_gets_neither_yes_nor_no(zhida: Zhida, policy: Path):
    # by its own rows OLD would be eligible, and the other two would not be
    verdicts = {code: explained(zhida, code)["verdict"] for code in (OLD, ONE, OTHER)}
    assert verdicts == dict.fromkeys((OLD, ONE, OTHER), "unknown")
    assert explained(zhida, NOW)["verdict"] == "eligible"
    assert explained(zhida, ALONE)["verdict"] == "ineligible"


def test_a_profile_says_that_nobody_can_tell_whose_identifier_it_is(zhida: Zhida, policy: Path):
    told = json.loads(zhida("profile", ONE, "--format", "json").stdout)
    (months,) = [fact for fact in told["facts"] if fact["fact"] == "ui_paid_months"]
    assert (months["value"], months["standing"]) == (None, "identifier unclear")
    assert "changes of its identifier contradict" in months["why_en"]
    source = told["datasets"]["unemployment-insurance"]
    assert (source["unclear"], source["set_aside"]) == (True, False)
    assert "标识变更相互矛盾" in zhida("profile", ONE).stdout


@pytest.mark.parametrize("typed", [REGISTRATION_NUMBER, FORMER])
def test_a_firm_is_found_under_each_number_it_had(zhida: Zhida, policy: Path, typed: str):
    for words in (("profile", typed), ("explain", typed, "insured-firms"), ("inbox", typed)):
        told = zhida(*words, "--format", "json")
        ours = zhida(words[0], NOW, *words[2:], "--format", "json")
        assert json.loads(told.stdout) == json.loads(ours.stdout)
        assert typed[:2] + "*" * (len(typed) - 4) + typed[-2:] in told.stderr
        assert "is a former identifier" in told.stderr
        assert ours.stderr == ""
        assert typed not in told.output + told.stderr


@pytest.mark.parametrize("typed", [FIRST, SHORT, "990101900101001"])
def test_a_person_is_found_under_the_first_of_two_numbers(zhida: Zhida, policy: Path, typed: str):
    told = zhida("profile", typed, "--format", "json")
    assert json.loads(told.stdout) == json.loads(
        zhida("profile", SECOND, "--format", "json").stdout
    )
    assert "is a former identifier" in told.stderr
    assert typed not in told.output + told.stderr


@pytest.mark.parametrize("typed", [TWICE, MERGED, registration_number(9), "990101900101009"])
def test_nobody_is_found_under_a_number_that_leads_to_two_or_none(
    zhida: Zhida, policy: Path, typed: str
):
    assert "nobody in the snapshot" in str(zhida("profile", typed, ends=1).exception)
