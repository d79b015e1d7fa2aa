"""Workbooks: cells as they were typed, and what could harm is refused before it is read."""

import time
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from policies import workbook
from policies.errors import TableFileRefused
from policies.table_file import MAX_COLUMNS, MAX_ROWS
from policies.workbook import read_sheet
from tests.support.policy_texts import load_text

ROWS: list[list[Any]] = [
    ["group", "years", "on", "t"],
    ["a", 5, date(2024, 5, 1), 0.055],
    ["b", "from 6", datetime(2024, 5, 2), 1234567.89],
    ["c", True, None, 1e-7],
]


def write(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def texts(path: Path, sheet: str | None = None) -> list[list[str]]:
    rows = read_sheet(path, sheet, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS)
    return [row for _, row in rows]


def test_cells_are_read_as_they_were_typed(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"标准": ROWS})
    assert (
        texts(path)
        == texts(path, "标准")
        == [
            ["group", "years", "on", "t"],
            ["a", "5", "2024-05-01", "0.055"],
            ["b", "from 6", "2024-05-02", "1234567.89"],
            ["c", "true", "", "0.0000001"],
        ]
    )


def test_the_sheet_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = write(tmp_path / "t.xlsx", {"2024": [["x"]], "2025": [["y"]]})
    assert texts(path, "2025") == [["y"]]
    for sheet, message in ((None, "several sheets"), ("2026", 'no sheet "2026"')):
        with pytest.raises(TableFileRefused, match=message):
            texts(path, sheet)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("=1+1", "formula"),
        ("#DIV/0!", "error"),
        (datetime(2024, 5, 1, 8, 30), "time of day"),
    ],
)
def test_a_cell_without_a_plain_value_is_refused_with_its_place(
    tmp_path: Path, cell: object, message: str
) -> None:
    path = write(tmp_path / "t.xlsx", {"a": [["x", "y"], [1, 2], [3, cell]]})
    with pytest.raises(TableFileRefused, match=message) as refused:
        texts(path)
    assert (refused.value.line, refused.value.column) == (3, 2)


def test_too_many_rows_or_columns_are_refused(tmp_path: Path) -> None:
    many = write(tmp_path / "r.xlsx", {"a": [["x"]] * (MAX_ROWS + 2)})
    with pytest.raises(TableFileRefused, match="rows"):
        texts(many)
    wide = write(tmp_path / "c.xlsx", {"a": [["x"] * (MAX_COLUMNS + 1)]})
    with pytest.raises(TableFileRefused, match="columns"):
        texts(wide)


def replace_part(path: Path, name: str, content: bytes) -> Path:
    changed = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part))
        new.writestr(name, content)
    return changed


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?>'
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LAUGHS = HEAD + (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet '
    + NAMESPACE
    + b"><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
)
FILES = HEAD + b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (SHEET, LAUGHS, "document type"),
        (SHEET, FILES, "document type"),
        (SHEET, LAUGHS.decode().encode("utf-16"), "document type"),
        ("xl/workbook.xml", LAUGHS, "document type"),
        ("xl/media/big.bin", b"\0" * (33 * 1024 * 1024), "more than 32 MiB"),
        ("xl/vbaProject.bin", b"x", "macros"),
        (SHEET, b"<worksheet", "no workbook"),
        ("xl/workbook.xml", b"<x/>", "no workbook"),
        ("[Content_Types].xml", b"<x/>", "no workbook"),
    ],
)
def test_what_could_harm_or_is_no_workbook_is_refused_at_once(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = replace_part(write(tmp_path / "t.xlsx", {"a": ROWS}), name, content)
    begun = time.perf_counter()
    with pytest.raises(TableFileRefused, match=message):
        texts(path)
    assert time.perf_counter() - begun < 5


def test_a_sheet_that_claims_a_million_rows_is_refused_without_reading_them(
    tmp_path: Path,
) -> None:
    far = (
        b"<worksheet "
        + NAMESPACE
        + (
            b'><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v>'
            b'</c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
            b"</worksheet>"
        )
    )
    path = replace_part(write(tmp_path / "t.xlsx", {"a": ROWS}), SHEET, far)
    with pytest.raises(TableFileRefused, match="more than 2000 rows"):
        texts(path)
    small = (
        b"<worksheet "
        + NAMESPACE
        + (
            b'><dimension ref="A1:A1"/><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1">'
            b"<v>2</v></c></row></sheetData></worksheet>"
        )
    )
    path = replace_part(write(tmp_path / "t.xlsx", {"a": ROWS}), SHEET, small)
    assert texts(path) == [["1", "2"]]


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", b"\xd0\xcf\x11\xe0" * 200])
def test_another_file_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(TableFileRefused, match="no workbook"):
        texts(path)


def test_many_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_PARTS", 3)
    with pytest.raises(TableFileRefused, match="unpacks"):
        texts(write(tmp_path / "t.xlsx", {"a": ROWS}))


def test_a_policy_has_its_table_from_a_workbook(tmp_path: Path) -> None:
    text = """
        facts:
          group: {label: 类别, type: code, values: [a, b]}
          on: {label: 日期, type: date}
        tables:
          t:
            inputs: [{name: group, label: 类别}, on]
            outputs: [{type: money}]
            hit: first
            file: t.xlsx
            sheet: 标准
        clauses: [{id: c, says: 一, source: 一, when: $has(t)}]
        benefit: {amount: t}
        examples:
          as_of: 2025-01-01
          cases:
            - {name: a, given: {group: a, on: 2024-05-01}, expect: {verdict: eligible}}
    """
    rows: list[list[Any]] = [
        ["on", "t", "类别", "依据"],
        [date(2024, 5, 1), 5000.5, "a", "办法 三"],
        ["over 2024-05-01", 6000, "a, b", "办法 四"],
    ]
    write(tmp_path / "t.xlsx", {"封面": [["x"]], "标准": rows})
    (policy,) = load_text(tmp_path, text).policies
    assert [row.source for row in policy.tables[0].rows] == ["办法 三", "办法 四"]
    assert [(row.where.line, row.where.column) for row in policy.tables[0].rows] == [(2, 3), (3, 3)]
