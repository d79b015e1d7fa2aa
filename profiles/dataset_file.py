"""The YAML form of a dataset, and what its parts demand of each other."""

import difflib
import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from language.document import Document
from language.errors import Problem
from language.number import parse_number

_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 31, "months": 31}
_DAYS |= {"year": 366, "years": 366}


def days_of(text: str) -> int:
    """The days of a span such as `400 days`; a month counts 31, a year 366."""
    number, _, unit = text.partition(" ")
    return int(number) * _DAYS[unit]


def fraction_of(text: str) -> str:
    """A number of the author as a plain fraction, `1万` as `10000`."""
    return str(parse_number(text))


def _check_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text):
        raise ValueError(f'"{text}" is not a name; write small ASCII letters, digits and _')
    return text


def _check_id(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", text):
        raise ValueError(f'"{text}" is not an id; write small ASCII letters, digits and -')
    return text


def _check_span(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,4} (days?|weeks?|months?|years?)", text, re.ASCII):
        raise ValueError(f'"{text}" is not a span of time; write "400 days" or "5 years"')
    return text


def _check_number(text: str) -> str:
    parse_number(text)
    return text


def _check_share(text: str) -> str:
    if not 0 <= parse_number(text) <= 1:
        raise ValueError(f'"{text}" is no share; write one from 0% to 100%')
    return text


def _check_filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Name = Annotated[str, AfterValidator(_check_name)]
Span = Annotated[str, AfterValidator(_check_span)]
Number = Annotated[str, AfterValidator(_check_number)]
Share = Annotated[str, AfterValidator(_check_share)]
Filled = Annotated[str, AfterValidator(_check_filled)]
YesNo = Literal["true", "false"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelFile(_Model):
    """A name in Chinese and English."""

    zh: Filled
    en: str = ""


class KeyFile(_Model):
    """The column that says whom a row is about."""

    column: Name
    identifier: Literal["uscc", "resident_id", "region"]


class TimeFile(_Model):
    """One of: the column of an event, the two of a state, the one of a series."""

    event: Name | None = None
    state: Annotated[list[Name], Field(min_length=2, max_length=2)] | None = None
    series: Name | None = None


class ColumnFile(_Model):
    """A column beside the key."""

    type: Literal[
        "boolean",
        "integer",
        "money",
        "ratio",
        "number",
        "date",
        "month",
        "year",
        "code",
        "text",
    ]
    label: LabelFile
    meaning: str = ""
    sensitivity: Literal["public", "internal", "personal", "sensitive"] = "internal"
    required: YesNo = "false"
    values: list[Filled] = []
    system: str = ""
    unit: Literal["元", "万元"] | None = None
    identifier: Literal["uscc", "resident_id"] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    past: YesNo = "false"


class LimitsFile(_Model):
    """Shares of the rows, such as 20%, that may be gone or say something else in one delivery."""

    vanished: Share | None = None
    changed: Share | None = None


class LinkFile(_Model):
    """The columns by which a row without a key may be linked to the register."""

    name: Name
    address: Name | None = None
    representative: Name | None = None
    region: Name | None = None


class DatasetFile(_Model):
    """A dataset as its department describes it."""

    dataset: Annotated[str, AfterValidator(_check_id)]
    department: LabelFile
    title: LabelFile
    basis: Filled
    of: Literal["enterprise", "resident", "household", "region"]
    key: KeyFile
    register_: YesNo = Field(default="false", alias="register")
    time: TimeFile
    complete: Filled | None = None
    refresh: Filled
    fresh_within: Span | None = None
    retention: Span
    unique: list[Name] | None = None
    limits: LimitsFile | None = None
    link: LinkFile | None = None
    columns: Annotated[dict[Name, ColumnFile], Field(min_length=1)]


_IDENTIFIERS = {
    "enterprise": "uscc",
    "resident": "resident_id",
    "household": "resident_id",
    "region": "region",
}
_TIME_TYPES = {"event": ("date",), "state": ("date",), "series": ("month", "year")}
_NUMERIC = ("integer", "money", "ratio", "number")


def check_dataset_file(file: DatasetFile, document: Document) -> list[Problem]:
    """What the schema alone cannot see: columns that others name, options that do not fit."""
    problems = _check_key(file, document)
    problems += _check_time(file, document)
    for index, name in enumerate(file.unique or ()):
        if name not in file.columns:
            problems.append(_no_column(file, document, ("unique", index), name))
    problems += _check_link(file, document)
    for name, column in file.columns.items():
        problems += _check_column(document, name, column)
    if "complete" in document.value and file.complete is None:
        problems.append(
            document.problem(
                ("complete",),
                '"complete" names nobody',
                "write the authority for reading no row as none, or leave it out",
            )
        )
    return problems


def _check_key(file: DatasetFile, document: Document) -> list[Problem]:
    problems = []
    expected = _IDENTIFIERS[file.of]
    if file.key.identifier != expected:
        problems.append(
            document.problem(
                ("key", "identifier"),
                f'"{file.key.identifier}" does not tell one {file.of} from another',
                f"write {expected}",
            )
        )
    if file.key.column in file.columns:
        problems.append(
            document.problem(
                ("columns", file.key.column),
                f'"{file.key.column}" is the key and stands under `key` alone',
                "remove it from the columns",
            )
        )
    if file.register_ == "true":
        if file.of == "region":
            problems.append(document.problem(("register",), "regions need no register"))
        elif file.time.state is None:
            problems.append(
                document.problem(
                    ("time",),
                    "a register needs to say from when to when a subject exists",
                    "write time: {state: [from, to]}",
                )
            )
        if file.unique:
            problems.append(
                document.problem(("unique",), "a register has one row for each subject", "write []")
            )
    return problems


def _check_time(file: DatasetFile, document: Document) -> list[Problem]:
    forms = {
        "event": [file.time.event] if file.time.event else [],
        "state": file.time.state or [],
        "series": [file.time.series] if file.time.series else [],
    }
    given = [form for form, names in forms.items() if names]
    if len(given) != 1:
        return [document.problem(("time",), "time is one of event, state and series")]
    form = given[0]
    problems = []
    for name in forms[form]:
        column = file.columns.get(name)
        if column is None:
            problems.append(_no_column(file, document, ("time", form), name))
        elif column.type not in _TIME_TYPES[form]:
            types = " or ".join(_TIME_TYPES[form])
            problems.append(
                document.problem(("time", form), f'"{name}" is a {column.type}, not a {types}')
            )
    return problems


def _check_link(file: DatasetFile, document: Document) -> list[Problem]:
    if file.link is None:
        return []
    if file.of != "enterprise":
        remedy = "leave it out: persons are known by their number alone"
        return [document.problem(("link",), "only rows about enterprises can be linked", remedy)]
    return [
        _no_column(file, document, ("link", by), name)
        for by, name in file.link.model_dump(exclude_none=True).items()
        if name not in file.columns
    ]


def _check_column(document: Document, name: str, column: ColumnFile) -> list[Problem]:
    place = ("columns", name)
    problems = []
    if column.values and column.type != "code":
        problems.append(document.problem((*place, "values"), "only a code has a list of values"))
    if len(set(column.values)) != len(column.values):
        problems.append(document.problem((*place, "values"), "a value stands twice"))
    if column.unit and column.type != "money":
        problems.append(document.problem((*place, "unit"), "only money has a unit here"))
    if column.past == "true" and column.type != "date":
        problems.append(document.problem((*place, "past"), "only a date can be past"))
    if column.identifier and column.type != "text":
        problems.append(
            document.problem((*place, "type"), "an identifier is text", "write type: text")
        )
    bounds = [bound for bound in ("at_least", "at_most") if getattr(column, bound) is not None]
    if bounds and column.type not in _NUMERIC:
        problems.append(document.problem((*place, bounds[0]), "only numbers have a range"))
    if len(bounds) == 2 and Fraction(fraction_of(column.at_least or "")) > Fraction(
        fraction_of(column.at_most or "")
    ):
        problems.append(document.problem((*place, "at_most"), "lies below at_least"))
    return problems


def _no_column(
    file: DatasetFile, document: Document, place: tuple[str | int, ...], name: str
) -> Problem:
    close = difflib.get_close_matches(name, file.columns, n=1)
    remedy = f'did you mean "{close[0]}"?' if close else "name one of the columns"
    return document.problem(place, f'there is no column "{name}"', remedy)
