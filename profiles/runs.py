"""Runs of equal values in a column: what is worked out of each value is had once a run."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Where each run starts, how long it is, and its value."""

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    values: pl.Series

    def spread(self, each: npt.NDArray[T]) -> npt.NDArray[T]:
        """What was worked out of each run's value, for every row."""
        return np.repeat(each, self.lengths)


def runs_of(values: pl.Series) -> Runs:
    """The runs of a column; rows with null are runs of one."""
    starts = starts_of(values)
    lengths = np.diff(starts, append=len(values))
    return Runs(starts=starts, lengths=lengths, values=values.gather(starts))


def starts_of(values: pl.Series) -> npt.NDArray[np.int64]:
    """Where the runs of a column start."""
    begins = np.ones(len(values), np.bool_)
    if len(values) > 1:
        differs = values.slice(1) != values.slice(0, len(values) - 1)
        begins[1:] = (differs.fill_null(True) if differs.null_count() else differs).to_numpy()
    return np.flatnonzero(begins)
