"""Files as they should not be, from `zhida ingest` to verdicts.

What is good in them counts, what is not costs its own firm a verdict, and nobody becomes eligible
by it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from profiles.dataset import builtin_datasets
from tests.support.publishing import publish_files
from tests.unit.profiles.delivery_world import credit_code, resident_number, write_csv
from tests.unit.profiles.test_workbook_rows import SHEET, rewrite, sheet_xml

DAY, NEXT = "2025-02-10", "2025-02-11"
POLICY = """
policy: insured-firms
version: "1"
title: {zh: 参保企业奖励}
audience: enterprise
authority: 示范市人社局
level: city
basis: [{document: 示范市参保企业奖励办法}]
per: year
period: last
clauses:
  - {id: insured, says: 有足额缴费月份, when: ui_paid_months >= 1}
  - {id: listed, says: 未被列入僵尸企业, when: not is_zombie}
benefit: {kind: cash, amount: 1000元}
"""
INSURANCE = "uscc,month,insured,premium,paid_in_full"
ZOMBIES = "uscc,listed_on,removed_on"
GOOD, BAD = credit_code(1), credit_code(2)
Zhida = Callable[..., Result]


@pytest.fixture
def zhida(tmp_path: Path) -> Zhida:
    """The command over a home in which both firms are registered; never a traceback."""

    def call(*words: object, ends: int = 0) -> Result:
        options = ["--home", str(tmp_path / "home"), *map(str, words)]
        result = CliRunner().invoke(app, options, env={"COLUMNS": "160"})
        assert result.exit_code == ends, result.output or result.exception
        assert isinstance(result.exception, SystemExit | None)
        assert "Traceback" not in result.output
        return result

    call("init")
    columns = ",".join(builtin_datasets()["registration"].columns)
    firms = [
        f"{code},某公司,某某,某路,990101,enterprise,C3512,100,零售,2020-01-01,"
        for code in (GOOD, BAD)
    ]
    call("ingest", write_csv(tmp_path / "registration.csv", columns, *firms), "--delivered-on", DAY)
    policy = tmp_path / "insured-firms.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    publish_files(tmp_path / "home", policy)
    return call


def deliver(
    zhida: Zhida, path: Path, content: bytes | Sequence[str], ends: int = 0, day: str = DAY
) -> Any:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write_csv(path, *content)
    told = zhida("ingest", path, "--delivered-on", day, "--format", "json", ends=ends)
    return json.loads(told.stdout)[0] if ends != 1 else told.output


def reasons(zhida: Zhida, dataset: str) -> list[str]:
    told = json.loads(zhida("release", "quarantine", dataset, "--format", "json").stdout)
    assert BAD not in str(told)
    return [row["reason"] for row in told["rows"]]


def verdicts(zhida: Zhida, home: Path, day: str = DAY) -> tuple[str, str]:
    """Of the good firm and the bad one."""
    zhida("snapshot", "--as-of", day)
    zhida("run", "--policies", home / "insured-firms.yaml")
    found = []
    for code in (GOOD, BAD):
        told = zhida("explain", code, "insured-firms", "--format", "json").stdout
        assert code not in told
        found.append(json.loads(told)[0]["verdict"])
    return found[0], found[1]


def month(code: str, number: int = 1, premium: str = "100", insured: str = "3") -> str:
    return f"{code},2024-{number:02},{insured},{premium},是"


ROW = month(GOOD)
SPOILT = {
    "lines of another encoding": (
        "\n".join([INSURANCE, ROW, ""]).encode() + (month(BAD) + "\n").encode("gbk"),
        "is written in another encoding than the rest of the file",
    ),
    "a file that ends in the middle of a row": (
        "\n".join([INSURANCE, ROW, f"{BAD},2024-01,3,10"]).encode(),
        "the file ends in this row without a line break",
    ),
    "a file that ends in the middle of a cell": (
        "\n".join([INSURANCE, ROW, f"{BAD},2024-01,3,100,fal"]).encode(),
        "the file ends in this row without a line break",
    ),
    "negative money": (
        "\n".join([INSURANCE, ROW, month(BAD, premium="-100"), ""]).encode(),
        "premium: out of range, below 0",
    ),
    "a text of a megabyte": (
        "\n".join([INSURANCE, ROW, month(BAD, premium="9" * 1_000_000), ""]).encode(),
        'premium: "*********" is not a number',
    ),
    "a cell too many": (
        "\n".join([INSURANCE, ROW, month(BAD, premium="1,000"), ""]).encode(),
        "has 6 cells, not 5",
    ),
    "a contradiction": (
        "\n".join([INSURANCE, ROW, month(BAD), month(BAD, premium="7"), ""]).encode(),
        "contradiction: other rows have the same",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_row_is_set_aside_and_leaves_its_firm_without_verdict(
    fault: str, zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path / "zombie-list.csv", [ZOMBIES])
    content, reason = SPOILT[fault]
    report = deliver(zhida, tmp_path / "unemployment-insurance.csv", content, ends=3)
    assert report["accepted"] == 1
    told = reasons(zhida, "unemployment-insurance")
    assert told
    assert all(reason in one for one in told)
    assert all(len(one) < 300 for one in told)
    assert verdicts(zhida, tmp_path) == ("eligible", "unknown")


@pytest.mark.parametrize(
    "row",
    [
        f"{BAD},2024-13-01,".encode(),
        f"{BAD},2024-01-01,{'长' * 400_000}".encode(),
        f"{BAD},2024-01-01,移".encode("gbk"),
        f"{BAD},2024-01-01,2023-01-01".encode(),
        f"{BAD},2024-01-01".encode(),
        f"{BAD},2024-01-01,,".encode(),
    ],
    ids=["no day", "megabyte", "encoding", "ends before", "a cell less", "a cell more"],
)
def test_a_spoilt_row_of_a_list_of_debarred_firms_makes_nobody_eligible(
    row: bytes, zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path / "unemployment-insurance.csv", [INSURANCE, ROW, month(BAD)])
    # whoever is not on the list has the benefit: the row must not read as none
    other = f"{credit_code(9)},2024年1月1日,\n".encode()
    content = f"{ZOMBIES}\n".encode() + other + row + b"\n"
    deliver(zhida, tmp_path / "zombie-list.csv", content, ends=3)
    assert verdicts(zhida, tmp_path) == ("eligible", "unknown")


def test_a_column_renamed_overnight_is_refused_and_what_was_there_counts(
    zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path / "zombie-list.csv", [ZOMBIES])
    path = tmp_path / "unemployment-insurance.csv"
    first = deliver(zhida, path, [INSURANCE, ROW, month(BAD)])
    renamed = INSURANCE.replace("premium", "fee")
    said = deliver(zhida, path, [renamed, month(GOOD, 2), month(BAD, 2)], ends=1, day=NEXT)
    assert "fee" in said
    assert "premium" in said
    (release,) = json.loads(
        zhida("release", "list", "unemployment-insurance", "--format", "json").stdout
    )
    assert release["release"] == first["release"]
    assert verdicts(zhida, tmp_path, NEXT) == ("eligible", "eligible")


def test_an_event_to_come_is_set_aside(zhida: Zhida, tmp_path: Path) -> None:
    columns = builtin_datasets()["titles"].columns
    cells = {name: "" for name in columns}
    row = cells | {"uscc": GOOD, "recognised_on": "2025-02-10"}
    row |= {name: column.values[0] for name, column in columns.items() if column.values}
    late = row | {"uscc": BAD, "recognised_on": "2025-02-11"}
    lines = [",".join(columns), *(",".join(one.values()) for one in (row, late))]
    report = deliver(zhida, tmp_path / "titles.csv", lines, ends=3)
    assert report["accepted"] == 1
    assert reasons(zhida, "titles") == ["recognised_on: later than the delivery"]


def test_identity_numbers_of_every_kind_of_fault_are_set_aside_masked(
    zhida: Zhida, tmp_path: Path
) -> None:
    good, other = resident_number(1), resident_number(321)
    spoilt = [
        other[:-1] + ("1" if other[-1] != "1" else "2"),
        "9.9010119900101E+17",
        other[:15] + "000",
        other + "1",
        "",
    ]
    path = tmp_path / "graduation.csv"
    lines = [f"{number},master,2024-06-30" for number in (good, *spoilt)]
    header = ",".join(builtin_datasets()["graduation"].columns)
    report = deliver(zhida, path, [header, *lines], ends=3)
    assert (report["accepted"], len(reasons(zhida, "graduation"))) == (1, 5)
    told = zhida("release", "quarantine", "graduation").output
    said = zhida("ingest", path, "--delivered-on", DAY, ends=3).output
    for number in (good, *spoilt[:-1]):
        assert number not in told + said


def test_two_hundred_thousand_times_the_same_row_is_that_row(zhida: Zhida, tmp_path: Path) -> None:
    deliver(zhida, tmp_path / "zombie-list.csv", [ZOMBIES])
    path = tmp_path / "unemployment-insurance.csv"
    several = 200_000
    report = deliver(zhida, path, [INSURANCE, *[ROW] * several, month(BAD, premium="-1")], ends=3)
    assert (report["rows_in"], report["accepted"]) == (several + 1, 1)
    (release,) = json.loads(
        zhida("release", "list", "unemployment-insurance", "--format", "json").stdout
    )
    assert release["repeated"] == several - 1
    assert verdicts(zhida, tmp_path) == ("eligible", "unknown")


def test_a_workbook_of_a_million_columns_is_refused_and_the_file_beside_it_taken(
    zhida: Zhida, tmp_path: Path
) -> None:
    good = tmp_path / "good.xlsx"
    openpyxl.Workbook().save(good)
    bomb = tmp_path / "titles.xlsx"
    row = f"<row>{'<c><v>1</v></c>' * 1_000_000}</row>"
    rewrite(good, bomb, {SHEET: sheet_xml(row)})
    beside = write_csv(tmp_path / "zombie-list.csv", ZOMBIES, f"{BAD},2024-01-01,")
    words = ("ingest", bomb, beside, "--delivered-on", DAY, "--format", "json")
    done = zhida(*words, ends=1)
    assert "has more than 1,000 columns" in done.output
    told = json.loads(zhida("release", "list", "zombie-list", "--format", "json").stdout)
    assert [release["rows"] for release in told] == [1]


@pytest.mark.parametrize("where", ["releases", "snapshots", "zhida.db"])
@pytest.mark.parametrize("damage", ["a bit", "an end"])
def test_a_damaged_file_is_named_and_nothing_is_derived_from_it(
    where: str, damage: str, zhida: Zhida, tmp_path: Path
) -> None:
    deliver(zhida, tmp_path / "zombie-list.csv", [ZOMBIES])
    deliver(zhida, tmp_path / "unemployment-insurance.csv", [INSURANCE, ROW])
    zhida("snapshot", "--as-of", DAY)
    home = tmp_path / "home"
    file = home / where
    if file.is_dir():
        file = next(path for path in sorted(file.rglob("*.parquet")) if path.stat().st_size > 900)
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 4, len(content) // 2):
        content[place] ^= 1
    file.write_bytes(content if damage == "a bit" else content[: len(content) // 2])
    step = ["run", "--policies", str(tmp_path / "insured-firms.yaml")]
    if where == "releases":
        step = ["snapshot", "--as-of", DAY]
    done = subprocess.run(
        [sys.executable, "-m", "console.cli", "--home", home, *step],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert file.name in done.stderr or "database" in done.stderr
