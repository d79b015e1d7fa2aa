"""Rows gathered by subject, and what is added up, counted or looked up over the rows of each.

Rows of one subject stand together, so that a group is a stretch of them: each figure is one pass
over whole columns of numbers, many times cheaper than a group-by on the subjects' names.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.runs import runs_of

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

MAX_SUM = 2**62
_BYTE = 255
_SURE = 2.0**61
"""Up to this sum of magnitudes, as a float, no whole number of 64 bits can have wrapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The stretches of rows of each subject: where they start, whose they are, how many rows there
    are in all and in the longest one."""

    starts: Numbers
    subjects: pl.Series
    height: int
    longest: int

    def none(self) -> Flags:
        """A flag of each group, not set."""
        return np.zeros(len(self.starts), np.bool_)

    def any(self, flags: Flags) -> Flags:
        """Whether a flag is set in the group."""
        return self.count(flags) > 0

    def count(self, flags: Flags) -> Numbers:
        """How many flags are set in the group."""
        if not len(self.starts):
            return np.zeros(0, np.int64)
        # counting in bytes needs no wider copy of the flags
        width = np.uint8 if self.longest <= _BYTE else np.int64
        return np.add.reduceat(flags.view(np.uint8), self.starts, dtype=width).astype(np.int64)

    def rows_of(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """A value of each group for each of its rows."""
        return np.repeat(values, np.diff(np.append(self.starts, self.height)))


def gather_groups(subjects: pl.Series) -> Groups | None:
    """The groups of rows by subject; None where rows of a subject do not stand together."""
    runs = runs_of(subjects)
    # no run is that of its neighbour: where they are sorted, none comes twice
    if not runs.values.is_sorted() and runs.values.n_unique() != len(runs.values):
        return None
    return Groups(
        starts=runs.starts,
        subjects=runs.values,
        height=len(subjects),
        longest=int(runs.lengths.max(initial=0)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which rows a measure is taken over: `sure`, and `undecided` ones that may be or not."""

    sure: Flags
    undecided: Flags | None

    @classmethod
    def of(cls, held: pl.Series) -> "Held":
        """From a column of three values."""
        undecided = held.is_null().to_numpy() if held.null_count() else None
        return cls(sure=held.fill_null(False).to_numpy(), undecided=undecided)


def total(groups: Groups, held: Held, values: pl.Series) -> pl.Series | None:
    """The sum of whole numbers of each group: null where one is missing, or beyond 62 bits.

    None where the sums may be too large for columns.
    """
    numbers = np.where(held.sure, values.fill_null(0).to_numpy(), 0)
    if not len(groups.starts):
        return pl.Series([], dtype=pl.Int64)
    magnitudes = np.add.reduceat(np.abs(numbers.astype(np.float64)), groups.starts)
    if magnitudes.max() > _SURE:
        return None
    return _without_missing(
        groups, held, values, pl.Series(np.add.reduceat(numbers, groups.starts))
    )


def extreme(groups: Groups, held: Held, values: pl.Series, *, largest: bool) -> pl.Series | None:
    """The least or largest of whole numbers or dates; null where one is missing or there is none.

    None for other types.
    """
    numbers = values.to_physical()
    if numbers.dtype not in (pl.Int32, pl.Int64):
        return None
    plain = numbers.fill_null(0).to_numpy()
    if not len(groups.starts):
        return values.clear()
    limits = np.iinfo(plain.dtype)
    reduce = np.maximum if largest else np.minimum
    masked = np.where(held.sure, plain, plain.dtype.type(limits.min if largest else limits.max))
    found = pl.Series(reduce.reduceat(masked, groups.starts))
    found = found.set(pl.Series(~groups.any(held.sure)), None)
    return _without_missing(groups, held, values, found).cast(values.dtype)


def some(groups: Groups, held: Held, values: pl.Series) -> pl.Series:
    """Kleene `or` over the rows of each group; false where there is none."""
    holds = groups.any(held.sure & values.fill_null(False).to_numpy())
    return _three(groups, held, values, holds, decided=holds)


def every(groups: Groups, held: Held, values: pl.Series) -> pl.Series:
    """Kleene `and` over the rows of each group; true where there is none."""
    fails = groups.any(held.sure & ~values.fill_null(True).to_numpy())
    return _three(groups, held, values, ~fails, decided=fails)


def distinct(groups: Groups, held: Held, values: pl.Series) -> pl.Series | None:
    """How many distinct values each group has; null where one is missing.

    None where the values of a group do not stand sorted, as those of a part do.
    """
    lines = np.flatnonzero(held.sure)
    number = groups.rows_of(np.arange(len(groups.starts)))[lines]
    kept = values if len(lines) == groups.height else values.gather(lines)
    before = kept.shift()
    inside = np.diff(number, prepend=-1) == 0
    if (inside & (kept < before).fill_null(False).to_numpy()).any():
        return None
    counted = np.zeros(groups.height, np.bool_)
    counted[lines] = ~inside | kept.ne_missing(before).to_numpy()
    return _without_missing(groups, held, values, pl.Series(groups.count(counted)))


def at_edge(
    groups: Groups, held: Held, values: pl.Series, times: pl.Series, *, last: bool
) -> pl.Series:
    """The value of the first or last row of each group; null where rows of that day disagree."""
    if not len(groups.starts):
        return values.clear()
    days = times.to_physical().cast(pl.Int64)
    far = np.iinfo(np.int64).min if last else np.iinfo(np.int64).max
    known = held.sure & times.is_not_null().to_numpy()
    masked = np.where(known, days.fill_null(0).to_numpy(), far)
    reduce = np.maximum if last else np.minimum
    edge = known & (masked == groups.rows_of(reduce.reduceat(masked, groups.starts)))
    lines = np.where(edge, np.arange(groups.height), groups.height)
    first = np.minimum.reduceat(lines, groups.starts)
    none = first == groups.height
    found = values.gather(np.where(none, groups.starts, first))
    several = groups.count(edge) > 1
    unsettled = none
    if several.any():
        same = values.eq_missing(values.gather(groups.rows_of(np.where(none, 0, first))))
        unsettled = none | groups.any(edge & ~same.to_numpy())
    return found.zip_with(pl.Series(~unsettled), repeat(None, found))


def repeat(value: int | bool | None, like: pl.Series) -> pl.Series:
    """A value as often as a column has some, and of its type."""
    return pl.Series([value], dtype=like.dtype).new_from_index(0, len(like))


def _three(
    groups: Groups, held: Held, values: pl.Series, value: Flags, *, decided: Flags
) -> pl.Series:
    result = pl.Series(value)
    if values.null_count():
        open_rows = groups.any(held.sure & values.is_null().to_numpy())
        result = result.set(pl.Series(open_rows & ~decided), None)
    return result


def _without_missing(groups: Groups, held: Held, values: pl.Series, found: pl.Series) -> pl.Series:
    if not values.null_count():
        return found
    return found.set(pl.Series(groups.any(held.sure & values.is_null().to_numpy())), None)
