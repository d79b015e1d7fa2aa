"""A subject's rows as its department delivered them, personal columns included.

A snapshot has no names, addresses and phones; whoever may see them reads the release itself.
"""

from pathlib import Path

import polars as pl

from profiles.dataset import Dataset
from profiles.errors import ReleaseGone
from profiles.identifier import subject_ids
from profiles.release import Release, list_releases, read_release
from profiles.slot import SLOTS, slots_of
from profiles.snapshot import Snapshot


def find_identifier(
    snapshot: Snapshot, root: Path, register: Dataset, subject: str, key: bytes
) -> str | None:
    """Whom a surrogate id stands for, by the register that the snapshot was built from.

    `root` is the folder of releases, `key` the secret of the surrogate ids. None where the register
    does not hold it. Raises `ReleaseGone` where its release is kept no longer.
    """
    release = release_used(snapshot, root, register)
    if release is None:
        return None
    for slot in range(SLOTS):
        identifiers = read_release(release, register, range(slot, slot + 1))[register.key].unique()
        found = identifiers.filter(subject_ids(register.kind, identifiers, key) == subject)
        if found.len():
            return str(found[0])
    return None


def read_revealed(
    snapshot: Snapshot, root: Path, dataset: Dataset, identifier: str
) -> pl.DataFrame:
    """The rows about an identifier in the release that the snapshot was built from, no key column.

    Money in fen, as releases hold it. No rows where the dataset was not delivered.
    """
    release = release_used(snapshot, root, dataset)
    if release is None:
        return pl.DataFrame()
    slot = int(slots_of(pl.Series([identifier], dtype=pl.String))[0])
    rows = read_release(release, dataset, range(slot, slot + 1))
    return rows.filter(pl.col(dataset.key) == identifier).drop(dataset.key)


def release_used(snapshot: Snapshot, root: Path, dataset: Dataset) -> Release | None:
    """The release of a dataset that a snapshot was built from, None where there was none.

    Raises `ReleaseGone` where it is kept no longer.
    """
    used = next((item for item in snapshot.releases if item.dataset == dataset.name), None)
    if used is None:
        return None
    for release in list_releases(root, dataset.name):
        if release.hash == used.hash:
            return release
    raise ReleaseGone(dataset.name, used.hash[:12], used.delivered_on)
