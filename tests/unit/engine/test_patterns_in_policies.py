"""A policy with patterns and computed days decides alike row by row, in columns and in bits."""

from datetime import date
from pathlib import Path

import polars as pl

from engine.evaluate import bind_audience, evaluate_part
from engine.program import bind, compile_policies
from tests.support.both_ways import compare_both_ways
from tests.support.policy_texts import load_one, vocabulary

POLICY = r"""
effective: {from: 2020-01-01}
per: year
facts:
  name: {label: 名称, type: text}
  founded: {label: 成立, type: date}
clauses:
  - {id: trade, says: 制造业, when: 'gbt4754_code =~ "C(1[3-9]|[234]\d)"'}
  - {id: named, says: 公司, when: 'name =~~ "公司$" and name !~~ "分公司|办事处"'}
  - {id: early, says: 一季度, when: "$quarter(founded) == 1 or founded <= $date($year(as_of) - 3, 8, 31)"}
benefit: {kind: cash, amount: "100"}
delivery: confirm
"""  # noqa: E501
AS_OF = date(2025, 6, 30)
ROWS = [
    ("C13", "甲有限公司", date(2024, 3, 31)),
    ("C13", "甲有限公司", date(2024, 4, 1)),
    ("C13", "甲有限公司", date(2022, 8, 31)),
    ("C51", "甲有限公司", date(2024, 1, 1)),
    ("D13", "甲有限公司", date(2024, 1, 1)),
    ("C4１", "甲有限公司", date(2024, 1, 1)),
    ("C41", "甲分公司", date(2024, 1, 1)),
    ("C41", "甲公司乙", date(2024, 1, 1)),
    ("C41", "甲公司\n", date(2024, 1, 1)),
    (None, "甲公司", date(2024, 1, 1)),
    ("C41", None, date(2024, 1, 1)),
    ("C41", "甲公司", None),
    ("D41", None, None),
]
VERDICTS = ["eligible", "ineligible", "eligible", "ineligible", "ineligible", "ineligible",
            "ineligible", "ineligible", "ineligible", "unknown", "unknown", "unknown",
            "ineligible"]  # fmt: skip


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        [(f"s{number:02}", *row) for number, row in enumerate(ROWS)],
        schema={
            "subject": pl.String, "gbt4754_code": pl.String, "name": pl.String, "founded": pl.Date,
        },
        orient="row",
    )  # fmt: skip


def test_patterns_and_computed_days_decide_alike_both_ways(tmp_path: Path) -> None:
    bound = bind(load_one(tmp_path, POLICY), vocabulary(), AS_OF)
    verdicts = compare_both_ways(bound, frame(), by_hand=True)
    assert verdicts == {"eligible": 2, "ineligible": 8, "unknown": 3}


def test_a_part_is_decided_alike_in_bits(tmp_path: Path) -> None:
    policy = load_one(tmp_path, POLICY)
    bounds = bind_audience(compile_policies([policy], vocabulary()), "enterprise", AS_OF)
    outcome, tally = evaluate_part(bounds, frame(), "enterprise")
    assert tally.by_reference == 0
    found = dict(zip(outcome["subject"], outcome["verdict"], strict=True))
    for number, verdict in enumerate(VERDICTS):
        assert found.get(f"s{number:02}", "ineligible") == verdict, ROWS[number]
