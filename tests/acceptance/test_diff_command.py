"""`zhida diff`: two versions as a page, as JSON and as HTML, with their days and their places."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from console.difference_words import DETAILS, DIRECTIONS, KINDS, SECTIONS, WORDS
from policies import change

OLD = """\
policy: elder-allowance
version: 2025.1
title: {zh: 高龄津贴, en: Old-age allowance}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范市高龄津贴发放办法, number: 示民发〔2025〕1号, issued: 2024-12-20}]
effective: {from: 2025-01-01, to: 2025-12-31}
per: month
parameters:
  allowance: {label: {zh: 津贴标准, en: monthly allowance}, value: 100, source: 三}
clauses:
  - {id: old, says: {zh: 年满80周岁, en: aged 80 or over}, source: 二, when: age >= 80}
  - {id: not-destitute, says: {zh: 未享受特困供养}, source: 二, when: not tekun}
benefit: {kind: cash, unit: yuan/month, amount: allowance}
delivery: confirm
"""
NEW = (
    OLD.replace("version: 2025.1", "version: 2026.1")
    .replace("from: 2025-01-01, to: 2025-12-31", "from: 2026-01-01")
    .replace("when: age >= 80", "when: age >= 75")
    .replace("when: not tekun", "when: (not tekun)")
    .replace("value: 100", "value: 120")
    .replace(
        "benefit:", "  - {id: low, says: {zh: 低收入, en: low income}, when: hh_dibao}\nbenefit:"
    )
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {
        "old": OLD,
        "new": NEW,
        "overlap": NEW.replace("from: 2026-01-01", "from: 2025-12-31"),
        "gap": NEW.replace("from: 2026-01-01", "from: 2026-03-01"),
        "other": OLD.replace("elder-allowance", "another"),
    }
    found = {}
    for name, text in texts.items():
        found[name] = tmp_path / f"{name}.yaml"
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def zhida() -> Callable[..., Result]:
    def call(*words: object) -> Result:
        return CliRunner().invoke(app, ["diff", *map(str, words)], env={"COLUMNS": "200"})

    return call


Zhida = Callable[..., Result]
Files = dict[str, Path]


def test_json_tells_every_change_with_its_places(zhida: Zhida, files: Files) -> None:
    result = zhida(files["old"], files["new"], "--format", "json", "--as-of", "2025-11-01")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    deciding = {(c["kind"], c["section"], c["name"]): c for c in found["changes"] if c["decides"]}
    assert set(deciding) == {
        ("shortened", "effective", ""),
        ("extended", "effective", ""),
        ("raised", "parameters", "allowance"),
        ("lowered", "clauses", "old"),
        ("added", "clauses", "low"),
    }
    lowered = deciding["lowered", "clauses", "old"]
    assert (lowered["direction"], lowered["gains"], lowered["loses"]) == (
        "wider",
        {"age": "75"},
        None,
    )
    line = OLD.splitlines().index(next(x for x in OLD.splitlines() if "id: old" in x)) + 1
    assert lowered["old_place"].startswith(f"{files['old']}:{line}:")
    assert deciding["raised", "parameters", "allowance"]["effects"] == [
        {"section": "amount", "name": "", "direction": "higher"}
    ]
    assert deciding["added", "clauses", "low"]["old_place"] == ""
    same = [c for c in found["changes"] if c["kind"] == "respelled"]
    assert [(c["name"], c["decides"]) for c in same] == [("not-destitute", False)]
    assert found["time"]["relation"] == "follows"
    assert found["time"]["retroactive"] is None


def test_the_page_is_said_in_both_languages(zhida: Zhida, files: Files) -> None:
    zh = zhida(files["old"], files["new"], "--as-of", "2025-11-01").output
    assert "条款 “年满80周岁” (old) 条件：数值降低" in zh
    assert "放宽" in zh
    assert "紧接旧版本" in zh
    assert "不溯及既往" in zh
    en = zhida(files["old"], files["new"], "--lang", "en", "--as-of", "2025-11-01").output
    assert "parameter “monthly allowance” (allowance): raised" in en
    assert "100.00 yuan/month → 120.00 yuan/month" in en
    assert "clause “low income” (low): added" in en
    html = zhida(files["old"], files["new"], "--format", "html").output
    assert "<h2>影响认定、金额或办理的变化</h2>" in html


def test_a_version_in_force_before_the_day_is_told_as_retroactive(
    zhida: Zhida, files: Files
) -> None:
    result = zhida(files["old"], files["new"], "--lang", "en", "--as-of", "2026-03-05")
    assert "from 2026-01-01 to 2026-03-04" in result.output
    assert "3 periods already decided: 2026-01, 2026-02, 2026-03" in result.output


def test_overlaps_end_with_an_error_and_gaps_are_named(zhida: Zhida, files: Files) -> None:
    overlap = zhida(files["old"], files["overlap"], "--lang", "en")
    assert overlap.exit_code == 1
    assert "both versions are in force from 2025-12-31 to 2025-12-31" in overlap.output
    gap = zhida(files["old"], files["gap"], "--lang", "en")
    assert gap.exit_code == 0
    assert "no version is in force from 2026-01-01 to 2026-02-28" in gap.output


def test_versions_may_be_named_among_other_files(zhida: Zhida, files: Files) -> None:
    result = zhida(
        "elder-allowance@2025.1", "elder-allowance@2026.1",
        "-p", files["old"], "-p", files["new"], "--format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["new"]["version"] == "2026.1"


def test_a_file_compared_with_itself_says_that_nothing_differs(zhida: Zhida, files: Files) -> None:
    assert (
        "The two versions say the same." in zhida(files["old"], files["old"], "--lang", "en").output
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("old", "other"), "Versions compared"),
        (("old", "nowhere@1"), 'no policy "nowhere@1"'),
    ],
)
def test_what_cannot_be_compared_is_said(
    zhida: Zhida, files: Files, words: tuple[str, str], message: str
) -> None:
    result = zhida(*(files.get(word, word) for word in words), "--lang", "en")
    assert message in result.output or message in str(result.exception)


def test_both_versions_are_tried_on_a_sample_city(zhida: Zhida, files: Files) -> None:
    words = (files["old"], files["new"], "--sample", 300, "--lang", "en")
    result = zhida(*words)
    assert result.exit_code == 0, result.output
    assert "People and money" in result.output
    assert (
        "Values of parameters: the older version as of 2025-10-31, the newer as of 2026-01-01"
        in (" ".join(result.output.split()))
    )
    assert "clause “low income” (low)" in result.output
    (found,) = json.loads(zhida(*words, "--format", "json").stdout)
    moved = found["people_and_money"]
    assert moved["new"]["amount_fen"] == moved["new"]["eligible"] * 12_000
    parts = {(part["where"], *part["names"]): part["moves"] for part in moved["alone"]}
    assert parts.keys() == {("parameters", "allowance"), ("clauses", "old"), ("clauses", "low")}
    assert parts["clauses", "low"]["gained"] == parts["clauses", "old"]["lost"] == 0
    assert parts["parameters", "allowance"]["raised"] in (moved["old"]["eligible"], "<5")


def test_a_trial_needs_a_snapshot_or_a_sample(zhida: Zhida, files: Files, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app,
        ["--home", str(tmp_path), "diff", str(files["old"]), str(files["new"]), "--snapshot"],
    )
    assert "there is no snapshot yet" in str(result.exception)
    both = zhida(files["old"], files["new"], "--snapshot", "--sample", 5)
    assert both.exit_code == 2


def test_a_file_is_compared_with_itself_at_a_revision(zhida: Zhida, tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "policies"
    folder.mkdir(parents=True)
    name = ("-c", "user.name=author", "-c", "user.email=author@example.org")

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)

    git("init", "--quiet")
    file = folder / "elder.yaml"
    file.write_text(OLD, encoding="utf-8")
    git("add", ".")
    git(*name, "commit", "--quiet", "-m", "first")
    file.write_text(OLD.replace("value: 100", "value: 130"), encoding="utf-8")
    result = zhida(file, "--git", "HEAD", "--format", "json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    (change,) = found["changes"]
    assert (change["kind"], change["name"]) == ("raised", "allowance")
    assert change["old_place"].startswith("HEAD:elder.yaml:")
    assert change["new_place"].startswith(f"{file}:")
    assert found["old"]["file"] == "HEAD:elder.yaml"
    for revision in ("nowhere", "--help", "HEAD~5"):
        refused = zhida(file, f"--git={revision}")
        assert f'no revision "{revision}"' in str(refused.exception)
    (folder / "later.yaml").write_text(OLD, encoding="utf-8")
    assert "it is not in revision" in str(zhida(folder / "later.yaml", "--git", "HEAD").exception)
    assert zhida(file).exit_code == zhida(file, file, "--git", "HEAD").exit_code == 2


def test_every_kind_and_section_has_its_words() -> None:
    assert set(KINDS) == set(change.Kind.__args__)  # type: ignore[attr-defined]  # of a Literal
    assert set(SECTIONS) == set(change.Section.__args__)  # type: ignore[attr-defined]
    assert set(DIRECTIONS) == set(change.Direction.__args__)  # type: ignore[attr-defined]
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert all(all(pair) for pair in {**KINDS, **SECTIONS, **DETAILS}.values())
