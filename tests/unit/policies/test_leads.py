"""Checks (`kind: check`): decided like a policy, and nothing follows from a match but a lead."""

from pathlib import Path

import pytest

from console.policy_page import build_page
from console.show_page import write_page
from engine.examples import run_examples
from language.errors import FilesRefused
from policies.load import load_policies
from policies.policy import Policy
from policies.terms import reasons_to_hold
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.vocabulary_load import builtin_vocabulary
from tests.unit.policies.test_schema import mistakes

CHECK = """\
policy: allowance-after-death
kind: check
version: 2025.1
title: {zh: 已故人员仍在领取补贴, en: Allowance drawn after death}
audience: resident
authority: 示范市民政局
level: city
region: "990100"
basis: [{document: 示范市补贴资金核查办法, number: 示民发〔2025〕7号}]
effective: {from: 2025-01-01}
per: month
facts:
  drew_lately: {label: {zh: 近期领取补贴, en: drew lately}, type: boolean}
clauses:
  - {id: dead, says: {zh: 已登记死亡, en: died}, source: 三, when: death_date <= as_of}
  - {id: drawing, says: {zh: 近期仍领取补贴, en: still drawing}, source: 三, when: drew_lately}
examples:
  as_of: 2025-09-01
  given: {death_date: 2025-06-01}
  cases:
    - {name: a lead, given: {drew_lately: true}, expect: {verdict: eligible}}
    - {name: none, given: {drew_lately: false}, expect: {verdict: ineligible}}
    - name: death not known
      given: {drew_lately: true, death_date: unknown}
      expect: {verdict: unknown, missing: [death_date]}
"""


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return builtin_vocabulary(builtin_datasets())


def load(text: str, path: Path, words: Vocabulary) -> Policy:
    path.write_text(text, encoding="utf-8")
    (policy,) = load_policies([path], words).policies
    return policy


def test_a_check_is_decided_and_all_its_matches_are_held(tmp_path: Path, words: Vocabulary) -> None:
    policy = load(CHECK, tmp_path / "p.yaml", words)
    results = run_examples(policy, words)
    assert len(results) == 3
    assert [result.differences for result in results if not result.passed] == []
    (why,) = reasons_to_hold(policy.terms)
    assert "lead for a person" in why
    assert (policy.steps, policy.portions, policy.also) == ((), (), ())


def test_a_policy_is_no_lead(tmp_path: Path, words: Vocabulary) -> None:
    text = CHECK.replace("kind: check", "kind: policy") + "benefit: {kind: service}\n"
    assert reasons_to_hold(load(text, tmp_path / "p.yaml", words).terms) == ()


@pytest.mark.parametrize(
    "given",
    [
        "benefit: {amount: 1}", "delivery: direct", "budget: {amount: 1}", "back_pay: 3 months",
        "stacking: {excludes: [x]}", "recipient: guardian", "deadlines: {pay: day 1}",
        "public_notice: {days: 7}", "service: {task_name: x}",
        "each: {row: hires, amount: 1}", "each: {row: hires, claim: {of: person_id, group: x}}",
        "each: {row: hires, limits: [{on: rows, up_to: 1}]}",
    ],
)  # fmt: skip
def test_a_check_that_would_give_something_is_refused(
    tmp_path: Path, words: Vocabulary, given: str
) -> None:
    with pytest.raises(FilesRefused, match="it gives nothing, its matches are leads") as refused:
        load(CHECK + given + "\n", tmp_path / "p.yaml", words)
    assert len(refused.value.problems) == 1


def test_a_check_implements_no_frame(tmp_path: Path, words: Vocabulary) -> None:
    text = CHECK + "implements: job-retention-refund\n"
    with pytest.raises(FilesRefused, match="a check implements no frame"):
        load(text, tmp_path / "p.yaml", words)


def test_its_page_says_that_nothing_is_given(tmp_path: Path, words: Vocabulary) -> None:
    policy = load(CHECK, tmp_path / "p.yaml", words)
    page = write_page([build_page(policy, words, "zh")])
    assert "核查线索，不给予任何待遇" in page
    assert "申请" not in page
    assert "nothing is given" in write_page([build_page(policy, words, "en")])


def test_editors_know_what_a_check_may_say() -> None:
    assert mistakes("policy", CHECK) == []
    for given in ("benefit: {amount: 1}", "delivery: direct", "public_notice: {days: 7}"):
        assert mistakes("policy", CHECK + given + "\n")
    assert mistakes("policy", CHECK.replace("kind: check\n", ""))
