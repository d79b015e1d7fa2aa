"""A lease kept alive by a thread, for as long as its work takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import DatabaseBusy, LeaseLost
from ledger.lease import Lease, renew_lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What time it is, and how to wait: `wait` ends when the event is set or so many seconds have
    passed, and says whether it was set."""

    now: Callable[[], datetime]
    wait: Callable[[Event, float | None], bool]


@contextmanager
def kept_alive(engine: Engine, lease: Lease, *, clock: Clock, lasts: timedelta) -> Iterator[None]:
    """Renew the lease three times in its length until the block ends.

    A renewal that the database refuses for now is tried again a third later. When the lease is lost
    there is nothing more to do: what is fenced by it is refused where it commits.
    """
    ended = Event()

    def renew() -> None:
        while not clock.wait(ended, lasts.total_seconds() / 3):
            try:
                with engine.begin() as connection:
                    renew_lease(connection, lease, now=clock.now(), lasts=lasts)
            except LeaseLost:
                return
            except (DatabaseBusy, SQLAlchemyError):
                continue

    beating = Thread(target=renew, name=f"lease {lease.name}", daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
