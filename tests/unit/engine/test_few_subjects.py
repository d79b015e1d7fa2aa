"""Few subjects have the results that the reference gives for each policy alone."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from engine.by_hand import Result, _from_decision, evaluate_subjects
from engine.decision import decide
from engine.few import policies_standing
from engine.program import Bound, Program, compile_policies
from language.asking import Gathering, ask, plain_value
from language.frame import facts_of_row
from language.parse import parse
from language.reference import evaluate
from policies.load import CATALOGUE, load_policies
from profiles.hand import Subject
from profiles.hand_frame import build_frame
from tests.support.drawn_subjects import draw_frame
from tests.support.generated import build_scope, draw_rows, facts_of, write_truth
from tests.support.policy_texts import vocabulary, write_policies

SCOPE = build_scope()
AUDIENCES = ("enterprise", "household", "resident")


def _subjects(bounds: tuple[Bound, ...], seed: str, count: int) -> list[Subject]:
    """Drawn subjects, as somebody would type them in."""
    frame = draw_frame(list(bounds), Random(seed), count, by_hand=False)
    money = {n for b in bounds for n, kind in b.types.items() if kind == "money"}
    subjects = []
    for number, row in enumerate(frame.iter_rows(named=True)):
        facts: dict[str, object] = {}
        for name, value in row.items():
            if name == "subject" or name.endswith("::none"):
                continue
            if value is None:
                if row.get(f"{name}::none"):
                    facts[name] = "none"
                elif number % 2:
                    facts[name] = None
            elif name in money:
                facts[name] = Decimal(value) / 100
            else:
                facts[name] = Decimal(repr(value)) if isinstance(value, float) else value
        subjects.append(
            Subject(line=number, subject=f"S{number}", audience=None, as_of=None, facts=facts)
        )
    return subjects


def _by_reference(program: Program, subject: Subject, day: date) -> list[Result]:
    results = []
    shared = program.vocabulary.facts
    for audience in AUDIENCES:
        for shared_policy in policies_standing(program, audience, day).shared:
            bound = shared_policy.bound
            own = {f.name: f for f in bound.policy.facts if f.name not in shared}
            frame = build_frame([subject], program.vocabulary, own, audience, day).frame
            facts = facts_of_row(frame.row(0, named=True), bound.types)
            decision = decide(bound, facts, by_hand=True)
            results.append(_from_decision(bound, decision, subject.subject))
    order = {policy.key: number for number, policy in enumerate(program.policies)}
    return sorted(results, key=lambda result: order[f"{result.policy}@{result.version}"])


@pytest.mark.parametrize("day", [date(2024, 8, 31), date(2025, 10, 31)])
@pytest.mark.parametrize("audience", ["enterprise", "resident"])
def test_a_subject_has_the_results_of_the_reference_under_every_policy(
    audience: str, day: date
) -> None:
    program = compile_policies(load_policies([CATALOGUE], vocabulary()).policies, vocabulary())
    bounds = policies_standing(program, audience, day).bounds
    seen = set()
    for subject in _subjects(bounds, f"few {audience} {day}", 6):
        wanted = _by_reference(program, subject, day)
        keys = {(result.policy, result.version) for result in wanted}
        results = [
            result
            for result in evaluate_subjects(program, [subject], day)[0]
            if (result.policy, result.version) in keys
        ]
        assert results == wanted
        seen |= {(result.verdict, bool(result.missing)) for result in results}
    assert {("eligible", False), ("ineligible", False), ("unknown", True)} <= seen


def test_few_and_many_subjects_have_the_same_results() -> None:
    program = compile_policies(load_policies([CATALOGUE], vocabulary()).policies, vocabulary())
    day = date(2025, 10, 31)
    bounds = policies_standing(program, "resident", day).bounds
    subjects = _subjects(bounds, "many", 10)
    many, _ = evaluate_subjects(program, subjects, day)
    alone = [result for s in subjects for result in evaluate_subjects(program, [s], day)[0]]
    assert many == alone


def test_policies_that_write_the_same_may_mean_different_things(tmp_path: Path) -> None:
    text = """
        parameters: {{limit: {{source: 一, value: {limit}}}}}
        facts: {{mine: {{type: {kind}}}}}
        clauses:
          - {{id: a, says: 一, when: ui_paid_months >= limit}}
          - {{id: b, says: 一, when: {test}}}
        benefit: {{amount: 1}}
    """
    texts = {
        "low": text.format(limit=3, kind="integer", test="mine > 4"),
        "high": text.format(limit=9, kind="text", test='mine == "5"'),
    }
    policies = load_policies(write_policies(tmp_path, texts), vocabulary()).policies
    program = compile_policies(policies, vocabulary())
    facts = {"ui_paid_months": 6, "mine": "5"}
    subject = Subject(line=1, subject="S", audience="enterprise", as_of=None, facts=facts)
    results, _ = evaluate_subjects(program, [subject], date(2025, 1, 1))
    found = {result.policy: (result.verdict, result.failed) for result in results}
    assert found == {"low": ("eligible", ()), "high": ("ineligible", ("a",))}


def test_other_figures_are_told_beside_a_plain_amount(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, when: ui_paid_months >= 3}]
        benefit:
          amount: revenue
          also: {told: {label: 另, amount: rd_expense}}
    """
    policies = load_policies(write_policies(tmp_path, {"told": text}), vocabulary()).policies
    program = compile_policies(policies, vocabulary())
    facts = {"ui_paid_months": 6, "revenue": Decimal("12.5"), "rd_expense": 3}
    subject = Subject(line=1, subject="S", audience="enterprise", as_of=None, facts=facts)
    ((result,), _) = evaluate_subjects(program, [subject], date(2025, 1, 1))
    assert (result.amount_fen, result.amounts_fen) == (1250, {"told": 300})


@pytest.mark.parametrize("batch", range(6))
def test_any_condition_asked_has_the_value_of_the_reference(batch: int) -> None:
    rng = Random(f"asked {batch}")
    conditions = [parse(write_truth(rng, rng.randint(1, 4))) for _ in range(40)]
    gathering = Gathering()
    numbers = [gathering.number(condition, SCOPE) for condition in conditions]
    for row in draw_rows(rng, 60):
        facts = facts_of(row)
        answers = ask(gathering.tests, facts)
        for number, condition in zip(numbers, conditions, strict=True):
            wanted = evaluate(condition, SCOPE, facts).value
            assert answers[number] == plain_value(wanted), (condition, row)
            assert (answers[number] is None) is (wanted is None)
