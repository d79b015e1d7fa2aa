"""The spans of days within which nothing of a policy changes."""

import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.policy_spans import spans_of
from engine.program import bind
from tests.support.policy_texts import load_one, vocabulary

CLAUSE = "clauses: [{id: a, says: 一, when: 'ui_paid_months >= least'}]\nbenefit: {amount: 1}\n"


def names(folder: Path, text: str) -> list[str]:
    return [span.name for span in spans_of(load_one(folder, text + CLAUSE))]


def test_a_policy_without_dates_has_one_span(tmp_path: Path) -> None:
    assert names(tmp_path, "parameters: {least: {value: 3, source: 一}}\n") == ["always"]


def test_dated_values_cut_the_days_in_force_and_none_outside(tmp_path: Path) -> None:
    text = """\
effective: {from: 2024-03-01, to: 2026-06-30}
window: {from: 2024-05-01}
parameters:
  least:
    values:
      - {from: 2020-01-01, value: 3, source: 一}
      - {from: 2025-01-01, value: 4, source: 二}
      - {from: 2025-07-01, to: 2025-09-30, value: 5, source: 三}
      - {from: 2027-01-01, value: 6, source: 四}
"""
    assert names(tmp_path, text) == [
        "2024-05-01 to 2024-12-31",
        "2025-01-01 to 2025-06-30",
        "2025-07-01 to 2025-09-30",
        "2025-10-01 to 2026-06-30",
    ]


def test_a_value_that_a_fact_chooses_cuts_nothing(tmp_path: Path) -> None:
    text = """\
parameters:
  least:
    at: approved_on
    values: [{from: 2020-01-01, value: 3, source: 一}, {from: 2025-01-01, value: 4, source: 二}]
"""
    assert names(tmp_path, text) == ["always"]


@pytest.mark.parametrize(("per", "period"), [("quarter", "this"), ("month", "last"), ("once", "")])
@pytest.mark.parametrize("at", ["period_start", "period_end"])
def test_within_a_span_every_day_means_the_same_value(
    tmp_path: Path, per: str, period: str, at: str
) -> None:
    """Asked day by day: the value changes at the spans' first days, and nowhere else."""
    text = f"""\
effective: {{from: 2024-02-10, to: 2025-12-31}}
per: {per}
{f"period: {period}" if period else ""}
parameters:
  least:
    at: {at}
    values: [{{from: 2020-01-01, value: 3, source: 一}}, {{from: 2025-02-15, value: 4, source: 二}}]
"""
    policy = load_one(tmp_path, text + CLAUSE)
    by_day = {}
    for offset in range((date(2025, 12, 31) - date(2024, 2, 10)).days + 1):
        day = date(2024, 2, 10) + timedelta(days=offset)
        bound = bind(policy, vocabulary(), day)
        chosen = bound.period.start if at == "period_start" else bound.period.end
        by_day[day] = chosen >= date(2025, 2, 15)
    changes = [day for (_, a), (day, b) in itertools.pairwise(by_day.items()) if a != b]
    assert [span.start for span in spans_of(policy)] == [date(2024, 2, 10), *changes]
