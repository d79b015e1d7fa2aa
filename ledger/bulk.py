"""Many rows of one table in few statements, given by columns.

`shared` holds what all rows have in common, `columns` one value a row; at least one column varies.
A driver spends most of its time on each row's statement: SQLite takes a few hundred rows of VALUES
as one, at a third of the time of `executemany`, and PostgreSQL takes COPY.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import chain
from typing import Any

import psycopg
from sqlalchemy import Connection, CursorResult, Table, exc

from ledger.database import raise_named

ROWS = 500
"""Rows in one statement on SQLite: more gain nothing. Rows times columns stay below its limit of
32,766 values."""

_TWICE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
"""How SQLite says that a row is there already."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
"""What COPY's text format asks for."""


def insert_columns(
    connection: Connection,
    table: Table,
    *,
    shared: Mapping[str, object],
    columns: Mapping[str, Sequence[object]],
) -> None:
    """Insert all rows, in their order; an error of the database means that none is there."""
    constants, varying = _bound(connection, table, shared, columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, table.name, constants, varying)
        return
    for some in _slices(varying):
        _insert_values(connection, table.name, constants, some, "")


def insert_absent_columns(
    connection: Connection,
    table: Table,
    *,
    shared: Mapping[str, object],
    columns: Mapping[str, Sequence[object]],
) -> set[str]:
    """Insert the rows that no constraint holds to be there already; the ids of those inserted.

    `columns` has the `id` of each row.
    """
    constants, varying = _bound(connection, table, shared, columns)
    if connection.dialect.name == "postgresql":
        return _copy_absent(connection, table.name, constants, varying)
    inserted: set[str] = set()
    for some in _slices(varying):
        try:
            # what must tell its rows takes a third longer; SQLite undoes a statement that fails
            _insert_values(connection, table.name, constants, some, "")
            inserted.update(map(str, some["id"]))
        except exc.IntegrityError as error:
            if getattr(error.orig, "sqlite_errorname", "") not in _TWICE:
                raise
            tail = "ON CONFLICT DO NOTHING RETURNING id"
            inserted.update(_insert_values(connection, table.name, constants, some, tail).scalars())
    return inserted


def update_columns(
    connection: Connection, table: Table, *, key: str, columns: Mapping[str, Sequence[object]]
) -> None:
    """Set the other columns of the rows that have a value of `key`, which is among `columns`."""
    _, varying = _bound(connection, table, {}, columns)
    changes = [name for name in varying if name != key]
    order = {name: f"column{place}" for place, name in enumerate(varying, start=1)}
    setting = ", ".join(f'"{name}" = many.{order[name]}' for name in changes)
    if connection.dialect.name == "postgresql":
        kinds = [table.c[name].type.compile(connection.dialect) for name in varying]
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        connection.exec_driver_sql(
            f'UPDATE "{table.name}" AS one SET {setting} '
            f"FROM unnest({arrays}) AS many ({', '.join(order.values())}) "
            f'WHERE one."{key}" = many.{order[key]}',
            tuple(list(values) for values in varying.values()),
        )
        return
    for some in _slices(varying):
        rows = list(zip(*some.values(), strict=True))
        row = f"({', '.join('?' * len(some))})"
        connection.exec_driver_sql(
            f'UPDATE "{table.name}" SET {setting} '
            f"FROM (VALUES {', '.join([row] * len(rows))}) AS many "
            f'WHERE "{table.name}"."{key}" = many.{order[key]}',
            tuple(chain.from_iterable(rows)),
        )


def copy_out(connection: Connection, query: str, values: Sequence[object]) -> bytes:
    """What the query gives on PostgreSQL, as CSV in UTF-8: texts in quotes where need be."""
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"
    with _told_as_others(connection, statement):
        cursor = connection.connection.cursor()
        with cursor.copy(statement, values) as copy:
            content = b"".join(copy)
        cursor.close()
    return content


def _bound(
    connection: Connection,
    table: Table,
    shared: Mapping[str, object],
    columns: Mapping[str, Sequence[object]],
) -> tuple[dict[str, object], dict[str, Sequence[object]]]:
    """The values as the driver takes them."""
    constants, varying = dict(shared), dict(columns)
    for name in (*shared, *columns):
        dialect = connection.dialect
        bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if bind is None:
            continue
        if name in constants:
            constants[name] = bind(constants[name])
        else:
            varying[name] = [bind(value) for value in varying[name]]
    return constants, varying


def _slices(varying: Mapping[str, Sequence[object]]) -> Iterator[dict[str, Sequence[object]]]:
    count = len(next(iter(varying.values())))
    for start in range(0, count, ROWS):
        yield {name: values[start : start + ROWS] for name, values in varying.items()}


def _insert_values(
    connection: Connection,
    table: str,
    constants: Mapping[str, object],
    varying: Mapping[str, Sequence[object]],
    tail: str,
) -> CursorResult[Any]:
    """Insert into SQLite by one statement."""
    rows = list(zip(*varying.values(), strict=True))
    row = f"({', '.join('?' * len(varying))})"
    # WHERE, or SQLite takes ON CONFLICT for a join's ON
    return connection.exec_driver_sql(
        f'INSERT INTO "{table}" ({_names([*varying, *constants])}) '
        f"SELECT {', '.join(['many.*', *('?' for _ in constants)])} "
        f"FROM (VALUES {', '.join([row] * len(rows))}) AS many WHERE TRUE {tail}",
        (*constants.values(), *chain.from_iterable(rows)),
    )


def _copy_absent(
    connection: Connection,
    table: str,
    constants: Mapping[str, object],
    varying: Mapping[str, Sequence[object]],
) -> set[str]:
    """Copy into PostgreSQL's table; only where a row is there already by way of another table.

    COPY knows no ON CONFLICT, and the other table costs as much again.
    """
    attempt = connection.begin_nested()
    try:
        _copy(connection, table, constants, varying)
    except exc.IntegrityError as error:
        attempt.rollback()
        if not isinstance(error.orig, psycopg.errors.UniqueViolation):
            raise
    else:
        attempt.commit()
        return {str(value) for value in varying["id"]}
    names = _names(varying)
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE pending ON COMMIT DROP AS SELECT {names} FROM "{table}" '
        "WITH NO DATA"
    )
    _copy(connection, "pending", {}, varying)
    inserted = connection.exec_driver_sql(
        f'INSERT INTO "{table}" ({_names([*varying, *constants])}) '
        f"SELECT {', '.join([names, *('%s' for _ in constants)])} FROM pending "
        "ON CONFLICT DO NOTHING RETURNING id",
        tuple(constants.values()),
    )
    ids = set(inserted.scalars())
    connection.exec_driver_sql("DROP TABLE pending")
    return ids


def _copy(
    connection: Connection,
    table: str,
    constants: Mapping[str, object],
    varying: Mapping[str, Sequence[object]],
) -> None:
    if not next(iter(varying.values()), ()):
        return  # a row of constants alone, or an empty one, is none
    statement = f'COPY "{table}" ({_names([*constants, *varying])}) FROM STDIN'
    lead = "".join(f"{text}\t" for value in constants.values() for text in _texts([value]))
    lines = map("\t".join, zip(*map(_texts, varying.values()), strict=True))
    rows = f"{lead}{f'{chr(10)}{lead}'.join(lines)}\n"
    with _told_as_others(connection, statement):
        cursor = connection.connection.cursor()
        with cursor.copy(statement) as copy:
            copy.write(rows)
        cursor.close()


def _texts(values: Sequence[object]) -> Sequence[str]:
    """Values in COPY's text format."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return [str(value) for value in values]
    if kinds == {str}:
        texts = [str(value) for value in values]
        whole = "".join(texts)
        if "\\" in whole or "\n" in whole or "\t" in whole or "\r" in whole:
            return [text.translate(_ESCAPES) for text in texts]
        return texts
    return [_text(value) for value in values]


def _text(value: object) -> str:
    match value:
        case None:
            return "\\N"
        case str():
            return value.translate(_ESCAPES)
        case bool():
            return "t" if value else "f"
        case int():
            return str(value)
        case date():  # and a moment, which is one
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not copied into the database")


@contextmanager
def _told_as_others(connection: Connection, statement: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy does, which does not see what is copied."""
    try:
        yield
    except psycopg.Error as error:
        raise_named(error)
        driver: Any = connection.connection.dbapi_connection
        lost = bool(driver.closed)
        if lost:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            statement,
            None,
            error,
            psycopg.Error,
            connection_invalidated=lost,
            dialect=connection.dialect,
        ) from error


def _names(names: Mapping[str, Any] | Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
