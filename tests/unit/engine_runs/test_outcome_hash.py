"""The hash of an outcome, by its published recipe and however its rows were parted."""

import hashlib
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.outcome import Origin
from engine.part_outcome import OUTCOME_SCHEMA
from tests.unit.engine_runs.test_outcome_files import (
    FRAMES,
    NUMBERS,
    ORIGIN,
    fingerprint,
    make_row,
    make_rows,
    write,
    write_outcome,
)


def mix(number: int) -> int:
    """fmix64 of MurmurHash3, by hand."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        number ^= number >> 33
        number = number * factor % 2**64
    return number ^ number >> 33


STARTS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


def mix_text(text: str) -> list[int]:
    raw = text.encode()
    found = list(STARTS)
    for start in range(0, len(raw), 8):
        word = int.from_bytes(raw[start : start + 8].ljust(8, b"\0"), "little")
        found = [mix(lane ^ word) for lane in found]
    return [mix(lane ^ len(raw)) for lane in found]


def factor(*texts: str) -> list[int]:
    raw = b"".join(len(t.encode()).to_bytes(8, "little") + t.encode() for t in texts)
    digest = hashlib.sha256(raw).digest()
    return [int.from_bytes(digest[at : at + 8], "little") | 1 for at in (0, 8)]


def weight(number: int | None) -> list[int]:
    word = (-(2**63) if number is None else number) % 2**64
    return [mix(word ^ start) | 1 for start in STARTS]


def times(*lanes: list[int]) -> list[int]:
    found = [1, 1]
    for lane in lanes:
        found = [one * other % 2**64 for one, other in zip(found, lane, strict=True)]
    return found


def fingerprint_by_hand(row: dict[str, Any]) -> list[int]:
    """The recipe for one row, value by value."""
    whole = row["item"] == "" and row["rows"] is None and row["claims"] == ""
    found = mix_text(row["subject"])
    if whole and row["verdict"] == "unknown":
        return times(found, factor("unknown"))
    if whole:
        texts = factor("eligible", row["delivery"], row["missing"])
        return times(found, weight(row["amount_fen"]), texts)
    for name in OUTCOME_SCHEMA:
        if name in ("policy", "version", "period", "subject", "kind"):
            continue
        if name in NUMBERS:
            found = times(found, weight(row[name]))
        else:
            told = mix_text(row[name])
            found = [mix(one ^ other) for one, other in zip(found, told, strict=True)]
    return found


def counts_by_hand(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Kind, policy, version, period and what each came to."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("kind", "policy", "version", "period"))
        line = found.setdefault(key, [0, 0, 0, 0, [0, 0]])
        eligible = row["verdict"] == "eligible"
        line[0] += eligible
        line[1] += not eligible
        line[2] += row["amount_fen"] or 0
        line[3] += eligible and row["amount_fen"] is None
        both = zip(line[4], fingerprint_by_hand(row), strict=True)
        line[4] = [(one + other) % 2**64 for one, other in both]
    return [
        [*key, *line[:4], "".join(f"{lane:016x}" for lane in line[4])]
        for key, line in sorted(found.items())
    ]


RECIPES = [make_row(n, policy="two") for n in range(3)] + [
    make_row(3, policy="two", delivery="direct"),
    make_row(4, policy="two", amount_fen=None, missing="birth_date,ent_size"),
    make_row(5, policy="two", verdict="unknown", amount_fen=None, delivery=""),
    make_row(6, policy="three", item="三岁", rows=2, rows_open=1, claims='["甲"]'),
    make_row(6, policy="three", item="四岁", amount_fen=-(2**40), rows=0, verdict="unknown"),
    make_row(7, policy="four", amount_fen=2**62, period="once", subject="R甲"),
    make_row(8, policy="four", amount_fen=2**62, period="once", subject=""),
]


def test_the_manifest_is_that_of_the_published_recipe(tmp_path: Path) -> None:
    frames = {"resident-1": make_rows(*RECIPES[:4]), "resident-2": make_rows(*RECIPES[4:])}
    written = write_outcome(tmp_path, ORIGIN, frames)
    content = {
        "format": "zhida-outcome-4",
        "as_of": "2025-11-30",
        "snapshot_hash": "a" * 64,
        "policy_hashes": {"one": "b" * 64, "甲": "c"},
        "policies": counts_by_hand(RECIPES),
    }
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert {name: manifest[name] for name in content} == content
    assert written.hash == manifest["hash"] == hashlib.sha256(plain.encode()).hexdigest()
    for part in manifest["parts"]:
        for name, digest in part["files"].items():
            file = tmp_path / "parts" / part["name"] / name
            assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert [path for path in tmp_path.rglob("*") if "partial" in path.name] == []


def test_a_file_holds_what_its_description_says(tmp_path: Path) -> None:
    rows = [make_row(n, policy="two", amount_fen=n) for n in range(70)]
    rows += [make_row(n, policy="two", verdict="unknown", amount_fen=None) for n in range(70, 75)]
    write(tmp_path, "resident-1", make_rows(*rows))
    folder = tmp_path / "parts" / "resident-1"
    subjects = pl.read_parquet(folder / "subjects.parquet")["subject"].to_list()
    assert subjects == sorted(["R-nobody", *(row["subject"] for row in rows)])
    (line,) = pl.read_parquet(folder / "verdicts.parquet").iter_rows(named=True)
    for name, wanted in (("eligible", rows[:70]), ("unknown", rows[70:])):
        bits = int.from_bytes(line[name], "little")
        who = [subject for place, subject in enumerate(subjects) if bits >> place & 1]
        assert who == [row["subject"] for row in wanted]
    assert np.frombuffer(line["amounts"], "<i8").tolist() == list(range(70))
    assert (line["amount_fen"], line["delivery"], line["deliveries"]) == (None, ["confirm"], None)


def test_hashes_do_not_depend_on_rows_parts_and_their_order(tmp_path: Path) -> None:
    forward = write_outcome(tmp_path / "forward", ORIGIN, {"resident-1": make_rows(*RECIPES)})
    shuffled = RECIPES.copy()
    random.Random(7).shuffle(shuffled)
    backward = write_outcome(tmp_path / "back", ORIGIN, {"resident-1": make_rows(*shuffled)})
    parted = {
        f"resident-{number}": make_rows(*(r for r in RECIPES if r["policy"] == policy))
        for number, policy in enumerate(("two", "three", "four"))
    }
    apart = write_outcome(tmp_path / "apart", ORIGIN, parted)
    assert forward.hash == backward.hash == apart.hash


@pytest.mark.parametrize("name", ["subject", "item", "delivery", "missing", "claims"])
def test_every_text_makes_another_fingerprint(name: str) -> None:
    texts = ("x", "y", "xx", "x" * 8, "x" * 9, "x\0")
    assert len({fingerprint(make_row(1, **{name: text})) for text in texts}) == len(texts)


def test_every_amount_makes_another_fingerprint() -> None:
    amounts = (None, 0, 1, -1, 256, 2**40)
    found = {fingerprint(make_row(1, amount_fen=fen), make_row(2)) for fen in amounts}
    assert len(found) == 6


def test_amounts_that_change_hands_make_another_fingerprint() -> None:
    one = fingerprint(make_row(1, amount_fen=1), make_row(2, amount_fen=2))
    assert one != fingerprint(make_row(1, amount_fen=2), make_row(2, amount_fen=1))
    unknown = {"verdict": "unknown", "amount_fen": None, "delivery": ""}
    eligible = {"amount_fen": 1}
    first = fingerprint(make_row(1, **unknown), make_row(2, **eligible))
    assert first != fingerprint(make_row(1, **eligible), make_row(2, **unknown))


@pytest.mark.parametrize(
    "origin",
    [
        Origin(as_of=date(2025, 12, 1), snapshot_hash="a" * 64, policy_hashes=ORIGIN.policy_hashes),
        Origin(as_of=ORIGIN.as_of, snapshot_hash="d" * 64, policy_hashes=ORIGIN.policy_hashes),
        Origin(as_of=ORIGIN.as_of, snapshot_hash="a" * 64, policy_hashes={"one": "b" * 64}),
    ],
)
def test_another_origin_is_another_outcome(tmp_path: Path, origin: Origin) -> None:
    one = write_outcome(tmp_path / "one", ORIGIN, FRAMES)
    other = write_outcome(tmp_path / "other", origin, FRAMES)
    assert one.hash != other.hash
