"""Files as they should not be: what is good in them is kept, the rest told in words."""

import json

import polars as pl
import pytest

from profiles import csv_lines
from profiles.delivery import CUT_OFF
from profiles.errors import DeliveryRefused
from profiles.ingest import ReleaseReport, ingest
from profiles.release import read_doubtful, read_quarantine, read_release
from profiles.row_block import RowBlock
from profiles.sifting import sift_block
from profiles.whole_cell import is_surely_whole
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    credit_code,
    deliver,
    resident_number,
)

A, B, C = (credit_code(number) for number in range(3))
FOREIGN = "is written in another encoding than the rest of the file: save all of it as UTF-8"


def deliver_bytes(home, dataset: str, content: bytes) -> ReleaseReport:
    path = home / f"{dataset}.csv"
    path.write_bytes(content)
    return ingest(path, DATASETS[dataset], root=home / "releases", delivered_on=DAY)


def reasons(report: ReleaseReport) -> list[tuple[int, str]]:
    return read_quarantine(report.release).select("line", "reason").rows()


def sizes(report: ReleaseReport) -> dict[str, str]:
    rows = read_release(report.release, DATASETS["size-class"])
    return dict(rows.select("uscc", "ent_size").rows())


def firm_lines(*names: str) -> list[bytes]:
    """Rows of the registration in which the name of the firm is Chinese, one for each name."""
    return [
        f"{credit_code(number)},{name},,,,enterprise,,,,2020-01-01,\n".encode()
        for number, name in enumerate(names)
    ]


REGISTRATION = (",".join(DATASETS["registration"].columns) + "\n").encode()


def names(report: ReleaseReport) -> set[str]:
    return set(read_release(report.release, DATASETS["registration"])["name"])


def test_lines_of_gbk_in_a_file_of_utf8_are_set_aside_and_not_misread(tmp_path):
    lines = firm_lines("示范商贸", "佛山机械", "示范食品", "南海塑料")
    lines[1] = lines[1].decode().encode("gbk")
    report = deliver_bytes(tmp_path, "registration", REGISTRATION + b"".join(lines))
    assert names(report) == {"示范商贸", "示范食品", "南海塑料"}
    assert reasons(report) == [(3, FOREIGN)]


def test_lines_of_utf8_in_a_file_of_gbk_are_set_aside_and_not_misread(tmp_path):
    lines = firm_lines("示范商贸", "佛山机械", "联通", "南海塑料", "示范食品")
    content = [line.decode().encode("gbk") for line in lines]
    content[1] = lines[1]
    report = deliver_bytes(tmp_path, "registration", REGISTRATION + b"".join(content))
    assert names(report) == {"示范商贸", "联通", "南海塑料", "示范食品"}
    assert reasons(report) == [(3, FOREIGN)]


def test_a_heading_in_another_encoding_than_the_rows_is_told(tmp_path):
    heading = ",".join(column.label.zh for column in DATASETS["registration"].columns.values())
    content = heading.encode("gbk") + b"\n" + b"".join(firm_lines("示范商贸", "佛山机械"))
    with pytest.raises(DeliveryRefused, match="its heading is not written in UTF-8"):
        deliver_bytes(tmp_path, "registration", content)


@pytest.mark.parametrize("end", [f"{C},2024,sma", f"{C},20", C[:9], f'{C},2024,"smal'])
def test_a_file_that_ends_in_the_middle_of_a_row_keeps_the_rows_before(tmp_path, end):
    content = f"uscc,year,ent_size\n{A},2024,small\n{B},2024,large\n{end}"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {A: "small", B: "large"}
    ((line, reason),) = reasons(report)
    assert line == 4
    assert CUT_OFF in reason


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\n  ", "\n\t\n "])
def test_a_file_that_ends_its_last_row_is_whole_whatever_follows(tmp_path, end):
    content = f"uscc,year,ent_size\n{A},2024,small\n{B},2024,large{end}"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {A: "small", B: "large"}
    assert not report.release.reasons


@pytest.mark.parametrize("last", ["small", " large"])
def test_a_last_word_that_none_begins_with_needs_no_line_break(tmp_path, last):
    content = f"uscc,year,ent_size\n{A},2024,small\n{C},2024,{last}"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {A: "small", C: last.strip()}


@pytest.mark.parametrize(
    ("name", "text", "whole"),
    [
        ("listed_on", "2024-05-01", True),
        ("listed_on", "20240501", True),
        ("listed_on", "2024-5-1", False),
        ("listed_on", "2024-05-0", False),
        ("listed_on", "", False),
        ("listed_on", None, False),
        ("uscc", A, True),
        ("uscc", A[:-1], False),
    ],
)
def test_cells_that_can_be_no_beginning(name, text, whole):
    assert is_surely_whole(text, DATASETS["zombie-list"].columns[name]) is whole


@pytest.mark.parametrize(
    ("dataset", "name", "text", "whole"),
    [
        ("unemployment-insurance", "premium", "100", False),
        ("unemployment-insurance", "paid_in_full", "是", True),
        ("unemployment-insurance", "paid_in_full", "TRUE", True),
        ("unemployment-insurance", "paid_in_full", "tru", False),
        ("unemployment-insurance", "month", "2024-05", True),
        ("unemployment-insurance", "month", "2024-1", False),
        ("registration", "name", "某公司", False),
        ("registration", "ent_type", "enterprise", True),
        ("registration", "ent_type", "social", False),
    ],
)
def test_numbers_and_texts_may_go_on(dataset, name, text, whole):
    assert is_surely_whole(text, DATASETS[dataset].columns[name]) is whole


def test_whose_row_was_cut_off_is_known_where_the_key_is(tmp_path):
    content = f"uscc,ent_size,year\n{A},small,2024\n{C},small,202"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert read_doubtful(report.release).to_list() == [C]
    assert report.release.quarantined == 1


def test_a_file_cut_in_the_middle_of_a_character_keeps_the_rows_before(tmp_path):
    content = REGISTRATION + b"".join(firm_lines("示范商贸", "佛山机械"))
    cut = content[: content.rfind("机械".encode()) + 1]
    report = deliver_bytes(tmp_path, "registration", cut)
    assert names(report) == {"示范商贸"}
    assert reasons(report) == [(3, CUT_OFF)]


def test_a_text_of_a_megabyte_is_set_aside_and_not_shown(tmp_path):
    lines = firm_lines("示范商贸", "长" * 350_000)
    report = deliver_bytes(tmp_path, "registration", REGISTRATION + b"".join(lines))
    assert report.release.rows == 1
    quarantine = read_quarantine(report.release)
    assert quarantine["reason"].str.contains("longer than 20,000 characters").all()
    assert max(len(text) for text in quarantine["row"]) < 1_000


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_lines, "LONGEST_LINE", 2 * 1024 * 1024)
    monkeypatch.setattr(csv_lines, "BLOCK_BYTES", 1024 * 1024)
    with pytest.raises(DeliveryRefused, match="goes on for 2 MB without a line break"):
        deliver_bytes(tmp_path, "size-class", b"uscc,year,ent_size\n" + b"x" * (40 << 20))


def test_a_byte_order_mark_and_marks_that_nobody_sees_are_no_part_of_a_number(tmp_path):
    content = f"\ufeffuscc,year,ent_size\n\u200b{A}\ufeff,2024,small\n{B}\u200e,2024,small\n"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {A: "small", B: "small"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_by_name(tmp_path, encoding):
    content = f"uscc,year,ent_size\n{A},2024,small\n".encode(encoding)
    with pytest.raises(DeliveryRefused, match="UTF-16"):
        deliver_bytes(tmp_path, "size-class", content)


def test_nul_bytes_cost_their_row_only(tmp_path):
    content = f"uscc,year,ent_size\n{A},2024,sm\0all\n{B},2024,small\n"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {B: "small"}
    assert reasons(report) == [(2, "holds NUL bytes")]


def test_identity_numbers_of_every_kind_of_fault_are_told_and_masked(tmp_path):
    good = [resident_number(number) for number in range(40)]
    with_x = next(number for number in good if number.endswith("X"))
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in good[0])
    wrong = good[1][:-1] + ("1" if good[1][-1] != "1" else "2")
    lines = [
        f"{wide},master,2024-06-30",
        f"{with_x.lower()},master,2024-06-30",
        f"{wrong},master,2024-06-30",
        f"{resident_number(321)[:15]}000,master,2024-06-30",
        f"{float(good[3][:17] + '0'):.5E},master,2024-06-30",
    ]
    header = ",".join(DATASETS["graduation"].columns)
    report = deliver(tmp_path, "graduation", header, *lines)
    keys = read_release(report.release, DATASETS["graduation"])["id_number"]
    assert set(keys) == {good[0], with_x}
    assert report.release.reasons == {
        "id_number: wrong check digit": 1,
        "id_number: a spreadsheet has lost its last digits": 2,
    }
    for row in read_quarantine(report.release)["row"]:
        assert set(json.loads(row)["id_number"][2:-2]) == {"*"}


@pytest.mark.parametrize("letter", list("IOSVZ"))
def test_credit_codes_with_letters_that_they_never_have_are_set_aside(tmp_path, letter):
    spoilt = A[:10] + letter + A[11:]
    report = deliver(
        tmp_path, "size-class", "uscc,year,ent_size", f"{spoilt},2024,small", f"{B},2024,small"
    )
    assert sizes(report) == {B: "small"}
    assert report.release.reasons == {"uscc: a character that cannot stand there": 1}


def test_negative_money_is_set_aside_where_none_may_be(tmp_path):
    report = deliver(
        tmp_path,
        "unemployment-insurance",
        "uscc,month,insured,premium,paid_in_full",
        f"{A},2024-05,3,-100,true",
        f"{B},2024-05,3,100,true",
    )
    assert report.release.rows == 1
    assert report.release.reasons == {"premium: out of range, below 0": 1}


def test_a_block_of_good_and_odd_lines_keeps_their_order(tmp_path):
    lines = [f"{credit_code(number)},2024,small" for number in range(50)]
    lines[7] = f'"{credit_code(7)}","2024","small"'
    lines[20] = f'{credit_code(20)},2024,"sm""all"'
    report = deliver(tmp_path, "size-class", "uscc,year,ent_size", *lines)
    assert report.release.rows == 49
    assert read_quarantine(report.release)["line"].to_list() == [22]


def test_events_and_births_after_the_delivery_are_not_believed(tmp_path):
    graduation = ",".join(DATASETS["graduation"].columns)
    report = deliver(
        tmp_path,
        "graduation",
        graduation,
        f"{resident_number(1)},master,2025-06-02",
        f"{resident_number(2)},master,2025-06-01",
    )
    assert report.release.reasons == {"graduated_on: later than the delivery": 1}
    header = ",".join(DATASETS["household-register"].columns)
    report = deliver(
        tmp_path,
        "household-register",
        header,
        f"{resident_number(1)},x,male,2025-06-02,990101,,h,head,,",
        f"{resident_number(2)},x,male,2025-06-01,990101,,h,head,,",
    )
    assert report.release.reasons == {"birth_date: later than the delivery": 1}
    assert read_quarantine(report.release)["line"].to_list() == [2]


def test_states_may_be_announced_and_series_paid_before_they_begin(tmp_path):
    report = deliver(tmp_path, "zombie-list", "uscc,listed_on,removed_on", f"{A},2025-07-01,")
    assert report.release.rows == 1
    report = deliver(
        tmp_path,
        "unemployment-insurance",
        "uscc,month,insured,premium,paid_in_full",
        f"{A},2025-07,3,100,true",
    )
    assert report.release.rows == 1


def test_days_that_a_dataset_calls_past_are_not_believed_if_they_are_to_come(tmp_path):
    header = ",".join(DATASETS["household-register"].columns)
    people = [resident_number(number) for number in range(4)]
    report = deliver(
        tmp_path,
        "household-register",
        header,
        f"{people[0]},x,male,1990-01-01,990101,,h,head,,2025-06-02",
        f"{people[1]},x,male,1990-01-01,990101,2025-06-02,h,head,,",
        f"{people[2]},x,male,1990-01-01,990101,2025-06-01,h,head,,2025-06-01",
        f"{people[3]},x,male,1990-01-01,990101,,h,head,,",
    )
    assert report.release.reasons == {
        "died_on: later than the delivery": 1,
        "moved_in_on: later than the delivery": 1,
    }


@pytest.mark.parametrize(
    ("line", "whose"),
    [
        (f"{C},2024,small,", C),
        (f'{C},2024,"small', C),
        (f"{C.lower()},20\0 24,small", C),
        (f" ,{C};2024;small,,", C),
        (f"{C},2024,small,{C},2023,small", C),
        (f"{C},2024,small,{B},2023,small", None),
        (f"{C}1,2024,small,", None),
        (f"{C[:-1]}?,2024,small,", None),
        (f"{resident_number(1)},2024,small,", None),
        ("nobody,2024,small,", None),
    ],
)
def test_whose_a_broken_line_is_shows_the_one_right_identifier_in_it(tmp_path, line, whose):
    content = f"uscc,year,ent_size\n{A},2024,small\n{line}\n"
    report = deliver_bytes(tmp_path, "size-class", content.encode())
    assert sizes(report) == {A: "small"}
    assert read_doubtful(report.release).to_list() == ([whose] if whose else [])
    assert report.release.unassigned == (whose is None)


def test_where_a_row_names_two_of_a_kind_a_broken_line_is_nobodys(tmp_path):
    groups = DATASETS["enterprise-groups"]
    others = [name for name, column in groups.columns.items() if column.identifier == "uscc"]
    assert len(others) > 1
    block = RowBlock(
        cells=pl.DataFrame(schema={"line": pl.Int64} | dict.fromkeys(groups.columns, pl.String)),
        heading=(),
        columns=groups.columns,
        broken=pl.DataFrame({"line": [2], "reason": ["has 9 cells, not 4"], "text": [f"{C},,"]}),
        done=1,
        total=1,
    )  # fmt: skip
    assert sift_block(block, groups).bad["key"].to_list() == [None]
