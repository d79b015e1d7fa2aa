"""Numbers that a clause tells people beside those of its condition."""

from pathlib import Path

import pytest

from policies.said_numbers import find_unknown_numbers
from tests.support.policy_texts import HEAD, load_text

POLICY = """\
effective: {from: 2025-01-01, to: 2025-12-31}
parameters:
  limit: {source: 办法, by: staff, rows: {up to 30: 20%, over 30: 5.5%}}
  least: {source: 办法, value: 500万}
facts:
  staff: {label: 人数, type: integer, unit: person}
  rate: {label: 裁员率, type: ratio}
  months: {label: 连续参保月数, type: integer, unit: month}
  turnover: {label: 近12个月营业收入, type: money}
  born: {label: 出生日期, type: date}
  hired: {label: 入职日期, type: date}
  age_then: {says: 年龄, is: '$years(born, hired)'}
clauses:
  - {id: tested, says: "SAYS", source: 办法, when: 'WHEN'}
  - {id: rest, says: 其他, when: least > 0 and limit > 0 and age_then > 0}
benefit: {kind: cash, amount: 1}
examples: {as_of: 2025-06-30, cases: []}
"""


def told(folder: Path, says: str, when: str) -> list[str]:
    """What is told of the numbers of a clause."""
    loaded = load_text(folder, POLICY.replace("SAYS", says).replace("WHEN", when))
    return [warning.message for warning in loaded.warnings if warning.code == "said-number"]


@pytest.mark.parametrize(
    ("says", "when"),
    [
        ("连续参保满12个月", "months >= 12"),
        ("连续参保满一年", "months >= 12"),
        ("连续参保满十二个月", "months >= 12"),
        ("连续参保满两年", "months >= 24"),
        ("连续参保满半年", "months >= 6"),
        ("参保30人以下裁员率不超过20%，其余不超过5.5%", "rate <= limit"),
        ("裁员率不超过5.5％", "rate <= 0.055"),
        ("留用率不低于80%", "rate <= 0.2"),
        ("近12个月营业收入500万元以上", "turnover >= least"),
        ("营业收入500万元以上", "turnover >= 5000000"),
        ("营业收入5,000,000元以上", "turnover >= least"),
        ("营业收入0.05亿元以上", "turnover >= least"),
        ("年满60周岁", "$years(born, as_of) >= 60"),
        ("60至69周岁", "$years(born, as_of) >= 60 and $years(born, as_of) < 70"),
        ("1952年7月31日前出生", "born <= $date(1952, 7, 31)"),
        ("2025年12月31日前入职", "hired <= as_of"),
        ("年满70周岁", "born <= $date(1952, 7, 31)"),
        ("按人社部发〔2024〕40号第二条执行", "months > 0"),
        ("一次性补贴，2025年度第3款", "months > 0"),
        ("每一人只计一次", "months > 0"),
    ],
)
def test_words_that_agree_with_the_condition_are_passed_over(
    tmp_path: Path, says: str, when: str
) -> None:
    assert told(tmp_path, says, when) == []


@pytest.mark.parametrize(
    ("says", "when", "number"),
    [
        ("连续参保满12个月", "months >= 6", "12个月"),
        ("连续参保满两年", "months >= 12", "两年"),
        ("连续参保满三个月", "months >= 6", "三个月"),
        ("裁员率不超过5.5%", "rate <= 0.06", "5.5%"),
        ("营业收入500万元以上", "turnover >= 500000", "500万元"),
        ("年满60周岁", "$years(born, as_of) >= 65", "60周岁"),
        ("2024年3月1日前入职", "hired <= $date(2025, 7, 31)", "2024年3月1日"),
        ("60至69周岁", "$years(born, as_of) >= 60 and $years(born, as_of) < 72", "69周岁"),
    ],
)
def test_a_number_that_the_condition_does_not_know_is_told(
    tmp_path: Path, says: str, when: str, number: str
) -> None:
    (message,) = told(tmp_path, says, when)
    assert f"says {number};" in message


def test_the_place_is_that_of_the_words(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, POLICY.replace("SAYS", "满9个月").replace("WHEN", "months >= 6"))
    (problem,) = [warning for warning in loaded.warnings if warning.code == "said-number"]
    lines = Path(problem.file).read_text(encoding="utf-8").splitlines()
    assert lines[problem.line - 1][problem.column - 1 :].startswith('"满9个月"')
    assert HEAD  # the keys that stand before the policy count as lines of its file


def test_the_condition_is_looked_through_as_far_as_it_reaches(tmp_path: Path) -> None:
    (policy,) = load_text(
        tmp_path, POLICY.replace("SAYS", "x").replace("WHEN", "age_then >= 16")
    ).policies
    leaf = policy.clauses[0]
    when = getattr(leaf, "when")  # noqa: B009
    assert find_unknown_numbers("满16周岁", when, {}, lambda name: None) == []
    assert find_unknown_numbers("满18周岁", when, {}, lambda name: None) == ["18周岁"]
