"""The days on which each subject has rows, as bits of one word.

Rows by month have few distinct days, so that a subject's rows are a set in a word: of any span the
rows are counted, and the first and last day found, by looking at one word a subject, not at every
row.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.grouped import Flags, Groups, Numbers

Bits = npt.NDArray[np.unsignedinteger]
Days = npt.NDArray[np.int32]

MOST = 64
"""So many distinct days have a bit each."""
_WIDEST = 2**17
"""Days from the first to the last one, some 350 years: each has a place in a table."""
_SAMPLE = 4096
_WORD = 16
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRows:
    """Rows by group, each with the bit of its day; bit n stands for `days[n]`.

    A set cannot say how many rows a day has: `again` are the places of the groups with several rows
    of one day, `lines` their rows, and `repeated` these groups among those rows.
    """

    groups: Groups
    days: Days
    bits: Bits
    again: Numbers
    lines: Numbers
    repeated: Groups

    def within(self, start: date | None, end: date) -> np.unsignedinteger:
        """The bits of the days from `start` (None: of all) to `end`."""
        return _within(self.days, self.bits.dtype, start, end)

    def gather(self, flags: Flags | None) -> "DaySets":
        """The sets of the rows with a flag (None: of all rows)."""
        bits = self.bits if flags is None else self.bits * flags
        return DaySets(
            days=self.days,
            sets=np.bitwise_or.reduceat(bits, self.groups.starts),
            again=self.again,
            bits=bits[self.lines],
            repeated=self.repeated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySets:
    """The set of each group's days; of the groups `again` also the bit of each row."""

    days: Days
    sets: Bits
    again: Numbers
    bits: Bits
    repeated: Groups

    def any(self, within: np.unsignedinteger) -> Flags:
        """Whether a group has a row on one of these days."""
        return np.not_equal(self.sets & within, 0)

    def count(self, within: np.unsignedinteger) -> Numbers:
        """How many rows of a group are of these days."""
        counts = np.bitwise_count(self.sets & within).astype(np.int64)
        if len(self.again):
            counts[self.again] = self.repeated.count((self.bits & within) != 0)
        return counts

    def edge(self, within: np.unsignedinteger, *, last: bool) -> Days:
        """The first or last of these days on which a group has a row; any day where it has none."""
        sets = self.sets & within
        shifts = range(0, sets.dtype.itemsize * 8, _WORD)
        found = np.zeros(len(sets), np.uint8)
        # the word that decides is looked at last
        for shift in shifts if last else reversed(shifts):
            word = np.right_shift(sets, shift).astype(np.uint16)
            bit = (_HIGHEST if last else _LOWEST).take(word)
            found = bit if len(shifts) == 1 else np.where(word != 0, bit + np.uint8(shift), found)
        return self.days.take(found)


def gather_days(groups: Groups, times: pl.Series) -> DayRows | None:
    """The rows with the bits of their days; None where a day is missing or there are too many."""
    if not groups.height or times.null_count():
        return None
    numbers = times.to_physical().to_numpy()
    if len(np.unique(numbers[:_SAMPLE])) > MOST:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _WIDEST:
        return None
    places = (numbers - low).astype(np.intp)
    seen = np.zeros(high - low + 1, np.bool_)
    seen[places] = True
    held = np.flatnonzero(seen)
    if len(held) > MOST:
        return None
    dtype = np.dtype(next(f"uint{size}" for size in (16, 32, 64) if len(held) <= size))
    table: Bits = np.zeros(len(seen), dtype)
    table[held] = np.left_shift(1, np.arange(len(held), dtype=np.uint64), dtype=np.uint64)
    bits = table[places]
    lengths = np.diff(groups.starts, append=groups.height)
    distinct = np.bitwise_count(np.bitwise_or.reduceat(bits, groups.starts))
    repeats = distinct != lengths
    again, sizes = np.flatnonzero(repeats), lengths[repeats]
    return DayRows(
        groups=groups,
        days=(held + low).astype(np.int32),
        bits=bits,
        again=again,
        lines=np.flatnonzero(groups.rows_of(repeats)) if len(again) else again,
        repeated=Groups(
            starts=np.cumsum(sizes) - sizes,
            subjects=groups.subjects.gather(again),
            height=int(sizes.sum()),
            longest=int(sizes.max(initial=0)),
        ),
    )


def _within(
    days: Days, dtype: np.dtype[np.unsignedinteger], start: date | None, end: date
) -> np.unsignedinteger:
    held = days <= (end - _EPOCH).days
    if start is not None:
        held &= days >= (start - _EPOCH).days
    return dtype.type(sum(1 << int(bit) for bit in np.flatnonzero(held)))


def _edges() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The lowest and the highest bit of every word of 16 bits; 0 of the word without any."""
    words = np.arange(1 << _WORD, dtype=np.int32)
    lowest, highest = (np.frexp(each)[1] - 1 for each in (words & -words, words))
    lowest[0] = highest[0] = 0
    return lowest.astype(np.uint8), highest.astype(np.uint8)


_LOWEST, _HIGHEST = _edges()
