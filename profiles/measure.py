"""A measure over a subject's rows: what is counted, summed or looked up, and over which rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from language.expression import Expression

Function = Literal[
    "count", "sum", "min", "max", "any", "all", "first", "last", "longest_run", "current_run"
]
FUNCTIONS: tuple[Function, ...] = (
    "count",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "first",
    "last",
    "longest_run",
    "current_run",
)
RUNS = ("longest_run", "current_run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`function` of `column` ("rows" for the rows themselves) over the rows of a row set.

    `on` a day (as_of, an end of the period, a date fact) keeps states in force that day; `over` a
    span, a text that `parse_span` reads, keeps what happened in it; `where` filters; `match` keeps
    the rows with the same value in these columns as where the measure stands. `expect` demands so
    many rows. `dataset` is where a snapshot has the rows from, "" where they are only ever given.
    """

    rows: str
    dataset: str
    function: Function
    column: str
    on: str | None = None
    over: str | None = None
    where: Expression | None = None
    match: tuple[str, ...] = ()
    expect: int | None = None


NO_ROWS: Mapping[str, int | bool] = {
    "count": 0,
    "sum": 0,
    "any": False,
    "longest_run": 0,
    "current_run": 0,
}
"""What a measure is where there are no rows and the rows are all there are; else `absent` says."""
