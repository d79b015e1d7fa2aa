"""Analysts' frames in and out: policies on a pandas, Polars or Arrow table of facts."""

from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from engine.by_hand import evaluate_subjects
from engine.errors import EngineError
from engine.program import Program
from profiles.hand import Trouble, read_table


class TableRefused(EngineError):
    """A table of subjects that does not say who they are."""


def evaluate_table(
    program: Program, table: Any, as_of: date
) -> tuple[pd.DataFrame, tuple[Trouble, ...]]:
    """The verdicts of a table's rows as a pandas frame, and what could not be read of it.

    `table` (pandas, Polars, or whatever gives Arrow) is read as `zhida evaluate` reads a Parquet
    file: a text column `subject` and one for each fact, null where not given; what cannot be read
    counts as missing and is told. Raises TableRefused for a `subject` that is no text: integers
    with missing values come as floats, and lose digits.
    """
    frame = pl.from_pandas(table) if isinstance(table, pd.DataFrame) else pl.DataFrame(table)
    if frame.schema.get("subject") != pl.String:
        raise TableRefused('the column "subject" is missing or no text (a number may lose digits)')
    read = read_table(frame)
    results, troubles = evaluate_subjects(program, read.subjects, as_of)
    found = pd.DataFrame([result.as_json() for result in results])
    return found, (*read.troubles, *troubles)
