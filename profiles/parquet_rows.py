"""Parquet files read in batches, so that a file of any size takes the room of a few of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from profiles.column_mapping import ColumnMapping
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused
from profiles.heading import Heading, match_header
from profiles.row_block import NONE_BROKEN, RowBlock

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


def read_parquet_rows(
    source: Path, dataset: Dataset, mapping: ColumnMapping | None
) -> Iterator[RowBlock]:
    """The rows of a Parquet file. Raises `DeliveryRefused` before the first of them.

    Dictionaries, as which some writers store texts, are read as the texts they stand for.
    """
    with _telling_damage(source.name):
        file = pq.ParquetFile(
            source, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        )
        schema = _without_dictionaries(file.schema_arrow)
    heading = match_header(source.name, schema.names, dataset, mapping)
    fields = [
        (field, name) for field, name in zip(schema, heading.names, strict=True) if name is not None
    ]
    _refuse_types(source.name, fields, dataset)
    wanted = pa.schema([field for field, _ in fields])
    return _read_batches(source.name, file, wanted, [name for _, name in fields], heading)


def _read_batches(
    file_name: str, file: pq.ParquetFile, schema: pa.Schema, names: list[str], heading: Heading
) -> Iterator[RowBlock]:
    total = file.metadata.num_rows
    line = 0
    with file:
        batches = file.iter_batches(BLOCK_ROWS, columns=schema.names, use_threads=False)
        while True:
            with _telling_damage(file_name):
                batch = next(batches, None)
                if batch is None and line != total:
                    raise ValueError("a group of rows counts others than it has")
                if batch is None:
                    return
                # A flipped bit may have left texts that are none.
                batch.validate(full=True)
                table = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
                cells = pl.DataFrame(pl.from_arrow(table))
            cells.columns = names
            lines = pl.int_range(line + 1, line + 1 + cells.height, eager=True).alias("line")
            line += cells.height
            yield RowBlock(
                cells=cells.select(lines, *heading.columns),
                heading=heading.cells,
                columns=heading.columns,
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


def _refuse_types(file: str, fields: list[tuple[pa.Field, str]], dataset: Dataset) -> None:
    problems = []
    for field, name in fields:
        if pa.types.is_floating(field.type) and dataset.columns[name].identifier:
            problems.append(
                f'column "{name}" holds floating-point numbers, which lose digits of an '
                "identifier: write it as text"
            )
        elif not any(is_single(field.type) for is_single in _SINGLE_VALUES):
            problems.append(f'column "{name}" holds {field.type}, which is no single value')
    if problems:
        raise DeliveryRefused(file, problems)
