"""`zhida table` as authors use it: out to a spreadsheet and back, and in from DMN."""

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import yaml

from tests.support.policy_texts import HEAD

ROOT = Path(__file__).parents[2]
POLICY = HEAD.format(name="rent") + """\
effective: {from: 2025-01-01}
tables:
  rent:
    inputs: [ent_size]
    hit: first
    rows: [[large, 100], ["medium, small, micro", 200]]
clauses: [{id: paid, says: 一, when: rent > 0}]
benefit: {amount: rent}
examples:
  as_of: 2025-09-01
  cases: [{name: a small one, given: {ent_size: small}, expect: {verdict: eligible, amount: 200}}]
"""  # fmt: skip


def zhida(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        env=dict(os.environ) | {"COLUMNS": "200", "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr
    return done


def test_a_table_goes_to_a_workbook_and_is_kept_there(tmp_path: Path) -> None:
    policy = tmp_path / "rent.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    words = ("table", "export", "rent.yaml", "rent", "--out", "rent.xlsx")
    done = zhida(tmp_path, *words, "--rewrite")
    assert done.returncode == 0, done.stderr
    assert "    file: rent.xlsx\n" in policy.read_text(encoding="utf-8")
    assert "1 of 1 examples pass" in zhida(tmp_path, "check", "rent.yaml").stdout
    book = openpyxl.load_workbook(tmp_path / "rent.xlsx")
    book.active["B3"] = 250
    book.save(tmp_path / "rent.xlsx")
    assert "came out 250.00" in zhida(tmp_path, "check", "rent.yaml").stderr
    again = zhida(tmp_path, *words)
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_a_workbook_gives_the_lines_that_read_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["企业划型", "年数", "标准", "依据"])
    book.active.append(["small", "up to 3", 100, "附件"])
    book.save(tmp_path / "standards.xlsx")
    words = ("table", "import", "standards.xlsx")
    done = zhida(tmp_path, *words, "--name", "年数=years", "--hit", "any")
    assert done.returncode == 0, done.stderr
    told = yaml.safe_load(done.stdout)["tables"]["standards"]
    assert told == {
        "inputs": [{"name": "ent_size", "label": "企业划型"}, {"name": "years", "label": "年数"}],
        "outputs": [{"label": "标准"}],
        "hit": "any",
        "file": "standards.xlsx",
    }
    done = zhida(tmp_path, *words)
    assert done.returncode == 1
    assert 'column "年数" is no fact' in done.stderr


def test_a_decision_of_dmn_is_printed_as_yaml(tmp_path: Path) -> None:
    file = ROOT / "tests/fixtures/dmn/hiring.dmn"
    done = zhida(tmp_path, "table", "import", str(file), "--out", "hiring.yaml")
    assert done.returncode == 0, done.stderr
    told = yaml.safe_load((tmp_path / "hiring.yaml").read_text(encoding="utf-8"))
    assert told["tables"]["monthly"]["hit"] == "first"
    assert list(told["facts"]) == ["worker_group", "hired_on"]
    assert "DMN gives null" in done.stderr


def test_what_cannot_be_kept_is_told_reason_by_reason(tmp_path: Path) -> None:
    text = (ROOT / "tests/fixtures/dmn/hiring.dmn").read_text(encoding="utf-8")
    text = text.replace("<text>1500</text>", "<text>age * 100</text>")
    text = text.replace("<text>&lt; 30</text>", "<text>null</text>")
    (tmp_path / "bad.dmn").write_text(text, encoding="utf-8")
    done = zhida(tmp_path, "table", "import", "bad.dmn")
    assert done.returncode == 1
    assert done.stderr.count("rule 1") == 2
    assert done.stdout == ""
