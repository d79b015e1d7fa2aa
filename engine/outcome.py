"""An outcome: what a run came to, as a manifest over its parts.

    <path>/manifest.json
    <path>/parts/<name>/...                what `engine.outcome_parts` writes

The manifest comes last and makes the parts an outcome. Its hash is over where it comes from and
what each policy came to (`Counts`), with a sum of the fingerprints of all rows: the same however
the subjects were parted and whoever wrote them.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import OutcomeDamaged, OutcomeRefused
from engine.outcome_parts import (
    MANIFEST,
    SOFTWARE,
    Part,
    counts_of,
    has_outcome,
    hash_file,
    is_any,
    numbers_of,
    parse_part,
    settle,
    tell_part,
)
from engine.part_outcome import Counts
from ledger.journal import canonical_json

FORMAT = "zhida-outcome-4"
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", re.ASCII)

PolicyKey = tuple[str, str, str, str]
"""Kind of subjects, policy, version, period."""


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
    part of the same name. `software` is the release of Zhida that decided it.
    """

    path: Path
    origin: Origin
    parts: tuple[Part, ...]
    parting: Mapping[str, int]
    counts: Mapping[PolicyKey, Counts] = field(repr=False)
    hash: str
    software: str = SOFTWARE
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
        "parts": [tell_part(part) for part in ordered],
        "parting": outcome.parting,
        "increment": None if increment is None else _tell_increment(increment),
        "hash": outcome.hash,
        "software": outcome.software,
    }
    partial = path / f"{MANIFEST}.{os.getpid()}.partial"
    partial.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    settle(partial, path / MANIFEST)
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
    return {key: counts for key, counts in found.items() if is_any(counts)}


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
        parts = tuple(parse_part(part) for part in content["parts"])
        stored, software = content["hash"], content["software"]
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
        software=software,
        increment=increment,
    )


def write_replaced(path: Path, kind: str, subjects: pl.Series) -> str:
    """Write whose rows an increment replaces; the hash of the file."""
    path.mkdir(parents=True, exist_ok=True)
    partial = path / f".replaced-{kind}.{os.getpid()}.partial"
    pl.DataFrame({"subject": subjects}).write_parquet(partial, compression="lz4")
    digest = hash_file(partial)
    settle(partial, _replaced_path(path, kind))
    return digest


def read_replaced(outcome: Outcome, kind: str) -> pl.Series:
    """Whose rows of a kind an increment replaces."""
    assert outcome.increment is not None
    file = _replaced_path(outcome.path, kind)
    if not file.is_file() or hash_file(file) != outcome.increment.replaced[kind]:
        reason = f"its file {file.name} is not the one that was written"
        raise OutcomeDamaged(path=outcome.path, part="", reason=reason)
    return pl.read_parquet(file)["subject"]


def _replaced_path(path: Path, kind: str) -> Path:
    return path / f"replaced-{kind}.parquet"


def _tell_origin(origin: Origin) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "as_of": origin.as_of.isoformat(),
        "snapshot_hash": origin.snapshot_hash,
        "policy_hashes": dict(origin.policy_hashes),
    }


def _tell_counts(counts: Mapping[PolicyKey, Counts]) -> list[list[Any]]:
    """Kind, policy, version, period, and what it came to; in order."""
    return [[*key, *numbers_of(counts[key])] for key in sorted(counts) if is_any(counts[key])]


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
            (line[0], line[1], line[2], line[3]): counts_of(line[4:]) for line in told["taken_off"]
        },
    )


def _hash_all(origin: Origin, counts: Mapping[PolicyKey, Counts]) -> str:
    content = {**_tell_origin(origin), "policies": _tell_counts(counts)}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
