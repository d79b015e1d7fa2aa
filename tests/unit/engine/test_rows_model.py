"""Claims and limits against a model in plain Python, written from the words of the guide alone."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.evaluate_rows import evaluate_with_rows
from engine.program import bind
from tests.support.drawn_rows import ROW_SCHEMA, draw_part
from tests.support.policy_texts import load_one, vocabulary
from tests.unit.engine.test_rows_both_ways import ROWS

DAY = date(2025, 12, 1)
MODELLED = """
    parameters:
      cap: {by: job, source: 一, rows: {a: 1500, b: 333.33}}
    each:
      row: crew
      claim: {of: person, group: hiring}
      limits:
        - {on: pay, up_to: cap, order: hired_on, per: [job]}
        - {on: rows, up_to: 2, order: months}
      clauses:
        - {id: kept, says: 二, when: months > 0}
        - {id: poor, says: 三, when: poor}
      amount: pay_counted * rows_counted
    benefit: {kind: cash}
"""
COLUMNS = [name for name in ROW_SCHEMA if name != "subject"]
CAPS = {"a": Fraction(1500), "b": Fraction("333.33")}
Row = Mapping[str, Any]


def kleene_all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def rank(row: Row, names: list[str]) -> tuple[Any, ...]:
    """Missing comes last."""
    return tuple((row[name] is None, row[name] or 0) for name in names)


def take(rows: list[Row], order: str, wanted: Any, limit: Any) -> dict[int, Fraction | None]:
    """What each row gets of a limit, by its identity."""
    if len(rows) > 1 and any(row[order] is None for row in rows):
        return {id(row): None for row in rows}
    left: Fraction | None = None
    got: dict[int, Fraction | None] = {}
    lost = False
    spent = Fraction(0)
    for row in sorted(rows, key=lambda row: row[order] if len(rows) > 1 else 0):
        size, most = wanted(row), limit(row)
        if lost or size is None or most is None:
            lost, got[id(row)] = True, None
            continue
        left = max(most - spent, Fraction(0))
        part = max(min(size, left), Fraction(0))
        got[id(row)] = part
        spent += part
    return got


def model(rows: list[Row], complete: bool) -> tuple[str, Fraction | None, int, int, list[str]]:
    """Verdict, amount, rows that hold, undecided rows, and what is claimed, of one subject."""
    truth: dict[int, bool | None] = {}
    for row in rows:
        truth[id(row)] = kleene_all(
            [
                None if row["months"] is None else row["months"] > 0,
                row["poor"],
                None if row["person"] is None else True,
            ]
        )
    in_order = sorted(rows, key=lambda row: rank(row, COLUMNS))
    seen: set[str] = set()
    for row in in_order:
        if truth[id(row)] is True:
            if row["person"] in seen:
                truth[id(row)] = False
            seen.add(row["person"])
    holding = [row for row in in_order if truth[id(row)] is True]
    undecided = [row for row in in_order if truth[id(row)] is None]
    paid: dict[int, Fraction | None] = {}
    if any(row["job"] is None for row in holding):
        paid = {id(row): None for row in holding}
    else:
        for job in ("a", "b"):
            members = [row for row in holding if row["job"] == job]
            paid |= take(
                members,
                "hired_on",
                lambda row: None if row["pay"] is None else Fraction(row["pay"], 100),
                lambda row: CAPS[row["job"]],
            )
    counted = take(holding, "months", lambda row: Fraction(1), lambda row: Fraction(2))
    total: Fraction | None = Fraction(0)
    for row in holding:
        part, one = paid[id(row)], counted[id(row)]
        total = None if None in (total, part, one) else total + part * one  # type: ignore
    verdict = "ineligible"
    if holding:
        verdict = "eligible"
    elif undecided or not complete:
        verdict = "unknown"
    claims = sorted({row["person"] for row in holding})
    return verdict, total, len(holding), len(undecided), claims


@pytest.mark.parametrize("seed", range(4))
def test_claims_and_limits_come_out_as_the_guide_says(tmp_path: Path, seed: int) -> None:
    bound = bind(load_one(tmp_path, ROWS + MODELLED), vocabulary(), DAY)
    part = draw_part(Random(seed), 250)
    assert part.given.rows is not None
    assert part.given.complete is not None
    outcome, by_reference = evaluate_with_rows(bound, part.subjects, "enterprise", part.given)
    assert not by_reference
    found = {line["subject"]: line for line in outcome.iter_rows(named=True)}
    rows: dict[str, list[Row]] = {subject: [] for subject in part.subjects["subject"]}
    for row in part.given.rows.iter_rows(named=True):
        rows[row["subject"]].append(row)
    complete = set(part.given.complete)
    limited = 0
    for subject, members in rows.items():
        verdict, total, holding, undecided, claims = model(members, subject in complete)
        if verdict == "ineligible":
            assert subject not in found
            continue
        line = found[subject]
        assert line["verdict"] == verdict, members
        assert (line["rows"], line["rows_open"]) == (holding, undecided), members
        if verdict == "eligible":
            fen = None if total is None else int(total * 100 + Fraction(1, 2))
            assert line["amount_fen"] == fen, members
            assert line["claims"] == str(claims).replace("'", '"'), members
            limited += total is not None and holding > 1
    assert limited > 0
