"""Months, quarters or years in a row: the longest such run, and the one that still goes on.

A unit of time counts where at least one of its rows holds. A unit whose rows are all undecided may
count or not: the run is known only if it is as long either way. A unit without a row breaks the
run. The current run ends in the unit of `as_of`, or in the one before, since a unit that is not
over yet breaks nothing; of a span that ended before `as_of` it ends in the span's last unit.
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from profiles.measure import Measure
from profiles.span import Moment, parse_span

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def unit_of(day: date, unit: str) -> int:
    """The number of the month, quarter or year that a day is in; neighbours differ by one."""
    return (day.year * 12 + day.month - 1) // _MONTHS[unit]


def last_units(measure: Measure, moment: Moment) -> tuple[int, int]:
    """The earliest and the latest unit in which a current run may end."""
    end = moment.as_of
    if measure.over is not None:
        end = min(end, parse_span(measure.over, moment)[1])
    latest = unit_of(end, measure.column)
    is_open = latest == unit_of(moment.as_of, measure.column)
    return latest - is_open, latest


def run_of(units: Iterable[int], measure: Measure, moment: Moment) -> int:
    """The run over these units."""
    longest = length = 0
    previous = None
    for unit in sorted(set(units)):
        length = length + 1 if previous is not None and unit == previous + 1 else 1
        longest, previous = max(longest, length), unit
    if measure.function == "longest_run":
        return longest
    return length if previous is not None and previous >= last_units(measure, moment)[0] else 0


def run_lengths(frame: pl.DataFrame, measure: Measure, moment: Moment) -> pl.DataFrame:
    """The run of every subject that has rows: `subject`, `value`, null where it is not settled.

    `frame` has `subject`, `::held` (true or undecided) and `::time`; an undecided row without a
    time could be in any unit, so it leaves the run open.
    """
    time = pl.col("::time")
    month = time.dt.year().cast(pl.Int64) * 12 + time.dt.month().cast(pl.Int64) - 1
    lines = frame.select(
        "subject",
        (month // _MONTHS[measure.column]).alias("unit"),
        pl.col("::held").fill_null(False).alias("holds"),
    ).sort("subject", "unit")
    # grouping by the subject's number is many times cheaper than by its name
    change = (pl.col("subject") != pl.col("subject").shift()).fill_null(True)
    lines = lines.with_columns(change.cum_sum().alias("number"))
    units = lines.group_by("number", "unit", maintain_order=True).agg(pl.col("holds").max())
    least = _lengths(units.filter("holds"), measure, moment).rename({"length": "least"})
    most = _lengths(units, measure, moment).rename({"length": "most"})
    settled = (pl.col("least").fill_null(0) == pl.col("most")) & ~pl.col("open")
    return (
        lines.group_by("number", maintain_order=True)
        .agg(pl.col("subject").first(), (pl.col("unit").null_count() > 0).alias("open"))
        .join(least, on="number", how="left")
        .join(most, on="number", how="left")
        .select("subject", pl.when(settled).then(pl.col("most")).alias("value"))
    )


def _lengths(units: pl.DataFrame, measure: Measure, moment: Moment) -> pl.DataFrame:
    """The run of each number of `units`, which are in order.

    A run begins where the unit before belongs to somebody else or is not the one before.
    """
    unit, number = pl.col("unit"), pl.col("number")
    begins = ((number != number.shift()) | (unit != unit.shift() + 1)).fill_null(True)
    runs = (
        units.drop_nulls("unit")
        .with_columns(begins.cum_sum().alias("run"))
        .group_by("run", maintain_order=True)
        .agg(number.first(), pl.len().cast(pl.Int64).alias("length"), unit.last().alias("end"))
    )
    if measure.function == "current_run":
        # the others ended before: no unit is later than the latest one
        going = pl.col("end") >= last_units(measure, moment)[0]
        length = pl.when(going).then(pl.col("length")).otherwise(0)
        runs = runs.with_columns(length.alias("length"))
    return runs.group_by("number").agg(pl.col("length").max())
