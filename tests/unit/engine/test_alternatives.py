"""Why not, near misses and deciding facts as they are told."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from console.explanation_words import say_corrections
from engine.explain import explain
from engine.explain_by_hand import explain_subjects
from engine.explanation import Explanation
from engine.program import bind
from tests.support.policy_texts import load_one, vocabulary
from tests.unit.engine.test_rows_by_hand import LOANS, loan, program_of, subject

DAY = date(2025, 9, 1)
POLICY = """
parameters:
  floor: {label: {zh: 营收线, en: Revenue line}, value: 2000万, source: 办法三}
clauses:
  - {id: rich, says: {zh: 营收达标, en: enough revenue}, source: 办法一, when: revenue >= floor}
  - id: none-of
    says: {zh: 均不得, en: none of}
    none:
      - {id: zombie, says: {zh: 僵尸, en: zombie}, when: is_zombie}
      - {id: short, says: {zh: 欠缴, en: in arrears}, source: 办法二, when: ui_paid_months < 6}
  - id: one-of
    says: {zh: 其一, en: one of}
    any:
      - {id: first, says: {zh: 首次, en: first}, when: first_sishang}
      - {id: small, says: {zh: 小微, en: small}, when: 'ent_size in ["small", "micro"]'}
benefit: {amount: 1}
"""
BAD: dict[str, Any] = {
    "revenue": Fraction(19_996_800),
    "is_zombie": False,
    "ui_paid_months": Fraction(4),
    "first_sishang": False,
    "ent_size": "large",
}


def told(tmp_path: Path, **changes: Any) -> Explanation:
    bound = bind(load_one(tmp_path, POLICY), vocabulary(), DAY)
    return explain(bound, vocabulary(), BAD | changes, "E1", {})


def test_the_smallest_ways_to_a_yes_are_told(tmp_path: Path) -> None:
    explanation = told(tmp_path)
    assert [c.change for c in explanation.why_not] == [
        ("rich", "short", "first"),
        ("rich", "short", "small"),
    ]
    assert explanation.why_not_count == 2
    open_ = told(tmp_path, ent_size=None, revenue=Fraction(20_000_000))
    # an open clause is a smaller step than one that failed
    assert [(c.change, c.settle) for c in open_.why_not] == [
        (("short",), ("small",)),
        (("short", "first"), ()),
    ]
    good = told(tmp_path, revenue=Fraction(3 * 10**7), ui_paid_months=Fraction(6), ent_size="micro")
    assert (good.verdict, good.why_not, good.why_not_count, good.near_misses) == (
        "eligible", (), 0, (),
    )  # fmt: skip


def test_your_revenue_is_3200_yuan_short(tmp_path: Path) -> None:
    rich, short = told(tmp_path).near_misses
    assert rich.says_en == "Revenue last year is 19,996,800.00 yuan, 3,200.00 yuan short of " + (
        "20,000,000.00 yuan"
    )
    assert rich.says_zh == (
        "年度营业(销售)收入为19,996,800.00元，须达到20,000,000.00元，还差3,200.00元"
    )
    assert (rich.clause, rich.gap, rich.unit, rich.direction) == ("rich", "3200", "yuan", "below")
    # the threshold's own source goes before the clause's
    assert (rich.legal_source, short.legal_source) == ("办法三", "办法二")
    # under a none the comparison must fail: six months would do
    assert (short.clause, short.gap, short.unit, short.included) == ("short", "2", "month", True)
    assert short.says_zh == "失业保险足额缴费月数为4个月，须达到6个月，还差2个月"


def test_facts_that_could_decide_are_told_with_what_they_could_decide(tmp_path: Path) -> None:
    explanation = told(tmp_path, revenue=Fraction(3 * 10**7), ui_paid_months=None, ent_size=None)
    assert explanation.verdict == "unknown"
    assert [(d.facts, d.verdicts) for d in explanation.deciding] == [
        (("ent_size",), ("ineligible",)),
        (("ui_paid_months",), ("ineligible",)),
        (("ent_size", "ui_paid_months"), ("eligible",)),
    ]
    assert explanation.deciding[0].labels_en == (vocabulary().facts["ent_size"].label_en,)
    assert not explanation.deciding_bounded


def test_the_day_an_age_is_reached_is_told(tmp_path: Path) -> None:
    text = """
        facts: {born: {label: {zh: 出生日, en: Birth}, type: date}}
        clauses: [{id: old, says: 老, source: 法, when: "$years(born, as_of) >= 80"}]
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    (miss,) = explain(bound, vocabulary(), {"born": date(1946, 2, 28)}, "R", {}).near_misses
    assert (miss.holds_on, miss.waits_for, miss.gap) == (date(2026, 2, 28), "as_of", "1")
    assert miss.says_zh.endswith("须达到80年，还差1年；自2026年2月28日起即符合")
    assert miss.says_en.endswith("1 year short of 80 years; it holds from 2026-02-28 on")


def test_where_no_row_holds_the_rows_are_what_would_have_to_be_otherwise(tmp_path: Path) -> None:
    program = program_of(tmp_path, LOANS)
    late = subject(loan("a", overdue=True), loan("b", overdue=True))
    (refused,), _ = explain_subjects(program, [late], DAY)
    assert [(c.change, c.settle) for c in refused.why_not] == [(("loans",), ())]
    assert say_corrections(refused, "zh") == ["贷款：至少一项符合"]
    open_ = subject(loan("a", overdue=None), credit_serious_dishonest=None)
    (unknown,), _ = explain_subjects(program, [open_], DAY)
    assert unknown.verdict == "unknown"
    assert [c.settle for c in unknown.why_not] == [("loans", "honest")]
    # dishonesty alone refuses; which loans are overdue is asked row by row
    assert [(d.facts, d.verdicts) for d in unknown.deciding] == [
        (("credit_serious_dishonest",), ("ineligible",)),
    ]
    assert unknown.deciding_bounded


WORDED = """
facts:
  born: {{label: {{zh: 出生日, en: Birth}}, type: date}}
  share: {{label: {{zh: 占比, en: Share}}, type: ratio}}
  count: {{label: {{zh: 人数, en: Staff}}, type: integer, unit: person}}
per: year
clauses: [{{id: a, says: 一, source: 法, when: '{when}'}}]
benefit: {{amount: 1}}
"""


@pytest.mark.parametrize(
    ("when", "facts", "zh", "en"),
    [
        ("count >= 5", {"count": Fraction(3)}, "人数为3人，须达到5人，还差2人",
         "Staff is 3 people, 2 people short of 5 people"),
        ("count > 5", {"count": Fraction(3)}, "人数为3人，须超过5人，还差2人以上",
         "Staff is 3 people, must be over 5 people: more than 2 people short"),
        ("count <= 5", {"count": Fraction(8)}, "人数为8人，不得超过5人，超出3人",
         "Staff is 8 people, 3 people over 5 people"),
        ("count < 5", {"count": Fraction(8)}, "人数为8人，须低于5人，须减少3人以上",
         "Staff is 8 people, must be under 5 people: more than 3 people too much"),
        ("share >= 0.3", {"share": Fraction("0.25")}, "占比为25%，须达到30%，还差5个百分点",
         "Share is 25%, 5 percentage points short of 30%"),
        ("born >= $date(2000, 1, 5)", {"born": date(2000, 1, 1)},
         "出生日为2000年1月1日，须不早于2000年1月5日，早了4天",
         "Birth is 2000-01-01, 4 days before 2000-01-05"),
        ("born > $date(2000, 1, 5)", {"born": date(2000, 1, 1)},
         "出生日为2000年1月1日，须晚于2000年1月5日，相差4天（当日不算）",
         "Birth is 2000-01-01, must be after 2000-01-05: 4 days away"),
        ("born <= $date(2000, 1, 5)", {"born": date(2000, 1, 6)},
         "出生日为2000年1月6日，须不晚于2000年1月5日，晚了1天",
         "Birth is 2000-01-06, 1 day after 2000-01-05"),
        ("born < $date(2000, 1, 5)", {"born": date(2000, 1, 6)},
         "出生日为2000年1月6日，须早于2000年1月5日，相差1天（当日不算）",
         "Birth is 2000-01-06, must be before 2000-01-05: 1 day away"),
        ("born <= as_of", {"born": date(2025, 9, 3)},
         "出生日为2025年9月3日，须不晚于2025年9月1日，晚了2天；自2025年9月3日起即符合",
         "Birth is 2025-09-03, 2 days after 2025-09-01; it holds from 2025-09-03 on"),
        ("born < period_end", {"born": date(2026, 1, 5)},
         "出生日为2026年1月5日，须早于2025年12月31日，相差5天（当日不算）；"
         "自含2026年1月6日的所属期起即符合",
         "Birth is 2026-01-05, must be before 2025-12-31: 5 days away; "
         "it holds from the period on that includes 2026-01-06"),
        ("born <= period_start", {"born": date(2025, 1, 5)},
         "出生日为2025年1月5日，须不晚于2025年1月1日，晚了4天；"
         "自2025年1月5日或其后开始的所属期起即符合",
         "Birth is 2025-01-05, 4 days after 2025-01-01; "
         "from the period on that begins on 2025-01-05 or later"),
    ],
)  # fmt: skip
def test_each_side_of_a_threshold_has_its_own_words(
    tmp_path: Path, when: str, facts: dict[str, Any], zh: str, en: str
) -> None:
    bound = bind(load_one(tmp_path, WORDED.format(when=when)), vocabulary(), DAY)
    (miss,) = explain(bound, vocabulary(), facts, "E1", {}).near_misses
    assert (miss.says_zh, miss.says_en) == (zh, en)
    assert (miss.clause, miss.legal_source) == ("a", "法")
    unit = {"born": "day", "count": "person", "share": "ratio"}
    assert miss.unit == unit[next(iter(facts))]
    assert Fraction(miss.gap) > 0


def test_portions_are_told_only_where_none_holds(tmp_path: Path) -> None:
    text = """
        clauses: [{id: a, says: 一, source: 法, when: not is_zombie}]
        benefit:
          portions:
            - {id: p, says: 二, source: 甲, when: staff_prev_year >= 5, amount: 1}
            - {id: q, says: 三, source: 乙, when: ui_paid_months >= 6, amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    facts: dict[str, Any] = {"is_zombie": False, "staff_prev_year": Fraction(3)}
    none = explain(bound, vocabulary(), facts | {"ui_paid_months": Fraction(4)}, "E", {})
    found = [(miss.clause, miss.gap, miss.legal_source) for miss in none.near_misses]
    assert found == [("p", "2", "甲"), ("q", "2", "乙")]
    one = explain(bound, vocabulary(), facts | {"ui_paid_months": Fraction(6)}, "E", {})
    assert one.near_misses == ()


def test_a_threshold_of_several_parameters_has_each_of_their_sources_once(tmp_path: Path) -> None:
    text = """
        parameters:
          one: {label: 一, value: 3, source: 甲}
          two: {label: 二, value: 4, source: 乙}
          three: {label: 三, value: 5, source: 甲}
        clauses: [{id: a, says: 一, source: 法, when: ui_paid_months >= one + two + three}]
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    (miss,) = explain(bound, vocabulary(), {"ui_paid_months": Fraction(4)}, "E", {}).near_misses
    assert (miss.legal_source, miss.threshold) == ("甲；乙", "12")
