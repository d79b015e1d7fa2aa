"""How a snapshot is taken: from nothing, or from the one before and what has changed since."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.increment import build_increment, why_not_from
from profiles.increment_part import NotFit
from profiles.ingest import Progress
from profiles.snapshot import Snapshot, open_snapshot
from profiles.snapshot_build import build_folder, plan_snapshot

PART_SIZE = 500_000


def build_snapshot(
    *,
    releases_root: Path,
    snapshots_root: Path,
    datasets: Mapping[str, Dataset],
    vocabulary: Vocabulary,
    as_of: date,
    key: bytes,
    part_size: int = PART_SIZE,
    on_progress: Progress | None = None,
    made: Mapping[str, pl.DataFrame] | None = None,
    base: Snapshot | None = None,
    on_anew: Callable[[str], None] | None = None,
    known_on: date | None = None,
) -> Snapshot:
    """Build the snapshot of a date, or open it where the same was built before.

    Of each dataset the release counts that was delivered last on or before `as_of`. `key` is
    the secret of the surrogate ids. `made` are rows of our own by row set, with `kind`, `subject`
    (a surrogate id) and its columns: all that there are. From `base`, a snapshot of the same or an
    earlier day, only what has changed since is looked at; where that cannot be told, all is built
    anew and `on_anew` called with the reason. `known_on`: as it was known at the end of that
    day, whenever it is built; what was delivered later, or accepted later, is not seen, what was
    delivered between `as_of` and then is. Either way the snapshot holds the same. Raises
    `NothingRegistered` without any register, and `ReleaseDamaged` or `ReleaseOutdated` where a
    release cannot be used.
    """
    plan = plan_snapshot(
        releases_root=releases_root,
        datasets=datasets,
        vocabulary=vocabulary,
        as_of=as_of,
        key=key,
        part_size=part_size,
        made=made or {},
        known_on=known_on,
    )
    if base is not None:
        reason = why_not_from(base, plan)
        if reason is None:
            try:
                return open_snapshot(build_increment(base, plan, snapshots_root, on_progress))
            except NotFit as error:
                reason = str(error)
        if on_anew is not None:
            on_anew(reason)
    return open_snapshot(build_folder(plan, snapshots_root, on_progress))
