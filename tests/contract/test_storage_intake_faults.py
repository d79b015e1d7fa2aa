"""Intake when the database fails: nothing twice, nothing lost, an error that says what to do."""

import threading
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, exc

import ledger.retry
from awards.award import CHUNK, MOST_AWARDS, award_table
from awards.intake import IntakeReport
from ledger.database import LOOK_SECONDS, ROOM_SECONDS, WAIT_SECONDS, open_database
from ledger.errors import DatabaseBusy, DatabaseFull, EntryRefused, TransactionBroken
from ledger.journal import count_unsealed, journal_entry
from ledger.retry import transact
from tests.storage_world import (
    all_rows,
    count_rows,
    make_run,
    many_matches,
    opened_in_journal,
    opened_in_table,
    take_in,
)

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    for backend in MOST_AWARDS:
        monkeypatch.setitem(MOST_AWARDS, backend, 200)
        monkeypatch.setitem(CHUNK, backend, 50)


@ON_SQLITE
@pytest.mark.parametrize("more", [40, 70, 120])
def test_a_full_disk_rolls_back_and_the_rest_follows_later(database: Engine, more: int) -> None:
    tight = database
    make_run(tight)
    with tight.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + more

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").close()

    tight.dispose()
    event.listen(tight, "connect", limit)
    with pytest.raises(DatabaseFull, match="make room"):
        take_in(tight, many_matches(3_000))
    opened = opened_in_table(tight)
    assert 0 < len(opened) < 3_000
    assert len(opened) % 200 == 0
    assert opened_in_journal(tight) == opened
    event.remove(tight, "connect", limit)
    tight.dispose()
    report = take_in(tight, many_matches(3_000))
    assert report.opened == 3_000 - len(opened)
    assert opened_in_journal(tight) == opened_in_table(tight)


@ON_POSTGRESQL
def test_a_full_disk_of_postgresql_is_named(database: Engine) -> None:
    raised = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
    with database.connect() as connection, pytest.raises(DatabaseFull, match="make room"):
        connection.exec_driver_sql(raised)
    with database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.amount_fen = 10700 THEN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END IF; "
            "RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER fill BEFORE INSERT ON award FOR EACH ROW EXECUTE FUNCTION fill()"
        )
    with pytest.raises(DatabaseFull):  # in the middle of COPY
        take_in(database, many_matches(1_000))
    assert count_rows(database, award_table) in (200, 400, 600, 800)
    assert opened_in_journal(database) == opened_in_table(database)


@ON_SQLITE
def test_a_writer_that_does_not_end_gives_a_clear_error(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.database.WAIT_SECONDS", 0.05)
    first, second = open_database(database_url), open_database(database_url)
    make_run(second)
    waits: list[int] = []

    @event.listens_for(second, "before_cursor_execute")
    def note_wait(connection, cursor, statement, *rest):
        if statement == "BEGIN IMMEDIATE":
            waits.append(cursor.execute("PRAGMA busy_timeout").fetchone()[0])

    with first.begin(), pytest.raises(DatabaseBusy, match="repeat"):
        take_in(second, many_matches(10))
    assert waits == [0]  # the time to wait has passed: what is asked to say why waits no more
    assert take_in(second, many_matches(10)).opened == 10
    first.dispose()
    second.dispose()


def test_an_intake_lets_others_write_between_its_transactions_on_sqlite(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("ledger.database.time.sleep", pauses.append)
    take_in(database, many_matches(1_000))
    expected = [ROOM_SECONDS] * 4 if database.dialect.name == "sqlite" else []
    assert pauses == expected
    assert ROOM_SECONDS > 2 * LOOK_SECONDS  # who waits looks at least once within it


@ON_SQLITE
def test_a_waiting_writer_looks_again_at_once_and_not_after_a_tenth_of_a_second(
    open_engine: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_engine(), open_engine()
    looks: list[float] = []
    with first.connect() as holder:
        writing = holder.begin()

        def sleep(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 40:
                writing.commit()

        monkeypatch.setattr("ledger.database.time.sleep", sleep)
        make_run(second)
    assert looks == [LOOK_SECONDS] * 40
    with second.connect() as connection:  # and COMMIT waits for readers as long as before
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == WAIT_SECONDS * 1000


@ON_POSTGRESQL
@pytest.mark.parametrize("moment", ["before", "after", "in the middle"])
def test_a_connection_ended_by_the_server_is_reconciled(
    database: Engine, postgresql_server: str, moment: str
) -> None:
    """PostgreSQL ends the connection: before COMMIT, after it was done, or between two slices."""
    make_run(database)
    steps = count(1)

    def end_it(connection: Connection) -> None:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        if moment == "after":  # the commit arrives, its confirmation does not
            connection.exec_driver_sql("COMMIT")
        with psycopg.connect(postgresql_server, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))

    def at_commit(connection: Connection) -> None:
        if next(steps) == 3:  # the first belongs to the run
            end_it(connection)
            connection.exec_driver_sql("SELECT 1")  # where the answer would have come

    def at_savepoint(connection: Connection, _name: str) -> None:
        if next(steps) == 6:
            end_it(connection)

    name, listener = ("savepoint", at_savepoint) if "middle" in moment else ("commit", at_commit)
    event.listen(database, name, listener)
    report = take_in(database, many_matches(1_000))
    event.remove(database, name, listener)
    assert report == IntakeReport(opened=1_000)
    assert count_rows(database, award_table) == 1_000
    assert opened_in_journal(database) == opened_in_table(database)
    assert next(steps) > 6


@ON_POSTGRESQL
def test_a_commit_that_is_still_under_way_when_we_look_is_not_doubled(
    database: Engine, postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is too early: what it does not see is there when the repetition writes."""
    monkeypatch.setattr("awards.award.transact", look_too_early)
    make_run(database)
    steps = count(1)

    def at_commit(connection: Connection) -> None:
        if next(steps) == 3:
            backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            connection.exec_driver_sql("COMMIT")
            with psycopg.connect(postgresql_server, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
            connection.exec_driver_sql("SELECT 1")

    event.listen(database, "commit", at_commit)
    report = take_in(database, many_matches(1_000))
    event.remove(database, "commit", at_commit)
    assert report == IntakeReport(opened=800, raced=200)
    assert count_rows(database, award_table) == 1_000
    assert opened_in_journal(database) == opened_in_table(database)


def look_too_early(engine: Engine, work: Callable[[Connection], Any], **_: object) -> Any:
    return transact(engine, work)


@ON_POSTGRESQL
@pytest.mark.parametrize("code", ["serialization_failure", "deadlock_detected"])
def test_what_is_rolled_back_is_tried_again_and_then_told(database: Engine, code: str) -> None:
    make_run(database)
    fails = iter([True, True, False] + 20 * [True])
    tries = Counter[bool]()

    def fail(connection: Connection) -> None:
        tries[True] += 1
        if next(fails):
            connection.exec_driver_sql(
                f"DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '{code}'; END $$"
            )

    def commit(connection: Connection) -> None:
        if connection.exec_driver_sql("SELECT count(*) FROM award").scalar():
            fail(connection)

    event.listen(database, "commit", commit)
    with pytest.raises(TransactionBroken, match="5 times") as broken:
        take_in(database, many_matches(500))
    event.remove(database, "commit", commit)
    assert broken.value.tries == ledger.retry.TRIES == 5
    assert tries[True] == 3 + 5  # the third try of the first transaction went through
    assert count_rows(database, award_table) == 200
    assert opened_in_journal(database) == opened_in_table(database)
    assert take_in(database, many_matches(500)) == IntakeReport(opened=300, unchanged=200)


@ON_POSTGRESQL
def test_a_real_deadlock_is_survived(open_engine: Callable[[], Engine]) -> None:
    """Two take the same matches by policy in opposite order, in one transaction each."""
    engines = [open_engine(), open_engine()]
    make_run(engines[0])
    forth = [many_matches(60, policy="a"), many_matches(60, policy="b")]
    met = threading.Barrier(2)
    first = {id(engine): True for engine in engines}

    def wait_once(connection: Connection, _name: str, _context: object) -> None:
        # after the first slice of each: both hold what the other will ask for
        if first.pop(id(connection.engine), False):
            met.wait(20)

    reports: list[IntakeReport] = []

    def work(engine: Engine, frames: list[Any]) -> None:
        event.listen(engine, "release_savepoint", wait_once)
        reports.append(take_in(engine, iter(frames)))

    threads = [
        threading.Thread(target=work, args=(engine, frames))
        for engine, frames in zip(engines, (forth, forth[::-1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2
    assert sum(report.opened for report in reports) == 120
    assert not first
    assert opened_in_journal(engines[0]) == opened_in_table(engines[0])
    with engines[0].connect() as connection:
        assert count_unsealed(connection) == 121  # and one of the run
    assert deadlocks(engines[0]) >= 1


def deadlocks(engine: Engine) -> int:
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        return int(
            connection.exec_driver_sql(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            ).scalar_one()
        )


def test_other_errors_are_told_at_once(database: Engine) -> None:
    tries: list[Connection] = []

    def work(connection: Connection) -> None:
        tries.append(connection)
        connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(exc.DBAPIError, match="nowhere"):
        transact(database, work)
    assert len(tries) == 1


def test_an_entry_that_must_not_be_clear_takes_its_awards_back(database: Engine) -> None:
    with pytest.raises(EntryRefused):
        take_in(database, many_matches(5, item="13812345678"))
    assert count_rows(database, award_table) == 0
    assert {row.kind for row in all_rows(database, journal_entry)} == {"run.started"}
