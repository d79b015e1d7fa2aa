"""Outcomes on disk: whole or not there, hashed by content, verified when read."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine import outcome_parts
from engine.errors import OutcomeDamaged, OutcomeRefused
from engine.outcome import Origin, Outcome, finish_outcome, read_outcome
from engine.outcome_parts import Part, find_part, has_outcome, read_part, verify_part, write_rows
from engine.outcome_reading import read_matches, read_parts
from engine.part_outcome import OUTCOME_SCHEMA, count_part, gather_part, list_rows

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


def write(path: Path, name: str, rows: pl.DataFrame) -> Part:
    """A part of those who stand in the rows, and of one more who has nothing."""
    subjects = pl.concat([rows["subject"], pl.Series("subject", ["R-nobody"])]).unique().sort()
    return write_rows(path, name, "resident", subjects, rows)


def write_outcome(path: Path, origin: Origin, frames: dict[str, pl.DataFrame]) -> Outcome:
    return finish_outcome(path, origin, [write(path, name, rows) for name, rows in frames.items()])


def fingerprint(*rows: dict[str, Any]) -> str:
    """The sum of the fingerprints of all policies in these rows."""
    subjects = pl.Series("subject", [row["subject"] for row in rows]).unique().sort()
    counts = count_part(gather_part("resident", subjects, make_rows(*rows)))
    return json.dumps([[*key, str(one.fingerprint)] for key, one in sorted(counts.items())])


def make_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=OUTCOME_SCHEMA)


NUMBERS = ("amount_fen", "rows", "rows_open")
ROWS = [
    make_row(1, rows=3, rows_open=0, claims='["甲", "乙"]'),
    make_row(2, policy="two", amount_fen=None, missing="ent_size"),
    make_row(3, policy="two", verdict="unknown", amount_fen=None, delivery=""),
    make_row(4, item="学前一年", amount_fen=2**62),
    make_row(5, policy="甲"),
]
FRAMES = {"resident-1": make_rows(*ROWS[:3]), "resident-2": make_rows(*ROWS[3:])}


def sort_rows(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("policy", "version", "subject", "item")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = write_outcome(tmp_path, ORIGIN, FRAMES)
    read = read_outcome(tmp_path)
    assert read == written
    assert (read.origin, read.eligible, read.unknown) == (ORIGIN, 4, 1)
    for part, rows in zip(read.parts, read_parts(read), strict=True):
        assert rows.equals(sort_rows(FRAMES[part.name]))
    matches = read_matches(read)
    assert set(matches["subject"]) == {row["subject"] for row in ROWS if row != ROWS[2]}
    assert "verdict" not in matches.columns


def test_an_outcome_may_be_empty(tmp_path: Path) -> None:
    empty = write_outcome(tmp_path, ORIGIN, {"resident-1": make_rows()})
    assert (empty.eligible, empty.unknown) == (0, 0)
    assert read_matches(read_outcome(tmp_path)).height == 0


FILES = ["subjects.parquet", "verdicts.parquet", "rows.parquet"]


def cut_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def swap_rows(file: Path) -> None:
    frame = pl.read_parquet(file)
    pl.concat([frame, frame]).reverse().write_parquet(file)


def rename_column(file: Path) -> None:
    frame = pl.read_parquet(file)
    frame.rename({frame.columns[0]: "other"}).write_parquet(file)


def remove_file(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [cut_file, swap_rows, rename_column, remove_file])
def test_a_damaged_part_is_named_and_nothing_is_derived(
    tmp_path: Path, damage: Any, name: str
) -> None:
    write_outcome(tmp_path, ORIGIN, FRAMES)
    damage(tmp_path / "parts" / "resident-1" / name)
    with pytest.raises(OutcomeDamaged, match=name) as caught:
        read_matches(read_outcome(tmp_path))
    assert (caught.value.path, caught.value.part) == (tmp_path, "resident-1")


@pytest.mark.parametrize("name", FILES)
def test_whatever_bit_is_flipped_the_part_is_not_read(tmp_path: Path, name: str) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    file = tmp_path / "parts" / "resident-1" / name
    good = file.read_bytes()
    for place in range(0, len(good), 5):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        file.write_bytes(bad)
        with pytest.raises(OutcomeDamaged, match="resident-1"):
            list(read_parts(outcome))


def test_rows_that_are_not_those_counted_are_found_behind_a_right_checksum(tmp_path: Path) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    file = tmp_path / "parts" / "resident-1" / "rows.parquet"
    pl.read_parquet(file).with_columns(amount_fen=pl.lit(7, pl.Int64)).write_parquet(file)
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    part = outcome.parts[0]
    forged = replace(part, files={**part.files, "rows.parquet": checksum})
    assert read_part(outcome.path, forged).rows["amount_fen"].to_list() == [7]
    with pytest.raises(OutcomeDamaged, match="rows"):
        verify_part(outcome.path, forged)
    assert list_rows(verify_part(outcome.path, outcome.parts[1])).height == 2


def test_a_part_that_was_written_is_found_again_unless_it_was_damaged(tmp_path: Path) -> None:
    part = write(tmp_path, "resident-1", FRAMES["resident-1"])
    assert find_part(tmp_path, "resident-1") == part
    assert find_part(tmp_path, "resident-2") is None
    cut_file(tmp_path / "parts" / "resident-1" / "subjects.parquet")
    assert find_part(tmp_path, "resident-1") is None
    again = write(tmp_path, "resident-1", FRAMES["resident-1"])
    assert find_part(tmp_path, "resident-1") == again == part
    (tmp_path / "parts" / "resident-1" / "part.json").write_text("{")
    assert find_part(tmp_path, "resident-1") is None


def test_a_part_that_another_release_decided_is_decided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = write(tmp_path, "resident-1", make_rows(make_row(1)))
    assert find_part(tmp_path, "resident-1") == part
    monkeypatch.setattr(outcome_parts, "SOFTWARE", "another")
    assert find_part(tmp_path, "resident-1") is None


def test_a_part_that_lies_there_whole_is_not_written_again(tmp_path: Path) -> None:
    write(tmp_path, "resident-1", make_rows(make_row(1)))
    before = (tmp_path / "parts" / "resident-1").stat().st_ino
    write(tmp_path, "resident-1", make_rows(make_row(1)))
    assert (tmp_path / "parts" / "resident-1").stat().st_ino == before
    write(tmp_path, "resident-1", make_rows(make_row(2)))
    assert (tmp_path / "parts" / "resident-1").stat().st_ino != before


def test_a_policy_with_rows_stays_in_rows_whoever_is_in_the_part() -> None:
    rows = make_rows(make_row(1, rows=3, rows_open=0), make_row(2))
    counted = [
        count_part(gather_part("resident", some["subject"], some, in_rows=["one@2025.1"]))
        for some in (rows, rows[:1], rows[1:])
    ]
    together, *apart = [next(iter(counts.values())) for counts in counted]
    assert together == apart[0] + apart[1]
    bits = count_part(gather_part("resident", rows["subject"][1:], rows[1:]))
    assert next(iter(bits.values())).fingerprint != apart[1].fingerprint


@pytest.mark.parametrize(
    "change", ["as_of", "hash", "parts", "policies", "policy_hashes", "cut", "format"]
)
def test_an_altered_manifest_is_named(tmp_path: Path, change: str) -> None:
    write_outcome(tmp_path, ORIGIN, FRAMES)
    file = tmp_path / "manifest.json"
    content = json.loads(file.read_text())
    altered = {
        "as_of": "2025-12-01",
        "hash": "0" * 64,
        "parts": content["parts"][:1],
        "policies": content["policies"][:1],
        "policy_hashes": {},
        "format": "other",
    }
    text = json.dumps(content | {change: altered.get(change)})
    file.write_text(text[:-9] if change == "cut" else text)
    with pytest.raises(OutcomeDamaged) as caught:
        read_outcome(tmp_path)
    assert caught.value.part == ""


def test_without_a_manifest_there_is_no_outcome(tmp_path: Path) -> None:
    write(tmp_path, "resident-1", FRAMES["resident-1"])
    assert not has_outcome(tmp_path)
    with pytest.raises(OutcomeDamaged, match="there is none"):
        read_outcome(tmp_path)


def test_a_part_may_be_written_again_until_the_outcome_is_complete(tmp_path: Path) -> None:
    first = write(tmp_path, "resident-1", FRAMES["resident-1"])
    assert write(tmp_path, "resident-1", FRAMES["resident-1"]) == first
    finish_outcome(tmp_path, ORIGIN, [first])
    with pytest.raises(OutcomeRefused, match="complete"):
        write(tmp_path, "resident-1", FRAMES["resident-2"])
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".parquet"}


def test_a_complete_outcome_is_not_replaced_by_another(tmp_path: Path) -> None:
    outcome = write_outcome(tmp_path, ORIGIN, FRAMES)
    with pytest.raises(OutcomeRefused, match="another outcome"):
        finish_outcome(tmp_path, replace(ORIGIN, snapshot_hash="d" * 64), outcome.parts)
    assert finish_outcome(tmp_path, ORIGIN, outcome.parts) == read_outcome(tmp_path) == outcome


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = write(tmp_path, "resident-1", FRAMES["resident-1"])

    def full(_handle: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space"):
            write(tmp_path, "resident-1", FRAMES["resident-2"])
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
        write(tmp_path, "resident-1", rows)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("name", ["", "../other", "a/b", "甲"])
def test_a_part_cannot_be_named_out_of_its_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutcomeRefused, match="name"):
        write(tmp_path, name, FRAMES["resident-1"])


@pytest.mark.parametrize("name", ["missing", "delivery", "claims"])
def test_what_few_need_may_be_left_out(tmp_path: Path, name: str) -> None:
    part = write(tmp_path, "resident-1", make_rows(make_row(1)).drop(name))
    whole = write(tmp_path, "resident-2", make_rows(make_row(1, **{name: ""})))
    assert part.counts == whole.counts
