"""A release: one delivery of a dataset, typed, immutable, known by the hash of its content."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_content, hash_file, hash_texts, sort_rows
from profiles.dataset import Dataset
from profiles.errors import ReleaseDamaged, ReleaseOutdated
from profiles.folder import publish_folder, read_parquet, verify_file, write_json
from profiles.typed_values import DTYPES

FORMAT = 1
ROWS, QUARANTINE, DOUBTFUL = "rows.parquet", "quarantine.parquet", "doubtful.parquet"
MANIFEST = "manifest.json"
QUARANTINE_SCHEMA = {"line": pl.Int64(), "reason": pl.String(), "row": pl.String()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A delivery as it lies on disk.

    `sequence` counts the releases of a dataset in the order in which they came in; `reasons`
    counts quarantined rows by the first thing wrong with each, `unassigned` those of which
    nobody can tell whom they are about.
    """

    dataset: str
    hash: str
    delivered_on: date
    sequence: int
    rows_in: int
    rows: int
    quarantined: int
    repeated: int
    unassigned: int
    reasons: Mapping[str, int]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a delivery holds, before it is written as a release.

    `doubtful` are the keys of quarantined rows: whoever has one of them is not known in full.
    """

    rows: pl.DataFrame
    quarantine: pl.DataFrame
    doubtful: pl.Series
    rows_in: int
    repeated: int
    unassigned: int
    reasons: Mapping[str, int]
    source_name: str
    source_hash: str


def write_release(
    delivery: Delivery, dataset: Dataset, *, root: Path, delivered_on: date
) -> tuple[Release, bool]:
    """Write a delivery under `root/<dataset>/<hash>/`; False where that release was there already.

    Nothing is seen under its name before it is complete.
    """
    rows = sort_rows(delivery.rows)
    quarantine = delivery.quarantine.sort("line", "reason", "row")
    rows_hash = hash_content(rows)
    doubtful = pl.DataFrame({"key": delivery.doubtful.unique().sort()})
    hashes = {
        "rows": rows_hash,
        "quarantine": hash_content(sort_rows(quarantine.select("reason", "row"))),
        "doubtful": hash_content(doubtful),
    }
    release_hash = _name_release(dataset.name, delivered_on, hashes)
    folder = root / dataset.name
    target = folder / release_hash
    if target.exists():
        return _read_manifest(target), False
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder))
    try:
        rows.write_parquet(temporary / ROWS)
        quarantine.write_parquet(temporary / QUARANTINE)
        doubtful.write_parquet(temporary / DOUBTFUL)
        earlier = list_releases(root, dataset.name)
        manifest = {
            "format": FORMAT,
            "dataset": dataset.name,
            "hash": release_hash,
            "content": hashes,
            "delivered_on": delivered_on.isoformat(),
            "sequence": 1 + max((release.sequence for release in earlier), default=0),
            "rows_in": delivery.rows_in,
            "rows": rows.height,
            "quarantined": quarantine.height,
            "repeated": delivery.repeated,
            "unassigned": delivery.unassigned,
            "reasons": dict(sorted(delivery.reasons.items())),
            "columns": {name: column.type for name, column in dataset.columns.items()},
            "source": {"name": delivery.source_name, "sha256": delivery.source_hash},
            "files": {name: hash_file(temporary / name) for name in (ROWS, QUARANTINE, DOUBTFUL)},
        }
        write_json(temporary / MANIFEST, manifest)
        publish_folder(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return _read_manifest(target), True


def list_releases(root: Path, dataset: str) -> list[Release]:
    """The releases of a dataset, the oldest delivery first."""
    folder = root / dataset
    if not folder.is_dir():
        return []
    releases = [
        _read_manifest(path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".")
    ]
    return sorted(releases, key=lambda release: (release.delivered_on, release.sequence))


def newest_release(root: Path, dataset: str, as_of: date) -> Release | None:
    """The release that counts on a day: the last delivered on or before it."""
    known = [release for release in list_releases(root, dataset) if release.delivered_on <= as_of]
    return known[-1] if known else None


def read_release(release: Release, dataset: Dataset) -> pl.DataFrame:
    """The rows of a release. Raises `ReleaseDamaged` unless they are what was released."""
    manifest = _load_manifest(release.path)
    verify_file(release.path / ROWS, manifest["files"].get(ROWS), ReleaseDamaged)
    rows = read_parquet(release.path / ROWS, ReleaseDamaged)
    expected = {name: DTYPES[column.type] for name, column in dataset.columns.items()}
    if manifest["columns"] != {name: column.type for name, column in dataset.columns.items()}:
        raise ReleaseOutdated(release.path, dataset.name)
    if dict(rows.schema) != expected or hash_content(rows) != manifest["content"]["rows"]:
        raise ReleaseDamaged(release.path, "its rows do not match its hash")
    return rows


def read_quarantine(release: Release) -> pl.DataFrame:
    """The rows set aside: `line` in the file, `reason`, and the `row` with identifiers masked."""
    manifest = _load_manifest(release.path)
    verify_file(release.path / QUARANTINE, manifest["files"].get(QUARANTINE), ReleaseDamaged)
    return read_parquet(release.path / QUARANTINE, ReleaseDamaged)


def read_doubtful(release: Release) -> pl.Series:
    """The keys of which rows were set aside: what the release says of them is not all there is."""
    manifest = _load_manifest(release.path)
    verify_file(release.path / DOUBTFUL, manifest["files"].get(DOUBTFUL), ReleaseDamaged)
    keys = read_parquet(release.path / DOUBTFUL, ReleaseDamaged)
    if hash_content(keys) != manifest["content"]["doubtful"]:
        raise ReleaseDamaged(release.path, "its doubtful keys do not match their hash")
    return keys["key"]


def _name_release(dataset: str, delivered_on: date, hashes: Mapping[str, str]) -> str:
    """What a delivery is: the day, the rows, and what was set aside, wherever it stood."""
    return hash_texts([FORMAT, dataset, delivered_on.isoformat(), dict(hashes)])


def _read_manifest(path: Path) -> Release:
    manifest = _load_manifest(path)
    return Release(
        dataset=manifest["dataset"],
        hash=manifest["hash"],
        delivered_on=date.fromisoformat(manifest["delivered_on"]),
        sequence=manifest["sequence"],
        rows_in=manifest["rows_in"],
        rows=manifest["rows"],
        quarantined=manifest["quarantined"],
        repeated=manifest["repeated"],
        unassigned=manifest["unassigned"],
        reasons=manifest["reasons"],
        path=path,
    )


def _load_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a release, checked against the folder's name."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ReleaseDamaged(path, f"its format {manifest['format']} is not {FORMAT}")
        name = _name_release(
            path.parent.name,
            date.fromisoformat(manifest["delivered_on"]),
            manifest["content"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged(path, "its manifest cannot be read") from error
    if not name == manifest["hash"] == path.name:
        raise ReleaseDamaged(path, "its manifest is not the one it was released with")
    return dict(manifest)
