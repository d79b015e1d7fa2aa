"""Analysts' frames in and out: policies on a pandas, Polars or Arrow table of facts."""

from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from engine.errors import EngineError
from engine.evaluate import bind_audience, evaluate_part
from engine.program import Program
from language.types import FactType
from profiles.derivation import DTYPES


class TableRefused(EngineError):
    """A table of facts whose columns are not what facts are held in."""


def evaluate_table(program: Program, table: Any, audience: str, as_of: date) -> pd.DataFrame:
    """The eligible and unknown rows of a table, as a pandas frame with the outcome's columns.

    `table` (pandas, Polars, or whatever gives Arrow) has a column `subject` of text and one for
    each fact: money in yuan, dates as dates, null where missing. A float column is refused as
    `subject`: integers with missing lose digits there. Raises TableRefused, naming the column.
    """
    frame = pl.from_pandas(table) if isinstance(table, pd.DataFrame) else pl.DataFrame(table)
    if frame.schema.get("subject") != pl.String:
        raise TableRefused('the column "subject" is missing or no text (a number may lose digits)')
    types = {name: fact.type for name, fact in program.vocabulary.facts.items()}
    columns = [_column(frame[name], types[name]) for name in frame.columns if name in types]
    facts = frame.select("subject").with_columns(columns)
    outcome, _ = evaluate_part(bind_audience(program, audience, as_of), facts, audience)
    return outcome.to_pandas()


def _column(series: pl.Series, fact_type: FactType) -> pl.Series:
    """A column as facts of this type are held; money becomes whole fen, exactly."""
    wanted = DTYPES[fact_type]
    try:
        if fact_type is not FactType.MONEY:
            return series.cast(wanted)
        fen = (series.cast(pl.Decimal(38, 4)) * 100).cast(pl.Decimal(38, 4))
        whole = fen.cast(pl.Int64)
        if not bool((fen == whole).all()):
            raise TableRefused(f'the column "{series.name}" has parts of a fen')
        return whole
    except pl.exceptions.PolarsError:
        raise TableRefused(
            f'the column "{series.name}" is {series.dtype}, {fact_type} is wanted'
        ) from None
