"""Which clause made a verdict another one: by its facts, by a value of the law, by its text."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from engine.decision import decide
from engine.program import bind
from engine.responsible import Cause, Judged, count_causes, find_causes
from language.reference import Facts
from tests.support.policy_texts import load_one, vocabulary

DAY, LATER = date(2025, 6, 30), date(2025, 12, 31)
TEXT = """\
effective: {from: 2025-01-01}
parameters:
  least:
    label: 人数
    source: 一
    values: [{from: 2025-01-01, value: 5}, {from: 2025-10-01, value: LEAST}]
clauses:
  - {id: size, says: 人数, source: 一, when: SIZE}
  - id: either
    says: 二者之一
    source: 二
    any:
      - {id: paid, says: 缴费, source: 二, when: ui_paid_months >= 3}
      - {id: zombie, says: 非僵尸企业, source: 二, when: not is_zombie}
benefit: {amount: 100}
"""


def judge(folder: Path, facts: Facts, day: date = DAY, *, size: str = "", least: int = 5) -> Judged:
    text = TEXT.replace("SIZE", size or "ui_insured_count >= least").replace("LEAST", str(least))
    bound = bind(load_one(folder, text), vocabulary(), day)
    return Judged(bound=bound, facts=facts, decision=decide(bound, facts))


def facts(count: int | None = 9, months: int | None = 4, zombie: bool | None = True) -> Facts:
    return {
        "ui_insured_count": None if count is None else Fraction(count),
        "ui_paid_months": None if months is None else Fraction(months),
        "is_zombie": zombie,
    }


def test_a_fact_that_changed_is_named_with_its_clause(tmp_path: Path) -> None:
    before, now = judge(tmp_path, facts()), judge(tmp_path, facts(count=3))
    changed = (Cause(clause="size", why="facts", names=("ui_insured_count",)),)
    assert find_causes(before, now) == changed
    assert find_causes(now, before) == changed


def test_a_fact_that_is_missing_now_is_told_as_missing(tmp_path: Path) -> None:
    before, now = judge(tmp_path, facts()), judge(tmp_path, facts(count=None))
    (cause,) = find_causes(before, now)
    assert cause == Cause(clause="size", why="missing", names=("ui_insured_count",))
    (cause,) = find_causes(now, before)
    assert cause == Cause(clause="size", why="facts", names=("ui_insured_count",))


def test_a_value_of_the_law_that_changed_is_named_where_the_facts_are_the_same(
    tmp_path: Path,
) -> None:
    before = judge(tmp_path, facts(), least=20)
    now = judge(tmp_path, facts(), LATER, least=20)
    assert (before.decision.verdict, now.decision.verdict) == ("eligible", "ineligible")
    assert find_causes(before, now) == (Cause(clause="size", why="values", names=("least",)),)


def test_a_clause_that_asks_something_else_is_told_as_changed(tmp_path: Path) -> None:
    before = judge(tmp_path, facts())
    now = judge(tmp_path, facts(), size="ui_insured_count >= 100")
    assert find_causes(before, now) == (Cause(clause="size", why="text"),)


def test_of_a_group_the_members_that_changed_are_named(tmp_path: Path) -> None:
    before, now = judge(tmp_path, facts()), judge(tmp_path, facts(months=1))
    assert find_causes(before, now) == (
        Cause(clause="paid", why="facts", names=("ui_paid_months",)),
    )


def test_from_unknown_to_ineligible_what_fails_now_is_named(tmp_path: Path) -> None:
    before, now = judge(tmp_path, facts(count=None)), judge(tmp_path, facts(count=1))
    assert [cause.clause for cause in find_causes(before, now)] == ["size"]


def test_the_same_verdict_has_no_cause_and_who_came_or_went_is_told_so(tmp_path: Path) -> None:
    one = judge(tmp_path, facts())
    assert find_causes(one, judge(tmp_path, facts(count=8))) == ()
    assert find_causes(None, one) == (Cause(clause="", why="came"),)
    assert find_causes(one, None) == (Cause(clause="", why="gone"),)


def test_causes_are_counted_by_their_combination_the_most_frequent_first() -> None:
    a, b = Cause(clause="a", why="text"), Cause(clause="b", why="facts", names=("x",))
    assert count_causes([(a,), (b,), (b,), (a, b), (b,)]) == [((b,), 3), ((a,), 1), ((a, b), 1)]


@pytest.mark.parametrize("count", [5, 4])
def test_a_verdict_that_turns_is_always_given_a_cause(tmp_path: Path, count: int) -> None:
    one, other = judge(tmp_path, facts(zombie=None)), judge(tmp_path, facts(count=count, months=1))
    turned = one.decision.verdict != other.decision.verdict
    assert bool(find_causes(one, other)) == turned
