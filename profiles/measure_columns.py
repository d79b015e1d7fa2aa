"""Measures as columns: a filter over rows, and what the rows of each subject come to.

No rows counts as none only where the rows are complete; an undecided row or a missing addend
makes the result missing, unless `any` or `all` is settled without it, or the run is as long
either way. Agrees with `profiles.measure_reference` on every row.
"""

from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from language import exact
from language.column import Column, plain
from language.exact import Exact
from language.expression import Name
from language.frame import Prepared
from language.lowering import Lowering
from language.types import FactType
from profiles.day_sets import Bits
from profiles.grouped import (
    MAX_SUM,
    Flags,
    Groups,
    Numbers,
    at_edge,
    distinct,
    every,
    extreme,
    repeat,
    some,
    total,
)
from profiles.measure import NO_ROWS, RUNS, Measure
from profiles.ready_rows import (
    ReadyRows,
    Selected,
    filter_rows,
    select_rows,
    span_of,
    tally,
    time_of,
)
from profiles.row_set import RowSet
from profiles.run_length import run_lengths, run_lengths_of_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A measure by group, before it is known who has no rows, or rows that may be others."""

    value: pl.Series
    counted: Numbers
    undecided: Flags


def measure_rows(measure: Measure, ready: ReadyRows, listed: pl.Series | None) -> pl.DataFrame:
    """The measure for every subject: columns `subject`, `value`, `rows` (it has any).

    `listed` are the subjects whose rows are known to be all there are (None: all of them). Null is
    missing; without rows and without a value of its own (min, max, first, last, all) the caller
    decides what `absent` says.
    """
    scale: int | None = 1
    found = _by_days(measure, ready)
    if found is None:
        found, scale = _by_rows(measure, ready)
    result = _settle(measure, ready, found, listed)
    if scale is not None and scale != 1:
        whole = result["value"].cast(pl.Float64).to_numpy()
        # NumPy: Polars divides by a reciprocal, which is not the nearest decimal
        result = result.with_columns(pl.Series("value", whole / scale, nan_to_null=True))
    return result


def _settle(
    measure: Measure, ready: ReadyRows, found: Found, listed: pl.Series | None
) -> pl.DataFrame:
    """What was found of each group as the measure of each subject, as `measure_rows` says it."""
    value, expect = found.value, measure.expect
    # who has rows, but none that holds or may, has none
    has_rows = pl.Series(found.undecided | (found.counted > 0))
    settled = has_rows
    if expect is not None:
        settled = pl.Series(~found.undecided & (found.counted == expect)) & has_rows
    elif found.undecided.any():
        decided = pl.Series(~found.undecided)
        match measure.function:
            case "any":
                settled = has_rows & (decided | value.fill_null(False))
            case "all":
                settled = has_rows & (decided | ~value.fill_null(True))
            case "longest_run" | "current_run":
                pass  # a run that undecided rows could lengthen is null already
            case _:
                settled = has_rows & decided
    if ready.places is not None:
        value, has_rows, settled = (
            each.gather(ready.places) if len(each) else each.clear(len(ready.subjects))
            for each in (value, has_rows, settled)
        )
        has_rows, settled = has_rows.fill_null(False), settled.fill_null(False)
    if not settled.all():
        none = NO_ROWS.get(measure.function) if expect in (None, 0) else None
        other = repeat(none, value)
        if none is not None and (listed is not None or not settled.equals(has_rows)):
            complete = ~has_rows
            if listed is not None:
                complete &= ready.subjects.is_in(listed.implode())
            other = other.zip_with(complete, repeat(None, value))
        value = value.zip_with(settled, other)
    return pl.DataFrame({"subject": ready.subjects, "value": value, "rows": has_rows})


def _by_days(measure: Measure, ready: ReadyRows) -> Found | None:
    """A measure that asks no more than when rows are, where their days are few; else None."""
    days, filtered = ready.days, filter_rows(ready, measure.where)
    if days is None or filtered.sure is None or measure.on is not None:
        return None
    within = days.within(*span_of(measure, ready.moment))
    counted, undecided = tally(filtered, within, ready.groups)
    of_rows = measure.column == "rows"
    match measure.function:
        case "count" if of_rows:
            value = pl.Series(counted)
        case "any" if of_rows:
            value = pl.Series(counted > 0)
        case "min" | "max" | "first" | "last" if measure.column in ready.row_set.time_columns:
            last = measure.function in ("max", "last")
            value = pl.Series(filtered.sure.edge(within, last=last)).cast(pl.Date)
            value = value.zip_with(pl.Series(counted > 0), repeat(None, value))
        case "longest_run" | "current_run":
            sure: Bits = filtered.sure.sets & within
            may = sure
            if filtered.unsure is not None:
                may = sure | (filtered.unsure.sets & within)
            found = run_lengths_of_days(days.days, sure, may, measure, ready.moment)
            if found is None:
                return None
            value = found
        case _:
            return None
    return Found(value=value, counted=counted, undecided=undecided)


def _by_rows(measure: Measure, ready: ReadyRows) -> tuple[Found, int | None]:
    """A measure over the rows' values, and how many times too large it is (None: floats)."""
    selected = select_rows(measure, ready)
    value, scale = _value(measure, ready.row_set, ready.lowering, ready.prepared, ready.rows)
    frame = ready.prepared.frame.select(
        "subject",
        selected.held.alias("::held"),
        time_of(ready.row_set).alias("::time"),
        value.alias("::value"),
    )
    found = _by_groups(measure, frame, ready.groups, selected, exactly=scale is None)
    if found is None and measure.function in RUNS:
        found = run_lengths(frame, ready.groups, measure, ready.moment)
    if found is None:
        found = _by_subject(measure, frame, ready.groups, exactly=scale is None)
    return Found(value=found, counted=selected.counted, undecided=selected.undecided), scale


def _by_groups(
    measure: Measure, frame: pl.DataFrame, groups: Groups, selected: Selected, *, exactly: bool
) -> pl.Series | None:
    """The value of each group; None where it takes another way."""
    held, counted = selected.flags, selected.counted
    values, times = frame["::value"], frame["::time"]
    match measure.function:
        case "count" if measure.column == "rows":
            return pl.Series(counted)
        case "count":
            return distinct(groups, held, values)
        case "any" if measure.column == "rows":
            return pl.Series(counted > 0)
        case "sum" if not exactly and values.dtype == pl.Int64:
            return total(groups, held, values)
        case "min" | "max":
            return extreme(groups, held, values, largest=measure.function == "max")
        case "any":
            return some(groups, held, values)
        case "all":
            return every(groups, held, values)
        case "first" | "last":
            return at_edge(groups, held, values, times, last=measure.function == "last")
    return None


def _by_subject(
    measure: Measure, frame: pl.DataFrame, groups: Groups, *, exactly: bool
) -> pl.Series:
    """As `_by_groups`, by a group-by on the subjects' names."""
    frame = frame.filter(pl.col("::held").is_null() | pl.col("::held"))
    exactly = exactly and measure.function == "sum"
    found = frame.group_by("subject").agg(_aggregate(measure, exactly=exactly).alias("value"))
    everybody = pl.DataFrame({"subject": groups.subjects})
    return everybody.join(found, on="subject", how="left", maintain_order="left")["value"]


def _value(
    measure: Measure,
    row_set: RowSet,
    lowering: Lowering,
    prepared: Prepared,
    rows: pl.DataFrame,
) -> tuple[pl.Expr, int | None]:
    """What is measured of each row; for a sum, how many times too large it is (None: floats).

    Only a sum needs whole numbers; every other measure takes a value as it was delivered.
    """
    if measure.column == "rows" or measure.function in RUNS:
        return pl.lit(True), 1
    column = row_set.columns[measure.column]
    if column.formula is not None:
        return _whole(lowering.lower(Name(name=measure.column)), column.type), 1
    if column.type not in (FactType.RATIO, FactType.NUMBER):
        return pl.col(measure.column), 1
    if measure.function != "sum":
        return pl.lit(rows[measure.column]), 1
    if measure.column in prepared.unscalable:
        return pl.col(measure.column), None
    return pl.col(measure.column), prepared.known.bounds[measure.column].scale


def _whole(column: Column, fact_type: FactType) -> pl.Expr:
    """A formula's column as it would be stored; a part of a fen or of a unit is missing."""
    if not isinstance(column, Exact):
        return plain(column)
    if fact_type is FactType.MONEY:
        column = exact.multiply(column, exact.literal(Fraction(100)))
    whole = exact.truncate(column)
    return pl.when(exact.compare("eq", column, whole)).then(whole.numerator.expr.cast(pl.Int64))


def _sum_exactly(values: pl.Series) -> float:
    """The sum of decimals too far apart for one scale."""
    return float(sum((Fraction(repr(value)) for value in values.drop_nulls()), Fraction(0)))


def _aggregate(measure: Measure, *, exactly: bool) -> pl.Expr:
    held, value = pl.col("::held"), pl.col("::value").filter(pl.col("::held"))
    whole = held.fill_null(False)
    match measure.function:
        case "count":
            if measure.column == "rows":
                return whole.sum().cast(pl.Int64)
            return pl.when(~value.has_nulls()).then(value.n_unique()).cast(pl.Int64)
        case "sum":
            if exactly:
                total = (
                    pl.col("::value").filter(held).map_batches(_sum_exactly, returns_scalar=True)
                )
                return pl.when(~value.has_nulls()).then(total)
            total = value.cast(pl.Int128).sum()  # whole numbers of 64 bits would wrap
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
    raise AssertionError(measure.function)


def _at_edge(time: pl.Expr) -> pl.Expr:
    """The value of the first or last row; missing where rows of that day disagree."""
    values = pl.col("::value").filter(pl.col("::held") & (pl.col("::time") == time))
    agreed = ~values.has_nulls() & (values.n_unique() == 1)
    return pl.when(agreed).then(values.first())
