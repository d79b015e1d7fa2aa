"""Reasons that are kept say what failed and where, and never what stood in a cell."""

import errno
from collections.abc import Callable

import polars as pl
import psycopg
import pytest
from sqlalchemy import Connection, Engine, exc

from console.errors import NothingThere
from console.failure import MOST_LETTERS, name_failure, show_database_failure
from ledger.errors import DatabaseBusy

IMPOSSIBLE = "990199199013990000"
"""Shaped like an identity number, of a region and a month that there are not."""
NAME = "张某某"


def raised(act: Callable[[], object]) -> Exception:
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_of_a_librarys_error_type_file_and_line_are_kept_and_no_cell() -> None:
    column = pl.Series([f"{NAME} {IMPOSSIBLE}"])
    error = raised(lambda: column.cast(pl.Int64))
    assert NAME in str(error)  # what must not be kept
    reason = name_failure(error)
    assert NAME not in reason
    assert IMPOSSIBLE[:6] not in reason
    assert reason.startswith("an error that was not expected (InvalidOperationError at ")
    assert reason.endswith(")")


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, UnicodeError, ExceptionGroup])
def test_of_a_builtin_error_no_word_is_kept(kind: type[Exception]) -> None:
    def fail() -> None:
        if kind is ExceptionGroup:
            raise ExceptionGroup(NAME, [ValueError(IMPOSSIBLE)])
        raise kind(f"{NAME} {IMPOSSIBLE}")

    reason = name_failure(raised(fail))
    assert NAME not in reason
    assert IMPOSSIBLE[:6] not in reason
    assert f"({kind.__name__} at test_failure.py:" in reason


def test_what_a_database_quotes_of_a_row_is_not_kept(database: Engine) -> None:
    def insert(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE one (id integer NOT NULL)")
        value = f"'{NAME}'" if database.dialect.name == "postgresql" else "NULL"
        connection.exec_driver_sql(f"INSERT INTO one VALUES ({value})")

    with database.connect() as connection:
        error = raised(lambda: insert(connection))
    assert isinstance(error, exc.SQLAlchemyError)
    assert NAME not in show_database_failure(error)
    reason = name_failure(error)
    assert NAME not in reason
    name = {
        "sqlite": "SQLITE_CONSTRAINT_NOTNULL",
        "postgresql": "InvalidTextRepresentation, SQLSTATE 22P02",
    }[database.dialect.name]
    assert reason.startswith(f"the database cannot be used: {name} (")


def test_a_connection_that_broke_is_named_by_the_drivers_type() -> None:
    error = exc.OperationalError("INSERT", {"id": NAME}, psycopg.OperationalError(NAME))
    assert name_failure(error) == "the database cannot be used: OperationalError (OperationalError)"


def test_who_calls_a_command_is_told_in_the_drivers_words_that_no_server_answers() -> None:
    error = exc.OperationalError("", {}, psycopg.OperationalError("connection refused\nhint"))
    assert show_database_failure(error) == "the database cannot be used: connection refused"
    assert show_database_failure(exc.InvalidRequestError(NAME)).endswith(": InvalidRequestError")


def test_what_the_system_refuses_is_said_without_the_files_name() -> None:
    error = OSError(errno.ENOSPC, "anything", f"/deliveries/{NAME}.csv")
    assert name_failure(error) == "No space left on device (OSError)"


def test_our_own_errors_keep_their_words_and_no_long_number() -> None:
    assert name_failure(DatabaseBusy("locked\n  by another")) == "locked by another"
    assert IMPOSSIBLE not in name_failure(NothingThere(f"there is no {IMPOSSIBLE}"))
    assert name_failure(NothingThere()) == "NothingThere"
    assert len(name_failure(NothingThere("x " * 5_000))) == MOST_LETTERS
