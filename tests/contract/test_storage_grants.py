"""Awards that were made, as the rows that the next snapshot holds."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine, insert, select, update

from awards.award import adjustment_table, award_table
from awards.granted import GRANT_SCHEMA, months_of, read_grants
from ledger.database import reading
from profiles.dataset import builtin_datasets
from profiles.row_frame import DTYPES
from profiles.vocabulary_load import builtin_vocabulary
from tests.storage_world import AS_OF, make_match, make_matches, subject_of, take_in

NOW = datetime(2025, 12, 1, 8, tzinfo=UTC)


def grants(database: Engine) -> pl.DataFrame:
    with reading(database) as connection:
        return read_grants(connection)


def test_without_awards_there_are_no_rows(database: Engine) -> None:
    assert grants(database).rows() == []


def test_an_award_is_a_row_of_the_day_of_its_run(database: Engine) -> None:
    take_in(
        database,
        make_matches(make_match(1, item="job-7"), make_match(2, period="2025Q3", amount_fen=None)),
    )
    assert grants(database).rows() == [
        ("resident", subject_of(1), "elder-allowance", "2025-11", "job-7", None, 10_001, 1, AS_OF,
         None),
        ("resident", subject_of(2), "elder-allowance", "2025Q3", "", None, None, 3, AS_OF, None),
    ]  # fmt: skip


def test_what_was_declined_or_withdrawn_is_no_row(database: Engine) -> None:
    take_in(database, make_matches(*(make_match(number) for number in range(3))))
    with database.begin() as connection:
        for number, state in ((0, "declined"), (1, "withdrawn")):
            mine = award_table.c.subject == subject_of(number)
            connection.execute(update(award_table).where(mine).values(state=state))
    assert grants(database)["subject"].to_list() == [subject_of(2)]


def test_an_imported_award_is_a_row_of_the_day_it_was_paid(database: Engine) -> None:
    take_in(database, make_matches(make_match(1)))
    paid = {"state": "paid", "origin": "imported", "run_id": None, "paid_on": date(2024, 5, 6)}
    with database.begin() as connection:
        connection.execute(update(award_table).values(paid))
    (row,) = grants(database).iter_rows(named=True)
    assert (row["granted_on"], row["paid_on"]) == (date(2024, 5, 6), date(2024, 5, 6))


def test_what_was_made_adjusted_or_paid_later_was_not_known(database: Engine) -> None:
    take_in(database, make_matches(make_match(1), make_match(2)))
    with database.begin() as connection:
        columns = award_table.c
        days = {1: NOW, 2: NOW + timedelta(days=2)}
        for number, opened in days.items():
            mine = columns.subject == subject_of(number)
            paid = {"opened_at": opened, "paid_on": (NOW + timedelta(days=1)).date()}
            connection.execute(update(award_table).where(mine).values(amount_fen=70, **paid))
        (award,) = connection.execute(
            select(columns.id).where(columns.subject == subject_of(1))
        ).scalars()
        (run,) = connection.execute(select(columns.run_id).distinct()).scalars()
        for days_later, before, after in ((1, 50, 60), (2, 60, 70)):
            connection.execute(
                insert(adjustment_table).values(
                    id=f"{days_later:032}", award_id=award, run_id=run, before_fen=before,
                    after_fen=after, adjusted_at=NOW + timedelta(days=days_later),
                )
            )  # fmt: skip
    with reading(database) as connection:
        known = [
            read_grants(connection, (NOW + timedelta(days=later)).date())
            .select("subject", "amount", "paid_on")
            .rows()
            for later in range(3)
        ]
    paid_on = (NOW + timedelta(days=1)).date()
    assert known == [
        [(subject_of(1), 50, None)],
        [(subject_of(1), 60, paid_on)],
        [(subject_of(1), 70, paid_on), (subject_of(2), 70, paid_on)],
    ]


def test_the_columns_are_those_of_the_vocabulary() -> None:
    declared = builtin_vocabulary(builtin_datasets()).row_sets["grants"]
    assert list(GRANT_SCHEMA) == ["kind", "subject", *declared.columns]
    for name, column in declared.columns.items():
        assert GRANT_SCHEMA[name] == DTYPES[column.type]


@pytest.mark.parametrize(
    ("period", "months"),
    [("2025", 12), ("2025H1", 6), ("2025Q3", 3), ("2025-11", 1), ("once", None)],
)
def test_a_period_has_months_by_its_name(period: str, months: int | None) -> None:
    assert months_of(period) == months
