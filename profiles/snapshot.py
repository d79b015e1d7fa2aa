"""A snapshot: the facts and rows of all subjects as of one date, in parts, immutable and hashed.

    <root>/<hash>/manifest.json
    <root>/<hash>/facts-<kind>-0000.parquet           one row a subject
    <root>/<hash>/rows/<dataset>/<kind>-0000.parquet  that part's rows, `subject` for the key
    <root>/<hash>/doubtful-<kind>-0000.parquet        of whom which dataset had to set rows aside
    <root>/<hash>/answered-<kind>-0000.parquet        whose own answers count, of which fact
    <root>/<hash>/flips-<kind>-0000.parquet           whose facts from where change on which day

The hash covers the releases used, the date and the canonical content of every part; it does not
depend on how Parquet was written.

An increment names the snapshot that it changes (`base`) and holds of each part only the subjects
that are other than there:

    <root>/<hash>/replaced-<kind>-0000.parquet        whose facts and rows stand for those there
    <root>/<hash>/changes-<kind>-0000.parquet         who came, left, and which facts have changed

What is read of it is what a snapshot built from nothing holds.
"""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from profiles.content import hash_content, hash_texts
from profiles.errors import SnapshotDamaged
from profiles.folder import read_columns, read_parquet, verify_file
from profiles.part_files import (
    FORMAT,
    MANIFEST,
    answered_file,
    changes_file,
    doubtful_file,
    facts_file,
    flips_file,
    replaced_file,
    rows_file,
)

FACTS = ""
"""The source under which an increment tells whose facts are replaced."""
CHANGES = {"subject": pl.String(), "change": pl.String(), "fact": pl.String()}
"""Who `came` or `left` (no fact), and whose fact has `changed`."""


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

    `datasets` are those whose rows it has, `hashes` those of the content of its files. A part of an
    increment without files is that of the base.
    """

    kind: str
    number: int
    subjects: int
    datasets: tuple[str, ...]
    hashes: Mapping[str, str]


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

    `known_on` is the day whose knowledge it holds, None for that of `as_of` with what was accepted
    since. `former` are the ids that subjects had under identifiers that no longer count, and their
    own. `base` is what an increment changes. Until `horizon` it is told who flips; `form` is the
    hash of the definitions behind it, `unclear` are ids under identifiers of which nobody can tell
    whose they are; `parting` is the number of parts by kind, some of which nobody may be in.
    """

    path: Path
    hash: str
    as_of: date
    known_on: date | None
    releases: tuple[UsedRelease, ...]
    facts: Mapping[str, SourceOfFact]
    all_parts: tuple[Part, ...]
    files: Mapping[str, str]
    notes: tuple[str, ...]
    former: tuple[tuple[str, str], ...]
    horizon: date
    form: str
    unclear: tuple[str, ...]
    parting: Mapping[str, int]
    base: "Snapshot | None"

    @property
    def chain(self) -> int:
        """Of how many increments it is made."""
        return 0 if self.base is None else 1 + self.base.chain

    def parts(self, kind: str) -> tuple[Part, ...]:
        """The parts of a kind, in order; none where the city has no register of it."""
        return tuple(part for part in self.all_parts if part.kind == kind)


def open_snapshot(path: Path) -> Snapshot:
    """A snapshot by its folder. Raises `SnapshotDamaged` unless its manifest fits its name."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        content = manifest["content"]
        if hash_texts(content) != path.name:
            raise SnapshotDamaged(path, "its manifest is not the one it was built with")
        if content["format"] != FORMAT:
            raise SnapshotDamaged(path, f"its format {content['format']} is not {FORMAT}")
        base, known_on = content.get("base"), content["known_on"]
        return Snapshot(
            path=path,
            hash=path.name,
            as_of=date.fromisoformat(content["as_of"]),
            known_on=None if known_on is None else date.fromisoformat(known_on),
            releases=tuple(_read_used(item) for item in content["releases"]),
            facts={name: _read_source(item) for name, item in content["facts"].items()},
            all_parts=tuple(_read_part_entry(item) for item in content["parts"]),
            files=dict(manifest["files"]),
            notes=tuple(content["notes"]),
            former=tuple((old, new) for old, new in content["former"]),
            horizon=date.fromisoformat(content["horizon"]),
            form=content["form"],
            unclear=tuple(content["unclear"]),
            parting=dict(content["parting"]),
            base=None if base is None else open_snapshot(path.parent / base),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(path, "its manifest cannot be read") from error


def read_part(
    snapshot: Snapshot,
    part: Part,
    *,
    datasets: Iterable[str] | None = None,
    columns: Container[str] | None = None,
    only: pl.Series | None = None,
) -> PartFrames:
    """A part's frames; `datasets` names the rows wanted, `columns` those of the facts that are
    wanted beside `subject`, `only` the subjects (default: all there are).

    Raises `SnapshotDamaged`, naming the file, unless every file read is what was written.
    """
    wanted = part.datasets if datasets is None else [n for n in datasets if n in part.datasets]
    if snapshot.base is None:
        return PartFrames(
            facts=_read_facts(snapshot, part, columns, only),
            rows={
                name: _read_frame(snapshot, rows_file(name, part.kind, part.number), only=only)
                for name in wanted
            },
            doubtful=_read_frame(snapshot, doubtful_file(part.kind, part.number), only=only),
        )
    before = find_part(snapshot.base, part)
    if not part.hashes:
        return read_part(snapshot.base, before, datasets=wanted, columns=columns, only=only)
    replaced = _read_frame(snapshot, replaced_file(part.kind, part.number))
    earlier = read_part(snapshot.base, before, datasets=[], columns=columns, only=only)
    own_facts = _read_facts(snapshot, part, columns, only)
    return PartFrames(
        facts=_replace(earlier.facts, own_facts, replaced, FACTS),
        rows={name: read_rows(snapshot, part, name, only=only) for name in wanted},
        doubtful=_read_frame(snapshot, doubtful_file(part.kind, part.number), only=only),
    )


def read_rows(
    snapshot: Snapshot, part: Part, name: str, *, only: pl.Series | None = None
) -> pl.DataFrame:
    """A part's rows of one of its datasets, of all or of some subjects; raises as `read_part`."""
    path = rows_file(name, part.kind, part.number)
    if snapshot.base is None:
        return _read_frame(snapshot, path, only=only)
    before = read_rows(snapshot.base, find_part(snapshot.base, part), name, only=only)
    if path not in part.hashes:
        return before
    replaced = _read_frame(snapshot, replaced_file(part.kind, part.number))
    return _replace(before, _read_frame(snapshot, path, only=only), replaced, name)


def read_replaced(snapshot: Snapshot, part: Part) -> pl.DataFrame:
    """Whose facts (`FACTS`) and rows of which dataset an increment replaces: `source`, `subject`.

    Of a snapshot built from nothing nobody's.
    """
    if not part.hashes or snapshot.base is None:
        return pl.DataFrame(schema={"source": pl.String(), "subject": pl.String()})
    return _read_frame(snapshot, replaced_file(part.kind, part.number))


def read_doubtful(snapshot: Snapshot, part: Part) -> pl.DataFrame:
    """Of whom which dataset had to set rows aside: `dataset`, `subject`."""
    if snapshot.base is not None and not part.hashes:
        return read_doubtful(snapshot.base, find_part(snapshot.base, part))
    return _read_frame(snapshot, doubtful_file(part.kind, part.number))


def read_flips(snapshot: Snapshot, part: Part) -> pl.DataFrame:
    """Whose facts from which source are others from which day on: `source`, `subject`, `flips_on`.

    Told until the snapshot's `horizon`, for all but the spans that move with the months.
    """
    if snapshot.base is not None and not part.hashes:
        return read_flips(snapshot.base, find_part(snapshot.base, part))
    return _read_frame(snapshot, flips_file(part.kind, part.number))


def read_answered(snapshot: Snapshot, part: Part) -> pl.DataFrame:
    """Whose own answers count: as `profiles.answers.ANSWERED`."""
    if snapshot.base is not None and not part.hashes:
        return read_answered(snapshot.base, find_part(snapshot.base, part))
    return _read_frame(snapshot, answered_file(part.kind, part.number))


def read_changes(snapshot: Snapshot, part: Part) -> pl.DataFrame:
    """What an increment changed in a part: `subject`, `change`, `fact`, as in `CHANGES`.

    Of a snapshot built from nothing there is none to tell; the caller looks at everybody.
    """
    if not part.hashes or snapshot.base is None:
        return pl.DataFrame(schema=CHANGES)
    return _read_frame(snapshot, changes_file(part.kind, part.number))


def find_part(snapshot: Snapshot, part: Part) -> Part:
    """The part of another snapshot with the same kind and number."""
    return next(
        other
        for other in snapshot.all_parts
        if (other.kind, other.number) == (part.kind, part.number)
    )


def verify_snapshot(snapshot: Snapshot) -> None:
    """Check that every part holds what the snapshot's name is the hash of, and so its base's.

    Reading it checks its files against the hashes of their bytes, which is many times faster and
    finds what a disk or a copy has damaged; this also finds a file that somebody has replaced
    together with its entry in the manifest. Raises `SnapshotDamaged`, naming the file.
    """
    for part in snapshot.all_parts:
        for name, digest in part.hashes.items():
            if hash_content(_read_frame(snapshot, name)) != digest:
                raise SnapshotDamaged(snapshot.path / name, "its content does not match its hash")
    if snapshot.base is not None:
        verify_snapshot(snapshot.base)


def _replace(
    before: pl.DataFrame, own: pl.DataFrame, replaced: pl.DataFrame, source: str
) -> pl.DataFrame:
    """The rows of the base with those of an increment in the place of theirs, by subject.

    Both are sorted by subject, and all rows of one subject stand in one of them.
    """
    subjects = replaced.filter(pl.col("source") == source)["subject"]
    kept = before.filter(~pl.col("subject").is_in(subjects.implode()))
    return kept.merge_sorted(own, "subject")


def _read_facts(
    snapshot: Snapshot, part: Part, columns: Container[str] | None, only: pl.Series | None
) -> pl.DataFrame:
    return _read_frame(snapshot, facts_file(part.kind, part.number), columns, only)


def _read_frame(
    snapshot: Snapshot,
    name: str,
    columns: Container[str] | None = None,
    only: pl.Series | None = None,
) -> pl.DataFrame:
    path = snapshot.path / name
    verify_file(path, snapshot.files.get(name), SnapshotDamaged)
    names = None
    if columns is not None:
        there = read_columns(path, SnapshotDamaged)
        names = [column for column in there if column == "subject" or column in columns]
    return read_parquet(path, SnapshotDamaged, names=names, only=only)


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
        datasets=tuple(item["datasets"]),
        hashes=dict(item["hashes"]),
    )
