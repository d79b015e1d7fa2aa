"""Rows that bring facts of residents, and columns measured over other rows, in a snapshot."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from language.errors import FilesRefused
from policies.load import load_policies
from profiles.fact import Vocabulary
from profiles.identifier import subject_ids
from profiles.row_frame import DTYPES
from profiles.snapshot import Snapshot, read_part
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import BUILTIN, load_vocabulary
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    KEY,
    credit_code,
    deliver,
    resident_number,
)

FIRMS = [credit_code(number) for number in range(3)]
PERSONS = [resident_number(number, f"{1980 + number}0101") for number in range(6)]
STRANGER = resident_number(99)
WORDS = """
rows:
  crew:
    of: enterprise
    label: {zh: 职工}
    from: employment
    bring: {person_id: [birth_date, graduated_on]}
    columns:
      person_months: {from: employee-insurance, match: [person_id], where: paid, count: rows}
      longest: {from: employee-insurance, match: [person_id], where: paid, longest_run: month}
      spells_here: {from: employment, match: [person_id], count: rows}
      age_then: {type: integer, is: '$years(birth_date, hired_on)'}
facts:
  young_hired: {of: enterprise, label: {zh: 青年}, from: crew, where: age_then < 42, count: rows}
  paid_months_of_staff: {of: enterprise, label: {zh: 月数}, from: crew, sum: person_months}
"""


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    file = tmp_path_factory.mktemp("words") / "staff.yaml"
    file.write_text(WORDS, encoding="utf-8")
    return load_vocabulary([*BUILTIN.glob("*.yaml"), file], DATASETS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    registration = ",".join(DATASETS["registration"].columns)
    firms = [f"{f},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01," for f in FIRMS]
    deliver(tmp_path, "registration", registration, *firms)
    register = (
        "id_number,name,sex,birth_date,region,moved_in_on,household_no,relation,phone,died_on"
    )
    people = [
        f"{person},某某,male,{1980 + n}-01-01,990101,2000-01-01,户{n},head,,"
        for n, person in enumerate(PERSONS)
    ]
    deliver(tmp_path, "household-register", register, *people)
    deliver(
        tmp_path, "graduation", "id_number,education_level,graduated_on",
        f"{PERSONS[0]},bachelor,2002-07-01", f"{PERSONS[1]},bachelor,not a day",
    )  # fmt: skip
    deliver(
        tmp_path, "employment", "uscc,person_id,hired_on,left_on,contract_months",
        f"{FIRMS[0]},{PERSONS[0]},2022-01-01,2022-12-31,12",
        f"{FIRMS[0]},{PERSONS[0]},2024-01-01,,12",
        f"{FIRMS[0]},{PERSONS[1]},2024-01-01,,12",
        f"{FIRMS[1]},{PERSONS[5]},2024-01-01,,",
        f"{FIRMS[1]},{STRANGER},2024-01-01,,",
    )  # fmt: skip
    deliver(
        tmp_path, "employee-insurance", "id_number,month,paid",
        *(f"{PERSONS[0]},2025-0{month},true" for month in (1, 2, 4)),
        f"{PERSONS[0]},2025-03,false",
        f"{PERSONS[1]},2025-01,perhaps",
        on=date(2025, 5, 20),
    )  # fmt: skip
    return tmp_path


def build(home: Path, vocabulary: Vocabulary, part_size: int = 2) -> Snapshot:
    return build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=DATASETS,
        vocabulary=vocabulary,
        as_of=DAY,
        key=KEY,
        part_size=part_size,
    )


def ids(kind: str, codes: list[str]) -> list[str]:
    found: list[str] = subject_ids(kind, pl.Series(codes), KEY).to_list()
    return found


def staff(snapshot: Snapshot) -> dict[tuple[str, str, date], dict[str, Any]]:
    firms = dict(zip(ids("enterprise", FIRMS), "ABC", strict=True))
    people = dict(zip(ids("resident", [*PERSONS, STRANGER]), "012345x", strict=True))
    found = {}
    for part in snapshot.parts("enterprise"):
        for row in read_part(snapshot, part, datasets=["crew"]).rows["crew"].to_dicts():
            key = (firms[row["subject"]], people[row["person_id"]], row["hired_on"])
            found[key] = row
    return found


def facts(snapshot: Snapshot, name: str) -> list[Any]:
    found: dict[str, Any] = {}
    for part in snapshot.parts("enterprise"):
        frame = read_part(snapshot, part, datasets=[]).facts
        found |= dict(zip(frame["subject"], frame[name], strict=True))
    return [found[subject] for subject in ids("enterprise", FIRMS)]


def test_a_row_brings_the_facts_of_the_resident_in_it(home: Path, vocabulary: Vocabulary) -> None:
    found = staff(build(home, vocabulary))
    assert len(found) == 5
    first = found["A", "0", date(2024, 1, 1)]
    assert first["birth_date"] == date(1980, 1, 1)
    assert first["graduated_on"] == date(2002, 7, 1)
    assert first["graduated_on::none"] is False
    last = found["B", "5", date(2024, 1, 1)]
    assert last["birth_date"] == date(1985, 1, 1)
    assert (last["graduated_on"], last["graduated_on::none"]) == (None, True)


def test_who_is_no_resident_brings_nothing(home: Path, vocabulary: Vocabulary) -> None:
    row = staff(build(home, vocabulary))["B", "x", date(2024, 1, 1)]
    assert row["birth_date"] is None
    assert (row["graduated_on"], row["graduated_on::none"]) == (None, False)
    assert row["person_months"] is None


def test_what_a_doubtful_resident_would_bring_is_missing(
    home: Path, vocabulary: Vocabulary
) -> None:
    row = staff(build(home, vocabulary))["A", "1", date(2024, 1, 1)]
    assert (row["graduated_on"], row["graduated_on::none"]) == (None, False)
    assert row["person_months"] is None
    assert row["birth_date"] == date(1981, 1, 1)


def test_a_column_measures_the_rows_of_the_person(home: Path, vocabulary: Vocabulary) -> None:
    found = staff(build(home, vocabulary))
    for day in (date(2022, 1, 1), date(2024, 1, 1)):
        assert found["A", "0", day]["person_months"] == 3
        assert found["A", "0", day]["longest"] == 2
    assert found["B", "5", date(2024, 1, 1)]["person_months"] == 0


def test_a_column_measures_the_subjects_rows_with_the_same_value(
    home: Path, vocabulary: Vocabulary
) -> None:
    found = staff(build(home, vocabulary))
    assert found["A", "0", date(2024, 1, 1)]["spells_here"] == 2
    assert found["A", "1", date(2024, 1, 1)]["spells_here"] == 1


def test_facts_are_measured_over_what_was_brought(home: Path, vocabulary: Vocabulary) -> None:
    snapshot = build(home, vocabulary)
    # at hiring: 42 and 44 years old, and 43; 39 and a stranger of unknown age; nobody
    assert facts(snapshot, "young_hired") == [0, None, 0]
    assert facts(snapshot, "paid_months_of_staff") == [None, None, 0]


def test_parts_of_any_size_bring_the_same(home: Path, vocabulary: Vocabulary) -> None:
    assert staff(build(home, vocabulary, 1)) == staff(build(home, vocabulary, 500))


def test_without_a_register_of_residents_nothing_is_brought(
    tmp_path: Path, vocabulary: Vocabulary, home: Path
) -> None:
    for release in (home / "releases" / "household-register").iterdir():
        release.rename(home / release.name)
    found = staff(build(home, vocabulary))
    assert {row["birth_date"] for row in found.values()} == {None}
    assert {row["person_months"] for row in found.values()} == {None}


def test_rows_of_our_own_are_parted_with_the_subjects(home: Path, vocabulary: Vocabulary) -> None:
    mine, stranger = ids("enterprise", [FIRMS[1], credit_code(77)])
    columns = vocabulary.row_sets["grants"].columns
    schema: dict[str, type[pl.DataType]] = {"kind": pl.String, "subject": pl.String}
    schema |= {name: DTYPES[column.type] for name, column in columns.items()}
    rows = [
        {"kind": "enterprise", "subject": mine, "policy": "a", "granted_on": date(2025, 1, 1)},
        {"kind": "enterprise", "subject": stranger, "policy": "a"},
        {"kind": "resident", "subject": mine, "policy": "b"},
    ]
    snapshot = build_snapshot(
        releases_root=home / "releases",
        snapshots_root=home / "snapshots",
        datasets=DATASETS,
        vocabulary=vocabulary,
        as_of=DAY,
        key=KEY,
        part_size=2,
        made={"grants": pl.DataFrame(rows, schema=schema)},
    )
    parts = [read_part(snapshot, part).rows["grants"] for part in snapshot.parts("enterprise")]
    assert [(row["subject"], row["policy"]) for part in parts for row in part.to_dicts()] == [
        (mine, "a")
    ]
    for part in snapshot.parts("resident"):
        assert read_part(snapshot, part).rows["grants"].height == 0


def test_each_hire_has_the_figures_of_its_own_employment(
    home: Path, vocabulary: Vocabulary
) -> None:
    heads = list(DATASETS["hire-comparison"].columns)
    figures = {"hire_group": "veteran", "months_pension": "12", "personal_contrib_month": "400.50"}
    later = {"months_pension": "2", "reg_unemployed_months": "7"}
    lines = []
    for who, on, told in (
        (PERSONS[0], "2022-01-01", figures),
        (PERSONS[0], "2024-01-01", later),
        (STRANGER, "2024-01-01", later),
    ):
        firm = FIRMS[1] if who == STRANGER else FIRMS[0]
        known = {"uscc": firm, "person_id": who, "hire_on": on, **told}
        lines.append(",".join(known.get(column, "") for column in heads))
    deliver(home, "hire-comparison", ",".join(heads), *lines)
    snapshot = build(home, vocabulary)
    firms = dict(zip(ids("enterprise", FIRMS), "ABC", strict=True))
    people = dict(zip(ids("resident", [*PERSONS, STRANGER]), "012345x", strict=True))
    found = {}
    for part in snapshot.parts("enterprise"):
        for row in read_part(snapshot, part, datasets=["hires"]).rows["hires"].to_dicts():
            found[firms[row["subject"]], people[row["person_id"]], row["hire_on"].year] = (
                row["months_pension"],
                row["hire_group"],
                row["personal_contrib_month"],
                row["reg_unemployed_months"],
            )
    assert found == {
        ("A", "0", 2022): (12, "veteran", 40050, None),
        ("A", "0", 2024): (2, None, None, 7),
        ("A", "1", 2024): (None, None, None, None),
        ("B", "5", 2024): (None, None, None, None),
        ("B", "x", 2024): (2, None, None, 7),  # known as a worker, though no resident here
    }


REACHING = """
rows:
  wards:
    of: resident
    label: {zh: 监护关系}
    from: guardians
    bring: {guardian_id: [birth_date]}
  visits:
    of: resident
    label: {zh: 探视}
    time: {event: seen_on}
    columns: {seen_on: {type: date}, visitor: {type: text}}
    bring: {visitor: [birth_date]}
  guarded:
    of: resident
    label: {zh: 监护关系}
    from: guardians
    columns:
      months: {from: employee-insurance, match: [guardian_id], count: rows}
      firms: {from: registration, match: [guardian_id], count: rows}
"""
OWN = """
policy: wards
version: "1"
title: {zh: 监护补贴}
audience: resident
authority: 示范市民政局
level: city
basis: [{document: 示范市监护补贴办法}]
per: year
rows:
  wards: {from: guardians, bring: {guardian_id: [birth_date]}}
  others: {from: guardians, columns: {months: {from: employee-insurance, match: [guardian_id], count: rows}}}
clauses:
  - {id: any, says: 有监护人, when: age >= 18}
benefit: {kind: cash, amount: 100元}
"""  # noqa: E501


def told_of(refused: pytest.ExceptionInfo[FilesRefused]) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in refused.value.problems]


def test_rows_of_residents_that_ask_of_other_residents_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(REACHING, encoding="utf-8")
    with pytest.raises(FilesRefused) as refused:
        load_vocabulary([*BUILTIN.glob("*.yaml"), file], DATASETS)
    nothing = "are rows of residents, which know nothing of other residents"
    others = "holds rows of enterprise: of persons only those of residents are joined"
    assert told_of(refused) == [
        (7, f'"wards" {nothing}'),
        (13, f'"visits" {nothing}'),
        (19, '"employee-insurance" has no column "guardian_id"'),
        (20, f'"registration" {others}'),
    ]


def test_a_policys_own_rows_ask_of_nobody_else(tmp_path: Path, vocabulary: Vocabulary) -> None:
    file = tmp_path / "wards.yaml"
    file.write_text(OWN, encoding="utf-8")
    with pytest.raises(FilesRefused) as refused:
        load_policies([file], vocabulary)
    assert told_of(refused) == [
        (11, "only rows of a vocabulary bring facts: they are joined with the snapshot"),
        (12, "a column measured over other rows belongs to the vocabulary"),
    ]
