"""One item compared across places, and the pages of reviews and negative lists."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from console.catalogue_compare import elements_to_compare, find_items
from console.catalogue_page import align, same
from console.cli import app
from console.errors import NothingThere
from policies.load import CATALOGUE, load_policies
from tests.support.policy_texts import vocabulary

LOADED = load_policies([CATALOGUE], vocabulary())
BY_ID = {policy.id: policy for policy in LOADED.policies}
SHANDONG, GUANGDONG = (
    "e01-job-retention-refund-shandong",
    "e02-job-retention-refund-guangdong",
)


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["catalogue", *arguments], env={"COLUMNS": "250"})
    assert result.exit_code == 0, result.output
    return result.output


def test_a_frame_stands_for_all_that_implement_it() -> None:
    by_frame = json.loads(call("compare", "job-retention-refund", "--format", "json"))
    by_name = json.loads(call("compare", SHANDONG, GUANGDONG, "--format", "json"))
    assert by_frame == by_name
    elements = {one["element"]: one for one in by_frame["elements"]}
    assert elements["主管部门"]["values"] == [
        BY_ID[SHANDONG].authority,
        BY_ID[GUANGDONG].authority,
    ]
    assert not elements["主管部门"]["same"]
    assert elements["政策级别"] == {
        "element": "政策级别",
        "same": True,
        "values": ["省级", "省级"],
    }


def test_every_element_that_one_has_is_a_row() -> None:
    told = json.loads(call("compare", SHANDONG, GUANGDONG, "--format", "json"))
    labels = {one["element"] for one in told["elements"]}
    for name in (SHANDONG, GUANGDONG):
        assert set(elements_to_compare(BY_ID[name], vocabulary(), "zh")) <= labels
    for one in told["elements"]:
        assert one["same"] is (len(set(one["values"])) == 1)


def test_items_of_one_basic_code_are_found_with_higher_levels_first() -> None:
    city, province = BY_ID["r06-disability-subsidies-shanghai"], BY_ID[SHANDONG]
    coded = [
        replace(policy, terms=replace(policy.terms, service={"catalog_code": "000512001000"}))
        for policy in (city, province)
    ]
    found = find_items(["000512001000"], replace(LOADED, policies=tuple(coded)))
    assert [policy.level for policy in found] == ["province", "city"]


def test_an_item_that_is_not_there_is_named() -> None:
    with pytest.raises(NothingThere, match="no-such-item"):
        find_items(["no-such-item"], LOADED)


def test_what_one_lacks_is_a_difference() -> None:
    rows = align([{"a": "1", "b": "2"}, {"a": "1", "b": ""}], "—")
    assert rows == [("a", ("1", "1")), ("b", ("2", "—"))]
    assert [same(cells) for _, cells in rows] == [True, False]


def test_a_review_lists_each_reason_with_its_day() -> None:
    told = json.loads(call("review", "--as-of", "2025-11-01", "--format", "json"))
    ends = {(one["policy"], one["day"]) for one in told if one["reason"] == "ends"}
    assert (f"{SHANDONG}@2025.1", "2025-12-31") in ends
    assert "Ends soon" in call("review", "--as-of", "2025-11-01", "--language", "en")


def test_a_negative_list_names_facts_and_the_policies_that_exclude_by_them() -> None:
    told = json.loads(call("negative", "--format", "json"))
    listed = {one["policy"] for one in told["exclusions"]["credit_serious_dishonest"]}
    assert f"{GUANGDONG}@2024.1" in listed
    assert {one["criterion"] for one in told["not_fit"]} >= {"basis"}
    assert "<table" in call("negative", "--format", "html")
