"""Rows given by hand, under the name of a row set: a list of objects, or shorter forms of it.

`[{…}, {…}]` are rows, a list of plain values rows with the column `value`, an object `{k: v}` rows
with the columns `key` and `value`, `[]` no rows. A row set that is not given is missing; so is a
cell that is null or cannot be read, and "none" does not apply where the column can. Of a state the
last day that is null or left out does not apply: it is still in force.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import polars as pl

from language.column import GIVEN, NOT_APPLICABLE
from profiles.hand import Subject, Trouble
from profiles.hand_value import convert, is_unknown
from profiles.row_frame import DTYPES
from profiles.row_set import RowColumn, RowSet, last_day_of

ROW = "::row"
_LIKE = {"month": "2024-05", "year": "2024"}
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRows:
    """The rows of one row set, and the subjects that gave any or said that there are none.

    `frame` has the columns `subject` (the position in the list of subjects, as text), `::row` (the
    row's number, from 0) and the row set's columns, each with `<column>::given` where it would
    else be worked out.
    """

    frame: pl.DataFrame
    listed: pl.Series


def read_rows(
    row_set: RowSet,
    subjects: list[Subject],
    troubles: list[Trouble],
    also: Mapping[str, RowColumn] | None = None,
) -> HandRows:
    """The rows that subjects give under the row set's name.

    `also` are further names that a row may give: facts that would else be worked out for it.
    What cannot be read is told among `troubles`.
    """
    columns = dict(row_set.columns) | dict(also or {})
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    given: dict[str, list[bool]] = {name: [] for name in columns}
    without: dict[str, list[bool]] = {name: [] for name in columns}
    owners: list[str] = []
    numbers: list[int] = []
    listed: list[str] = []
    last = last_day_of(row_set)
    for position, subject in enumerate(subjects):
        if subject.facts.get(row_set.name) is None:
            continue  # not given, or given as missing
        found = _row_objects(subject.facts[row_set.name])
        if found is None:
            message = f'"{row_set.name}" is no list of rows; it counts as missing'
            troubles.append(Trouble(line=subject.line, message=message))
            continue
        listed.append(str(position))
        for number, row in enumerate(found):
            owners.append(str(position))
            numbers.append(number)
            for name, column in columns.items():
                raw = row.get(name)
                given[name].append(name in row)
                # a state without a last day is still in force
                stays = raw is None and name == last
                without[name].append(column.may_not_apply and (stays or raw == "none"))
                nothing = without[name][-1] or is_unknown(raw, column.type, column.values)
                value = None if raw is None or nothing else raw
                cells[name].append(_cell(value, column, row_set, subject, troubles))
            for name in row:
                if name not in columns:
                    message = _unknown_column(name, row_set, columns)
                    troubles.append(Trouble(line=subject.line, message=message))
    series = [
        pl.Series("subject", owners, dtype=pl.String),
        pl.Series(ROW, numbers, dtype=pl.Int64),
    ]
    for name, column in columns.items():
        series.append(pl.Series(name, cells[name], dtype=DTYPES[column.type]))
        if column.formula is not None or column.measure is not None or name in (also or {}):
            series.append(pl.Series(name + GIVEN, given[name], dtype=pl.Boolean))
        if column.may_not_apply:
            series.append(pl.Series(name + NOT_APPLICABLE, without[name], dtype=pl.Boolean))
    return HandRows(frame=pl.DataFrame(series), listed=pl.Series(listed, dtype=pl.String))


def _row_objects(raw: Any) -> list[Mapping[str, Any]] | None:
    """The rows of any of the forms; None where it is none of them."""
    if isinstance(raw, Mapping):
        return [{"key": key, "value": value} for key, value in raw.items()]
    if not isinstance(raw, list) or any(isinstance(item, list) for item in raw):
        return None
    return [item if isinstance(item, Mapping) else {"value": item} for item in raw]


def iterate_cells(raw: Any) -> Iterator[tuple[str, Any]]:
    """The columns and values of all rows of a value given under a row set's name."""
    for row in _row_objects(raw) or []:
        yield from row.items()


def _unknown_column(name: str, row_set: RowSet, columns: Mapping[str, RowColumn]) -> str:
    message = f'"{row_set.name}" has no column "{name}"'
    close = get_close_matches(str(name), list(columns), n=1)
    return message + (f'; did you mean "{close[0]}"?' if close else "")


def _cell(
    raw: Any, column: RowColumn, row_set: RowSet, subject: Subject, troubles: list[Trouble]
) -> Any:
    if raw is None:
        return None
    try:
        value = convert(_as_day(raw, column.written), column.type, column.system, column.values)
    except ValueError as error:
        like = _LIKE.get(column.written)
        what = error if like is None else f"is no {column.written} like {like}"
        message = f'"{row_set.name}.{column.name}" {what}; it counts as missing'
        troubles.append(Trouble(line=subject.line, message=message))
        return None
    return value.replace(day=1) if column.written == "month" else value


def _as_day(raw: Any, written: str) -> Any:
    """A month or year stands for its first day."""
    if isinstance(raw, (bool, date)):
        return raw
    text = str(raw)
    if written == "month" and _MONTH.fullmatch(text):
        return f"{text}-01"
    if written == "year" and text.isascii() and text.isdigit() and len(text) == 4:
        return f"{text}-01-01"
    return raw
