"""How a snapshot is built: releases are chosen, subjects parted, rows parted with them, facts
computed part by part. No frame holds more of a kind than one dataset's rows."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_content, hash_file, hash_texts, sort_rows
from profiles.dataset import Dataset
from profiles.derivation import compute_facts
from profiles.errors import NothingRegistered
from profiles.fact import Vocabulary
from profiles.folder import publish_folder, write_json
from profiles.identifier import subject_ids
from profiles.ingest import Progress
from profiles.region import region_path
from profiles.release import Release, newest_release, read_release

FORMAT = 1
MANIFEST = "manifest.json"
KINDS = ("enterprise", "resident", "household")
_KIND_OF = {"uscc": "enterprise", "resident_id": "resident"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The release of a dataset that counts; a stale one brings no facts and no rows."""

    dataset: Dataset
    release: Release
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parting:
    """Who is in which part: frame of `identifier`, `subject`, `part`, `region`, by subject."""

    kind: str
    members: pl.DataFrame
    several: int

    def subjects(self, number: int) -> pl.DataFrame:
        return self.members.filter(pl.col("part") == number)


def facts_file(kind: str, number: int) -> str:
    """Where a part's facts lie inside the snapshot."""
    return f"facts-{kind}-{number:04d}.parquet"


def rows_file(dataset: str, kind: str, number: int) -> str:
    """Where a part's rows of a dataset lie inside the snapshot."""
    return f"rows/{dataset}/{kind}-{number:04d}.parquet"


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
) -> Path:
    """Write the snapshot's folder and give it its name, which is its hash; returns its path."""
    tell = on_progress or (lambda step, done, total: None)
    chosen = _choose_releases(releases_root, datasets, as_of)
    registers = [item for item in chosen if item.dataset.register]
    if not registers:
        raise NothingRegistered(
            f"no register was delivered on or before {as_of}: deliver one of "
            + (", ".join(name for name, dataset in datasets.items() if dataset.register) or "none")
        )
    snapshots_root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots_root))
    try:
        partings = [_part_subjects(item, as_of, key, part_size) for item in registers]
        unmatched, hashes = _part_all_rows(folder, chosen, partings, key, tell)
        regions = _compute_region_facts(folder, chosen, partings, vocabulary, as_of, hashes)
        parts = _compute_parts(folder, partings, vocabulary, as_of, regions, hashes, tell)
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


def _choose_releases(root: Path, datasets: Mapping[str, Dataset], as_of: date) -> list[_Chosen]:
    chosen = []
    for name in sorted(datasets):
        release = newest_release(root, name, as_of)
        if release is None:
            continue
        days = datasets[name].fresh_within_days
        stale = days is not None and release.delivered_on + timedelta(days=days) < as_of
        chosen.append(_Chosen(dataset=datasets[name], release=release, stale=stale))
    return chosen


def _part_subjects(register: _Chosen, as_of: date, key: bytes, part_size: int) -> _Parting:
    """The subjects in force on the day, in the order of their surrogate ids."""
    dataset = register.dataset
    first, last = dataset.time.columns
    region = "region" if "region" in dataset.columns else None
    rows = read_release(register.release, dataset).select(
        pl.col(dataset.key).alias("identifier"),
        pl.col(first).alias("first"),
        pl.col(last).alias("last"),
        (pl.col(region) if region else pl.lit(None, dtype=pl.String)).alias("region"),
    )
    # Without a first day somebody has been there for ever; the last day still counts.
    there = pl.col("first").is_null() | (pl.col("first") <= as_of)
    still = pl.col("last").is_null() | (pl.col("last") >= as_of)
    members = rows.filter(there & still).select("identifier", "region")
    ids = subject_ids(dataset.kind, members["identifier"], key)
    members = members.with_columns(ids.alias("subject")).sort("subject")
    members = members.with_columns(
        part=pl.int_range(members.height, eager=True).cast(pl.Int64) // part_size
    )
    return _Parting(
        kind=dataset.kind,
        members=members,
        several=-(-members.height // part_size),
    )


def _part_all_rows(
    folder: Path,
    chosen: Iterable[_Chosen],
    partings: Iterable[_Parting],
    key: bytes,
    tell: Progress,
) -> tuple[dict[str, int], dict[tuple[str, int], dict[str, str]]]:
    """Write every dataset's rows part by part; counts of unmatched rows, hashes by part."""
    by_kind = {parting.kind: parting for parting in partings}
    unmatched: dict[str, int] = {}
    hashes: dict[tuple[str, int], dict[str, str]] = {}
    todo = [item for item in chosen if not item.stale and item.dataset.kind in by_kind]
    for done, item in enumerate(todo):
        tell("parting rows", done, len(todo))
        parting = by_kind[item.dataset.kind]
        rows = _replace_persons(read_release(item.release, item.dataset), item.dataset, key)
        known = parting.members.select("identifier", "subject", "part")
        rows = known.join(
            rows, left_on="identifier", right_on=item.dataset.key, how="right"
        ).select("subject", "part", *(name for name in rows.columns if name != item.dataset.key))
        unmatched[item.dataset.name] = rows["part"].null_count()
        for number in range(parting.several):
            part = sort_rows(rows.filter(pl.col("part") == number).drop("part"))
            path = folder / rows_file(item.dataset.name, parting.kind, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_parquet(path)
            hashes.setdefault((parting.kind, number), {})[item.dataset.name] = hash_content(part)
    return unmatched, hashes


def _replace_persons(rows: pl.DataFrame, dataset: Dataset, key: bytes) -> pl.DataFrame:
    """Rows without names, addresses and phones; other persons and firms by their surrogate id."""
    kept = [rows[dataset.key]]
    for name, column in dataset.columns.items():
        if name == dataset.key:
            continue
        if column.identifier:
            kept.append(subject_ids(_KIND_OF[column.identifier], rows[name], key).alias(name))
        elif column.sensitivity not in ("personal", "sensitive"):
            kept.append(rows[name])
    return pl.DataFrame(kept)


def _compute_region_facts(
    folder: Path,
    chosen: Iterable[_Chosen],
    partings: Iterable[_Parting],
    vocabulary: Vocabulary,
    as_of: date,
    hashes: dict[tuple[str, int], dict[str, str]],
) -> pl.DataFrame:
    """Published figures of every region that somebody is in, its own or the nearest above.

    They are also kept as the one part of kind `region`, as published.
    """
    rows: dict[str, pl.DataFrame] = {}
    for item in chosen:
        if item.dataset.kind == "region" and not item.stale:
            frame = read_release(item.release, item.dataset)
            rows[item.dataset.name] = sort_rows(frame.rename({item.dataset.key: "subject"}))
    published = pl.concat(
        [pl.Series("subject", [], dtype=pl.String)] + [f["subject"] for f in rows.values()]
    )
    published = published.unique().sort()
    facts = compute_facts(vocabulary, "region", published, rows, as_of)
    if rows:
        for name, frame in rows.items():
            path = folder / rows_file(name, "region", 0)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path)
            hashes.setdefault(("region", 0), {})[name] = hash_content(frame)
        facts.write_parquet(folder / facts_file("region", 0))
    return _spread_downwards(facts, [parting.members["region"] for parting in partings])


def _spread_downwards(facts: pl.DataFrame, regions: Iterable[pl.Series]) -> pl.DataFrame:
    """For each region the facts of its own, one by one, or of the nearest above that has it."""
    wanted = pl.concat([pl.Series("region", [], dtype=pl.String), *regions])
    codes = wanted.drop_nulls().unique().sort().to_list()
    paths = [(code, up, step) for code in codes for step, up in enumerate(region_path(code))]
    schema = {"region": pl.String, "subject": pl.String, "step": pl.Int64}
    path = pl.DataFrame(paths, schema=schema, orient="row")
    return (
        path.join(facts, on="subject", how="inner")
        .sort("region", "step")
        .group_by("region", maintain_order=True)
        .agg(pl.all().exclude("region", "subject", "step").drop_nulls().first())
    )


def _compute_parts(
    folder: Path,
    partings: Iterable[_Parting],
    vocabulary: Vocabulary,
    as_of: date,
    regions: pl.DataFrame,
    hashes: Mapping[tuple[str, int], Mapping[str, str]],
    tell: Progress,
) -> list[dict[str, Any]]:
    """Write the facts of every part; what the manifest says of each."""
    parts = []
    todo = [(parting, number) for parting in partings for number in range(parting.several)]
    for done, (parting, number) in enumerate(todo):
        tell("computing facts", done, len(todo))
        members = parting.subjects(number)
        datasets = hashes.get((parting.kind, number), {})
        rows = {
            name: pl.read_parquet(folder / rows_file(name, parting.kind, number))
            for name in datasets
        }
        facts = compute_facts(vocabulary, parting.kind, members["subject"], rows, as_of)
        placed = members.select("region").join(
            regions, on="region", how="left", maintain_order="left"
        )
        facts = pl.concat([facts, placed.drop("region")], how="horizontal")
        facts.write_parquet(folder / facts_file(parting.kind, number))
        parts.append(_describe_part(parting.kind, number, facts, datasets))
    tell("computing facts", len(todo), len(todo))
    if ("region", 0) in hashes:
        facts = pl.read_parquet(folder / facts_file("region", 0))
        parts.append(_describe_part("region", 0, facts, hashes["region", 0]))
    return parts


def _describe_part(
    kind: str, number: int, facts: pl.DataFrame, rows: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "number": number,
        "subjects": facts.height,
        "facts": hash_content(facts),
        "rows": dict(rows),
    }


def _describe_release(item: _Chosen, unmatched: Mapping[str, int]) -> dict[str, Any]:
    return {
        "dataset": item.dataset.name,
        "hash": item.release.hash,
        "delivered_on": item.release.delivered_on.isoformat(),
        "stale": item.stale,
        "unmatched": unmatched.get(item.dataset.name, 0),
    }


def _describe_facts(vocabulary: Vocabulary, chosen: Iterable[_Chosen]) -> dict[str, Any]:
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


def _write_notes(chosen: Iterable[_Chosen], datasets: Mapping[str, Dataset]) -> list[str]:
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
    return notes
