"""Facts given by hand: JSON lines, or a CSV or Parquet table with one column for each fact.

What cannot be read of a subject is told with its line and counts as missing; it never becomes a
value, and the lines beside it stay.
"""

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from profiles.csv_lines import open_csv, read_blocks
from profiles.errors import DeliveryRefused, SubjectsRefused
from profiles.hand_value import is_plain, parse_day

MAX_TEXT_DIGITS = 40
MAX_KEY = 60
"""Signs of a key that may be a slip of another."""
_NO_UTF8 = re.compile("[\udc80-\udcff]")
_KEYS = ("subject", "audience", "as_of", "facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One line: a subject's facts as they were typed in, not yet checked."""

    line: int
    subject: str
    audience: str | None
    as_of: date | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was wrong with a line, without the value itself: it may be personal."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(slots=True, kw_only=True)
class Read:
    """Everything read from one file, and the troubles met on the way."""

    subjects: list[Subject] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def read_subjects(path: Path) -> Read:
    """Read subjects from .jsonl, .csv or .parquet.

    Raises OSError where the file cannot be opened, SubjectsRefused where it is no such table.
    """
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".csv"):
        with path.open("rb"):
            pass  # so that a missing file is an OSError, whatever its kind
    try:
        if suffix == ".parquet":
            return read_table(pl.read_parquet(path))
        if suffix == ".csv":
            return _read_csv(path)
    except DeliveryRefused as refused:
        raise SubjectsRefused(str(refused)) from None
    except pl.exceptions.PolarsError:
        # the library's own words may show what stands in the file
        message = f"{path.name}: no {suffix[1:]} table can be read (empty, or not well formed)"
        raise SubjectsRefused(message) from None
    # a byte that is no text becomes half a sign, by which its line is found
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        return parse_lines(lines)


def _read_csv(path: Path) -> Read:
    """A CSV file as departments write it: what is no record is told, the others stay."""
    source = open_csv(path)
    for name in source.header:
        if source.header.count(name) > 1:
            raise SubjectsRefused(f'{path.name}: the column "{name}" stands twice')
    read = Read()
    for block in read_blocks(source):
        for line, reason in block.broken.select("line", "reason").iter_rows():
            read.troubles.append(Trouble(line=line, message=f"{reason}; line passed over"))
        cells = block.cells.drop("line")
        names = dict(zip(cells.columns, source.header, strict=True))
        part = read_table(cells.rename(names), lines=block.cells["line"])
        read.subjects += part.subjects
        read.troubles += part.troubles
    return read


def read_table(frame: pl.DataFrame, *, lines: Iterable[int] | None = None) -> Read:
    """Read subjects from a table with one column for each fact; null or empty is not given.

    `lines` are the numbers by which its rows are told (default: from 1).
    """
    read = Read()
    if "subject" not in frame.columns:
        read.troubles.append(Trouble(line=1, message='the table has no column "subject"'))
        return read
    numbers = itertools.count(1) if lines is None else lines
    for number, row in zip(numbers, frame.iter_rows(named=True), strict=False):
        # an empty cell is not given, so a computed fact is computed
        facts = {k: v for k, v in row.items() if v is not None and v != ""}
        record = {
            "subject": facts.pop("subject", None),
            "audience": facts.pop("audience", None),
            "as_of": facts.pop("as_of", None),
            "facts": facts,
        }
        _add(record, number, read)
    return read


def parse_lines(lines: Iterable[str]) -> Read:
    """Read subjects from JSON lines; empty lines are passed over."""
    read = Read()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if _NO_UTF8.search(line):
            message = "holds bytes that are no UTF-8 text; line passed over"
            read.troubles.append(Trouble(line=number, message=message))
            continue
        try:
            record = json.loads(
                line,
                parse_float=Decimal,
                parse_int=_parse_integer,
                parse_constant=_refuse_constant,
                object_pairs_hook=_refuse_twice,
            )
        except (ValueError, RecursionError) as error:
            where = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            what = "a key stands twice" if "twice" in str(error) else f"not JSON{where}"
            read.troubles.append(Trouble(line=number, message=f"{what}; line passed over"))
            continue
        if not isinstance(record, dict):
            read.troubles.append(Trouble(line=number, message="not an object; line passed over"))
            continue
        for key in record.keys() - set(_KEYS):
            for meant in get_close_matches(key, _KEYS, n=1) if len(key) < MAX_KEY else ():
                message = f'unknown key "{key}" is not used; did you mean "{meant}"?'
                read.troubles.append(Trouble(line=number, message=message))
        _add(record, number, read)
    return read


def _parse_integer(text: str) -> Any:
    return int(text) if len(text) <= MAX_TEXT_DIGITS else Decimal(text)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _add(record: Mapping[str, Any], line: int, read: Read) -> None:
    subject, facts = record.get("subject"), record.get("facts", {})
    if not isinstance(subject, (str, int)) or isinstance(subject, bool) or subject == "":
        read.troubles.append(Trouble(line=line, message='no "subject"; line passed over'))
        return
    if not is_plain(str(subject)):
        message = '"subject" holds signs that are no text; line passed over'
        read.troubles.append(Trouble(line=line, message=message))
        return
    if not isinstance(facts, Mapping):
        read.troubles.append(Trouble(line=line, message='"facts" is no object; line passed over'))
        return
    as_of = record.get("as_of")
    day: date | None = None
    if isinstance(as_of, datetime):
        as_of = as_of.date().isoformat()
    if isinstance(as_of, date):
        day = as_of
    elif as_of is not None:
        try:
            day = parse_day(as_of)
        except ValueError:
            message = '"as_of" is no day like 2025-09-01; line passed over'
            read.troubles.append(Trouble(line=line, message=message))
            return
    audience = record.get("audience")
    if audience is not None and audience not in ("enterprise", "resident", "household"):
        message = '"audience" is none of enterprise, resident, household; line passed over'
        read.troubles.append(Trouble(line=line, message=message))
        return
    read.subjects.append(
        Subject(line=line, subject=str(subject), audience=audience, as_of=day, facts=facts)
    )
