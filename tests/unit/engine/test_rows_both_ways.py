"""Rows decided in columns and by the reference: the same outcome, whatever the rows."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from engine.evaluate import evaluate_part
from engine.evaluate_rows import evaluate_with_rows, outcome_by_reference
from engine.part_outcome import KEY
from engine.program import Bound, bind
from engine.row_columns import RowFrame
from policies.load import CATALOGUE, load_policies
from tests.support.drawn_rows import ROW_SCHEMA, draw_part
from tests.support.drawn_subjects import draw_frame, draw_rows_for
from tests.support.policy_texts import load_one, vocabulary

WITH_ROWS = [p for p in load_policies([CATALOGUE], vocabulary()).policies if p.each is not None]
DAY = date(2025, 12, 1)
ROWS = """
    facts:
      taxes_due: {says: 应缴税额, type: money}
    rows:
      crew:
        columns:
          hired_on: {says: 入职日, type: date}
          person: {says: 人员, type: text}
          job: {says: 岗位, type: code}
          months: {says: 月数, type: integer}
          pay: {says: 工资, type: money}
          part: {says: 份额, type: ratio}
          poor: {says: 困难, type: boolean}
"""
PLAIN = """
    each:
      row: crew
      clauses: [{id: long, says: 一, when: months >= 3}]
      amount: 100.005
    benefit: {kind: cash}
"""
DATED = """
    effective: {from: 2025-01-01, to: 2025-12-31, at: hired_on}
    parameters:
      grant:
        at: hired_on
        source: 一
        values: [{from: 2025-01-01, value: 100}, {from: 2025-07-01, value: 150.5}]
      factor: {by: [job, ent_size], source: 二, rows: {a: {small: 2, micro: 3}, b: {any: 1}}}
    clauses: [{id: honest, says: 一, when: not credit_serious_dishonest}]
    each:
      row: crew
      facts:
        long: {says: 长, is: months >= 3}
        share: {says: 份, choose: [{when: poor, is: part}, {value: 1}]}
      clauses:
        - {id: kept, says: 二, when: long}
        - id: who
          any:
            - {id: pays, says: 三, when: pay >= 1000}
            - {id: needy, says: 四, when: poor, not_yet: true}
      amount: [grant, {times: factor}, {times: share, when: pay > 300}]
    benefit:
      kind: cash
      amount:
        - sum_of_rows
        - {at_most: taxes_due}
        - {plus: rows_that_hold, when: rows_that_hold >= 2}
      also: {half: {label: 半, amount: sum_of_rows / 2}}
"""
CLAIMED = """
    each:
      row: crew
      claim: {of: person, group: hiring}
      clauses: [{id: kept, says: 二, when: months > 0}]
      amount: pay * part / 7
    benefit: {kind: cash}
"""
LIMITED = """
    parameters:
      cap: {by: job, source: 一, rows: {a: 1500, b: 333.33}}
    each:
      row: crew
      claim: {of: person, group: hiring}
      limits:
        - {on: pay, up_to: cap, order: hired_on, per: [job]}
        - {on: rows, up_to: 2, order: months, as: first_two}
        - {on: pay_counted * part, up_to: 800, as: shared}
      clauses: [{id: kept, says: 二, when: months > 0 or poor}]
      amount: [shared, {times: first_two}, {plus: 10%}]
    benefit: {kind: cash}
"""
VARYING = """
    parameters:
      cap: {by: job, source: 一, rows: {a: 1500, b: 333.33}}
    each:
      row: crew
      limits: [{on: pay, up_to: cap, order: hired_on}]
      clauses: [{id: kept, says: 二, when: months > 0}]
      amount: pay_counted
    benefit: {kind: cash}
"""
PORTIONS = """
    each:
      row: crew
      clauses: [{id: kept, says: 二, when: months > 0}]
      amount: pay
    benefit:
      kind: cash
      portions:
        - {id: base, says: 一, when: 'ent_size in ["small"]', amount: 1000}
        - {id: more, says: 二, when: not credit_serious_dishonest, amount: 5% * sum_of_rows}
      amount: [highest_portion, {plus: sum_of_rows}]
""".replace("5% *", "0.05 *")
BY_PERSON = """
    per: {each: person}
    clauses: [{id: honest, says: 一, when: not credit_serious_dishonest}]
    each:
      row: crew
      claim: {of: person, group: hiring}
      limits: [{on: pay, up_to: 1500, order: hired_on, per: [job]}]
      clauses: [{id: kept, says: 二, when: months > 0}]
      amount: pay_counted
    benefit: {kind: cash, amount: [sum_of_rows, {at_most: taxes_due}]}
"""
BY_DAY = """
    per: {each: hired_on}
    each:
      row: crew
      clauses: [{id: kept, says: 二, when: poor}]
    benefit: {kind: cash, amount: 100}
"""
BY_FACT = """
    per: {each: ent_size}
    clauses: [{id: honest, says: 一, when: not credit_serious_dishonest}]
    each:
      row: crew
      clauses: [{id: kept, says: 二, when: poor}]
      amount: part
    benefit: {kind: cash}
"""
WIDE = """
    each:
      row: crew
      clauses: [{id: kept, says: 二, when: months >= 0}]
      amount: pay / months
    benefit: {kind: cash}
"""
POLICIES = {
    "timed": PLAIN,
    "plain": PLAIN,
    "dated": DATED,
    "claimed": CLAIMED,
    "limited": LIMITED,
    "varying": VARYING,
    "portions": PORTIONS,
    "by person": BY_PERSON,
    "by day": BY_DAY,
    "by fact": BY_FACT,
    "wide": WIDE,
}


def bound_of(folder: Path, name: str) -> Bound:
    rows = ROWS
    if name == "timed":
        # some rows are after the day of the run
        rows = rows.replace("crew:\n", "crew:\n        time: {event: hired_on}\n")
    return bind(load_one(folder, rows + POLICIES[name]), vocabulary(), DAY)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("delivered", [True, False], ids=["delivered", "not delivered"])
def test_the_columns_agree_with_the_reference(tmp_path: Path, name: str, delivered: bool) -> None:
    bound = bound_of(tmp_path, name)
    random = Random(f"{name} {delivered}")
    verdicts: set[str] = set()
    for size in (0, 1, 60, 150):
        part = draw_part(random, size, delivered=delivered)
        found, by_reference = evaluate_with_rows(bound, part.subjects, "enterprise", part.given)
        wanted = outcome_by_reference(bound, part.subjects, "enterprise", part.given)
        assert_frame_equal(found.sort(KEY), wanted.sort(KEY))
        assert by_reference == (name == "wide" and delivered)
        verdicts |= set(found["verdict"])
    assert verdicts == ({"eligible", "unknown"} if delivered else {"unknown"})


@pytest.mark.parametrize("name", POLICIES)
def test_the_order_of_the_rows_changes_nothing(tmp_path: Path, name: str) -> None:
    bound = bound_of(tmp_path, name)
    random = Random(name)
    part = draw_part(random, 80)
    assert part.given.rows is not None
    outcomes = []
    for seed in range(3):
        shuffled = part.given.rows.sample(fraction=1, shuffle=True, seed=seed)
        given = replace(part.given, rows=shuffled)
        for outcome in (
            evaluate_with_rows(bound, part.subjects, "enterprise", given)[0],
            outcome_by_reference(bound, part.subjects, "enterprise", given),
        ):
            outcomes.append(outcome.sort(KEY))
    for outcome in outcomes[1:]:
        assert_frame_equal(outcome, outcomes[0])


def test_rows_that_columns_hold_are_not_counted_as_the_references(tmp_path: Path) -> None:
    part = draw_part(Random(3), 30)
    outcome, tally = evaluate_part([bound_of(tmp_path, "limited")], part.subjects, "enterprise")
    assert tally.by_reference == 0
    assert tally.unknown == outcome.height > 0


@pytest.mark.parametrize(
    ("days", "verdict", "rows", "open_rows"),
    [
        ([DAY], "eligible", 1, 0),
        ([DAY + timedelta(days=1)], None, 0, 0),
        ([None], "unknown", 0, 1),
        ([DAY, None, DAY + timedelta(days=1)], "eligible", 1, 1),
    ],
)
def test_a_row_that_does_not_say_its_day_may_be_later_than_the_run(
    tmp_path: Path, days: list[date | None], verdict: str | None, rows: int, open_rows: int
) -> None:
    dated = ROWS.replace("      crew:\n", "      crew:\n        time: {event: hired_on}\n")
    bound = bind(load_one(tmp_path, dated + PLAIN), vocabulary(), DAY)
    lines = [
        {"subject": "S0", "hired_on": day, "months": 3, "pay": 1, "part": 1.0, "poor": True}
        for day in days
    ]
    given = RowFrame(rows=pl.DataFrame(lines, schema=dict(ROW_SCHEMA)), complete=None)
    subjects = draw_part(Random(1), 1).subjects
    found, by_reference = evaluate_with_rows(bound, subjects, "enterprise", given)
    wanted = outcome_by_reference(bound, subjects, "enterprise", given)
    assert not by_reference
    for outcome in (found, wanted):
        told = outcome.select("verdict", "rows", "rows_open").rows()
        assert told == ([] if verdict is None else [(verdict, rows, open_rows)])


def test_numbers_of_128_bits_are_summed_exactly(tmp_path: Path) -> None:
    bound = bound_of(tmp_path, "dated")
    assert bound.row_names >= {"grant", "pay", "ent_size"}
    part = draw_part(Random(5), 50)
    assert part.given.rows is not None
    large = part.given.rows.with_columns(pl.col("pay") * 10**11)
    given = replace(part.given, rows=large)
    for name in ("claimed", "limited", "by person"):
        bound = bound_of(tmp_path, name)
        found, _ = evaluate_with_rows(bound, part.subjects, "enterprise", given)
        wanted = outcome_by_reference(bound, part.subjects, "enterprise", given)
        assert_frame_equal(found.sort(KEY), wanted.sort(KEY))


def test_the_policies_of_the_catalogue_with_rows_have_the_outcome_of_the_reference() -> None:
    day, most, most_open, verdicts = date(2025, 10, 31), 0, 0, set()
    assert len(WITH_ROWS) >= 5
    for policy in WITH_ROWS:
        in_force = day if policy.in_force(day) is None else policy.ends_on
        bound = bind(policy, vocabulary(), in_force)
        random = Random(policy.key)
        frame = draw_frame([bound], random, 200, by_hand=False)
        given = draw_rows_for(bound, frame["subject"], random, 1500)
        found, by_reference = evaluate_with_rows(bound, frame, "enterprise", given)
        wanted = outcome_by_reference(bound, frame, "enterprise", given)
        assert_frame_equal(found.sort(KEY), wanted.sort(KEY))
        assert not by_reference
        assert not found.is_empty()
        most, most_open = max(most, *found["rows"]), max(most_open, *found["rows_open"])
        verdicts |= set(found["verdict"])
    assert most >= 1
    assert most_open >= 2
    assert verdicts == {"eligible", "unknown"}
