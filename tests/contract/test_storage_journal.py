"""The journal: order, seals, guards, and finding what was tampered with."""

import hashlib
import json
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, delete, exc, text, update

from ledger.database import reading
from ledger.errors import EntryRefused, JournalBroken
from ledger.journal import (
    GENESIS,
    Checkpoint,
    advance_cursor,
    count_unsealed,
    journal_entry,
    keyed_hash,
    parse_checkpoint,
    read_checkpoint,
    read_cursor,
    record,
    seal,
    sealed_entries,
    verify,
)
from tests.storage_world import ACTOR, NOW, minutes_later, subject_of

DROP_GUARDS = {
    "sqlite": ("DROP TRIGGER journal_entry_no_update", "DROP TRIGGER journal_entry_no_delete"),
    "postgresql": ("ALTER TABLE journal_entry DISABLE TRIGGER ALL",),
}
columns = journal_entry.c


def write_entries(engine: Engine, count: int, *, first: int = 1) -> None:
    for number in range(first, first + count):
        with engine.begin() as connection:
            write_entry(connection, number)


def write_entry(connection: Connection, number: int) -> None:
    record(
        connection,
        kind="award.opened",
        actor=ACTOR,
        subject=subject_of(number),
        body={"amount_fen": number, "item": "甲", "missing": None},
        now=minutes_later(number),
    )


@pytest.fixture
def sealed(database: Engine) -> Engine:
    """A journal of nine sealed entries."""
    write_entries(database, 9)
    assert seal(database, now=NOW, batch=4) == 9
    return database


@pytest.fixture
def unguarded(sealed: Engine) -> Engine:
    """The same, for somebody with the right to change tables."""
    with sealed.begin() as connection:
        for statement in DROP_GUARDS[sealed.dialect.name]:
            connection.execute(text(statement))
    return sealed


def find_break(engine: Engine, checkpoint: Checkpoint | None = None) -> int:
    with reading(engine) as connection, pytest.raises(JournalBroken) as caught:
        verify(connection, checkpoint)
    return caught.value.sequence


def test_an_entry_vanishes_with_its_transaction(database: Engine) -> None:
    with database.connect() as connection:
        write_entry(connection, 1)
        connection.rollback()
    assert seal(database, now=NOW) == 0


def test_readers_see_sealed_entries_only(database: Engine) -> None:
    write_entries(database, 2)
    with reading(database) as connection:
        assert sealed_entries(connection, 0) == []
        assert count_unsealed(connection) == 2
    seal(database, now=NOW)
    write_entries(database, 1, first=3)
    with reading(database) as connection:
        assert [entry.sequence for entry in sealed_entries(connection, 0)] == [1, 2]
        assert [entry.sequence for entry in sealed_entries(connection, 1)] == [2]
        assert len(sealed_entries(connection, 0, limit=1)) == 1


def test_a_sealed_entry_reads_as_it_was_written(sealed: Engine) -> None:
    with reading(sealed) as connection:
        entry = sealed_entries(connection, 4)[0]
    assert (entry.sequence, entry.kind, entry.actor) == (5, "award.opened", ACTOR)
    assert entry.subject == subject_of(5)
    assert entry.recorded_at == minutes_later(5)
    assert entry.body == {"amount_fen": 5, "item": "甲", "missing": None}


def test_hashes_are_those_of_the_published_recipe(sealed: Engine) -> None:
    with reading(sealed) as connection:
        entries = sealed_entries(connection, 0)
    previous = "0" * 64
    for number, entry in enumerate(entries, start=1):
        body = f'{{"amount_fen":{number},"item":"甲","missing":null}}'
        content = [
            number,
            f"2025-12-01T08:{number:02d}:00.000000+00:00",
            "award.opened",
            ACTOR,
            subject_of(number),
            body,
        ]
        text_of = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256((previous + text_of).encode()).hexdigest()
        assert entry.hash == previous
    assert len(entries) == 9


def test_a_good_journal_verifies_to_its_end(sealed: Engine) -> None:
    with reading(sealed) as connection:
        end = read_checkpoint(connection)
        assert verify(connection) == end
        assert verify(connection, end) == end
        assert verify(connection, Checkpoint(sequence=0, hash=GENESIS)) == end
    assert end.sequence == 9


def test_an_empty_journal_verifies(database: Engine) -> None:
    with reading(database) as connection:
        assert verify(connection) == Checkpoint(sequence=0, hash=GENESIS)


@pytest.mark.parametrize(
    "statement",
    [
        update(journal_entry).where(columns.sequence == 3).values(body="{}"),
        update(journal_entry).where(columns.sequence == 3).values(sequence=30),
        update(journal_entry).where(columns.sequence == 3).values(sequence=None, hash=None),
        delete(journal_entry).where(columns.sequence == 3),
        delete(journal_entry).where(columns.sequence.is_(None)),
        update(journal_entry).where(columns.sequence.is_(None)).values(body="{}"),
        update(journal_entry).where(columns.sequence.is_(None)).values(actor="other"),
    ],
)
def test_the_database_refuses_changes(sealed: Engine, statement: object) -> None:
    write_entries(sealed, 1, first=10)
    with sealed.begin() as connection, pytest.raises(exc.IntegrityError, match="append-only"):
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_refuses_to_truncate(sealed: Engine) -> None:
    with sealed.begin() as connection, pytest.raises(exc.IntegrityError, match="append-only"):
        connection.execute(text("TRUNCATE journal_entry"))


@pytest.mark.parametrize(
    "change",
    [
        {"body": '{"amount_fen":400,"item":"甲","missing":null}'},
        {"actor": "other"},
        {"subject": subject_of(99)},
        {"kind": "award.closed"},
        {"recorded_at": minutes_later(99)},
        {"hash": "1" * 64},
    ],
)
def test_an_altered_entry_is_named(unguarded: Engine, change: dict[str, object]) -> None:
    with unguarded.begin() as connection:
        connection.execute(update(journal_entry).where(columns.sequence == 4).values(**change))
    assert find_break(unguarded) == 4


@pytest.mark.parametrize("place", [1, 4])
def test_a_deleted_entry_is_named(unguarded: Engine, place: int) -> None:
    with unguarded.begin() as connection:
        connection.execute(delete(journal_entry).where(columns.sequence == place))
    assert find_break(unguarded) == place


def test_reordered_entries_are_named(unguarded: Engine) -> None:
    with unguarded.begin() as connection:
        for before, after in ((4, 40), (5, 4), (40, 5)):
            connection.execute(
                update(journal_entry).where(columns.sequence == before).values(sequence=after)
            )
    assert find_break(unguarded) == 4


def test_a_cut_tail_shows_against_a_checkpoint(unguarded: Engine) -> None:
    with reading(unguarded) as connection:
        exported = str(read_checkpoint(connection))
    with unguarded.begin() as connection:
        connection.execute(delete(journal_entry).where(columns.sequence > 6))
    with reading(unguarded) as connection:
        assert verify(connection).sequence == 6  # by itself it looks whole
    assert find_break(unguarded, parse_checkpoint(exported)) == 7


def test_a_journal_rewritten_from_the_start_shows_against_a_checkpoint(unguarded: Engine) -> None:
    with reading(unguarded) as connection:
        exported = read_checkpoint(connection)
    with unguarded.begin() as connection:
        connection.execute(update(journal_entry).values(actor="other", sequence=None, hash=None))
    seal(unguarded, now=NOW)
    with reading(unguarded) as connection:
        assert verify(connection).sequence == 9  # by itself it looks whole
    assert find_break(unguarded, exported) == 9


def test_sealers_at_the_same_time_make_one_chain(open_engine: Callable[[], Engine]) -> None:
    engines = [open_engine() for _ in range(3)]
    write_entries(engines[0], 40)
    barrier = threading.Barrier(len(engines))
    counts: list[int] = []

    def work(engine: Engine, owner: str) -> None:
        barrier.wait()
        counts.append(seal(engine, now=NOW, batch=3, owner=owner))

    threads = [
        threading.Thread(target=work, args=(engine, f"sealer-{number}"))
        for number, engine in enumerate(engines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engines[0]) as connection:
        assert verify(connection).sequence == 40
    assert sum(counts) == 40


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_entry_that_commits_late_comes_later_instead_of_being_overtaken(
    database: Engine,
) -> None:
    with database.connect() as slow:
        write_entry(slow, 1)
        write_entries(database, 1, first=2)
        seal(database, now=NOW)
        slow.commit()
    seal(database, now=NOW)
    with reading(database) as connection:
        entries = sealed_entries(connection, 0)
    assert [entry.body["amount_fen"] for entry in entries] == [2, 1]


def test_two_readers_cannot_move_one_cursor_over_the_same_entries(database: Engine) -> None:
    with database.begin() as connection:
        assert read_cursor(connection, "reader") == 0
        assert advance_cursor(connection, "reader", since=0, to=5)
    with database.begin() as connection:
        assert not advance_cursor(connection, "reader", since=0, to=5)
        assert advance_cursor(connection, "reader", since=5, to=7)
        assert read_cursor(connection, "reader") == 7
        assert read_cursor(connection, "other") == 0


@pytest.mark.parametrize(
    "value",
    ["99010119900307773X", "990101199003077731", "91990100MA0000000X", "13800000000"],
)
def test_personal_data_in_clear_is_refused(database: Engine, value: str) -> None:
    with database.begin() as connection, pytest.raises(EntryRefused) as caught:
        record(connection, kind="x", actor=ACTOR, body={"a": [{"item": value}]}, now=NOW)
    assert value not in str(caught.value)


def test_a_keyed_hash_depends_on_value_and_key() -> None:
    hashes = {keyed_hash(value, key) for value in "ab" for key in (b"1" * 32, b"2" * 32)}
    assert len(hashes) == 4
    assert keyed_hash("a", b"1" * 32) in hashes


def test_what_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        parse_checkpoint("7:abc")
