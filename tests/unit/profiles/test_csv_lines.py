import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles import csv_records
from profiles.csv_lines import open_csv, read_blocks
from profiles.errors import DeliveryRefused

CELLS = st.text(alphabet='ab1 佛,"\n\t', max_size=6)


def read(tmp_path, content: bytes, block_bytes: int = 1 << 20):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    opened = open_csv(path)
    blocks = list(read_blocks(opened, block_bytes=block_bytes))
    cells = pl.concat([block.cells for block in blocks])
    broken = pl.concat([block.broken for block in blocks])
    return opened, cells, broken


@pytest.mark.parametrize("block_bytes", [1, 7, 25, 1 << 20])
def test_bad_lines_are_set_aside_and_no_good_line_with_them(tmp_path, block_bytes):
    content = (
        '\ufeffa,b,c\r\n1,2,3\r\n\r\n"x, y",2,3\r\n1,2\r\n"open,2,3\r\n4,5,6\r\n'
        '"two\r\nlines",8,9\r\n7,"a""b",9\r\n5" pipe,1,2\r\n7,8,9'
    )
    _, cells, broken = read(tmp_path, content.encode(), block_bytes)
    assert cells.rows() == [
        ("1", "2", "3", 2),
        ("x, y", "2", "3", 4),
        ("4", "5", "6", 7),
        ("two lines", "8", "9", 8),
        ("7", 'a"b', "9", 10),
        ("7", "8", "9", 12),
    ]
    unclosed = "a quotation mark stands inside a cell or is not closed"
    assert broken.select("line", "reason").rows() == [
        (5, "has 2 cells, not 3"),
        (6, unclosed),
        (11, unclosed),
    ]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), block_bytes=st.integers(1, 64)
)
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, block_bytes):
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["a", "b"])
    writer.writerows(rows)
    _, cells, broken = read(
        tmp_path_factory.mktemp("csv"), written.getvalue().encode(), block_bytes
    )
    assert broken.height == 0
    expected = [tuple(cell.replace("\n", " ") for cell in row) for row in rows]
    found = [tuple(cell or "" for cell in row) for row in cells.select("cell_0", "cell_1").rows()]
    assert found == expected


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_the_encoding_is_found(tmp_path, encoding):
    content = "名称,地址\n示范商贸,佛山市南海区\n".encode(encoding)
    opened, cells, broken = read(tmp_path, content)
    assert opened.header == ("名称", "地址")
    assert cells.rows() == [("示范商贸", "佛山市南海区", 2)]
    assert broken.height == 0


def test_one_spoilt_byte_costs_one_line_not_the_encoding(tmp_path):
    good = "".join(f"佛山{number},x\n" for number in range(50))
    _, cells, broken = read(
        tmp_path, b"a,b\n" + good.encode() + b"\xff\xfe\xe4,x\n" + good.encode()
    )
    assert cells.height == 100
    assert set(cells["cell_0"].str.head(2)) == {"佛山"}
    assert broken["line"].to_list() == [52]


def test_a_cell_that_goes_on_in_another_encoding_is_set_aside(tmp_path):
    good = "名称,地址\n示范商贸,佛山市\n".encode("gb18030")
    mixed = '示例,"佛山市\n'.encode("gb18030") + '南海"\n'.encode()
    _, cells, broken = read(tmp_path, good + mixed)
    assert cells["line"].to_list() == [2]
    assert broken["line"].to_list() == [3]
    assert "another encoding" in broken["reason"][0]


def test_nul_bytes_cost_their_line_only(tmp_path):
    _, cells, broken = read(tmp_path, b"a,b\n1,\0\n3,4\n")
    assert cells.rows() == [("3", "4", 3)]
    assert broken.select("line", "reason").rows() == [(2, "holds NUL bytes")]


def test_ten_thousand_unclosed_quotes_are_ten_thousand_bad_lines(tmp_path):
    _, cells, broken = read(tmp_path, b"a,b\n" + b'"x,y\n' * 10_000 + b"1,2\n")
    assert broken.height == 10_000
    assert cells.rows() == [("1", "2", 10_002)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfea\x00,\x00", "UTF-16"),
        (b"PK\x03\x04rest", "workbook"),
        (b"a\tb\tc\n1\t2\t3\n", "tabs"),
        (b"a;b\n1;2\n", "semicolons"),
        (b"a\0b,c\n", "NUL"),
        (b"a" * 200_000 + b",b\n", "too long for a header"),
    ],
)
def test_files_that_are_no_csv_are_refused_in_words(tmp_path, content, said):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(DeliveryRefused, match=said):
        open_csv(path)


def cells_of(line: str) -> list[str] | None:
    """The cells of a line by RFC 4180, sign by sign; None where a quote stands out of order."""
    cells, place = [], 0
    while True:
        cell = ""
        if line[place : place + 1] == '"':
            place += 1
            while line[place : place + 1] != '"' or line[place : place + 2] == '""':
                if place >= len(line):
                    return None
                cell += line[place]
                place += 2 if line[place] == '"' else 1
            place += 1
        else:
            while line[place : place + 1] not in ("", ","):
                cell += line[place]
                place += 1
            if '"' in cell:
                return None
        cells.append(cell)
        if place == len(line):
            return cells
        if line[place] != ",":
            return None
        place += 1


LINES = st.text(alphabet='a1",佛 ', max_size=9).filter(lambda text: text.count('"') % 2 == 0)


@pytest.mark.parametrize("many", [0.0, 0.5, 1.0])
@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(
        LINES | st.sampled_from(['1,"2"', "x,y", '"a,b",""', '","""']), min_size=1, max_size=30
    )
)
def test_each_line_is_read_or_set_aside_as_the_standard_says(tmp_path_factory, many, lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_records, "_MANY", many)
        check_lines(tmp_path_factory, lines)


def check_lines(tmp_path_factory, lines: list[str]) -> None:
    content = "a,b\n" + "\n".join(lines) + "\n"
    _, cells, broken = read(tmp_path_factory.mktemp("csv"), content.encode())
    found = {number: cells_of(line) for number, line in enumerate(lines, 2) if line.strip()}
    right = {number: read for number, read in found.items() if read is not None and len(read) == 2}
    assert [(one or "", other or "", line) for one, other, line in cells.rows()] == [
        (*read, number) for number, read in right.items()
    ]
    assert broken["line"].to_list() == [number for number in found if number not in right]


def test_quotes_far_apart_are_not_taken_for_the_two_ends_of_one_cell(tmp_path):
    content = 'a,b\n"open,2\n' + "1,2\n" * 100 + 'close",2\n' + "1,2\n" * 100
    _, cells, broken = read(tmp_path, content.encode())
    assert cells.height == 200
    assert broken["line"].to_list() == [2, 103]
