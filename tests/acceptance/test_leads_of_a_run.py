"""A run with a check: its matches are held, nobody is told, and whoever looks exports them."""

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

CHECK = """\
policy: very-old-and-registered
kind: check
version: 2025.1
title: {zh: 高龄登记核查, en: Check of the very old}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范市补贴资金核查办法, number: 示民发〔2025〕7号}]
effective: {from: 2025-01-01}
per: month
clauses:
  - {id: very-old, says: {zh: 年满80周岁, en: aged 80 or over}, source: 三, when: age >= 80}
examples:
  as_of: 2025-09-01
  cases:
    - {name: a lead, given: {age: 80}, expect: {verdict: eligible}}
    - {name: none, given: {age: 79}, expect: {verdict: ineligible}}
    - {name: not known, expect: {verdict: unknown}}
"""


def test_leads_of_a_check_are_held_and_exported(
    zhida: Command,
    deliveries: Path,
    tmp_path: Path,
) -> None:
    file = tmp_path / "check.yaml"
    file.write_text(CHECK, encoding="utf-8")
    zhida("init")
    publish(tmp_path / "home", file)
    take_in(zhida, deliveries, FIRST)
    report = run(zhida)
    leads: int = report["policies"][0]["eligible"]
    assert leads > 0
    assert (report["awards_opened"], report["notices"]) == (0, 0)
    held = report["matches_held"][0]
    assert held["matches"] == leads
    assert "each match is a lead for a person" in held["why"][0]
    assert not (tmp_path / "home" / "maildir" / "new").exists() or not list(
        (tmp_path / "home" / "maildir" / "new").iterdir()
    )
    to = tmp_path / "leads.csv"
    zhida("export", "outcome", "--policy", "very-old-and-registered", "--to", to,
          "--purpose", "核查高龄登记")  # fmt: skip
    rows = pl.read_csv(to)
    assert rows.filter(pl.col("verdict") == "eligible").height == leads
    assert "whole" in zhida("verify").stdout
