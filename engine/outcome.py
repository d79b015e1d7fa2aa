"""An outcome on disk: the eligible and unknown rows of a run, part by part, and a manifest.

    <path>/manifest.json
    <path>/parts/<name>/subjects.parquet   the part's subjects in their order
    <path>/parts/<name>/verdicts.parquet   one row a policy: two bits a subject, and the amounts
    <path>/parts/<name>/rows.parquet       the rows of policies that decide rows or have items
    <path>/parts/<name>/part.json          what they came to, and the hashes of these files

Parts are written by any process, each whole or not at all; the manifest comes last and makes them
an outcome. Its hash is over where it comes from and what each policy came to (`Counts`), with a sum
of the fingerprints of all rows: the same however the subjects were parted and whoever wrote them.
Every file is verified by its own SHA-256 before it is read, because a damaged Parquet file can
bring its reader down.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.errors import OutcomeDamaged, OutcomeRefused
from engine.fingerprint import Sum, parse_sum
from engine.part_outcome import (
    KEY,
    MATCH_SCHEMA,
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
    list_rows,
)
from engine.same_subjects import leave_out
from ledger.journal import canonical_json
from profiles.folder import replace_folder, write_json

__all__ = ["KEY", "MATCH_SCHEMA", "OUTCOME_SCHEMA"]

MANIFEST = "manifest.json"
FORMAT = "zhida-outcome-4"
_PART_FILE = "part.json"
_SUBJECTS, _VERDICTS, _ROWS = "subjects.parquet", "verdicts.parquet", "rows.parquet"
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", re.ASCII)
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

PolicyKey = tuple[str, str, str, str]
"""Kind of subjects, policy, version, period."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an outcome was computed from: with these three the verdicts can be had again."""

    as_of: date
    snapshot_hash: str
    policy_hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """What an outcome takes over from another one: all rows of the policies in `kept`, under the
    period that stands there, but for those of the subjects in `replaced` (by kind, the hash of the
    file that lists them). `taken_off` is what these came to."""

    base: "Outcome"
    kept: Mapping["PolicyKey", str]
    replaced: Mapping[str, str]
    taken_off: Mapping["PolicyKey", Counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A complete outcome; `counts` are those of all parts together.

    An outcome with an `increment` has only the parts that are other than there. `parting` is by
    kind into how many parts the subjects were parted: with the same number, a subject is in the
    part of the same name.
    """

    path: Path
    origin: Origin
    parts: tuple[Part, ...]
    parting: Mapping[str, int]
    counts: Mapping[PolicyKey, Counts] = field(repr=False)
    hash: str
    increment: Increment | None = None

    @property
    def chain(self) -> int:
        """On how many others it stands."""
        return 0 if self.increment is None else 1 + self.increment.base.chain

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
            counts={key: counts for key, counts in count_part(outcome).items() if _is_any(counts)},
            files={name: _hash_file(partial / name) for name in (_SUBJECTS, _VERDICTS, _ROWS)},
        )
        write_json(partial / _PART_FILE, _tell_part(part))
        replace_folder(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return part


def find_part(path: Path, name: str) -> Part | None:
    """A part that was written whole before, its files verified; None where there is none.

    One that was damaged since is written anew, so it counts as none.
    """
    folder = _part_path(path, name)
    try:
        part = _read_told(json.loads((folder / _PART_FILE).read_text(encoding="utf-8")))
        whole = all(_hash_file(folder / file) == digest for file, digest in part.files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return part if whole and part.name == name else None


def finish_outcome(
    path: Path,
    origin: Origin,
    parts: Iterable[Part],
    *,
    parting: Mapping[str, int] | None = None,
    increment: Increment | None = None,
) -> Outcome:
    """Write the manifest, which makes the parts an outcome; the rest as in `Outcome`."""
    ordered = tuple(sorted(parts, key=lambda part: part.name))
    if len({part.name for part in ordered}) != len(ordered):
        raise OutcomeRefused("two parts have one name (name each part of the snapshot once)")
    counts = add_counts(ordered, increment)
    outcome = Outcome(
        path=path,
        origin=origin,
        parts=ordered,
        parting=dict(parting or {}),
        counts=counts,
        hash=_hash_all(origin, counts),
        increment=increment,
    )
    if has_outcome(path) and read_outcome(path).hash != outcome.hash:
        raise OutcomeRefused(f"{path} holds another outcome already (write to another place)")
    path.mkdir(parents=True, exist_ok=True)
    content = {
        **_tell_origin(origin),
        "policies": _tell_counts(counts),
        "parts": [_tell_part(part) for part in ordered],
        "parting": outcome.parting,
        "increment": None if increment is None else _tell_increment(increment),
        "hash": outcome.hash,
    }
    partial = path / f"{MANIFEST}.{os.getpid()}.partial"
    partial.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    _settle(partial, path / MANIFEST)
    return outcome


def add_counts(
    parts: Iterable[Part], increment: Increment | None = None
) -> dict[PolicyKey, Counts]:
    """What each policy came to in all parts, and in what they take over."""
    found: dict[PolicyKey, Counts] = {}
    if increment is not None:
        for (kind, policy, version, before), period in increment.kept.items():
            former = (kind, policy, version, before)
            stays = increment.base.counts.get(former, Counts())
            gone = increment.taken_off.get(former, Counts())
            found[kind, policy, version, period] = stays - gone
    for part in parts:
        for key, counts in part.counts.items():
            whose = (part.kind, *key)
            found[whose] = found.get(whose, Counts()) + counts
    return {key: counts for key, counts in found.items() if _is_any(counts)}


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
        parts = tuple(_read_told(part) for part in content["parts"])
        stored = content["hash"]
        told = content["policies"]
        parting = dict(content["parting"])
        increment = _read_increment(path, content["increment"])
    except FileNotFoundError as error:
        raise OutcomeDamaged(path=path, part="", reason="there is none") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutcomeDamaged(path=path, part="", reason="it cannot be read") from error
    counts = add_counts(parts, increment)
    if _hash_all(origin, counts) != stored or told != _tell_counts(counts):
        raise OutcomeDamaged(path=path, part="", reason="it was altered")
    return Outcome(
        path=path,
        origin=origin,
        parts=parts,
        parting=parting,
        counts=counts,
        hash=stored,
        increment=increment,
    )


def read_parts(outcome: Outcome, policies: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows (of these policies only), part by part, verified before anything is derived."""
    wanted = None if policies is None else frozenset(policies)
    for part in read_whole(outcome):
        yield list_rows(part, wanted)


def read_whole(
    outcome: Outcome, wanted: Callable[[str], bool] = lambda name: True
) -> Iterator[PartOutcome]:
    """The parts in bits (of names that are `wanted`) with what is taken over from other outcomes.

    A subject may be in several of them, each time with other policies.
    """
    increment = outcome.increment
    if increment is not None:
        replaced = {kind: read_replaced(outcome, kind) for kind in increment.replaced}
        nobody = pl.Series("subject", [], dtype=pl.String)
        for part in read_whole(increment.base, wanted):
            yield leave_out(part, replaced.get(part.kind, nobody), _kept_of(increment, part.kind))
    for own in outcome.parts:
        if wanted(own.name):
            yield read_part(outcome, own)


def _kept_of(increment: Increment, kind: str) -> dict[Key, str]:
    return {
        (policy, version, before): period
        for (of, policy, version, before), period in increment.kept.items()
        if of == kind
    }


def write_replaced(path: Path, kind: str, subjects: pl.Series) -> str:
    """Write whose rows an increment replaces; the hash of the file."""
    path.mkdir(parents=True, exist_ok=True)
    partial = path / f".replaced-{kind}.{os.getpid()}.partial"
    pl.DataFrame({"subject": subjects}).write_parquet(partial, compression="lz4")
    digest = _hash_file(partial)
    _settle(partial, _replaced_path(path, kind))
    return digest


def read_replaced(outcome: Outcome, kind: str) -> pl.Series:
    """Whose rows of a kind an increment replaces."""
    assert outcome.increment is not None
    file = _replaced_path(outcome.path, kind)
    if not file.is_file() or _hash_file(file) != outcome.increment.replaced[kind]:
        reason = f"its file {file.name} is not the one that was written"
        raise OutcomeDamaged(path=outcome.path, part="", reason=reason)
    return pl.read_parquet(file)["subject"]


def _replaced_path(path: Path, kind: str) -> Path:
    return path / f"replaced-{kind}.parquet"


def read_part(outcome: Outcome, part: Part) -> PartOutcome:
    """One part in bits. Raises OutcomeDamaged where its files are not those written."""

    def damaged(reason: str) -> OutcomeDamaged:
        return OutcomeDamaged(path=outcome.path, part=part.name, reason=reason)

    folder = _part_path(outcome.path, part.name)
    if set(part.files) != {_SUBJECTS, _VERDICTS, _ROWS}:
        raise damaged("its files are not those that a part has")
    for name, digest in part.files.items():
        if not (folder / name).is_file():
            raise damaged(f"its file {name} is missing")
        if _hash_file(folder / name) != digest:
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


def verify_part(outcome: Outcome, part: Part) -> PartOutcome:
    """As `read_part`; also raises where its rows do not come to what the manifest says."""
    found = read_part(outcome, part)
    counts = {key: counts for key, counts in count_part(found).items() if _is_any(counts)}
    if counts != part.counts:
        reason = "its rows are not those that the manifest counted"
        raise OutcomeDamaged(path=outcome.path, part=part.name, reason=reason)
    return found


def read_rows(outcome: Outcome, policies: Iterable[str] | None = None) -> pl.DataFrame:
    """The rows of all parts (of these policies only) in the columns OUTCOME_SCHEMA."""
    return pl.concat([pl.DataFrame(schema=OUTCOME_SCHEMA), *read_parts(outcome, policies)])


def read_matches(outcome: Outcome, policies: Iterable[str] | None = None) -> pl.DataFrame:
    """The eligible rows of all parts, in the columns of matches, `missing` and `delivery`."""
    frames = [
        rows.filter(pl.col("verdict") == "eligible").drop("verdict")
        for rows in read_parts(outcome, policies)
    ]
    schema = {name: kind for name, kind in OUTCOME_SCHEMA.items() if name != "verdict"}
    return pl.concat([pl.DataFrame(schema=schema), *frames])


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


def _is_any(counts: Counts) -> bool:
    return bool(counts.eligible or counts.unknown)


def _tell_origin(origin: Origin) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "as_of": origin.as_of.isoformat(),
        "snapshot_hash": origin.snapshot_hash,
        "policy_hashes": dict(origin.policy_hashes),
    }


def _tell_counts(counts: Mapping[PolicyKey, Counts]) -> list[list[Any]]:
    """Kind, policy, version, period, and what it came to; in order."""
    return [[*key, *_numbers(counts[key])] for key in sorted(counts) if _is_any(counts[key])]


def _tell_part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "kind": part.kind,
        "subjects": part.subjects,
        "policies": [[*key, *_numbers(part.counts[key])] for key in sorted(part.counts)],
        "files": dict(part.files),
    }


def _read_told(told: Mapping[str, Any]) -> Part:
    return Part(
        name=told["name"],
        kind=told["kind"],
        subjects=told["subjects"],
        counts={(line[0], line[1], line[2]): _counts_of(line[3:]) for line in told["policies"]},
        files=dict(told["files"]),
    )


def _tell_increment(increment: Increment) -> dict[str, Any]:
    return {
        "base": increment.base.path.name,
        "base_hash": increment.base.hash,
        "kept": [[*key, period] for key, period in sorted(increment.kept.items())],
        "replaced": dict(increment.replaced),
        "taken_off": _tell_counts(increment.taken_off),
    }


def _read_increment(path: Path, told: Mapping[str, Any] | None) -> Increment | None:
    """The outcome that an increment stands on lies beside it."""
    if told is None:
        return None
    if not _RUN_NAME.fullmatch(told["base"]):
        raise ValueError(told["base"])
    base = read_outcome(path.parent / told["base"])
    if base.hash != told["base_hash"]:
        raise ValueError(told["base_hash"])
    return Increment(
        base=base,
        kept={(line[0], line[1], line[2], line[3]): line[4] for line in told["kept"]},
        replaced=dict(told["replaced"]),
        taken_off={
            (line[0], line[1], line[2], line[3]): _counts_of(line[4:]) for line in told["taken_off"]
        },
    )


def _numbers(counts: Counts) -> list[Any]:
    return [*list(asdict(counts).values())[:-1], str(counts.fingerprint)]


def _counts_of(numbers: list[Any]) -> Counts:
    eligible, unknown, amount_fen, open_amounts, fingerprint = numbers
    total: Sum = parse_sum(fingerprint)
    return Counts(
        eligible=eligible,
        unknown=unknown,
        amount_fen=amount_fen,
        open_amounts=open_amounts,
        fingerprint=total,
    )


def _hash_all(origin: Origin, counts: Mapping[PolicyKey, Counts]) -> str:
    content = {**_tell_origin(origin), "policies": _tell_counts(counts)}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_path(path: Path, name: str) -> Path:
    return path / "parts" / name


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
