"""The rows of a release and of the one before, seen some slots at a time: counts of all, and a
sample of whole slots by which columns are compared."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from profiles.changeset import NOTHING_CHANGED, Changed, compare_rows
from profiles.dataset import Dataset
from profiles.errors import ReleaseOutdated
from profiles.quality_drift import ColumnDrift, compare_columns
from profiles.release import Release, read_release
from profiles.slot import SLOTS

SLOTS_AT_ONCE = 4
SAMPLE_ROWS = 1_000_000
"""With so many rows on either side, no more slots are taken into the sample. Which slot somebody is
in is chance, so it is a fair one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A release against the one before: rows told apart by the dataset's key, columns by their
    spread (over a sample of large datasets)."""

    rows_before: int
    rows_now: int
    changed: Changed
    columns: tuple[ColumnDrift, ...]

    @property
    def same(self) -> int:
        """Rows that say what they said before."""
        return self.rows_before - self.changed.vanished - self.changed.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRows:
    """How many rows a release has, how many of them lack a value by column, and its drift.

    `outdated`: the release before has other columns than the dataset declares today.
    """

    rows: int
    missing: Counter[str]
    drift: Drift | None
    outdated: bool


def see_rows(release: Release, before: Release | None, dataset: Dataset) -> SeenRows:
    """Count the rows of a release, and compare them with those of the release before.

    Raises `ReleaseDamaged` where either is not what was released, and `ReleaseOutdated` where the
    release itself has other columns than the dataset.
    """
    rows, rows_before, changed, outdated = 0, 0, NOTHING_CHANGED, False
    missing: Counter[str] = Counter()
    samples: tuple[list[pl.DataFrame], list[pl.DataFrame]] = ([], [])
    for first in range(0, SLOTS, SLOTS_AT_ONCE):
        slots = range(first, first + SLOTS_AT_ONCE)
        now = read_release(release, dataset, slots)
        rows += now.height
        missing.update({name: now[name].null_count() for name in dataset.columns})
        if before is None:
            continue
        try:
            was = read_release(before, dataset, slots)
        except ReleaseOutdated:
            before, outdated = None, True
            continue
        rows_before += was.height
        changed += compare_rows(was, now, dataset)
        if all(sum(frame.height for frame in sample) < SAMPLE_ROWS for sample in samples):
            samples[0].append(was)
            samples[1].append(now)
    drift = None
    if before is not None:
        was, now = (pl.concat(sample) for sample in samples)
        columns = compare_columns(was, now, dataset)
        drift = Drift(rows_before=rows_before, rows_now=rows, changed=changed, columns=columns)
    return SeenRows(rows=rows, missing=missing, drift=drift, outdated=outdated)
