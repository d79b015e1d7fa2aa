"""The four criteria of benefits without an application."""

from pathlib import Path

import pytest

from language.errors import Problem
from policies.entry_criteria import find_unmet, unmet_criteria
from policies.load import load_policies
from tests.support.policy_texts import load_one, vocabulary, write_policies

CLEAR = """\
effective: {from: 2025-01-01}
basis: [{document: 办法, number: 示发〔2025〕1号}]
facts: {staff: {label: 人数, type: integer}}
clauses: [{id: big, says: 人数达标, source: 办法, when: staff > 3}]
benefit: {amount: 1000}
delivery: confirm
examples: {as_of: 2025-06-30, cases: []}
"""


def write(folder: Path, text: str) -> list[Path]:
    paths = write_policies(folder, {"written": text})
    head = paths[0].read_text(encoding="utf-8").replace("basis: [{document: 办法}]\n", "", 1)
    paths[0].write_text(head, encoding="utf-8")
    return paths


def unmet(folder: Path, text: str) -> list[str]:
    (policy,) = load_policies(write(folder, text), vocabulary()).policies
    return [criterion for criterion, _ in unmet_criteria(policy)]


def problems(folder: Path, text: str) -> list[Problem]:
    loaded = load_policies(write(folder, text), vocabulary())
    (policy,) = loaded.policies
    return list(find_unmet(policy, loaded.documents[policy.key]))


@pytest.mark.parametrize(
    ("old", "new", "criterion"),
    [
        ("when: staff > 3}", "judged_by: 市局}", "object"),
        (", number: 示发〔2025〕1号", "", "basis"),
        ("amount: 1000", "amount: {decided_by: 市财政局}", "amount"),
        ("effective: {from: 2025-01-01}\n", "", "in-force"),
    ],
)
def test_each_criterion_is_missed_alone(tmp_path: Path, old: str, new: str, criterion: str) -> None:
    assert unmet(tmp_path, CLEAR) == []
    assert unmet(tmp_path, CLEAR.replace(old, new)) == [criterion]


def test_all_that_is_missed_is_told_in_one_problem_at_the_delivery(tmp_path: Path) -> None:
    text = CLEAR.replace(", number: 示发〔2025〕1号", "").replace(
        "amount: 1000", "amount: {decided_by: 市财政局}"
    )
    (problem,) = problems(tmp_path, text)
    assert problem.code == "entry-criteria"
    assert "it is left to 市财政局" in problem.message
    assert "no document of basis has a number" in problem.message
    assert problem.line == 6 + CLEAR.splitlines().index("delivery: confirm") + 1


def test_what_people_apply_for_needs_none_of_them(tmp_path: Path) -> None:
    text = CLEAR.replace(", number: 示发〔2025〕1号", "").replace("confirm", "invite")
    assert problems(tmp_path, text) == []


def test_a_window_or_a_day_of_the_subject_is_a_first_day_too(tmp_path: Path) -> None:
    text = CLEAR.replace("effective: {from: 2025-01-01}", "window: {from: 2025-01-01}")
    assert unmet(tmp_path, text) == []


def test_a_service_needs_no_amount(tmp_path: Path) -> None:
    policy = load_one(tmp_path, CLEAR.replace("{amount: 1000}", "{kind: service}").replace(
        "basis: [{document: 办法, number: 示发〔2025〕1号}]\n", ""))  # fmt: skip
    assert [criterion for criterion, _ in unmet_criteria(policy)] == ["basis"]
