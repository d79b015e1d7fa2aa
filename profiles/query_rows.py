"""Rows asked of a department's database, with whatever SQLAlchemy speaks to it.

The rows are streamed: the database sends some at a time where it can. The address holds a
password, so that messages name no more of it than the host and the database.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import URL, Connection, CursorResult, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from profiles.column_mapping import ColumnMapping
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused
from profiles.heading import Heading, match_header
from profiles.identifier import mask_long_numbers
from profiles.row_block import NONE_BROKEN, RowBlock

BLOCK_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of which database. The address is never shown, `name` stands for it."""

    url: str = field(repr=False)
    sql: str

    @property
    def name(self) -> str:
        """The database in words: its kind, host and name."""
        return _describe(_read_url(self.url))

    @property
    def sha256(self) -> str:
        """A hash of what was asked, and of whom."""
        return hashlib.sha256(f"{self.name}\n{self.sql}".encode()).hexdigest()


def read_query(
    query: Query, dataset: Dataset, mapping: ColumnMapping | None = None
) -> Iterator[RowBlock]:
    """The rows that a query gives. Raises `DeliveryRefused` where they cannot be had."""
    url = _read_url(query.url)
    name = _describe(url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DeliveryRefused(name, ["there is no such file"])
    with _telling(name, url):
        engine = create_engine(url, poolclass=NullPool)
    with _connected(name, url, engine.connect) as connection:
        with _telling(name, url):
            result = _ask(connection, query.sql)
        with closing(result):
            if not result.returns_rows:
                raise DeliveryRefused(name, ["the query gives no rows: write a SELECT"])
            heading = match_header(name, list(result.keys()), dataset, mapping)
            yield from _read_blocks(name, result, heading)


def _read_blocks(name: str, result: CursorResult[Any], heading: Heading) -> Iterator[RowBlock]:
    line = 0
    partitions = result.partitions(BLOCK_ROWS)
    while True:
        try:
            rows = next(partitions, None)
        except SQLAlchemyError as error:
            raise DeliveryRefused(name, [f"the query failed after {line:,} rows"]) from error
        if rows is None:
            return
        lines = pl.int_range(line + 1, line + 1 + len(rows), eager=True).alias("line")
        line += len(rows)
        columns = {"line": lines}
        for column, values in zip(heading.names, zip(*rows, strict=True), strict=True):
            if column is not None:
                columns[column] = _to_series(name, column, values)
        yield RowBlock(
            cells=pl.DataFrame(columns).select("line", *heading.columns),
            heading=heading.cells,
            columns=heading.columns,
            broken=NONE_BROKEN,
            done=line,
            total=line,
        )


def _ask(connection: Connection, sql: str) -> CursorResult[Any]:
    """Run the query as it stands, without changing anything where the database can see to that."""
    options: dict[str, Any] = {"stream_results": True, "yield_per": BLOCK_ROWS}
    if connection.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    # A colon or a percent sign of the query is no parameter.
    return connection.execution_options(**options, no_parameters=True).exec_driver_sql(sql)


def _to_series(name: str, column: str, values: Sequence[Any]) -> pl.Series:
    """Values of one column: typed where all of them are of one plain type, else as texts."""
    found = {type(value) for value in values} - {type(None)}
    unknown = [kind.__name__ for kind in found if kind not in _WRITTEN]
    if unknown:
        problem = f'column "{column}" holds {", ".join(sorted(unknown))}, which is no single value'
        raise DeliveryRefused(name, [problem])
    if len(found) == 1:
        dtype = _TYPED.get(next(iter(found)))
        if dtype is not None:
            try:
                return pl.Series(column, values, dtype=dtype)
            except (OverflowError, pl.exceptions.PolarsError, TypeError):
                pass  # integers of more than 64 bits
    texts = [None if value is None else _WRITTEN[type(value)](value) for value in values]
    return pl.Series(column, texts, dtype=pl.String)


def _read_url(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise DeliveryRefused(
            "the database",
            ["its address cannot be read: write dialect+driver://user:password@host/database"],
        ) from None


def _describe(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"sqlite {Path(url.database or 'in memory').name}"
    return f"{url.get_backend_name()} {url.host or 'here'}/{url.database or ''}"


@contextmanager
def _connected(name: str, url: URL, connect: Callable[[], Connection]) -> Iterator[Connection]:
    with _telling(name, url):
        connection = connect()
    with connection:
        yield connection


@contextmanager
def _telling(name: str, url: URL) -> Iterator[None]:
    """What the database says at the beginning, before it has read anybody's row."""
    try:
        yield
    except (ImportError, SQLAlchemyError, OSError) as error:
        if isinstance(error, DBAPIError):
            said = next(iter(str(error.orig).splitlines()), "") or "gives no reason"
        elif isinstance(error, (ImportError, NoSuchModuleError)):
            said = f"there is no driver for {url.drivername} here: install it"
        else:
            said = "cannot be reached"
        for secret in (url.password, *url.query.values()):
            said = said.replace(str(secret), "***") if secret else said
        raise DeliveryRefused(name, [mask_long_numbers(pl.Series([said[:300]]))[0]]) from None


_TYPED: Mapping[type, pl.DataType] = MappingProxyType(
    {str: pl.String(), int: pl.Int64(), bool: pl.Boolean(), date: pl.Date(), float: pl.Float64()}
)
_WRITTEN: Mapping[type, Callable[[Any], str]] = MappingProxyType(
    {
        str: str,
        int: str,
        float: repr,
        bool: lambda value: "true" if value else "false",
        date: date.isoformat,
        datetime: lambda value: value.strftime("%Y-%m-%d %H:%M:%S"),
        Decimal: lambda value: format(value, "f"),
        UUID: str,
    }
)
