"""Facts measured for each row over other rows that match it, against a model in plain Python."""

from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from engine.evaluate import evaluate_part
from engine.program import Bound, bind
from engine.row_frames import row_frame_of_part
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 12, 1)
TEXT = """
    rows:
      crew: {columns: {person: {says: 人员, type: text}, job: {says: 岗位, type: code}}}
      given:
        time: {event: on}
        columns:
          person: {says: 人员, type: text}
          job: {says: 岗位, type: code}
          policy: {says: 政策, type: code}
          months: {says: 月数, type: integer}
          on: {says: 日, type: date}
    each:
      row: crew
      facts:
        before: {says: 前, from: given, match: [person], where: policy == wanted, any: rows}
        times: {says: 次, from: given, match: [person, job], count: rows}
        total: {says: 月, from: given, match: [person], over: 2025, sum: months}
      clauses:
        - {id: once, says: 一, when: not before}
        - {id: few, says: 二, when: times <= 1}
      amount: total + times
    parameters: {wanted: {value: a, source: 一}}
    benefit: {kind: cash}
"""
ROW = {"subject": pl.String, "person": pl.String, "job": pl.String}
SOURCE = {**ROW, "policy": pl.String, "months": pl.Int64, "on": pl.Date}
DAYS = [date(2024, 12, 31), date(2025, 1, 1), DAY, date(2025, 12, 2)]
Row = dict[str, Any]


@pytest.fixture
def bound(tmp_path: Path) -> Bound:
    return bind(load_one(tmp_path, TEXT), vocabulary(), DAY)


def draw(random: Random, schema: dict[str, Any], count: int) -> list[Row]:
    def cell(name: str) -> Any:
        if name == "subject":
            return random.choice(["S1", "S2", "S3", "S4"])
        if random.random() < 0.1:
            return None
        choices: dict[str, list[Any]] = {
            "person": ["p", "q"], "job": ["x", "y"], "policy": ["a", "b"],
            "months": [0, 1, 7], "on": DAYS,
        }  # fmt: skip
        return random.choice(choices[name])

    return [{name: cell(name) for name in schema} for _ in range(count)]


def alike(row: Row, other: Row, names: list[str]) -> bool | None:
    """Whether another row matches; None where that is not known."""
    same = [None if other[n] is None else other[n] == row[n] for n in names]
    return False if False in same else (None if None in same else True)


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def model(row: Row, source: list[Row], complete: bool) -> tuple[Any, Any, Any]:
    """`before`, `times` and `total` of one row; None is missing."""
    if not complete:
        return None, None, None
    mine = [other for other in source if other["subject"] == row["subject"]]
    seen = [(o, None if o["on"] is None else o["on"] <= DAY) for o in mine]
    this_year = {
        id(o): None if o["on"] is None else date(2025, 1, 1) <= o["on"] <= DAY for o in mine
    }
    wanted = [None if o["policy"] is None else o["policy"] == "a" for o in mine]

    def held(names: list[str], tests: list[bool | None]) -> list[bool | None]:
        if any(row[name] is None for name in names):
            return [None]
        found = [
            both(both(alike(row, other, names), is_seen), test)
            for (other, is_seen), test in zip(seen, tests, strict=True)
        ]
        return found

    by_person = held(["person"], wanted)
    before: Any = None if None in by_person else False
    before = True if True in by_person else before
    matched = held(["person", "job"], [True] * len(mine))
    times = None if None in matched else matched.count(True)
    in_year = held(["person"], [this_year[id(o)] for o in mine])
    total = None
    if None not in in_year:
        months = [o["months"] for o, h in zip(mine, in_year, strict=True) if h]
        total = None if None in months else sum(months)
    return before, times, total


@pytest.mark.parametrize("seed", range(5))
def test_a_fact_of_a_row_is_measured_over_the_rows_that_match_it(bound: Bound, seed: int) -> None:
    random = Random(seed)
    rows, source = draw(random, ROW, 40), draw(random, SOURCE, 12)
    subjects = pl.DataFrame({"subject": ["S1", "S2", "S3", "S4"]})
    doubtful = pl.DataFrame({"dataset": ["given"], "subject": ["S4"]})
    frames = {
        "crew": pl.DataFrame(rows, schema=ROW),
        "given": pl.DataFrame(source, schema=SOURCE),
    }
    found = row_frame_of_part(bound, subjects, frames, doubtful)
    assert found.rows is not None
    names = ("before", "times", "total")
    for row, told in zip(rows, found.rows.iter_rows(named=True), strict=True):
        wanted = model(row, source, row["subject"] != "S4")
        assert tuple(told[name] for name in names) == wanted, (row, source)


def test_what_is_measured_over_rows_that_were_not_delivered_is_missing(bound: Bound) -> None:
    frames = {"crew": pl.DataFrame([{"subject": "S1", "person": "p", "job": "x"}], schema=ROW)}
    subjects = pl.DataFrame({"subject": ["S1"]})
    found = row_frame_of_part(bound, subjects, frames, None)
    assert found.rows is not None
    assert found.rows.select("before", "times", "total").row(0) == (None, None, None)
    outcome, _ = evaluate_part([bound], subjects, "enterprise", rows=frames)
    assert outcome.select("verdict", "rows", "rows_open").row(0) == ("unknown", 0, 1)
