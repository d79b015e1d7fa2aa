"""Outcomes on disk: whole or not there, hashed by content, verified when read."""

import hashlib
import json
import random
import struct
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet
import pytest

from engine.errors import OutcomeDamaged, OutcomeRefused
from engine.outcome import (
    OUTCOME_SCHEMA,
    Origin,
    Outcome,
    finish_outcome,
    has_outcome,
    hash_rows,
    read_matches,
    read_outcome,
    read_parts,
    read_rows,
    write_outcome,
    write_part,
)

ORIGIN = Origin(
    as_of=date(2025, 11, 30), snapshot_hash="a" * 64, policy_hashes={"one": "b" * 64, "甲": "c"}
)


def make_row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "policy": "one",
        "version": "2025.1",
        "subject": f"R{number:016d}",
        "kind": "resident",
        "period": "2025-11",
        "item": "",
        "amount_fen": number * 100,
        "missing": "",
        "delivery": "confirm",
        "verdict": "eligible",
        "rows": None,
        "rows_open": None,
        "claims": "",
        **changes,
    }


def make_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OUTCOME_SCHEMA)


NUMBERS = ("amount_fen", "rows", "rows_open")
ROWS = [
    make_row(1, rows=3, rows_open=0, claims='["甲", "乙"]'),
    make_row(2, amount_fen=None, missing="ent_size"),
    make_row(3, verdict="unknown", amount_fen=None, missing="birth_date"),
    make_row(4, item="学前一年", amount_fen=2**62),
    make_row(5, policy="甲"),
]
FRAMES = {"resident-1": make_rows(*ROWS[:3]), "resident-2": make_rows(*ROWS[3:])}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = write_outcome(tmp_path, ORIGIN, FRAMES)
    read = read_outcome(tmp_path)
    assert read == written
    assert (read.origin, read.eligible, read.unknown) == (ORIGIN, 4, 1)
    for part, rows in read_parts(read):
        assert rows.equals(FRAMES[part.name])
    matches = read_matches(read)
    assert set(matches["subject"]) == {row["subject"] for row in ROWS if row != ROWS[2]}
    assert "verdict" not in matches.columns


def test_an_outcome_may_be_empty(tmp_path: Path) -> None:
    empty = write_outcome(tmp_path, ORIGIN, {"resident-1": make_rows()})
    assert (empty.eligible, empty.unknown) == (0, 0)
    assert read_matches(read_outcome(tmp_path)).height == 0


def hash_by_hand(rows: list[dict[str, Any]]) -> str:
    """The recipe of `hash_rows`, value by value."""
    names = ("policy", "subject", "period", "item", "version", "verdict")
    ordered = sorted(rows, key=lambda row: tuple(row[name].encode() for name in names))
    content = f"zhida-outcome-3\n{len(rows)}\n".encode()
    for name in OUTCOME_SCHEMA:
        values = [row[name] for row in ordered]
        content += f"{name}\n".encode()
        if name in NUMBERS:
            content += b"".join(struct.pack("<q", value or 0) for value in values)
            content += bytes(value is None for value in values)
        else:
            content += b"".join(struct.pack("<q", len(value.encode())) for value in values)
            content += b"".join(value.encode() for value in values)
    return hashlib.sha256(content).hexdigest()


def test_hashes_are_those_of_the_published_recipe() -> None:
    assert hash_rows(make_rows(*ROWS)) == hash_by_hand(ROWS)
    assert hash_rows(make_rows()) == hash_by_hand([])


def test_the_manifest_is_that_of_the_published_recipe(tmp_path: Path) -> None:
    written = write_outcome(tmp_path, ORIGIN, FRAMES)
    parts = [
        {"name": name, "eligible": eligible, "unknown": unknown, "hash": hash_by_hand(rows),
         "file_hash": hashlib.sha256((tmp_path / f"parts/{name}.parquet").read_bytes()).hexdigest()}
        for name, rows, eligible, unknown in (
            ("resident-1", ROWS[:3], 2, 1), ("resident-2", ROWS[3:], 2, 0))
    ]  # fmt: skip
    content = {
        "format": "zhida-outcome-3",
        "as_of": "2025-11-30",
        "snapshot_hash": "a" * 64,
        "policy_hashes": {"one": "b" * 64, "甲": "c"},
    }
    named = [[part["name"], part["eligible"], part["unknown"], part["hash"]] for part in parts]
    plain = json.dumps({**content, "parts": named}, ensure_ascii=False, sort_keys=True,
                       separators=(",", ":"))  # fmt: skip
    content["hash"] = hashlib.sha256(plain.encode()).hexdigest()
    assert json.loads((tmp_path / "manifest.json").read_text()) == {**content, "parts": parts}
    assert written.hash == content["hash"]
    assert [path.name for path in (tmp_path / "parts").iterdir() if "partial" in path.name] == []


def test_hashes_do_not_depend_on_the_order_of_rows_and_parts(tmp_path: Path) -> None:
    shuffled = ROWS.copy()
    random.Random(7).shuffle(shuffled)
    assert hash_rows(make_rows(*shuffled)) == hash_rows(make_rows(*ROWS))
    forward = write_outcome(tmp_path / "forward", ORIGIN, FRAMES)
    parts = [
        write_part(tmp_path / "back", name, FRAMES[name].reverse()) for name in reversed(FRAMES)
    ]
    assert finish_outcome(tmp_path / "back", ORIGIN, parts).hash == forward.hash


def test_hashes_do_not_depend_on_the_parquet_writer(tmp_path: Path) -> None:
    part = write_part(tmp_path, "resident-1", FRAMES["resident-1"])
    other = tmp_path / "other.parquet"
    pyarrow.parquet.write_table(FRAMES["resident-1"].to_arrow(), other, row_group_size=1)
    assert hash_rows(pl.read_parquet(other)) == part.hash
    assert hashlib.sha256(other.read_bytes()).hexdigest() != part.file_hash


def test_files_that_differ_make_no_other_outcome(tmp_path: Path) -> None:
    parts = [write_part(tmp_path, name, frame) for name, frame in FRAMES.items()]
    other = [replace(part, file_hash="0" * 64) for part in parts]
    assert finish_outcome(tmp_path, ORIGIN, parts).hash == (
        finish_outcome(tmp_path, ORIGIN, other).hash
    )


@pytest.mark.parametrize("name", [name for name in OUTCOME_SCHEMA if name not in NUMBERS])
def test_every_text_makes_another_hash(name: str) -> None:
    hashes = {hash_rows(make_rows(make_row(1, **{name: value}))) for value in ("x", "y", "xx", "")}
    assert len(hashes) == 4


def test_every_amount_makes_another_hash() -> None:
    amounts = (None, 0, 1, -1, 256, 2**40)
    assert len({hash_rows(make_rows(make_row(1, amount_fen=fen))) for fen in amounts}) == 6


def test_neighbouring_values_cannot_run_into_each_other() -> None:
    one = make_rows(make_row(1, item="ab"), make_row(2, item="c"))
    other = make_rows(make_row(1, item="a"), make_row(2, item="bc"))
    assert hash_rows(one) != hash_rows(other)


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


def cut_file(outcome: Outcome) -> None:
    file = outcome.path / "parts" / "resident-1.parquet"
    file.write_bytes(file.read_bytes()[:-20])


def change_amount(outcome: Outcome) -> None:
    rows = FRAMES["resident-1"].with_columns(pl.lit(7, dtype=pl.Int64).alias("amount_fen"))
    rows.write_parquet(outcome.path / "parts" / "resident-1.parquet")


def swap_columns(outcome: Outcome) -> None:
    rows = FRAMES["resident-1"].select(reversed(FRAMES["resident-1"].columns))
    rows.write_parquet(outcome.path / "parts" / "resident-1.parquet")


def remove_file(outcome: Outcome) -> None:
    (outcome.path / "parts" / "resident-1.parquet").unlink()


@pytest.mark.parametrize("damage", [cut_file, change_amount, swap_columns, remove_file])
def test_a_damaged_part_is_named_and_nothing_is_derived(tmp_path: Path, damage: Any) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    damage(outcome)
    with pytest.raises(OutcomeDamaged) as caught:
        read_matches(read_outcome(tmp_path))
    assert (caught.value.path, caught.value.part) == (tmp_path, "resident-1")


def test_whatever_bit_is_flipped_the_part_is_not_read(tmp_path: Path) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    file = tmp_path / "parts" / "resident-1.parquet"
    good = file.read_bytes()
    for place in range(0, len(good), 5):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        file.write_bytes(bad)
        with pytest.raises(OutcomeDamaged, match="resident-1"):
            list(read_parts(outcome))


def test_rows_that_are_not_those_hashed_are_found_behind_a_right_checksum(tmp_path: Path) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    change_amount(outcome)
    checksum = hashlib.sha256((tmp_path / "parts" / "resident-1.parquet").read_bytes()).hexdigest()
    forged = replace(outcome.parts[0], file_hash=checksum)
    with pytest.raises(OutcomeDamaged, match="rows"):
        read_rows(outcome, forged)


@pytest.mark.parametrize("change", ["as_of", "hash", "parts", "policy_hashes", "cut", "format"])
def test_an_altered_manifest_is_named(tmp_path: Path, change: str) -> None:
    write_outcome(tmp_path, ORIGIN, FRAMES)
    file = tmp_path / "manifest.json"
    content = json.loads(file.read_text())
    altered = {
        "as_of": "2025-12-01",
        "hash": "0" * 64,
        "parts": content["parts"][:1],
        "policy_hashes": {},
        "format": "other",
    }
    text = json.dumps(content | {change: altered.get(change)})
    file.write_text(text[:-9] if change == "cut" else text)
    with pytest.raises(OutcomeDamaged) as caught:
        read_outcome(tmp_path)
    assert caught.value.part == ""


def test_without_a_manifest_there_is_no_outcome(tmp_path: Path) -> None:
    write_part(tmp_path, "resident-1", FRAMES["resident-1"])
    assert not has_outcome(tmp_path)
    with pytest.raises(OutcomeDamaged, match="there is none"):
        read_outcome(tmp_path)


def test_a_part_may_be_written_again_until_the_outcome_is_complete(tmp_path: Path) -> None:
    first = write_part(tmp_path, "resident-1", FRAMES["resident-1"])
    assert write_part(tmp_path, "resident-1", FRAMES["resident-1"]) == first
    finish_outcome(tmp_path, ORIGIN, [first])
    with pytest.raises(OutcomeRefused, match="complete"):
        write_part(tmp_path, "resident-1", FRAMES["resident-2"])
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".parquet"}


def test_a_complete_outcome_is_not_replaced_by_another(tmp_path: Path) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    with pytest.raises(OutcomeRefused, match="another outcome"):
        finish_outcome(tmp_path, replace(ORIGIN, snapshot_hash="d" * 64), outcome.parts)
    assert finish_outcome(tmp_path, ORIGIN, outcome.parts) == read_outcome(tmp_path) == outcome


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = write_part(tmp_path, "resident-1", FRAMES["resident-1"])

    def full(_handle: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space"):
            write_part(tmp_path, "resident-1", FRAMES["resident-2"])
    outcome = finish_outcome(tmp_path, ORIGIN, [part])
    assert read_matches(outcome).height == 2


@pytest.mark.parametrize(
    "rows",
    [
        make_rows(make_row(1)).drop("period"),
        make_rows(make_row(1)).with_columns(pl.lit(1).alias("score")),
        make_rows(make_row(1)).with_columns(pl.col("amount_fen").cast(pl.Float64)),
        make_rows(make_row(1, period=None)),
        make_rows(make_row(1, verdict="ineligible")),
        make_rows(make_row(1), make_row(1, amount_fen=5)),
    ],
)
def test_rows_that_are_no_outcome_are_refused(tmp_path: Path, rows: pl.DataFrame) -> None:
    with pytest.raises(OutcomeRefused):
        write_part(tmp_path, "resident-1", rows)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("name", ["", "../other", "a/b", "甲"])
def test_a_part_cannot_be_named_out_of_its_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutcomeRefused, match="name"):
        write_part(tmp_path, name, FRAMES["resident-1"])


@pytest.mark.parametrize("name", ["missing", "delivery", "claims"])
def test_what_few_need_may_be_left_out(tmp_path: Path, name: str) -> None:
    part = write_part(tmp_path, "resident-1", make_rows(make_row(1)).drop(name))
    assert part.hash == hash_rows(make_rows(make_row(1, **{name: ""})))
