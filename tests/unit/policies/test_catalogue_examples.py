"""The catalogue's own examples are tests of its policies."""

from dataclasses import replace

import pytest

from engine.examples import run_examples
from policies.load import CATALOGUE, load_policies
from policies.policy import Policy, leaves_of
from tests.support.policy_texts import vocabulary

LOADED = load_policies([CATALOGUE], vocabulary())
every_policy = pytest.mark.parametrize("policy", LOADED.policies, ids=lambda policy: policy.id)


@every_policy
def test_every_example_of_a_policy_passes(policy: Policy) -> None:
    results = run_examples(policy, vocabulary())
    assert len(results) >= 5
    assert [(r.example, r.differences) for r in results if not r.passed] == []


@every_policy
def test_the_examples_show_both_verdicts_and_a_missing_fact(policy: Policy) -> None:
    verdicts = {example.verdict for example in policy.examples}
    assert {"eligible", "ineligible"} <= verdicts
    assert any(e.verdict == "unknown" or e.amount == "unknown" for e in policy.examples)


@every_policy
def test_the_examples_name_only_what_the_policy_has(policy: Policy) -> None:
    named = {name for e in policy.examples for name in e.failing or ()}
    clauses = policy.clauses + (policy.each.clauses if policy.each else ())
    tops = {clause.id for clause in clauses}
    inside = {leaf.id for leaf in leaves_of(clauses)}
    rows = {policy.each.row_set.name} if policy.each else set()
    assert named <= tops | inside | rows | {"effective", "window", "region"} | {
        portion.id for portion in policy.portions
    }


@every_policy
def test_every_clause_says_what_it_means_in_both_languages_with_its_source(policy: Policy) -> None:
    for clause in policy.clauses:
        assert clause.says
        assert clause.says_en
        assert clause.source
    assert policy.contact_office
    assert policy.contact_phone
    assert policy.title_en


def test_a_wrong_example_is_told_with_what_came_out() -> None:
    policy = LOADED.policies[0]
    wrong = replace(policy.examples[0], verdict="unknown", failing=("insured-a-year",))
    (result,) = run_examples(replace(policy, examples=(wrong,)), vocabulary())
    assert not result.passed
    assert "expected unknown, came out ineligible" in result.differences[0]


def test_an_example_that_expects_a_part_of_a_fen_is_wrong() -> None:
    policy, example = next(
        (policy, example)
        for policy in LOADED.policies
        for example in policy.examples
        if example.verdict == "eligible" and example.amount not in (None, "unknown")
    )
    wrong = replace(example, amount="0.001")
    (result,) = run_examples(replace(policy, examples=(wrong,)), vocabulary())
    assert "expected amount 0.001: amounts are whole fen" in result.differences[0]
