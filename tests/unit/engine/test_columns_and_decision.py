"""Columns and the row-by-row decision give every subject the same verdict, amounts and reasons."""

from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

from engine.by_hand import _evaluate_policy  # the two ways meet here
from engine.columns import lower_policy
from engine.decision import decide, to_fen
from engine.evaluate import bind_audience, evaluate_part
from engine.program import Bound, bind, compile_policies
from language.exact import TooWide
from language.frame import facts_of_row, prepare
from policies.load import CATALOGUE, load_policies
from policies.policy import Policy
from profiles.hand import Subject
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import load_one, vocabulary, write_policies

ROWS = 500
POLICIES = [p for p in load_policies([CATALOGUE], vocabulary()).policies if p.each is None]
"""Those with rows of their own are compared in `test_rows_both_ways`."""
MIXED = """
    region: {in: ["440000"], except: ["440300"]}
    parameters:
      share: {by: ent_size, source: 一, rows: {large: 30%, "medium, small": 60%, micro: unknown}}
      scale: {by: revenue, source: 一, tiers: [{over: 0, up_to: 100, each: 7, gives: 3}, {over: 100, rate: 0.5‰}]}
      sector: {by: gbt4754_code, system: GB/T 4754-2017, source: 一, list: [C, F51]}
    facts:
      per_head: {is: revenue / staff_prev_year}
    clauses:
      - {id: waits, says: 一, when: ui_paid_months >= 6, not_yet: true}
      - id: either
        says: 二
        any:
          - {id: sector, says: 二, when: sector}
          - {id: rich, says: 二, when: per_head >= 33.3}
          - {id: office, says: 二, judged_by: 区局}
      - id: never
        says: 三
        none:
          - {id: zombie, says: 三, when: is_zombie}
          - id: both
            says: 三
            all:
              - {id: one, says: 三, when: credit_serious_dishonest}
              - {id: two, says: 三, when: credit_abnormal_operation}
    benefit:
      portions:
        - {id: base, says: 一, when: staff_prev_year > 33, amount: [revenue, {times: share}, {at_most: 500}]}
        - {id: more, says: 二, when: $has(share), amount: [scale, {minus: 5, when: "is_zombie ?? false"}]}
      amount:
        - highest_portion
        - {plus: rd_expense, when: first_sishang}
        - {round: half up to 0.1}
      also:
        told: {label: 另, amount: [rd_expense / staff_prev_year, {round: up to 1}]}
        rest: {label: 余, amount: [rd_expense, {round: down to 3}, {at_least: 1}, {nothing_below: 6}]}
    delivery:
      - {when: ent_is_labor_dispatch, by: invite, says: 一}
      - {by: direct}
"""  # noqa: E501
DAYS = {"e02": date(2024, 11, 1), "e27": date(2023, 6, 1)}


def day_for(policy: Policy) -> date:
    """A day on which the policy is in force."""
    day = DAYS.get(policy.id[:3], date(2025, 10, 31))
    return day if policy.in_force(day) is None else policy.ends_on


@pytest.fixture(scope="module", params=[*(p.key for p in POLICIES), "mixed"])
def bound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bound:
    if request.param == "mixed":
        policy = load_one(tmp_path_factory.mktemp("mixed"), MIXED)
    else:
        (policy,) = [p for p in POLICIES if p.key == request.param]
    return bind(policy, vocabulary(), day_for(policy))


@pytest.mark.parametrize("by_hand", [False, True], ids=["run", "by hand"])
def test_every_value_of_a_policy_is_the_same_in_columns_and_row_by_row(
    bound: Bound, by_hand: bool
) -> None:
    frame = draw_frame([bound], Random(bound.policy.id), ROWS, by_hand=by_hand)
    prepared = prepare(frame, bound.types, bound.types)
    try:
        columns = lower_policy(bound, prepared.known, by_hand=by_hand)
    except TooWide:
        # a product of several numbers leaves 64 bits where all are drawn as large as they may be
        frame = frame.with_columns(
            pl.col(pl.Int64).clip(-(10**10), 10**10), pl.col(pl.Float64).clip(-(10**5), 10**5)
        )
        prepared = prepare(frame, bound.types, bound.types)
        columns = lower_policy(bound, prepared.known, by_hand=by_hand)
    exprs = {"verdict": columns.verdict, "amount": columns.amount_fen, "by": columns.delivery}
    for prefix, group in (
        ("clause", columns.clauses),
        ("portion", columns.portions),
        ("scope", columns.scope),
        ("also", columns.also_fen),
        ("portion_fen", columns.portion_fen),
    ):
        exprs |= {f"{prefix}::{name}": expr for name, expr in group.items()}
    decided = prepared.frame.select("subject", **exprs)
    verdicts = set()
    for row, found in zip(frame.iter_rows(named=True), decided.iter_rows(named=True), strict=True):
        wanted = decide(bound, facts_of_row(row, bound.types), by_hand=by_hand)
        verdicts.add(wanted.verdict)
        named = {True: "eligible", False: "ineligible", None: "unknown"}
        assert named[found["verdict"]] == wanted.verdict, row
        assert found["amount"] == wanted.amount_fen, row
        assert found["by"] == wanted.delivery, row
        for name, value in wanted.clauses.items():
            assert found[f"clause::{name}"] is value.value, (name, row)
        for name, value in wanted.portions.items():
            assert found[f"portion::{name}"] is value.value, (name, row)
        for name, value in wanted.scope.items():
            assert found[f"scope::{name}"] is value.value, (name, row)
        if wanted.verdict == "eligible":
            for name, value in wanted.also.items():
                assert found[f"also::{name}"] == to_fen(value), (name, row)
            for name, value in wanted.portion_amounts.items():
                assert found[f"portion_fen::{name}"] == to_fen(value), (name, row)
    assert "unknown" in verdicts
    assert len(verdicts) >= 2


def test_the_answers_by_hand_name_the_same_leaves_from_columns_and_row_by_row(
    bound: Bound,
) -> None:
    frame = draw_frame([bound], Random(f"hand {bound.policy.id}"), 300, by_hand=True)
    subjects = [
        Subject(line=n, subject=f"S{n}", audience=None, as_of=None, facts={})
        for n in range(frame.height)
    ]
    results = list(_evaluate_policy(bound, frame, subjects))
    for row, result in zip(frame.iter_rows(named=True), results, strict=True):
        wanted = decide(bound, facts_of_row(row, bound.types), by_hand=True)
        assert result.verdict == wanted.verdict
        assert result.amount_fen == wanted.amount_fen
        assert result.failed == wanted.failed, row
        assert result.unknown == wanted.unknown, row
        assert result.missing == wanted.missing, row


@pytest.mark.parametrize("audience", ["enterprise", "resident"])
def test_parts_their_order_and_the_order_of_policies_change_nothing(audience: str) -> None:
    program = compile_policies(POLICIES, vocabulary())
    bounds = bind_audience(program, audience, date(2024, 8, 31))
    frame = draw_frame(bounds, Random(audience), 400, by_hand=False)
    whole, tally = evaluate_part(bounds, frame, audience)
    assert tally.decisions == 400 * len(bounds)
    assert tally.eligible + tally.unknown == whole.height
    assert tally.by_reference == 0
    order = ["policy", "subject"]
    backwards, _ = evaluate_part(bounds[::-1], frame.reverse(), audience)
    assert backwards.sort(order).equals(whole.sort(order))
    split = [evaluate_part(bounds, piece, audience)[0] for piece in frame.iter_slices(37)]
    assert pl.concat(split).sort(order).equals(whole.sort(order))
    alone = [evaluate_part([bound], frame, audience)[0] for bound in bounds]
    assert pl.concat(alone).sort(order).equals(whole.sort(order))
    assert whole["policy"].is_sorted()


def test_a_part_too_wide_is_decided_by_the_reference_with_the_same_rows(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: revenue * rd_expense * revenue > staff_prev_year}]
        benefit: {amount: '$max(revenue, rd_expense)'}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    rng = Random("wide")
    usual = {
        "subject": [f"S{n}" for n in range(50)],
        "revenue": [rng.choice((None, rng.randint(-500, 500))) for _ in range(50)],
        "rd_expense": [rng.choice((None, rng.randint(-500, 500))) for _ in range(50)],
        "staff_prev_year": [rng.choice((None, 1.5, 20.0)) for _ in range(50)],
    }
    schema = {"subject": pl.String, "revenue": pl.Int64, "rd_expense": pl.Int64,
              "staff_prev_year": pl.Float64}  # fmt: skip
    part = pl.DataFrame(usual, schema=schema)
    giant = {"subject": "giant", "revenue": 10**17, "rd_expense": 10**17, "staff_prev_year": 1.0}
    narrow, tally = evaluate_part([bound], part, "enterprise")
    assert tally.by_reference == 0
    wide, tally = evaluate_part(
        [bound], pl.concat([part, pl.DataFrame([giant], schema=schema)]), "enterprise"
    )
    assert tally.by_reference == 51
    assert wide.filter(pl.col("subject") != "giant").equals(narrow)
    (row,) = wide.filter(pl.col("subject") == "giant").iter_rows(named=True)
    assert (row["verdict"], row["amount_fen"]) == ("eligible", 10**17)


def test_a_column_that_mixes_magnitudes_is_decided_by_the_reference(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: staff_prev_year > 0.0005}]
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    values = [1e15, 0.0001, 0.001, None, float("nan"), float("inf")]
    frame = pl.DataFrame({"subject": list("abcdef"), "staff_prev_year": values})
    outcome, tally = evaluate_part([bound], frame, "enterprise")
    assert tally.by_reference == 6
    verdicts = dict(zip(outcome["subject"], outcome["verdict"], strict=True))
    assert verdicts == {
        "a": "eligible", "c": "eligible", "d": "unknown", "e": "unknown", "f": "unknown",
    }  # fmt: skip


def test_an_open_amount_waits_for_the_same_facts_however_it_was_decided(tmp_path: Path) -> None:
    """`missing` is part of the outcome's hash: it may not depend on who else is in the part."""
    text = """
        clauses: [{id: a, says: 一, when: staff_prev_year > 0}]
        benefit: {amount: 'is_zombie ? revenue : rd_expense'}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    schema = {"subject": pl.String, "staff_prev_year": pl.Float64, "is_zombie": pl.Boolean,
              "revenue": pl.Int64, "rd_expense": pl.Int64}  # fmt: skip
    rows = [("a", 1.0, True, None, None), ("b", 1.0, None, 5, 5), ("c", 1.0, False, None, 7)]
    part = pl.DataFrame(rows, schema=schema, orient="row")
    far = pl.DataFrame(
        [("z", 1e15, True, 1, 1), ("y", 0.001, True, 1, 1)], schema=schema, orient="row"
    )
    narrow, _ = evaluate_part([bound], part, "enterprise")
    wide, tally = evaluate_part([bound], pl.concat([part, far]), "enterprise")
    assert tally.by_reference == 5
    assert wide.filter(pl.col("subject").is_in(["a", "b", "c"])).equals(narrow)
    assert dict(zip(narrow["subject"], narrow["missing"], strict=True)) == {
        "a": "revenue", "b": "is_zombie", "c": "",
    }  # fmt: skip


def test_a_part_without_rows_has_an_empty_outcome(tmp_path: Path) -> None:
    write_policies(tmp_path, {"none": "clauses: []"})
    bounds = bind_audience(compile_policies(POLICIES, vocabulary()), "resident", date(2025, 10, 31))
    empty = pl.DataFrame({"subject": []}, schema={"subject": pl.String})
    outcome, tally = evaluate_part(bounds, empty, "resident")
    assert (outcome.height, tally.decisions) == (0, 0)
    alone, _ = evaluate_part(bounds, pl.DataFrame({"subject": ["R1"]}), "resident")
    assert set(alone["verdict"]) <= {"unknown"}


def test_no_policies_give_no_rows() -> None:
    outcome, tally = evaluate_part([], pl.DataFrame({"subject": ["a"]}), "resident")
    assert (outcome.height, tally.decisions) == (0, 0)


def test_many_steps_of_an_amount_are_bounded_work(tmp_path: Path) -> None:
    steps = ", ".join(
        f"{{at_most: {1000 - n}}}, {{at_least: {n}}}, {{plus: 1, when: not is_zombie}}"
        for n in range(8)
    )
    text = f"""
        clauses: [{{id: a, says: 一, when: staff_prev_year > 0}}]
        benefit: {{amount: [revenue, {steps}, {{nothing_below: 5}}, {{round: down to 3}}]}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 1, 1))
    frame = draw_frame([bound], Random("steps"), 40, by_hand=False)
    frame = frame.with_columns(staff_prev_year=pl.lit(5.0))
    outcome, tally = evaluate_part([bound], frame, "enterprise")
    assert tally.decisions == 40
    amounts = dict(outcome.select("subject", "amount_fen").iter_rows())
    for row in frame.iter_rows(named=True):
        wanted = decide(bound, facts_of_row(row, bound.types))
        assert amounts[row["subject"]] == wanted.amount_fen


def test_a_policy_too_wide_stands_beside_others_in_one_outcome(tmp_path: Path) -> None:
    texts = {
        "wide": "clauses: [{id: a, says: 一, when: revenue * revenue * revenue > 1}]\n"
        "benefit: {amount: 1}\n",
        "plain": "clauses: [{id: a, says: 一, when: revenue > 1}]\nbenefit: {amount: 2}\n",
    }
    policies = load_policies(write_policies(tmp_path, texts), vocabulary()).policies
    bounds = [bind(policy, vocabulary(), date(2025, 1, 1)) for policy in policies]
    frame = pl.DataFrame({"subject": ["a", "b"], "revenue": [10**17, None]})
    outcome, tally = evaluate_part(bounds, frame, "enterprise")
    assert tally.by_reference == 2
    found = outcome.select("policy", "subject", "verdict", "amount_fen").rows()
    assert found == [
        ("plain", "a", "eligible", 200), ("plain", "b", "unknown", None),
        ("wide", "a", "eligible", 100), ("wide", "b", "unknown", None),
    ]  # fmt: skip
