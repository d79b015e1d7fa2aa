"""What the database itself refuses, told as one of our errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from ledger.errors import ChangeRefused

INTEGRITY_VIOLATION = "23000"
"""PostgreSQL's code for what our triggers refuse; its own constraints have others."""


@contextmanager
def refusals() -> Iterator[None]:
    """Raise ChangeRefused with the trigger's message where a trigger refuses a statement."""
    try:
        yield
    except DBAPIError as error:
        message = _message_of(error.orig)
        if message is None:
            raise
        raise ChangeRefused(f"the database refuses it: {message}") from error


def _message_of(original: Any) -> str | None:
    """The message of a trigger; None where something else was wrong."""
    if isinstance(original, sqlite3.IntegrityError):
        code = getattr(original, "sqlite_errorname", "")
        return str(original) if code == "SQLITE_CONSTRAINT_TRIGGER" else None
    if getattr(original, "sqlstate", None) == INTEGRITY_VIOLATION:
        return str(original.diag.message_primary)
    return None
