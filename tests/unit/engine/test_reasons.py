"""Why: which leaves failed or are open, what waits for whom, what an explanation tells."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from engine.decision import Decision, decide, to_fen
from engine.evaluate import evaluate_part
from engine.explain import explain
from engine.explanation import as_json
from engine.program import Bound, bind, expressions_of
from language.definition import Given
from language.frame import facts_of_row
from language.reach import reachable_facts
from language.reference import Facts, Value
from policies.load import CATALOGUE, load_policies
from policies.policy import Clause, ClauseGroup
from tests.support.drawn_subjects import draw_frame
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 6, 30)
POLICIES = load_policies([CATALOGUE], vocabulary()).policies
YES, NO = {"is_zombie": True}, {"is_zombie": False}


def bound_of(folder: Path, text: str, day: date = DAY) -> Bound:
    return bind(load_one(folder, text), vocabulary(), day)


def decided(folder: Path, text: str, facts: Facts, day: date = DAY) -> Decision:
    return decide(bound_of(folder, text, day), facts)


GROUPS = """
    clauses:
      - id: top
        {group}:
          - {{id: zombie, says: 一, when: is_zombie}}
          - {{id: listed, says: 一, when: credit_serious_dishonest}}
          - id: inner
            {inner}:
              - {{id: odd, says: 一, when: credit_abnormal_operation}}
              - {{id: sent, says: 一, when: ent_is_labor_dispatch}}
    benefit: {{amount: 1}}
"""


@pytest.mark.parametrize("group", ["all", "any", "none"])
@pytest.mark.parametrize("inner", ["all", "any", "none"])
def test_the_named_leaves_alone_explain_the_verdict(tmp_path: Path, group: str, inner: str) -> None:
    """Turning every failed leaf round makes a no a yes; knowing every open leaf decides."""
    bound = bound_of(tmp_path, GROUPS.format(group=group, inner=inner))
    leaves = {"zombie": "is_zombie", "listed": "credit_serious_dishonest",
              "odd": "credit_abnormal_operation", "sent": "ent_is_labor_dispatch"}  # fmt: skip
    values = (True, False, None)
    for a in values:
        for b in values:
            for c in values:
                for d in values:
                    facts: dict[str, Any] = dict(zip(leaves.values(), (a, b, c, d), strict=True))
                    found = decide(bound, facts)
                    assert set(found.failed) <= set(leaves)
                    assert not set(found.failed) & set(found.unknown)
                    if found.verdict == "eligible":
                        assert found.failed == ()
                    if found.verdict == "ineligible":
                        assert found.failed
                        turned = {leaves[name]: not facts[leaves[name]] for name in found.failed}
                        assert decide(bound, facts | turned).verdict != "ineligible"
                    if found.verdict == "unknown":
                        assert {leaves[name] for name in found.unknown} == set(found.missing)
                        wholly = [facts | dict.fromkeys(found.missing, v) for v in (True, False)]
                        assert all(decide(bound, f).verdict != "unknown" for f in wholly)


def test_a_leaf_that_is_not_yet_waits_instead_of_failing(tmp_path: Path) -> None:
    text = """
        clauses:
          - {id: half-a-year, says: 一, when: ui_paid_months >= 6, not_yet: true}
          - {id: alive, says: 一, when: not is_zombie}
        benefit: {amount: 1}
    """
    assert decided(tmp_path, text, {"ui_paid_months": Fraction(6), **NO}).verdict == "eligible"
    waiting = decided(tmp_path, text, {"ui_paid_months": Fraction(5), **NO})
    assert (waiting.verdict, waiting.missing) == ("unknown", ())
    assert waiting.reasons == ("not yet: half-a-year",)
    assert waiting.unknown == ("half-a-year",)
    over = decided(tmp_path, text, {"ui_paid_months": Fraction(5), **YES})
    assert (over.verdict, over.failed) == ("ineligible", ("alive",))


def test_what_an_office_judges_stays_open_and_names_the_office(tmp_path: Path) -> None:
    text = """
        clauses:
          - {id: merit, says: 一, judged_by: 区生态环境局}
          - {id: alive, says: 一, when: not is_zombie}
        benefit: {amount: 1}
    """
    waiting = decided(tmp_path, text, NO)
    assert (waiting.verdict, waiting.missing) == ("unknown", ("judged by 区生态环境局",))
    assert decided(tmp_path, text, YES).verdict == "ineligible"


def test_an_amount_that_an_office_decides_is_open(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: {decided_by: 市财政局}}
    """
    found = decided(tmp_path, text, NO)
    assert (found.verdict, found.amount_fen, found.missing) == ("eligible", None, ())
    assert found.reasons == ("decided by 市财政局",)


def test_an_undefined_quotient_is_unknown_with_that_reason(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: revenue / staff_prev_year > 1}]
        benefit: {amount: 1}
    """
    found = decided(tmp_path, text, {"revenue": Fraction(5), "staff_prev_year": Fraction(0)})
    assert (found.verdict, found.missing, found.reasons) == ("unknown", (), ("undefined",))


@pytest.mark.parametrize(
    ("day", "outside"),
    [
        (date(2023, 12, 31), "effective"), (date(2024, 1, 1), "window"),
        (date(2024, 2, 29), "window"), (date(2024, 3, 1), None), (date(2024, 3, 31), None),
        (date(2024, 4, 1), "window"), (date(2024, 12, 31), "window"),
        (date(2025, 1, 1), "effective"),
    ],
)  # fmt: skip
def test_a_policy_holds_from_its_first_to_its_last_day(
    tmp_path: Path, day: date, outside: str | None
) -> None:
    text = """
        effective: {from: 2024-01-01, to: 2024-12-31}
        window: {from: 2024-03-01, to: 2024-03-31}
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: 1}
    """
    assert bound_of(tmp_path, text, day).outside == outside
    found = decided(tmp_path, text, NO, day)
    if outside is None:
        assert found.verdict == "eligible"
    else:
        assert (found.verdict, found.failed) == ("ineligible", (outside,))


@pytest.mark.parametrize(
    ("registered", "verdict"),
    [
        (date(2023, 12, 31), "ineligible"), (date(2024, 1, 1), "eligible"),
        (date(2024, 12, 31), "eligible"), (date(2025, 1, 1), "ineligible"), (None, "unknown"),
    ],
)  # fmt: skip
def test_effective_at_a_fact_compares_the_subjects_own_day(
    tmp_path: Path, registered: date | None, verdict: str
) -> None:
    text = """
        effective: {from: 2024-01-01, to: 2024-12-31, at: registered_on}
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: 1}
    """
    found = decided(tmp_path, text, {"registered_on": registered, **NO})
    assert found.verdict == verdict
    if verdict == "ineligible":
        assert found.failed == ("effective",)
    if verdict == "unknown":
        assert found.missing == ("registered_on",)


@pytest.mark.parametrize(
    ("facts", "in_a_run", "by_hand"),
    [
        ({"ent_region": "440100"}, "eligible", "eligible"),
        ({"ent_region": "440000"}, "eligible", "eligible"),
        ({"ent_region": "440300"}, "ineligible", "ineligible"),
        ({"ent_region": "440305"}, "ineligible", "ineligible"),
        ({"ent_region": "450000"}, "ineligible", "ineligible"),
        ({"ent_region": None}, "unknown", "unknown"),
        ({}, "unknown", "eligible"),
    ],
)
def test_a_region_holds_below_it_but_for_what_is_excepted(
    tmp_path: Path, facts: dict[str, Any], in_a_run: str, by_hand: str
) -> None:
    text = """
        region: {in: ["440000"], except: ["440300"]}
        clauses: [{id: a, says: 一, when: not is_zombie}]
        benefit: {amount: 1}
    """
    bound = bound_of(tmp_path, text)
    assert decide(bound, facts | NO).verdict == in_a_run
    assert decide(bound, facts | NO, by_hand=True).verdict == by_hand
    if in_a_run == "ineligible":
        assert decide(bound, facts | YES).failed == ("region",)


def ids_of(clauses: tuple[Clause, ...]) -> set[str]:
    found: set[str] = set()
    for clause in clauses:
        found.add(clause.id)
        if isinstance(clause, ClauseGroup):
            found |= ids_of(clause.members)
    return found


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_an_explanation_tells_every_clause_every_fact_and_the_same_verdict(policy: object) -> None:
    bound = bind(policy, vocabulary(), DAY)  # type: ignore[arg-type]
    frame = draw_frame([bound], Random(bound.policy.id), 40, by_hand=False)
    in_clauses = (
        reachable_facts([e for e in expressions_of(bound.policy) if e is not None], bound.scope)
        - bound.amount_names
    )
    wanted = {name for name in in_clauses if isinstance(bound.scope.get(name), Given)}
    wanted = {name for name in wanted if "::" not in name}
    for row in frame.iter_rows(named=True):
        facts = facts_of_row(row, bound.types)
        decision = decide(bound, facts)
        told = explain(bound, vocabulary(), facts, row["subject"], {})
        assert told.verdict == decision.verdict
        assert ids_of(bound.policy.clauses) <= {clause.id for clause in told.clauses}
        truth = {clause.id: clause.value for clause in told.clauses}
        for name, value in decision.clauses.items():
            assert truth[name] is value.value
        named = {fact.name for clause in told.clauses for fact in clause.facts}
        assert wanted - named <= _of_delivery(bound)
        missing = {fact.name for fact in told.missing}
        assert {m for m in decision.missing if not m.startswith("judged by ")} == missing
        for clause in told.clauses:
            for fact in clause.facts:
                assert fact.label_zh
                assert fact.label_en
        assert as_json(told)["subject"] == row["subject"]


def _of_delivery(bound: Bound) -> set[str]:
    conditions = [case.when for case in bound.policy.delivery if case.when is not None]
    return set(reachable_facts(conditions, bound.scope))


@pytest.mark.parametrize("fen", ["0.5", "1.5", "2.5", "12.5", "1234567.5", "9007199254740993"])
def test_an_explanation_shows_the_very_amount_that_is_paid(tmp_path: Path, fen: str) -> None:
    """Half a fen goes up in the steps and the other figures as it does in the amount."""
    text = """
        clauses: [{id: a, says: 一, when: revenue > 0}]
        benefit: {amount: [revenue, {times: 1}], also: {told: {label: 另, amount: revenue}}}
    """
    bound = bound_of(tmp_path, text)
    facts = {"revenue": Fraction(fen) / 100}
    decision = decide(bound, facts)
    paid = to_fen(Value(facts["revenue"]))
    assert decision.amount_fen == paid
    assert paid is not None
    shown = f"{paid // 100:,}.{paid % 100:02d}"
    told = explain(bound, vocabulary(), facts, "S", {})
    assert told.amount == shown
    assert told.steps[-1].amount == shown
    assert told.also[0].amount == shown


TESTS_OF_A_STEP = [
    '$starts_with(gbt4754_code, "C35")',
    'gbt4754_code == "C351"',
    'gbt4754_code in ["C351"]',
    'gbt4754_code =~ "C35"',
    'not (gbt4754_code != "C351")',
    'is_zombie or gbt4754_code == "C351"',
    "is_zombie",
    "chosen == 1",
    "listed == 1",
    "tabled == 1",
]


@pytest.mark.parametrize("test", TESTS_OF_A_STEP)
def test_open_amounts_in_a_part_wait_each_for_its_own_facts(test: str, tmp_path: Path) -> None:
    """Whatever kind of test says whether the step counts, and so whether its fact matters."""
    text = f"""
        facts: {{chosen: {{says: 选, choose: [{{when: is_zombie, value: 1}}, {{value: 0}}]}}}}
        parameters:
          listed: {{by: gbt4754_code, source: 一, rows: {{C351: 1, else: 0}}}}
          tabled: {{by: staff_prev_year, source: 一, rows: {{up to 5: 0, over 5: 1}}}}
        clauses: [{{id: a, says: 一, when: ui_paid_months > 0}}]
        benefit: {{amount: [rd_expense, {{plus: revenue, when: '{test}'}}]}}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    schema = {
        "subject": pl.String, "ui_paid_months": pl.Int64, "gbt4754_code": pl.String,
        "is_zombie": pl.Boolean, "staff_prev_year": pl.Float64, "revenue": pl.Int64,
        "rd_expense": pl.Int64,
    }  # fmt: skip
    counts, not_counts = ("C351", True, 9.0), ("A01", False, 3.0)
    rows = [(f"S{n}", 1, *values, None, None) for n, values in enumerate((counts, not_counts) * 2)]
    outcome, _ = evaluate_part([bound], pl.DataFrame(rows, schema, orient="row"), "enterprise")
    assert outcome["missing"].to_list() == ["rd_expense,revenue", "rd_expense"] * 2
