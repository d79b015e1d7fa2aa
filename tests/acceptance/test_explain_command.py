"""`zhida explain` with facts given by hand: no home, no database, every form it can take."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app

POLICY = """\
policy: elder
version: 1
title: {zh: 高龄津贴, en: Allowance for the old}
audience: resident
authority: 市局
level: city
basis: [{document: 办法}]
parameters:
  age_from: {label: {zh: 起始年龄, en: Age from}, value: 80, source: 办法一}
clauses:
  - {id: old, says: {zh: 年满80周岁, en: at least 80}, source: 办法二, when: "$years(birth_date, as_of) >= age_from"}
benefit: {amount: 100, unit: yuan/month}
"""  # noqa: E501
ID_NUMBER = "110101199003071234"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "elder.yaml").write_text(POLICY, encoding="utf-8")
    lines = [
        {"subject": "A-17", "as_of": "2025-09-01", "facts": {"birth_date": "1940-01-01"}},
        {"subject": ID_NUMBER, "as_of": "2025-09-01", "facts": {"birth_date": "1950-01-01"}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "people.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def explain(folder: Path, *arguments: str, code: int = 0) -> str:
    command = ["explain", "--policies", str(folder), "--subjects", str(folder / "people.jsonl")]
    result = CliRunner().invoke(app, [*command, *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_subject_given_by_hand_is_explained_without_a_home(folder: Path) -> None:
    (told,) = json.loads(explain(folder, "--subject", "A-17", "--format", "json"))
    assert told["format"] == "zhida-explanation-1"
    assert (told["subject"], told["verdict"], told["amount"]) == ("A-17", "eligible", "100.00")
    text = explain(folder, "--subject", "A-17", "--lang", "zh")
    assert "自出生日期至运行日的周年数 ≥ 起始年龄" in text
    assert "1940年1月1日" in text


def test_an_identity_number_used_as_a_subjects_name_is_masked(folder: Path) -> None:
    for form in ("text", "json"):
        told = explain(folder, "--subject", ID_NUMBER, "--format", form)
        assert ID_NUMBER not in told
    everybody = json.loads(explain(folder, "--format", "json"))
    assert [told["verdict"] for told in everybody] == ["eligible", "ineligible"]


def test_wrong_usage_is_told(folder: Path) -> None:
    explain(folder, "--format", "pdf", code=2)
    explain(folder, "--lang", "de", code=2)
    assert CliRunner().invoke(app, ["explain"]).exit_code == 2
