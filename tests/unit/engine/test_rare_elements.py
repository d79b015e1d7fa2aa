"""Elements that few policies use mean the same in columns and row by row, and in a whole part."""

from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

from engine.columns import lower_policy
from engine.decision import decide
from engine.evaluate import bind_audience, evaluate_part, split_bounds
from engine.evaluate_rows import UNDECIDED_DELIVERY
from engine.program import bind, compile_policies
from language.exact import TooWide
from language.frame import facts_of_row, prepare
from policies.load import CATALOGUE, load_policies
from tests.support.both_ways import compare_both_ways
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 10, 31)

RARE = {
    "the law and the value of each subject's own day": """
        effective: {from: 2023-01-01, to: 2025-06-30, at: approved_on}
        window: {from: 2025-03-01, to: 2026-06-30}
        region: {of: project_region, in: ["440000", "350200"], except: ["440300"]}
        parameters:
          ceiling:
            at: approved_on
            values:
              - {from: 2023-01-01, value: 500, source: 一}
              - {from: 2024-03-01, to: 2024-08-31, value: 900.5, source: 二}
              - {from: 2025-01-01, value: 700, source: 三}
              - {from: 2025-06-30, value: 710, source: 四}
          share:
            at: approved_on
            by: ent_size
            values:
              - {from: 2023-06-01, source: 一, rows: {large: 30%, small: 60%}}
              - {from: 2024-01-01, source: 二, rows: {large: 40%, "small, micro": 80%}}
        facts:
          project_region: {label: {zh: 项目所在地, en: place}, type: code, system: GB/T 2260}
        clauses: [{id: has-share, says: 一, when: $has(share)}]
        benefit: {amount: [revenue, {times: share}, {at_most: ceiling}]}
    """,
    "an amount that an office decides for some": """
        clauses:
          - {id: small, says: 一, when: 'ent_size in ["small", "micro"]'}
          - id: known
            says: 二
            any:
              - {id: paid, says: 二, when: ui_paid_months >= 6}
              - {id: judged, says: 二, judged_by: 区局}
        benefit:
          amount:
            - 100
            - {decided_by: 财政局, when: is_zombie}
            - {take: 50, when: first_sishang}
            - {plus: 'rd_expense ?? 7'}
    """,
    "a sum of portions of which some are undecided": """
        clauses:
          - {id: months, says: 一, when: ui_paid_months >= 6, not_yet: true}
          - {id: sound, says: 一, when: not is_zombie}
        benefit:
          portions:
            - {id: always, says: 一, amount: 10}
            - {id: rich, says: 一, when: revenue > 500, amount: [revenue, {times: 0.5}]}
            - {id: new, says: 二, when: first_sishang, amount: rd_expense}
          amount: [sum_of_portions, {minus: 3.335}, {at_least: 10}]
    """,
    "the highest of portions, below zero too": """
        benefit:
          portions:
            - {id: less, says: 一, when: is_zombie, amount: [staff_prev_year, {minus: 100}]}
            - {id: more, says: 二, when: first_sishang, amount: '-12.345'}
          amount: [highest_portion, {plus: 1}]
    """,
    "every rounding, on both sides of zero": """
        clauses: [{id: some, says: 一, when: staff_prev_year != 0}]
        benefit:
          amount: [staff_prev_year - 100.5, {round: half up to 0.5}, {nothing_below: -50}]
          also:
            down: {label: 下, amount: [staff_prev_year - 100.5, {round: down to 0.3}]}
            up: {label: 上, amount: [staff_prev_year - 100.5, {round: up to 0.3}]}
            half: {label: 中, amount: [(100.5 - staff_prev_year) / 7, {round: half up to 1}]}
            fen: {label: 分, amount: [(staff_prev_year - 100.5) / 200]}
            least: {label: 底, amount: [staff_prev_year, {at_least: 100.01}, {nothing_below: 101}]}
    """,
    "tiers, a list and a table by two facts": """
        parameters:
          scale:
            by: revenue
            source: 一
            tiers: [{over: 100, up_to: 500, each: 70, gives: 3}, {over: 500, rate: 0.5‰}]
          sector: {by: gbt4754_code, system: GB/T 4754-2017, source: 一, list: [C, F51]}
          award:
            by: [ent_size, hnte_event]
            source: 一
            rows: {large: {first: 5, recert: unknown}, "small, micro": {any: 2}}
        clauses:
          - id: one-of
            says: 一
            any:
              - {id: sector-kept, says: 一, when: sector}
              - {id: rewarded, says: 一, when: $has(award)}
        benefit: {amount: [scale, {plus: award, when: $has(award)}]}
        delivery: [{when: award > 3, by: invite, says: 一}, {by: direct}]
    """,
}


@pytest.mark.parametrize("by_hand", [False, True], ids=["run", "by hand"])
@pytest.mark.parametrize("text", RARE.values(), ids=RARE.keys())
def test_rare_elements_are_the_same_both_ways(tmp_path: Path, text: str, by_hand: bool) -> None:
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    frame = draw_frame([bound], Random(text), 700, by_hand=by_hand)
    verdicts = compare_both_ways(bound, frame, by_hand=by_hand)
    assert verdicts["unknown"]
    assert verdicts["ineligible"]
    assert verdicts["eligible"]


def test_out_of_its_window_a_policy_holds_for_nobody(tmp_path: Path) -> None:
    text = RARE["the law and the value of each subject's own day"]
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2026, 7, 1))
    frame = draw_frame([bound], Random(1), 200, by_hand=True)
    verdicts = compare_both_ways(bound, frame, by_hand=True)
    assert set(verdicts) == {"ineligible"}
    row = facts_of_row(frame.row(0, named=True), bound.types)
    assert "window" in decide(bound, row, by_hand=True).failed


@pytest.mark.parametrize("audience", ["enterprise", "resident"])
def test_a_part_has_the_row_that_the_decision_of_each_subject_says(audience: str) -> None:
    program = compile_policies(load_policies([CATALOGUE], vocabulary()).policies, vocabulary())
    bounds = bind_audience(program, audience, date(2024, 8, 31))
    # those with rows, and those that measure rows themselves, are compared where rows are drawn
    bounds = [bound for bound in split_bounds(bounds)[0] if not bound.own_measures]
    assert len(bounds) >= 10
    frame = draw_frame(bounds, Random(f"part {audience}"), 250, by_hand=False)
    outcome, _ = evaluate_part(bounds, frame, audience)
    types = {name: kind for bound in bounds for name, kind in bound.types.items()}
    wanted = []
    for bound in sorted(bounds, key=lambda bound: bound.policy.id):
        for row in frame.iter_rows(named=True):
            decision = decide(bound, facts_of_row(row, types))
            if decision.verdict == "ineligible":
                continue
            is_open = decision.verdict == "eligible" and decision.amount_fen is None
            wanted.append(
                {
                    "policy": bound.policy.id,
                    "version": bound.policy.version,
                    "subject": row["subject"],
                    "kind": audience,
                    "period": bound.period.name,
                    "item": "",
                    "amount_fen": decision.amount_fen,
                    "missing": ",".join(decision.missing) if is_open else "",
                    "verdict": decision.verdict,
                    "delivery": (decision.delivery or UNDECIDED_DELIVERY)
                    if decision.verdict == "eligible"
                    else "",
                    "rows": None,
                    "rows_open": None,
                    "claims": "",
                }
            )
    found = outcome.rows(named=True)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == other
    assert outcome["missing"].str.len_chars().max()  # an open amount was among them


def test_a_policy_too_large_for_columns_is_decided_by_the_reference_alike(tmp_path: Path) -> None:
    """Each limit repeats the whole amount before it; twenty would never end as columns."""
    limits = "".join(f", {{at_most: staff_prev_year * {n} + 0.005}}" for n in range(30, 10, -1))
    text = f"""
        clauses: [{{id: a, says: 一, when: not is_zombie}}]
        benefit: {{amount: [revenue{limits}]}}
        delivery: [{{when: ui_paid_months > 3, by: direct, says: 一}}, {{by: confirm}}]
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    frame = draw_frame([bound], Random("large"), 120, by_hand=False)
    with pytest.raises(TooWide):
        lower_policy(bound, prepare(frame, bound.types, bound.types).known)
    outcome, tally = evaluate_part([bound], frame, "enterprise")
    assert tally.by_reference == frame.height
    # the least of the limits is the last: the same policy, written shortly
    short = text.replace(limits, limits[limits.rindex(", {at_most") :])
    same = bind(load_one(tmp_path, short), vocabulary(), DAY)
    positive = frame.with_columns(pl.col("staff_prev_year").abs())
    found, _ = evaluate_part([bound], positive, "enterprise")
    plain, plain_tally = evaluate_part([same], positive, "enterprise")
    assert plain_tally.by_reference == 0
    assert found.equals(plain)
    assert {"eligible", "unknown"} == set(outcome["verdict"])
