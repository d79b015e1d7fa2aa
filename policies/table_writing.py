"""A decision table written to a file as its author keeps it, to be read back without loss.

The first line names inputs and outputs, 依据 and 说明 stand beside them where rows have them. A
cell is a number or a day only where it is read back as the very text that it was; nothing is a
formula.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from language.document import Document, cut
from language.document_decoding import decode
from policies.errors import PoliciesError
from policies.policy_file import DecisionTableFile, InputFile, OutputFile, RuleFile
from policies.strict import TitleFile
from policies.table_yaml import quote

SOURCE, SAYS = "依据", "说明"
_FORMULA = re.compile(r"[=+@＝＋＠\t\r]")
WIDEST = 60


class TableNotWritten(PoliciesError):
    """A table that cannot be written to a file, with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as lines of texts, the header first; `closed` are the values a column may have."""

    name: str
    lines: tuple[tuple[str, ...], ...]
    closed: tuple[tuple[str, ...], ...]


def find_table(document: Document, name: str) -> Sheet:
    """A table of a policy that has its rows in the policy itself.

    Raises TableNotWritten where there is no such table, or its rows stand in a file already.
    """
    tables = document.value.get("tables") or {}
    if name not in tables:
        known = ", ".join(tables) or "none"
        raise TableNotWritten(f'{document.file}: no table "{name}" (there are: {known})')
    file, problems = decode(cut(document, ("tables", name)), DecisionTableFile)
    if file is None:
        raise TableNotWritten("; ".join(str(problem) for problem in problems))
    if file.rows is None:
        raise TableNotWritten(f'{document.file}: table "{name}" is kept in {file.file} already')
    outputs = [OutputFile(name=o) if isinstance(o, str) else o for o in file.outputs]
    outputs = outputs or [OutputFile()]
    heads = [_head(entry) for entry in file.inputs]
    heads += [name if len(outputs) == 1 else output.name or "" for output in outputs]
    if len(set(heads)) != len(heads) or {SOURCE, SAYS} & set(heads):
        raise TableNotWritten(
            f'{document.file}: columns of "{name}" would have one name: label its inputs'
        )
    lines = [_line(document.file, row) for row in file.rows]
    remarks = [
        column for column in (1, 2) if any(line[column] for line in lines)
    ]  # which of source and says any row has
    header = (*heads, *((SOURCE, SAYS)[column - 1] for column in remarks))
    closed = [() for _ in file.inputs] + [tuple(output.values) for output in outputs]
    return Sheet(
        name=name,
        lines=(header, *((*line[0], *(str(line[c]) for c in remarks)) for line in lines)),
        closed=tuple(closed),
    )


def _head(entry: str | InputFile) -> str:
    if isinstance(entry, str):
        return entry
    label = entry.label.zh if isinstance(entry.label, TitleFile) else ""
    return label or entry.name or entry.is_ or ""


def _line(file: str, row: list[str] | RuleFile) -> tuple[tuple[str, ...], str, str]:
    """The cells of a row, its source and what it says."""
    if isinstance(row, RuleFile):
        if isinstance(row.says, TitleFile) and row.says.en:
            raise TableNotWritten(
                f"{file}: a row says something in English, for which a file has no place: "
                f'leave "{row.says.en}" out'
            )
        then = row.then if isinstance(row.then, list) else [row.then]
        says = row.says.zh if isinstance(row.says, TitleFile) else ""
        return (*row.when, *then), row.source or "", says
    return tuple(row), "", ""


def write_sheet(sheet: Sheet, path: Path) -> None:
    """Write it as .xlsx or .csv. Raises TableNotWritten for what a file would not give back."""
    match path.suffix.lower():
        case ".xlsx":
            _write_workbook(sheet, path)
        case ".csv":
            _write_csv(sheet, path)
        case _:
            raise TableNotWritten(f"{path.name}: a table is written to .xlsx or .csv")


def _write_csv(sheet: Sheet, path: Path) -> None:
    for number, line in enumerate(sheet.lines, start=1):
        for text in line:
            if _FORMULA.match(text):
                raise TableNotWritten(
                    f'{path.name}: the cell "{text}" of line {number} would be a formula for a '
                    "spreadsheet that opens a CSV file; write .xlsx"
                )
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(sheet.lines)
    # the mark at the beginning tells spreadsheets that it is UTF-8
    path.write_bytes(b"\xef\xbb\xbf" + written.getvalue().encode())


def _write_workbook(sheet: Sheet, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    page = book.active
    page.title = re.sub(r"[\[\]:*?/\\]", "_", sheet.name)[:31]
    for row, line in enumerate(sheet.lines, start=1):
        for column, text in enumerate(line, start=1):
            _fill(page.cell(row=row, column=column), text)
            if row == 1:
                page.cell(row=row, column=column).font = Font(bold=True)
    page.freeze_panes = "A2"
    for column in range(1, len(sheet.lines[0]) + 1):
        longest = max(sum(1 + (ord(s) > 0x2E80) for s in line[column - 1]) for line in sheet.lines)
        page.column_dimensions[get_column_letter(column)].width = min(longest + 3, WIDEST)
    for column, values in enumerate(sheet.closed, start=1):
        listed = ",".join(values)
        if values and len(listed) < 250 and not any("," in value for value in values):
            rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            letter = get_column_letter(column)
            rule.add(f"{letter}2:{letter}{max(len(sheet.lines), 2) + 200}")
            page.add_data_validation(rule)
    book.save(path)


def _fill(cell: Any, text: str) -> None:
    """A number or a day where it is read back as this text, else the text."""
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", text, re.ASCII) and _is_plain(text):
        cell.value = int(text) if "." not in text else float(text)
        return
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            cell.value = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            cell.number_format = "yyyy-mm-dd"
            return
    cell.value = text
    cell.data_type = "s"  # a text that begins with = is no formula
    cell.number_format = "@"


def _is_plain(text: str) -> bool:
    """Whether a spreadsheet's number says the same: no zeros at its ends, 15 digits at most."""
    if len(re.sub(r"\D", "", text)) > 15:
        return False
    if "." not in text:
        return str(int(text)) == text
    shown = f"{Decimal(repr(float(text))):f}"
    # a workbook holds 0.0 as 0, which is another text
    return shown == text and not text.endswith("0")


def point_to_file(text: str, policy: str | None, name: str, file: str) -> str:
    """A policy's text in which a table names a file for its rows; all else stays as it is.

    `policy` is the id of the policy in a file of several. Raises TableNotWritten where the rows are
    not found.
    """
    for root in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if policy is not None and _value(root, "policy") != policy:
            continue
        tables = _child(root, "tables")
        table = _child(tables[1], name) if tables is not None else None
        rows = _child(table[1], "rows") if table is not None else None
        if rows is not None:
            key, value = rows
            start, end = key.start_mark.index, _end_of(value)
            return f"{text[:start]}file: {quote(file)}{text[end:]}"
    raise TableNotWritten(f'the rows of table "{name}" were not found')


def _child(node: Any, key: str) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if getattr(name, "value", None) == key:
                return name, value
    return None


def _value(node: Any, key: str) -> str | None:
    found = _child(node, key)
    return getattr(found[1], "value", None) if found is not None else None


def _end_of(node: Any) -> int:
    """Where a value's own text ends: a block's last line, without what stands after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return end
