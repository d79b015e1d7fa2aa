import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.errors import DeliveryRefused
from profiles.release import Release, newest_release, read_doubtful, read_quarantine, read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

SIZES = DATASETS["size-class"]
HEADER = "uscc,year,ent_size"
CORRECTED = HEADER + ",corrects_line"
A, B, C, D = (credit_code(number) for number in range(4))
LATER = DAY + timedelta(days=1)


def make_quarantine(home: Path) -> Release:
    """Lines 3 (of B), 4 and 5 (a contradiction of C) and 6 (of nobody) are set aside."""
    return deliver(
        home,
        SIZES,
        HEADER,
        f"{A},2024,small",
        f"{B},2024,giant",
        f"{C},2024,small",
        f"{C},2024,large",
        "bad,2024,small",
    ).release


def correct(home: Path, *lines: str, on: date = LATER) -> Release:
    return deliver(home, SIZES, CORRECTED, *lines, on=on, mode="correction").release


def test_corrected_rows_join_the_others_and_leave_the_quarantine(tmp_path):
    first = make_quarantine(tmp_path)
    assert sorted(read_doubtful(first)) == sorted([B, C])
    second = correct(tmp_path, f"{B},2024,large,3", f"{D},2024,micro,6")
    assert {row[0]: row[2] for row in read_release(second, SIZES).rows()} == {
        A: "small",
        B: "large",
        D: "micro",
    }
    assert read_quarantine(second)["line"].to_list() == [4, 5]
    assert read_doubtful(second).to_list() == [C]
    assert second.reasons == {"not corrected yet": 2}
    third = correct(tmp_path, f"{C},2024,large,4", f"{C},2024,large,5")
    assert read_release(third, SIZES).height == 4
    assert not read_quarantine(third).height
    assert not len(read_doubtful(third))
    with pytest.raises(DeliveryRefused, match="no row is set aside"):
        correct(tmp_path, f"{C},2024,large,4")


def open_rows(release: Release) -> list[tuple[int, str]]:
    return read_quarantine(release).select("line", "reason").rows()


def test_a_wrong_correction_stays_open_under_the_line_it_corrects(tmp_path):
    make_quarantine(tmp_path)
    second = correct(tmp_path, f"{C},2024,large,4", f"{C},2024,large,5", f"{B},2024,huge,3")
    assert read_doubtful(second).to_list() == [B]
    (first, again, nobody) = open_rows(second)
    assert first[0] == again[0] == 3
    assert {reason.split(":")[0] for _, reason in (first, again)} == {"correction", "ent_size"}
    assert nobody[0] == 6
    # wrong in the same way once more: it is not told twice
    third = correct(tmp_path, f"{B},2024,huge,3", on=LATER + timedelta(days=1))
    assert open_rows(third) == open_rows(second)
    assert third.rows == 0
    fourth = correct(tmp_path, f"{B},2024,large,3", on=LATER + timedelta(days=2))
    assert [line for line, _ in open_rows(fourth)] == [6]
    assert not len(read_doubtful(fourth))


def test_two_corrections_of_one_line_that_differ_leave_it_open(tmp_path):
    make_quarantine(tmp_path)
    second = correct(tmp_path, f"{B},2024,large,3", f"{B},2023,large,3", f"{D},2024,micro,6")
    assert {row[0] for row in read_release(second, SIZES).rows()} == {A, D}
    assert sorted(read_doubtful(second)) == sorted([B, C])
    told = [reason for line, reason in open_rows(second) if line == 3]
    assert told.count("correction: contradiction: other rows correct the same line otherwise") == 2
    third = correct(tmp_path, f"{B},2024,large,3", f"{B},2024,large,3")
    assert read_release(third, SIZES).height == 3
    assert third.repeated == 1
    assert 3 not in [line for line, _ in open_rows(third)]


def test_corrections_of_two_lines_that_contradict_each_other_leave_both_open(tmp_path):
    make_quarantine(tmp_path)
    second = correct(tmp_path, f"{C},2024,large,4", f"{C},2024,small,5", f"{B},2024,large,3")
    assert {row[0] for row in read_release(second, SIZES).rows()} == {A, B}
    assert {line for line, _ in open_rows(second)} == {4, 5, 6}
    assert read_doubtful(second).to_list() == [C]


def test_a_correction_that_contradicts_a_row_already_taken_is_set_aside(tmp_path):
    make_quarantine(tmp_path)
    second = correct(tmp_path, f"{A},2024,large,6", f"{B},2024,large,3")
    assert {row[0]: row[2] for row in read_release(second, SIZES).rows()} == {
        A: "small",
        B: "large",
    }
    # what was said of A is in doubt until somebody clears it up
    assert sorted(read_doubtful(second)) == sorted([A, C])
    reason = "correction: contradiction: a row that was taken has the same uscc, year and another"
    assert any(line == 6 and told.startswith(reason) for line, told in open_rows(second))
    # of a correction that was taken it is the same
    third = correct(tmp_path, f"{B},2024,micro,6")
    assert sorted(read_doubtful(third)) == sorted([A, B, C])
    # who says the same as the row that was taken has cleared it up
    fourth = correct(tmp_path, f"{A},2024,small,6")
    assert {line for line, _ in open_rows(fourth)} == {4, 5}
    assert read_release(fourth, SIZES).height == 2


def test_a_correction_of_which_the_line_cannot_be_told_is_refused_with_its_file(tmp_path):
    first = make_quarantine(tmp_path)
    with pytest.raises(DeliveryRefused, match="which line is corrected in its own lines 3, 4"):
        correct(tmp_path, f"{B},2024,large,3", f"{C},2024,large,", f"{C},2024,large")
    with pytest.raises(DeliveryRefused, match=f"not set aside in {first.hash[:12]}: 7"):
        correct(tmp_path, f"{B},2024,large,3", f"{C},2024,giant,7")
    assert newest_release(tmp_path / "releases", "size-class", LATER) == first


def test_lines_that_are_not_set_aside_are_named(tmp_path):
    first = make_quarantine(tmp_path)
    with pytest.raises(DeliveryRefused, match=f"not set aside in {first.hash[:12]}: 2, 99"):
        correct(tmp_path, f"{A},2024,large,2", f"{B},2024,large,99", f"{B},2023,large,3")
    assert newest_release(tmp_path / "releases", "size-class", LATER) == first


def test_a_correction_does_not_overrule_what_was_delivered_since(tmp_path):
    make_quarantine(tmp_path)
    deliver(
        tmp_path,
        SIZES,
        HEADER + ",removed",
        f"{B},2024,micro,N",
        f"{A},2023,micro,N",
        on=LATER,
        mode="incremental",
    )
    second = correct(tmp_path, f"{B},2024,large,3", f"{D},2024,small,6")
    rows = {(row[0], row[1].year): row[2] for row in read_release(second, SIZES).rows()}
    assert rows == {(A, 2024): "small", (A, 2023): "micro", (B, 2024): "micro", (D, 2024): "small"}
    assert read_doubtful(second).to_list() == [C]


def test_what_was_delivered_since_stays_also_where_it_is_corrected_in_two_goes(tmp_path):
    make_quarantine(tmp_path)
    newer = f"{C},2024,micro,N"
    deliver(tmp_path, SIZES, HEADER + ",removed", newer, on=LATER, mode="incremental")
    correct(tmp_path, f"{B},2024,large,3")
    third = correct(tmp_path, f"{C},2024,large,4", f"{C},2024,large,5")
    assert {row[0]: row[2] for row in read_release(third, SIZES).rows()}[C] == "micro"
    assert {line for line, _ in open_rows(third)} == {6}


SIZE = st.sampled_from(["small", "large", "giant"])
ROW = st.tuples(st.sampled_from([A, B, C]), st.sampled_from(["2023", "2024"]), SIZE)
ROUND = st.lists(st.tuples(st.integers(0, 20), ROW), min_size=1, max_size=5)
Rows = dict[tuple[str, str], str]


def take(told: list[tuple[int, tuple[str, str, str]]], rows: Rows, newer: set[Any]) -> set[int]:
    """What a careful clerk does with corrections: the lines that are done with."""
    said: dict[int, set[tuple[str, str, str]]] = {}
    for line, row in told:
        said.setdefault(line, set()).add(row)
    sound = {line: next(iter(found)) for line, found in said.items() if len(found) == 1}
    sound = {line: row for line, row in sound.items() if row[2] != "giant"}
    values: dict[tuple[str, str], set[str]] = {}
    for code, year, size in sound.values():
        values.setdefault((code, year), set()).add(size)
    closed = set()
    for line, (code, year, size) in sound.items():
        key = (code, year)
        if len(values[key]) > 1:
            continue
        if key in newer or rows.get(key, size) == size:
            closed.add(line)
    for line in closed:
        code, year, size = sound[line]
        if (code, year) not in newer:
            rows[code, year] = size
    return closed


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=5), ROUND, st.lists(ROW, max_size=2), ROUND)
def test_corrections_do_what_a_careful_clerk_does(first, one, since, two):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lines = [f"{D},2020,small", *(",".join(row) for row in first)]
        release = deliver(home, SIZES, HEADER, *lines).release
        still_open = {line for line, _ in open_rows(release)}
        rows: Rows = {
            (row[0], str(row[1].year)): row[2] for row in read_release(release, SIZES).rows()
        }
        newer: set[Any] = set()
        for told in (one, two):
            if not still_open:
                return
            known = sorted(still_open)
            told = [(known[number % len(known)], row) for number, row in told]
            release = correct(home, *(f"{','.join(row)},{line}" for line, row in told))
            still_open -= take(told, rows, newer)
            assert {line for line, _ in open_rows(release)} == still_open
            found = {(r[0], str(r[1].year)): r[2] for r in read_release(release, SIZES).rows()}
            assert found == rows
            fresh = {(code, year): size for code, year, size in since if size != "giant"}
            if told is one and fresh:
                changed = [f"{code},{year},{size},N" for (code, year), size in fresh.items()]
                header = HEADER + ",removed"
                deliver(home, SIZES, header, *changed, on=LATER, mode="incremental")
                rows |= fresh
                newer |= set(fresh)


def test_the_doubts_of_a_chain_stay_until_they_are_corrected(tmp_path):
    make_quarantine(tmp_path)
    line = f"{D},2024,giant,N"
    good = f"{A},2023,micro,N"
    header = HEADER + ",removed"
    release = deliver(tmp_path, SIZES, header, line, good, on=LATER, mode="incremental").release
    assert sorted(read_doubtful(release)) == sorted([B, C, D])
