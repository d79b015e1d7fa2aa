"""Tables written to a file for other programs and for people: Parquet, CSV or a workbook.

A spreadsheet takes a cell that begins with = + - or @ for a formula, so such texts get an
apostrophe before them in CSV and workbooks (OWASP, CSV injection); numbers are written as numbers.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from console.errors import ConsoleError

SUFFIXES = (".parquet", ".csv", ".xlsx")
MAX_SHEET_ROWS = 1_048_576
MAX_CELL = 32_767
MAX_EXACT = 10**15
_FORMULA = r"^[\s　]*[=+\-@＝＋－＠﹢﹣﹫⁺⁻−]|^[\t\r\n]"
_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


class NotWritten(ConsoleError):
    """A table that cannot be written to the file that was named."""


def check_target(path: Path) -> None:
    """Raise NotWritten unless a table can be written there, before any work is done for it."""
    if path.suffix.lower() not in SUFFIXES:
        raise NotWritten(f"{path.name}: the name must end with {', '.join(SUFFIXES)}")
    if path.exists():
        raise NotWritten(f"{path} is there already: name another file, or remove it first")
    if not path.parent.is_dir():
        raise NotWritten(f"{path.parent} is no folder: make it first")


def write_table(frames: Iterable[pl.DataFrame], path: Path, rows: int) -> None:
    """Write frames of one schema, at least one, whole or not at all; only its owner reads it.

    `rows` is how many rows they have in all. Raises NotWritten where a sheet cannot hold them.
    """
    check_target(path)
    suffix = path.suffix.lower()
    if suffix == ".xlsx" and rows >= MAX_SHEET_ROWS:
        raise NotWritten(
            f"{path.name}: a sheet holds {MAX_SHEET_ROWS:,} rows, these are {rows:,}: write "
            ".parquet or .csv"
        )
    with _private(path) as partial:
        match suffix:
            case ".parquet":
                _write_parquet(frames, partial)
            case ".csv":
                _write_csv(frames, partial)
            case ".xlsx":
                _write_workbook(frames, partial, path.name)


def escape_formulas(texts: pl.Series) -> pl.Series:
    """Texts that no spreadsheet takes for a formula: control characters out, an apostrophe before.

    Full-width and other forms of the signs count too, since some programs fold them.
    """
    clean = texts.str.replace_all(_CONTROLS, "")
    return pl.select(
        pl.when(clean.str.contains(_FORMULA)).then(pl.lit("'") + clean).otherwise(clean)
    ).to_series().alias(texts.name)  # fmt: skip


def _escape(frame: pl.DataFrame) -> pl.DataFrame:
    texts = [series for series in frame.iter_columns() if series.dtype == pl.String]
    return frame.with_columns(escape_formulas(series) for series in texts)


def _write_parquet(frames: Iterable[pl.DataFrame], path: Path) -> None:
    writer = None
    try:
        for frame in frames:
            table = frame.to_arrow()
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _write_csv(frames: Iterable[pl.DataFrame], path: Path) -> None:
    with path.open("wb") as file:
        for number, frame in enumerate(frames):
            # the mark at the beginning tells spreadsheets that it is UTF-8
            _escape(frame).write_csv(file, include_bom=number == 0, include_header=number == 0)


def _write_workbook(frames: Iterable[pl.DataFrame], path: Path, name: str) -> None:
    """A sheet has no more rows than fit into memory: all is seen before a cell is written."""
    whole = pl.concat([_escape(frame) for frame in frames])
    long = [
        series.name
        for series in whole.iter_columns()
        if series.dtype == pl.String and (series.str.len_chars() > MAX_CELL).any()
    ]
    if long:
        raise NotWritten(
            f"{name}: a cell holds {MAX_CELL:,} signs at most, {', '.join(long)} has longer texts: "
            "write .parquet or .csv"
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("zhida")
    sheet.freeze_panes = "A2"
    sheet.append(whole.columns)
    for row in whole.iter_rows():
        sheet.append([_cell(sheet, value) for value in row])
    book.save(path)


def _cell(sheet: Any, value: object) -> Any:
    if isinstance(value, int) and abs(value) >= MAX_EXACT:
        value = str(value)  # a sheet's numbers have 15 digits
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    return cell


@contextmanager
def _private(path: Path) -> Iterator[Path]:
    """A file that only its owner reads, under its name once it is complete."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
