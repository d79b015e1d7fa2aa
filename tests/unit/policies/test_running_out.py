"""Values that end soon, against a walk over every day."""

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.definition import Constant
from policies.load import load_policies
from policies.parameter import span_on
from policies.policy import DatedParameter, ParameterSpan
from policies.running_out import SOON, find_end, find_running_out
from tests.support.policy_texts import vocabulary, write_policies

POLICY = """\
effective: {from: 2025-01-01, to: 2026-12-31}
facts:
  staff: {label: 人数, type: integer, unit: person}
  hired_on: {label: 入职, type: date}
parameters:
  least:
    source: 办法
VALUES
clauses: [{id: big, says: 人数达标, source: 办法, when: staff >= least}]
benefit: {amount: 1}
examples: {as_of: 2025-06-30, cases: []}
"""


def told(folder: Path, values: str, day: str) -> list[str]:
    text = POLICY.replace("VALUES", values)
    loaded = load_policies(write_policies(folder, {"written": text}), vocabulary())
    (policy,) = loaded.policies
    found = find_running_out(policy, loaded.documents[policy.key], date.fromisoformat(day))
    return [f"{problem.line}: {problem.message}; {problem.remedy}" for problem in found]


LAST = "    values: [{from: 2025-01-01, to: 2026-03-31, value: 5}]"
RENEWED = """\
    values:
      - {from: 2025-01-01, to: 2026-03-31, value: 5}
      - {from: 2026-04-01, value: 6}
"""
TEMPORARY = """\
    values:
      - {from: 2025-01-01, value: 5}
      - {from: 2025-12-01, to: 2026-03-31, value: 6}
"""


def test_a_value_that_nothing_follows_is_told_within_ninety_days(tmp_path: Path) -> None:
    (line,) = told(tmp_path, LAST, "2026-01-01")
    assert line.startswith("14: ")
    assert 'the value of "least" ends on 2026-03-31, 89 days after 2026-01-01' in line
    assert "nothing holds afterwards: whoever needs it will be unknown" in line


@pytest.mark.parametrize(
    ("values", "day"),
    [
        (LAST, "2025-12-30"),  # 91 days ahead
        (LAST, "2026-04-01"),  # it has ended: that is told of the policy's days
        (LAST, "2027-01-01"),  # the policy has ended
        (RENEWED, "2026-03-30"),
        (TEMPORARY, "2025-11-30"),
        (LAST.replace("values:", "at: hired_on\n    values:"), "2026-03-30"),
    ],
)
def test_nothing_is_told_where_nothing_runs_out(tmp_path: Path, values: str, day: str) -> None:
    assert told(tmp_path, values, day) == []


def test_a_temporary_value_tells_what_holds_again(tmp_path: Path) -> None:
    (line,) = told(tmp_path, TEMPORARY, "2026-03-01")
    assert "afterwards the value from 2025-01-01 holds again" in line


DAYS = st.integers(0, 40).map(lambda n: date(2025, 1, 1) + timedelta(days=n))


@given(
    spans=st.lists(
        st.tuples(DAYS, st.none() | DAYS), min_size=1, max_size=4, unique_by=lambda s: s[0]
    ),
    day=DAYS,
    ahead=st.integers(0, 30),
)
def test_the_end_found_is_that_of_a_walk_over_every_day(
    spans: list[tuple[date, date | None]], day: date, ahead: int
) -> None:
    kept = [(start, end) for start, end in spans if end is None or end >= start]
    parameter = DatedParameter(
        name="x",
        label="",
        label_en="",
        unit="",
        at=None,
        spans=tuple(
            ParameterSpan(start=start, end=end, value=Constant(value=Fraction(1)), source="")
            for start, end in sorted(kept, key=lambda span: span[0], reverse=True)
        ),
    )
    last = day + timedelta(days=ahead)

    def walk() -> date | None:
        today = day
        while today < last:
            now, then = (span_on(parameter, d) for d in (today, today + timedelta(days=1)))
            if now is not None and (then is None or then.start < now.start):
                return today
            today += timedelta(days=1)
        return None

    assert find_end(parameter, day, last) == walk()
    assert timedelta(days=90) == SOON
