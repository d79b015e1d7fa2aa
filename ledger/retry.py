"""A transaction that the database breaks off is repeated, a few times.

After a deadlock or a serialization failure nothing of it was written. Where the connection was lost
while it committed, nobody knows: so only a transaction is given here that may be repeated, since
what it finds written already it leaves as it is.
"""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from sqlalchemy import Connection, Engine, exc

from ledger.errors import TransactionBroken

TRIES = 5
_ROLLED_BACK = ("40001", "40P01")
"""PostgreSQL's codes of a serialization failure and of a deadlock."""
_LOST = ("57P01", "57P02", "57P03")
"""Ended by an administrator, by a crash, or starting up; classes 08 are all of connections."""

T = TypeVar("T")


def transact(
    engine: Engine,
    work: Callable[[Connection], T],
    *,
    look: Callable[[Connection], T | None] = lambda _: None,
) -> T:
    """What `work` gives, done in one transaction, up to TRIES times.

    After a lost connection `look` tells what the transaction gave if it was committed, and None
    if it was not. Raises TransactionBroken when the last try is broken off too.
    """
    is_lost = False
    for attempt in count(1):
        try:
            if is_lost:
                with engine.connect() as connection:
                    found = look(connection)
                if found is not None:
                    return found
            with engine.begin() as connection:
                return work(connection)
        except exc.DBAPIError as error:
            broken = why_broken(error)
            if broken is None:
                raise
            is_lost = is_lost or broken == "lost"
            if attempt == TRIES:
                raise TransactionBroken(tries=TRIES, reason=_WORDS[broken]) from error
    raise AssertionError("unreachable")


_WORDS = {
    "rolled back": "it and another one waited for each other, or changed the same rows",
    "lost": "the connection was lost",
}


def why_broken(error: exc.DBAPIError) -> str | None:
    """`rolled back` or `lost`, if a repetition may help; None for any other error."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if state in _ROLLED_BACK:
        return "rolled back"
    if error.connection_invalidated or state in _LOST or state.startswith("08"):
        return "lost"
    return None
