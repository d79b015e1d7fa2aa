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
    units = (
        frame.select(
            "subject",
            (month // _MONTHS[measure.column]).alias("unit"),
            pl.col("::held").fill_null(False).alias("holds"),
        )
        .group_by("subject", "unit")
        .agg(pl.col("holds").any())
    )
    least = _lengths(units.filter("holds"), measure, moment).rename({"length": "least"})
    most = _lengths(units, measure, moment).rename({"length": "most"})
    settled = (pl.col("least").fill_null(0) == pl.col("most")) & ~pl.col("open")
    return (
        units.group_by("subject")
        .agg(pl.col("unit").is_null().any().alias("open"))
        .join(least, on="subject", how="left")
        .join(most, on="subject", how="left")
        .select("subject", pl.when(settled).then(pl.col("most")).alias("value"))
    )


def _lengths(units: pl.DataFrame, measure: Measure, moment: Moment) -> pl.DataFrame:
    """Runs share the difference between the unit and its rank."""
    runs = (
        units.drop_nulls("unit")
        .with_columns(
            (pl.col("unit") - pl.col("unit").rank("ordinal").over("subject")).alias("run")
        )
        .group_by("subject", "run")
        .agg(pl.len().cast(pl.Int64).alias("length"), pl.col("unit").max().alias("end"))
    )
    if measure.function == "current_run":
        # the others ended before: no unit is later than the latest one
        going = pl.col("end") >= last_units(measure, moment)[0]
        length = pl.when(going).then(pl.col("length")).otherwise(0)
        runs = runs.with_columns(length.alias("length"))
    return runs.group_by("subject").agg(pl.col("length").max())
