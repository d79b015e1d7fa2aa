"""Clauses that turned constant: told exactly where one did, by counts that are plain to see."""

from datetime import date
from pathlib import Path

import polars as pl

from console.clause_alerts import FEWEST_OTHERS, compare_clauses
from engine.clause_counts import PolicyCounts, count_clauses
from engine.program import Bound, bind
from tests.storage_world import NOW
from tests.support.policy_texts import load_one, vocabulary
from tests.unit.engine.test_clause_counts import POLICY, draw


def load(tmp_path: Path) -> Bound:
    return bind(load_one(tmp_path, POLICY), vocabulary(), date(2025, 9, 1))


def counted(bound: Bound, frame: pl.DataFrame) -> PolicyCounts:
    return count_clauses(bound, [frame])


def told(now: PolicyCounts, before: PolicyCounts) -> list[tuple[str, float]]:
    return [(alert.detail, alert.before) for alert in compare_clauses(now, before, NOW)]


def test_the_same_city_has_no_constant_clause(tmp_path: Path) -> None:
    counts = counted(load(tmp_path), draw(500, 1))
    assert told(counts, counts) == []


def test_a_clause_that_holds_for_nobody_or_everybody_or_is_unknown_now_is_told(
    tmp_path: Path,
) -> None:
    bound, frame = load(tmp_path), draw(500, 1)
    before = counted(bound, frame)
    changes = {
        "zombie passes": pl.lit(False).alias("is_zombie"),
        "zombie fails": pl.lit(True).alias("is_zombie"),
        "zombie unknown": pl.lit(None, dtype=pl.Boolean).alias("is_zombie"),
        "region fails": pl.lit("110000").alias("ent_region"),
        "base fails": pl.lit(0, dtype=pl.Int64).alias("revenue"),
    }
    for detail, change in changes.items():
        found = dict(told(counted(bound, frame.with_columns(change)), before))
        assert detail in found
        # how many came out otherwise before, counted by hand
        name = detail.split()[0]
        column = {"zombie": "is_zombie", "region": "ent_region", "base": "revenue"}[name]
        values = frame[column]
        others = {
            "zombie passes": values.len() - (~values).sum() if name == "zombie" else 0,
            "zombie fails": values.len() - values.sum() if name == "zombie" else 0,
            "zombie unknown": values.len() - values.null_count(),
            "region fails": values.len() - (values == "110000").sum() if name == "region" else 0,
            "base fails": values.len() - (values <= 10_000).sum() if name == "base" else 0,
        }[detail]
        assert found[detail] == others


def test_what_was_constant_already_is_not_told(tmp_path: Path) -> None:
    bound = load(tmp_path)
    frame = draw(500, 1).with_columns(is_zombie=pl.lit(False))
    counts = counted(bound, frame)
    assert told(counts, counts) == []


def test_a_few_that_came_out_otherwise_may_be_chance(tmp_path: Path) -> None:
    bound = load(tmp_path)
    frame = draw(500, 1).with_columns(is_zombie=pl.lit(False))
    now = counted(bound, frame)
    for others in (FEWEST_OTHERS - 1, FEWEST_OTHERS):
        flags = pl.Series("is_zombie", [True] * others + [False] * (500 - others))
        before = counted(bound, frame.with_columns(flags))
        assert (("zombie passes", others) in told(now, before)) is (others == FEWEST_OTHERS)


def test_groups_and_dates_are_left_out(tmp_path: Path) -> None:
    bound, frame = load(tmp_path), draw(500, 1)
    nobody = frame.with_columns(first_sishang=pl.lit(False), ent_size=pl.lit("large"))
    details = [detail for detail, _ in told(counted(bound, nobody), counted(bound, frame))]
    assert "first fails" in details
    assert "small fails" in details
    assert not [detail for detail in details if detail.startswith(("one-of", "effective"))]
