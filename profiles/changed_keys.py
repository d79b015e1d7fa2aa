"""Of whom a dataset says something else than it did: between two of its releases."""

import polars as pl

from profiles.dataset import Dataset
from profiles.release import (
    Release,
    chain_of,
    hashes_of_slots,
    read_delivered,
    read_doubtful,
    read_release,
)
from profiles.slot import SLOTS

_AT_ONCE = 4
"""So many slots are compared at a time."""


def changed_keys(before: Release, after: Release, dataset: Dataset) -> pl.Series:
    """The keys whose rows, or whose doubt, may differ between two releases; sorted, each once.

    Where the later one only changes the earlier, they are those that its changes name; else rows
    are compared, by hashes of 64 bits beside their keys, in the slots that hold other rows. Raises
    `ReleaseOutdated` where the columns were others before.
    """
    was, now = read_doubtful(before), read_doubtful(after)
    found = [
        was.filter(~was.is_in(now.implode())),
        now.filter(~now.is_in(was.implode())),
    ]
    chain = chain_of(after)
    links = [link.hash for link in chain]
    if before.hash in links:
        for link in chain[links.index(before.hash) + 1 :]:
            found.append(read_delivered(link, dataset)[dataset.key])
    else:
        for start in range(0, SLOTS, _AT_ONCE):
            slots = range(start, start + _AT_ONCE)
            if not _are_same(before, after, slots):
                found.append(_differing(before, after, dataset, slots))
    return pl.concat([keys.alias("key") for keys in found]).unique().sort()


def _are_same(before: Release, after: Release, slots: range) -> bool:
    """Whether two full deliveries hold the same rows in these slots, as their hashes tell."""
    if before.base is not None or after.base is not None:
        return False
    was, now = hashes_of_slots(before), hashes_of_slots(after)
    return all(was.get(slot) == now.get(slot) for slot in slots)


def _differing(before: Release, after: Release, dataset: Dataset, slots: range) -> pl.Series:
    counted = []
    for release, count in ((before, -1), (after, 1)):
        rows = read_release(release, dataset, slots).select(list(dataset.columns))
        hashes = rows.hash_rows().alias("hash")
        counted.append(
            pl.DataFrame([rows[dataset.key].alias("key"), hashes]).with_columns(
                pl.lit(count, dtype=pl.Int64).alias("count")
            )
        )
    totals = pl.concat(counted).group_by("key", "hash").agg(pl.col("count").sum())
    return totals.filter(pl.col("count") != 0)["key"].unique()
