"""Reads one sheet of a workbook (.xlsx) and writes its rows as lines of JSON.

Run as a program of its own, since a workbook may be made to fill the memory or to run for hours:
this process then ends, and not the one that asked. It sees nothing of Zhida, only openpyxl.

    python -I workbook_child.py LIMITS WORKBOOK [SHEET]

LIMITS are JSON: memory_bytes, seconds, unpacked_bytes, rows, columns and characters of a cell. Each
line is `[row, [cell, …]]`, the last `["end"]` or `["refused", "why"]`. Without such a last line it
met something that is in no workbook.
"""

import json
import re
import sys
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

if sys.platform != "win32":  # where the parent's deadline is what there is
    import resource

NO_WORKBOOK = "is no workbook that can be read: save it anew as .xlsx or as CSV"
_OUT_OF_ORDER = "has rows or cells out of order: open it in a spreadsheet and save it anew"
_PROLOGUE_BYTES = 1 << 16
_EXACT = 10**15
_PIECE_BYTES = 1 << 22
_LONGEST_FORMULA = 1 << 16
_UNCOMPUTED = re.compile(
    rb"<(\w+:)?c\b([^>]*)>\s*<\1?f\b[^>]*?(?:/>|>[^<]*</\1?f>)\s*"
    rb"(?:<\1?v\s*/>|<\1?v>\s*</\1?v>)?\s*</\1?c>"
)
"""A cell with a formula and no value; where its type is text the value may be an empty one."""


class _Refused(Exception):
    pass


def _main(limits: dict[str, int], path: str, sheet: str | None) -> None:
    if sys.platform != "win32":
        for kind, name in ((resource.RLIMIT_AS, "memory_bytes"), (resource.RLIMIT_CPU, "seconds")):
            resource.setrlimit(kind, (limits[name], limits[name]))
    try:
        _check_archive(path, limits)
        _write_rows(path, sheet, limits)
    except _Refused as refused:
        _write(["refused", str(refused)])
    except MemoryError:
        size = limits["memory_bytes"] // 1024**2
        _write(["refused", f"takes more than {size:,} MB of memory: deliver it as CSV"])
    except BrokenPipeError:
        sys.exit(0)
    else:
        _write(["end"])


def _check_archive(path: str, limits: dict[str, int]) -> None:
    """Refuse what is larger than it looks, and definitions of document types (XXE)."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > limits["unpacked_bytes"]:
            size = limits["unpacked_bytes"] // 1024**2
            raise _Refused(f"unpacks to more than {size:,} MB: deliver it as CSV")
        if any(part.flag_bits & 1 for part in parts):
            raise _Refused("is protected by a password: save it without")
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    prologue = file.read(_PROLOGUE_BYTES).replace(b"\0", b"")
                if b"<!DOCTYPE" in prologue or b"<!ENTITY" in prologue:
                    raise _Refused("defines a document type, which no workbook does")


def _write_rows(path: str, name: str | None, limits: dict[str, int]) -> None:
    import openpyxl
    from openpyxl.worksheet._reader import WorkSheetParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        sheet = _choose_sheet(book, name)
        _refuse_uncomputed(path, sheet)
        with sheet._get_source() as source:
            parser = WorkSheetParser(
                source,
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            # Not by `sheet.iter_rows`, which leaves out what stands behind a higher number.
            heading = _write_filled(parser.parse(), limits)
        _refuse_merged(parser.merged_cells, heading)


def _write_filled(
    rows: Iterable[tuple[int, Sequence[Mapping[str, Any]]]], limits: dict[str, int]
) -> int:
    """Write the rows that are not blank. Returns the number of the first."""
    heading, last = 0, 0
    for number, cells in rows:
        columns = [cell["column"] for cell in cells]
        if number <= last or any(one >= other for one, other in pairwise(columns)):
            raise _Refused(_OUT_OF_ORDER)
        if number > limits["rows"]:
            raise _Refused(f"has more than {limits['rows']:,} rows")
        last = number
        texts = {cell["column"]: _text_of(cell["value"], limits["characters"]) for cell in cells}
        filled = [column for column, text in texts.items() if text is not None]
        if filled and filled[-1] > limits["columns"]:
            raise _Refused(f"has more than {limits['columns']:,} columns")
        if filled:
            heading = heading or number
            _write([number, [texts.get(column) for column in range(1, filled[-1] + 1)]])
    return heading


def _refuse_merged(merged: Any, heading: int) -> None:
    """Refuse cells of several rows made one: all but the first of them would be read as empty."""
    for found in merged.mergeCell if merged else ():
        if heading < found.min_row < found.max_row:
            raise _Refused(f"merges the cells {found.coord}: write what they say into each row")


def _choose_sheet(book: Any, name: str | None) -> Any:
    """The sheet of that name, or the first that is not hidden."""
    sheets = list(book.worksheets)
    if name is None:
        visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
        if not visible:
            raise _Refused("has no visible sheet")
        return visible[0]
    for sheet in sheets:
        if sheet.title == name:
            return sheet
    held = ", ".join(f'"{sheet.title}"' for sheet in sheets[:20])
    raise _Refused(f'has no sheet "{name}": it has {held}')


def _refuse_uncomputed(path: str, sheet: Any) -> None:
    """Refuse formulas of which nobody has stored a value: they would be read as empty cells."""
    part = sheet._worksheet_path.lstrip("/")
    with zipfile.ZipFile(path) as archive, archive.open(part) as file:
        rest = b""
        while piece := file.read(_PIECE_BYTES):
            piece = rest + piece
            if any(b't="str"' not in found[2] for found in _UNCOMPUTED.finditer(piece)):
                raise _Refused(
                    "holds formulas without values: open it in a spreadsheet, which computes "
                    "them, and save it"
                )
            rest = piece[-_LONGEST_FORMULA:]


def _text_of(value: Any, longest: int) -> str | None:
    """A cell as text; blank is None.

    A spreadsheet holds numbers to 15 digits: of longer ones the last are not what was typed, which
    the exponent tells whoever reads the text.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value[:longest] if value.strip() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= _EXACT:
            return f"{float(value):.16E}"
        return str(int(value)) if value == int(value) else _decimal_of(value)
    if isinstance(value, datetime):
        midnight = value.hour == value.minute == value.second == 0
        return value.date().isoformat() if midnight else value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)[:longest]


def _decimal_of(value: float) -> str:
    """A number as the spreadsheet shows it: 15 significant digits, without an exponent."""
    return format(Decimal(f"{value:.15g}"), "f")


def _write(line: list[Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    sys.stdout.flush()
