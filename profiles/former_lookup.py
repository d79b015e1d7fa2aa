"""Whom an identifier of former times leads to, by the changes that a snapshot was built with."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from profiles.dataset import Dataset
from profiles.former_identifier import read_former
from profiles.renumbering import DATASETS, read_told
from profiles.revealed_rows import release_used
from profiles.snapshot import Snapshot


def list_successors(
    snapshot: Snapshot, root: Path, datasets: Mapping[str, Dataset], text: str
) -> list[tuple[str, str]]:
    """The identifiers that took the place of this one, the last first, each with its kind.

    `root` is the folder of releases. A number of 15 digits of a resident is first of all the one
    of 18 that it became. Nothing where changes contradict each other. Raises `ReleaseGone` where
    the list of changes is kept no longer.
    """
    found: list[tuple[str, str]] = []
    for whose, name in DATASETS.items():
        read = read_former(whose, pl.Series([text], dtype=pl.String)).row(0, named=True)
        if read["reason"] is not None:
            continue
        chain = [read["value"]]
        release = release_used(snapshot, root, datasets[name]) if name in datasets else None
        if release is not None:
            told = read_told(datasets[name], release)
            told = told.filter(pl.col("effective_on") <= snapshot.as_of).drop_nulls()
            chain = _follow(read["value"], told.filter(pl.col("old") != pl.col("new")))
        if read["form"] != "short_number":
            chain = chain[1:]
        found += [(whose, identifier) for identifier in reversed(chain)]
    return found


def _follow(identifier: str, told: pl.DataFrame) -> list[str]:
    """The identifier and those after it; only itself where its changes contradict each other."""
    chain = [identifier]
    while len(after := told.filter(old=chain[-1])["new"].unique()):
        if len(after) > 1 or after[0] in chain:
            return chain[:1]
        chain.append(after[0])
    return chain
