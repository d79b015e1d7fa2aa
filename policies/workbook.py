"""Sheets of workbooks (.xlsx) as text, read only inside limits that are checked before.

A workbook is a ZIP archive of XML (ECMA-376): the sizes of its parts are added up before anything
is unpacked, and document type definitions, formulas and macros are refused.
"""

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from policies.errors import TableFileRefused

MAX_PARTS = 500
MAX_UNPACKED = 32 * 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, SyntaxError, KeyError,
    ValueError, TypeError, AttributeError, IndexError, NotImplementedError,
)  # fmt: skip
"""What openpyxl raises at archives and XML that are no workbook (ParseError is a SyntaxError)."""


OnBad = Callable[[int, int, str], None]
"""Takes the row and the column of a cell that holds no value, and what it holds instead."""


def read_sheet(
    path: Path,
    sheet: str | None,
    *,
    max_rows: int,
    max_columns: int,
    on_bad: OnBad | None = None,
) -> list[tuple[int, list[str]]]:
    """The rows of a sheet as text, each with its number; the only sheet where none is named.

    With `on_bad` a cell that holds no value is told and read as empty, else it refuses the file.
    Raises TableFileRefused with where and why.
    """
    try:
        content = path.read_bytes()
        _check_archive(path, content)
        return _read(path, content, sheet, max_rows, max_columns, on_bad)
    except _BROKEN:
        raise TableFileRefused(
            str(path), "is no workbook that can be read", "save it anew as .xlsx or .csv"
        ) from None


def _check_archive(path: Path, content: bytes) -> None:
    """Refuse what is no plain workbook, before any of it is given to a parser."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise TableFileRefused(str(path), "unpacks to more than 32 MiB", "split the table")
        for part in parts:
            if part.flag_bits & 1:
                raise TableFileRefused(str(path), "is encrypted", "save it without a password")
            if part.filename.lower().endswith("vbaproject.bin"):
                raise TableFileRefused(str(path), "holds macros", "save it as .xlsx or .csv")
            if part.filename.lower().endswith((".xml", ".rels")):
                _check_part(path, archive.read(part))


def _check_part(path: Path, content: bytes) -> None:
    # a definition could name other files or grow without bound; in UTF-16 it would go unseen
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content[:4096]:
        raise TableFileRefused(str(path), "holds a document type definition", "save it anew")


def _read(
    path: Path,
    content: bytes,
    sheet: str | None,
    max_rows: int,
    max_columns: int,
    on_bad: OnBad | None,
) -> list[tuple[int, list[str]]]:
    import openpyxl  # here, as few commands read a workbook and all would wait for it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not read
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=False, keep_links=False
        )
        try:
            names = list(book.sheetnames)
            if not names:
                raise KeyError("no sheets")
            if sheet is None and len(names) != 1:
                raise TableFileRefused(
                    str(path), "has several sheets", f"name one, sheet: {', '.join(names)}"
                )
            if sheet is not None and sheet not in names:
                raise TableFileRefused(
                    str(path), f'has no sheet "{sheet}"', f"it has {', '.join(names)}"
                )
            page = book[sheet or names[0]]
            page.reset_dimensions()  # what the file says of its size may be wrong
            return _rows(path, page.iter_rows(), max_rows, max_columns, on_bad)
        finally:
            book.close()


def _rows(
    path: Path,
    rows: Iterable[tuple[Any, ...]],
    max_rows: int,
    max_columns: int,
    on_bad: OnBad | None,
) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows, start=1):
        if number > max_rows + 1:
            raise TableFileRefused(
                str(path), f"has more than {max_rows} rows", "delete the lines below the table"
            )
        if any(cell.value is not None for cell in row[max_columns:]):
            raise TableFileRefused(str(path), f"has more than {max_columns} columns")
        texts = []
        for column, cell in enumerate(row[:max_columns], start=1):
            try:
                texts.append(_text(cell))
            except ValueError as error:
                if on_bad is None:
                    raise TableFileRefused(
                        str(path), str(error), "write the value", line=number, column=column
                    ) from None
                on_bad(number, column, str(error))
                texts.append("")
        found.append((number, texts))
    # rows are as long as their last cell, a table as wide as its header
    width = len(found[0][1]) if found else 0
    return [(number, texts + [""] * (width - len(texts))) for number, texts in found]


def _text(cell: Any) -> str:
    """A cell as an author would have typed it. ValueError with what it is instead."""
    value = cell.value
    if cell.data_type == "f":
        raise ValueError("a cell holds a formula")
    if cell.data_type == "e":
        raise ValueError(f"a cell holds the error {value}")
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _plain(value)
        case datetime():
            if value.time() != time():
                raise ValueError("a cell holds a time of day")
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case str():
            return value
        case _:
            raise ValueError(f"a cell holds {type(value).__name__}")


def _plain(value: float) -> str:
    """A number without an exponent, with the digits that tell it from its neighbours."""
    number = Decimal(repr(value))
    if not number.is_finite():
        raise ValueError("a cell holds no number")
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
