"""Rows that stand under an identifier that no longer counts, brought to the one that does.

Changes of numbers are facts of the registers (`enterprise-identifier-changes`,
`resident-identifier-changes`). A firm that was merged into another is no renumbered firm: what it
was paid for and what it owes goes over by law, its months of insurance do not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from profiles.changeset import order_of
from profiles.dataset import Dataset
from profiles.former_identifier import Whose
from profiles.identifier import check_identifiers, subject_ids
from profiles.identity import follow, read_changes
from profiles.release import Release, read_release
from profiles.slot import slots_of

DATASETS: Mapping[Whose, str] = {
    "enterprise": "enterprise-identifier-changes",
    "resident": "resident-identifier-changes",
}
_OTHERS = frozenset({"merged"})
"""Changes after which the old identifier was somebody else's."""
_KINDS = {"uscc": "enterprise", "resident_id": "resident"}
_EMPTY = {"identifier": pl.String(), "resolved": pl.String()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbered:
    """By kind the identifiers that rows may still have and the registered ones that count.

    `unresolved` counts those of which nobody can tell which one counts: their rows stay where they
    are.
    """

    pairs: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    unresolved: int = 0

    def of(self, kind: str) -> pl.DataFrame:
        """The pairs of a kind: `identifier`, `resolved`."""
        return self.pairs.get(kind, pl.DataFrame(schema=_EMPTY))

    def former_ids(self, key: bytes) -> pl.DataFrame:
        """The surrogate ids that no longer count, and those that do: `old`, `new`."""
        found = [pl.DataFrame(schema={"old": pl.String, "new": pl.String})]
        for kind, pairs in sorted(self.pairs.items()):
            old = subject_ids(kind, pairs["identifier"], key).alias("old")
            new = subject_ids(kind, pairs["resolved"], key).alias("new")
            found.append(pl.DataFrame([old, new]))
        return pl.concat(found).sort("old", "new")

    def replace(self, identifier: str, values: pl.Series) -> pl.Series:
        """A column of identifiers with those that count."""
        pairs = self.of(_KINDS.get(identifier, ""))
        if not pairs.height:
            return values
        found = values.alias("identifier").to_frame()
        joined = found.join(pairs, on="identifier", how="left", maintain_order="left")
        return joined.select(pl.coalesce("resolved", "identifier")).to_series().alias(values.name)


def find_renumbered(
    changes: Iterable[tuple[Dataset, Release]],
    registers: Iterable[tuple[Dataset, Release]],
    as_of: date,
) -> Renumbered:
    """The renumbered subjects as of a day, from changes and registers."""
    kinds = {name: kind for kind, name in DATASETS.items()}
    by_kind = {dataset.kind: (dataset, release) for dataset, release in registers}
    pairs: dict[str, pl.DataFrame] = {}
    unresolved = 0
    for dataset, release in changes:
        kind = kinds.get(dataset.name)
        if kind is None or kind not in by_kind:
            continue
        rows = read_release(release, dataset).filter(~pl.col("change").is_in(list(_OTHERS)))
        told = follow(read_changes(kind, rows, dataset.key), as_of)
        # other forms of identifiers stand in no row: they are set aside when they come in
        usable = check_identifiers(dataset.identifier, told["identifier"])["reason"].is_null()
        told = told.filter(usable)
        unresolved += told["resolved"].null_count()
        told = told.drop_nulls("resolved").select("identifier", "resolved")
        if told.height:
            pairs[kind] = _registered(told, *by_kind[kind])
    return Renumbered(pairs=pairs, unresolved=unresolved)


def _registered(pairs: pl.DataFrame, dataset: Dataset, release: Release) -> pl.DataFrame:
    """The pairs whose identifier that counts is in the register: the others would be lost."""
    keys = [pl.Series("resolved", [], dtype=pl.String)]
    for slot in np.unique(slots_of(pairs["resolved"])).tolist():
        rows = read_release(release, dataset, range(slot, slot + 1))
        keys.append(rows[dataset.key].alias("resolved"))
    return pairs.join(pl.DataFrame(pl.concat(keys)), on="resolved", how="semi")


def moved_rows(dataset: Dataset, release: Release, pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows under identifiers that no longer count, under those that do."""
    found = [read_release(release, dataset, range(0))]
    names = found[0].columns
    for slot in np.unique(slots_of(pairs["identifier"])).tolist():
        rows = read_release(release, dataset, range(slot, slot + 1))
        moved = rows.join(pairs, left_on=dataset.key, right_on="identifier", how="inner")
        moved = moved.drop(dataset.key).rename({"resolved": dataset.key})
        found.append(moved.select(names))
    return pl.concat(found)


def add_moved(
    rows: pl.DataFrame, moved: pl.DataFrame, pairs: pl.DataFrame, dataset: Dataset
) -> tuple[pl.DataFrame, pl.Series]:
    """A part's rows with those that moved to its subjects, and the keys whose rows now disagree.

    Of equal rows under both identifiers one stays; where they say different things of the same, no
    one is right for us: none stays, and the key is doubtful.
    """
    nobody = pl.Series("key", [], dtype=pl.String)
    rows = rows.join(pairs, left_on=dataset.key, right_on="identifier", how="anti")
    if not moved.height:
        return rows, nobody
    rows = pl.concat([rows, moved]).sort(order_of(dataset), nulls_last=False)
    if dataset.unique is None:
        return rows, nobody
    rows = rows.unique(maintain_order=True)
    identity = [dataset.key, *dataset.unique]
    several = rows.select(pl.struct(identity).is_duplicated()).to_series()
    doubtful = rows.filter(several)[dataset.key].unique().alias("key")
    return rows.filter(~several), doubtful
