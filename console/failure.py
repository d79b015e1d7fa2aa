"""Why something failed, in a line that may be kept and shown.

Our own errors never repeat a cell's value. Those of libraries do: polars quotes what it cannot
convert, PostgreSQL the key that is there twice. Of these only what they are and where they came
from is said.
"""

import os
from pathlib import Path
from traceback import extract_tb

from sqlalchemy.exc import SQLAlchemyError

from engine.shown_value import mask

MOST_LETTERS = 500
"""Of a reason that is kept."""

_OURS = frozenset(
    {"awards", "console", "engine", "language", "ledger", "notifier", "policies", "profiles"}
)
_QUOTING = ("22", "23", "P0")
"""Classes of SQLSTATE whose messages name values: data, constraints, what triggers raise."""


def name_failure(error: BaseException) -> str:
    """Our own error's words; of any other its type, file and line, and the system's or the
    database's own name for it."""
    if type(error).__module__.partition(".")[0] in _OURS:
        words = " ".join(str(error).split()) or type(error).__name__
        return mask(words)[:MOST_LETTERS]
    if isinstance(error, SQLAlchemyError):
        return f"{name_database_failure(error)} ({_say_where(error)})"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{os.strerror(error.errno)} ({_say_where(error)})"
    return f"an error that was not expected ({_say_where(error)})"


def name_database_failure(error: SQLAlchemyError) -> str:
    """The name that the database has for it, without its message: that may quote a row."""
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorname", None)
    if code is None and (state := getattr(original, "sqlstate", None)):
        code = f"{type(original).__name__}, SQLSTATE {state}"
    return f"the database cannot be used: {code or type(original or error).__name__}"


def show_database_failure(error: SQLAlchemyError) -> str:
    """For whoever has just called the command: the database's own words, if they quote no row."""
    original = getattr(error, "orig", None)
    state = getattr(original, "sqlstate", None) or ""
    if original is None or state[:2] in _QUOTING:
        return name_database_failure(error)
    return f"the database cannot be used: {next(iter(str(original).splitlines()), '')}"


def _say_where(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
