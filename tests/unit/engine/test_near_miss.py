"""Near miss: how far a comparison is from holding, and the day on which it will."""

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from engine.decision import decide
from engine.near_miss import NearMiss, find_near_misses
from engine.program import bind
from language.reference import Reference
from policies.policy import leaves_of
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
POLICY = """\
parameters:
  floor: {{label: 线, value: 20000000}}
  age_from: {{label: 年龄, value: 80}}
{more}
clauses: [{{id: a, says: 一, when: '{condition}'}}]
benefit: {{amount: 1}}
"""


def misses(
    tmp_path: Path, condition: str, facts: dict[str, Any], *, wanted: bool = True, more: str = ""
) -> list[NearMiss]:
    policy = load_one(tmp_path, POLICY.format(more=dedent(more), condition=condition))
    bound = bind(policy, vocabulary(), DAY)
    (leaf,) = leaves_of(policy.clauses)
    assert leaf.when is not None
    return find_near_misses(leaf.when, Reference(bound.scope, facts), wanted=wanted)


@pytest.mark.parametrize(
    ("condition", "revenue", "gap", "direction", "included"),
    [
        ("revenue >= floor", "19996800", "3200", "below", True),
        ("floor <= revenue", "19996800", "3200", "below", True),
        ("revenue > floor", "20000000", "0", "below", False),
        ("revenue <= floor", "20000000.01", "0.01", "above", True),
        ("revenue < floor", "20000001", "1", "above", False),
        ("not (revenue < floor)", "19999999", "1", "below", True),
        ("revenue * 2 >= floor", "9999999", "2", "below", True),
        ("not is_zombie and revenue >= floor", "19999999", "1", "below", True),
        ("is_zombie ? revenue > 5 : revenue >= floor", "19999999", "1", "below", True),
    ],
)
def test_the_gap_is_exact(
    tmp_path: Path, condition: str, revenue: str, gap: str, direction: str, included: bool
) -> None:
    facts = {"revenue": Fraction(revenue), "is_zombie": False}
    (miss,) = misses(tmp_path, condition, facts)
    assert (miss.gap, miss.direction, miss.included) == (Fraction(gap), direction, included)


def test_under_a_none_it_is_told_how_far_it_is_from_failing(tmp_path: Path) -> None:
    facts = {"revenue": Fraction(25_000_000)}
    (miss,) = misses(tmp_path, "revenue >= floor", facts, wanted=False)
    assert (miss.gap, miss.direction, miss.included) == (Fraction(5_000_000), "above", False)


def test_what_holds_and_what_is_missing_is_no_near_miss(tmp_path: Path) -> None:
    assert misses(tmp_path, "revenue >= floor", {"revenue": Fraction(20_000_000)}) == []
    assert misses(tmp_path, "revenue >= floor", {"revenue": None}) == []
    assert misses(tmp_path, "revenue == floor", {"revenue": Fraction(1)}) == []


def test_a_worked_out_fact_is_looked_into(tmp_path: Path) -> None:
    more = "facts: {big: {label: 大, is: revenue >= floor}}"
    (miss,) = misses(tmp_path, "big", {"revenue": Fraction(1)}, more=more)
    assert miss.gap == 19_999_999
    assert misses(tmp_path, "big", {"revenue": Fraction(1), "big": False}, more=more) == []


@pytest.mark.parametrize(
    ("condition", "born"),
    [
        ("$years(born, as_of) >= age_from", date(1946, 2, 28)),
        ("$years(born, as_of) > 79", date(1948, 2, 29)),
        ("$years(born, as_of) >= 79.5", date(1948, 2, 29)),
        ("age_from <= $years(born, as_of)", date(1945, 9, 2)),
        ("$months(born, as_of) >= 960", date(1945, 12, 31)),
        ("$days(born, as_of) > 29300", date(1946, 1, 1)),
        ("$add_months(born, 960) <= as_of", date(1946, 1, 31)),
        ("as_of > $add_months(born, 960)", date(1945, 9, 1)),
        ("old >= age_from", date(1946, 5, 5)),
    ],
)
def test_on_the_day_that_is_told_it_holds_and_the_day_before_it_does_not(
    tmp_path: Path, condition: str, born: date
) -> None:
    more = """
        facts:
          born: {label: 生, type: date}
          old: {label: 龄, is: "$years(born, as_of)"}
    """
    (miss,) = misses(tmp_path, condition, {"born": born}, more=more)
    assert miss.waits_for == "as_of"
    assert miss.holds_on is not None
    policy = load_one(tmp_path, POLICY.format(more=dedent(more), condition=condition))
    for day, verdict in (
        (miss.holds_on, "eligible"),
        (miss.holds_on - timedelta(days=1), "ineligible"),
    ):
        assert decide(bind(policy, vocabulary(), day), {"born": born}).verdict == verdict


def test_time_alone_brings_nothing_that_it_only_takes_further_away(tmp_path: Path) -> None:
    more = "facts: {born: {label: 生, type: date}}"
    (miss,) = misses(tmp_path, "$years(born, as_of) < 18", {"born": date(2000, 1, 1)}, more=more)
    assert (miss.gap, miss.direction, miss.holds_on) == (Fraction(7), "above", None)
    (late,) = misses(tmp_path, "born >= $date(2022, 1, 1)", {"born": date(2021, 12, 30)}, more=more)
    assert (late.gap, late.direction, late.holds_on) == (Fraction(2), "below", None)


@pytest.mark.parametrize(
    ("condition", "facts", "holds_on", "waits_for"),
    [
        ("born <= as_of", date(2025, 9, 5), date(2025, 9, 5), "as_of"),
        ("born < as_of", date(2025, 9, 5), date(2025, 9, 6), "as_of"),
        ("as_of > born", date(2025, 9, 5), date(2025, 9, 6), "as_of"),
        ("born < period_start", date(2025, 9, 5), date(2025, 9, 6), "period_start"),
        ("born <= period_end", date(2026, 9, 5), date(2026, 9, 5), "period_end"),
        ("$months(born, as_of) > 6.5", date(2025, 8, 31), date(2026, 3, 31), "as_of"),
        ("$days(born, period_end) >= 400", date(2025, 9, 5), date(2026, 10, 10), "period_end"),
        ("$days(born, as_of) > 10", date(2025, 8, 31), date(2025, 9, 11), "as_of"),
        ("$years($add_months(born, 12), as_of) >= 2", date(2024, 2, 29),
         date(2027, 2, 28), "as_of"),
        ("born <= $date(2025, 1, 1)", date(2025, 9, 5), None, ""),
        ("$years(born, as_of) < 1", date(2020, 1, 1), None, ""),
        ("$years(as_of, born) >= 1", date(2020, 1, 1), None, ""),
        ("$days(born, as_of) * 2 >= 3000", date(2025, 1, 1), None, ""),
        ("$days($latest(born, $year_start(as_of)), as_of) >= 300", date(2025, 1, 1), None, ""),
        ("$years(born, as_of) >= 8000", date(2020, 1, 1), None, ""),
        ("$days(born, as_of) >= 3000000", date(2020, 1, 1), None, "as_of"),
        ("born < as_of", date(9999, 12, 31), None, "as_of"),
        ("$years(born, $date(2025, 1, 1)) >= 10", date(2020, 1, 1), None, ""),
    ],
)  # fmt: skip
def test_the_day_on_which_time_alone_brings_it(
    tmp_path: Path, condition: str, facts: date, holds_on: date | None, waits_for: str
) -> None:
    more = "per: year\nfacts: {born: {label: 生, type: date}}"
    (miss,) = misses(tmp_path, condition, {"born": facts}, more=more)
    assert (miss.holds_on, miss.waits_for) == (holds_on, waits_for)


@pytest.mark.parametrize(
    ("zombie", "found"), [(True, ["2"]), (False, ["4"]), (None, [])]
)  # fmt: skip
def test_of_a_condition_by_cases_the_one_that_counts_is_looked_into(
    tmp_path: Path, zombie: bool | None, found: list[str]
) -> None:
    more = """
        facts:
          enough: {label: 够, is: "is_zombie ? ui_paid_months >= 6 : ui_paid_months >= 8"}
    """
    facts = {"ui_paid_months": Fraction(4), "is_zombie": zombie}
    assert [str(m.gap) for m in misses(tmp_path, "enough", facts, more=more)] == found
    assert misses(tmp_path, "enough", facts | {"enough": False}, more=more) == []
