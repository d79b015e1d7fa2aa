"""Tables in files beside a policy, read as text inside limits that are set before reading."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from language.errors import Problem
from policies.errors import TableFileRefused
from policies.workbook import read_sheet

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 2_000
MAX_COLUMNS = 64
MAX_CELL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell as text, and where it stands; line and column count from 1."""

    text: str
    file: str
    line: int
    column: int

    def problem(self, message: str, remedy: str = "", code: str = "tables") -> Problem:
        """A problem at this cell."""
        return Problem(
            file=self.file,
            line=self.line,
            column=self.column,
            message=message,
            remedy=remedy,
            code=code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table as it stands in a file; every row has as many cells as the header."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def read_grid(policy_file: str, name: str, sheet: str | None) -> Grid:
    """The table in file `name`, which stands beside the policy file or below its folder.

    Raises TableFileRefused with where and why.
    """
    path = _find(policy_file, name)
    if path.suffix.lower() == ".xlsx":
        rows = read_sheet(path, sheet, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS)
        return _build(str(path), rows)
    if path.suffix.lower() == ".csv":
        if sheet is not None:
            raise TableFileRefused(str(path), "is a CSV file without sheets", "leave sheet: out")
        return _build(str(path), _read_csv(path))
    raise TableFileRefused(name, "is no table that can be read", "save it as .csv or .xlsx")


def _find(policy_file: str, name: str) -> Path:
    given = PurePosixPath(name)
    if given.is_absolute() or ".." in given.parts or "\\" in name or ":" in name:
        raise TableFileRefused(name, "leads elsewhere", "name a file beside the policy")
    folder = Path(policy_file).parent
    path = folder / name
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        size = path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        inside, size = True, None
    if not inside:
        raise TableFileRefused(name, "leads elsewhere", "name a file beside the policy")
    if size is None:
        raise TableFileRefused(str(path), "is not there", "put it beside the policy file")
    if size > MAX_BYTES:
        raise TableFileRefused(str(path), "is larger than 4 MiB", "split the table")
    return path


def _read_csv(path: Path) -> list[tuple[int, list[str]]]:
    """Records with the line on which each begins."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TableFileRefused(str(path), error.strerror or "cannot be read") from None
    except UnicodeDecodeError as error:
        raise TableFileRefused(
            str(path), f"is not UTF-8 text (byte {error.start})", "save it as CSV (UTF-8)"
        ) from None
    if "\0" in text:
        raise TableFileRefused(str(path), "is not text: it holds NUL bytes")
    records: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for record in reader:
            records.append((begins, record))
            begins = reader.line_num + 1
            if len(records) > MAX_ROWS + 1:
                break  # told with the other limits
    except csv.Error as error:
        raise TableFileRefused(str(path), f"is no CSV: {error}", line=begins) from None
    return records


def _build(file: str, records: list[tuple[int, list[str]]]) -> Grid:
    """The records as cells, empty lines left out; every limit is told here."""
    lines = [(line, [text.strip() for text in record]) for line, record in records]
    lines = [(line, record) for line, record in lines if any(record)]
    if not lines:
        raise TableFileRefused(file, "is empty", "the first line names the inputs and outputs")
    if len(lines) > MAX_ROWS + 1:
        raise TableFileRefused(file, f"has more than {MAX_ROWS} rows", "split the table")
    width = len(lines[0][1])
    while width and not lines[0][1][width - 1]:
        width -= 1
    if width > MAX_COLUMNS:
        raise TableFileRefused(file, f"has more than {MAX_COLUMNS} columns")
    rows = []
    for line, record in lines:
        if len(record) < width or any(record[width:]):
            raise TableFileRefused(
                file, f"a row has {len(record)} cells, the header {width}", line=line
            )
        if any(len(text) > MAX_CELL for text in record):
            raise TableFileRefused(file, f"a cell is longer than {MAX_CELL} signs", line=line)
        rows.append(
            tuple(
                Cell(text=text, file=file, line=line, column=column)
                for column, text in enumerate(record[:width], start=1)
            )
        )
    return Grid(header=rows[0], rows=tuple(rows[1:]))
