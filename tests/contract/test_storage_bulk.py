"""Many rows in few statements are the rows that SQLAlchemy writes one by one."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, exc, insert, select

from awards.award import award_table, name_rows
from ledger.bulk import ROWS, insert_absent_columns, insert_columns, update_columns
from ledger.errors import InstantRefused
from tests.storage_world import NOW, all_rows, count_rows, make_run, subject_of

ODD_TEXTS = [
    "",
    "\\N",
    "\\.",
    "\t",
    "a\nb",
    "\r",
    "\\",
    'a"b',
    "NULL",
    "补贴 é😀",
    "'); --",
    "%s ?",
]


def row_of(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:032x}",
        "policy": "elder-allowance",
        "policy_version": "2025.1",
        "subject": subject_of(number),
        "subject_kind": "resident",
        "period": "2025-11",
        "item": "",
        "amount_fen": number,
        "state": "opened",
        "origin": "run",
        "run_id": None,
        "opened_at": NOW,
        "paid_on": None,
        **changes,
    }


def by_columns(rows: list[dict[str, Any]], *shared: str) -> dict[str, Any]:
    return {
        "shared": {name: rows[0][name] for name in shared},
        "columns": {n: [row[n] for row in rows] for n in rows[0] if n not in shared},
    }


def test_odd_texts_gaps_days_and_moments_are_written_as_they_are(database: Engine) -> None:
    away = timezone(timedelta(hours=8))
    rows = [row_of(number, item=text) for number, text in enumerate(ODD_TEXTS)]
    rows[1] |= {"amount_fen": None, "paid_on": date(2024, 2, 29)}
    rows[2] |= {"opened_at": datetime(2025, 12, 1, 8, 0, 0, 123456, tzinfo=away)}
    rows[3] |= {"amount_fen": 2**62}
    with database.begin() as connection:
        insert_columns(connection, award_table, **by_columns(rows, "policy", "run_id"))
    by_bulk = all_rows(database, award_table)
    with database.begin() as connection:
        connection.execute(award_table.delete())
        connection.execute(insert(award_table), rows)
    assert by_bulk == all_rows(database, award_table)
    assert [row.item for row in by_bulk] == ODD_TEXTS


def test_of_no_rows_none_is_written(database: Engine) -> None:
    nothing: dict[str, list[Any]] = {name: [] for name in row_of(0) if name != "policy"}
    shared = {"policy": "elder-allowance"}
    with database.begin() as connection:
        insert_columns(connection, award_table, shared=shared, columns=nothing)
        absent = insert_absent_columns(connection, award_table, shared=shared, columns=nothing)
    assert absent == set()
    assert count_rows(database, award_table) == 0


def test_shared_values_are_as_odd_as_others(database: Engine) -> None:
    for number, text in enumerate(ODD_TEXTS):
        rows = [row_of(number, item=text, period=str(number))]
        with database.begin() as connection:
            insert_columns(connection, award_table, **by_columns(rows, "item", "opened_at"))
    assert [row.item for row in all_rows(database, award_table)] == ODD_TEXTS


@pytest.mark.parametrize("count", [1, ROWS, ROWS + 1, 3 * ROWS])
def test_rows_that_are_there_already_stay_and_the_new_ones_are_told(
    database: Engine, count: int
) -> None:
    rows = [row_of(number) for number in range(count)]
    there = [row | {"id": f"f{row['id'][1:]}", "amount_fen": 7} for row in rows[::3]]
    with database.begin() as connection:
        insert_columns(connection, award_table, **by_columns(there, "policy"))
    with database.begin() as connection:
        told = insert_absent_columns(connection, award_table, **by_columns(rows, "policy"))
        again = insert_absent_columns(connection, award_table, **by_columns(there, "state"))
    assert told == {row["id"] for row in rows} - {row["id"] for row in rows[::3]}
    assert again == set()
    awards = {row.subject: (row.id, row.amount_fen) for row in all_rows(database, award_table)}
    assert len(awards) == count
    assert {subject_of(n): (there[n // 3]["id"], 7) for n in range(0, count, 3)}.items() <= (
        awards.items()
    )


def test_a_wrong_row_leaves_none_and_says_which_rule(database: Engine) -> None:
    rows = [row_of(1), row_of(2, amount_fen=-5)]
    for write in (insert_columns, insert_absent_columns):
        with database.connect() as connection, connection.begin():
            with pytest.raises(exc.IntegrityError, match="amount_fen"):
                write(connection, award_table, **by_columns(rows, "policy"))
            connection.rollback()
    assert count_rows(database, award_table) == 0


def test_a_run_that_is_not_there_is_refused(database: Engine) -> None:
    run = make_run(database)
    rows = [row_of(1, run_id=run.id), row_of(2, run_id="none")]
    with (
        database.connect() as connection,
        connection.begin(),
        pytest.raises(exc.IntegrityError),
    ):
        insert_absent_columns(connection, award_table, **by_columns(rows, "policy"))
    assert count_rows(database, award_table) == 0


def test_a_time_without_a_zone_is_refused(database: Engine) -> None:
    rows = [row_of(1, opened_at=datetime(2025, 12, 1))]
    with database.begin() as connection, pytest.raises(InstantRefused):
        insert_columns(connection, award_table, **by_columns(rows, "policy"))


def test_ids_grow_and_differ(database: Engine) -> None:
    ids = name_rows(3_000, datetime(2025, 12, 1, tzinfo=UTC))
    assert ids == sorted(set(ids))
    assert {len(award_id) for award_id in ids} == {32}
    assert len({award_id[18:] for award_id in ids}) == 3_000
    with database.connect() as connection:
        assert connection.scalar(select(award_table.c.id).limit(1)) is None


@pytest.mark.parametrize("count", [1, ROWS + 1])
def test_many_rows_are_updated_each_with_its_own_values(database: Engine, count: int) -> None:
    rows = [row_of(number) for number in range(count + 1)]
    with database.begin() as connection:
        insert_columns(connection, award_table, **by_columns(rows, "policy"))
        update_columns(
            connection,
            award_table,
            key="id",
            columns={
                "id": [row["id"] for row in rows[:count]],
                "amount_fen": [7 * number for number in range(count)],
                "item": [f"'{number}\\{{}}," for number in range(count)],
            },
        )
    found = [(row.amount_fen, row.item) for row in all_rows(database, award_table)]
    expected = [(7 * number, f"'{number}\\{{}},") for number in range(count)]
    assert found == [*expected, (count, "")]
