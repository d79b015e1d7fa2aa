"""A department's file as blocks of rows under the dataset's columns, whatever its format."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from profiles.csv_lines import open_csv, read_blocks
from profiles.csv_records import NONE_BROKEN
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused

CUT_OFF = (
    "the file ends in this row without a line break, it may have been cut off: deliver all of it, "
    "with a line break at its end"
)
BLOCK_ROWS = 250_000
_BUFFER_BYTES = 1 << 20
_SINGLE_VALUES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal128,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBlock:
    """Rows of a file: the dataset's columns as text or as the source types them, and `line`.

    `broken` are lines that are no rows: `line`, `reason` and `text`.
    `done` of `total` bytes or rows of the file have been read with it. `cut_line` is the line in
    which the file ends without a line break: nobody can tell whether its last cell is whole.
    """

    cells: pl.DataFrame
    broken: pl.DataFrame
    done: int
    total: int
    cut_line: int | None = None


def read_delivery(source: Path, dataset: Dataset) -> Iterator[RowBlock]:
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


def _read_csv(source: Path, dataset: Dataset) -> Iterator[RowBlock]:
    opened = open_csv(source)
    columns = match_header(source.name, opened.header, dataset)
    names = {f"cell_{place}": column for place, column in enumerate(columns)}
    total = source.stat().st_size
    for block in read_blocks(opened):
        cells = block.cells.rename(names).select("line", *dataset.columns)
        broken, last = block.broken, None
        if not block.ended:
            last = _last_line(cells, broken)
            broken = broken.with_columns(
                reason=pl.when(pl.col("line") == last).then(pl.lit(CUT_OFF)).otherwise("reason")
            )
        yield RowBlock(
            cells=cells, broken=broken, done=block.bytes_read, total=total, cut_line=last
        )


def _last_line(*frames: pl.DataFrame) -> int:
    return int(pl.concat([frame["line"] for frame in frames]).max() or 0)  # type: ignore[arg-type]


def _read_parquet(source: Path, dataset: Dataset) -> Iterator[RowBlock]:
    """Batch by batch, so that a file of any size takes the room of a few batches.

    Dictionaries, as which some writers store texts, are read as the texts they stand for.
    """
    with _telling_damage(source.name):
        file = pq.ParquetFile(
            source, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        )
        schema = _without_dictionaries(file.schema_arrow)
    columns = match_header(source.name, tuple(schema.names), dataset)
    _refuse_types(source.name, columns, schema, dataset)
    return _read_batches(source.name, file, schema.with_metadata(None), columns, dataset)


def _read_batches(
    name: str, file: pq.ParquetFile, schema: pa.Schema, columns: list[str], dataset: Dataset
) -> Iterator[RowBlock]:
    total = file.metadata.num_rows
    line = 0
    with file:
        batches = file.iter_batches(BLOCK_ROWS, use_threads=False)
        while True:
            with _telling_damage(name):
                batch = next(batches, None)
                if batch is None:
                    return
                # A flipped bit may have left texts that are none.
                batch.validate(full=True)
                cells = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch]).cast(schema)))
            cells.columns = columns
            lines = pl.int_range(line + 1, line + 1 + cells.height, eager=True).alias("line")
            line += cells.height
            yield RowBlock(
                cells=cells.select(lines, *dataset.columns),
                broken=NONE_BROKEN,
                done=line,
                total=total,
            )


@contextmanager
def _telling_damage(file: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise DeliveryRefused(
            file, ["is no readable Parquet file: it was cut off or changed"]
        ) from error


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [
            field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
            for field in schema
        ]
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


def _refuse_types(file: str, columns: list[str], schema: pa.Schema, dataset: Dataset) -> None:
    problems = []
    for name, field in zip(columns, schema, strict=True):
        if pa.types.is_floating(field.type) and dataset.columns[name].identifier:
            problems.append(
                f'column "{name}" holds floating-point numbers, which lose digits of an '
                "identifier: write it as text"
            )
        elif not any(is_single(field.type) for is_single in _SINGLE_VALUES):
            problems.append(f'column "{name}" holds {field.type}, which is no single value')
    if problems:
        raise DeliveryRefused(file, problems)
