"""Months, quarters or years in a row: the longest such run, and the one that still goes on.

A unit of time counts where at least one of its rows holds. A unit whose rows are all undecided may
count or not: the run is known only if it is as long either way. A unit without a row breaks the
run. The current run ends in the unit of `as_of`, or in the one before, since a unit that is not
over yet breaks nothing; of a span that ended before `as_of` it ends in the span's last unit.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.day_sets import Bits, Days
from profiles.grouped import Groups
from profiles.measure import Measure
from profiles.span import Moment, parse_span

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FACTOR = 1 << 20
_WORD = 64
_EPOCH = date(1970, 1, 1)


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


def run_lengths(frame: pl.DataFrame, groups: Groups, measure: Measure, moment: Moment) -> pl.Series:
    """The run of every group, null where it is not settled.

    `frame` has `::held` (true, false or undecided) and `::time`; an undecided row without a time
    could be in any unit, so it leaves the run open.
    """
    sure = frame["::held"].fill_null(False).to_numpy()
    may = frame["::held"].fill_null(True).to_numpy()
    known = frame["::time"].is_not_null().to_numpy()
    time = pl.col("::time")
    month = time.dt.year().cast(pl.Int64) * 12 + time.dt.month().cast(pl.Int64) - 1
    unit = frame.select((month // _MONTHS[measure.column]).fill_null(0)).to_series().to_numpy()
    number = groups.rows_of(np.arange(len(groups.starts)))
    # one number for a group's unit: years of laws and people stay far below the factor
    place = number * _FACTOR + unit
    count = len(groups.starts)
    least = _lengths(place[sure & known], count, measure, moment)
    most = _lengths(place[may & known], count, measure, moment)
    settled = (least == most) & ~groups.any(may & ~known)
    return pl.Series(most).set(pl.Series(~settled), None)


def run_lengths_of_days(
    days: Days, sure: Bits, may: Bits, measure: Measure, moment: Moment
) -> pl.Series | None:
    """As `run_lengths`, of sets of days: bit n stands for `days[n]`, `may` holds all of `sure`.

    None where the units from the first day to the last are more than a word has bits.
    """
    units = [unit_of(_EPOCH + timedelta(days=int(day)), measure.column) for day in days]
    if units[-1] - units[0] >= _WORD:
        return None
    places = [unit - units[0] for unit in units]
    most = _lengths_of_sets(_move_bits(may, places), units[0], measure, moment)
    found = pl.Series(most)
    if may is not sure:
        least = _lengths_of_sets(_move_bits(sure, places), units[0], measure, moment)
        found = found.set(pl.Series(least != most), None)
    return found


def _move_bits(sets: Bits, places: list[int]) -> Bits:
    """The sets with bit n in the place n says; several bits may go to one place."""
    if places == list(range(len(places))):
        return sets
    moved = np.zeros(len(sets), np.uint64)
    for bit, place in enumerate(places):
        one = np.right_shift(sets, bit) & 1
        moved |= np.left_shift(one.astype(np.uint64), np.uint64(place))
    return moved


def _lengths_of_sets(
    sets: Bits, first: int, measure: Measure, moment: Moment
) -> npt.NDArray[np.int64]:
    """The run of each set of units, of which bit 0 is `first`."""
    highest = sets.dtype.itemsize * 8 - 1
    length = np.zeros(len(sets), np.int64)
    if measure.function == "longest_run":
        longest = np.zeros(len(sets), np.int64)
        for place in range(highest + 1):
            length = (length + 1) * (np.right_shift(sets, place) & 1).astype(np.int64)
            np.maximum(longest, length, out=longest)
        return longest
    earliest, latest = (unit - first for unit in last_units(measure, moment))
    # a run may end in the earliest of these units only where the latest has no row
    for end in range(min(latest, highest), max(earliest, 0) - 1, -1):
        goes_on = length == 0
        for place in range(end, -1, -1):
            goes_on = goes_on & (np.right_shift(sets, place) & 1).astype(np.bool_)
            if not goes_on.any():
                break
            length += goes_on
    return length


def _lengths(
    places: npt.NDArray[np.int64], count: int, measure: Measure, moment: Moment
) -> npt.NDArray[np.int64]:
    """The run of each of `count` groups over their units; 0 where a group has none."""
    longest = np.zeros(count, np.int64)
    if not len(places):
        return longest
    if (places[1:] < places[:-1]).any():
        places = np.sort(places)
    steps = np.diff(places, prepend=places[0] - 2)
    units = places[steps != 0]
    # a run begins where the unit before is another group's or not the one before
    begins = np.flatnonzero(np.diff(units, prepend=units[0] - 2) != 1)
    ends = np.append(begins[1:], len(units))
    lengths = ends - begins
    number, last = np.divmod(units[ends - 1], _FACTOR)
    if measure.function == "current_run":
        # the others ended before: no unit is later than the latest one
        lengths = np.where(last >= last_units(measure, moment)[0], lengths, 0)
    np.maximum.at(longest, number, lengths)
    return longest
