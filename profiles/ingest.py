"""A department's file made into a release: what can be read is kept, the rest set aside by name.

The file is read block by block and parted by slots; only a share of it is in memory at once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl

from profiles.changeset import (
    NOTHING_CHANGED,
    REMOVED,
    Changed,
    Mode,
    compare_rows,
    delivered_form,
    form_of,
)
from profiles.column_mapping import ColumnMapping
from profiles.content import hash_file
from profiles.correction import Correction
from profiles.dataset import Dataset
from profiles.delivery import read_delivery
from profiles.duplicates import settle_duplicates
from profiles.errors import DeliveryRefused, ReleaseOutdated
from profiles.folder import locked
from profiles.quarantine import Quarantine
from profiles.release import Release, chain_of, list_releases, newest_release, read_release
from profiles.release_order import sort_by_slot
from profiles.release_write import ReleaseWriter, Source
from profiles.renamed import telling_renamed
from profiles.row_block import RowBlock
from profiles.sifting import sift_block
from profiles.spill import Spill
from profiles.typed_values import DTYPES

Progress = Callable[[str, int, int], None]
"""Called with a step and how much of how much of it is done."""

FEW = 20
"""So many rows may vanish or change, whatever share of a dataset they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReport:
    """What became of a delivery: its release, and whether it was new (`created`)."""

    release: Release
    created: bool


def ingest(
    source: Path,
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    mode: Mode = "full",
    mapping: ColumnMapping | None = None,
    sheet: str | None = None,
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """Make a department's file a release of the dataset, under `root/<dataset>/<hash>/`.

    `mode` full: it replaces all that the dataset held before. incremental: each row takes the place
    of that with the same key and `unique` columns (without those: of all rows of the key), or
    removes it where its column `removed` says so. correction: rows stand for quarantined ones, the
    line of which `corrects_line` names. `mapping` says what the department's own headings stand
    for, `sheet` which one of a workbook is read. Rows that cannot be used go to the release's
    quarantine with a reason. A release that breaks the dataset's limits waits for a person.

    Raises `DeliveryRefused` where the file as a whole cannot be used: its header does not fit, it
    is empty, none of its rows is usable, or there is nothing that it could change.
    """
    with telling_renamed(root, dataset, delivered_on):
        blocks = read_delivery(source, delivered_form(dataset, mode), mapping, sheet)
    return ingest_blocks(
        blocks,
        dataset,
        root=root,
        delivered_on=delivered_on,
        source=Source(name=source.name, sha256=hash_file(source)),
        mode=mode,
        on_progress=on_progress,
    )


def ingest_blocks(
    blocks: Iterable[RowBlock],
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    source: Source,
    mode: Mode = "full",
    on_progress: Progress | None = None,
) -> ReleaseReport:
    """As `ingest`, for blocks of `delivered_form` that may come from somewhere else than a file.

    One delivery of a dataset is taken in at a time: another one waits, since what it changes and
    what it is compared with is the one before.
    """
    with locked(root / f".{dataset.name}.lock"):
        return _take_in(
            blocks,
            dataset,
            root=root,
            delivered_on=delivered_on,
            source=source,
            mode=mode,
            on_progress=on_progress,
        )


def _take_in(
    blocks: Iterable[RowBlock],
    dataset: Dataset,
    *,
    root: Path,
    delivered_on: date,
    source: Source,
    mode: Mode,
    on_progress: Progress | None,
) -> ReleaseReport:
    tell = on_progress or _tell_nobody
    before = newest_release(root, dataset.name, delivered_on)
    if mode != "full":
        _refuse_without_base(source.name, before, dataset, delivered_on)
        _refuse_between(source.name, list_releases(root, dataset.name), before, delivered_on)
    form = form_of(dataset, mode)
    changed, repeated = NOTHING_CHANGED, 0
    with (
        ReleaseWriter(dataset, mode, root) as writer,
        Spill(dataset.key, _empty_rows(form), writer.spilled) as spill,
    ):
        aside = Quarantine(source.name)
        correction = None
        if mode == "correction" and before is not None:
            correction = Correction(source.name, dataset, before)
        for block in blocks:
            source = replace(source, heading=block.heading)
            sifted = sift_block(block, delivered_form(dataset, mode), delivered_on)
            if correction is not None:
                sifted = correction.read(block, sifted)
            aside.add(sifted.bad)
            spill.add(sifted.good.select("line", *form.columns))
            tell("reading", block.done, block.total)
        rows_in = spill.height + aside.height
        if correction is not None:
            correction.begin()
        done = 0
        for slots, share in spill.shares():
            rows = sort_by_slot(share, form)
            settled = (
                settle_duplicates(rows, form)
                if correction is None
                else correction.settle(rows, slots)
            )
            aside.add(settled.contradictions)
            repeated += settled.repeated
            writer.write_share(settled.kept)
            changed += _compare(settled.kept, dataset, mode, before, slots)
            done += share.height
            tell("writing", done, spill.height)
        if correction is None or not rows_in:
            _refuse_unusable(source.name, dataset, writer.rows, aside)
        if mode != "full" and before is not None:
            changed = replace(changed, before=chain_of(before)[0].rows)
        if correction is not None:
            aside.take_over(correction.corrected, correction.closed())
        release, created = writer.finish(
            aside.finish(),
            delivered_on=delivered_on,
            rows_in=rows_in,
            repeated=repeated,
            changed=changed,
            base=None if mode == "full" else before,
            corrects=correction.corrected if correction else None,
            exceeded=_exceeded(changed, dataset, mode),
            source=source,
        )
    tell("writing", release.rows, release.rows)
    return ReleaseReport(release=release, created=created)


def _refuse_without_base(
    file: str, before: Release | None, dataset: Dataset, delivered_on: date
) -> None:
    if before is None:
        reason = f"there is nothing on {delivered_on} that it could change: deliver all rows first"
        raise DeliveryRefused(file, [reason])
    try:
        read_release(before, dataset, range(0))
    except ReleaseOutdated:
        reason = "the rows that it would change have other columns: deliver all rows anew"
        raise DeliveryRefused(file, [reason]) from None


def _refuse_between(
    file: str, releases: list[Release], before: Release | None, delivered_on: date
) -> None:
    """Changes would be lost where a delivery counts after them that does not hold them."""
    for release in releases:
        if release.standing == "waiting" and (before is None or _is_newer(release, before)):
            raise DeliveryRefused(
                file,
                [
                    f"the delivery {release.hash[:12]} of {release.delivered_on} waits for a "
                    "decision and would take the place of what it changes: accept or reject that "
                    "first (zhida release)"
                ],
            )
        if release.standing == "in force" and release.delivered_on > delivered_on:
            raise DeliveryRefused(
                file,
                [
                    f"its changes of {delivered_on} come late: what was delivered on "
                    f"{release.delivered_on} would not hold them; deliver them for that day"
                ],
            )


def _is_newer(release: Release, other: Release) -> bool:
    return (release.delivered_on, release.sequence) > (other.delivered_on, other.sequence)


def _compare(
    rows: pl.DataFrame, dataset: Dataset, mode: Mode, before: Release | None, slots: range
) -> Changed:
    """What these slots' rows do to those of the release before.

    Of changes their own word is taken, without a look at the rows that they change: new ones count
    as changed, and `before` is left to the caller.
    """
    if before is None:
        return Changed(new=rows.height, changed=0, vanished=0, before=0)
    if mode == "full":
        try:
            earlier = read_release(before, dataset, slots)
        except ReleaseOutdated:  # it had other columns: every row says something new
            return Changed(new=rows.height, changed=0, vanished=0, before=0)
        return compare_rows(earlier, rows, dataset)
    removed = rows.filter(pl.col(REMOVED)).height if mode == "incremental" else 0
    return Changed(new=0, changed=rows.height - removed, vanished=removed, before=0)


def _exceeded(changed: Changed, dataset: Dataset, mode: Mode) -> list[str]:
    """The limits of the dataset that a delivery breaks, in words."""
    broken = []
    emptied = mode == "full" and changed.before and changed.vanished == changed.before
    if emptied and not changed.new:
        broken.append(f"all {changed.before:,} rows are gone and none has come")
    limits = ((changed.vanished, dataset.limits.vanished, "are gone"),
              (changed.changed, dataset.limits.changed, "say something else"))  # fmt: skip
    for several, limit, what in limits:
        if several > FEW and Fraction(several) > limit * changed.before:
            share = f"{several / changed.before:.1%}" if changed.before else "all"
            told = f"{several:,} of {changed.before:,} rows {what} ({share})"
            broken.append(f"{told}, more than {float(limit):.0%}")
    return broken


def _refuse_unusable(file: str, dataset: Dataset, rows: int, aside: Quarantine) -> None:
    if rows:
        return
    if aside.height:
        told = "; ".join(f"{reason} ({n} rows)" for reason, n in aside.reasons.most_common(5))
        raise DeliveryRefused(file, [f"none of its {aside.height} rows can be used: {told}"])
    if dataset.register:
        raise DeliveryRefused(file, ["has a header but no rows, and a register is never empty"])


def _empty_rows(dataset: Dataset) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {"line": pl.Int64()}
    return pl.DataFrame(
        schema=schema | {name: DTYPES[column.type] for name, column in dataset.columns.items()}
    )


def _tell_nobody(step: str, done: int, total: int) -> None:
    pass
