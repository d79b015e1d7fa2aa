"""Deliveries that wait for a person, and rows that come back corrected, as operators see them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from tests.unit.profiles.delivery_world import credit_code, resident_number, write_csv

HEADER = "uscc,year,ent_size"
Zhida = Callable[..., str]


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command over an empty home, which may end with 0 or the code that was said first."""

    def call(*words: str, ends: int = 0) -> str:
        home = ("--home", str(tmp_path / "home"))
        result = CliRunner().invoke(app, [*home, *words], env={"COLUMNS": "160"})
        assert result.exit_code == ends, result.output or result.exception
        return result.stdout

    call("init")
    return call


def deliver(
    zhida: Zhida, path: Path, *lines: str, day: str, ends: int = 0, mode: str = "full"
) -> Any:
    write_csv(path, *lines)
    options = ("--dataset", "size-class", "--delivered-on", day, "--mode", mode, "--format", "json")
    (report,) = json.loads(zhida("ingest", str(path), *options, ends=ends))
    return report


def lines(count: int) -> list[str]:
    return [HEADER, *(f"{credit_code(number)},2024,small" for number in range(count))]


def test_a_delivery_cut_in_half_waits_until_somebody_accepts_it(zhida: Zhida, tmp_path: Path):
    path = tmp_path / "sizes.csv"
    deliver(zhida, path, *lines(100), day="2025-06-01")
    report = deliver(zhida, path, *lines(50), day="2025-06-02")
    assert report["standing"] == "waiting"
    assert report["vanished"] == 50
    told = zhida("release", "list", "size-class")
    assert "50 of 100 rows are gone (50.0%), more than 20%" in told
    begin = report["release"][:10]
    zhida("release", "accept", "size-class", begin, "--reason", "移交他市")
    first, _ = json.loads(zhida("release", "list", "size-class", "--format", "json"))
    assert (first["release"], first["standing"]) == (report["release"], "in force")
    assert "1 entries" in zhida("verify")


def test_an_accepted_delivery_that_a_later_one_follows_does_not_count(zhida: Zhida, tmp_path: Path):
    path = tmp_path / "sizes.csv"
    deliver(zhida, path, *lines(100), day="2025-06-01")
    waiting = deliver(zhida, path, *lines(50), day="2025-06-02")["release"]
    later = deliver(zhida, path, *lines(99), day="2025-06-03")["release"]
    told = zhida("release", "accept", "size-class", waiting[:10], "--reason", "移交他市")
    assert f"since 2025-06-03 the later delivery {later[:12]} counts" in told


def test_a_refused_decision_leaves_no_entry_and_a_failed_one_does(
    zhida: Zhida, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "sizes.csv"
    first = deliver(zhida, path, *lines(100), day="2025-06-01")["release"]
    waiting = deliver(zhida, path, *lines(50), day="2025-06-02")["release"]
    zhida("release", "accept", "size-class", first, "--reason", "x", ends=1)
    zhida("release", "accept", "size-class", waiting, "--reason", " ", ends=1)
    assert "0 entries" in zhida("verify")
    folder = next(path for path in tmp_path.rglob(waiting) if path.is_dir())
    (folder / "decision.json").mkdir()  # it cannot be written
    monkeypatch.setattr("profiles.release._standing", lambda path, exceeded: ("waiting", None))
    zhida("release", "accept", "size-class", waiting, "--reason", "移交他市", ends=1)
    assert "1 entries" in zhida("verify")


def test_rows_set_aside_are_shown_masked_and_come_back_corrected(zhida: Zhida, tmp_path: Path):
    number = resident_number(1)
    path = tmp_path / "sizes.csv"
    bad = f"{number},2024,small"
    deliver(zhida, path, *lines(3), bad, day="2025-06-01", ends=3)
    told = zhida("release", "quarantine", "size-class")
    assert number not in told
    assert "1 rows of size-class" in told
    assert "5" in told.split()
    corrected = (f"{HEADER},corrects_line", f"{credit_code(9)},2024,micro,5")
    report = deliver(zhida, path, *corrected, day="2025-06-02", mode="correction")
    assert report["accepted"] == 1
    assert "0 rows of size-class" in zhida("release", "quarantine", "size-class")


def quarantined(zhida: Zhida) -> list[tuple[int, str]]:
    told = json.loads(zhida("release", "quarantine", "size-class", "--format", "json"))
    return [(row["line"], row["reason"]) for row in told["rows"]]


def test_corrections_that_are_no_better_leave_their_lines_open(zhida: Zhida, tmp_path: Path):
    path = tmp_path / "sizes.csv"
    number = resident_number(1)
    first, second, third = (credit_code(number) for number in (7, 8, 9))
    spoilt = [f"{code},2024,giant" for code in (first, second, third)]
    deliver(zhida, path, *lines(3), *spoilt, f"{number},2024,small", day="2025-06-01", ends=3)
    assert [line for line, _ in quarantined(zhida)] == [5, 6, 7, 8]
    header = f"{HEADER},corrects_line"
    corrections = [
        f"{first},2024,enormous,5",  # itself bad
        f"{second},2024,small,6",  # two that contradict each other
        f"{second},2024,large,6",
        f"{credit_code(0)},2024,large,7",  # against a row that was taken
        f"{number},2024,large,8",  # a person's number again
    ]
    report = deliver(zhida, path, header, *corrections, day="2025-06-02", mode="correction", ends=3)
    assert report["accepted"] == 0
    left = quarantined(zhida)
    assert {line for line, _ in left} == {5, 6, 7, 8}
    why = {line: reason for line, reason in left if reason.startswith("correction: ")}
    assert why[5].startswith('correction: ent_size: "enormous" is none of')
    assert why[6] == "correction: contradiction: other rows correct the same line otherwise"
    assert "a row that was taken has the same uscc, year" in why[7]
    assert "uscc: " in why[8]
    assert number not in zhida("release", "quarantine", "size-class")
    good = [f"{first},2024,small,5", f"{second},2024,small,6", f"{third},2024,large,7"]
    good.append(f"{credit_code(10)},2024,small,8")
    report = deliver(zhida, path, header, *good, day="2025-06-03", mode="correction")
    assert (report["accepted"], quarantined(zhida)) == (4, [])


def test_a_correction_that_names_no_line_is_refused_in_words(zhida: Zhida, tmp_path: Path):
    path = tmp_path / "sizes.csv"
    deliver(zhida, path, *lines(3), f"{credit_code(7)},2024,giant", day="2025-06-01", ends=3)
    path = write_csv(path, f"{HEADER},corrects_line", f"{credit_code(7)},2024,small,")
    options = ("--dataset", "size-class", "--delivered-on", "2025-06-02", "--mode", "correction")
    words = ("--home", str(tmp_path / "home"), "ingest", str(path), *options)
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 1
    assert "cannot be told which line is corrected in its own lines 2" in told.stderr
    assert [line for line, _ in quarantined(zhida)] == [5]


def test_what_is_not_there_is_said(zhida: Zhida):
    for words in (
        ("release", "list"),
        ("release", "list", "sizes"),
        ("release", "quarantine", "size-class"),
    ):
        zhida(*words, ends=1)
