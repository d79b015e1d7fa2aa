import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from profiles import query_rows
from profiles.errors import DeliveryRefused
from profiles.query_delivery import ingest_query
from profiles.query_rows import Query, read_query
from profiles.release import read_quarantine, read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code

INSURANCE = DATASETS["unemployment-insurance"]
A, B, C = (credit_code(number) for number in range(3))
TABLE = """
CREATE TABLE insurance (
    uscc varchar(18), month date, insured integer, premium numeric(12, 2), paid_in_full boolean
)"""
ASKED = "SELECT * FROM insurance ORDER BY uscc"


@pytest.fixture
def department(empty_database_url: str) -> str:
    """A department's database, on SQLite and on PostgreSQL."""
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text(TABLE))
        connection.execute(
            text("INSERT INTO insurance VALUES (:uscc, :month, :insured, :premium, :paid)"),
            [
                {"uscc": A, "month": "2024-05-01", "insured": 3, "premium": 1234.5, "paid": True},
                {"uscc": B, "month": "2024-05-01", "insured": 0, "premium": 0, "paid": False},
                {"uscc": C, "month": "2024-05-02", "insured": 1, "premium": 1, "paid": True},
                {"uscc": "x", "month": "2024-05-01", "insured": 1, "premium": 1, "paid": True},
            ],
        )
    engine.dispose()
    return empty_database_url


def deliver_query(home: Path, url: str, sql: str = ASKED):
    query = Query(url=url, sql=sql)
    return ingest_query(query, INSURANCE, root=home / "releases", delivered_on=DAY)


def refused(home: Path, url: str, sql: str = ASKED) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        deliver_query(home, url, sql)
    return str(caught.value)


def test_the_rows_of_a_query_are_released_like_those_of_a_file(tmp_path, department):
    report = deliver_query(tmp_path, department)
    assert sorted(read_release(report.release, INSURANCE).rows()) == sorted(
        [(A, date(2024, 5, 1), 3, 123450, True), (B, date(2024, 5, 1), 0, 0, False)]
    )
    assert report.release.reasons == {"month: not a month": 1, "uscc: not 18 characters": 1}
    assert read_quarantine(report.release)["line"].to_list() == [3, 4]
    assert not deliver_query(tmp_path, department).created


def test_colons_and_percent_signs_of_a_query_are_no_parameters(tmp_path, department):
    sql = "SELECT * FROM insurance WHERE uscc LIKE '91%' AND 'a:b' <> ':c' ORDER BY uscc"
    assert deliver_query(tmp_path, department, sql).release.rows_in == 3


def test_rows_come_in_blocks_and_are_counted_on(department, monkeypatch):
    monkeypatch.setattr(query_rows, "BLOCK_ROWS", 3)
    blocks = list(read_query(Query(url=department, sql=ASKED), INSURANCE))
    assert [block.cells.height for block in blocks] == [3, 1]
    assert pl.concat([block.cells["line"] for block in blocks]).to_list() == [1, 2, 3, 4]


def test_a_query_changes_nothing(tmp_path, department):
    for sql in ("DELETE FROM insurance", "DELETE FROM insurance RETURNING *"):
        assert refused(tmp_path, department, sql)
    assert deliver_query(tmp_path, department).release.rows_in == 4


def test_a_query_that_does_not_fit_is_refused_with_the_columns(tmp_path, department):
    said = refused(tmp_path, department, "SELECT uscc, month AS mnth FROM insurance")
    assert 'unknown column "mnth", did you mean "month"?' in said
    assert 'column "insured" (' in said
    assert "insuranc" in refused(tmp_path, department, "SELECT * FROM insuranc")


def test_a_password_is_never_shown(tmp_path, postgresql_server):
    secret = "hunter-two-secret"
    address = make_url(postgresql_server).set(database="nowhere", password=secret)
    shown = [
        refused(tmp_path, address.render_as_string(hide_password=False)),
        refused(tmp_path, f"postgresql+psycopg://someone:{secret}@127.0.0.1:1/x"),
        refused(tmp_path, f"postgresql+psycopg://127.0.0.1:1/x?user=a&password={secret}"),
        refused(tmp_path, f"nosuchkind://someone:{secret}@host/x"),
        refused(tmp_path, f"://{secret}"),
        repr(Query(url=f"postgresql://someone:{secret}@host/x", sql="SELECT 1")),
        Query(url=f"postgresql://someone:{secret}@host/x", sql="SELECT 1").name,
    ]
    for said in shown:
        assert secret not in said
    assert shown[-1] == "postgresql host/x"


def test_no_file_is_made_where_there_is_no_database(tmp_path):
    missing = tmp_path / "no.db"
    assert "there is no such file" in refused(tmp_path, f"sqlite:///{missing}")
    assert not missing.exists()


def test_values_of_several_types_in_one_column_are_read_as_texts(tmp_path):
    path = tmp_path / "loose.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE loose (uscc, month, insured, premium, paid_in_full)")
        connection.executemany(
            "INSERT INTO loose VALUES (?, ?, ?, ?, ?)",
            [(A, "2024-05", 3, 1.1, "是"), (B, 202405, "4", "2", 0), (C, "2024-05", 2**62, 1, 1)],
        )
    connection.close()
    report = deliver_query(tmp_path, f"sqlite:///{path}", "SELECT * FROM loose")
    assert sorted(read_release(report.release, INSURANCE)["premium"]) == [110, 200]
    assert report.release.reasons == {"insured: more than 15 significant digits": 1}


def test_bytes_are_no_cells(tmp_path):
    path = tmp_path / "bytes.db"
    sqlite3.connect(path).close()
    sql = f"SELECT '{A}' uscc, x'00' month, 1 insured, 1 premium, 1 paid_in_full"
    assert 'column "month" holds bytes' in refused(tmp_path, f"sqlite:///{path}", sql)


def test_numbers_of_postgresql_keep_their_digits(tmp_path, postgresql_server):
    sql = (
        f"SELECT '{A}' uscc, timestamp '2024-05-01 00:00:00' \"month\", 3::bigint insured, "
        "0.29::numeric(30, 10) premium, true paid_in_full"
    )
    with psycopg.connect(postgresql_server) as connection:
        value = connection.execute("SELECT 0.29::numeric(30, 10)").fetchone()
    assert value == (Decimal("0.29"),)
    url = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    report = deliver_query(tmp_path, url.render_as_string(hide_password=False), sql)
    assert read_release(report.release, INSURANCE).rows() == [(A, date(2024, 5, 1), 3, 29, True)]
