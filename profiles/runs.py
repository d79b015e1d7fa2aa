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
    starts = (values != values.shift()).fill_null(True).arg_true()
    places = starts.to_numpy().astype(np.int64)
    lengths = np.diff(places, append=len(values)).astype(np.int64)
    return Runs(starts=places, lengths=lengths, values=values.gather(starts))
