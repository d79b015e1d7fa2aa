"""Which clauses and portions made a verdict so, by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.decision import decide
from engine.program import bind
from tests.support.policy_texts import load_one, vocabulary

DAY = date(2025, 9, 1)
POLICY = """
effective: {from: 2024-01-01, to: 2025-12-31, at: d}
region: {in: ['990100'], except: ['990101']}
facts: {d: {label: 日, type: date}}
clauses:
  - {id: a, says: 一, when: not is_zombie}
  - id: some
    says: 二
    any:
      - {id: b, says: 三, when: first_sishang}
      - {id: c, says: 四, when: ui_paid_months >= 6}
  - id: nothing
    says: 五
    none: [{id: e, says: 六, when: credit_serious_dishonest}]
benefit:
  portions:
    - {id: p, says: 七, when: staff_prev_year > 3, amount: 10}
    - {id: q, says: 八, when: staff_prev_year > 9, amount: 20}
"""
GOOD: dict[str, Any] = {
    "d": DAY, "ent_region": "990102", "is_zombie": False, "first_sishang": True,
    "ui_paid_months": 3, "credit_serious_dishonest": False, "staff_prev_year": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "verdict", "failed", "unknown"),
    [
        ({}, "eligible", (), ()),
        ({"is_zombie": True}, "ineligible", ("a",), ()),
        ({"is_zombie": None}, "unknown", (), ("a",)),
        ({"first_sishang": False}, "ineligible", ("b", "c"), ()),
        ({"first_sishang": None}, "unknown", (), ("b",)),
        ({"first_sishang": None, "ui_paid_months": 7}, "eligible", (), ()),
        ({"credit_serious_dishonest": True}, "ineligible", ("e",), ()),
        ({"credit_serious_dishonest": None}, "unknown", (), ("e",)),
        ({"staff_prev_year": 3}, "ineligible", ("p", "q"), ()),
        ({"staff_prev_year": None}, "unknown", (), ("p", "q")),
        ({"staff_prev_year": 10}, "eligible", (), ()),
        ({"staff_prev_year": 3, "is_zombie": True}, "ineligible", ("a", "p", "q"), ()),
        ({"staff_prev_year": None, "is_zombie": True}, "ineligible", ("a",), ("p", "q")),
        ({"is_zombie": None, "first_sishang": False}, "ineligible", ("b", "c"), ("a",)),
        # outside its days or region nothing else counts
        ({"d": date(2023, 12, 31), "is_zombie": True}, "ineligible", ("effective",), ()),
        ({"d": date(2026, 1, 1)}, "ineligible", ("effective",), ()),
        ({"d": None}, "unknown", (), ("effective",)),
        ({"d": None, "is_zombie": True}, "ineligible", ("a",), ("effective",)),
        ({"ent_region": "990101"}, "ineligible", ("region",), ()),
        ({"ent_region": "990200", "is_zombie": None}, "ineligible", ("region",), ()),
        ({"ent_region": None}, "unknown", (), ("region",)),
        ({"ent_region": "990200", "d": date(2026, 1, 1)}, "ineligible",
         ("effective", "region"), ()),
    ],
)  # fmt: skip
def test_what_made_the_verdict_so_is_named(
    tmp_path: Path, changes: dict[str, Any], verdict: str, failed: tuple[str, ...],
    unknown: tuple[str, ...],
) -> None:  # fmt: skip
    bound = bind(load_one(tmp_path, POLICY), vocabulary(), DAY)
    decision = decide(bound, GOOD | changes)
    assert (decision.verdict, decision.failed, decision.unknown) == (verdict, failed, unknown)
