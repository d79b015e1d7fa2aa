"""An outcome on disk: the eligible and unknown rows of a run, part by part, and a manifest.

Parts are written one by one, by any process; the manifest comes last and makes them an outcome.
Hashes are over content in a canonical order, not over files: a Parquet file carries its writer's
version. Everything is verified when read; the file's own checksum comes first, because a damaged
Parquet file can bring its reader down.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from engine.errors import OutcomeDamaged, OutcomeRefused
from ledger.journal import canonical_json

MATCH_SCHEMA: Mapping[str, pl.DataType] = {
    "policy": pl.String(),  # the family, without version
    "version": pl.String(),
    "subject": pl.String(),
    "kind": pl.String(),  # enterprise, resident, household
    "period": pl.String(),  # 2025-11, 2025Q4, 2025H2, 2025, once
    "item": pl.String(),  # "": the subject as a whole
    "amount_fen": pl.Int64(),  # null: still open
}
"""The columns of matches."""

OUTCOME_SCHEMA: Mapping[str, pl.DataType] = {
    **MATCH_SCHEMA,
    "missing": pl.String(),  # names of the facts that are missing, with commas between
    "delivery": pl.String(),  # direct, confirm, invite; "": as the policy says for everybody
    "verdict": pl.String(),  # eligible, unknown
    "rows": pl.Int64(),  # how many rows hold; null: the policy decides no rows
    "rows_open": pl.Int64(),  # how many rows are undecided
    "claims": pl.String(),  # what the rows that hold use up, a JSON list; "": nothing
}
KEY = ["policy", "subject", "period", "item"]
MANIFEST = "manifest.json"
FORMAT = "zhida-outcome-3"
_PART_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One written part; `hash` is over its content, `file_hash` over the file that holds it."""

    name: str
    eligible: int
    unknown: int
    hash: str
    file_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an outcome was computed from: with these three the verdicts can be had again."""

    as_of: date
    snapshot_hash: str
    policy_hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A complete outcome; `hash` is over its origin and parts, in whatever order they came."""

    path: Path
    origin: Origin
    parts: tuple[Part, ...]
    hash: str

    @property
    def eligible(self) -> int:
        return sum(part.eligible for part in self.parts)

    @property
    def unknown(self) -> int:
        return sum(part.unknown for part in self.parts)


def write_outcome(path: Path, origin: Origin, frames: Mapping[str, pl.DataFrame]) -> Outcome:
    """Write all parts, by name, and the manifest."""
    parts = [write_part(path, name, frame) for name, frame in frames.items()]
    return finish_outcome(path, origin, parts)


def write_part(path: Path, name: str, frame: pl.DataFrame) -> Part:
    """Write one part, whole or not at all; a part of this name written before is replaced.

    An outcome that has its manifest is never written to again: read it instead.
    """
    if has_outcome(path):
        raise OutcomeRefused(
            f"{path} holds a complete outcome (read it, or write to another place)"
        )
    if not _PART_NAME.fullmatch(name):
        raise OutcomeRefused(f'"{name}" is no name for a part (a-z, 0-9 and - only)')
    rows = _check_rows(frame)
    target = _part_path(path, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    rows.write_parquet(partial)
    file_hash = _hash_file(partial)
    _settle(partial, target)
    eligible = rows.filter(pl.col("verdict") == "eligible").height
    return Part(
        name=name,
        eligible=eligible,
        unknown=rows.height - eligible,
        hash=hash_rows(rows),
        file_hash=file_hash,
    )


def finish_outcome(path: Path, origin: Origin, parts: Iterable[Part]) -> Outcome:
    """Write the manifest, which makes the parts an outcome."""
    ordered = tuple(sorted(parts, key=lambda part: part.name))
    if len({part.name for part in ordered}) != len(ordered):
        raise OutcomeRefused("two parts have one name (name each part of the snapshot once)")
    outcome = Outcome(path=path, origin=origin, parts=ordered, hash=_hash_all(origin, ordered))
    if has_outcome(path) and read_outcome(path).hash != outcome.hash:
        raise OutcomeRefused(f"{path} holds another outcome already (write to another place)")
    path.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "as_of": origin.as_of.isoformat(),
        "snapshot_hash": origin.snapshot_hash,
        "policy_hashes": dict(origin.policy_hashes),
        "parts": [asdict(part) for part in ordered],
        "hash": outcome.hash,
    }
    partial = path / f"{MANIFEST}.{os.getpid()}.partial"
    partial.write_text(
        json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    _settle(partial, path / MANIFEST)
    return outcome


def has_outcome(path: Path) -> bool:
    """Whether a complete outcome lies in `path`."""
    return (path / MANIFEST).is_file()


def read_outcome(path: Path) -> Outcome:
    """The outcome whose manifest lies in `path`; parts are verified when their rows are read."""
    try:
        content = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise OutcomeDamaged(path=path, part="", reason=f"its format is not {FORMAT}")
        origin = Origin(
            as_of=date.fromisoformat(content["as_of"]),
            snapshot_hash=content["snapshot_hash"],
            policy_hashes=content["policy_hashes"],
        )
        parts = tuple(Part(**part) for part in content["parts"])
        stored = content["hash"]
    except FileNotFoundError as error:
        raise OutcomeDamaged(path=path, part="", reason="there is none") from error
    except (ValueError, KeyError, TypeError) as error:
        raise OutcomeDamaged(path=path, part="", reason="it cannot be read") from error
    if _hash_all(origin, parts) != stored:
        raise OutcomeDamaged(path=path, part="", reason="it was altered")
    return Outcome(path=path, origin=origin, parts=parts, hash=stored)


def read_parts(outcome: Outcome) -> Iterator[tuple[Part, pl.DataFrame]]:
    """Each part with its rows, verified by its hash before anything is derived from it."""
    for part in outcome.parts:
        yield part, read_rows(outcome, part)


def read_rows(outcome: Outcome, part: Part) -> pl.DataFrame:
    """The rows of one part. Raises OutcomeDamaged where they are not those written."""

    def damaged(reason: str) -> OutcomeDamaged:
        return OutcomeDamaged(path=outcome.path, part=part.name, reason=reason)

    file = _part_path(outcome.path, part.name)
    if not file.is_file():
        raise damaged("its file is missing")
    if _hash_file(file) != part.file_hash:
        raise damaged("its file is not the one that was written")
    rows = pl.read_parquet(file)
    if rows.schema != pl.Schema(OUTCOME_SCHEMA) or hash_rows(rows) != part.hash:
        raise damaged("its rows are not those that were written")
    return rows


def read_matches(outcome: Outcome) -> pl.DataFrame:
    """The eligible rows of all parts, in the columns of matches, `missing` and `delivery`."""
    frames = [
        rows.filter(pl.col("verdict") == "eligible").drop("verdict")
        for _, rows in read_parts(outcome)
    ]
    schema = {name: kind for name, kind in OUTCOME_SCHEMA.items() if name != "verdict"}
    return pl.concat([pl.DataFrame(schema=schema), *frames])


def hash_rows(rows: pl.DataFrame) -> str:
    """SHA-256 over the rows sorted by key, column by column.

    Text: how many bytes each value has, as little-endian Int64, then all bytes in UTF-8. Amounts:
    Int64, 0 where open, then one byte each, 1 where open. Needs no writer, no version, no row
    order.
    """
    digest = hashlib.sha256(f"{FORMAT}\n{rows.height}\n".encode())
    ordered = rows.select(*OUTCOME_SCHEMA).sort([*KEY, "version", "verdict"])
    for name, kind in OUTCOME_SCHEMA.items():
        column = ordered[name]
        digest.update(f"{name}\n".encode())
        if kind == pl.Int64():
            digest.update(column.fill_null(0).to_numpy().astype("<i8").tobytes())
            digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
        else:
            digest.update(column.str.len_bytes().to_numpy().astype("<i8").tobytes())
            digest.update((column.str.join("").item() or "").encode())
    return digest.hexdigest()


def _check_rows(frame: pl.DataFrame) -> pl.DataFrame:
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


def _hash_all(origin: Origin, parts: Iterable[Part]) -> str:
    content = {
        "format": FORMAT,
        "as_of": origin.as_of.isoformat(),
        "snapshot_hash": origin.snapshot_hash,
        "policy_hashes": dict(origin.policy_hashes),
        "parts": sorted([part.name, part.eligible, part.unknown, part.hash] for part in parts),
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_path(path: Path, name: str) -> Path:
    return path / "parts" / f"{name}.parquet"


def _settle(partial: Path, target: Path) -> None:
    """Put a finished file in its place so that after a crash it is whole or absent."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
