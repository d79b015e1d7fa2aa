"""What a measure means: one subject's rows walked one by one, in exact rationals and three values.

This is the definition; the columns in `profiles.measure_columns` must agree with it for everybody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from language.definition import Scalar, Scope
from language.reference import Facts, NotApplicable, Reference, kleene_and
from language.reference import Value as Known
from language.truth import NONE
from language.types import FactType
from profiles.measure import NO_ROWS, RUNS, Measure
from profiles.row_set import RowSet
from profiles.run_length import run_of, unit_of
from profiles.span import Moment, parse_span

MAX_SUM = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measure of one subject: None is missing; `has_rows` is whether any row counts or may.

    Without rows `value` is what no row means where the rows are all there are; of the functions
    for which that is nothing, the fact's `absent` decides.
    """

    value: Scalar | None
    has_rows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A row that counts (True) or may count (None), with what is measured of it and its day."""

    held: bool | None
    value: Scalar | NotApplicable | None
    day: date | None


def measure_subject(
    measure: Measure,
    row_set: RowSet,
    rows: Sequence[Facts],
    moment: Moment,
    scope: Scope,
    *,
    complete: bool,
    outer: Facts | None = None,
) -> Measured:
    """The measure over one subject's rows, in yuan.

    A row holds its columns as the reference reads facts; `outer` are the subject's own facts.
    `complete`: the rows are all there are.
    """
    judged = []
    for row in rows:
        reference = Reference(scope, {**(outer or {}), **row})
        tests = [_in_time(measure, row_set, row, moment, reference)]
        if measure.where is not None:
            tests.append(reference.value(measure.where))
        held = kleene_and(tests).value
        if held is False:
            continue
        value = _value(measure, row_set, row, reference)
        day = row.get(row_set.time_columns[0]) if row_set.time is not None else None
        judged.append(
            _Judged(
                held=held if isinstance(held, bool) else None,
                value=value,
                day=day if isinstance(day, date) else None,
            )
        )
    if not judged:
        known = complete and (measure.expect is None or measure.expect == 0)
        none = NO_ROWS.get(measure.function) if known else None
        nothing = none if none is None or isinstance(none, bool) else Fraction(none)
        return Measured(value=nothing, has_rows=False)
    undecided = any(row.held is None for row in judged)
    counted = [row for row in judged if row.held]
    if measure.expect is not None and (undecided or len(counted) != measure.expect):
        return Measured(value=None, has_rows=True)
    if measure.function in RUNS:
        return Measured(value=_run(measure, judged, moment), has_rows=True)
    found = _FUNCTIONS[measure.function](measure, counted, undecided)
    if measure.function == "sum" and isinstance(found, Fraction):
        kind = row_set.columns[measure.column].type
        scale = 100 if kind is FactType.MONEY else 1
        if kind in (FactType.MONEY, FactType.INTEGER) and abs(found * scale) > MAX_SUM:
            found = None  # no column holds it
    return Measured(value=found, has_rows=True)


def _in_time(
    measure: Measure, row_set: RowSet, row: Facts, moment: Moment, reference: Reference
) -> Known:
    """Whether the row counts by its time alone; rows after `as_of` are not seen."""
    if row_set.time is None:
        return Known(True)
    first = row.get(row_set.time_columns[0])
    tests = [_compare(first, moment.as_of, lambda a, b: a <= b)]
    until: Any = None
    if row_set.time == "state":
        until = row.get(row_set.time_columns[1], NONE)
        until = date.max if until is NONE else until
    if measure.on is not None:
        day = reference.of_name(measure.on).value
        tests.append(_compare(first, day, lambda a, b: a <= b))
        tests.append(_compare(until, day, lambda a, b: a >= b))
    if measure.over is not None:
        start, end = parse_span(measure.over, moment)
        tests.append(_compare(first, end, lambda a, b: a <= b))
        tests.append(
            _compare(until if row_set.time == "state" else first, start, lambda a, b: a >= b)
        )
    return kleene_and(tests)


def _compare(left: Any, right: Any, test: Callable[[Any, Any], bool]) -> Known:
    if not isinstance(left, date) or not isinstance(right, date):
        return Known(None)
    return Known(test(left, right))


def _value(
    measure: Measure, row_set: RowSet, row: Facts, reference: Reference
) -> Scalar | NotApplicable | None:
    if measure.column == "rows" or measure.function in RUNS:
        return True
    column = row_set.columns[measure.column]
    if column.formula is None:
        value = row.get(measure.column)
        return None if value is NONE else value
    value = reference.of_name(measure.column).value
    if isinstance(value, Fraction):
        scale = 100 if column.type is FactType.MONEY else 1
        return value if (value * scale).denominator == 1 else None
    return value


def _run(measure: Measure, judged: Sequence[_Judged], moment: Moment) -> Fraction | None:
    """The run, if it is as long whether the undecided units count or not."""
    if any(row.day is None for row in judged):
        return None
    every = [(row.held, unit_of(row.day, measure.column)) for row in judged if row.day is not None]
    least = run_of([unit for held, unit in every if held], measure, moment)
    most = run_of([unit for _, unit in every], measure, moment)
    return Fraction(least) if least == most else None


def _plain(rows: Sequence[_Judged]) -> list[Any]:
    """The values; what does not apply is no value."""
    return [None if isinstance(row.value, NotApplicable) else row.value for row in rows]


def _count(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Fraction | None:
    values = _plain(counted)
    if undecided or None in values:
        return None
    return Fraction(len(values) if measure.column == "rows" else len(set(values)))


def _sum(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Fraction | None:
    values = _plain(counted)
    return None if undecided or None in values else sum(values, Fraction(0))


def _min(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Scalar | None:
    values = _plain(counted)
    return None if undecided or None in values else min(values)


def _max(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Scalar | None:
    values = _plain(counted)
    return None if undecided or None in values else max(values)


def _any(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> bool | None:
    values = _plain(counted)
    if True in values:
        return True
    return None if undecided or None in values else False


def _all(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> bool | None:
    values = _plain(counted)
    if False in values:
        return False
    return None if undecided or None in values else True


def _first(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Scalar | None:
    return None if undecided else _at(min, counted)


def _last(measure: Measure, counted: Sequence[_Judged], undecided: bool) -> Scalar | None:
    return None if undecided else _at(max, counted)


def _at(pick: Callable[..., date], counted: Sequence[_Judged]) -> Scalar | None:
    """The value of the first or last day; missing where rows of that day disagree."""
    edge = pick(row.day for row in counted if row.day is not None)
    values = set(_plain([row for row in counted if row.day == edge]))
    return values.pop() if len(values) == 1 else None


_FUNCTIONS: Mapping[str, Callable[[Measure, Sequence[_Judged], bool], Scalar | None]] = {
    "count": _count,
    "sum": _sum,
    "min": _min,
    "max": _max,
    "any": _any,
    "all": _all,
    "first": _first,
    "last": _last,
}
