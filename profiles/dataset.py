"""A dataset: a department's table, what its columns mean and how far it can be trusted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from language.document import Document
from language.document_decoding import decode
from language.document_reading import read_documents
from language.errors import FilesRefused, Problem
from profiles.dataset_file import DatasetFile, check_dataset_file, days_of, fraction_of

Kind = Literal["enterprise", "resident", "household", "region"]
ColumnType = Literal[
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
Identifier = Literal["uscc", "resident_id", "region"]
DateStyle = Literal["", "day/month/year", "month/day/year"]
Sensitivity = Literal["public", "internal", "personal", "sensitive"]
TimeForm = Literal["event", "state", "series"]

BUILTIN = Path(__file__).parent / "datasets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name for people, in Chinese and, where it was given, in English."""

    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a dataset.

    `at_least` and `at_most` are the range beyond which a value is taken for a mistake, as an
    exact decimal in the unit of the department's file. `dates` is the order in which a delivery
    writes days, months and years, empty for years first. `past` is true of days that have passed
    by the day of the delivery.
    """

    name: str
    type: ColumnType
    label: Label
    meaning: str = ""
    sensitivity: Sensitivity = "internal"
    required: bool = False
    values: tuple[str, ...] = ()
    system: str = ""
    unit: Literal["", "元", "万元"] = ""
    identifier: Identifier | None = None
    at_least: str | None = None
    at_most: str | None = None
    dates: DateStyle = ""
    past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """How rows stand in time.

    event: `columns` is the day it happened. state: first and last day in force, an empty last
    day is still in force. series: the month or year the row is about.
    """

    form: TimeForm
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The shares of a dataset's rows that may be gone, or say something else, in one delivery.

    A delivery that breaks one of them waits for a person.
    """

    vanished: Fraction = Fraction(1, 5)
    changed: Fraction = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A department's table. `columns` holds the key first, then the columns as declared.

    `complete` names the authority for reading "no row" as "none", None where there is none.
    `unique` are the columns that tell the rows of one key apart, None where nothing does. `link`
    are the columns by which a row without a key may be linked, under `name`, `address`,
    `representative` and `region`; None where rows without a key are only set aside.
    """

    name: str
    department: Label
    title: Label
    basis: str
    kind: Kind
    key: str
    identifier: Identifier
    register: bool
    time: Time
    complete: str | None
    refresh: str
    fresh_within_days: int | None
    retention: str
    unique: tuple[str, ...] | None
    columns: Mapping[str, Column]
    limits: Limits = Limits()
    link: Mapping[str, str] | None = None


def load_datasets(paths: Iterable[Path]) -> dict[str, Dataset]:
    """The datasets of YAML files, by name. Raises `FilesRefused` with all problems of all files."""
    problems: list[Problem] = []
    datasets: dict[str, Dataset] = {}
    registers: dict[Kind, str] = {}
    for path in sorted(paths):
        documents, unreadable = read_documents(path)
        problems += unreadable
        for document in documents:
            file, misfits = decode(document, DatasetFile)
            problems += misfits
            if file is None:
                continue
            mistakes = check_dataset_file(file, document)
            problems += mistakes
            if mistakes:
                continue
            dataset = _build_dataset(file)
            problems += _find_clashes(dataset, document, datasets, registers)
            datasets.setdefault(dataset.name, dataset)
    if problems:
        raise FilesRefused(problems)
    return datasets


def builtin_datasets() -> dict[str, Dataset]:
    """The datasets that come with Zhida."""
    return load_datasets(BUILTIN.glob("*.yaml"))


def _find_clashes(
    dataset: Dataset,
    document: Document,
    datasets: Mapping[str, Dataset],
    registers: dict[Kind, str],
) -> list[Problem]:
    problems = []
    if dataset.name in datasets:
        problems.append(
            document.problem(
                ("dataset",), f'dataset "{dataset.name}" is declared twice', "rename one of them"
            )
        )
    elif dataset.register:
        first = registers.setdefault(dataset.kind, dataset.name)
        if first != dataset.name:
            problems.append(
                document.problem(
                    ("register",),
                    f'"{first}" already is the register of kind {dataset.kind}',
                    "one dataset says who the subjects of a kind are",
                )
            )
    return problems


def _build_dataset(file: DatasetFile) -> Dataset:
    key = Column(
        name=file.key.column,
        type="code" if file.key.identifier == "region" else "text",
        label=_HOUSEHOLD if file.of == "household" else _KEY_LABELS[file.key.identifier],
        meaning=_HOUSEHOLD_KEY if file.of == "household" else "Whom the row is about.",
        sensitivity="sensitive" if file.key.identifier == "resident_id" else "public",
        required=True,
        system=_SYSTEMS[file.key.identifier],
        identifier=file.key.identifier,
    )
    columns = {key.name: key}
    for name, column in file.columns.items():
        columns[name] = Column(
            name=name,
            type=column.type,
            label=Label(zh=column.label.zh, en=column.label.en),
            meaning=column.meaning,
            sensitivity=column.sensitivity,
            required=column.required == "true",
            values=tuple(column.values),
            system=column.system or (_SYSTEMS[column.identifier] if column.identifier else ""),
            unit=("元" if column.type == "money" else "") if column.unit is None else column.unit,
            identifier=column.identifier,
            at_least=None if column.at_least is None else fraction_of(column.at_least),
            at_most=None if column.at_most is None else fraction_of(column.at_most),
            past=column.past == "true",
        )
    time = _read_time(file)
    register = file.register_ == "true"
    return Dataset(
        name=file.dataset,
        department=Label(zh=file.department.zh, en=file.department.en),
        title=Label(zh=file.title.zh, en=file.title.en),
        basis=file.basis,
        kind=file.of,
        key=file.key.column,
        identifier=file.key.identifier,
        register=register,
        time=time,
        complete=file.complete,
        refresh=file.refresh,
        fresh_within_days=None if file.fresh_within is None else days_of(file.fresh_within),
        retention=file.retention,
        unique=_read_unique(file, time, register),
        columns=columns,
        limits=_read_limits(file),
        link=file.link.model_dump(exclude_none=True) if file.link else None,
    )


def _read_limits(file: DatasetFile) -> Limits:
    given = file.limits.model_dump(exclude_none=True) if file.limits else {}
    return Limits(**{name: Fraction(fraction_of(share)) for name, share in given.items()})


def _read_time(file: DatasetFile) -> Time:
    if file.time.event is not None:
        return Time(form="event", columns=(file.time.event,))
    if file.time.series is not None:
        return Time(form="series", columns=(file.time.series,))
    return Time(form="state", columns=tuple(file.time.state or ()))


def _read_unique(file: DatasetFile, time: Time, register: bool) -> tuple[str, ...] | None:
    """What was declared; else a register has one row a subject, a series one row a period."""
    if file.unique is not None:
        return tuple(file.unique)
    if register:
        return ()
    return time.columns if time.form == "series" else None


_KEY_LABELS: dict[str, Label] = {
    "uscc": Label(zh="统一社会信用代码", en="Unified social credit code"),
    "resident_id": Label(zh="公民身份号码", en="Citizen identity number"),
    "region": Label(zh="行政区划代码", en="Region code"),
}
_HOUSEHOLD = Label(zh="家庭标识(首任户主公民身份号码)", en="Household, by its first head")
_HOUSEHOLD_KEY = (
    "Identity number of the person under whom the household was first registered; it stays when "
    "the head changes."
)
_SYSTEMS = {
    "uscc": "GB 32100-2015",
    "resident_id": "GB 11643-1999",
    "region": "GB/T 2260",
}
