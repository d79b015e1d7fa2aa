"""Row sets: how they are declared, and how their rows are given by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from language.errors import FilesRefused
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.hand import Subject
from profiles.hand_frame import HandFrame, build_frame
from profiles.row_set import row_set_of
from profiles.vocabulary_load import load_vocabulary

DAY = date(2025, 9, 1)
WORDS = """
rows:
  recruits:
    of: enterprise
    label: {zh: 新招用人员}
    from: employment
    columns:
      started_on: {column: hired_on}
      is_long: {type: boolean, is: contract_months >= 12}
      level: {type: code, values: [junior, senior], absent: none}
  tax_items: {of: enterprise, columns: {key: {type: code}, value: {type: money}}}
  growth: {of: enterprise, columns: {value: {type: ratio}}}
  bills:
    of: enterprise
    time: {series: month}
    columns: {month: {type: month}, quantity: {type: number}}
facts:
  long_recruits: {of: enterprise, label: {zh: 一}, from: recruits, where: is_long, count: rows}
  with_level: {of: enterprise, label: {zh: 一}, from: recruits, where: level != null, count: rows}
  taxes: {of: enterprise, label: {zh: 一}, from: tax_items, sum: value}
  best_growth: {of: enterprise, label: {zh: 一}, from: growth, max: value}
  months_billed: {of: enterprise, label: {zh: 一}, from: bills, current_run: month}
  second_half: {of: enterprise, label: {zh: 一}, from: bills, over: last 6 months, expect: 6, sum: quantity}
"""  # noqa: E501


def words(tmp_path: Path, text: str = WORDS) -> Vocabulary:
    file = tmp_path / "words.yaml"
    file.write_text(text, encoding="utf-8")
    return load_vocabulary([file], builtin_datasets())


def by_hand(vocabulary: Vocabulary, **facts: Any) -> HandFrame:
    named = {name.replace("__", "-"): value for name, value in facts.items()}
    subject = Subject(line=1, subject="E1", audience="enterprise", as_of=None, facts=named)
    return build_frame([subject], vocabulary, {}, "enterprise", DAY)


def fact(frame: HandFrame, name: str) -> Any:
    """The fact's value; "not given" where nothing says what it is."""
    row = frame.frame.row(0, named=True)
    return row[name] if row.get(f"{name}::given") else "not given"


def test_every_dataset_is_a_row_set_without_its_key(tmp_path: Path) -> None:
    vocabulary = words(tmp_path)
    for name, dataset in vocabulary.datasets.items():
        row_set = vocabulary.row_sets[name]
        assert row_set == row_set_of(dataset)
        assert list(row_set.columns) == [c for c in dataset.columns if c != dataset.key]
        assert row_set.complete is (dataset.complete is not None)


def test_a_column_under_another_name_is_not_there_twice(tmp_path: Path) -> None:
    recruits = words(tmp_path).row_sets["recruits"]
    assert "hired_on" not in recruits.columns
    assert recruits.columns["started_on"].dataset_column == "hired_on"
    assert recruits.time_columns == ("started_on", "left_on")


def test_rows_may_be_objects_plain_values_or_keys_with_values(tmp_path: Path) -> None:
    found = by_hand(
        words(tmp_path),
        recruits=[{"started_on": "2025-01-01", "contract_months": 12}],
        tax_items={"vat": 100, "stamp": "5.50"},
        growth=["0.05", "0.1"],
    )
    assert not found.troubles
    assert found.rows["tax_items"].frame.rows() == [("0", 0, "vat", 10000), ("0", 1, "stamp", 550)]
    assert fact(found, "long_recruits") == 1
    assert fact(found, "taxes") == 10550
    assert fact(found, "best_growth") == 0.1


def test_an_empty_list_is_no_rows_and_an_absent_name_is_missing(tmp_path: Path) -> None:
    vocabulary = words(tmp_path)
    assert fact(by_hand(vocabulary, tax_items=[]), "taxes") == 0
    assert fact(by_hand(vocabulary, tax_items=[]), "long_recruits") == "not given"
    assert fact(by_hand(vocabulary), "taxes") == "not given"


def test_a_null_cell_is_missing_and_none_does_not_apply(tmp_path: Path) -> None:
    vocabulary = words(tmp_path)

    def with_level(level: Any) -> Any:
        rows = [{"started_on": "2025-01-01", "level": level}]
        return fact(by_hand(vocabulary, recruits=rows), "with_level")

    assert with_level("senior") == 1
    assert with_level("none") == 0
    assert with_level(None) is None


def test_a_worked_out_column_that_is_given_is_not_worked_out(tmp_path: Path) -> None:
    row = {"started_on": "2025-01-01", "contract_months": 3, "is_long": True}
    assert fact(by_hand(words(tmp_path), recruits=[row]), "long_recruits") == 1


def test_rows_given_under_the_datasets_name_serve_the_rows_from_it(tmp_path: Path) -> None:
    rows = [{"hired_on": "2025-01-01", "contract_months": 24}]
    assert fact(by_hand(words(tmp_path), employment=rows), "long_recruits") == 1


def test_rows_after_the_day_of_the_run_are_not_seen(tmp_path: Path) -> None:
    rows = [{"started_on": "2025-09-02", "contract_months": 24}]
    assert fact(by_hand(words(tmp_path), recruits=rows), "long_recruits") == 0


def test_a_current_run_reaches_the_month_before_where_this_month_has_no_row(tmp_path: Path) -> None:
    vocabulary = words(tmp_path)

    def run(*months: str) -> Any:
        return fact(by_hand(vocabulary, bills=[{"month": m} for m in months]), "months_billed")

    assert run("2025-07", "2025-08", "2025-09") == 3
    assert run("2025-07", "2025-08") == 2
    assert run("2025-06", "2025-07") == 0
    assert run("2025-05", "2025-07", "2025-08") == 2
    assert run("2025-08", None, "2025-07") is None  # type: ignore[arg-type]


def test_fewer_rows_than_expected_is_missing(tmp_path: Path) -> None:
    vocabulary = words(tmp_path)
    rows = [{"month": f"2025-0{month}", "quantity": 1} for month in range(3, 9)]
    assert fact(by_hand(vocabulary, bills=rows), "second_half") == 6
    assert fact(by_hand(vocabulary, bills=rows[:-1]), "second_half") is None
    assert fact(by_hand(vocabulary, bills=[]), "second_half") is None


def test_what_is_wrong_with_rows_is_told_without_the_value(tmp_path: Path) -> None:
    found = by_hand(
        words(tmp_path),
        recruits=[{"contract_month": 3, "level": "master-secret"}],
        growth=7,
        bills=[{"month": "2025-13"}],
    )
    assert [trouble.message for trouble in found.troubles] == [
        '"recruits.level" is none of junior, senior; it counts as missing',
        '"recruits" has no column "contract_month"; did you mean "contract_months"?',
        '"growth" is no list of rows; it counts as missing',
        '"bills.month" is no month like 2024-05; it counts as missing',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rows: {x: {of: enterprise, from: employmant}}", 'did you mean "employment"?'),
        ("rows: {x: {of: enterprise, columns: {a: {label: 一}}}}", 'column "a" has no type'),
        (
            "rows: {x: {of: enterprise, from: employment, columns: {a: {column: hired}}}}",
            '"x" has no column "hired"',
        ),
        (
            "rows: {x: {of: enterprise, columns: {a: {type: integer, is: b + 1}}}}",
            "b",
        ),
        (
            "rows: {x: {of: enterprise, columns: {a: {type: date}}}}\n"
            "facts: {n: {of: enterprise, label: 一, from: x, over: this year, count: rows}}",
            "does not say how its rows stand in time",
        ),
        (
            "facts: {n: {of: enterprise, label: 一, from: employment, longest_run: month}}",
            "holds states: they have no runs",
        ),
        (
            "facts: {n: {of: resident, label: 一, from: employment, count: rows}}",
            '"n" is of resident, "employment" holds rows of enterprise',
        ),
        (
            "facts: {n: {of: enterprise, label: 一, from: employment, match: [person_id], count: rows}}",  # noqa: E501
            '"match" compares with a row, and here is none',
        ),
        (
            "facts: {n: {of: enterprise, label: 一, from: employment, where: contract_months, count: rows}}",  # noqa: E501
            '"where" is a number, not yes or no',
        ),
        (
            "facts: {n: {of: enterprise, label: 一, type: ratio, from: unemployment-insurance, sum: premium}}",  # noqa: E501
            '"n" is declared ratio, its measure is money',
        ),
        (
            "facts: {n: {of: enterprise, label: 一, from: unemployment-insurance, expect: 4, absent: 0, count: rows}}",  # noqa: E501
            '"expect" and "absent" contradict each other',
        ),
    ],
)
def test_a_mistake_in_rows_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FilesRefused) as refused:
        words(tmp_path, text)
    assert told in str(refused.value)
    assert "words.yaml:" in str(refused.value)
