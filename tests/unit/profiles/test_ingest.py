import json
import re
import threading
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles import delivery, parquet_rows
from profiles.errors import DeliveryRefused
from profiles.folder import locked
from profiles.ingest import ingest
from profiles.release import read_quarantine, read_release
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    credit_code,
    deliver,
    resident_number,
    write_csv,
)

INSURANCE = "uscc,month,insured,premium,paid_in_full"
A, B = credit_code(1), credit_code(2)


def rows_of(report, dataset: str) -> list[tuple[object, ...]]:
    return read_release(report.release, DATASETS[dataset]).rows()


def refused(home, dataset: str, *lines: str) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        deliver(home, dataset, *lines)
    assert not list((home / "releases").rglob("*.parquet"))
    return str(caught.value)


def test_good_rows_are_released_typed_and_sorted(tmp_path):
    report = deliver(
        tmp_path,
        "unemployment-insurance",
        INSURANCE,
        f'{B},2024年5月,3,"1,234.50",是',
        f"{A},202404,0,0,false",
    )
    assert report.created
    assert rows_of(report, "unemployment-insurance") == sorted(
        [(A, date(2024, 4, 1), 0, 0, False), (B, date(2024, 5, 1), 3, 123450, True)]
    )
    assert (report.release.rows_in, report.release.rows, report.release.quarantined) == (2, 2, 0)


def test_bad_rows_are_quarantined_with_line_and_every_reason(tmp_path):
    wrong = A[:-1] + ("0" if A[-1] != "0" else "1")
    report = deliver(
        tmp_path,
        "unemployment-insurance",
        INSURANCE,
        f"{A},2024-05,3,100,true",
        f"{wrong},2024-13,x,0.001,maybe",
        f"{A},2024-06,3",
        f"{B},2024-06,nan,100,",
    )
    assert rows_of(report, "unemployment-insurance") == [(A, date(2024, 5, 1), 3, 10000, True)]
    quarantine = read_quarantine(report.release)
    assert quarantine["line"].to_list() == [3, 4, 5]
    assert quarantine["reason"].to_list() == [
        'uscc: wrong check digit; month: "2024-13" is not a month such as 2024-05; '
        'insured: "x" is not a number; premium: finer than a fen; '
        'paid_in_full: "maybe" is neither true, 1, 是, Y nor false, 0, 否, N',
        "has 3 cells, not 5",
        'insured: "nan" is not a number; paid_in_full: empty, but required',
    ]
    assert report.release.reasons == {
        "uscc: wrong check digit": 1,
        "wrong number of cells": 1,
        "insured: not a number": 1,
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.sampled_from("0123x"))))
def test_every_row_is_released_repeated_or_quarantined(tmp_path_factory, drawn):
    lines = [f"{credit_code(n)},2024-0{month},{word},1,true" for n, month, word in drawn]
    good = f"{credit_code(99)},2024-01,1,1,true"
    report = deliver(
        tmp_path_factory.mktemp("home"), "unemployment-insurance", INSURANCE, good, *lines
    )
    # The model: rows of one firm and month must agree, and an x is no number.
    said: dict[tuple[int, int], set[str]] = {}
    for firm, month, word in drawn:
        if word != "x":
            said.setdefault((firm, month), set()).add(word)
    single = [key for key, words in said.items() if len(words) == 1]
    contrary = sum(word != "x" and len(said[n, month]) > 1 for n, month, word in drawn)
    release = report.release
    assert release.rows == 1 + len(single)
    assert release.quarantined == contrary + sum(word == "x" for _, _, word in drawn)
    assert release.rows + release.quarantined + release.repeated == 1 + len(drawn)
    assert sum(release.reasons.values()) == release.quarantined


def test_equal_rows_are_dropped_and_contradictions_are_all_set_aside(tmp_path):
    report = deliver(
        tmp_path,
        "size-class",
        "uscc,year,ent_size",
        f"{A},2024,small",
        f"{A},2024,small",
        f"{B},2024,small",
        f"{B},2024,small",
        f"{B},2024,large",
    )
    assert rows_of(report, "size-class") == [(A, date(2024, 1, 1), "small")]
    assert report.release.repeated == 1
    assert read_quarantine(report.release)["line"].to_list() == [4, 5, 6]


def test_a_header_that_does_not_fit_is_refused_naming_everything(tmp_path):
    said = refused(
        tmp_path,
        "unemployment-insurance",
        "uscc,mnth,insured,insured,premium",
        f"{A},2024-05,3,3,1",
    )
    assert 'unknown column "mnth", did you mean "month"?' in said
    assert 'column "insured" stands 2 times' in said
    assert 'column "month" (费款所属期) is missing' in said
    assert 'column "paid_in_full" (足额缴纳) is missing' in said


def test_a_header_may_use_the_chinese_labels(tmp_path):
    report = deliver(tmp_path, "size-class", "年度,企业划型,统一社会信用代码", f"2024,small,{A}")
    assert rows_of(report, "size-class") == [(A, date(2024, 1, 1), "small")]


def test_a_missing_header_is_refused_without_repeating_somebodys_number(tmp_path):
    number = resident_number(1)
    said = refused(tmp_path, "graduation", f"{number},master,2024-06-30")
    assert number not in said
    assert "its first row is no heading: write id_number, education_level, graduated_on" in said
    columns = len(DATASETS["household-register"].columns)
    row = f"{number},示例居民,男" + "," * (columns - 3)
    assert "示例居民" not in refused(tmp_path, "household-register", row, row)


def test_empty_files_are_refused(tmp_path):
    for content in (b"", b"\n \n", b"\xef\xbb\xbf"):
        path = tmp_path / "empty.csv"
        path.write_bytes(content)
        with pytest.raises(DeliveryRefused, match="empty"):
            ingest(path, DATASETS["titles"], root=tmp_path / "releases", delivered_on=DAY)


def test_a_list_may_be_empty_but_no_register(tmp_path):
    report = deliver(tmp_path, "zombie-list", "uscc,listed_on,removed_on")
    assert report.release.rows == 0
    header = ",".join(DATASETS["registration"].columns)
    with pytest.raises(DeliveryRefused, match="register is never empty"):
        deliver(tmp_path, "registration", header)


def test_a_file_of_bad_rows_only_is_refused_so_that_it_replaces_nothing(tmp_path):
    said = refused(tmp_path, "size-class", "uscc,year,ent_size", "x,2024,small", "y,2024,small")
    assert "none of its 2 rows can be used: uscc: not 18 characters (2 rows)" in said


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DeliveryRefused, match="No such file"):
        ingest(tmp_path / "no.csv", DATASETS["titles"], root=tmp_path, delivered_on=DAY)


def test_a_state_that_ends_before_it_begins_is_quarantined(tmp_path):
    report = deliver(
        tmp_path,
        "zombie-list",
        "uscc,listed_on,removed_on",
        f"{A},2024-05-02,2024-05-01",
        f"{B},2024-05-02,2024-05-02",
    )
    assert report.release.reasons == {"removed_on: before listed_on": 1}
    assert report.release.rows == 1


def test_gbk_files_are_read(tmp_path):
    header = ",".join(DATASETS["registration"].columns)
    line = f"{A},示范商贸有限公司,某某,示范路1号,示范一区,enterprise,C3512,100,零售,2020-01-01,"
    path = write_csv(tmp_path / "r.csv", header, line, encoding="gbk")
    report = ingest(path, DATASETS["registration"], root=tmp_path, delivered_on=DAY)
    row = read_release(report.release, DATASETS["registration"]).row(0, named=True)
    assert row["name"] == "示范商贸有限公司"
    assert row["region"] == "990101"
    assert row["registered_capital"] == 100_000_000


def test_nothing_personal_is_left_in_the_quarantine_or_the_manifest(tmp_path):
    number, phone, name = resident_number(7), "00012345678", "示例居民"
    header = ",".join(DATASETS["household-register"].columns)
    good = f"{resident_number(8)},x,male,1990-01-01,990101,,h,head,,"
    cells = f"{number},{name},none,1990-01-01,990101,,h1,head,{phone},"
    shifted = f"{name},{number},male,1990-01-01,{phone}"
    misplaced = f"{number},{name},male,{number},{number},,{number},{phone},,"
    wrong = f"{number[:-1]}A,{name},male,1990-01-01,990101,,h1,head,{phone},"
    contrary = [
        f"{number},{name},{sex},1990-01-01,990101,,h1,head,{phone}," for sex in ("male", "female")
    ]
    report = deliver(
        tmp_path, "household-register", header, good, cells, shifted, misplaced, wrong, *contrary
    )
    assert report.release.quarantined == 6
    kept = read_quarantine(report.release).write_csv()
    kept += (report.release.path / "manifest.json").read_text(encoding="utf-8")
    for secret in (number, number[:-1], phone, name):
        assert secret not in kept


def test_parquet_is_read_like_csv(tmp_path):
    frame = pl.DataFrame(
        {
            "uscc": [A, A, B],
            "month": [date(2024, 5, 1), date(2024, 6, 1), date(2024, 5, 2)],
            "insured": [3, 4, 5],
            "premium": [Decimal("1.10"), Decimal("0.30"), Decimal("2.00")],
            "paid_in_full": [True, False, True],
        }
    )
    path = tmp_path / "ui.parquet"
    frame.write_parquet(path)
    dataset = DATASETS["unemployment-insurance"]
    report = ingest(path, dataset, root=tmp_path, delivered_on=DAY)
    assert read_release(report.release, dataset)["premium"].to_list() == [110, 30]
    assert report.release.reasons == {"month: not a month": 1}
    assert read_quarantine(report.release)["line"].to_list() == [3]


def test_floats_are_read_by_their_shortest_decimal_and_never_as_identifiers(tmp_path):
    dataset = DATASETS["unemployment-insurance"]
    columns = {
        "uscc": [A, B],
        "month": [datetime(2024, 5, 1), datetime(2024, 5, 1)],
        "insured": [3.0, float("nan")],
        "premium": [0.29, 1.1],
        "paid_in_full": ["是", "否"],
    }
    path = tmp_path / "floats.parquet"
    pl.DataFrame(columns).write_parquet(path)
    report = ingest(path, dataset, root=tmp_path, delivered_on=DAY)
    assert read_release(report.release, dataset).row(0) == (A, date(2024, 5, 1), 3, 29, True)
    assert report.release.reasons == {"insured: not a number": 1}
    pl.DataFrame(columns | {"uscc": [9.1e17, 9.2e17]}).write_parquet(path)
    with pytest.raises(DeliveryRefused, match='"uscc" holds floating-point numbers'):
        ingest(path, dataset, root=tmp_path, delivered_on=DAY)


def test_a_parquet_file_is_read_in_blocks_whatever_its_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_rows, "BLOCK_ROWS", 4)
    years = [2000 + number for number in range(11)]
    frame = pl.DataFrame(
        {
            "ent_size": pl.Series(["small"] * 11, dtype=pl.Categorical),
            "uscc": [credit_code(number) for number in range(11)],
            "year": years,
        }
    )
    path = tmp_path / "size-class.parquet"
    for row_group_size in (1, 3, 100):
        frame.write_parquet(path, row_group_size=row_group_size)
        blocks = list(delivery.read_delivery(path, DATASETS["size-class"]))
        assert all(0 < block.cells.height <= 4 for block in blocks)
        cells = pl.concat([block.cells for block in blocks])
        assert cells["line"].to_list() == list(range(1, 12))
        assert cells["year"].to_list() == years
        assert blocks[-1].done == blocks[-1].total == 11


@pytest.mark.parametrize(
    "values", [[["a"]], [{"a": 1}], [b"a"], [timedelta(1)], [time(1)], [[1.5, 2.5]]]
)
def test_a_parquet_column_of_no_single_values_is_refused_by_name(tmp_path, values):
    path = tmp_path / "size-class.parquet"
    pl.DataFrame({"uscc": [A], "year": [2024], "ent_size": values}).write_parquet(path)
    with pytest.raises(DeliveryRefused, match='"ent_size" holds'):
        ingest(path, DATASETS["size-class"], root=tmp_path, delivered_on=DAY)


def test_a_parquet_file_damaged_in_the_middle_is_refused_when_it_is_met(tmp_path):
    numbers = range(3000)
    frame = pl.DataFrame(
        {
            "uscc": [credit_code(number) for number in numbers],
            "year": [2024] * 3000,
            "ent_size": ["small"] * 3000,
        }
    )
    path = tmp_path / "size-class.parquet"
    frame.write_parquet(path, compression="zstd", row_group_size=1000)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 400):
        content[place] ^= 255
    path.write_bytes(content)
    with pytest.raises(DeliveryRefused, match="is no readable Parquet file"):
        ingest(path, DATASETS["size-class"], root=tmp_path / "releases", delivered_on=DAY)
    assert not list((tmp_path / "releases").rglob("*.parquet"))


def test_a_parquet_file_whose_counts_are_wrong_is_not_read_in_part(tmp_path):
    rows = [credit_code(number) for number in range(300)]
    path = tmp_path / "size-class.parquet"
    frame = pl.DataFrame({"uscc": rows, "year": [2024] * 300, "ent_size": ["small"] * 300})
    frame.write_parquet(path)
    content = path.read_bytes()
    # 300 and 284 as Thrift's compact protocol writes integers of 64 bits.
    counts = [found.start() for found in re.finditer(rb"\x16\xd8\x04", content)]
    assert len(counts) > 1
    for place in counts:
        path.write_bytes(content[:place] + b"\x16\xb8\x04" + content[place + 3 :])
        try:
            blocks = list(delivery.read_delivery(path, DATASETS["size-class"]))
        except DeliveryRefused:
            continue
        assert sum(block.cells.height for block in blocks) == 300


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_a_damaged_parquet_file_is_refused(tmp_path, damage):
    path = tmp_path / "ui.parquet"
    pl.DataFrame({"uscc": [A] * 1000}).write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "flipped": whole[:-20] + bytes([whole[-20] ^ 255]) + whole[-19:],
            "text": b"uscc,year,ent_size\n",
        }[damage]
    )
    with pytest.raises(DeliveryRefused):
        ingest(path, DATASETS["size-class"], root=tmp_path, delivered_on=DAY)


def test_progress_ends_with_everything_done(tmp_path):
    told: list[tuple[str, int, int]] = []
    deliver(
        tmp_path,
        "size-class",
        "uscc,year,ent_size",
        f"{A},2024,small",
        on_progress=lambda step, done, total: told.append((step, done, total)),
    )
    assert told[0][0] == "reading"
    assert told[0][1] == told[0][2]
    assert told[-1] == ("writing", 1, 1)


def test_the_manifest_says_where_the_rows_come_from(tmp_path):
    report = deliver(tmp_path, "size-class", "uscc,year,ent_size", f"{A},2024,small")
    manifest = json.loads((report.release.path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["dataset"] == "size-class"
    assert manifest["delivered_on"] == "2025-06-01"
    assert manifest["source"]["name"] == "size-class-2025-06-01.csv"
    assert manifest["hash"] == report.release.path.name


def test_of_one_dataset_one_delivery_is_taken_in_at_a_time(tmp_path):
    root = tmp_path / "releases"
    root.mkdir()
    line = f"{credit_code(1)},2024,small"
    taken = []
    other = threading.Thread(
        target=lambda: taken.append(
            deliver(tmp_path, DATASETS["size-class"], "uscc,year,ent_size", line)
        )
    )
    with locked(root / ".size-class.lock"):
        other.start()
        other.join(timeout=1)
        assert taken == []
    other.join()
    assert [report.created for report in taken] == [True]


def test_a_release_holds_files_only(tmp_path):
    release = deliver(
        tmp_path, DATASETS["size-class"], "uscc,year,ent_size", f"{credit_code(1)},2024,small"
    ).release
    assert all(path.is_file() for path in release.path.iterdir())
    assert [path.name for path in release.path.parent.iterdir()] == [release.hash]
