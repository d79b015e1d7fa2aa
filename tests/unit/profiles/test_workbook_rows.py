"""Workbooks as departments deliver them, and as nobody should."""

import time
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from profiles import workbook_rows
from profiles.column_mapping import ColumnMapping
from profiles.delivery import read_delivery
from profiles.errors import DeliveryRefused
from profiles.ingest import ReleaseReport, ingest
from profiles.release import read_quarantine, read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, resident_number

A, B, C = (credit_code(number) for number in range(3))
HEADER = ["uscc", "year", "ent_size"]
INSURANCE = ["uscc", "month", "insured", "premium", "paid_in_full"]


def save(
    path: Path, *rows: Sequence[object], sheets: dict[str, list[Sequence[object]]] | None = None
):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, lines in (sheets or {}).items():
        other = book.create_sheet(name)
        for line in lines:
            other.append(line)
    book.save(path)
    return book


def deliver(home: Path, dataset: str, path: Path, sheet: str | None = None) -> ReleaseReport:
    return ingest(path, DATASETS[dataset], root=home / "r", delivered_on=DAY, sheet=sheet)


def refused(path: Path, dataset: str = "size-class", sheet: str | None = None) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        list(read_delivery(path, DATASETS[dataset], sheet=sheet))
    return str(caught.value)


def test_cells_of_every_kind_are_read(tmp_path):
    path = tmp_path / "x.xlsx"
    save(
        path,
        INSURANCE,
        [A, datetime(2024, 5, 1), 3, 0.1 + 0.2, True],
        [None, None, None],
        [B, "2024年5月", "1,200", "12.50", "否"],
        [C, 202406, 3.0, 1234567, "TRUE"],
    )
    dataset = DATASETS["unemployment-insurance"]
    report = deliver(tmp_path, dataset.name, path)
    assert sorted(read_release(report.release, dataset).rows()) == sorted(
        [
            (A, date(2024, 5, 1), 3, 30, True),
            (B, date(2024, 5, 1), 1200, 1250, False),
            (C, date(2024, 6, 1), 3, 123456700, True),
        ]
    )


def test_lines_are_the_rows_of_the_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_rows, "BLOCK_ROWS", 2)
    path = tmp_path / "x.xlsx"
    save(
        path,
        [],
        HEADER,
        [A, 2024, "small"],
        [],
        [B, 2024, "giant"],
        [B, 2024, "large", None, "more"],
        [C, 2024, "small"],
    )
    report = deliver(tmp_path, "size-class", path)
    assert report.release.rows == 2
    assert read_quarantine(report.release).select("line", "reason").rows() == [
        (5, 'ent_size: "giant" is none of large, medium, small, micro'),
        (6, "has 5 cells, not 3"),
    ]


def test_the_first_visible_sheet_is_read_or_a_named_one(tmp_path):
    path = tmp_path / "x.xlsx"
    book = save(
        path,
        ["notes"],
        sheets={"2024": [HEADER, [A, 2024, "small"]], "2023": [HEADER, [B, 2023, "small"]]},
    )
    assert book.active is not None
    book.active.sheet_state = "hidden"
    book.active = 1
    book.save(path)
    dataset = DATASETS["size-class"]
    first = deliver(tmp_path, "size-class", path)
    assert read_release(first.release, dataset)["uscc"].to_list() == [A]
    named = deliver(tmp_path, "size-class", path, sheet="2023")
    assert read_release(named.release, dataset)["uscc"].to_list() == [B]
    assert 'has no sheet "2022": it has "Sheet", "2024", "2023"' in refused(path, sheet="2022")


def test_identity_numbers_as_numbers_have_lost_digits_even_where_the_check_digit_fits(tmp_path):
    # One that ends in zeros: cut to 15 digits it still is itself.
    lucky = next(
        number for number in map(resident_number, range(0, 1000, 10)) if number.endswith("00")
    )
    kept = resident_number(1)
    path = tmp_path / "x.xlsx"
    save(
        path,
        list(DATASETS["graduation"].columns),
        [int(lucky), "master", datetime(2024, 6, 30)],
        [float(lucky), "master", datetime(2024, 6, 30)],
        [kept, "master", datetime(2024, 6, 30)],
    )
    report = deliver(tmp_path, "graduation", path)
    assert report.release.reasons == {"id_number: a spreadsheet has lost its last digits": 2}
    assert read_release(report.release, DATASETS["graduation"])["id_number"].to_list() == [kept]
    assert lucky[:10] not in str(read_quarantine(report.release).rows())


def test_days_as_serial_numbers_and_errors_of_formulas_are_told(tmp_path):
    path = tmp_path / "x.xlsx"
    save(
        path,
        list(DATASETS["registration"].columns),
        [A, "x", None, None, None, "enterprise", None, None, None, 45413, None],
        [B, "#REF!", None, None, None, "enterprise", None, None, None, date(2024, 5, 1), None],
        [C, "y", None, None, None, "enterprise", None, None, None, date(2024, 5, 1), None],
    )
    report = deliver(tmp_path, "registration", path)
    assert report.release.rows == 1
    assert report.release.reasons == {
        "registered_on: a spreadsheet's number of a day: format the column as dates": 1,
        "name: a spreadsheet's error": 1,
    }


def test_formulas_that_nobody_has_computed_are_no_empty_cells(tmp_path, good):
    path = tmp_path / "x.xlsx"
    save(path, HEADER, [A, "=2000+24", "small"])
    assert "holds formulas without values" in refused(path)
    head, sized = row_xml(*HEADER), '<c t="inlineStr"><is><t>small</t></is></c>'
    coded = f'<c t="str"><f>CONCAT(A1)</f><v>{A}</v></c>'
    year = '<c><f aca="false">2000+24</f><v>2024</v></c>'
    blank = '<c t="str"><f>IF(1,"","")</f><v></v></c>'
    for cells, reason in ((year + sized, {}), (blank + sized, {"year: empty, but required": 1})):
        computed = f"{head}<row>{coded}{cells}</row>{row_xml(B, '2024', 'small')}"
        known = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(computed)})
        assert deliver(tmp_path / str(len(reason)), "size-class", known).release.reasons == reason
    prefixed = ROWS + "<row><x:c><x:f>1+1</x:f><x:v></x:v></x:c></row>"
    spaces = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = sheet_xml(prefixed).replace(b"<worksheet ", b'<worksheet xmlns:x="%s" ' % spaces)
    assert "holds formulas without values" in refused(
        rewrite(good, tmp_path / "c.xlsx", {SHEET: xml})
    )


SHEET = "xl/worksheets/sheet1.xml"


def rewrite(source: Path, target: Path, parts: dict[str, bytes]) -> Path:
    """The workbook with some of its parts replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, parts.get(item.filename, old.read(item.filename)))
    return target


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xlsx"
    save(path, HEADER, [A, 2024, "small"])
    return path


def sheet_xml(rows: str, dimension: str = "A1:C2", prologue: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{prologue}'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    ).encode()


def row_xml(*cells: str, number: int = 0) -> str:
    told = f' r="{number}"' if number else ""
    written = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row{told}>{written}</row>"


ROWS = row_xml(*HEADER) + row_xml(A, "2024", "small")


def test_a_sheet_that_claims_to_be_huge_is_read_as_far_as_it_goes(tmp_path, good):
    bomb = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(ROWS, "A1:XFD1048576")})
    assert deliver(tmp_path, "size-class", bomb).release.rows == 1


@pytest.mark.parametrize(
    "last",
    [
        row_xml(B, "2024", "small", number=2),
        row_xml(B, "2024", "small", number=1),
        '<row><c r="D3"><v>1</v></c><c r="A3"><v>1</v></c></row>',
        '<row><c r="A3"><v>1</v></c><c r="A3"><v>2</v></c></row>',
    ],
)
def test_rows_and_cells_out_of_order_are_not_lost_in_silence(tmp_path, good, last):
    hostile = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(ROWS + last)})
    assert "has rows or cells out of order" in refused(hostile)


def test_a_value_merged_over_several_rows_is_not_read_as_that_of_the_first_alone(tmp_path):
    path = tmp_path / "x.xlsx"
    book = save(path, HEADER, [A, 2024, "small"], [B, 2024], ["made by x"])
    book["Sheet"].merge_cells("A4:C4")
    book.save(path)
    assert deliver(tmp_path, "size-class", path).release.rows == 1
    book["Sheet"].merge_cells("C2:C3")
    book.save(path)
    assert "merges the cells C2:C3: write what they say into each row" in refused(path)


def test_a_row_number_of_a_billion_is_refused(tmp_path, good):
    rows = row_xml(*HEADER) + row_xml(A, "2024", "small", number=1_000_000_000)
    bomb = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(rows)})
    assert "has more than 1,048,576 rows" in refused(bomb)


def test_a_million_columns_are_refused(tmp_path, good):
    bomb = rewrite(
        good, tmp_path / "b.xlsx", {SHEET: sheet_xml(f"<row>{'<c><v>1</v></c>' * 1_000_000}</row>")}
    )
    assert "has more than 1,000 columns" in refused(bomb)


def test_a_bomb_of_zeros_is_refused_before_it_is_unpacked(tmp_path, good, monkeypatch):
    monkeypatch.setattr(
        workbook_rows, "LIMITS", {**workbook_rows.LIMITS, "unpacked_bytes": 50 * 1024**2}
    )
    rows = ROWS + " " * (60 * 1024**2)
    bomb = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(rows)})
    assert bomb.stat().st_size < 200_000
    assert "unpacks to more than 50 MB" in refused(bomb)


def test_what_takes_too_much_memory_ends_the_reader_and_not_the_application(
    tmp_path, good, monkeypatch
):
    monkeypatch.setattr(
        workbook_rows, "LIMITS", {**workbook_rows.LIMITS, "memory_bytes": 260 * 1024**2}
    )
    rows = row_xml(*HEADER) + row_xml(A, "x" * (110 * 1024**2), "small")
    bomb = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(rows)})
    assert "b.xlsx: takes more than 260 MB of memory" in refused(bomb)
    assert deliver(tmp_path, "size-class", good).release.rows == 1


def test_what_takes_too_long_is_ended(tmp_path, good, monkeypatch):
    monkeypatch.setattr(workbook_rows, "DEADLINE_SECONDS", 0.05)
    assert "seconds to read" in refused(good)
    monkeypatch.undo()
    monkeypatch.setattr(workbook_rows, "LIMITS", {**workbook_rows.LIMITS, "seconds": 1})
    many = rewrite(good, tmp_path / "b.xlsx", {SHEET: sheet_xml(ROWS + "<row/>" * 5_000_000)})
    started = time.monotonic()
    assert "takes more than 1 seconds to read" in refused(many)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_the_machine_are_never_read(tmp_path, good, encoding):
    secret = tmp_path / "secret.txt"
    secret.write_text("small", encoding="utf-8")
    prologue = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    rows = row_xml(*HEADER) + row_xml(A, "2024", "&e;")
    xml = sheet_xml(rows, prologue=prologue).decode()
    content = xml.replace('version="1.0"', f'version="1.0" encoding="{encoding}"').encode(encoding)
    assert "defines a document type" in refused(
        rewrite(good, tmp_path / "b.xlsx", {SHEET: content})
    )
    # Nor where the definition hides behind a comment longer than what is looked through.
    hidden = f"<!--{'x' * 100_000}-->{prologue}"
    bomb = rewrite(good, tmp_path / "c.xlsx", {SHEET: sheet_xml(rows, prologue=hidden)})
    assert "is no workbook that can be read" in refused(bomb)


def test_what_is_no_workbook_is_refused_in_words(tmp_path, good):
    broken = tmp_path / "x.xlsx"
    broken.write_bytes(good.read_bytes()[:900])
    assert "is no workbook that can be read" in refused(broken)
    archive = tmp_path / "y.xlsx"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "x")
    assert "is no workbook that can be read" in refused(archive)
    old = tmp_path / "z.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "is an old workbook, or one with a password" in refused(old)
    empty = tmp_path / "e.xlsx"
    save(empty)
    assert "is empty" in refused(empty)


def test_a_sheet_that_is_not_read_to_its_end_leaves_no_process_behind(good):
    mapping = ColumnMapping(names={}, written={}, ignored=frozenset())
    blocks = read_delivery(good, DATASETS["size-class"], mapping)
    del blocks
    blocks = read_delivery(good, DATASETS["size-class"])
    next(blocks)
    del blocks
