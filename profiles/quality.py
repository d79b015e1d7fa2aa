"""Data quality (数据质量) of a dataset: how complete, how fresh, how changed, how contradictory.

completeness (完整率)  share of rows with a value, column by column
freshness (鲜活度)     age of the newest release against the dataset's `fresh_within`
drift (漂移)           the newest release against the one before (`quality_drift`)
contradictions         rows of one key that say different things, keys that stand twice
quarantine             rows set aside, by reason, release after release
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from profiles.dataset import Dataset
from profiles.quality_rows import Drift, SeenRows, see_rows
from profiles.release import Release, Standing, list_releases

CONTRADICTION = "contradiction"
Concern = Literal[
    "never delivered", "waiting", "stale", "quarantined", "contradictions", "rows", "vanished",
    "changed", "missing", "distribution",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond which a figure is flagged. All are shares, but for `psi`.

    An index of 0.25 is what credit scoring takes for a population that has changed (S. Siddiqi,
    Credit Risk Scorecards, 2006, ch. 9); it must also exceed what chance does.
    """

    quarantined: float = 0.02
    contradictions: float = 0.001
    rows: float = 0.2
    vanished: float = 0.05
    changed: float = 0.2
    missing: float = 0.05
    psi: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnQuality:
    """How many rows have no value in a column. `open_end`: an empty last day is still in force."""

    column: str
    rows: int
    missing: int
    required: bool
    open_end: bool

    @property
    def completeness(self) -> float | None:
        """The share of rows with a value; None without rows, or where empty means something."""
        return None if self.open_end or not self.rows else 1 - self.missing / self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCounts:
    """What became of a delivery's rows. `rows` are those in it, of changes the changes only;
    `reasons` counts those set aside."""

    release: str
    delivered_on: date
    standing: Standing
    rows_in: int
    rows: int
    quarantined: int
    repeated: int
    unassigned: int
    contradictions: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A figure beyond its limit; `column` is "" where it is about the dataset as a whole."""

    concern: Concern
    column: str
    figure: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetQuality:
    """A dataset on a day. `releases` are those delivered until then, the oldest first; `newest` is
    the last of them that is in force, and `rows` are those of the whole dataset after it.

    `newest` and `age_days` are None where none is. `drift` is None without a release before, and
    `note` then says why where there was one.
    """

    dataset: Dataset
    as_of: date
    rows: int
    newest: ReleaseCounts | None
    releases: tuple[ReleaseCounts, ...]
    age_days: int | None
    stale: bool
    columns: tuple[ColumnQuality, ...]
    drift: Drift | None
    note: str
    flags: tuple[Flag, ...]


def measure_quality(
    root: Path, dataset: Dataset, as_of: date, limits: Limits | None = None
) -> DatasetQuality:
    """The quality of a dataset by its releases under `root` that were delivered until a day.

    The newest release in force is measured, and compared with the one in force before it; those
    that wait for a person, or were rejected, are listed only. Raises `ReleaseDamaged` where one of
    these two is not what was released.
    """
    limits = limits or Limits()
    releases = [r for r in list_releases(root, dataset.name) if r.delivered_on <= as_of]
    counts = tuple(_counts(release) for release in releases)
    in_force = [release for release in releases if release.standing == "in force"]
    waiting = sum(release.standing == "waiting" for release in releases)
    flags = [_flag("waiting", waiting, 0)] if waiting else []
    if not in_force:
        return _never(dataset, as_of, counts, flags)
    newest, before = in_force[-1], in_force[-2] if len(in_force) > 1 else None
    seen = see_rows(newest, before, dataset)
    age = (as_of - newest.delivered_on).days
    stale = dataset.fresh_within_days is not None and age > dataset.fresh_within_days
    flags += _flag_release(_counts(newest), limits)
    if stale:
        flags.append(_flag("stale", age, float(dataset.fresh_within_days or 0)))
    if seen.drift is not None:
        flags += flag_drift(seen.drift, limits)
    return DatasetQuality(
        dataset=dataset,
        as_of=as_of,
        rows=seen.rows,
        newest=_counts(newest),
        releases=counts,
        age_days=age,
        stale=stale,
        columns=tuple(_columns(seen, dataset)),
        drift=seen.drift,
        note="the release before has other columns" if seen.outdated else "",
        flags=tuple(flags),
    )


def _columns(seen: SeenRows, dataset: Dataset) -> Iterable[ColumnQuality]:
    last = dataset.time.columns[1] if dataset.time.form == "state" else None
    for name, column in dataset.columns.items():
        if name != dataset.key:
            yield ColumnQuality(
                column=name,
                rows=seen.rows,
                missing=seen.missing[name],
                required=column.required,
                open_end=name == last,
            )


def flag_drift(drift: Drift, limits: Limits) -> list[Flag]:
    """What of a drift is beyond its limit."""
    flags = []
    before = drift.rows_before
    if before:
        grown = abs(drift.rows_now - before) / before
        for concern, figure, limit in (
            ("rows", grown, limits.rows),
            ("vanished", drift.changed.vanished / before, limits.vanished),
            ("changed", drift.changed.changed / before, limits.changed),
        ):
            if figure > limit:
                flags.append(_flag(concern, figure, limit))  # type: ignore[arg-type]
    for column in drift.columns:
        rise = column.missing_now - column.missing_before
        if rise > limits.missing:
            flags.append(_flag("missing", rise, limits.missing, column.column))
        bound = max(limits.psi, column.chance)
        if column.psi is not None and column.psi > bound:
            flags.append(_flag("distribution", column.psi, bound, column.column))
    return flags


def _flag_release(counts: ReleaseCounts, limits: Limits) -> list[Flag]:
    if not counts.rows_in:
        return []
    shares: Iterable[tuple[Concern, int, float]] = (
        ("quarantined", counts.quarantined, limits.quarantined),
        ("contradictions", counts.contradictions, limits.contradictions),
    )
    return [
        _flag(concern, rows / counts.rows_in, limit)
        for concern, rows, limit in shares
        if rows / counts.rows_in > limit
    ]


def _flag(concern: Concern, figure: float, limit: float, column: str = "") -> Flag:
    return Flag(concern=concern, column=column, figure=figure, limit=limit)


def _counts(release: Release) -> ReleaseCounts:
    contradictions = sum(
        rows for reason, rows in release.reasons.items() if reason.startswith(CONTRADICTION)
    )
    return ReleaseCounts(
        release=release.hash,
        delivered_on=release.delivered_on,
        standing=release.standing,
        rows_in=release.rows_in,
        rows=release.rows,
        quarantined=release.quarantined,
        repeated=release.repeated,
        unassigned=release.unassigned,
        contradictions=contradictions,
        reasons=release.reasons,
    )


def _never(
    dataset: Dataset, as_of: date, counts: tuple[ReleaseCounts, ...], flags: list[Flag]
) -> DatasetQuality:
    return DatasetQuality(
        dataset=dataset,
        as_of=as_of,
        rows=0,
        newest=None,
        releases=counts,
        age_days=None,
        stale=False,
        columns=(),
        drift=None,
        note="",
        flags=(*flags, _flag("never delivered", 0, 0)),
    )
