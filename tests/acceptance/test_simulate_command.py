"""`zhida simulate` as an author calls it, on a sample city and on a home's snapshot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

POLICY = """\
policy: r04-old-age-allowance-liangping
version: 2026.1
title: {zh: 高龄津贴（试算）}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范市高龄津贴办法, number: 示民发〔2026〕1号}]
effective: {from: 2026-01-01}
per: month
parameters:
  least: {value: 75, source: 二, label: 起始年龄}
clauses:
  - {id: old, says: 达到起始年龄, source: 二, when: age >= least}
benefit: {amount: 50}
budget: {amount: 1万, period: year, order: earliest}
delivery: confirm
examples: {as_of: 2026-06-30, cases: []}
"""


def zhida(*words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env=dict(os.environ) | {"COLUMNS": "160"},
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proposal") / "elders.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_a_proposal_is_tried_against_the_version_in_force(policy: Path) -> None:
    done = zhida("simulate", str(policy), "--sample", "1500", "--adopt", "990100", "--vary",
                 "least=70..80/2", "--format", "json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert told["baseline"] == "r04-old-age-allowance-liangping@2025.1"
    assert told["after"]["eligible"] > told["before"]["eligible"]
    assert [point["values"] for point in told["sweep"]] == [
        {"least": "70"}, {"least": "75"}, {"least": "80"},
    ]  # fmt: skip
    seventy, as_it_is, eighty = told["sweep"]
    assert seventy["eligible"] > as_it_is["eligible"] == told["after"]["eligible"]
    assert eighty["moves"]["lost"] > 0
    assert told["months"][0]["month"] == "2026-01"


def test_the_page_has_charts_and_no_scripts(policy: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = zhida("simulate", str(policy), "--sample", "900", "--format", "html", "--out", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "<script" not in text
    assert "政策试算：高龄津贴（试算）" in text


def test_without_a_snapshot_or_with_a_bad_sweep_it_says_what_to_do(
    policy: Path, tmp_path: Path
) -> None:
    done = zhida("--home", str(tmp_path / "none"), "simulate", str(policy))
    assert done.returncode == 1
    assert "--sample" in done.stderr
    done = zhida("simulate", str(policy), "--sample", "300", "--vary", "lest=70..80")
    assert done.returncode == 1
    assert 'has no parameter "lest" (it has: least)' in done.stderr
    done = zhida("simulate", str(policy), "--sample", "300", "--vary", "least=old")
    assert done.returncode == 2
