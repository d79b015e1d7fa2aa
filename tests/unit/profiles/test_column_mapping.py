from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from language.errors import FilesRefused
from profiles.column_mapping import load_mappings
from profiles.errors import DeliveryRefused
from profiles.ingest import ingest
from profiles.release import read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, write_csv

A, B = credit_code(1), credit_code(2)
INSURANCE = """
dataset: unemployment-insurance
columns:
  单位代码: uscc
  费款月份: month
  人数: insured
  金额(万元): {column: premium, unit: 万元}
  是否足额: paid_in_full
ignore: [序号, 备注]
"""


def mapping_of(home: Path, text: str, dataset: str):
    path = home / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mappings(path, DATASETS)[dataset]


def refused(home: Path, text: str) -> str:
    with pytest.raises(FilesRefused) as caught:
        mapping_of(home, text, "unemployment-insurance")
    return str(caught.value)


def test_a_department_may_keep_its_own_headings_units_and_further_columns(tmp_path):
    mapping = mapping_of(tmp_path, INSURANCE, "unemployment-insurance")
    dataset = DATASETS["unemployment-insurance"]
    lines = [
        "序号,单位代码,费款月份,人数,金额(万元),是否足额,备注,备注",
        f"1,{A},2024-05,3,0.0123,是,x,y",
        f"2,{B},2024-05,3,-1,是,,",
    ]
    path = write_csv(tmp_path / "insurance.csv", *lines)
    report = ingest(path, dataset, root=tmp_path, delivered_on=DAY, mapping=mapping)
    assert read_release(report.release, dataset).rows() == [(A, date(2024, 5, 1), 3, 12300, True)]
    # The least that the dataset allows, 0 元, is kept in the unit of the file.
    assert report.release.reasons == {"premium: out of range, below 0": 1}


def test_a_range_is_turned_into_the_unit_of_the_file(tmp_path):
    insurance = DATASETS["unemployment-insurance"]
    premium = replace(insurance.columns["premium"], at_least="10000", at_most="25000")
    bounded = replace(insurance, columns={**insurance.columns, "premium": premium})
    path = tmp_path / "mapping.yaml"
    path.write_text(INSURANCE, encoding="utf-8")
    written = load_mappings(path, {bounded.name: bounded})["unemployment-insurance"].written[
        "premium"
    ]
    assert (written.unit, written.at_least, written.at_most) == ("万元", "1", "5/2")


def test_dates_with_the_year_last_are_read_in_the_order_that_is_said(tmp_path):
    dataset = DATASETS["zombie-list"]
    lines = [
        "uscc,列入日,removed_on",
        f"{A},01/05/2024,2024-06-01",
        f"{B},5/13/2024,",
    ]
    path = write_csv(tmp_path / "zombie-list.csv", *lines)
    for order, day, left in (
        ("day/month/year", date(2024, 5, 1), {"listed_on: not a date": 1}),
        ("month/day/year", date(2024, 1, 5), {}),
    ):
        text = f"dataset: zombie-list\ncolumns: {{列入日: {{column: listed_on, dates: {order}}}}}\n"
        mapping = mapping_of(tmp_path, text, "zombie-list")
        report = ingest(path, dataset, root=tmp_path / order[:3], delivered_on=DAY, mapping=mapping)
        rows = {row[0]: row[1] for row in read_release(report.release, dataset).rows()}
        assert rows[A] == day
        assert report.release.reasons == left


def test_without_a_mapping_dates_with_the_year_last_are_not_guessed_at(tmp_path):
    lines = ["uscc,listed_on,removed_on", f"{A},01/05/2024,", f"{B},2024-05-01,"]
    path = write_csv(tmp_path / "zombie-list.csv", *lines)
    report = ingest(path, DATASETS["zombie-list"], root=tmp_path, delivered_on=DAY)
    assert report.release.reasons == {"listed_on: not a date": 1}


def test_mapped_and_ignored_columns_of_parquet_files(tmp_path):
    mapping = mapping_of(tmp_path, INSURANCE, "unemployment-insurance")
    dataset = DATASETS["unemployment-insurance"]
    frame = pl.DataFrame(
        {
            "序号": [[1], [2]],
            "单位代码": [A, B],
            "费款月份": [date(2024, 5, 1)] * 2,
            "人数": [1, 2],
            "金额(万元)": [1, 2],
            "是否足额": [True, False],
        }
    )
    path = tmp_path / "insurance.parquet"
    frame.write_parquet(path)
    report = ingest(path, dataset, root=tmp_path, delivered_on=DAY, mapping=mapping)
    premiums = read_release(report.release, dataset)["premium"]
    assert sorted(premiums) == [1_000_000, 2_000_000]


def test_what_a_mapping_names_wrongly_is_told_with_its_place(tmp_path):
    said = refused(
        tmp_path,
        "dataset: unemployment-insurance\n"
        "columns:\n"
        "  a: uscd\n"
        "  b: month\n"
        "  c: month\n"
        "  f: {column: premium, unit: 亿元}\n",
    )
    assert "mapping.yaml:6:30" in said
    assert "万元" in said
    said = refused(
        tmp_path,
        "dataset: unemployment-insurance\n"
        "columns:\n"
        "  a: uscd\n"
        "  b: month\n"
        "  c: month\n"
        "  d: {column: insured, unit: 万元}\n"
        "  e: {column: premium, dates: day/month/year}\n"
        "ignore: [b]\n",
    )
    assert 'mapping.yaml:3:6: there is no column "uscd" (did you mean "uscc"?)' in said
    assert '"b" stands for month already' in said
    assert '"insured" is a integer, only money has a unit' in said
    assert '"premium" is a money, only dates have an order' in said
    assert '"b" is mapped and ignored' in said
    assert "did you mean" in refused(tmp_path, "dataset: unemployment-insurence\n")


def test_a_column_that_the_mapping_expects_is_missed_under_its_own_heading(tmp_path):
    mapping = mapping_of(tmp_path, INSURANCE, "unemployment-insurance")
    lines = ["单位代码,费款月度,人数,金额(万元),是否足额", f"{A},2024-05,3,1,是"]
    path = write_csv(tmp_path / "x.csv", *lines)
    with pytest.raises(DeliveryRefused) as caught:
        ingest(
            path,
            DATASETS["unemployment-insurance"],
            root=tmp_path,
            delivered_on=DAY,
            mapping=mapping,
        )
    said = str(caught.value)
    assert 'unknown column "费款月度", did you mean "费款月份"?' in said
    assert 'the mapping expects it under "费款月份"' in said


def test_a_column_renamed_overnight_is_told_beside_the_delivery_before(tmp_path):
    dataset = DATASETS["size-class"]
    first = write_csv(tmp_path / "a.csv", "uscc,年度,企业划型", f"{A},2024,small")
    ingest(first, dataset, root=tmp_path, delivered_on=DAY)
    renamed = write_csv(tmp_path / "b.csv", "uscc,年度,企业规模", f"{A},2024,small")
    with pytest.raises(DeliveryRefused) as caught:
        ingest(renamed, dataset, root=tmp_path, delivered_on=date(2025, 7, 1))
    said = str(caught.value)
    assert 'b.csv: unknown column "企业规模", did you mean "企业划型"?' in said
    assert (
        'b.csv: since the delivery of 2025-06-01 "企业划型" is gone and "企业规模" is new: '
        "if renamed, give the old name back or map the new one (--columns)"
    ) in said


def test_without_a_delivery_before_nothing_is_told_of_one(tmp_path):
    renamed = write_csv(tmp_path / "b.csv", "uscc,年度,企业规模", f"{A},2024,small")
    with pytest.raises(DeliveryRefused) as caught:
        ingest(renamed, DATASETS["size-class"], root=tmp_path, delivered_on=DAY)
    assert "since" not in str(caught.value)
