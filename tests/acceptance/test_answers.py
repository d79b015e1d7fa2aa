"""What a person declares or corrects decides a policy until it expires, by the real commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from profiles.dataset import builtin_datasets
from tests.unit.profiles.delivery_world import resident_number, write_csv

Zhida = Callable[..., str]
DAY = "2025-06-15"
POLICY = """
policy: no-other-child
version: "1"
title: {zh: 独生子女奖励, en: Award for an only child}
audience: resident
authority: 示范市卫生健康委员会
level: city
basis: [{document: 示范市独生子女奖励办法}]
effective: {from: 2025-01-01}
per: year
clauses:
  - {id: only, says: 无其他子女, when: not other_children}
benefit: {kind: cash, amount: 100}
"""
SILENT, DECLARED, EXPIRED, TORN, BROKEN = (resident_number(number) for number in range(5))
ANSWERS = [
    f"{DECLARED},other_children,否,declared,一网通办,2025-06-01,2026-05-31",
    f"{EXPIRED},other_children,否,declared,一网通办,2024-06-01,2025-06-14",
    f"{TORN},other_children,否,declared,一网通办,2025-06-01,2026-05-31",
    f"{TORN},other_children,是,declared,街道窗口,2025-06-02,2026-05-31",
    f"{BROKEN},other_children,不好说,declared,一网通办,2025-06-01,2026-05-31",
]


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command over a home with five residents and what four of them have answered."""

    def call(*words: str, ends: int = 0) -> str:
        arguments = ["--home", str(tmp_path / "home"), *words]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert result.exit_code == ends, result.output or result.exception
        return result.stdout

    call("init")
    columns = builtin_datasets()["household-register"].columns
    known = {"name": "示例居民", "birth_date": "1990-01-01", "hukou_region": "990101"}
    people = (SILENT, DECLARED, EXPIRED, TORN, BROKEN)
    rows = [
        ",".join(
            {**dict.fromkeys(columns, ""), **known, "id_number": who}[name] for name in columns
        )
        for who in people
    ]
    files = {
        "household-register": (",".join(columns), *rows),
        "answers-resident": (",".join(builtin_datasets()["answers-resident"].columns), *ANSWERS),
    }
    for name, lines in files.items():
        path = write_csv(tmp_path / f"{name}.csv", *lines)
        call("ingest", str(path), "--delivered-on", DAY)
    (tmp_path / "only.yaml").write_text(POLICY, encoding="utf-8")
    return call


def explained(zhida: Zhida, tmp_path: Path, who: str) -> dict[str, Any]:
    words = ("explain", who, "no-other-child", "-p", str(tmp_path / "only.yaml"))
    (told,) = json.loads(zhida(*words, "--format", "json"))
    return dict(told)


def test_a_declared_fact_decides_where_nobody_else_knows_it(zhida: Zhida, tmp_path: Path):
    told = zhida("snapshot", "--as-of", DAY)
    assert "1 answers of a value that the fact cannot have" in told
    assert "1 answers contradicting one another" in told
    verdicts = {who: explained(zhida, tmp_path, who)["verdict"] for who in (SILENT, DECLARED)}
    assert verdicts == {SILENT: "unknown", DECLARED: "eligible"}
    for who in (EXPIRED, TORN, BROKEN):
        assert explained(zhida, tmp_path, who)["verdict"] == "unknown"


def test_an_explanation_and_a_profile_tell_whose_answer_it_is(zhida: Zhida, tmp_path: Path):
    zhida("snapshot", "--as-of", DAY)
    (fact,) = explained(zhida, tmp_path, DECLARED)["clauses"][0]["facts"]
    assert fact["source"]["dataset"] == "answers-resident"
    assert fact["source"]["answer"] == {
        "role": "declared",
        "source": "一网通办",
        "given_on": "2025-06-01",
        "expires_on": "2026-05-31",
    }
    words = ("explain", DECLARED, "no-other-child", "-p", str(tmp_path / "only.yaml"))
    assert "自行申报（一网通办，2025-06-01 至 2026-05-31）" in zhida(*words, "--language", "zh")
    assert "自行申报（一网通办，2025-06-01 至 2026-05-31）" in zhida(*words, "--format", "html")
    profile = json.loads(zhida("profile", DECLARED, "--format", "json"))
    (mine,) = [told for told in profile["facts"] if told["fact"] == "other_children"]
    assert (mine["value"], mine["dataset"]) == (False, "answers-resident")
    assert mine["answer"]["given_on"] == "2025-06-01"
    assert DECLARED not in zhida("profile", DECLARED)


def test_an_answer_ceases_to_count_the_day_after_its_last(zhida: Zhida, tmp_path: Path):
    zhida("snapshot", "--as-of", "2026-05-31")
    assert explained(zhida, tmp_path, DECLARED)["verdict"] == "eligible"
    zhida("snapshot", "--as-of", "2026-06-01", "--incremental")
    assert explained(zhida, tmp_path, DECLARED)["verdict"] == "unknown"
