"""How a snapshot is built: releases are chosen, then part by part the subjects, their rows, facts.

No frame holds more than one part, and few parts are built at a time.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_content, hash_file, hash_texts
from profiles.dataset import Dataset
from profiles.derivation import compute_facts
from profiles.errors import NothingRegistered
from profiles.fact import Vocabulary
from profiles.folder import publish_folder, write_json
from profiles.ingest import Progress
from profiles.joining import Residents, join_rows, joined_row_sets
from profiles.parting import (
    Chosen,
    Parting,
    choose_releases,
    doubtful_file,
    facts_file,
    find_doubtful,
    part_rows,
    place_made,
    plan_parts,
    rows_file,
    withhold,
)
from profiles.region_figures import RegionFigures, compute_region_figures
from profiles.renumbering import Renumbered, find_renumbered, moved_rows

FORMAT = 2
MANIFEST = "manifest.json"
AT_ONCE = 2
"""Parts that are built side by side: each takes a gigabyte or two where a city has months of rows
of everybody."""


def build_folder(
    *,
    releases_root: Path,
    snapshots_root: Path,
    datasets: Mapping[str, Dataset],
    vocabulary: Vocabulary,
    as_of: date,
    key: bytes,
    part_size: int,
    on_progress: Progress | None,
    made: Mapping[str, pl.DataFrame],
) -> Path:
    """Write the snapshot's folder and give it its name, which is its hash; returns its path."""
    tell = on_progress or (lambda step, done, total: None)
    chosen = choose_releases(releases_root, datasets, as_of)
    registers = [item for item in chosen if item.dataset.register]
    if not registers:
        raise NothingRegistered(
            f"no register was delivered on or before {as_of}: deliver one of "
            + (", ".join(name for name, dataset in datasets.items() if dataset.register) or "none")
        )
    snapshots_root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots_root))
    try:
        renumbered = find_renumbered(
            [(item.dataset, item.release) for item in chosen if not item.stale],
            [(item.dataset, item.release) for item in registers],
            as_of,
        )
        partings = [plan_parts(item, as_of, key, part_size, renumbered) for item in registers]
        # residents first: rows of others bring their facts
        partings.sort(key=lambda parting: parting.kind != "resident")
        regions, region_hashes = compute_region_figures(folder, chosen, vocabulary, as_of)
        building = _Building(
            folder=folder,
            chosen=chosen,
            vocabulary=vocabulary,
            as_of=as_of,
            regions=regions,
            made=made,
            moved=_find_moved(chosen, renumbered),
            former=renumbered.former_ids(key),
        )
        todo = [(parting, number) for parting in partings for number in range(parting.several)]
        done = 0
        with ThreadPoolExecutor(AT_ONCE) as executor:
            for parting in partings:  # one kind after the other: rows of others bring their facts
                numbers = range(parting.several)
                for built in executor.map(partial(building.build_part, parting), numbers):
                    building.take(built)
                    done += 1
                    tell("building parts", done, len(todo))
        parts = building.parts
        if region_hashes:
            facts, unsure = regions.facts, regions.doubtful
            parts.append(_describe_part("region", 0, facts, region_hashes, unsure))
        content = {
            "format": FORMAT,
            "as_of": as_of.isoformat(),
            "releases": [_describe_release(item, building.unmatched) for item in chosen],
            "facts": _describe_facts(vocabulary, chosen),
            "parts": parts,
            "former": [list(pair) for pair in building.former.iter_rows()],
            "notes": _write_notes(chosen, datasets, renumbered),
        }
        files = sorted(path for path in folder.rglob("*.parquet"))
        manifest = {
            "content": content,
            "files": {path.relative_to(folder).as_posix(): hash_file(path) for path in files},
        }
        write_json(folder / MANIFEST, manifest)
        target = snapshots_root / hash_texts(content)
        publish_folder(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """What the manifest says of a part, None where nobody is in it; rows of nobody by dataset."""

    entry: dict[str, Any] | None
    unmatched: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class _Building:
    """A snapshot in the making: what is written so far."""

    folder: Path
    chosen: list[Chosen]
    vocabulary: Vocabulary
    as_of: date
    regions: RegionFigures
    made: Mapping[str, pl.DataFrame]
    moved: Mapping[str, pl.DataFrame]
    former: pl.DataFrame
    parts: list[dict[str, Any]] = field(default_factory=list)
    unmatched: Counter[str] = field(default_factory=Counter)

    def take(self, built: "_Built") -> None:
        """Remember a part that is written."""
        self.unmatched.update(built.unmatched)
        if built.entry is not None:
            self.parts.append(built.entry)

    def build_part(self, parting: Parting, number: int) -> "_Built":
        """Write a part's rows and facts; nothing where nobody is in it."""
        kind = parting.kind
        members = parting.members_of(number)
        rows: dict[str, pl.DataFrame] = {}
        disagreeing: dict[str, pl.Series] = {}
        unmatched: Counter[str] = Counter()
        for item in self.chosen:
            if item.stale or item.dataset.kind != kind:
                continue
            name = item.dataset.name
            moved = self.moved.get(name, pl.DataFrame())
            part, doubts, strange = part_rows(item, parting, number, members, moved)
            disagreeing[name] = doubts
            unmatched[name] += strange
            rows[name] = part
        if not members.height:
            return _Built(entry=None, unmatched=unmatched)
        for name, made in sorted(self.made.items()):
            rows[name] = place_made(made, kind, members, self.former)
        doubtful = find_doubtful(self.chosen, parting, members, disagreeing)
        rows |= dict(self.join_rows(kind, rows, doubtful))
        hashes = {name: self.write_rows(name, kind, number, part) for name, part in rows.items()}
        facts = compute_facts(self.vocabulary, kind, members["subject"], rows, self.as_of)
        facts = withhold(facts, self.vocabulary, kind, doubtful)
        facts = pl.concat([facts, self.regions.of(members["region"])], how="horizontal")
        facts.write_parquet(self.folder / facts_file(kind, number))
        doubtful.write_parquet(self.folder / doubtful_file(kind, number))
        entry = _describe_part(kind, number, facts, hashes, doubtful)
        return _Built(entry=entry, unmatched=unmatched)

    def join_rows(
        self, kind: str, rows: Mapping[str, pl.DataFrame], doubtful: pl.DataFrame
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """The part's rows that bring facts of residents, by the name of the row set."""
        residents = [part for part in self.parts if part["kind"] == "resident"]
        known = Residents(
            folder=self.folder,
            parts=[part["number"] for part in residents],
            datasets=frozenset(residents[0]["rows"]) if residents else frozenset(),
        )
        for row_set in joined_row_sets(self.vocabulary, kind):
            frame = join_rows(row_set, self.vocabulary, rows, known, doubtful, self.as_of)
            if frame is not None:
                yield row_set.name, frame

    def write_rows(self, name: str, kind: str, number: int, rows: pl.DataFrame) -> str:
        """Write a part's rows of a dataset or row set; the hash of their content."""
        path = self.folder / rows_file(name, kind, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(path)
        return hash_content(rows)


def _find_moved(chosen: Iterable[Chosen], renumbered: Renumbered) -> dict[str, pl.DataFrame]:
    """Of each dataset the rows under identifiers that no longer count, under those that do."""
    moved = {}
    for item in chosen:
        pairs = renumbered.of(item.dataset.kind)
        if pairs.height and not item.stale:
            moved[item.dataset.name] = moved_rows(item.dataset, item.release, pairs)
    return moved


def _describe_part(
    kind: str, number: int, facts: pl.DataFrame, rows: Mapping[str, str], doubtful: pl.DataFrame
) -> dict[str, Any]:
    return {
        "kind": kind,
        "number": number,
        "subjects": facts.height,
        "facts": hash_content(facts),
        "rows": dict(rows),
        "doubtful": hash_content(doubtful),
    }


def _describe_release(item: Chosen, unmatched: Mapping[str, int]) -> dict[str, Any]:
    return {
        "dataset": item.dataset.name,
        "hash": item.release.hash,
        "delivered_on": item.release.delivered_on.isoformat(),
        "stale": item.stale,
        "unmatched": unmatched.get(item.dataset.name, 0),
    }


def _describe_facts(vocabulary: Vocabulary, chosen: Iterable[Chosen]) -> dict[str, Any]:
    """For each fact that comes from rows its dataset, and the release that its values are from."""
    usable = {item.dataset.name: item.release for item in chosen if not item.stale}
    described = {}
    for name, fact in vocabulary.facts.items():
        if fact.measure is None:
            continue
        release = usable.get(fact.measure.dataset)
        described[name] = {
            "kind": fact.of,
            "dataset": fact.measure.dataset,
            "release": release.hash if release else None,
            "delivered_on": release.delivered_on.isoformat() if release else None,
        }
    return described


def _write_notes(
    chosen: Iterable[Chosen], datasets: Mapping[str, Dataset], renumbered: Renumbered
) -> list[str]:
    delivered = {item.dataset.name: item for item in chosen}
    notes = []
    if renumbered.unresolved:
        notes.append(
            f"{renumbered.unresolved} identifiers have changed in ways that contradict each other: "
            "their rows stay where they are"
        )
    for name in sorted(datasets):
        item = delivered.get(name)
        if item is None:
            notes.append(f"{name}: never delivered, its facts are missing")
        elif item.stale:
            notes.append(
                f"{name}: delivered {item.release.delivered_on}, more than "
                f"{item.dataset.fresh_within_days} days before, its facts are missing"
            )
        elif item.release.unassigned:
            notes.append(
                f"{name}: {item.release.unassigned} rows were set aside whose subject cannot be "
                "told, so that somebody may wrongly count as having no row"
            )
    return notes
