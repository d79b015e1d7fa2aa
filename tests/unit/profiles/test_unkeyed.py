"""Rows without a usable key: which they are, what they are known by, what is shown of them."""

import json
from pathlib import Path

import polars as pl
import pytest

from language.errors import FilesRefused
from profiles.dataset import load_datasets
from profiles.errors import NotLinkable
from profiles.unkeyed import read_unkeyed
from tests.unit.profiles.delivery_world import DATASETS, KEY, credit_code, write_csv

HEADER = "uscc,tenant,address,representative,region,park,entered_on,left_on"
PARK = DATASETS["park-tenants"]


def read(folder: Path, *lines: str) -> pl.DataFrame:
    return read_unkeyed(write_csv(folder / "park.csv", HEADER, *lines), PARK, KEY)


def test_rows_are_without_a_key_where_it_is_empty_or_cannot_be_right(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        f"{credit_code(1)},示范甲,,,,,2024-01-01,",
        ",示范乙,,,,,2024-01-01,",
        f"{credit_code(2)[:-1]},示范丙,,,,,2024-01-01,",
        "不详,示范丁,,,,,2024-01-01,",
        f"{credit_code(3).lower()},示范戊,,,,,2024-01-01,",
    )
    assert rows["line"].to_list() == [3, 4, 5]
    assert rows["name"].to_list() == ["示范乙", "示范丙", "示范丁"]


def test_rows_that_say_the_same_of_a_firm_are_one_whatever_else_they_say(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        ",示范甲,样泉路1号,王示明,990101,一园,2024-01-01,",
        ",示范甲,样泉路1号,王示明,示范一区,二园,2025-01-01,",
        ",示范甲,样泉路1号,王示强,990101,一园,2024-01-01,",
    )
    first, second, third = rows["row"]
    assert first == second != third
    other_key = read_unkeyed(tmp_path / "park.csv", PARK, bytes(32))
    assert not set(other_key["row"]) & set(rows["row"])


def test_persons_and_long_numbers_are_masked_in_what_is_shown(tmp_path: Path) -> None:
    rows = read(tmp_path, ",示范甲,样泉路1号 电话10012345678,王示明,990101,一园,2024-01-01,")
    shown = json.loads(rows["shown"][0])
    assert shown["name"] == "示范甲"
    assert "王" not in rows["shown"][0]
    assert "10012345678" not in rows["shown"][0]
    # what it is linked by is whole
    assert rows["representative"].to_list() == ["王示明"]


def test_a_dataset_says_by_which_columns_rows_may_be_linked(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "sizes.csv", "uscc,year,ent_size", ",2024,small")
    with pytest.raises(NotLinkable, match="size-class"):
        read_unkeyed(path, DATASETS["size-class"], KEY)


def test_columns_that_are_not_there_and_persons_are_refused(tmp_path: Path) -> None:
    text = """\
dataset: fair
department: {zh: 商务局}
title: {zh: 展会}
basis: 办法
of: KIND
key: {column: code, identifier: IDENTIFIER}
time: {event: opened_on}
refresh: yearly
retention: 5 years
link: {name: firm, address: adress}
columns:
  firm: {type: text, label: {zh: 企业}}
  address: {type: text, label: {zh: 地址}}
  opened_on: {type: date, label: {zh: 日期}}
"""
    for number, (kind, identifier, said) in enumerate(
        (("enterprise", "uscc", 'did you mean "address"'), ("resident", "resident_id", "persons"))
    ):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text.replace("KIND", kind).replace("IDENTIFIER", identifier), "utf-8")
        with pytest.raises(FilesRefused) as caught:
            load_datasets([path])
        (problem,) = caught.value.problems
        assert problem.line == 10
        assert said in problem.remedy
