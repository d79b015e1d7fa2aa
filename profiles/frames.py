"""Analysts' data frames: pandas, Polars and Arrow taken in by declared columns, given out in the
form they came in.

They hold money in yuan, as all that people write and read does; the columns that conditions use
hold it in fen. A float column is refused where digits matter: integers with missing values become
floats in pandas, and 18 digits do not come back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import pandas as pd
import polars as pl
import pyarrow as pa

from profiles.dataset import Column, Label
from profiles.errors import FrameRefused
from profiles.fact import Fact
from profiles.number_texts import FEN_DIGITS
from profiles.typed_values import parse_column

Form = Literal["pandas", "polars", "arrow"]
AnyFrame: TypeAlias = "pl.DataFrame | pd.DataFrame | pa.Table"

_PLAIN = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)
_FLOATS_HOLD = ("integer", "money", "ratio", "number", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Cells of a column that could not be read: why, and how many. They count as missing."""

    column: str
    reason: str
    cells: int

    def __str__(self) -> str:
        return f"{self.reason}: {self.cells} cells count as missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFrame:
    """A frame whose columns are held as their types are (money in fen), and what was set aside."""

    frame: pl.DataFrame
    set_aside: tuple[SetAside, ...]


def form_of(frame: object) -> Form:
    """Which of the three a frame is. Raises FrameRefused for anything else."""
    match frame:
        case pd.DataFrame():
            return "pandas"
        case pl.DataFrame():
            return "polars"
        case pa.Table():
            return "arrow"
    kind = type(frame).__name__
    remedy = "collect it first" if isinstance(frame, pl.LazyFrame) else "make it one of them"
    raise FrameRefused("frame", [f"a {kind} is no pandas, Polars or Arrow table: {remedy}"])


def read_frame(frame: AnyFrame, name: str = "frame") -> pl.DataFrame:
    """A frame's columns in Polars, whatever it was; a pandas index is no column.

    NaN counts as missing. Raises FrameRefused, naming every column that holds no plain values.
    """
    found: dict[str, pl.Series] = {}
    problems = []
    for heading, values in _columns_of(frame):
        if not isinstance(heading, str):
            problems.append(f"a column is named {heading!r}, which is no text: rename it")
            continue
        if heading in found:
            problems.append(f'column "{heading}" stands twice: keep one of them')
            continue
        try:
            series = _to_series(heading, values)
        except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
            problems.append(
                f'column "{heading}" mixes types: give its cells one type, such as text'
            )
            continue
        if not (series.dtype.is_numeric() or series.dtype.base_type() in _PLAIN):
            problems.append(f'column "{heading}" holds {series.dtype}, which is no single value')
        found[heading] = series
    if problems:
        raise FrameRefused(name, problems)
    return pl.DataFrame(list(found.values()))


def to_polars(frame: AnyFrame, columns: Mapping[str, Column], *, name: str = "frame") -> TypedFrame:
    """The frame with the columns that are declared held as conditions read them; others stay.

    `columns` are those of a dataset (`dataset.columns`) or of facts (`columns_of`). Each cell is
    read as the same text in a department's file would be: exactly, or not at all. Raises
    FrameRefused for a float column that holds codes, texts, days or identifiers.
    """
    read = read_frame(frame, name)
    refuse_floats(read, columns, name)
    typed: list[pl.Series] = []
    set_aside: list[SetAside] = []
    for series in read.iter_columns():
        column = columns.get(series.name)
        if column is None:
            typed.append(series)
            continue
        parsed = parse_column(column, cells_of(series))
        values = parsed.values
        for complaint in parsed.complaints:
            values = values.set(complaint.rows, None)
            cells = int(complaint.rows.sum())
            set_aside.append(SetAside(column=column.name, reason=complaint.reason, cells=cells))
        typed.append(values.rename(series.name))
    return TypedFrame(frame=pl.DataFrame(typed), set_aside=tuple(set_aside))


def from_polars(frame: pl.DataFrame, form: Form) -> Any:
    """A Polars frame in one of the three forms; pandas columns are backed by Arrow."""
    match form:
        case "polars":
            return frame
        case "arrow":
            return frame.to_arrow()
        case "pandas":
            table = frame.to_arrow()
            columns = {
                name: pd.Series(pd.arrays.ArrowExtensionArray(table.column(name)))
                for name in table.column_names
            }
            return pd.DataFrame(columns, columns=table.column_names)


def in_units(frame: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """A frame held as conditions read it with its money as it is written, in exact decimals: yuan
    with two places, or 万元 with six where a dataset's column is delivered so."""
    money = [
        (pl.col(name).cast(pl.Decimal(38, places)) / 10**places).cast(pl.Decimal(24, places))
        for name, places in _money_places(columns).items()
        if name in frame.columns
    ]
    return frame.with_columns(money)


def _money_places(columns: Mapping[str, Column]) -> dict[str, int]:
    """The decimal places from the unit of each column of money to the fen."""
    return {
        name: FEN_DIGITS[column.unit or "元"]
        for name, column in columns.items()
        if column.type == "money"
    }


def columns_of(facts: Iterable[Fact]) -> dict[str, Column]:
    """Facts as columns by name: the same types, closed values and systems of codes."""
    return {
        fact.name: Column(
            name=fact.name,
            type=_column_type(fact),
            label=Label(zh=fact.label_zh, en=fact.label_en),
            system=fact.system,
            values=fact.values,
            unit="元" if fact.type == "money" else "",
        )
        for fact in facts
    }


def refuse_floats(frame: pl.DataFrame, columns: Mapping[str, Column], name: str) -> None:
    """Raise FrameRefused, naming every float column in which a lost digit would be another code."""
    problems = [
        f'column "{heading}" holds floating-point numbers, which lose digits of a code, a text or '
        f'a day: read it as text (in pandas dtype={{"{heading}": "string"}} when the file is read)'
        for heading, dtype in frame.schema.items()
        if dtype.is_float() and heading in columns and not _may_be_float(columns[heading])
    ]
    if problems:
        raise FrameRefused(name, problems)


def cells_of(series: pl.Series) -> pl.Series:
    """A column as departments' files hold it: a float is the decimal that it is written as, with no
    exponent; NaN is empty."""
    if not series.dtype.is_float():
        return series
    texts = series.fill_nan(None).cast(pl.String)
    exponents = texts.filter(texts.str.contains("[eE]").fill_null(False)).unique()
    if exponents.is_empty():
        return texts
    plain = [format(Decimal(text), "f") for text in exponents]
    return texts.replace(exponents, pl.Series(plain, dtype=pl.String))


def _may_be_float(column: Column) -> bool:
    return column.identifier is None and column.type in _FLOATS_HOLD


def _column_type(fact: Fact) -> Any:
    """The type of a fact in the words of columns: a day whose unit is a month is a month."""
    return "month" if fact.type == "date" and fact.unit == "month" else fact.type.value


def _columns_of(frame: Any) -> list[tuple[object, object]]:
    match form_of(frame):
        case "pandas":
            return [(head, frame.iloc[:, place]) for place, head in enumerate(frame.columns)]
        case "polars":
            return [(series.name, series) for series in frame.iter_columns()]
        case "arrow":
            return list(zip(frame.column_names, frame.columns, strict=True))


def _to_series(heading: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        series = values
    else:
        held = pa.array(values, from_pandas=True) if isinstance(values, pd.Series) else values
        series = pl.Series(heading, pl.from_arrow(held))
    if series.dtype.is_float():
        series = series.fill_nan(None)
    return series.alias(heading)
