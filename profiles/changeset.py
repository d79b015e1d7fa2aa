"""How a delivery changes what a dataset holds: rows replaced, added, removed, and how many.

A row is known by its key and the columns that tell the rows of a key apart (`Dataset.unique`).
Where nothing tells them apart, a delivery of changes gives all rows of each key that it names.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.dataset import Column, Dataset, Label

Mode = Literal["full", "incremental", "correction"]
REMOVED, CORRECTS = "removed", "corrects_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Rows that are new, that say something else than before, that are gone, of `before` rows."""

    new: int
    changed: int
    vanished: int
    before: int

    def __add__(self, other: "Changed") -> "Changed":
        return Changed(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            vanished=self.vanished + other.vanished,
            before=self.before + other.before,
        )


NOTHING_CHANGED = Changed(new=0, changed=0, vanished=0, before=0)


def form_of(dataset: Dataset, mode: Mode) -> Dataset:
    """The dataset as a release holds its rows: changes say of each row whether it is removed."""
    return _with_column(dataset, _REMOVED) if mode == "incremental" else dataset


def delivered_form(dataset: Dataset, mode: Mode) -> Dataset:
    """The dataset as its rows are delivered: corrections say which line each row stands for."""
    return _with_column(dataset, _CORRECTS) if mode == "correction" else form_of(dataset, mode)


def _with_column(dataset: Dataset, column: Column) -> Dataset:
    return replace(dataset, columns={**dataset.columns, column.name: column})


_REMOVED = Column(
    name=REMOVED,
    type="boolean",
    label=Label(zh="已删除", en="Removed"),
    meaning="The row no longer stands in the department's table.",
    required=True,
)
_CORRECTS = Column(
    name=CORRECTS,
    type="integer",
    label=Label(zh="更正行号", en="Corrects line"),
    meaning="The line of the quarantined row that this row stands for.",
    required=True,
    at_least="1",
)


def order_of(dataset: Dataset) -> list[str]:
    """The columns by which rows are sorted: the key, what tells its rows apart, then the rest."""
    first = [dataset.key, *(dataset.unique or ())]
    return [*first, *(name for name in dataset.columns if name not in first)]


def identity_of(dataset: Dataset, mode: Mode) -> list[str] | None:
    """The columns by which a changed row takes the place of others; None where it is but added."""
    if dataset.unique is not None:
        return [dataset.key, *dataset.unique]
    return [dataset.key] if mode == "incremental" else None


def apply_changes(
    rows: pl.DataFrame, changes: pl.DataFrame, dataset: Dataset, mode: Mode
) -> pl.DataFrame:
    """The rows of a dataset after changes, sorted as a release's rows are."""
    identity = identity_of(dataset, mode)
    if identity is not None:
        rows = rows.join(changes.select(identity), on=identity, how="anti", nulls_equal=True)
    if REMOVED in changes.columns:
        changes = changes.filter(~pl.col(REMOVED)).drop(REMOVED)
    after = pl.concat([rows, changes.select(rows.columns)])
    return after.sort(order_of(dataset), nulls_last=False)


def compare_rows(before: pl.DataFrame, after: pl.DataFrame, dataset: Dataset) -> Changed:
    """What has changed between two states of a dataset, or of the same slots of it.

    Where nothing tells the rows of a key apart, a row that says something else is one gone and one
    new. Rows are compared by 64-bit hashes: one chance in some ten billions to miscount a million.
    """
    if dataset.unique is None:
        was, values = _counts(before, list(dataset.columns))
        now, others = _counts(after, list(dataset.columns))
        _, at_was, at_now = np.intersect1d(was, now, assume_unique=True, return_indices=True)
        kept = int(np.minimum(values[at_was], others[at_now]).sum())
        return Changed(
            new=after.height - kept,
            changed=0,
            vanished=before.height - kept,
            before=before.height,
        )
    identity = [dataset.key, *dataset.unique]
    columns = list(dataset.columns)
    was_id = before.select(identity).hash_rows().to_numpy()
    now_id = after.select(identity).hash_rows().to_numpy()
    _, at_was, at_now = np.intersect1d(was_id, now_id, assume_unique=True, return_indices=True)
    was_row = before.select(columns).hash_rows().to_numpy()[at_was]
    now_row = after.select(columns).hash_rows().to_numpy()[at_now]
    return Changed(
        new=after.height - len(at_now),
        changed=int((was_row != now_row).sum()),
        vanished=before.height - len(at_was),
        before=before.height,
    )


def _counts(
    rows: pl.DataFrame, columns: list[str]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    hashes, counts = np.unique(rows.select(columns).hash_rows().to_numpy(), return_counts=True)
    return hashes, counts
