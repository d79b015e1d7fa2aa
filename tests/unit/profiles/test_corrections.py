from datetime import date, timedelta
from pathlib import Path

import pytest

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


def test_a_wrong_correction_is_set_aside_again(tmp_path):
    make_quarantine(tmp_path)
    second = correct(tmp_path, f"{B},2024,huge,3", f"{C},2024,large,4", f"{C},2024,large,5")
    assert sorted(read_doubtful(second)) == [B]
    assert read_quarantine(second)["reason"].str.contains("none of large").any()
    # the row that was wrong first is still there to be corrected, and so is the new one
    assert read_quarantine(second).height == 3


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


def test_the_doubts_of_a_chain_stay_until_they_are_corrected(tmp_path):
    make_quarantine(tmp_path)
    line = f"{D},2024,giant,N"
    good = f"{A},2023,micro,N"
    header = HEADER + ",removed"
    release = deliver(tmp_path, SIZES, header, line, good, on=LATER, mode="incremental").release
    assert sorted(read_doubtful(release)) == sorted([B, C, D])
