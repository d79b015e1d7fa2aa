"""A snapshot made from the one before: only who is other than there is looked at again.

A subject is looked at in the rows of a dataset where those have changed, where one of them comes
to count or ceases to (`profiles.flip`), and, of rows that bring facts of residents, where one of
those residents was looked at. What is found is written beside the snapshot before, which stays as
it is; what is read of both together is what a snapshot built from nothing holds.
"""

import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from profiles.changed_keys import changed_keys
from profiles.errors import ReleaseDamaged, ReleaseOutdated
from profiles.flip import Flips
from profiles.increment_part import TOUCHED, NotFit, PartBefore, PartIncrement
from profiles.ingest import Progress
from profiles.layered_residents import LayeredResidents
from profiles.parting import Chosen, Parting
from profiles.region_figures import RegionFigures, compute_region_figures
from profiles.release import Release, read_manifest
from profiles.slot import slots_of
from profiles.snapshot import Snapshot
from profiles.snapshot_build import (
    AT_ONCE,
    Plan,
    describe_part,
    find_moved,
    publish_snapshot,
    write_frames,
)

LONGEST = 7
"""So many increments may stand on one snapshot: each makes reading it a little slower."""


def why_not_from(base: Snapshot, plan: Plan) -> str | None:
    """Why a snapshot cannot be the base of an increment, or None where it can."""
    former = tuple(plan.renumbered.former_ids(plan.key).iter_rows())
    used = {release.dataset: release.stale for release in base.releases}
    now = {item.dataset.name: item.stale for item in plan.chosen}
    several = {parting.kind: parting.several for parting in plan.partings}
    refusals = {
        "it is of a later day": base.as_of > plan.as_of,
        "it is what was known on another day": (base.known_on, plan.known_on) != (None, None),
        "too many days lie between": plan.as_of > base.horizon,
        f"it is made of {LONGEST} increments already": base.chain >= LONGEST,
        "vocabulary, datasets or the key are others": base.form != plan.form,
        "identifiers have changed": base.former != former
        or base.unclear != tuple(plan.renumbered.unclear_ids(plan.key)),
        "a dataset came for the first time, is gone or out of date": used != now,
        "the registers have outgrown its parts, or shrunk": dict(base.parting) != several,
    }
    return next((reason for reason, holds in refusals.items() if holds), None)


def build_increment(
    base: Snapshot, plan: Plan, snapshots_root: Path, on_progress: Progress | None
) -> Path:
    """Write the increment's folder and give it its name; returns its path.

    Raises `NotFit` where only building the city anew can tell what has changed.
    """
    tell = on_progress or (lambda step, done, total: None)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots_root))
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            regions, hashes = compute_region_figures(
                Path(scratch), plan.chosen, plan.vocabulary, plan.as_of
            )
        _refuse_other_figures(base, hashes)
        building = _Building(
            folder=folder,
            base=base,
            plan=plan,
            regions=regions,
            flips=Flips(plan.vocabulary),
            changed=_find_changed(base, plan),
            moved=find_moved(plan.chosen, plan.renumbered),
            former=plan.renumbered.former_ids(plan.key),
        )
        several = sum(parting.several for parting in plan.partings)
        done = 0
        with ThreadPoolExecutor(AT_ONCE) as executor:
            for parting in plan.partings:
                numbers = range(parting.several)
                for entry, touched in executor.map(partial(building.build_part, parting), numbers):
                    building.take(entry, touched)
                    done += 1
                    tell("building parts", done, several)
        parts = building.parts
        parts += [
            describe_part(part.kind, part.number, part.subjects, part.datasets, {})
            for part in base.all_parts
            if part.kind == "region"
        ]
        before = {release.dataset: release.unmatched for release in base.releases}
        content = plan.manifest(parts, before, base.horizon) | {"base": base.hash}
        return publish_snapshot(folder, snapshots_root, content)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_other_figures(base: Snapshot, hashes: Mapping[str, str]) -> None:
    """Raise `NotFit` unless the figures of regions have the hashes that they had."""
    while base.base is not None:  # increments refer to the figures of the first
        base = base.base
    before = next((part.hashes for part in base.parts("region")), {})
    if dict(before) != dict(hashes):
        raise NotFit("published figures of regions have changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedKeys:
    """The keys of a dataset that have changed, and the slot of each."""

    keys: pl.Series
    slots: pl.Series

    def of(self, parting: Parting, number: int) -> pl.Series:
        """Those of a part."""
        slots = parting.slots_of(number)
        return self.keys.filter(self.slots.is_between(slots.start, slots.stop - 1))


def _find_changed(base: Snapshot, plan: Plan) -> dict[str, ChangedKeys]:
    """The changed keys of each dataset that has another release than the base used."""
    used = {release.dataset: release.hash for release in base.releases}
    found = {}
    for item in plan.chosen:
        name = item.dataset.name
        if item.stale or item.dataset.kind == "region" or used[name] == item.release.hash:
            continue
        try:
            before = _release_before(item, used[name])
            keys = changed_keys(before, item.release, item.dataset)
        except (ReleaseDamaged, ReleaseOutdated) as error:
            raise NotFit(f"{name} cannot be compared with its release before: {error}") from error
        keys = plan.renumbered.replace_keys(item.dataset.kind, keys).unique().sort()
        found[name] = ChangedKeys(keys=keys, slots=pl.Series(slots_of(keys)))
    return found


def _release_before(item: Chosen, name: str) -> Release:
    return read_manifest(item.release.path.parent / name)


@dataclass(slots=True, kw_only=True)
class _Building:
    """An increment in the making: what is written so far, and what is other of residents."""

    folder: Path
    base: Snapshot
    plan: Plan
    regions: RegionFigures
    flips: Flips
    changed: Mapping[str, ChangedKeys]
    moved: Mapping[str, pl.DataFrame]
    former: pl.DataFrame
    parts: list[dict[str, Any]] = field(default_factory=list)
    touched: list[pl.DataFrame] = field(default_factory=list)

    def take(self, entry: dict[str, Any] | None, touched: pl.DataFrame) -> None:
        """Remember a part."""
        if entry is not None:
            self.parts.append(entry)
            if entry["kind"] == "resident":
                self.touched.append(touched)

    def build_part(
        self, parting: Parting, number: int
    ) -> tuple[dict[str, Any] | None, pl.DataFrame]:
        """Write what is other than in the base; the manifest's entry, and what was touched."""
        kind = parting.kind
        keys = {name: changed.of(parting, number) for name, changed in self.changed.items()}
        keys = {
            item.dataset.name: keys[item.dataset.name]
            for item in self.plan.chosen
            if item.dataset.kind == kind and len(keys.get(item.dataset.name, ()))
        }
        before = PartBefore.open(self.base, kind, number)
        nothing = pl.DataFrame(schema=TOUCHED)
        if before is None:
            wanted = pl.concat([pl.Series("key", [], dtype=pl.String), *keys.values()])
            if parting.members_of(number, only=wanted, since=self.base.as_of).height:
                raise NotFit(f"part {number} of {kind} had nobody in it")
            return None, nothing
        increment = PartIncrement(
            plan=self.plan,
            parting=parting,
            number=number,
            before=before,
            keys=keys,
            flips=self.flips,
            regions=self.regions,
            moved=self.moved,
            former=self.former,
            residents=self._residents(kind),
            touched=pl.concat([nothing, *self.touched]),
        )
        found = increment.build()
        if found is None:
            part = before.part
            entry = describe_part(kind, number, part.subjects, part.datasets, {})
            return entry, nothing
        if not found.subjects:
            raise NotFit(f"nobody is left in part {number} of {kind}")
        hashes = write_frames(self.folder, found.frames)
        entry = describe_part(kind, number, found.subjects, before.part.datasets, hashes)
        return entry, found.touched

    def _residents(self, kind: str) -> LayeredResidents:
        """Whom rows of a kind of subjects may bring; rows of residents bring nobody else."""
        folders = [self.folder]
        base: Snapshot | None = self.base
        while base is not None:
            folders.append(base.path)
            base = base.base
        residents = self.base.parts("resident") if kind != "resident" else ()
        return LayeredResidents(
            folders=folders,
            parts=[part.number for part in residents],
            datasets=frozenset(residents[0].datasets) if residents else frozenset(),
        )
