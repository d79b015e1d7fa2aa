"""Rows of a part, drawn with gaps, ties and duplicates; and rows of nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl

from engine.row_columns import RowFrame

FIRST = date(2024, 12, 30)
SUBJECT_SCHEMA: Mapping[str, Any] = {
    "subject": pl.String,
    "credit_serious_dishonest": pl.Boolean,
    "ent_size": pl.String,
    "taxes_due": pl.Int64,
}
ROW_SCHEMA: Mapping[str, Any] = {
    "subject": pl.String,
    "hired_on": pl.Date,
    "person": pl.String,
    "job": pl.String,
    "months": pl.Int64,
    "pay": pl.Int64,
    "part": pl.Float64,
    "poor": pl.Boolean,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A part: its subjects' facts, their rows, and whose rows are all there are."""

    subjects: pl.DataFrame
    given: RowFrame


def draw_part(random: Random, size: int, *, delivered: bool = True) -> Drawn:
    """Few values, so that ties and duplicates abound; a cell in six is missing."""

    def cell(choices: list[Any]) -> Any:
        return None if random.random() < 1 / 6 else random.choice(choices)

    days = [FIRST + timedelta(days=n) for n in (0, 1, 2, 3, 190, 366, 367, 368)]
    subjects = [
        {
            "subject": f"S{number}",
            "credit_serious_dishonest": cell([False, False, False, True]),
            "ent_size": cell(["large", "small", "micro"]),
            "taxes_due": cell([0, 12_345, 500_000, 10_000_000]),
        }
        for number in range(size)
    ]
    rows = [
        {
            "subject": subject["subject"],
            "hired_on": cell(days),
            "person": cell(["p1", "p2", "p3"]),
            "job": cell(["a", "b"]),
            "months": cell([0, 2, 3, 12]),
            "pay": cell([-20_000, 1, 33_333, 100_000, 250_001]),
            "part": cell([0.5, 0.333, 1.0]),
            "poor": cell([True, False]),
        }
        for subject in subjects
        for _ in range(random.choice([0, 0, 1, 1, 2, 3, 5]))
    ]
    complete = [subject["subject"] for subject in subjects if random.random() < 0.8]
    frame = pl.DataFrame(rows, schema=dict(ROW_SCHEMA))
    return Drawn(
        subjects=pl.DataFrame(subjects, schema=dict(SUBJECT_SCHEMA)),
        given=RowFrame(
            rows=frame.sample(fraction=1, shuffle=True, seed=random.randrange(2**31))
            if delivered
            else None,
            complete=pl.Series(complete, dtype=pl.String),
        ),
    )
