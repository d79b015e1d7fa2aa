"""What missing facts hold back: the same as asking the reference row by row."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.columns import lower_at_most
from engine.decision import decide, take_steps
from engine.held_back import HeldBack, find_held_back
from engine.program import Bound, bind
from language.frame import facts_of_row, prepare
from language.reference import Reference
from policies.load import load_policies
from tests.support.policy_texts import load_one, vocabulary, write_policies
from tests.unit.engine.test_clause_counts import POLICY, draw

DAY = date(2025, 9, 1)
SECOND = """
parameters:
  share: {label: 比, by: ent_size, rows: {large: 1, small: 3, else: 2}}
tables:
  rate:
    label: 率
    inputs: [ent_size, ui_paid_months]
    outputs: [{name: rate, label: 率}]
    hit: first
    rows:
      - [large, under 7, 1]
      - ["small, micro", from 0, 2]
      - [any, from 8, 3]
facts:
  per_head: {label: 均, is: revenue / staff_prev_year}
  class: {label: 类, choose: [{when: first_sishang, value: 1}, {when: per_head > 150, value: 2}, {value: 3}]}
clauses:
  - {id: a, says: 一, when: per_head >= 100 or share > 2}
  - {id: b, says: 二, when: (class < 3 and ui_paid_months >= 7) or (class == 3 and not is_zombie)}
  - {id: f, says: 六, any: [{id: g, says: 七, when: rate >= 2}, {id: h, says: 八, when: is_zombie}]}
  - {id: c, says: 三, any: [{id: d, says: 四, judged_by: 区局}, {id: e, says: 五, when: is_zombie}]}
benefit: {amount: [revenue, {times: 0.1}, {at_most: 30}]}
"""  # noqa: E501


@pytest.fixture
def bounds(tmp_path: Path) -> list[Bound]:
    paths = write_policies(tmp_path, {"first": POLICY, "second": SECOND})
    loaded = load_policies(paths, vocabulary())
    return [bind(policy, vocabulary(), DAY) for policy in loaded.policies]


def at_most(bound: Bound, facts: Any) -> int | None:
    """The amount in fen with every open portion counted as one that holds."""
    reference = Reference(bound.scope, facts)
    amounts = {
        portion.id: take_steps(portion.steps, reference, {})[0]
        for portion in bound.policy.portions
        if portion.when is None or reference.value(portion.when).value is not False
    }
    value = take_steps(bound.policy.steps, reference, amounts)[0].value
    return None if value is None else int(Fraction(value) * 100 + Fraction(1, 2))  # type: ignore[arg-type]


def by_row(bounds: Sequence[Bound], frame: pl.DataFrame) -> dict[str, Any]:
    facts_found: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"alone": [0, 0, 0], "together": [0, 0, 0], "any": set(), "only": set()}
    )
    sets: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    open_awards: Counter[str] = Counter()
    no_fact = unknown = 0
    for bound in bounds:
        for row in frame.iter_rows(named=True):
            facts = facts_of_row(row, bound.types)
            decision = decide(bound, facts)
            if decision.verdict == "eligible":
                for name in decision.missing if decision.amount.value is None else ():
                    open_awards[name] += 1
            if decision.verdict != "unknown":
                continue
            unknown += 1
            if not decision.missing:
                no_fact += 1
                continue
            due = at_most(bound, facts)
            counted = [1, due or 0, int(due is None)]
            alone = len(decision.missing) == 1 and not decision.reasons
            sets[decision.missing] = [
                a + b for a, b in zip(sets[decision.missing], counted, strict=True)
            ]
            for name in decision.missing:
                found = facts_found[name]
                key = "alone" if alone else "together"
                found[key] = [a + b for a, b in zip(found[key], counted, strict=True)]
                found["any"].add(row["subject"])
                if alone:
                    found["only"].add(row["subject"])
    return {
        "facts": facts_found,
        "sets": sets,
        "no_fact": no_fact,
        "unknown": unknown,
        "open": open_awards,
    }


def test_the_work_list_is_that_of_asking_row_by_row(bounds: list[Bound]) -> None:
    frame = draw(1500, 5)
    found = find_held_back(
        [(bounds, frame[:700], "enterprise"), (bounds, frame[700:], "enterprise")]
    )
    expected = by_row(bounds, frame)
    assert (found.decisions, found.unknown, found.settled_by_no_fact) == (
        3000, expected["unknown"], expected["no_fact"],
    )  # fmt: skip
    assert {f.fact for f in found.by_fact} == set(expected["facts"]) | set(expected["open"])
    assert {f.fact: f.open_awards for f in found.by_fact if f.open_awards} == expected["open"]
    assert expected["open"]
    for fact in found.by_fact:
        wanted = expected["facts"][fact.fact]
        for held, sums in ((fact.alone, wanted["alone"]), (fact.together, wanted["together"])):
            assert [held.decisions, held.amount_fen, held.unpriced] == sums, fact.fact
        assert fact.subjects == len(wanted["any"])
        assert fact.subjects_alone == len(wanted["only"])
    assert {
        s.facts: [s.held.decisions, s.held.amount_fen, s.held.unpriced] for s in found.by_set
    } == (expected["sets"])
    assert any(fact.alone.amount_fen and fact.alone.unpriced for fact in found.by_fact)
    assert {"judged by 区局"} <= {fact.fact for fact in found.by_fact}
    decisions = [fact.alone.decisions for fact in found.by_fact]
    assert decisions == sorted(decisions, reverse=True)


def test_arithmetic_without_a_result_is_counted_by_policy_as_row_by_row(
    bounds: list[Bound],
) -> None:
    heads = pl.Series("staff_prev_year", [0, 3, None, 0, 2] * 300, dtype=pl.Int64)
    frame = draw(1500, 9).with_columns(heads)
    parts = [(bounds, frame[:400], "enterprise"), (bounds, frame[400:], "enterprise")]
    expected: Counter[tuple[str, str]] = Counter()
    for bound in bounds:
        for row in frame.iter_rows(named=True):
            decision = decide(bound, facts_of_row(row, bound.types))
            if decision.verdict == "unknown":
                expected.update((bound.policy.id, reason) for reason in decision.reasons)
    found = {(one.policy, one.reason): one.decisions for one in find_held_back(parts).by_reason}
    assert found == expected
    assert expected["second", "undefined"] > 50


def test_numbers_beyond_any_column_are_asked_about_row_by_row(bounds: list[Bound]) -> None:
    frame = draw(60, 2).with_columns(pl.Series("staff_prev_year", [1e-9, 3e15, None] * 20))
    found = find_held_back([(bounds, frame, "enterprise")])
    expected = by_row(bounds, frame)
    assert found.unknown == expected["unknown"]
    assert {f.fact: f.alone.decisions for f in found.by_fact} == {
        name: wanted["alone"][0] for name, wanted in expected["facts"].items()
    }


def test_nobody_waits_where_everything_is_known(bounds: list[Bound]) -> None:
    frame = draw(50, 1).drop_nulls()
    found: HeldBack = find_held_back([(bounds[:1], frame, "enterprise")])
    assert found.by_fact == ()


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [("sum_of_portions", [35_000, 25_000, 10_000]),
     ("highest_portion", [25_000, 25_000, 10_000])],
)  # fmt: skip
def test_a_portion_that_is_undecided_counts_in_what_is_due_at_most(
    taken: str, wanted: list[int], tmp_path: Path
) -> None:
    text = f"""
        clauses: [{{id: a, says: 一, when: ui_paid_months > 0}}]
        benefit:
          portions:
            - {{id: base, says: 一, when: 'ent_size == "small"', amount: 100}}
            - {{id: more, says: 二, when: is_zombie, amount: 250}}
          amount: [{taken}]
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), date(2025, 9, 1))
    frame = pl.DataFrame(
        {"ent_size": ["small", "large", "small"], "is_zombie": [None, None, False]},
        schema={"ent_size": pl.String, "is_zombie": pl.Boolean},
    )
    prepared = prepare(frame, bound.types, bound.types)
    most = prepared.frame.select(most=lower_at_most(bound, prepared.known))["most"]
    assert most.to_list() == wanted
