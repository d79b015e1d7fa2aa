"""A later version that changes the amount of a period that was decided adjusts its awards."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from awards.award import adjustment_table, award_table
from console.cli import app
from ledger.database import open_database, reading
from tests.support.publishing import OTHER, publish_files

DAY = "2025-10-31"
FIRST = """\
policy: elder-gift
version: 1
title: {zh: 敬老金}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 办法一}]
effective: {from: 2025-01-01, to: 2025-12-31}
per: month
clauses: [{id: old, says: 年满60周岁, when: age >= 60}]
benefit: {amount: 100}
delivery: direct
"""
SECOND = (
    FIRST.replace("version: 1", "version: 2")
    .replace("from: 2025-01-01, to: 2025-12-31", "from: 2025-10-01")
    .replace("age >= 60", "age >= 65")
    .replace("amount: 100", "amount: 120")
)
Awards = dict[str, tuple[str, str, int | None, str]]


@pytest.fixture
def zhida(tmp_path: Path) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        home = ("--home", str(tmp_path / "home"))
        found = CliRunner().invoke(app, [*home, *words], env={"COLUMNS": "200"})
        assert found.exit_code in (0, 3), found.output
        return found

    call("init")
    call("sample-city", str(tmp_path / "files"), "--firms", "20", "--residents", "400",
         "--as-of", DAY)  # fmt: skip
    call("ingest", str(tmp_path / "files"), "--delivered-on", DAY)
    call("snapshot", "--as-of", DAY)
    return call


def read_awards(home: Path) -> tuple[Awards, list[tuple[str, int | None, int]]]:
    """Every award by its subject, and every adjustment line."""
    engine = open_database(f"sqlite:///{home / 'zhida.db'}")
    try:
        with reading(engine) as connection:
            rows = connection.execute(select(award_table)).all()
            lines = connection.execute(select(adjustment_table)).all()
    finally:
        engine.dispose()
    awards = {row.subject: (row.id, row.period, row.amount_fen, row.policy_version) for row in rows}
    assert len(awards) == len(rows), "somebody has two awards of one period"
    return awards, [(line.award_id, line.before_fen, line.after_fen) for line in lines]


def test_each_award_is_adjusted_once_and_none_is_lost_or_doubled(
    tmp_path: Path, zhida: Callable[..., Result]
) -> None:
    for name, text in (("first", FIRST), ("second", SECOND)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_files(tmp_path / "home", tmp_path / "first.yaml")
    zhida("run")
    before, lines = read_awards(tmp_path / "home")
    assert lines == []
    assert {period for _, period, _, _ in before.values()} == {"2025-10"}
    assert {amount for _, _, amount, _ in before.values()} == {10_000}

    zhida("policy", "withdraw", "elder-gift@1", "--as", OTHER, "--from", "2025-10-01",
          "--reason", "办法二自2025年10月起替代办法一")  # fmt: skip
    publish_files(tmp_path / "home", tmp_path / "second.yaml")
    for _ in range(2):  # again changes nothing
        zhida("run")
        after, lines = read_awards(tmp_path / "home")
        assert {subject: award[:2] for subject, award in after.items()} == {
            subject: award[:2] for subject, award in before.items()
        }
        adjusted = {award for award, _, _ in lines}
        assert len(adjusted) == len(lines)
        assert {(was, now) for _, was, now in lines} == {(10_000, 12_000)}
        amounts = {award[0]: award[2] for award in after.values()}
        assert {award for award, amount in amounts.items() if amount == 12_000} == adjusted
        # who is under 65 matches no longer: the award that was opened stays as it was
        vested = {award for award, amount in amounts.items() if amount == 10_000}
        assert vested
        assert vested | adjusted == set(amounts)
