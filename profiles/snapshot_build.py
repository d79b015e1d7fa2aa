"""How a snapshot is built: releases are chosen, subjects parted, rows parted with them, facts
computed part by part. No frame holds more of a kind than one dataset's rows."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
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
    part_made,
    part_rows,
    part_subjects,
    rows_file,
    withhold,
)
from profiles.region_figures import compute_region_facts

FORMAT = 1
MANIFEST = "manifest.json"


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
        partings = [part_subjects(item, as_of, key, part_size) for item in registers]
        # residents first: rows of others bring their facts
        partings.sort(key=lambda parting: parting.kind != "resident")
        unmatched, hashes = part_rows(folder, chosen, partings, key, tell)
        for parting in partings:
            part_made(folder, made, parting, hashes)
        doubtful = {part.kind: find_doubtful(chosen, part) for part in partings}
        regions = compute_region_facts(folder, chosen, partings, vocabulary, as_of, hashes)
        parts = _compute_parts(folder, partings, vocabulary, as_of, regions, hashes, doubtful, tell)
        content = {
            "format": FORMAT,
            "as_of": as_of.isoformat(),
            "releases": [_describe_release(item, unmatched) for item in chosen],
            "facts": _describe_facts(vocabulary, chosen),
            "parts": parts,
            "notes": _write_notes(chosen, datasets),
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


def _compute_parts(
    folder: Path,
    partings: Iterable[Parting],
    vocabulary: Vocabulary,
    as_of: date,
    regions: pl.DataFrame,
    hashes: Mapping[tuple[str, int], Mapping[str, str]],
    doubtful: Mapping[str, pl.DataFrame],
    tell: Progress,
) -> list[dict[str, Any]]:
    """Write the facts of every part; what the manifest says of each."""
    parts = []
    todo = [(parting, number) for parting in partings for number in range(parting.several)]
    for done, (parting, number) in enumerate(todo):
        tell("computing facts", done, len(todo))
        members = parting.members_of(number)
        datasets = dict(hashes.get((parting.kind, number), {}))
        rows = {
            name: pl.read_parquet(folder / rows_file(name, parting.kind, number))
            for name in datasets
        }
        unsure = doubtful[parting.kind].filter(pl.col("part") == number).drop("part")
        unsure.write_parquet(folder / doubtful_file(parting.kind, number))
        for name, frame in _join_rows(
            folder, parting.kind, partings, vocabulary, rows, hashes, unsure, as_of
        ):
            path = folder / rows_file(name, parting.kind, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
            datasets[name] = hash_content(frame)
            rows[name] = frame
        facts = compute_facts(vocabulary, parting.kind, members["subject"], rows, as_of)
        facts = withhold(facts, vocabulary, parting.kind, unsure)
        placed = members.select("region").join(
            regions, on="region", how="left", maintain_order="left"
        )
        facts = pl.concat([facts, placed.drop("region")], how="horizontal")
        facts.write_parquet(folder / facts_file(parting.kind, number))
        parts.append(_describe_part(parting.kind, number, facts, datasets, unsure))
    tell("computing facts", len(todo), len(todo))
    if ("region", 0) in hashes:
        facts = pl.read_parquet(folder / facts_file("region", 0))
        unsure = pl.read_parquet(folder / doubtful_file("region", 0))
        parts.append(_describe_part("region", 0, facts, hashes["region", 0], unsure))
    return parts


def _join_rows(
    folder: Path,
    kind: str,
    partings: Iterable[Parting],
    vocabulary: Vocabulary,
    rows: Mapping[str, pl.DataFrame],
    hashes: Mapping[tuple[str, int], Mapping[str, str]],
    doubtful: pl.DataFrame,
    as_of: date,
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The part's rows that bring facts of residents, by the name of the row set."""
    several = sum(parting.several for parting in partings if parting.kind == "resident")
    delivered = frozenset(hashes.get(("resident", 0), {}))
    residents = Residents(folder=folder, parts=several, datasets=delivered)
    for row_set in joined_row_sets(vocabulary, kind):
        frame = join_rows(row_set, vocabulary, rows, residents, doubtful, as_of)
        if frame is not None:
            yield row_set.name, frame


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


def _write_notes(chosen: Iterable[Chosen], datasets: Mapping[str, Dataset]) -> list[str]:
    delivered = {item.dataset.name: item for item in chosen}
    notes = []
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
