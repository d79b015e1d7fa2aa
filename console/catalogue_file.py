"""Catalogues of service items as files: written for others, read with every cell checked."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from openpyxl.utils import get_column_letter

from console.errors import ConsoleError, NothingThere
from console.table_file import NotWritten, escape_formulas, write_table
from policies.errors import TableFileRefused
from policies.item_columns import COLUMNS, ItemColumn, find_column, read_cell
from policies.workbook import read_sheet

SUFFIXES = (".xlsx", ".csv")
MAX_ROWS, MAX_COLUMNS, MAX_BYTES = 20_000, 300, 64 * 1024 * 1024


class CatalogueFileRefused(ConsoleError):
    """A file that is no catalogue of service items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """A cell that is not of its column's type; `place` is its name in a sheet, such as C5."""

    row: int
    place: str
    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item: its cells by field. Refused cells are left out; empty ones are ""."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFile:
    """What was read of a file; `unknown` are the headings that no column has."""

    rows: tuple[ItemRow, ...]
    columns: tuple[ItemColumn, ...]
    unknown: tuple[str, ...]
    bad: tuple[BadCell, ...]


def check_suffix(path: Path) -> None:
    """Refuse a file that is neither a workbook nor CSV."""
    if path.suffix.lower() not in SUFFIXES:
        raise NotWritten(f"{path.name}: the name must end with {' or '.join(SUFFIXES)}")


def write_items(items: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write items, each cell as text: Chinese names first, field names below, then a row each."""
    check_suffix(path)
    columns = {
        column.zh: [column.field, *(item[column.field] for item in items)] for column in COLUMNS
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    write_table([frame], path, len(items) + 1)


def read_items(path: Path) -> ItemFile:
    """Read the items of a workbook's only sheet or of a CSV file.

    The first line has Chinese names or field names in any order; a second line of such names is
    passed over. Raises CatalogueFileRefused where no column is known or one stands twice.
    """
    held: dict[tuple[int, int], str] = {}
    read = _read(path, held)
    filled = {number for number, _ in held}
    lines = [
        (number, texts) for number, texts in read if number in filled or any(map(str.strip, texts))
    ]
    if not lines:
        raise CatalogueFileRefused(f"{path.name} is empty: its first line has to name the columns")
    (_, heads), body = lines[0], lines[1:]
    columns = [find_column(head) for head in heads]
    known = [column for column in columns if column is not None]
    if not known:
        raise CatalogueFileRefused(
            f"{path.name}: no column of its first line is known (such as 事项名称 or task_name; "
            "zhida catalogue export writes them all)"
        )
    twice = {column.zh for column in known if known.count(column) > 1}
    if twice:
        raise CatalogueFileRefused(f"{path.name}: {', '.join(sorted(twice))} stands twice")
    if body and all(find_column(text) is not None for text in body[0][1] if text.strip()):
        body = body[1:]
    rows, bad = [], []
    for number, texts in body:
        cells: dict[str, str] = {}
        for position, column in enumerate(columns):
            if column is None:
                continue
            text = texts[position] if position < len(texts) else ""
            try:
                if (number, position + 1) in held:
                    raise ValueError(f"{held[number, position + 1]}: write the value")
                cells[column.field] = read_cell(column, unescape(text))
            except ValueError as error:
                place = f"{get_column_letter(position + 1)}{number}"
                bad.append(BadCell(row=number, place=place, column=column.zh, why=str(error)))
        rows.append(ItemRow(row=number, cells=cells))
    unknown = tuple(
        head for head, column in zip(heads, columns, strict=True) if column is None and head.strip()
    )
    return ItemFile(rows=tuple(rows), columns=tuple(known), unknown=unknown, bad=tuple(bad))


def unescape(text: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from reading it as a formula."""
    if text.startswith("'") and escape_formulas(pl.Series([text[1:]])).item() == text:
        return text[1:]
    return text


def _read(path: Path, held: dict[tuple[int, int], str]) -> list[tuple[int, list[str]]]:
    """The lines of a file; cells of a sheet that hold no value are put into `held`."""

    def hold(row: int, column: int, why: str) -> None:
        held[row, column] = why

    check_suffix(path)
    if not path.is_file():
        raise NothingThere(f'there is no file "{path}"')
    if path.stat().st_size > MAX_BYTES:
        raise CatalogueFileRefused(f"{path.name} is larger than 64 MiB: split it")
    if path.suffix.lower() == ".xlsx":
        try:
            return read_sheet(path, None, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS, on_bad=hold)
        except TableFileRefused as error:
            where = f" at {get_column_letter(error.column)}{error.line}" if error.line else ""
            remedy = f" ({error.remedy})" if error.remedy else ""
            raise CatalogueFileRefused(f"{path.name}{where}: {error.message}{remedy}") from None
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CatalogueFileRefused(f"{path.name} is no text: save it as CSV (UTF-8)")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise CatalogueFileRefused(f"{path.name} is no CSV: {error}") from None
    if len(lines) > MAX_ROWS + 1 or any(len(line) > MAX_COLUMNS for line in lines):
        raise CatalogueFileRefused(
            f"{path.name} has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns: split it"
        )
    return list(enumerate(lines, start=1))
