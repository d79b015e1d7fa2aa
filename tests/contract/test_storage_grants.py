"""Awards that were made, as the rows that the next snapshot holds."""

from datetime import date

import polars as pl
import pytest
from sqlalchemy import Engine, update

from awards.award import award_table
from awards.granted import GRANT_SCHEMA, months_of, read_grants
from ledger.database import reading
from profiles.dataset import builtin_datasets
from profiles.row_frame import DTYPES
from profiles.vocabulary_load import builtin_vocabulary
from tests.storage_world import AS_OF, make_match, make_matches, subject_of, take_in


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
