"""Measures as columns: a filter over rows, and what the rows of each subject come to.

No rows counts as none only where the rows are complete; an undecided row or a missing addend
makes the result missing, unless `any` or `all` is settled without it, or the run is as long
either way. Agrees with `profiles.measure_reference` on every row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl

from language import exact
from language.column import Column, plain
from language.definition import Constant, Scope
from language.exact import Exact, TooWide
from language.expression import Expression, Name
from language.frame import Prepared, facts_of_row, prepare
from language.lowering import Lowering
from language.reach import reachable_facts
from language.reference import evaluate
from language.size import refuse_too_large
from language.types import FactType
from profiles.grouped import (
    MAX_SUM,
    Groups,
    Held,
    at_edge,
    every,
    extreme,
    gather_groups,
    some,
    total,
)
from profiles.measure import NO_ROWS, RUNS, Measure
from profiles.row_set import RowSet
from profiles.run_length import run_lengths
from profiles.span import Moment, parse_span

_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The rows of one span and filter: `held` in three values, how many of each group hold, and
    which groups have rows that may."""

    held: pl.Series
    flags: Held
    counted: npt.NDArray[np.int64]
    undecided: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRows:
    """Rows of a row set made ready for its measures: scaled, and by subject.

    `subjects` are those whose measures are wanted, `places` the group of each, null without rows.
    `selected` are the rows that measures have asked for so far: many share a span and a filter.
    """

    row_set: RowSet
    rows: pl.DataFrame
    scope: Scope
    types: Mapping[str, FactType]
    moment: Moment
    prepared: Prepared
    groups: Groups
    subjects: pl.Series
    places: pl.Series
    selected: dict[tuple[object, ...], "Selected"] = field(default_factory=dict)

    @property
    def lowering(self) -> Lowering:
        return Lowering(self.scope, self.prepared.known)


def ready_rows(
    row_set: RowSet,
    rows: pl.DataFrame,
    subjects: pl.Series,
    moment: Moment,
    *,
    scope: Scope | None = None,
    types: Mapping[str, FactType] | None = None,
) -> ReadyRows:
    """Make rows ready, once for all measures over them, and for the subjects to be measured.

    `rows` has a column `subject` and the row set's columns; whatever else `scope` names (default:
    the columns and as_of) stands beside them, with `types`.
    """
    types = {name: column.type for name, column in row_set.columns.items()} | dict(types or {})
    groups = gather_groups(rows["subject"])
    if groups is None:
        rows = rows.sort("subject", maintain_order=True)
        groups = gather_groups(rows["subject"])
        assert groups is not None
    return ReadyRows(
        row_set=row_set,
        rows=rows,
        scope=scope or row_set.scope() | {"as_of": Constant(value=moment.as_of)},
        types=types,
        moment=moment,
        prepared=prepare(rows, types, types),
        groups=groups,
        subjects=subjects,
        places=_find_places(groups, subjects),
    )


def _find_places(groups: Groups, subjects: pl.Series) -> pl.Series:
    place = pl.int_range(len(groups.subjects), dtype=pl.UInt32, eager=True)
    known = pl.DataFrame({"subject": groups.subjects, "place": place})
    wanted = pl.DataFrame({"subject": subjects})
    return wanted.join(known, on="subject", how="left", maintain_order="left")["place"]


def measure_rows(measure: Measure, ready: ReadyRows, listed: pl.Series | None) -> pl.DataFrame:
    """The measure for every subject: columns `subject`, `value`, `rows` (it has any).

    `listed` are the subjects whose rows are known to be all there are (None: all of them). Null is
    missing; without rows and without a value of its own (min, max, first, last, all) the caller
    decides what `absent` says.
    """
    row_set, rows, moment, prepared = ready.row_set, ready.rows, ready.moment, ready.prepared
    selected = _select(measure, ready)
    value, scale = _value(measure, row_set, ready.lowering, prepared, rows)
    frame = prepared.frame.select(
        "subject",
        selected.held.alias("::held"),
        _time_of(row_set).alias("::time"),
        value.alias("::value"),
    )
    found = _by_groups(measure, frame, ready.groups, selected, exactly=scale is None)
    if found is None and measure.function in RUNS:
        runs = run_lengths(frame, ready.groups, measure, moment)
        found = _group_frame(selected, runs)
    if found is None:
        found = _by_subject(measure, frame, ready.groups, exactly=scale is None)
    # who has rows, but none that holds or may, has none
    some = found["::undecided"] | (found["::counted"] > 0)
    result = (
        found.with_columns(pl.when(some).then("::undecided")).select(
            pl.lit(ready.subjects).alias("subject"), pl.all().gather(ready.places)
        )
        if len(found)
        else pl.DataFrame({"subject": ready.subjects}).with_columns(
            pl.lit(None, dtype=dtype).alias(name) for name, dtype in found.schema.items()
        )
    )
    undecided = pl.col("::undecided")
    match measure.function:
        case "any":
            settled = ~undecided | pl.col("value")
        case "all":
            settled = ~undecided | ~pl.col("value")
        case "longest_run" | "current_run":
            settled = pl.lit(True)  # a run that undecided rows could lengthen is null already
        case _:
            settled = ~undecided
    if measure.expect is not None:
        settled = ~undecided & (pl.col("::counted") == measure.expect)
    known = pl.when(settled).then(pl.col("value"))
    has_rows = undecided.is_not_null()
    none = pl.lit(NO_ROWS.get(measure.function))
    complete = pl.lit(True) if listed is None else pl.col("subject").is_in(listed.implode())
    if measure.expect is not None:
        complete = complete & (measure.expect == 0)
    result = result.select(
        "subject",
        pl.when(has_rows).then(known).when(complete).then(none).alias("value"),
        has_rows.alias("rows"),
    )
    if scale is not None and scale != 1:
        whole = result["value"].cast(pl.Float64).to_numpy()
        # NumPy: Polars divides by a reciprocal, which is not the nearest decimal
        result = result.with_columns(pl.Series("value", whole / scale, nan_to_null=True))
    return result


def _select(measure: Measure, ready: ReadyRows) -> Selected:
    key = (measure.on, measure.over, measure.where)
    selected = ready.selected.get(key)
    if selected is None:
        held = _in_time(measure, ready.row_set, ready.moment, ready.lowering)
        if measure.where is not None:
            where = _filter(measure.where, ready.scope, ready.types, ready.rows, ready.prepared)
            held = held & where
        frame = ready.prepared.frame.select("subject", held.alias("::held"))
        flags = Held.of(frame["::held"])
        none = np.zeros(len(ready.groups.starts), np.bool_)
        selected = ready.selected[key] = Selected(
            held=frame["::held"],
            flags=flags,
            counted=ready.groups.count(flags.sure),
            undecided=none if flags.undecided is None else ready.groups.any(flags.undecided),
        )
    return selected


def _by_groups(
    measure: Measure, frame: pl.DataFrame, groups: Groups, selected: Selected, *, exactly: bool
) -> pl.DataFrame | None:
    """For each group `value`, `::undecided` and `::counted`; None where it takes another way."""
    held, counted = selected.flags, selected.counted
    values, times = frame["::value"], frame["::time"]
    found: pl.Series | None = None
    match measure.function:
        case "count" if measure.column == "rows":
            found = pl.Series(counted)
        case "any" if measure.column == "rows":
            found = pl.Series(counted > 0)
        case "sum" if not exactly and values.dtype == pl.Int64:
            found = total(groups, held, values)
        case "min" | "max":
            found = extreme(groups, held, values, largest=measure.function == "max")
        case "any":
            found = some(groups, held, values)
        case "all":
            found = every(groups, held, values)
        case "first" | "last":
            found = at_edge(groups, held, values, times, last=measure.function == "last")
    if found is None:
        return None
    return _group_frame(selected, found)


def _group_frame(selected: Selected, value: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {"::undecided": selected.undecided, "::counted": selected.counted, "value": value}
    )


def _by_subject(
    measure: Measure, frame: pl.DataFrame, groups: Groups, *, exactly: bool
) -> pl.DataFrame:
    """As `_by_groups`, by a group-by on the subjects' names."""
    frame = frame.filter(pl.col("::held").is_null() | pl.col("::held"))
    exactly = exactly and measure.function == "sum"
    found = frame.group_by("subject").agg(
        pl.col("::held").is_null().any().alias("::undecided"),
        pl.col("::held").fill_null(False).sum().cast(pl.Int64).alias("::counted"),
        _aggregate(measure, exactly=exactly).alias("value"),
    )
    everybody = pl.DataFrame({"subject": groups.subjects})
    joined = everybody.join(found, on="subject", how="left", maintain_order="left")
    return joined.select(
        pl.col("::undecided").fill_null(False), pl.col("::counted").fill_null(0), "value"
    )


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


def _filter(
    where: Expression,
    scope: Scope,
    types: Mapping[str, FactType],
    rows: pl.DataFrame,
    prepared: Prepared,
) -> pl.Expr:
    """The filter over the rows; row by row where its numbers are too wide for columns."""
    if not reachable_facts([where], scope) & prepared.unscalable:
        try:
            refuse_too_large(where, scope)
            held = Lowering(scope, prepared.known).boolean(where)
            return pl.lit(prepared.frame.select("subject", held.alias("held"))["held"])
        except (TooWide, pl.exceptions.PolarsError):
            pass
    found = [
        evaluate(where, scope, facts_of_row(row, types)).value for row in rows.iter_rows(named=True)
    ]
    return pl.lit(pl.Series("held", found, dtype=pl.Boolean))


def _time_of(row_set: RowSet) -> pl.Expr:
    if row_set.time is None:
        return pl.lit(None, dtype=pl.Date)
    return pl.col(row_set.time_columns[0])


def _in_time(measure: Measure, row_set: RowSet, moment: Moment, lowering: Lowering) -> pl.Expr:
    """Whether a row counts by its time; rows after `as_of` are not seen."""
    if row_set.time is None:
        return pl.lit(True)
    first = _time_of(row_set)
    seen = first <= pl.lit(moment.as_of)
    start, end = (None, None)
    if measure.over is not None:
        start, end = parse_span(measure.over, moment)
    if row_set.time == "state":
        # a state that is still in force is compared as if its end were far away
        last = row_set.time_columns[1]
        until, stays = pl.col(last), lowering.none_flag(Name(name=last))
        if stays is None:
            stays = until.is_null()
        until = pl.when(stays).then(_FAR).otherwise(until)
        if measure.on is not None:
            day = plain(lowering.lower(Name(name=measure.on)))
            return seen & (first <= day) & (until >= day)
        if start is not None:
            return seen & (first <= pl.lit(end)) & (until >= pl.lit(start))
        return seen
    if start is not None:
        return seen & first.is_between(pl.lit(start), pl.lit(end))
    return seen


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
