"""No field of a policy can change without being told, and nothing is told where nothing did."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.difference import COMPARED, UNCOMPARED, compare_versions
from policies.load import CATALOGUE, load_policies
from policies.policy import Policy
from tests.support.mutations import mutations
from tests.support.policy_texts import vocabulary, write_policies
from tests.support.whole_policies import WHOLE

RARE = """
effective: {from: 2025-03-16, to: 2025-12-31, at: paid_on}
window: {from: 2025-04-01, to: 2026-06-30}
per: {each: loan}
rows:
  loans:
    label: {zh: 贷款, en: loans}
    columns:
      loan: {label: 借据, type: text}
      paid_on: {label: 放款日, type: date}
      size: {label: 本金, type: money}
      kind: {label: 类别, type: code, values: [a, b]}
      overdue: {label: 逾期, type: boolean}
      doubled: {label: 两倍, type: money, is: size * 2}
parameters:
  rate: {at: paid_on, source: 一, values: [{from: 2025-01-01, value: 1%}]}
  most: {value: 9000, source: 一}
tables:
  factor:
    inputs: [staff_prev_year, ent_size]
    outputs: [{type: number}]
    hit: first
    source: 办法
    rows:
      - ["from 100", any, "2"]
      - {when: [any, any], then: "1", source: 办法 四, says: 其他}
clauses: [{id: honest, says: 守信, when: not credit_serious_dishonest}]
each:
  row: loans
  claim: {of: loan, group: loans}
  facts: {good: {says: 正常, is: not overdue}}
  clauses: [{id: in-order, says: 未逾期, when: 'good and kind == "a"'}]
  limits: [{on: size, up_to: most, order: paid_on, says: 每户限额}]
  amount: size_counted * rate
benefit: {kind: cash, payee: 示范银行, through: bank, amount: [sum_of_rows, {times: factor}]}
delivery: [{by: confirm, ahead: 2 months, answer: for each period, late: lost, silence: declines}]
stacking:
  excludes: [training-subsidy]
  requires: [insured]
  group: {name: 护理类, rule: sum-capped, cap: 1.5万}
budget: {amount: 1.2亿, order: ratio}
back_pay: 3 months
recipient: guardian
deadlines:
  confirm: 2025-12-01 to 2025-12-31
  review: 5 working days
  list: day 10
  pay: 30 days after funding
public_notice: {days: 7, show: [amount]}
service: {task_type: '05', handle_flow: [a, b], use_level: '4'}
contact: {office: 示范处, phone: '12345'}
"""

CATALOGUE_POLICIES = load_policies([CATALOGUE], vocabulary()).policies


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Policy, ...]:
    folder = tmp_path_factory.mktemp("whole")
    texts = {**WHOLE, "rare": RARE}
    return load_policies(write_policies(folder, texts), vocabulary()).policies


@pytest.mark.parametrize("policy", CATALOGUE_POLICIES, ids=lambda policy: policy.id)
def test_a_policy_does_not_differ_from_itself(policy: Policy) -> None:
    assert compare_versions(policy, policy, vocabulary()).changes == ()


def test_every_leaf_of_whole_policies_is_compared(whole: tuple[Policy, ...]) -> None:
    told = 0
    for policy in whole:
        for path, changed in mutations(policy):
            assert isinstance(changed, Policy)
            assert compare_versions(policy, changed, vocabulary()).changes, f"{policy.id}{path}"
            told += 1
    assert told > 500


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_random_change_in_a_policy_of_the_catalogue_is_told(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(CATALOGUE_POLICIES))
    path, changed = data.draw(st.sampled_from(list(mutations(policy))))
    assert isinstance(changed, Policy)
    assert compare_versions(policy, changed, vocabulary()).changes, f"{policy.id}{path}"
    assert compare_versions(changed, policy, vocabulary()).changes, f"{policy.id}{path} back"


def test_the_walk_reaches_every_field(whole: tuple[Policy, ...]) -> None:
    reached = {
        path.split(".")[1].split("[")[0]
        for policy in (*whole, *CATALOGUE_POLICIES)
        for path, _ in mutations(policy)
    }
    assert reached >= set(COMPARED)
    assert not reached & set(UNCOMPARED)


def test_another_hash_alone_is_another_spelling() -> None:
    policy = CATALOGUE_POLICIES[0]
    (change,) = compare_versions(
        policy, replace(policy, content_hash="other"), vocabulary()
    ).changes
    assert (change.kind, change.direction, change.decides) == ("respelled", "same", False)
