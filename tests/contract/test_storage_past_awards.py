"""Awards paid before Zhida: imported once, so that the first run does not open them again."""

import json
import random
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from awards.award import award_table
from awards.errors import PastAwardsRefused
from awards.intake import IntakeReport
from awards.past import PastReport, import_past_awards
from ledger.journal import journal_entry
from profiles.identifier import subject_ids
from tests.storage_world import ACTOR, NOW, all_rows, count_rows, make_match, make_matches, take_in

KEY = b"k" * 32
HEADING = "policy,identifier,kind,period,item,amount,paid_on"


def make_identifier(seed: int) -> str:
    """An identity number of the sample city with a right check digit (GB 11643-1999)."""
    digits = f"990101{1940 + seed % 20}0307{random.Random(seed).randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


def bring(engine: Engine, folder: Path, *lines: str, encoding: str = "utf-8") -> PastReport:
    file = folder / "past.csv"
    file.write_text("\n".join(lines) + "\n", encoding=encoding)
    return import_past_awards(engine, file, key=KEY, actor=ACTOR, now=NOW)


def row_of(seed: int, **changes: str) -> str:
    cells = {
        "policy": "elder-allowance",
        "identifier": make_identifier(seed),
        "kind": "resident",
        "period": "2025-11",
        "item": "",
        "amount": "100.50",
        "paid_on": "2025-11-20",
        **changes,
    }
    return ",".join(cells.values())


def test_a_past_award_keeps_the_first_run_from_paying_again(
    database: Engine, tmp_path: Path
) -> None:
    assert bring(database, tmp_path, HEADING, row_of(1)).imported == 1
    subject = subject_ids("resident", pl.Series([make_identifier(1)]), KEY)[0]
    award = all_rows(database, award_table)[0]
    assert (award.subject, award.amount_fen, award.state, award.origin) == (
        subject,
        10_050,
        "paid",
        "imported",
    )
    assert award.paid_on.isoformat() == "2025-11-20"
    due = make_matches(make_match(subject=subject, amount_fen=99))
    assert take_in(database, due) == IntakeReport(settled=1)


def test_an_import_may_be_repeated(database: Engine, tmp_path: Path) -> None:
    lines = [HEADING, *(row_of(seed) for seed in range(5))]
    assert bring(database, tmp_path, *lines).imported == 5
    again = bring(database, tmp_path, *lines, row_of(9))
    assert (again.imported, again.existing, again.bad) == (1, 5, ())
    entries = [row for row in all_rows(database, journal_entry) if row.kind == "award.imported"]
    awards = {row.id for row in all_rows(database, award_table)}
    assert {json.loads(entry.body)["award"] for entry in entries} == awards
    assert len(entries) == len(awards) == 6


def test_an_award_that_a_run_opened_stays_as_it_is(database: Engine, tmp_path: Path) -> None:
    subject = subject_ids("resident", pl.Series([make_identifier(1)]), KEY)[0]
    take_in(database, make_matches(make_match(subject=subject)))
    report = bring(database, tmp_path, HEADING, row_of(1))
    assert (report.imported, report.existing) == (0, 1)
    assert all_rows(database, award_table)[0].state == "opened"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"identifier": make_identifier(2)[:-1] + "9"}, "wrong check digit"),
        ({"identifier": "990101194003070"}, "not 18 characters"),
        ({"identifier": ""}, 'either "identifier" or "subject"'),
        ({"identifier": "　"}, "identifier"),
        ({"policy": "Elder Allowance"}, 'column "policy"'),
        ({"kind": "person"}, 'column "kind"'),
        ({"kind": "enterprise"}, 'column "identifier"'),
        ({"period": ""}, 'column "period"'),
        ({"period": "2025-13"}, 'column "period"'),
        ({"period": "202511"}, 'column "period"'),
        ({"amount": "1,000"}, "columns than the heading"),
        ({"amount": "100.505"}, 'column "amount"'),
        ({"amount": "-1"}, 'column "amount"'),
        ({"amount": "1e3"}, 'column "amount"'),
        ({"amount": "１００"}, 'column "amount"'),
        ({"paid_on": "2025-02-30"}, "does not exist"),
        ({"paid_on": "20/11/2025"}, 'column "paid_on"'),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_without_its_content(
    database: Engine, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    report = bring(database, tmp_path, HEADING, row_of(1), row_of(2, **change), row_of(3))
    assert report.imported == 2
    assert [bad.line for bad in report.bad] == [3]
    assert reason in report.bad[0].reason
    assert make_identifier(2)[:14] not in report.bad[0].reason


def test_a_second_row_for_one_award_is_a_bad_row(database: Engine, tmp_path: Path) -> None:
    report = bring(database, tmp_path, HEADING, row_of(1), row_of(2), row_of(1, amount="7"))
    assert report.imported == 2
    assert [(bad.line, bad.reason) for bad in report.bad] == [(4, "the same award as in line 2")]


def test_surrogate_ids_are_taken_instead_of_identifiers(database: Engine, tmp_path: Path) -> None:
    heading = "policy,subject,kind,period,amount,paid_on"
    good = "elder-allowance,Raaaaaaaaaaaaaaab,resident,once,5,2025-11-20"
    other_kind = good.replace("Raaa", "Eaaa")
    report = bring(database, tmp_path, heading, good, other_kind)
    assert report.imported == 1
    assert [bad.line for bad in report.bad] == [3]
    assert all_rows(database, award_table)[0].subject == "Raaaaaaaaaaaaaaab"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_files_of_chinese_spreadsheets_are_read(
    database: Engine, tmp_path: Path, encoding: str
) -> None:
    report = bring(database, tmp_path, HEADING, row_of(1, item="甲型设备"), encoding=encoding)
    assert report.imported == 1
    assert all_rows(database, award_table)[0].item == "甲型设备"


def test_lower_case_and_full_width_identifiers_are_the_same_person(
    database: Engine, tmp_path: Path
) -> None:
    seed = next(seed for seed in range(200) if make_identifier(seed).endswith("X"))
    wide = make_identifier(seed).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    bring(database, tmp_path, HEADING, row_of(seed))
    report = bring(
        database,
        tmp_path,
        HEADING,
        row_of(seed, identifier=make_identifier(seed).lower()),
        row_of(seed, identifier=wide, period="2025-12"),
    )
    assert (report.imported, report.existing) == (1, 1)
    assert len({row.subject for row in all_rows(database, award_table)}) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "missing"),
        (b"policy,kind,period,amount\n", "paid_on"),
        (b"policy,kind,period,amount,paid_on\n", "identifier"),
        (HEADING.encode() + b'\nelder,"' + b"9" * 18 + b"\n", "quote"),
        (b"\xff\xff\xff\xff", "UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(
    database: Engine, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "past.csv"
    file.write_bytes(content)
    with pytest.raises(PastAwardsRefused, match=said):
        import_past_awards(database, file, key=KEY, actor=ACTOR, now=NOW)
    assert count_rows(database, award_table) == 0


def test_a_file_that_is_not_there_is_refused(database: Engine, tmp_path: Path) -> None:
    with pytest.raises(PastAwardsRefused, match=r"none\.csv"):
        import_past_awards(database, tmp_path / "none.csv", key=KEY, actor=ACTOR, now=NOW)


def test_no_identifier_is_written_anywhere(database: Engine, tmp_path: Path) -> None:
    bring(database, tmp_path, HEADING, row_of(1), row_of(2, amount="x"))
    stored = repr([*all_rows(database, award_table), *all_rows(database, journal_entry)])
    assert make_identifier(1) not in stored
    assert make_identifier(2) not in stored
