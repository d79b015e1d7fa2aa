"""A worker under a lease that tells where it is and waits there, to be stopped with SIGSTOP.

Run as `stopped_worker.py URL MINUTES WHERE`: it takes the lease at that minute, announces `before`,
`inside` or `checked` (before its transaction, after its statement, or after the fence has looked
and before the commit itself), waits for a line with the minute that its clock shows from then on,
and ends with `committed`, `lost` or `ended` (the database has ended its transaction).
"""

import sys

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from ledger.database import open_database
from ledger.errors import LeaseLost
from ledger.journal import record
from ledger.lease import acquire_lease, fenced
from tests.storage_world import ACTOR, minutes_later

LASTS = minutes_later(1) - minutes_later(0)
SILENCE = LASTS / 60
"""One second: the longest that PostgreSQL lets a silent transaction hold its locks here."""


def work(url: str, minutes: float, where: str) -> str:
    """What came of one entry written under the lease."""
    clock = [minutes]

    def wait(place: str) -> None:
        if place == where:
            print(place, flush=True)
            clock[0] = float(sys.stdin.readline())

    engine = open_database(url)
    with engine.begin() as connection:
        lease = acquire_lease(
            connection, name="run", owner="one", now=minutes_later(minutes), lasts=LASTS
        )
    assert lease is not None
    with fenced(engine, lease, now=lambda: minutes_later(clock[0]), lasts=SILENCE) as guarded:

        def checked(_connection: Connection) -> None:
            wait("checked")

        event.listen(guarded, "commit", checked)
        wait("before")
        try:
            with guarded.begin() as connection:
                record(connection, kind="worked", actor=ACTOR, body={}, now=minutes_later(minutes))
                wait("inside")
        except LeaseLost:
            return "lost"
        except DBAPIError:
            return "ended"
    return "committed"


if __name__ == "__main__":
    url, minutes, where = sys.argv[1:]
    print(work(url, float(minutes), where), flush=True)
