"""The parts of an outcome on disk, each a folder that is whole or not there.

    <path>/parts/<name>/subjects.parquet   the part's subjects in their order
    <path>/parts/<name>/verdicts.parquet   one row a policy: two bits a subject, and the amounts
    <path>/parts/<name>/rows.parquet       the rows of policies that decide rows or have items
    <path>/parts/<name>/part.json          what they came to, and the hashes of these files

Parts are written by any process of any machine. Every file is verified by its own SHA-256 before it
is read, because a damaged Parquet file can bring its reader down.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.errors import OutcomeDamaged, OutcomeRefused
from engine.fingerprint import Sum, parse_sum
from engine.part_outcome import (
    KEY,
    OPEN,
    OUTCOME_SCHEMA,
    ROWS_SCHEMA,
    Counts,
    Key,
    PartOutcome,
    PolicyOutcome,
    Texts,
    count_part,
    gather_part,
)
from profiles.folder import replace_folder, write_json

MANIFEST = "manifest.json"
SOFTWARE = version("zhida")
"""What another release of Zhida has decided is not taken over: it may have meant something else."""
_PART_FILE = "part.json"

_SUBJECTS, _VERDICTS, _ROWS = "subjects.parquet", "verdicts.parquet", "rows.parquet"
_PART_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}", re.ASCII)
_VERDICT_SCHEMA: Mapping[str, pl.DataType] = {
    "policy": pl.String(),
    "version": pl.String(),
    "period": pl.String(),
    "eligible": pl.Binary(),  # little-endian words of 64 bits, the first subject's is the lowest
    "unknown": pl.Binary(),
    "amount_fen": pl.Int64(),  # that of everybody who is eligible; null where they differ
    "amounts": pl.Binary(),  # little-endian Int64, one for each who is eligible
    "delivery": pl.List(pl.String),
    "deliveries": pl.Binary(),  # the number of each one's word, little-endian UInt16; null: the 0th
    "missing": pl.List(pl.String),
    "missings": pl.Binary(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One written part: what its policies came to, and the hashes of its files."""

    name: str
    kind: str
    subjects: int
    counts: Mapping[Key, Counts]
    files: Mapping[str, str]

    @property
    def eligible(self) -> int:
        return sum(counts.eligible for counts in self.counts.values())

    @property
    def unknown(self) -> int:
        return sum(counts.unknown for counts in self.counts.values())


def write_rows(path: Path, name: str, kind: str, subjects: pl.Series, rows: pl.DataFrame) -> Part:
    """Write a part from rows with the columns OUTCOME_SCHEMA. Raises OutcomeRefused."""
    return write_part(path, name, gather_part(kind, subjects, check_rows(rows)))


def write_part(path: Path, name: str, outcome: PartOutcome) -> Part:
    """Write one part, whole or not at all; a part of this name written before is replaced.

    An outcome that has its manifest is never written to again: read it instead.
    """
    if has_outcome(path):
        raise OutcomeRefused(
            f"{path} holds a complete outcome (read it, or write to another place)"
        )
    if not _PART_NAME.fullmatch(name):
        raise OutcomeRefused(f'"{name}" is no name for a part (a-z, 0-9 and - only)')
    target = _part_path(path, name)
    partial = target.with_name(f".{name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        pl.DataFrame({"subject": outcome.subjects}).write_parquet(
            partial / _SUBJECTS, compression="lz4", statistics=False
        )
        _write_verdicts(partial / _VERDICTS, outcome.policies)
        outcome.rows.write_parquet(partial / _ROWS, statistics=False)
        part = Part(
            name=name,
            kind=outcome.kind,
            subjects=outcome.height,
            counts={key: counts for key, counts in count_part(outcome).items() if is_any(counts)},
            files={name: hash_file(partial / name) for name in (_SUBJECTS, _VERDICTS, _ROWS)},
        )
        if find_part(path, name) == part:
            return part  # somebody may be reading it
        write_json(partial / _PART_FILE, {**tell_part(part), "software": SOFTWARE})
        replace_folder(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return part


def find_part(path: Path, name: str) -> Part | None:
    """A part that was written whole before, its files verified; None where there is none.

    One that was damaged since, or that another release of Zhida has decided, counts as none: it is
    written anew.
    """
    folder = _part_path(path, name)
    try:
        told = json.loads((folder / _PART_FILE).read_text(encoding="utf-8"))
        part, software = parse_part(told), told["software"]
        whole = all(hash_file(folder / file) == digest for file, digest in part.files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return part if whole and (part.name, software) == (name, SOFTWARE) else None


def has_outcome(path: Path) -> bool:
    """Whether a complete outcome lies in `path`."""
    return (path / MANIFEST).is_file()


def read_part(path: Path, part: Part) -> PartOutcome:
    """One part in bits. Raises OutcomeDamaged where its files are not those written."""

    def damaged(reason: str) -> OutcomeDamaged:
        return OutcomeDamaged(path=path, part=part.name, reason=reason)

    folder = _part_path(path, part.name)
    if set(part.files) != {_SUBJECTS, _VERDICTS, _ROWS}:
        raise damaged("its files are not those that a part has")
    for name, digest in part.files.items():
        if not (folder / name).is_file():
            raise damaged(f"its file {name} is missing")
        if hash_file(folder / name) != digest:
            raise damaged(f"its file {name} is not the one that was written")
    subjects = pl.read_parquet(folder / _SUBJECTS)["subject"]
    rows = pl.read_parquet(folder / _ROWS)
    verdicts = pl.read_parquet(folder / _VERDICTS)
    if rows.schema != pl.Schema(ROWS_SCHEMA) or verdicts.schema != pl.Schema(_VERDICT_SCHEMA):
        raise damaged("its files do not have the columns that were written")
    return PartOutcome(
        kind=part.kind,
        subjects=subjects,
        policies=tuple(_read_policy(row) for row in verdicts.iter_rows(named=True)),
        rows=rows,
    )


def verify_part(path: Path, part: Part) -> PartOutcome:
    """As `read_part`; also raises where its rows do not come to what the manifest says."""
    found = read_part(path, part)
    counts = {key: counts for key, counts in count_part(found).items() if is_any(counts)}
    if counts != part.counts:
        reason = "its rows are not those that the manifest counted"
        raise OutcomeDamaged(path=path, part=part.name, reason=reason)
    return found


def check_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of an outcome in their order; anything that is none is refused."""
    for name in ("missing", "delivery", "claims"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit("").alias(name))
    for name in ("rows", "rows_open"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias(name))
    if set(frame.columns) != set(OUTCOME_SCHEMA):
        odd = ", ".join(sorted(set(frame.columns) ^ set(OUTCOME_SCHEMA)))
        raise OutcomeRefused(f"an outcome has exactly its columns; not so: {odd}")
    rows = frame.select(*OUTCOME_SCHEMA)
    if rows.schema != pl.Schema(OUTCOME_SCHEMA):
        raise OutcomeRefused(f"an outcome's columns have another type: {dict(rows.schema)}")
    texts = [name for name, kind in OUTCOME_SCHEMA.items() if kind == pl.String()]
    if gaps := [name for name in texts if rows[name].null_count()]:
        raise OutcomeRefused(f"an outcome has no gaps in {', '.join(gaps)}")
    if not rows["verdict"].is_in(["eligible", "unknown"]).all():
        raise OutcomeRefused("an outcome holds eligible and unknown rows only")
    twice = rows.filter(rows.select(KEY).is_duplicated())
    if twice.height:
        policies = ", ".join(sorted(set(twice["policy"])))
        raise OutcomeRefused(
            f"{twice.height} rows share policy, subject, period and item (look at: {policies})"
        )
    return rows


def _write_verdicts(file: Path, policies: Iterable[PolicyOutcome]) -> None:
    columns: dict[str, list[Any]] = {name: [] for name in _VERDICT_SCHEMA}
    for outcome in policies:
        alike = isinstance(outcome.amounts, int)
        amount = outcome.amounts if isinstance(outcome.amounts, int) else OPEN
        told = {
            "policy": outcome.policy,
            "version": outcome.version,
            "period": outcome.period,
            "eligible": outcome.eligible.astype("<u8").tobytes(),
            "unknown": outcome.unknown.astype("<u8").tobytes(),
            "amount_fen": None if amount == OPEN else amount,
            "amounts": None if alike else np.asarray(outcome.amounts).astype("<i8").tobytes(),
            "delivery": list(outcome.delivery.words),
            "deliveries": _bytes_of(outcome.delivery),
            "missing": list(outcome.missing.words),
            "missings": _bytes_of(outcome.missing),
        }
        for name, value in told.items():
            columns[name].append(value)
    frame = pl.DataFrame(columns, schema=_VERDICT_SCHEMA)
    frame.write_parquet(file, compression="zstd", compression_level=1, statistics=False)


def _bytes_of(texts: Texts) -> bytes | None:
    return None if texts.codes is None else texts.codes.astype("<u2").tobytes()


def _read_policy(row: Mapping[str, Any]) -> PolicyOutcome:
    def texts(words: str, codes: str) -> Texts:
        told = row[codes]
        found = None if told is None else np.frombuffer(told, "<u2").astype(np.uint16)
        return Texts(words=tuple(row[words]), codes=found)

    amounts: Any = OPEN if row["amount_fen"] is None else row["amount_fen"]
    if row["amounts"] is not None:
        amounts = np.frombuffer(row["amounts"], "<i8").astype(np.int64)
    return PolicyOutcome(
        policy=row["policy"],
        version=row["version"],
        period=row["period"],
        eligible=np.frombuffer(row["eligible"], "<u8").astype(np.uint64),
        unknown=np.frombuffer(row["unknown"], "<u8").astype(np.uint64),
        amounts=amounts,
        delivery=texts("delivery", "deliveries"),
        missing=texts("missing", "missings"),
    )


def is_any(counts: Counts) -> bool:
    return bool(counts.eligible or counts.unknown)


def tell_part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "kind": part.kind,
        "subjects": part.subjects,
        "policies": [[*key, *numbers_of(part.counts[key])] for key in sorted(part.counts)],
        "files": dict(part.files),
    }


def parse_part(told: Mapping[str, Any]) -> Part:
    return Part(
        name=told["name"],
        kind=told["kind"],
        subjects=told["subjects"],
        counts={(line[0], line[1], line[2]): counts_of(line[3:]) for line in told["policies"]},
        files=dict(told["files"]),
    )


def numbers_of(counts: Counts) -> list[Any]:
    return [*list(asdict(counts).values())[:-1], str(counts.fingerprint)]


def counts_of(numbers: list[Any]) -> Counts:
    eligible, unknown, amount_fen, open_amounts, fingerprint = numbers
    total: Sum = parse_sum(fingerprint)
    return Counts(
        eligible=eligible,
        unknown=unknown,
        amount_fen=amount_fen,
        open_amounts=open_amounts,
        fingerprint=total,
    )


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_path(path: Path, name: str) -> Path:
    return path / "parts" / name


def settle(partial: Path, target: Path) -> None:
    """Put a finished file in its place so that after a crash it is whole or absent."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
