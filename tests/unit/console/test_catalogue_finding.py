"""Policies found by words, and pairs that are alike."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from console.catalogue_finding import find_alike, find_policies
from console.catalogue_item import facts_asked
from console.catalogue_passages import Filter, holds_in
from console.cli import app
from policies.load import CATALOGUE, load_policies
from tests.support.policy_texts import vocabulary

POLICIES = load_policies([CATALOGUE], vocabulary()).policies
BY_ID = {policy.id: policy for policy in POLICIES}
SHENZHEN = BY_ID["r03-old-age-allowance-shenzhen"]


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["catalogue", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
@pytest.mark.parametrize("field", ["title_zh", "title_en"])
def test_a_policy_is_found_by_its_title_in_both_languages(policy: object, field: str) -> None:
    found = find_policies(getattr(policy, field), POLICIES, vocabulary())
    best = [one.policy for one in found if one.score == found[0].score]
    assert policy in best


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("民政局", "authority"),
        ("深圳市", "region"),
        ("aged 70 or over", "clauses"),
        ("周岁年龄", "facts"),
        ("现金", "benefit"),
    ],
)
def test_what_matched_is_shown(query: str, part: str) -> None:
    (one,) = find_policies(query, [SHENZHEN], vocabulary())
    assert part in {passage.part for passage in one.matched}


def test_words_that_nothing_has_find_nothing() -> None:
    assert find_policies("火星 宇航员 zzzz", POLICIES, vocabulary()) == []


def test_filters_leave_out_what_was_not_asked_for() -> None:
    told = json.loads(
        call("search", "补贴", "--audience", "resident", "--region", "广州", "--format", "json")
    )
    found = [BY_ID[one["policy"].split("@")[0]] for one in told]
    assert found
    assert all(policy.audience == "resident" for policy in found)
    assert all(
        policy.region is None or any("4401".startswith(code) for code in policy.region.within)
        for policy in found
    )


def test_a_filter_by_day_takes_those_in_force_then() -> None:
    day = date(2024, 6, 30)
    taken = [policy.key for policy in POLICIES if Filter(in_force_on=day).takes(policy)]
    assert taken == [policy.key for policy in POLICIES if policy.in_force(day) is None]
    assert 0 < len(taken) < len(POLICIES)


def test_a_region_asks_for_all_that_holds_in_it_or_in_a_part_of_it() -> None:
    assert holds_in(SHENZHEN, "440300")
    assert holds_in(SHENZHEN, "440305")
    assert holds_in(SHENZHEN, "440000")
    assert not holds_in(SHENZHEN, "440100")


def test_scores_of_facts_are_the_shares_of_sets() -> None:
    pairs = find_alike(POLICIES, vocabulary(), 0.0)
    assert pairs
    for one in pairs:
        first, second = (
            set(facts_asked(policy, vocabulary()))
            - ({policy.region.fact} if policy.region else set())
            for policy in (one.first, one.second)
        )
        assert one.shared_facts == tuple(sorted(first & second))
        expected = len(first & second) / len(first | second) if first | second else 0.0
        assert one.facts == expected


def test_one_item_of_two_cities_is_found_as_a_pair() -> None:
    told = json.loads(call("similar", "r06-disability-subsidies-shanghai", "--format", "json"))
    best = told[0]
    assert {key.split("@")[0] for key in best["policies"]} == {
        "r06-disability-subsidies-shanghai",
        "r07-disability-subsidies-guangzhou",
    }
    assert len(best["shared_facts"]) >= 3


def test_both_are_pages_in_english_too() -> None:
    assert "Similar policies" in call("similar", "--least", "0.6", "--language", "en")
    assert "<table" in call("search", "disability", "--language", "en", "--format", "html")
