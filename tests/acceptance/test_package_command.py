"""A subject's package through the command: what is in it, what is not, and by how much."""

import json
from pathlib import Path

import polars as pl

from tests.acceptance.test_whole_way import (
    FIRST,
    Command,
    deliveries,
    publish,
    run,
    take_in,
    zhida,
)

__all__ = ["deliveries", "zhida"]

POLICY = """\
policy: {name}
version: 2025.1
title: {{zh: {zh}, en: {name} allowance}}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{{document: 示范市津贴办法}}]
effective: {{from: 2025-01-01}}
per: month
clauses:
  - {{id: old, says: {{zh: 年满80周岁, en: aged 80 or over}}, source: 三, when: age >= 80}}
benefit: {{kind: cash, amount: {amount}}}
delivery: direct
{more}
"""
EXAMPLES = """\
examples:
  as_of: 2025-09-01
  cases:
    - {name: yes, given: {age: 80}, expect: {verdict: eligible, amount: AMOUNT}}
    - {name: no, given: {age: 79}, expect: {verdict: ineligible}}
    - {name: not known, expect: {verdict: unknown}}
"""


def write(folder: Path, name: str, zh: str, amount: int, more: str = "") -> Path:
    path = folder / f"{name}.yaml"
    examples = EXAMPLES.replace("AMOUNT", str(amount))
    text = POLICY.format(name=name, zh=zh, amount=amount, more=more)
    path.write_text(text + examples, encoding="utf-8")
    return path


def test_a_package_is_told_in_both_languages_and_as_data(
    zhida: Command, deliveries: Path, tmp_path: Path
) -> None:
    files = [
        write(tmp_path, "living", "生活津贴", 300, "stacking: {excludes: [care]}"),
        write(tmp_path, "care", "护理津贴", 3_500),
        write(tmp_path, "gift", "慰问金", 20),
    ]
    zhida("init")
    publish(tmp_path / "home", *files)
    take_in(zhida, deliveries, FIRST)
    report = run(zhida)
    eligible: int = report["policies"][0]["eligible"]
    assert eligible > 0
    assert report["awards_opened"] == 2 * eligible
    held: dict[str, object] = report["matches_held"][0]
    assert (held["policy"], held["matches"]) == ("living", eligible)

    (kept,) = (tmp_path / "home" / "outcomes").rglob("packages.parquet")
    subject = pl.read_parquet(kept)["subject"][0]
    told = json.loads(zhida("package", subject, "--format", "json").stdout)
    assert told["subject"] == subject
    found = {one["policy"]: one for one in told["offers"]}
    assert [one["decision"] for one in told["offers"]] == ["chosen", "free", "lost"]
    assert found["care"]["paid_fen"] == 350_000
    assert found["care"]["award"] == "opened"
    lost = found["living"]
    assert (lost["reason"], lost["difference_fen"], lost["award"]) == ("instead", 320_000, None)
    assert lost["by"] == [["care", told["offers"][0]["period"]]]
    assert lost["says"] == {
        "zh": "以护理津贴代替生活津贴：多3,200元",
        "en": "care allowance instead of living allowance: 3,200 yuan more",
    }
    # a run that is repeated says the same of it
    run(zhida)
    assert json.loads(zhida("package", subject, "--format", "json").stdout) == told
    shown = zhida("package", subject, "--language", "en").stdout
    assert "3,200" in shown
    assert "以护理津贴" in zhida("package", subject).stdout
    assert zhida("package", "Rnobody", code=1).stderr
