"""Measures over rows as DuckDB's own aggregates: another engine's reading of the same words."""

from collections.abc import Sequence
from datetime import date

import duckdb
import polars as pl

from language.sql import DecimalColumn, print_sql
from profiles.measure import Measure
from profiles.row_set import RowSet
from profiles.span import Moment, parse_span

COLUMNS = {
    "amount": DecimalColumn(digits=12, scale=2),
    "size": DecimalColumn(digits=4, scale=2),
}
TIMES = {"event": "happened_on", "series": "month", "state": "from_on"}


def measure_in_duckdb(
    measure: Measure, form: str, row_set: RowSet, rows: pl.DataFrame, subjects: pl.Series, on: date
) -> dict[str, object]:
    """By subject the measure, for rows that are all there are; `rows` has amounts in yuan."""
    held = _held(measure, form, row_set, on)
    value = "TRUE" if measure.column == "rows" else f'"{measure.column}"'
    edge = {"first": "MIN", "last": "MAX"}.get(measure.function, "MIN")
    with duckdb.connect() as connection:
        connection.register("given", rows.to_arrow())
        connection.register("subjects", pl.DataFrame({"subject": subjects}).to_arrow())
        answer = connection.execute(
            f"""
            WITH judged AS (SELECT subject, {held} AS held, {value} AS v, {TIMES[form]} AS t
                            FROM given),
                 edged AS (SELECT *, {edge}(CASE WHEN held THEN t END)
                                     OVER (PARTITION BY subject) AS edge FROM judged),
                 found AS (SELECT subject, {_aggregate(measure)} AS value
                           FROM edged GROUP BY subject)
            SELECT subjects.subject, COALESCE(value, {_without_rows(measure)})
            FROM subjects LEFT JOIN (SELECT *, TRUE AS has FROM found) f
            ON f.subject = subjects.subject
            """
        ).fetchall()
    return dict(answer)


def _without_rows(measure: Measure) -> str:
    """What the measure is for a subject without rows, and nothing for one with rows."""
    nothing = {"count": "0", "sum": "0", "any": "FALSE"}.get(measure.function, "NULL")
    return f"CASE WHEN has IS NULL THEN {nothing} END"


def _held(measure: Measure, form: str, row_set: RowSet, on: date) -> str:
    """Whether a row counts; SQL's AND is Kleene's, so a missing day may be settled by an end."""
    time, as_of = TIMES[form], f"DATE '{on.isoformat()}'"
    tests = [f"{time} <= {as_of}"]
    until = "COALESCE(to_on, DATE '9999-12-31')"
    if measure.on is not None:
        tests.append(f"{until} >= {as_of}")
    elif measure.over is not None:
        first, last = (f"DATE '{d}'" for d in parse_span(measure.over, Moment(as_of=on)))
        tests.append(f"{time} <= {last}")
        tests.append(f"{until} >= {first}" if form == "state" else f"{time} >= {first}")
    if measure.where is not None:
        tests.append(print_sql(measure.where, row_set.scope(), COLUMNS).sql)
    return "(" + " AND ".join(f"({test})" for test in tests) + ")"


def _aggregate(measure: Measure) -> str:
    open_, gap = "BOOL_OR(held IS NULL)", "COALESCE(BOOL_OR(v IS NULL) FILTER (held), FALSE)"
    beside: Sequence[str]
    match measure.function:
        case "any":
            return (
                "CASE WHEN BOOL_OR(held AND v) THEN TRUE "
                f"WHEN {open_} OR {gap} THEN NULL ELSE FALSE END"
            )
        case "all":
            return (
                f"CASE WHEN BOOL_OR(held AND NOT v) THEN FALSE WHEN {open_} OR {gap} THEN NULL "
                "WHEN BOOL_OR(held) THEN TRUE END"
            )
        case "first" | "last":
            there = "FILTER (held AND t = edge)"
            beside = [
                open_,
                f"COUNT(DISTINCT v) {there} > 1",
                f"COUNT(*) {there} > COUNT(v) {there}",
            ]
            return f"CASE WHEN NOT ({' OR '.join(beside)}) THEN MIN(v) {there} END"
        case "count" if measure.column == "rows":
            return f"CASE WHEN NOT {open_} THEN COUNT(*) FILTER (held) END"
        case "count":
            return f"CASE WHEN NOT ({open_} OR {gap}) THEN COUNT(DISTINCT v) FILTER (held) END"
        case "sum":
            total = "COALESCE(SUM(v) FILTER (held), 0)"
            return f"CASE WHEN NOT ({open_} OR {gap}) THEN {total} END"
        case function:
            return f"CASE WHEN NOT ({open_} OR {gap}) THEN {function.upper()}(v) FILTER (held) END"
