"""How databases are opened."""

import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, exc, insert, select

import ledger.database
from ledger.database import open_database, reading, wal_is_safe
from ledger.errors import DatabaseBusy, DatabaseRefused, InstantRefused
from ledger.lease import lease_table


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_a_database_that_cannot_last_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused):
        open_database(url)


def test_postgresql_is_driven_by_psycopg_3() -> None:
    engine = open_database("postgresql://host/name")
    assert engine.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_needs_the_fixed_sqlite(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("version", "mode"), [((3, 51, 2), "delete"), ((3, 51, 3), "wal")])
def test_sqlite_is_durable_and_keeps_references(
    database_url: str, version: tuple[int, int, int], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    engine = open_database(database_url)
    with reading(engine) as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
        }
    engine.dispose()
    full = 2
    assert settings == {
        "foreign_keys": 1,
        "synchronous": full,
        "journal_mode": mode,
        "busy_timeout": 30_000,
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_locked_sqlite_says_what_to_do(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.database, "WAIT_SECONDS", 0)
    first, second = open_database(database_url), open_database(database_url)
    with first.begin(), pytest.raises(DatabaseBusy, match="repeat"), second.begin():
        pass  # a transaction that may write takes the writer's place when it begins
    with first.begin(), reading(second) as connection:
        assert connection.execute(select(lease_table)).all() == []  # a reader does not
    first.dispose()
    second.dispose()


def test_times_come_back_in_utc_and_need_a_zone(database: Engine) -> None:
    beijing = datetime(2025, 12, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    row = {"name": "a", "owner": "b", "token": 1}
    with database.begin() as connection:
        connection.execute(insert(lease_table).values(**row, lease_until=beijing))
        stored = connection.scalar(select(lease_table.c.lease_until))
    assert stored is not None
    assert stored.isoformat() == "2025-12-01T00:00:00+00:00"
    late = {**row, "name": "c", "lease_until": datetime(2025, 12, 1, 8, 0)}
    with (
        database.begin() as connection,
        pytest.raises((InstantRefused, exc.StatementError), match="time zone"),
    ):
        connection.execute(insert(lease_table).values(**late))


def test_a_path_with_a_percent_sign_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "100%"
    folder.mkdir()
    engine = open_database(f"sqlite:///{folder / 'zhida.db'}")
    ledger.database.migrate(engine)
    engine.dispose()
    assert (folder / "zhida.db").stat().st_size > 0
