"""One explanation in each language, word for word, for three subjects: granted, refused, open.

The fixtures are what `zhida explain` prints; read them when one changes, then replace them.
"""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from console.show_explanation import tree_of
from engine.explain import explain
from engine.explain_by_hand import explain_subjects
from engine.explanation import Source
from engine.program import bind, compile_policies
from language.reference import Facts
from profiles.hand import parse_lines
from tests.support.policy_texts import load_one, vocabulary

FIXTURES = Path(__file__).parents[1] / "fixtures"
DAY = date(2025, 9, 1)
POLICY = """
region: "440000"
parameters:
  revenue_line: {label: {zh: 营收上限, en: Revenue limit}, value: 2000万, source: 办法第三条}
  per_head:
    label: {zh: 每人标准, en: Rate per head}
    by: ent_size
    source: 办法第八条
    values:
      - {from: 2024-01-01, to: 2024-12-31, rows: {"small, micro": 800}}
      - {from: 2025-01-01, source: 办法第八条（2025年修订）, rows: {small: 1000, micro: 1200}}
  growth:
    label: {zh: 增长奖励, en: Growth award}
    by: revenue
    source: 办法第九条
    tiers: [{over: 0, up_to: 100万, rate: 1%}, {over: 100万, up_to: 500万, rate: 0.5%}]
clauses:
  - {id: size, says: {zh: 中小微企业, en: a small or micro firm}, source: 办法第二条, when: 'ent_size in ["small", "micro"]'}
  - {id: modest, says: {zh: 营收未超上限, en: revenue within the limit}, source: 办法第三条, when: revenue <= revenue_line}
  - {id: paid, says: {zh: 缴费满一年, en: a year of insurance paid}, source: 办法第四条, when: ui_paid_months >= 12}
  - id: never
    says: {zh: 不得有下列情形, en: none of the following}
    source: 办法第五条
    none:
      - {id: zombie, says: {zh: 僵尸企业, en: a zombie firm}, when: is_zombie}
      - {id: dishonest, says: {zh: 严重失信, en: seriously dishonest}, when: credit_serious_dishonest}
benefit:
  portions:
    - id: base
      says: {zh: 用工补贴, en: per head}
      source: 办法第八条
      amount: [per_head, {times: staff_prev_year, says: {zh: 按人数, en: by heads}}]
    - {id: extra, says: {zh: 增长奖励, en: growth}, source: 办法第九条, when: first_sishang, amount: growth}
  amount:
    - sum_of_portions
    - {at_most: 30000, says: {zh: 封顶, en: ceiling}, source: 办法第十条}
    - {round: down to 100}
  also: {yearly: {label: {zh: 预计全年, en: expected for the year}, amount: "per_head * 12"}}
not_modelled: [{says: {zh: 实际用工, en: people really at work}}]
"""  # noqa: E501
SOURCE = Source(
    dataset="annual-accounts", department="税务局", release="0f1e2d3c4b5a",
    delivered_on=date(2025, 8, 28),
)  # fmt: skip
GRANTED = (
    '{"subject": "F-1", "facts": {"ent_region": "440100", "ent_size": "micro", "revenue": 3000000,'
    '"ui_paid_months": 14, "is_zombie": false, "credit_serious_dishonest": false,'
    '"staff_prev_year": 14, "first_sishang": true}}'
)
REFUSED = GRANTED.replace("3000000", "20003200.5").replace('14, "is_z', '5, "is_z')
OPEN = GRANTED.replace('"ui_paid_months": 14,', "").replace('"is_zombie": false,', "")


def printed(tmp_path: Path, language: str) -> str:
    """What the terminal shows, 100 columns wide."""
    policy = load_one(tmp_path, POLICY)
    program = compile_policies([policy], vocabulary())
    read = parse_lines([GRANTED, REFUSED, OPEN])
    told, troubles = explain_subjects(program, read.subjects, DAY)
    assert (read.troubles, troubles) == ([], [])
    bound = bind(policy, vocabulary(), DAY)
    facts: Facts = {"ent_region": "440100", "ent_size": "large"}
    told.append(explain(bound, vocabulary(), facts, "F-2", {"ent_size": SOURCE}))
    sheet = StringIO()
    console = Console(file=sheet, width=100, color_system=None, highlight=False)
    for explanation in told:
        console.print(tree_of(explanation, language))
        console.print()
    return "".join(line.rstrip() + "\n" for line in sheet.getvalue().splitlines())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_explanation_reads_word_for_word_like_this(tmp_path: Path, language: str) -> None:
    expected = FIXTURES / f"explanation-{language}.txt"
    assert printed(tmp_path, language) == expected.read_text(encoding="utf-8")
