"""A snapshot: the facts and rows of all subjects as of one date, in parts, immutable and hashed.

    <root>/<hash>/manifest.json
    <root>/<hash>/facts-<kind>-0000.parquet           one row a subject
    <root>/<hash>/rows/<dataset>/<kind>-0000.parquet  that part's rows, `subject` for the key
    <root>/<hash>/doubtful-<kind>-0000.parquet        of whom which dataset had to set rows aside

The hash covers the releases used, the date and the canonical content of every part; it does not
depend on how Parquet was written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_content, hash_texts
from profiles.dataset import Dataset
from profiles.errors import SnapshotDamaged
from profiles.fact import Vocabulary
from profiles.folder import read_parquet, verify_file
from profiles.ingest import Progress
from profiles.parting import doubtful_file, facts_file, rows_file
from profiles.snapshot_build import FORMAT, MANIFEST, build_folder

PART_SIZE = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedRelease:
    """A release that the snapshot was built from; a stale one counts as not delivered.

    `unmatched` counts its rows about nobody whom the register holds.
    """

    dataset: str
    hash: str
    delivered_on: date
    stale: bool
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOfFact:
    """Where a fact's values come from; `release` is None where nothing usable was delivered."""

    kind: str
    dataset: str
    release: str | None
    delivered_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some subjects of a kind: the unit of evaluation, checkpoint and distribution.

    The hashes are those of its content; `rows_hashes` by dataset.
    """

    kind: str
    number: int
    subjects: int
    facts_hash: str
    doubtful_hash: str
    rows_hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFrames:
    """A part in memory: `facts`, one row a subject, and `rows` by dataset, sorted by subject.

    `doubtful` has the columns `dataset` and `subject`: of that subject not all rows of that
    dataset could be read, so whatever is measured over them is missing.
    """

    facts: pl.DataFrame
    rows: Mapping[str, pl.DataFrame]
    doubtful: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot on disk. `notes` say what its reader should know, such as stale releases.

    `former` are the ids that subjects had under identifiers that no longer count, and their own.
    """

    path: Path
    hash: str
    as_of: date
    releases: tuple[UsedRelease, ...]
    facts: Mapping[str, SourceOfFact]
    all_parts: tuple[Part, ...]
    files: Mapping[str, str]
    notes: tuple[str, ...]
    former: tuple[tuple[str, str], ...] = ()

    def parts(self, kind: str) -> tuple[Part, ...]:
        """The parts of a kind, in order; none where the city has no register of it."""
        return tuple(part for part in self.all_parts if part.kind == kind)


def build_snapshot(
    *,
    releases_root: Path,
    snapshots_root: Path,
    datasets: Mapping[str, Dataset],
    vocabulary: Vocabulary,
    as_of: date,
    key: bytes,
    part_size: int = PART_SIZE,
    on_progress: Progress | None = None,
    made: Mapping[str, pl.DataFrame] | None = None,
) -> Snapshot:
    """Build the snapshot of a date, or open it where the same was built before.

    Of each dataset the release counts that was delivered last on or before `as_of`. `key` is
    the secret of the surrogate ids. `made` are rows of our own by row set, with `kind`, `subject`
    (a surrogate id) and its columns: all that there are. Raises `NothingRegistered` without any
    register, and `ReleaseDamaged` or `ReleaseOutdated` where a release cannot be used.
    """
    path = build_folder(
        releases_root=releases_root,
        snapshots_root=snapshots_root,
        datasets=datasets,
        vocabulary=vocabulary,
        as_of=as_of,
        key=key,
        part_size=part_size,
        on_progress=on_progress,
        made=made or {},
    )
    return open_snapshot(path)


def open_snapshot(path: Path) -> Snapshot:
    """A snapshot by its folder. Raises `SnapshotDamaged` unless its manifest fits its name."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        content = manifest["content"]
        if hash_texts(content) != path.name:
            raise SnapshotDamaged(path, "its manifest is not the one it was built with")
        if content["format"] != FORMAT:
            raise SnapshotDamaged(path, f"its format {content['format']} is not {FORMAT}")
        return Snapshot(
            path=path,
            hash=path.name,
            as_of=date.fromisoformat(content["as_of"]),
            releases=tuple(_read_used(item) for item in content["releases"]),
            facts={name: _read_source(item) for name, item in content["facts"].items()},
            all_parts=tuple(_read_part_entry(item) for item in content["parts"]),
            files=dict(manifest["files"]),
            notes=tuple(content["notes"]),
            former=tuple((old, new) for old, new in content["former"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(path, "its manifest cannot be read") from error


def read_part(
    snapshot: Snapshot, part: Part, *, datasets: Iterable[str] | None = None
) -> PartFrames:
    """A part's frames; `datasets` names the rows wanted (default: all there are).

    Raises `SnapshotDamaged`, naming the file, unless every file read is what was written.
    """
    facts = _read_frame(snapshot, facts_file(part.kind, part.number))
    wanted = (
        part.rows_hashes if datasets is None else [n for n in datasets if n in part.rows_hashes]
    )
    rows = {name: _read_frame(snapshot, rows_file(name, part.kind, part.number)) for name in wanted}
    doubtful = _read_frame(snapshot, doubtful_file(part.kind, part.number))
    return PartFrames(facts=facts, rows=rows, doubtful=doubtful)


def verify_snapshot(snapshot: Snapshot) -> None:
    """Check that every part holds what the snapshot's name is the hash of.

    Reading it checks its files against the hashes of their bytes, which is many times faster and
    finds what a disk or a copy has damaged; this also finds a file that somebody has replaced
    together with its entry in the manifest. Raises `SnapshotDamaged`, naming the file.
    """
    for part in snapshot.all_parts:
        frames = read_part(snapshot, part)
        expected = {
            facts_file(part.kind, part.number): (frames.facts, part.facts_hash),
            doubtful_file(part.kind, part.number): (frames.doubtful, part.doubtful_hash),
        }
        for name, rows in frames.rows.items():
            expected[rows_file(name, part.kind, part.number)] = (rows, part.rows_hashes[name])
        for name, (frame, digest) in expected.items():
            if hash_content(frame) != digest:
                raise SnapshotDamaged(snapshot.path / name, "its content does not match its hash")


def _read_frame(snapshot: Snapshot, name: str) -> pl.DataFrame:
    path = snapshot.path / name
    verify_file(path, snapshot.files.get(name), SnapshotDamaged)
    return read_parquet(path, SnapshotDamaged)


def _read_used(item: dict[str, Any]) -> UsedRelease:
    return UsedRelease(
        dataset=item["dataset"],
        hash=item["hash"],
        delivered_on=date.fromisoformat(item["delivered_on"]),
        stale=item["stale"],
        unmatched=item["unmatched"],
    )


def _read_source(item: dict[str, Any]) -> SourceOfFact:
    delivered = item["delivered_on"]
    return SourceOfFact(
        kind=item["kind"],
        dataset=item["dataset"],
        release=item["release"],
        delivered_on=None if delivered is None else date.fromisoformat(delivered),
    )


def _read_part_entry(item: dict[str, Any]) -> Part:
    return Part(
        kind=item["kind"],
        number=item["number"],
        subjects=item["subjects"],
        facts_hash=item["facts"],
        doubtful_hash=item["doubtful"],
        rows_hashes=dict(item["rows"]),
    )
