"""Rows of a row set made ready for its measures, and the rows that a filter and a span select.

Many measures share a filter, many a span as well: what each selects is worked out once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from language.column import plain
from language.definition import Constant, Scope
from language.exact import TooWide
from language.expression import Expression, Name
from language.frame import Prepared, facts_of_row, prepare
from language.lowering import Lowering
from language.reach import reachable_facts
from language.reference import evaluate
from language.size import refuse_too_large
from language.types import FactType
from profiles.day_sets import DayRows, DaySets, gather_days
from profiles.grouped import Flags, Groups, Held, Numbers, gather_groups
from profiles.key_index import KeyIndex
from profiles.measure import Measure
from profiles.row_set import RowSet
from profiles.span import Moment, parse_span

_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """The rows of one filter: `held` in three values (None: all rows), and where days are few the
    days of those that hold (`sure`) and of those that may (`unsure`; None: there are none)."""

    held: pl.Series | None
    sure: DaySets | None
    unsure: DaySets | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The rows of one span and filter: `held` in three values, how many of each group hold, and
    which groups have rows that may."""

    held: pl.Series
    flags: Held
    counted: Numbers
    undecided: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRows:
    """Rows of a row set made ready for its measures: scaled, and by subject.

    `subjects` are those whose measures are wanted, `places` the group of each, null without rows
    (None: they are the groups). `days` are the days of rows that happen on one, where they are few.
    `filtered` and `selected` are the rows that measures have asked for so far: many share a filter,
    and a span.
    """

    row_set: RowSet
    rows: pl.DataFrame
    scope: Scope
    types: Mapping[str, FactType]
    moment: Moment
    prepared: Prepared
    groups: Groups
    days: DayRows | None
    subjects: pl.Series
    places: pl.Series | None
    filtered: dict[Expression | None, Filtered] = field(default_factory=dict)
    selected: dict[tuple[object, ...], Selected] = field(default_factory=dict)

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
    index: KeyIndex | None = None,
) -> ReadyRows:
    """Make rows ready, once for all measures over them, and for the subjects to be measured.

    `rows` has a column `subject` and the row set's columns; whatever else `scope` names (default:
    the columns and as_of) stands beside them, with `types`. `index` is that of the subjects, where
    several row sets are made ready for them.
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
        days=_find_days(row_set, rows, groups),
        subjects=subjects,
        places=_find_places(groups, subjects, index or KeyIndex.of(subjects)),
    )


def _find_days(row_set: RowSet, rows: pl.DataFrame, groups: Groups) -> DayRows | None:
    if row_set.time not in ("event", "series"):
        return None
    return gather_days(groups, rows[row_set.time_columns[0]])


def _find_places(groups: Groups, subjects: pl.Series, index: KeyIndex) -> pl.Series | None:
    if groups.subjects.equals(subjects):
        return None
    places = index.find(groups.subjects)
    wanted = places >= 0
    groups_of = np.full(len(subjects), -1, np.int64)
    groups_of[places[wanted]] = np.flatnonzero(wanted)
    found = pl.Series(groups_of)
    return found.set(found < 0, None)


def filter_rows(ready: ReadyRows, where: Expression | None) -> Filtered:
    """The rows that a filter keeps, kept for the next measure that asks for them."""
    filtered = ready.filtered.get(where)
    if filtered is None:
        held = None
        if where is not None:
            held = _filter(where, ready.scope, ready.types, ready.rows, ready.prepared)
        sure = unsure = None
        if ready.days is not None:
            flags = None if held is None else Held.of(held)
            sure = ready.days.gather(None if flags is None else flags.sure)
            if flags is not None and flags.undecided is not None:
                unsure = ready.days.gather(flags.undecided)
        filtered = ready.filtered[where] = Filtered(held=held, sure=sure, unsure=unsure)
    return filtered


def select_rows(measure: Measure, ready: ReadyRows) -> Selected:
    """The rows that a measure is taken over, kept for the next one of the same span and filter."""
    key = (measure.on, measure.over, measure.where)
    selected = ready.selected.get(key)
    if selected is None:
        filtered = filter_rows(ready, measure.where)
        within = None
        if ready.days is not None and measure.on is None:
            within = ready.days.within(*span_of(measure, ready.moment))
            held = pl.lit(pl.Series((ready.days.bits & within) != 0))
        else:
            held = _in_time(measure, ready.row_set, ready.moment, ready.lowering)
        if filtered.held is not None:
            held = held & pl.lit(filtered.held)
        series = ready.prepared.frame.select("subject", held.alias("::held"))["::held"]
        flags = Held.of(series)
        if within is not None:
            counted, undecided = tally(filtered, within, ready.groups)
        else:
            counted, undecided = ready.groups.count(flags.sure), ready.groups.none()
            if flags.undecided is not None:
                undecided = ready.groups.any(flags.undecided)
        selected = ready.selected[key] = Selected(
            held=series, flags=flags, counted=counted, undecided=undecided
        )
    return selected


def tally(filtered: Filtered, within: np.unsignedinteger, groups: Groups) -> tuple[Numbers, Flags]:
    """How many rows of each group hold on these days, and whether any may."""
    assert filtered.sure is not None
    undecided = groups.none() if filtered.unsure is None else filtered.unsure.any(within)
    return filtered.sure.count(within), undecided


def span_of(measure: Measure, moment: Moment) -> tuple[date | None, date]:
    """From when (None: ever) to when rows count; rows after `as_of` are not seen."""
    if measure.over is None:
        return None, moment.as_of
    start, end = parse_span(measure.over, moment)
    return start, min(end, moment.as_of)


def _filter(
    where: Expression,
    scope: Scope,
    types: Mapping[str, FactType],
    rows: pl.DataFrame,
    prepared: Prepared,
) -> pl.Series:
    """The filter over the rows; row by row where its numbers are too wide for columns."""
    if not reachable_facts([where], scope) & prepared.unscalable:
        try:
            refuse_too_large(where, scope)
            held = Lowering(scope, prepared.known).boolean(where)
            return prepared.frame.select("subject", held.alias("held"))["held"]
        except (TooWide, pl.exceptions.PolarsError):
            pass
    found = [
        evaluate(where, scope, facts_of_row(row, types)).value for row in rows.iter_rows(named=True)
    ]
    return pl.Series("held", found, dtype=pl.Boolean)


def time_of(row_set: RowSet) -> pl.Expr:
    """The day that puts rows in order: the first one of a state; null where they have none."""
    if row_set.time is None:
        return pl.lit(None, dtype=pl.Date)
    return pl.col(row_set.time_columns[0])


def _in_time(measure: Measure, row_set: RowSet, moment: Moment, lowering: Lowering) -> pl.Expr:
    """Whether a row counts by its time; rows after `as_of` are not seen."""
    if row_set.time is None:
        return pl.lit(True)
    first = time_of(row_set)
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
