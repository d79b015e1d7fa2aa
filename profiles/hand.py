"""Facts given by hand: JSON lines, or a CSV or Parquet table with one column for each fact.

What cannot be read of a subject is told with its line and counts as missing; it never becomes a
value, and the lines beside it stay.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from language.column import GIVEN, NOT_APPLICABLE
from language.number import MAX_DIGITS, significant_digits
from language.types import FactType
from profiles.dataset import Dataset
from profiles.derivation import DTYPES, compute_facts
from profiles.errors import SubjectsRefused
from profiles.fact import Fact, Vocabulary
from profiles.measure import column_type
from profiles.region import region_code

MAX_MONEY_FEN = 10**17
MAX_INTEGER = 2**62
MAX_TEXT_DIGITS = 40
_NOBODY = pl.Series([], dtype=pl.String)
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?", re.ASCII)


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
            return read_table(pl.read_parquet(path), first_line=1)
        if suffix == ".csv":
            return read_table(pl.read_csv(path, infer_schema=False), first_line=2)
    except pl.exceptions.PolarsError:
        # the library's own words may show what stands in the file
        message = f"{path.name}: no {suffix[1:]} table can be read (empty, or not well formed)"
        raise SubjectsRefused(message) from None
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return parse_lines(lines)


def read_table(frame: pl.DataFrame, *, first_line: int) -> Read:
    """Read subjects from a table with one column for each fact; null or empty is not given."""
    read = Read()
    if "subject" not in frame.columns:
        read.troubles.append(Trouble(line=1, message='the table has no column "subject"'))
        return read
    for number, row in enumerate(frame.iter_rows(named=True), start=first_line):
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
    if not _is_plain(str(subject)):
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
            day = date.fromisoformat(str(as_of))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFrame:
    """Facts given by hand as columns, with `<fact>::given`, and the lines they came from."""

    frame: pl.DataFrame
    troubles: tuple[Trouble, ...]


def build_frame(
    subjects: list[Subject],
    vocabulary: Vocabulary,
    extra: Mapping[str, Fact],
    audience: str,
    as_of: date,
) -> HandFrame:
    """The subjects' facts as a frame; `extra` are facts that policies declare for themselves.

    The column `subject` is the position in `subjects`, as text. Facts measured from rows that
    were given are computed where they are not themselves given.
    """
    facts = dict(vocabulary.facts) | dict(extra)
    troubles: list[Trouble] = []
    positions = [str(index) for index in range(len(subjects))]
    columns: list[pl.Series] = [pl.Series("subject", positions, dtype=pl.String)]
    names = dict.fromkeys(name for subject in subjects for name in subject.facts)
    row_names = [name for name in names if name in vocabulary.datasets]
    for name in names:
        if name in row_names:
            continue
        fact = None if "::" in name else facts.get(name)
        if fact is None:
            line = next(s.line for s in subjects if name in s.facts)
            close = get_close_matches(name, list(facts), n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            troubles.append(Trouble(line=line, message=f'unknown fact "{name}" is not used{hint}'))
            continue
        columns += _column(fact, subjects, troubles)
    frame = pl.DataFrame(columns)
    if row_names:
        frame = _add_measures(frame, subjects, row_names, vocabulary, audience, as_of, troubles)
    return HandFrame(frame=frame, troubles=tuple(troubles))


def _column(fact: Fact, subjects: list[Subject], troubles: list[Trouble]) -> list[pl.Series]:
    values: list[Any] = []
    given: list[bool] = []
    without: list[bool] = []
    for subject in subjects:
        present = fact.name in subject.facts
        given.append(present)
        raw = subject.facts.get(fact.name)
        without.append(fact.may_not_apply and raw == "none")
        if raw is None or without[-1]:
            values.append(None)
            continue
        try:
            values.append(convert(raw, fact.type, fact.system, fact.values))
        except ValueError as error:
            message = f'"{fact.name}" {error}; it counts as missing'
            troubles.append(Trouble(line=subject.line, message=message))
            values.append(None)
    columns = [
        pl.Series(fact.name, values, dtype=DTYPES[fact.type]),
        pl.Series(fact.name + GIVEN, given, dtype=pl.Boolean),
    ]
    if fact.may_not_apply:
        columns.append(pl.Series(fact.name + NOT_APPLICABLE, without, dtype=pl.Boolean))
    return columns


def convert(raw: Any, fact_type: FactType, system: str, closed: tuple[str, ...]) -> Any:
    """A typed-in value as its column holds it. ValueError says what is wrong, not the value."""
    match fact_type:
        case FactType.BOOLEAN:
            if raw is True or raw == "true":
                return True
            if raw is False or raw == "false":
                return False
            raise ValueError("is neither true nor false")
        case FactType.DATE:
            if isinstance(raw, date):
                return _plain_day(raw)
            try:
                return date.fromisoformat(raw if isinstance(raw, str) else "")
            except ValueError:
                raise ValueError("is no day like 2024-05-01") from None
        case FactType.CODE | FactType.TEXT:
            return _text(raw, system, closed)
        case _:
            return _number(raw, fact_type)


def _is_plain(text: str) -> bool:
    """Whether a text can be written: no half of a sign, no NUL."""
    return not any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in text)


def _plain_day(day: date) -> date:
    if isinstance(day, datetime):
        if day.time() != time():
            raise ValueError("is a moment, not a day")
        return day.date()
    return day


def _text(raw: Any, system: str, closed: tuple[str, ...]) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise ValueError("is no text")
    text = str(raw)
    if not _is_plain(text):
        raise ValueError("holds signs that are no text")
    if system.startswith("GB/T 2260"):
        code = region_code(text)
        if code is None:
            raise ValueError("is no region that is known, or several have this name")
        return code
    if closed and text not in closed:
        raise ValueError(f"is none of {', '.join(closed)}")
    return text


def _number(raw: Any, fact_type: FactType) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal, str)):
        raise ValueError("is no number")
    text = str(raw)
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no number, or one with more than 40 digits")
    value = Fraction(Decimal(text))
    if fact_type is FactType.MONEY:
        fen = value * 100
        if fen.denominator != 1:
            raise ValueError("has a part of a fen")
        if abs(fen) > MAX_MONEY_FEN:
            raise ValueError("is too large for money")
        return fen.numerator
    if fact_type is FactType.INTEGER:
        if value.denominator != 1 or abs(value) > MAX_INTEGER:
            raise ValueError("is no whole number")
        return value.numerator
    digits = significant_digits(value)
    if digits is None or digits > MAX_DIGITS:
        raise ValueError(f"has more than {MAX_DIGITS} significant digits")
    return float(value)


def _add_measures(
    frame: pl.DataFrame,
    subjects: list[Subject],
    row_names: list[str],
    vocabulary: Vocabulary,
    audience: str,
    as_of: date,
    troubles: list[Trouble],
) -> pl.DataFrame:
    """Facts from rows that were given; a list is all the rows there are."""
    rows: dict[str, pl.DataFrame] = {}
    listed: dict[str, pl.Series] = {}
    for name in row_names:
        rows[name], listed[name] = _rows(vocabulary.datasets[name], subjects, troubles)
    computed = compute_facts(vocabulary, audience, frame["subject"], rows, as_of, listed=listed)
    for name, fact in vocabulary.facts.items():
        if fact.measure is None or name not in computed.columns:
            continue
        # a subject has the fact if it gave the fact itself, or the rows it is measured from
        by_rows = frame["subject"].is_in(listed.get(fact.measure.dataset, _NOBODY).implode())
        by_hand = frame[name + GIVEN] if name + GIVEN in frame.columns else None
        for column in (name, name + NOT_APPLICABLE):
            if column not in computed.columns:
                continue
            value = pl.lit(computed[column])
            if by_hand is not None:
                value = pl.when(pl.lit(by_hand)).then(pl.col(column)).otherwise(value)
            frame = frame.with_columns(value.alias(column))
        flag = by_rows if by_hand is None else by_rows | by_hand
        frame = frame.with_columns(flag.alias(name + GIVEN))
    return frame


def _rows(
    dataset: Dataset, subjects: list[Subject], troubles: list[Trouble]
) -> tuple[pl.DataFrame, pl.Series]:
    names = [name for name in dataset.columns if name != dataset.key]
    data: dict[str, list[Any]] = {name: [] for name in ("subject", *names)}
    listed: list[str] = []
    for position, subject in enumerate(subjects):
        if dataset.name not in subject.facts:
            continue
        found = list(_row_objects(subject.facts[dataset.name]))
        if any(row is None for row in found):
            message = f'"{dataset.name}" is no list of rows; it counts as missing'
            troubles.append(Trouble(line=subject.line, message=message))
            continue
        listed.append(str(position))
        for row in found:
            assert row is not None
            data["subject"].append(str(position))
            for name in names:
                data[name].append(_cell(row, name, dataset, subject, troubles))
            for name in row:
                if name not in names:
                    message = f'"{dataset.name}" has no column "{name}"'
                    troubles.append(Trouble(line=subject.line, message=message))
    schema = {"subject": pl.String} | {n: DTYPES[column_type(dataset, n)] for n in names}
    return pl.DataFrame(data, schema=schema), pl.Series(listed, dtype=pl.String)


def _row_objects(raw: Any) -> Iterator[Mapping[str, Any] | None]:
    """A list of objects; of scalars: rows with `value`; an object: rows with `key` and `value`."""
    if isinstance(raw, Mapping):
        yield from ({"key": key, "value": value} for key, value in raw.items())
    elif isinstance(raw, list):
        for item in raw:
            yield item if isinstance(item, Mapping) else {"value": item}
    else:
        yield None


def _cell(
    row: Mapping[str, Any],
    name: str,
    dataset: Dataset,
    subject: Subject,
    troubles: list[Trouble],
) -> Any:
    raw, column = row.get(name), dataset.columns[name]
    if raw is None:
        return None
    if column.type in ("month", "year") and isinstance(raw, (str, int)):
        raw = f"{raw}-01-01" if column.type == "year" else f"{raw}-01"
    try:
        return convert(raw, column_type(dataset, name), column.system, column.values)
    except ValueError as error:
        message = f'"{dataset.name}.{name}" {error}; it counts as missing'
        troubles.append(Trouble(line=subject.line, message=message))
        return None
