"""Names and addresses in one form, and taken apart: worked cases."""

import csv

import pytest

from profiles.linkage_text import (
    TRADITIONAL_TABLE,
    AddressParts,
    NameParts,
    normalise_name,
    split_address,
    split_name,
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("示范市晨光商贸有限责任公司", "示范市晨光商贸有限公司"),
        ("示範市晨光商貿有限公司", "示范市晨光商贸有限公司"),
        ("晨光（示范）科技　有限公司", "晨光(示范)科技有限公司"),
        ("晨光【示范】科技有限公司", "晨光(示范)科技有限公司"),
        ("ＡＢＣ科技有限公司", "ABC科技有限公司"),
        ("abc 科技有限公司", "ABC科技有限公司"),
        ("晨光股份公司", "晨光股份有限公司"),
        ("晨光事务所（普通合伙）", "晨光事务所"),
        ("晨光事务所(普通合伙企业)", "晨光事务所"),
        ("", ""),
    ],
)
def test_a_name_in_one_form(written: str, normal: str) -> None:
    assert normalise_name(written) == normal


@pytest.mark.parametrize(
    ("name", "place", "core", "form", "branch"),
    [
        ("示范市晨光商贸有限公司", "示范市", "晨光商贸", "有限", ""),
        ("示范市示范一区晨光商贸", "示范市示范一区", "晨光商贸", "", ""),
        ("示范晨光商贸公司", "示范", "晨光商贸", "公司", ""),
        ("晨光（示范）科技有限责任公司", "示范", "晨光科技", "有限", ""),
        ("晨光科技股份公司", "", "晨光科技", "股份", ""),
        ("晨光设计事务所（普通合伙）", "", "晨光设计事务所", "合伙", ""),
        ("晨光商贸有限公司示范二区分公司", "", "晨光商贸", "有限", "示范二区分公司"),
        ("示范一区晨光水果店第二分店", "示范一区", "晨光水果店", "", "第二分店"),
        ("晨光分店", "", "晨光", "", "分店"),
        ("公司", "", "公司", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_name_taken_apart(name: str, place: str, core: str, form: str, branch: str) -> None:
    parts = split_name(name)
    expected = NameParts(whole=parts.whole, place=place, core=core, form=form, branch=branch)
    assert parts == expected


@pytest.mark.parametrize(
    "address",
    [
        "示范市示范二区样泉路12号3栋2单元1502室",
        "样泉路12号3栋2单元1502",
        "样泉路１２号3幢2单元1502室",
        "示范二区样泉路12#3-2-1502",
        "樣泉路 12 號 三棟 2單元 1502室",
    ],
)
def test_one_address_written_in_many_ways(address: str) -> None:
    parts = split_address(address)
    assert parts.street == "样泉路"
    assert (parts.house, parts.rest) == ("12", ("3", "2", "1502"))


def test_an_address_without_numbers_is_all_street() -> None:
    assert split_address("示范市示范一区样泉村") == AddressParts(street="样泉村", house="", rest=())
    assert split_address("") == AddressParts(street="", house="", rest=())


def test_traditional_characters_lead_to_simplified_ones_in_one_step() -> None:
    with TRADITIONAL_TABLE.open(encoding="utf-8", newline="") as file:
        pairs = [(row["traditional"], row["simplified"]) for row in csv.DictReader(file)]
    traditional = [first for first, _ in pairs]
    assert len(set(traditional)) == len(pairs) > 600
    assert all(len(first) == len(second) == 1 for first, second in pairs)
    assert not set(traditional) & {second for _, second in pairs}
