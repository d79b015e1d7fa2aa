"""Which examples stand on a threshold and next to it, against values placed by hand."""

from pathlib import Path

import pytest

from engine.example_boundaries import cover_boundaries
from tests.support.policy_texts import load_one, vocabulary

TEXT = """\
facts:
  n: {{label: 数, type: integer}}
  m: {{label: 钱, type: money}}
  d: {{label: 日, type: date}}
  age: {{says: 年龄, is: '$years(d, as_of)'}}
parameters: {{least: {{value: 30, source: 一}}}}
clauses: [{{id: a, says: 一, when: '{when}'}}]
benefit: {{amount: 1}}
examples:
  as_of: 2025-09-01
  cases: [{{name: one, given: {{{given}}}, expect: {{verdict: unknown}}}}]
"""


def stands(folder: Path, when: str, given: str) -> dict[str, list[str]]:
    policy = load_one(folder, TEXT.format(when=when, given=given))
    found: dict[str, list[str]] = {}
    for side in cover_boundaries(policy, vocabulary()):
        found.setdefault(side.threshold.text, [])
        if side.examples:
            found[side.threshold.text].append(side.side)
    return found


@pytest.mark.parametrize(
    ("when", "given", "side"),
    [
        ("n >= 30", "n: 30", ["on"]),
        ("n >= 30", "n: 29", ["beside"]),
        ("n >= 30", "n: 31", []),
        ("n >= 30", "n: 28", []),
        ("n > 30", "n: 30", ["on"]),
        ("n > 30", "n: 31", ["beside"]),
        ("n > 30", "n: 29", []),
        ("n <= least", "n: 31", ["beside"]),
        ("n < least", "n: 29", ["beside"]),
        ("m >= 100", "m: 99.99", ["beside"]),
        ("m >= 100", "m: 99.98", []),
        ("m >= 100", "m: 99", []),
        ("d <= $date(2025, 3, 1)", "d: 2025-03-02", ["beside"]),
        ("d <= $date(2025, 3, 1)", "d: 2025-02-28", []),
        ("d < as_of", "d: 2025-09-01", ["on"]),
        ("d < as_of", "d: 2025-08-31", ["beside"]),
        # ages turn on birthdays: the example's day is 1 September 2025
        ("$years(d, as_of) >= 60", "d: 1965-09-01", ["on"]),
        ("$years(d, as_of) >= 60", "d: 1965-09-02", ["beside"]),
        ("$years(d, as_of) >= 60", "d: 1965-08-31", []),
        ("$years(d, as_of) <= 35", "d: 1989-09-02", ["on"]),
        ("$years(d, as_of) <= 35", "d: 1989-09-01", ["beside"]),
        ("n >= 30", "m: 30", []),
    ],
)
def test_where_an_example_stands(tmp_path: Path, when: str, given: str, side: list[str]) -> None:
    (found,) = stands(tmp_path, when, given).values()
    assert found == side


def test_a_limit_on_the_left_is_read_from_the_other_end(tmp_path: Path) -> None:
    assert stands(tmp_path, "30 <= n", "n: 29") == {"n >= 30": ["beside"]}


def test_a_threshold_within_a_fact_that_is_worked_out_counts_and_two_facts_have_none(
    tmp_path: Path,
) -> None:
    assert stands(tmp_path, "age >= 60 and m >= n", "age: 60") == {"age >= 60": ["on"]}
    assert stands(tmp_path, "age >= 60", "d: 1965-09-02") == {"age >= 60": ["beside"]}
