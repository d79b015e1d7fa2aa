"""Reasons: every clause, fact, source and step is told, whatever the verdict."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.decision import decide
from engine.explain import explain
from engine.explain_by_hand import read_given
from engine.explanation import ClauseTold, Explanation, FactUsed, Source, as_json
from engine.program import Bound, bind, compile_policies
from engine.rows import RowsGiven
from language.definition import Given
from language.reach import reachable_facts
from language.reference import NONE, Facts
from policies.load import CATALOGUE, load_policies
from policies.policy import Clause, ClauseGroup, Policy, leaves_of
from profiles.hand import Subject
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
# policies decided row by row are told in test_rows_by_hand
POLICIES = [p for p in load_policies([CATALOGUE], vocabulary()).policies if p.each is None]
INSURANCE = Source(
    dataset="unemployment-insurance", department="人社局", release="f00d",
    delivered_on=date(2025, 8, 1),
)  # fmt: skip

FULL = """
    region: "440000"
    parameters:
      share: {label: {zh: 比例, en: Share}, by: ent_size, source: 办法一, rows: {large: 30%, "small, micro": 60%}}
      limit: {label: {zh: 上限, en: Ceiling}, value: 500, source: 办法二}
    facts:
      per_head: {label: {zh: 人均, en: Per head}, source: 办法三, is: revenue / staff_prev_year}
    clauses:
      - {id: months, says: {zh: 缴满半年, en: half a year paid}, source: 办法四, when: ui_paid_months >= 6, not_yet: true}
      - id: one-of
        says: {zh: 其一, en: one of}
        source: 办法五
        any:
          - {id: rich, says: {zh: 富, en: rich}, when: per_head >= 33.5}
          - {id: judged, says: {zh: 认定, en: judged}, judged_by: 区局}
      - id: never
        says: {zh: 均不得, en: none of}
        none:
          - {id: zombie, says: {zh: 僵尸, en: zombie}, when: is_zombie}
          - id: both
            says: {zh: 并列, en: both}
            all:
              - {id: listed, says: {zh: 名单, en: listed}, when: credit_serious_dishonest}
              - {id: event, says: {zh: 认定, en: event}, when: hnte_event != "first"}
    benefit:
      portions:
        - {id: base, says: {zh: 基本, en: base}, source: 办法六, amount: [revenue, {times: share}]}
        - {id: more, says: {zh: 另加, en: more}, source: 办法七, when: first_sishang, amount: 20}
      amount:
        - sum_of_portions
        - {at_most: limit, says: {zh: 不超过, en: at most}, source: 办法八}
        - {minus: 5, when: is_zombie, says: 减五}
        - round: down to 10
      also: {told: {label: 另, amount: rd_expense / 3}}
    not_modelled: [{says: {zh: 其他, en: others}}]
"""  # noqa: E501

GOOD: dict[str, Any] = {
    "ent_region": "440100",
    "ent_size": "small",
    "ui_paid_months": Fraction(6),
    "revenue": Fraction(670),
    "staff_prev_year": Fraction(20),
    "is_zombie": False,
    "credit_serious_dishonest": False,
    "hnte_event": NONE,
    "first_sishang": True,
    "rd_expense": Fraction(100),
}


@pytest.fixture
def full(tmp_path: Path) -> Bound:
    return bind(load_one(tmp_path, FULL), vocabulary(), DAY)


def told(bound: Bound, facts: Mapping[str, Any]) -> Explanation:
    sources = {"ui_paid_months": INSURANCE}
    return explain(bound, vocabulary(), facts, "E1", sources)


def clauses_of(explanation: Explanation) -> dict[str, ClauseTold]:
    found = {clause.id: clause for clause in explanation.clauses}
    assert len(found) == len(explanation.clauses)
    return found


def facts_of(facts: Iterable[FactUsed]) -> dict[str, str | None]:
    return {fact.name: fact.value_zh for fact in facts}


def test_an_eligible_decision_is_told_whole(full: Bound) -> None:
    explanation = told(full, GOOD)
    assert explanation.verdict == "eligible"
    # 670 × 60 % + 20 = 422, rounded down to tens
    assert explanation.amount == "420.00"
    clauses = clauses_of(explanation)
    assert [(c.id, c.depth, c.value, c.unwanted) for c in explanation.clauses] == [
        ("region", 0, True, False),
        ("months", 0, True, False),
        ("one-of", 0, True, False),
        ("rich", 1, True, False),
        ("judged", 1, None, False),
        ("never", 0, True, False),
        ("zombie", 1, False, True),
        ("both", 1, False, True),
        ("listed", 2, False, True),
        ("event", 2, True, True),
        ("base", 0, True, False),
        ("more", 0, True, False),
    ]
    assert [clauses[c].group for c in ("one-of", "never", "both", "base")] == [
        "any", "none", "all", "portion",
    ]  # fmt: skip
    months = clauses["months"]
    assert (months.says_zh, months.says_en, months.source) == (
        "缴满半年", "half a year paid", "办法四",
    )  # fmt: skip
    assert months.condition_zh == "失业保险足额缴费月数 ≥ 6个月"
    assert months.condition_en == "Months of unemployment insurance paid in full ≥ 6 months"
    (paid,) = months.facts
    assert (paid.value_zh, paid.source) == ("6个月", INSURANCE)
    assert clauses["judged"].condition_zh == "由区局认定"
    assert clauses["judged"].condition_en == "judged by 区局"


def test_a_worked_out_fact_is_told_with_what_it_rests_on(full: Bound) -> None:
    rich = clauses_of(told(full, GOOD))["rich"]
    assert facts_of(rich.facts) == {
        "per_head": "33.5", "revenue": "670.00元", "staff_prev_year": "20人",
    }  # fmt: skip
    assert rich.facts[0].name == "per_head"
    assert rich.facts[0].legal_source == "办法三"
    assert facts_of(clauses_of(told(full, GOOD))["event"].facts) == {"hnte_event": "不适用"}
    (region,) = clauses_of(told(full, GOOD))["region"].facts
    assert region.value_zh == "广州市（440100）"


def test_every_step_is_told_with_what_it_came_to(full: Bound) -> None:
    explanation = told(full, GOOD)
    steps = explanation.steps
    assert [(s.does_zh, s.operand_en, s.says_zh, s.source, s.applied, s.amount) for s in steps] == [
        ("分项合计", None, "", "", True, "422.00"),
        ("最多上限", "500.00 yuan", "不超过", "办法八", True, "422.00"),
        ("减5.00元", None, "减五", "", False, "422.00"),
        ("向下取整到10.00元的倍数", "10.00 yuan", "", "", True, "420.00"),
    ]
    assert steps[2].condition_zh == "僵尸企业：是"
    assert {a.name: (a.label_zh, a.amount) for a in explanation.also} == {"told": ("另", "33.33")}


def test_every_portion_and_other_figure_is_told_step_by_step(full: Bound) -> None:
    explanation = told(full, GOOD)
    base, more = explanation.portions
    assert [(s.does_en, s.operand_zh, s.amount) for s in base.steps] == [
        ("take Revenue last year", "670.00元", "670.00"),
        ("times Share", "60%", "402.00"),
    ]
    assert (base.label_zh, base.amount, more.amount) == ("基本", "402.00", "20.00")
    (other,) = explanation.also
    assert [(s.does_zh, s.operand_en) for s in other.steps] == [
        ("取研发费用 ÷ 3", "≈ 33.3333 yuan"),
    ]


def test_the_amounts_own_facts_and_parameters_are_told_with_their_legal_source(full: Bound) -> None:
    found = {fact.name: fact for fact in told(full, GOOD).amount_facts}
    assert set(found) == {"ent_size", "rd_expense", "share", "limit"}
    assert (found["share"].value_zh, found["share"].legal_source) == ("60%", "办法一")
    assert (found["limit"].label_zh, found["limit"].label_en) == ("上限", "Ceiling")
    large = told(full, GOOD | {"ent_size": "medium"})
    (share,) = [fact for fact in large.amount_facts if fact.name == "share"]
    assert (share.value_zh, share.value_en) == ("无对应标准", "no row")
    assert large.amount is None
    assert "no row" in large.reasons


def test_an_ineligible_decision_names_what_failed_and_still_tells_every_clause(full: Bound) -> None:
    explanation = told(full, GOOD | {"is_zombie": True})
    assert (explanation.verdict, explanation.amount) == ("ineligible", None)
    assert explanation.failed == ("zombie",)
    assert set(clauses_of(explanation)) == set(clauses_of(told(full, GOOD)))
    assert (explanation.steps, explanation.amount_facts, explanation.also) == ((), (), ())
    elsewhere = told(full, GOOD | {"ent_region": "110000", "is_zombie": True})
    assert elsewhere.failed == ("region",)
    assert clauses_of(elsewhere)["region"].value is False
    assert clauses_of(elsewhere)["zombie"].value is True


def test_an_unknown_decision_names_what_is_missing_and_why(full: Bound) -> None:
    explanation = told(full, GOOD | {"staff_prev_year": None, "revenue": None})
    assert explanation.verdict == "unknown"
    assert {"rich", "judged"} <= set(explanation.unknown)
    assert facts_of(explanation.missing) == {"revenue": None, "staff_prev_year": None}
    assert {fact.label_zh for fact in explanation.missing} == {
        "年度营业(销售)收入", "上年在职职工人数",
    }  # fmt: skip
    waiting = told(full, GOOD | {"ui_paid_months": Fraction(5)})
    assert (waiting.verdict, waiting.unknown) == ("unknown", ("months",))
    assert waiting.missing == ()
    assert waiting.reasons == ("not yet: months",)
    undefined = told(full, GOOD | {"staff_prev_year": Fraction(0)})
    assert undefined.verdict == "unknown"
    assert "undefined" in undefined.reasons


DATED = """
    parameters:
      rate:
        label: {zh: 定额, en: Rate}
        at: event_on
        by: ent_size
        source: 总办法
        values:
          - {from: 2023-01-01, to: 2023-12-31, source: 旧办法, rows: {small: 100, else: 50}}
          - {from: 2024-01-01, source: 新办法, rows: {"small, micro": 200, else: 80}}
      tax:
        label: {zh: 累进, en: Scale}
        by: revenue
        source: 税法
        tiers: [{over: 0, up_to: 36000, rate: 3%}, {over: 36000, rate: 10%}]
    facts:
      event_on: {label: {zh: 事件日, en: Event}, type: date}
    clauses: [{id: a, says: 一, when: revenue > 0}]
    benefit: {amount: [rate, {plus: tax}]}
"""


def test_the_span_of_a_subjects_own_day_its_row_and_every_tier_are_told(tmp_path: Path) -> None:
    bound = bind(load_one(tmp_path, DATED), vocabulary(), DAY)
    facts: Facts = {"event_on": date(2024, 5, 1), "ent_size": "micro", "revenue": Fraction(40_000)}
    explanation = explain(bound, vocabulary(), facts, "E1", {})
    # 200 + 36000 × 3 % + 4000 × 10 %
    assert explanation.amount == "1,680.00"
    found = {fact.name: fact for fact in explanation.amount_facts}
    rate = found["rate"].parameter
    assert rate is not None
    assert found["rate"].legal_source == "新办法"
    assert (rate.begins, rate.ends, rate.chosen_by) == (date(2024, 1, 1), None, "event_on")
    assert [(key.fact, key.says_zh) for key in rate.row] == [("ent_size", "small、micro")]
    scale = found["tax"].parameter
    assert scale is not None
    assert [tier.part for tier in scale.tiers] == ["1080", "400"]
    before: Facts = {**facts, "event_on": date(2023, 12, 31)}
    (old,) = [
        f for f in explain(bound, vocabulary(), before, "E1", {}).amount_facts if f.name == "rate"
    ]
    assert (old.legal_source, old.value_en) == ("旧办法", "50")
    assert old.parameter is not None
    assert old.parameter.row[0].says_en == "any other"
    too_early: Facts = {**facts, "event_on": date(2022, 1, 1)}
    (none,) = [
        f
        for f in explain(bound, vocabulary(), too_early, "E1", {}).amount_facts
        if f.name == "rate"
    ]
    assert (none.value, none.parameter) == (None, None)


TABLE = """
    tables:
      rate:
        label: {zh: 补贴标准, en: rates}
        source: 办法三
        inputs: [ent_size, {name: revenue, label: {zh: 营收, en: revenue}}]
        outputs: [{name: rate, label: {zh: 标准, en: rate}, unit: yuan}]
        hit: first
        rows:
          - [small, under 100, 50]
          - {when: ["small, micro", from 0], then: [40], source: 办法四}
    clauses: [{id: a, says: 一, when: not is_zombie}]
    benefit: {amount: rate}
"""


def test_the_row_of_a_decision_table_that_counted_is_told(tmp_path: Path) -> None:
    bound = bind(load_one(tmp_path, TABLE), vocabulary(), DAY)
    facts: Facts = {"is_zombie": False, "ent_size": "small", "revenue": Fraction(70)}
    (rate,) = [
        f for f in explain(bound, vocabulary(), facts, "E", {}).amount_facts if f.name == "rate"
    ]
    assert (rate.value_zh, rate.label_en, rate.legal_source) == ("50.00元", "rate", "办法三")
    assert rate.parameter is not None
    assert rate.parameter.rules == (1,)
    assert [(k.label_zh, k.says_zh) for k in rate.parameter.row] == [
        ("第1行", "企业划型 small，营收 under 100"),
    ]
    facts = {**facts, "ent_size": "large"}
    (rate,) = [
        f for f in explain(bound, vocabulary(), facts, "E", {}).amount_facts if f.name == "rate"
    ]
    assert (rate.value, rate.value_en) == (None, "no row")


def test_figures_are_rounded_half_up_as_the_amount_is(tmp_path: Path) -> None:
    """A recipient who adds up what the steps say must come to what is paid."""
    text = """
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit:
          amount: [1, {times: 0.125}]
          also: {told: {label: 另, amount: 0.125}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    explanation = told(bound, {"is_zombie": False})
    assert explanation.amount == "0.13"
    assert explanation.steps[-1].amount == "0.13"
    assert explanation.also[0].amount == "0.13"


def test_large_amounts_keep_every_fen(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: revenue}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    facts = {"is_zombie": False, "revenue": Fraction(999_999_999_999_999_99, 100)}
    explanation = told(bound, facts)
    assert explanation.amount == "999,999,999,999,999.99"
    assert explanation.steps[-1].amount == "999,999,999,999,999.99"


def test_what_data_cannot_settle_is_told(full: Bound) -> None:
    explanation = told(full, GOOD)
    assert explanation.not_modelled_zh == ("其他",)
    assert explanation.not_modelled_en == ("others",)


def test_an_explanation_is_plain_data(full: Bound) -> None:
    for facts in (GOOD, GOOD | {"is_zombie": True}, {}):
        explanation = told(full, facts)
        plain = as_json(explanation)
        assert json.loads(json.dumps(plain)) == plain
        assert plain["as_of"] == "2025-09-01"
        assert [clause["id"] for clause in plain["clauses"]] == [c.id for c in explanation.clauses]
    (paid,) = [c for c in as_json(told(full, GOOD))["clauses"] if c["id"] == "months"]
    assert paid["facts"][0]["source"] == {
        "dataset": "unemployment-insurance", "department": "人社局", "release": "f00d",
        "delivered_on": "2025-08-01", "answer": None,
    }  # fmt: skip


def ids_of(clauses: Iterable[Clause]) -> list[str]:
    found: list[str] = []
    for clause in clauses:
        found.append(clause.id)
        if isinstance(clause, ClauseGroup):
            found += ids_of(clause.members)
    return found


def example_facts(policy: Policy) -> list[tuple[Bound, Facts, RowsGiven]]:
    """The facts of a policy's examples as the reference reads them, and their rows."""
    program = compile_policies([policy], vocabulary())
    found: list[tuple[Bound, Facts, RowsGiven]] = []
    for example in policy.examples:
        subject = Subject(
            line=1, subject="a", audience=policy.audience, as_of=None, facts=example.given
        )
        bound = bind(policy, vocabulary(), example.as_of)
        facts, rows, _ = read_given(program, bound, subject)
        if policy.region and policy.region.fact not in facts:
            # by hand a region that is left out does not scope; an explanation asks for it
            facts = {**facts, policy.region.fact: policy.region.within[0].ljust(6, "0")}
        found.append((bound, facts, rows))
    return found


@pytest.mark.parametrize("policy", POLICIES, ids=[policy.id for policy in POLICIES])
def test_every_example_of_the_catalogue_is_told_completely(policy: Policy) -> None:
    verdicts = set()
    for bound, facts, rows in example_facts(policy):
        sources = {name: INSURANCE for name in facts}
        explanation = explain(bound, vocabulary(), facts, "a", sources, rows=rows)
        decision = decide(bound, facts, rows=rows)
        verdicts.add(explanation.verdict)
        assert explanation.verdict == decision.verdict
        assert explanation.failed == decision.failed
        wanted = [*decision.scope, *ids_of(policy.clauses), *(p.id for p in policy.portions)]
        whole = [clause for clause in explanation.clauses if clause.id in wanted]
        if policy.each is None:
            assert [clause.id for clause in explanation.clauses] == wanted
        assert set(wanted) <= {clause.id for clause in whole}
        clauses = {clause.id: clause for clause in reversed(whole)}
        for leaf in leaves_of(policy.clauses):
            clause = clauses[leaf.id]
            assert clause.says_zh == leaf.says
            assert clause.condition_zh
            assert clause.condition_en
            if leaf.when is None:
                continue
            names = reachable_facts([leaf.when], bound.scope)
            shown = {fact.name: fact for fact in clause.facts}
            for name in names:
                if not isinstance(bound.scope[name], Given):
                    continue
                base = name.split("::")[0]  # an average is held as a sum and a count
                assert shown[base].source == (INSURANCE if base in facts else None)
                assert (shown[base].value_zh is None) == (facts.get(base) is None)
        if explanation.verdict == "eligible":
            assert len(explanation.steps) == len(policy.steps)
            if policy.steps and decision.amount.value is not None:
                assert explanation.steps[-1].amount == explanation.amount
    assert verdicts >= {"eligible", "unknown"}


def test_the_dates_and_the_region_are_told_with_what_they_ask(tmp_path: Path) -> None:
    text = """
        region: {in: ["440000", 厦门], except: ["440300"]}
        effective: {from: 2020-01-01}
        window: {from: 2024-05-01, to: 2024-06-30}
        clauses: [{id: a, says: 一, when: is_zombie}]
        benefit: {amount: 1}
    """
    policy = load_one(tmp_path, text)
    bound = bind(policy, vocabulary(), date(2024, 7, 1))
    explanation = explain(bound, vocabulary(), {"ent_region": "440300"}, "F", {})
    asked = {c.id: (c.value, c.condition_zh, c.condition_en) for c in explanation.clauses}
    assert asked["window"] == (
        False,
        "自2024-05-01起至2024-06-30止",
        "from 2024-05-01 to 2024-06-30",
    )
    assert asked["region"] == (
        False,
        "广东省、厦门市，不含深圳市",
        "广东省, 厦门市, except 深圳市",
    )
