"""Rows that stand under an identifier that no longer counts, brought to the one that does.

Changes of numbers are facts of the registers (`enterprise-identifier-changes`,
`resident-identifier-changes`). A firm that was merged into another is no renumbered firm: what it
was paid for and what it owes goes over by law, its months of insurance do not.

Where changes contradict each other, everything of all whom they name is unknown: rows of one of
them may be those of another, so that what each has of its own says neither yes nor no.
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
from profiles.identity import find_unclear, follow, read_changes
from profiles.release import Release, read_doubtful, read_release
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

    `unclear` are those of which nobody can tell which one counts: their rows stay where they are,
    and are doubtful in every dataset.
    """

    pairs: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    unclear: Mapping[str, pl.Series] = field(default_factory=dict)

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

    def unclear_of(self, kind: str) -> pl.Series:
        """The identifiers of a kind that are named in changes which contradict each other."""
        return self.unclear.get(kind, pl.Series("identifier", [], dtype=pl.String))

    def unclear_ids(self, key: bytes) -> list[str]:
        """The surrogate ids of those, sorted."""
        found = [subject_ids(kind, unclear, key) for kind, unclear in self.unclear.items()]
        return sorted(subject for ids in found for subject in ids)

    def replace(self, identifier: str, values: pl.Series) -> pl.Series:
        """A column of identifiers of this form with those that count."""
        return self.replace_keys(_KINDS.get(identifier, ""), values)

    def replace_keys(self, kind: str, values: pl.Series) -> pl.Series:
        """Identifiers of subjects of a kind with those that count.

        A household keeps the number of the person under whom it was first registered.
        """
        pairs = self.of(kind)
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
    """The renumbered subjects as of a day, from changes and registers.

    The age of a list of changes does not matter: who somebody is does not expire.
    """
    kinds = {name: kind for kind, name in DATASETS.items()}
    by_kind = {dataset.kind: (dataset, release) for dataset, release in registers}
    pairs: dict[str, pl.DataFrame] = {}
    unclear: dict[str, pl.Series] = {}
    for dataset, release in changes:
        kind = kinds.get(dataset.name)
        if kind is None or kind not in by_kind:
            continue
        told = read_told(dataset, release)
        # other forms of identifiers stand in no row: they are set aside when they come in
        doubtful = _usable(find_unclear(told, as_of, read_doubtful(release)), dataset)
        if len(doubtful):
            unclear[kind] = doubtful.alias("identifier")
        usable = _usable(told["old"].unique(), dataset)
        told = told.filter(
            pl.col("old").is_in(usable.implode()),
            pl.col("old") != pl.col("new"),
            pl.col("effective_on") <= as_of,
            ~pl.col("old").is_in(doubtful.implode()),
        )
        told = _lead_to_registered(told, *by_kind[kind])
        found = follow(told, as_of).select("identifier", "resolved")
        if found.height:
            pairs[kind] = found
    return Renumbered(pairs=pairs, unclear=unclear)


def read_told(dataset: Dataset, release: Release) -> pl.DataFrame:
    """What a list of changes says: `old`, `new`, `effective_on`, without mergers."""
    rows = read_release(release, dataset).filter(~pl.col("change").is_in(list(_OTHERS)))
    return read_changes(_whose(dataset), rows, dataset.key)


def _whose(dataset: Dataset) -> Whose:
    return next(whose for whose, name in DATASETS.items() if name == dataset.name)


def _usable(identifiers: pl.Series, dataset: Dataset) -> pl.Series:
    """The identifiers that rows may stand under."""
    return identifiers.filter(
        check_identifiers(dataset.identifier, identifiers)["reason"].is_null()
    )


def _lead_to_registered(told: pl.DataFrame, dataset: Dataset, release: Release) -> pl.DataFrame:
    """The changes that lead, if by others, to an identifier in the register.

    What changed to a number that the register does not have would be lost there.
    """
    named = told["new"].unique()
    registered = [pl.Series("key", [], dtype=pl.String)]
    for slot in np.unique(slots_of(named)).tolist():
        slots = range(slot, slot + 1)
        rows = read_release(release, dataset, slots, only=named, names=[dataset.key])
        registered.append(rows[dataset.key].alias("key"))
    while True:
        # from the end of each chain: a change to nobody, after which no other follows, is none
        onward = pl.concat([*registered, told["old"].alias("key")])
        kept = told.filter(pl.col("new").is_in(onward.implode()))
        if kept.height == told.height:
            return kept
        told = kept


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
