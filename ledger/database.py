"""The database: SQLite in one file, or PostgreSQL, behind one set of tables.

Every transaction writes unless it says that it only reads: on SQLite it begins IMMEDIATE, so that
it waits for the one writer instead of failing in its middle.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext

from ledger.errors import DatabaseBusy, DatabaseFull, DatabaseRefused, InstantRefused

WAIT_SECONDS = 30
"""How long a transaction waits for SQLite's one writer."""

LOOK_SECONDS = 0.001
"""How long a transaction sleeps until it looks whether SQLite's one writer has ended."""

ROOM_SECONDS = 0.003
"""How long who writes many transactions lets others begin theirs."""

MIGRATION_LOCK = 5_417_260_112
"""Key of PostgreSQL's advisory lock under which migrations run; any number nobody else uses."""

_DISK_FULL = "53100"
"""PostgreSQL's code."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""The tables of all packages."""

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""A number the database gives out; on SQLite the rowid, which must be called INTEGER."""


class Instant(TypeDecorator[datetime]):
    """A moment, in UTC; a time without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            raise InstantRefused(f"{value} has no time zone (give one, such as UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://host/name`; dispose of it in the end."""
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            if not address.database or ":memory:" in address.database:
                raise DatabaseRefused("SQLite needs a file: sqlite:///path/to/zhida.db")
            engine = create_engine(address, connect_args={"timeout": WAIT_SECONDS})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            event.listen(engine, "handle_error", _name_error)
            return engine
        case "postgresql":
            address = address.set(drivername="postgresql+psycopg")
            engine = create_engine(address, pool_pre_ping=True)
            event.listen(engine, "handle_error", _name_error)
            return engine
        case other:
            raise DatabaseRefused(f'"{other}" is no database Zhida knows (sqlite, postgresql)')


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and leaves SQLite's writer alone."""
    with engine.connect() as connection:
        yield connection.execution_options(zhida_reading=True, postgresql_readonly=True)


def leave_room(engine: Engine) -> None:
    """Between two of many transactions: let another one write, where there is one writer only."""
    if engine.dialect.name == "sqlite":
        time.sleep(ROOM_SECONDS)


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest form, in one transaction; may be repeated at any time."""
    config = Config()
    config.set_main_option("script_location", "ledger:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do ON CONFLICT, in the words of this database."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_absent(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves a row that is there already as it is."""
    return upsert(connection, table).on_conflict_do_nothing()


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the fix for the write-ahead log that a reset could corrupt.

    It came with 3.51.3 and was carried back to 3.50.7 and 3.44.6.
    """
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Settings of one connection; transactions are begun by `_begin_sqlite` alone."""
    connection.isolation_level = None
    wal = wal_is_safe(sqlite3.sqlite_version_info)
    for pragma in (
        "foreign_keys = ON",
        f"journal_mode = {'WAL' if wal else 'DELETE'}",
        "synchronous = FULL",
        "cache_size = -65536",  # in KiB: 64 MiB
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("zhida_reading", False):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout = 0").close()
    try:
        if not _begin_to_write(driver):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # says at once what is wrong
    finally:
        driver.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000:.0f}").close()


def _begin_to_write(driver: Any) -> bool:
    """Begin as the one writer, looking again and again for WAIT_SECONDS; False if it could not.

    SQLite's own waiting (`busy_timeout`, which is to be 0) looks every tenth of a second at last,
    and would wait for seconds beside somebody who begins anew at each end.
    """
    for _ in range(int(WAIT_SECONDS / LOOK_SECONDS)):
        try:
            driver.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(LOOK_SECONDS)
        else:
            return True
    return False


def raise_named(error: BaseException | None) -> None:
    """Raise what says what to do where the driver only says "database is locked" or "full"."""
    code = getattr(error, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise DatabaseBusy(
            f"the database was locked by another process for {WAIT_SECONDS} seconds "
            "(wait for it to end, then repeat: nothing was written)"
        ) from error
    if code == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == _DISK_FULL:
        raise DatabaseFull(
            "no room is left for the database (make room on its disk, then repeat the command: "
            "what was committed stays and is not doubled)"
        ) from error


def _name_error(context: ExceptionContext) -> None:
    raise_named(context.original_exception)
