"""Dated values chosen by a day of the run: the period that is paid, not the day of paying."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from engine.program import bind
from tests.support.both_ways import compare_both_ways
from tests.support.policy_texts import load_one, vocabulary

POLICY = """
effective: {{from: 2025-01-01, at: {at}}}
per: month
period: last
parameters:
  least:
    by: ent_size
    at: {at}
    values:
      - {{from: 2025-01-01, source: 一, rows: {{small: 100, else: 1000}}}}
      - {{from: 2025-04-01, source: 二, rows: {{small: 200, else: 2000}}}}
clauses: [{{id: enough, says: 收入, when: revenue >= least}}]
benefit: {{amount: least}}
"""


def frame() -> pl.DataFrame:
    revenues = [9999, 10000, 19999, 20000, None]  # fen
    return pl.DataFrame(
        {
            "subject": [f"S{number}" for number in range(len(revenues))],
            "ent_size": ["small"] * len(revenues),
            "revenue": pl.Series(revenues, dtype=pl.Int64),
        }
    )


@pytest.mark.parametrize(
    ("at", "as_of", "eligible"),
    [
        ("period_start", date(2025, 4, 30), 3),  # decides March
        ("period_end", date(2025, 4, 30), 3),
        ("as_of", date(2025, 4, 30), 1),
        ("period_start", date(2025, 5, 1), 1),
        ("period_start", date(2025, 1, 31), 0),  # decides December, before the rule
    ],
)
def test_the_period_chooses_among_dated_values(
    tmp_path: Path, at: str, as_of: date, eligible: int
) -> None:
    bound = bind(load_one(tmp_path, POLICY.format(at=at)), vocabulary(), as_of)
    verdicts = compare_both_ways(bound, frame(), by_hand=True)
    assert verdicts["eligible"] == eligible
    assert verdicts["ineligible"] == (5 if as_of < date(2025, 2, 1) else 4 - eligible)
