"""A measure over a subject's rows: what is counted, summed or looked up, and when it is unknown.

No rows counts as none only where the dataset is complete; an undecided row or a missing addend
makes the result missing, unless `any` or `all` is settled without it.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

import polars as pl

from language.definition import Constant, Definition, Given
from language.expression import Expression, names_in
from language.frame import Prepared, facts_of_row, prepare, types_of
from language.lowering import Lowering
from language.reference import evaluate
from language.types import FactType
from profiles.dataset import Dataset

Function = Literal["count", "sum", "min", "max", "any", "all", "first", "last"]
FUNCTIONS: tuple[str, ...] = ("count", "sum", "min", "max", "any", "all", "first", "last")

_COLUMN_TYPES = {
    "boolean": FactType.BOOLEAN,
    "integer": FactType.INTEGER,
    "money": FactType.MONEY,
    "ratio": FactType.RATIO,
    "number": FactType.NUMBER,
    "date": FactType.DATE,
    "month": FactType.DATE,
    "year": FactType.DATE,
    "code": FactType.CODE,
    "text": FactType.TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`function` of `column` ("rows" for the rows themselves) over the rows of a dataset.

    `on` a day keeps states in force that day; `over` a span keeps what happened in it; `where`
    filters. `over` is a text that `parse_span` reads.
    """

    dataset: str
    function: Function
    column: str
    on_as_of: bool = False
    over: str | None = None
    where: Expression | None = None


def row_scope(dataset: Dataset, as_of: date) -> dict[str, Definition]:
    """What names mean in a filter over the dataset's rows."""
    scope: dict[str, Definition] = {
        name: Given(
            name=name,
            type=_COLUMN_TYPES[column.type],
            values=tuple(column.values),
        )
        for name, column in dataset.columns.items()
        if name != dataset.key
    }
    scope["as_of"] = Constant(value=as_of)
    return scope


def column_type(dataset: Dataset, column: str) -> FactType:
    """The fact type of a dataset's column."""
    return _COLUMN_TYPES[dataset.columns[column].type]


MAX_SUM = 2**62
_MONTH = r"(\d{4})-(\d{2})"


def parse_span(text: str, as_of: date) -> tuple[date, date]:
    """First and last day of a span in words, seen from `as_of`.

    `this year`, `last year`, `last 2 years` (whole calendar years before this one), the same with
    `month`, a year `2024`, a month `2024-05`, or months `2021-01 to 2021-03`. ValueError otherwise.
    """
    words = " ".join(text.split())
    if match := re.fullmatch(
        r"(this|last) (year|month)|last (\d{1,2}) (years|months)", words, re.ASCII
    ):
        unit = (match[2] or match[4]).rstrip("s")
        count = int(match[3] or 1)
        if count == 0:
            raise ValueError(f'"{text}" is no span: it has no days')
        months = count * (12 if unit == "year" else 1)
        start_of = as_of.replace(month=1, day=1) if unit == "year" else as_of.replace(day=1)
        if match[1] == "this":
            return start_of, _end_of(start_of, 12 if unit == "year" else 1)
        first = _shift(start_of, -months)
        return first, _end_of(first, months)
    if match := re.fullmatch(rf"{_MONTH} to {_MONTH}", words, re.ASCII):
        first, last = date(int(match[1]), int(match[2]), 1), date(int(match[3]), int(match[4]), 1)
        if last < first:
            raise ValueError(f'"{text}" ends before it begins')
        return first, _end_of(last, 1)
    if match := re.fullmatch(_MONTH, words, re.ASCII):
        first = date(int(match[1]), int(match[2]), 1)
        return first, _end_of(first, 1)
    if match := re.fullmatch(r"(\d{4})", words, re.ASCII):
        return date(int(match[1]), 1, 1), date(int(match[1]), 12, 31)
    raise ValueError(
        f'"{text}" is not a span; write this year, last year, last 2 years, last 3 months, 2024, '
        "2024-05 or 2021-01 to 2021-03"
    )


def _shift(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _end_of(first: date, months: int) -> date:
    last = _shift(first, months - 1)
    return last.replace(day=calendar.monthrange(last.year, last.month)[1])


def measure_rows(
    measure: Measure,
    dataset: Dataset,
    rows: pl.DataFrame,
    subjects: pl.Series,
    as_of: date,
    listed: pl.Series | None,
) -> pl.DataFrame:
    """The measure for every subject: columns `subject`, `value`, `rows` (it has any).

    `rows` has a column `subject` and the dataset's columns. `listed` are the subjects whose rows
    are known to be all there are (None: all of them). Null is missing; without rows and without
    a value of its own (min, max, first, last, all) the caller decides what `absent` says.
    """
    scope = row_scope(dataset, as_of)
    prepared = prepare(rows, types_of(scope), scope)
    held = _in_time(measure, dataset, as_of)
    if measure.where is not None:
        held = held & _filter(measure.where, scope, rows, prepared)
    # only a sum needs whole numbers; every other measure takes a value as it was delivered
    scaled = measure.function == "sum" and measure.column not in prepared.unscalable
    frame = (prepared.frame if scaled else rows).with_columns(held.alias("::held"))
    frame = frame.filter(pl.col("::held").is_null() | pl.col("::held"))
    value = pl.lit(True) if measure.column == "rows" else pl.col(measure.column)
    time = pl.col(dataset.time.columns[0])
    found = (
        frame.select("subject", "::held", time.alias("::time"), value.alias("::value"))
        .group_by("subject")
        .agg(
            pl.col("::held").is_null().any().alias("::undecided"),
            _aggregate(measure, scaled=scaled).alias("value"),
        )
    )
    result = pl.DataFrame({"subject": subjects}).join(
        found, on="subject", how="left", maintain_order="left"
    )
    undecided = pl.col("::undecided")
    settled = pl.col("value").is_not_null() if measure.function in ("any", "all") else ~undecided
    if measure.function == "any":
        settled = ~undecided | pl.col("value")
    if measure.function == "all":
        settled = ~undecided | ~pl.col("value")
    known = pl.when(settled).then(pl.col("value"))
    has_rows = undecided.is_not_null()
    if measure.function in ("count", "sum"):
        none: pl.Expr = pl.lit(0, dtype=pl.Int64)
    elif measure.function == "any":
        none = pl.lit(False)
    else:
        none = pl.lit(None)
    complete = pl.lit(True) if listed is None else pl.col("subject").is_in(listed.implode())
    result = result.select(
        "subject",
        pl.when(has_rows).then(known).when(complete).then(none).alias("value"),
        has_rows.alias("rows"),
    )
    if scaled and column_type(dataset, measure.column) in (FactType.RATIO, FactType.NUMBER):
        scale = prepared.known.bounds[measure.column].scale
        whole = result["value"].cast(pl.Float64).to_numpy()
        # NumPy: Polars divides by a reciprocal, which is not the nearest decimal
        result = result.with_columns(pl.Series("value", whole / scale, nan_to_null=True))
    return result


def _filter(
    where: Expression, scope: dict[str, Definition], rows: pl.DataFrame, prepared: Prepared
) -> pl.Expr:
    """The filter over the rows; row by row where a column mixes magnitudes too far apart."""
    if not names_in(where) & prepared.unscalable:
        return Lowering(scope, prepared.known).boolean(where)
    types = types_of(scope)
    found = [
        evaluate(where, scope, facts_of_row(row, types)).value for row in rows.iter_rows(named=True)
    ]
    return pl.lit(pl.Series("held", found, dtype=pl.Boolean))


def _in_time(measure: Measure, dataset: Dataset, as_of: date) -> pl.Expr:
    """Whether a row counts by its time; rows after `as_of` are not seen."""
    today = pl.lit(as_of)
    first = pl.col(dataset.time.columns[0])
    seen = first <= today
    if dataset.time.form == "state":
        last = pl.col(dataset.time.columns[1])
        # an empty end is still in force, so it is compared as if it were far away
        end = last.fill_null(date(9999, 12, 31))
        if measure.on_as_of:
            return seen & (end >= today)
        if measure.over is not None:
            start_day, end_day = parse_span(measure.over, as_of)
            return seen & (first <= pl.lit(end_day)) & (end >= pl.lit(start_day))
        return seen
    if measure.over is not None:
        start_day, end_day = parse_span(measure.over, as_of)
        return seen & first.is_between(pl.lit(start_day), pl.lit(end_day))
    return seen


def _sum_exactly(values: pl.Series) -> float:
    """The sum of decimals too far apart for one scale."""
    return float(sum((Fraction(repr(value)) for value in values.drop_nulls()), Fraction(0)))


def _aggregate(measure: Measure, *, scaled: bool) -> pl.Expr:
    held, value = pl.col("::held"), pl.col("::value").filter(pl.col("::held"))
    whole = held.fill_null(False)
    match measure.function:
        case "count":
            if measure.column == "rows":
                return whole.sum().cast(pl.Int64)
            return pl.when(~value.has_nulls()).then(value.n_unique()).cast(pl.Int64)
        case "sum":
            total = value.cast(pl.Int128).sum()  # whole numbers of 64 bits would wrap
            if not scaled:
                total = (
                    pl.col("::value").filter(held).map_batches(_sum_exactly, returns_scalar=True)
                )
                return pl.when(~value.has_nulls()).then(total)
            inside = total.abs() <= MAX_SUM
            return pl.when(~value.has_nulls() & inside).then(total).cast(pl.Int64)
        case "min":
            return pl.when(~value.has_nulls()).then(value.min())
        case "max":
            return pl.when(~value.has_nulls()).then(value.max())
        case "any":
            if measure.column == "rows":
                return whole.any()
            return value.any(ignore_nulls=False)
        case "all":
            return value.all(ignore_nulls=False)
        case "first":
            return _at_edge(pl.col("::time").filter(held).min())
        case "last":
            return _at_edge(pl.col("::time").filter(held).max())


def _at_edge(time: pl.Expr) -> pl.Expr:
    """The value of the first or last row; missing where rows of that day disagree."""
    values = pl.col("::value").filter(pl.col("::held") & (pl.col("::time") == time))
    agreed = ~values.has_nulls() & (values.n_unique() == 1)
    return pl.when(agreed).then(values.first())
