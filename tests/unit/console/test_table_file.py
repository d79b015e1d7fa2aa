"""Exported tables open in spreadsheets as what they are, and as nothing that calculates."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import console.table_file
from console.table_file import NotWritten, check_target, escape_formulas, write_table

FIRST = "=+-@\t\r\n\0＝＋－＠"
TEXTS = ["=1+1", "＝HYPERLINK(1)", "plain", None, "\tx", "#N/A", ' =cmd|"/c calc"!A1', "\0=1"]
YUAN = [Decimal("-1.50"), None, *[Decimal("0.10")] * 6]
TABLE = pl.DataFrame(
    {
        "text": TEXTS,
        "whole": [-1, None, 3, 10**16, 5, 6, 7, 8],
        "yuan": pl.Series(YUAN, dtype=pl.Decimal(20, 2)),
        "day": [date(2024, 5, 1), None, *[date(2024, 5, 2)] * 6],
        "yes": [True, False, None, True, True, True, True, True],
    }
)
ESCAPED = ["'=1+1", "'＝HYPERLINK(1)", "plain", None, "'\tx", "#N/A", '\' =cmd|"/c calc"!A1', "'=1"]


def sheet_of(path: Path) -> list[list[Any]]:
    book = openpyxl.load_workbook(path)
    return [[cell for cell in row] for row in book.active.iter_rows()]


def test_csv_cells_are_escaped_and_numbers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_table([TABLE.head(3), TABLE.tail(5)], path, TABLE.height)
    assert path.read_bytes().startswith(b"\xef\xbb\xbftext,whole")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["text"] for line in lines] == [text or "" for text in ESCAPED]
    assert [line["whole"] for line in lines][:3] == ["-1", "", "3"]
    assert lines[0]["yuan"] == "-1.50"
    assert lines[0]["day"] == "2024-05-01"


def test_a_workbook_has_texts_numbers_and_days_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    write_table([TABLE.head(3), TABLE.tail(5)], path, TABLE.height)
    heads, *rows = sheet_of(path)
    assert [cell.value for cell in heads] == TABLE.columns
    assert [row[0].value for row in rows] == ESCAPED
    assert {row[0].data_type for row in rows} == {"s", "n"}  # n: an empty cell
    assert not [cell for row in rows for cell in row if cell.data_type in ("f", "e")]
    assert [row[1].value for row in rows] == [-1, None, 3, "10000000000000000", 5, 6, 7, 8]
    assert rows[0][2].value == -1.5
    assert rows[0][3].value.date() == date(2024, 5, 1)
    assert [row[4].value for row in rows[:3]] == [True, False, None]


def test_parquet_holds_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_table([TABLE.head(3), TABLE.tail(5)], path, TABLE.height)
    found = pd.read_parquet(path, dtype_backend="pyarrow")
    assert found["text"].tolist()[0] == "=1+1"
    assert pl.read_parquet(path).equals(TABLE)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from(FIRST + " 　'"), max_size=8))
def test_no_text_begins_like_a_formula_and_none_is_lost(text: str) -> None:
    (found,) = escape_formulas(pl.Series([text]))
    kept = "".join(
        sign for sign in text if sign in "\t\r\n" or (ord(sign) >= 32 and sign != "\x7f")
    )
    assert found in (kept, "'" + kept)
    assert not found or found[0] not in FIRST
    assert not found.lstrip(" 　") or found.lstrip(" 　")[0] not in "=+-@＝＋－＠"


@pytest.mark.parametrize("sign", FIRST)
def test_every_sign_that_begins_a_formula_is_escaped(sign: str) -> None:
    (found,) = escape_formulas(pl.Series([sign + "=A1"]))
    assert found == ("'=A1" if sign == "\0" else f"'{sign}=A1")


def test_a_file_is_private_whole_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_table([TABLE], path, TABLE.height)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(NotWritten, match="is there already"):
        write_table([TABLE], path, TABLE.height)
    assert path.read_bytes() == before

    def breaks() -> Any:
        yield TABLE
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_table(breaks(), tmp_path / "other.parquet", TABLE.height)
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_names_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match=r"must end with \.parquet, \.csv, \.xlsx"):
        check_target(tmp_path / "out.xls")
    with pytest.raises(NotWritten, match="is no folder"):
        check_target(tmp_path / "none" / "out.csv")


def test_a_sheet_does_not_drop_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotWritten, match=r"1,048,576 rows, these are 1,048,576"):
        write_table([TABLE], tmp_path / "out.xlsx", 1_048_576)
    monkeypatch.setattr(console.table_file, "MAX_CELL", 10)
    with pytest.raises(NotWritten, match="signs at most"):
        write_table([TABLE], tmp_path / "out.xlsx", TABLE.height)
