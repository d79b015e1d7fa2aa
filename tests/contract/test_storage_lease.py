"""Leases: one holder at a time, stale tokens refused."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from ledger.errors import LeaseLost
from ledger.lease import Lease, acquire_lease, release_lease, renew_lease
from tests.storage_world import NOW, minutes_later

FIVE_MINUTES = timedelta(minutes=5)


def acquire(engine: Engine, owner: str, now: datetime) -> Lease | None:
    with engine.begin() as connection:
        return acquire_lease(connection, name="run", owner=owner, now=now, lasts=FIVE_MINUTES)


def test_a_held_lease_is_not_given_twice(database: Engine) -> None:
    assert acquire(database, "one", NOW) is not None
    assert acquire(database, "two", minutes_later(4.9)) is None


def test_a_stale_token_is_refused_after_a_takeover(database: Engine) -> None:
    first = acquire(database, "one", NOW)
    second = acquire(database, "two", minutes_later(5))
    assert first is not None
    assert second is not None
    assert second.token > first.token
    with database.begin() as connection, pytest.raises(LeaseLost) as caught:
        renew_lease(connection, first, now=minutes_later(6), lasts=FIVE_MINUTES)
    assert (caught.value.name, caught.value.token) == ("run", first.token)
    with database.begin() as connection, pytest.raises(LeaseLost):
        release_lease(connection, first)
    with database.begin() as connection:
        renew_lease(connection, second, now=minutes_later(6), lasts=FIVE_MINUTES)


def test_a_renewed_lease_lasts_longer(database: Engine) -> None:
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with database.begin() as connection:
        renewed = renew_lease(connection, lease, now=minutes_later(4), lasts=FIVE_MINUTES)
    assert renewed.lease_until == minutes_later(9)
    assert acquire(database, "two", minutes_later(8)) is None


def test_a_lease_given_back_is_free_at_once_and_cannot_be_renewed(database: Engine) -> None:
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with database.begin() as connection:
        release_lease(connection, lease)
    with database.begin() as connection, pytest.raises(LeaseLost):
        renew_lease(connection, lease, now=NOW, lasts=FIVE_MINUTES)
    following = acquire(database, "two", NOW)
    assert following is not None
    assert following.token == lease.token + 1


def test_of_many_that_ask_at_once_one_gets_it(database: Engine) -> None:
    barrier = threading.Barrier(4)
    got: list[Lease | None] = []

    def ask(owner: str) -> None:
        barrier.wait()
        got.append(acquire(database, owner, NOW))

    threads = [threading.Thread(target=ask, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in got if lease is not None]) == 1
    assert len(got) == 4
