"""A department's file as blocks of texts under the dataset's columns, whatever its format."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from profiles.csv_lines import open_csv, read_blocks
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused

BLOCK_ROWS = 500_000
_PLAIN = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Rows of a file as text: the dataset's columns and `line`; `broken` are lines that are none.

    `done` of `total` bytes or rows of the file have been read with it.
    """

    cells: pl.DataFrame
    broken: pl.DataFrame
    done: int
    total: int


def read_delivery(source: Path, dataset: Dataset) -> Iterator[TextBlock]:
    """The rows of a CSV or Parquet file. Raises `DeliveryRefused` before the first of them."""
    try:
        with source.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise DeliveryRefused(source.name, [reason]) from error
    if not start:
        raise DeliveryRefused(source.name, ["is empty: it has not even a header"])
    if start == b"PAR1" or source.suffix == ".parquet":
        return _read_parquet(source, dataset)
    return _read_csv(source, dataset)


def _read_csv(source: Path, dataset: Dataset) -> Iterator[TextBlock]:
    opened = open_csv(source)
    columns = match_header(source.name, opened.header, dataset)
    names = {f"cell_{place}": column for place, column in enumerate(columns)}
    total = source.stat().st_size
    for block in read_blocks(opened):
        cells = block.cells.rename(names).select("line", *dataset.columns)
        yield TextBlock(cells=cells, broken=block.broken, done=block.bytes_read, total=total)


def _read_parquet(source: Path, dataset: Dataset) -> Iterator[TextBlock]:
    try:
        frame = pl.read_parquet(source)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DeliveryRefused(
            source.name, ["is no readable Parquet file: it was cut off or changed"]
        ) from error
    columns = match_header(source.name, tuple(frame.columns), dataset)
    frame = frame.rename(dict(zip(frame.columns, columns, strict=True))).select(*dataset.columns)
    _refuse_types(source.name, frame, dataset)
    none = pl.DataFrame(schema={"line": pl.Int64(), "reason": pl.String(), "text": pl.String()})
    for start in range(0, max(frame.height, 1), BLOCK_ROWS):
        block = frame.slice(start, BLOCK_ROWS)
        cells = pl.DataFrame([_write_texts(series) for series in block.iter_columns()])
        lines = pl.int_range(start + 1, start + 1 + block.height, eager=True).alias("line")
        yield TextBlock(
            cells=cells.insert_column(0, lines),
            broken=none,
            done=start + block.height,
            total=frame.height,
        )


def match_header(file: str, header: tuple[str, ...], dataset: Dataset) -> list[str]:
    """The dataset's column for each cell of a header, which may hold names or Chinese labels.

    Raises `DeliveryRefused` naming every unknown, missing and duplicate column.
    """
    labels = Counter(column.label.zh for column in dataset.columns.values())
    known = {
        column.label.zh: name
        for name, column in dataset.columns.items()
        if labels[column.label.zh] == 1
    } | {name: name for name in dataset.columns}
    columns = [known.get(cell.strip(), "") for cell in header]
    problems = []
    for cell, column in zip(header, columns, strict=True):
        if not column:
            problems.append(_unknown_column(cell, known))
    problems += [
        f'column "{column}" stands {several} times: keep one of them'
        for column, several in Counter(filter(None, columns)).items()
        if several > 1
    ]
    problems += [
        f'column "{name}" ({column.label.zh}) is missing'
        for name, column in dataset.columns.items()
        if name not in columns
    ]
    if problems:
        raise DeliveryRefused(file, problems)
    return columns


def _unknown_column(cell: str, known: Mapping[str, str]) -> str:
    if not cell.strip():
        return "a column has no name"
    close = difflib.get_close_matches(cell, known, n=1)
    remedy = f', did you mean "{close[0]}"?' if close else ""
    # A header that is a row of somebody's data must not be repeated.
    shown = "".join("*" if sign.isdigit() else sign for sign in cell[:40])
    return f'unknown column "{shown}"{remedy}'


def _refuse_types(file: str, frame: pl.DataFrame, dataset: Dataset) -> None:
    problems = []
    for name, dtype in frame.schema.items():
        if dtype.is_float() and dataset.columns[name].identifier:
            problems.append(
                f'column "{name}" holds floating-point numbers, which lose digits of an '
                "identifier: write it as text"
            )
        elif not (dtype.is_numeric() or dtype.base_type() in _PLAIN):
            problems.append(f'column "{name}" holds {dtype}, which is no single value')
    if problems:
        raise DeliveryRefused(file, problems)


def _write_texts(series: pl.Series) -> pl.Series:
    if series.dtype.base_type() == pl.Datetime:
        return series.dt.to_string("%Y-%m-%d %H:%M:%S")
    return series.cast(pl.String)
