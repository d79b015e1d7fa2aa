"""Leases: one holder at a time, stale tokens refused."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select

from ledger.database import reading
from ledger.errors import LeaseLost
from ledger.journal import journal_cursor, journal_entry, record
from ledger.lease import Lease, acquire_lease, fenced, release_lease, renew_lease
from tests.storage_world import ACTOR, NOW, count_rows, minutes_later

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


def test_a_lease_that_ran_out_is_not_renewed_though_nobody_took_it(database: Engine) -> None:
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with database.begin() as connection, pytest.raises(LeaseLost):
        renew_lease(connection, lease, now=lease.lease_until, lasts=FIVE_MINUTES)


def count_entries(engine: Engine) -> int:
    return count_rows(engine, journal_entry)


def write(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, kind="worked", actor=ACTOR, body={}, now=NOW)


def test_a_fenced_engine_commits_while_its_token_is_live_and_then_nothing(
    database: Engine,
) -> None:
    clock = [NOW]
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with fenced(database, lease, now=lambda: clock[0], lasts=FIVE_MINUTES) as guarded:
        write(guarded)
        write(guarded)
        assert count_entries(database) == 2
        clock[0] = lease.lease_until
        with pytest.raises(LeaseLost):
            write(guarded)
        with reading(guarded) as connection:  # whoever only reads may go on
            assert connection.scalar(select(func.count()).select_from(journal_entry)) == 2
    assert count_entries(database) == 2


def test_a_fenced_engine_is_of_no_use_after_its_block(database: Engine) -> None:
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with fenced(database, lease, now=lambda: NOW, lasts=FIVE_MINUTES) as guarded:
        pass
    with pytest.raises(LeaseLost):
        write(guarded)
    write(database)  # the engine itself is not fenced
    assert count_entries(database) == 1


def test_a_token_that_was_taken_over_is_refused_whatever_the_clock_says(database: Engine) -> None:
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with fenced(database, lease, now=lambda: NOW, lasts=FIVE_MINUTES) as guarded:
        assert acquire(database, "two", minutes_later(5)) is not None
        with pytest.raises(LeaseLost):
            write(guarded)
        with guarded.connect() as connection:
            connection.execute(insert(journal_cursor).values(reader="x", sequence=1))
            with pytest.raises(LeaseLost):
                connection.commit()
    assert count_entries(database) == count_rows(database, journal_cursor) == 0


def test_a_renewed_lease_keeps_its_fence_open(database: Engine) -> None:
    clock = [NOW]
    lease = acquire(database, "one", NOW)
    assert lease is not None
    with fenced(database, lease, now=lambda: clock[0], lasts=FIVE_MINUTES) as guarded:
        with database.begin() as connection:
            renew_lease(connection, lease, now=minutes_later(4), lasts=FIVE_MINUTES)
        clock[0] = minutes_later(8)
        write(guarded)
    assert count_entries(database) == 1
