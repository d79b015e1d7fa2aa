"""A state without a last day is still in force; one whose last day is not known may be over."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.by_hand import Result, evaluate_subjects
from engine.program import compile_policies
from profiles.hand import Subject
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 6, 30)
COUNTED = """
rows:
  jobs:
    time: {state: [start_on, end_on]}
    columns: {who: {type: text}, start_on: {type: date}, end_on: {type: date}}
facts: {working: {says: 在岗, from: jobs, on: as_of, count: rows}}
clauses: [{id: some, says: 有人在岗, when: working > 0}]
benefit: {amount: 100 * working}
"""
DECIDED = """
each:
  row: hires
  facts:
    last_on: {choose: [{when: left_on == null, is: as_of}, {is: '$earliest(left_on, as_of)'}]}
  clauses: [{id: half, says: 满半年, when: '$months(hire_on, last_on) >= 6'}]
  amount: 100
benefit: {amount: sum_of_rows}
"""


def evaluate(folder: Path, text: str, **facts: Any) -> Result:
    program = compile_policies([load_one(folder, text)], vocabulary())
    subject = Subject(subject="S", line=1, audience="enterprise", as_of=None, facts=facts)
    return evaluate_subjects(program, [subject], DAY)[0][0]


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ({"end_on": None}, "eligible"),
        ({}, "eligible"),
        ({"end_on": "none"}, "eligible"),
        ({"end_on": "2025-06-30"}, "eligible"),
        ({"end_on": "2025-06-29"}, "ineligible"),
        ({"end_on": "unknown"}, "unknown"),
        ({"end_on": "2025-06-31"}, "unknown"),
    ],
)
def test_only_a_last_day_that_is_not_there_leaves_a_state_in_force(
    tmp_path: Path, ends: dict[str, Any], verdict: str
) -> None:
    jobs = [{"who": "a", "start_on": "2025-01-01", **ends}]
    assert evaluate(tmp_path, COUNTED, jobs=jobs).verdict == verdict


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (None, "eligible"),
        ("2025-06-29", "ineligible"),
        ("2025-06-30", "eligible"),
        ("unknown", "unknown"),
    ],
)
def test_a_row_may_ask_whether_its_state_goes_on(
    tmp_path: Path, left: str | None, verdict: str
) -> None:
    hires = [{"person_id": "a", "hire_on": "2024-12-30", "left_on": left}]
    result = evaluate(tmp_path, DECIDED, hires=hires)
    assert result.verdict == verdict
    assert result.missing == (("left_on",) if verdict == "unknown" else ())
