"""How a department names and writes its columns, where it is not as the dataset has them.

dataset: employee-insurance
columns:
  证件号码: id_number
  缴费金额(万元): {column: premium, unit: 万元}
  参保日期: {column: insured_on, dates: day/month/year}
ignore: [序号, 备注]
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from language.document import Document
from language.document_decoding import decode
from language.document_reading import read_documents
from language.errors import FilesRefused, Problem
from profiles.dataset import Column, Dataset, DateStyle
from profiles.number_texts import FEN_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """What a delivery's own headings stand for.

    `names` gives the dataset's column for a heading; `written` how a column is written here,
    where that differs; columns under the headings of `ignored` are not read.
    """

    names: Mapping[str, str]
    written: Mapping[str, Column]
    ignored: frozenset[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MappedColumnFile(_Strict):
    """The dataset's column under a heading, and how it is written here."""

    column: str
    unit: Literal["元", "万元"] | None = None
    dates: Literal["day/month/year", "month/day/year"] | None = None


class MappingFile(_Strict):
    """The columns of one dataset as a department delivers them."""

    dataset: str
    columns: dict[str, str | MappedColumnFile] = {}
    ignore: list[str] = []


def load_mappings(path: Path, datasets: Mapping[str, Dataset]) -> dict[str, ColumnMapping]:
    """The mappings of a YAML file, by dataset. Raises `FilesRefused` with all that is wrong."""
    documents, problems = read_documents(path)
    mappings: dict[str, ColumnMapping] = {}
    for document in documents:
        file, misfits = decode(document, MappingFile)
        problems += misfits
        if file is None:
            continue
        dataset = datasets.get(file.dataset)
        if dataset is None:
            problems.append(_unknown(document, ("dataset",), "dataset", file.dataset, datasets))
        elif file.dataset in mappings:
            message = f'"{file.dataset}" is mapped twice'
            problems.append(document.problem(("dataset",), message, "put both into one"))
        else:
            mistakes = _check(file, document, dataset)
            problems += mistakes
            if not mistakes:
                mappings[file.dataset] = _build(file, dataset)
    if problems:
        raise FilesRefused(problems)
    return mappings


def _check(file: MappingFile, document: Document, dataset: Dataset) -> list[Problem]:
    problems = []
    first: dict[str, str] = {}
    for heading, entry in file.columns.items():
        place = ("columns", heading)
        mapped = _entry_of(entry)
        column = dataset.columns.get(mapped.column)
        if column is None:
            problems.append(_unknown(document, place, "column", mapped.column, dataset.columns))
            continue
        if mapped.column in first:
            message = f'"{first[mapped.column]}" stands for {mapped.column} already'
            problems.append(document.problem(place, message, "one column can come from one only"))
        first.setdefault(mapped.column, heading)
        if mapped.unit and column.type != "money":
            message = f'"{mapped.column}" is a {column.type}, only money has a unit'
            problems.append(document.problem((*place, "unit"), message, "leave it out"))
        if mapped.dates and column.type != "date":
            message = f'"{mapped.column}" is a {column.type}, only dates have an order'
            problems.append(document.problem((*place, "dates"), message, "leave it out"))
    for place_of, heading in enumerate(file.ignore):
        if heading in file.columns:
            message = f'"{heading}" is mapped and ignored'
            problems.append(document.problem(("ignore", place_of), message, "choose one"))
    return problems


def _build(file: MappingFile, dataset: Dataset) -> ColumnMapping:
    entries = {heading.strip(): _entry_of(entry) for heading, entry in file.columns.items()}
    written = {}
    for entry in entries.values():
        if entry.unit or entry.dates:
            column = dataset.columns[entry.column]
            written[entry.column] = _written_as(column, entry.unit, entry.dates or "")
    return ColumnMapping(
        names={heading: entry.column for heading, entry in entries.items()},
        written=written,
        ignored=frozenset(heading.strip() for heading in file.ignore),
    )


def _written_as(column: Column, unit: Literal["元", "万元"] | None, dates: DateStyle) -> Column:
    """The column as it is written here; its range, which is stated in the dataset's unit, too."""
    if unit is None or unit == column.unit:
        return replace(column, dates=dates)
    factor = Fraction(10) ** (FEN_DIGITS[column.unit or "元"] - FEN_DIGITS[unit])
    at_least, at_most = (
        None if bound is None else str(Fraction(bound) * factor)
        for bound in (column.at_least, column.at_most)
    )
    return replace(column, unit=unit, dates=dates, at_least=at_least, at_most=at_most)


def _entry_of(entry: str | MappedColumnFile) -> MappedColumnFile:
    return MappedColumnFile(column=entry) if isinstance(entry, str) else entry


def _unknown(
    document: Document,
    place: tuple[str, ...],
    what: str,
    name: str,
    known: Mapping[str, object],
) -> Problem:
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f'did you mean "{close[0]}"?' if close else f"name a {what} that there is"
    return document.problem(place, f'there is no {what} "{name}"', remedy)
