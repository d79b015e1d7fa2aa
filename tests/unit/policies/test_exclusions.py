"""By which facts a policy excludes, tried by asking what each condition says of the fact."""

from pathlib import Path

import pytest

from policies.exclusions import find_exclusions
from policies.policy import Policy
from tests.support.policy_texts import load_one

BENEFIT = "benefit: {amount: 1}\n"


def policy_of(folder: Path, when: str) -> Policy:
    return load_one(folder, f"clauses: [{{id: x, says: {{zh: 某}}, when: '{when}'}}]\n" + BENEFIT)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("not is_zombie", {("is_zombie", True)}),
        ("is_zombie == false", {("is_zombie", True)}),
        ("is_zombie != true", {("is_zombie", True)}),
        ("not (is_zombie == false)", set()),
        ("is_zombie", set()),
        ("not not is_zombie", set()),
        ('ent_size != "large"', {("ent_size", True)}),
        ('not (ent_size != "large")', set()),
        ('ent_size == "micro"', set()),
        ('not (ent_size in ["micro", "small"])', {("ent_size", True)}),
        ("not is_zombie and not credit_serious_dishonest",
         {("is_zombie", True), ("credit_serious_dishonest", True)}),
        ("not (is_zombie or credit_serious_dishonest)",
         {("is_zombie", True), ("credit_serious_dishonest", True)}),
        ("not (is_zombie and credit_serious_dishonest)",
         {("is_zombie", False), ("credit_serious_dishonest", False)}),
        ('not is_zombie or ent_size == "micro"', {("is_zombie", False)}),
    ],
)  # fmt: skip
def test_what_must_not_be_so_excludes(
    tmp_path: Path, when: str, expected: set[tuple[str, bool]]
) -> None:
    found = find_exclusions(policy_of(tmp_path, when))
    assert {(one.fact, one.alone) for one in found} == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("none", {("is_zombie", True), ("credit_serious_dishonest", True)}),
        ("all", set()),
        ("any", set()),
    ],
)
def test_a_group_of_which_none_may_hold_excludes_by_each(
    tmp_path: Path, group: str, expected: set[tuple[str, bool]]
) -> None:
    text = (
        f"clauses:\n  - {group}:\n"
        "      - {id: a, says: {zh: 甲}, when: is_zombie}\n"
        "      - {id: b, says: {zh: 乙}, when: credit_serious_dishonest}\n"
        "    id: g\n    says: {zh: 组}\n"
    )
    found = find_exclusions(load_one(tmp_path, text + BENEFIT))
    assert {(one.fact, one.alone) for one in found} == expected


def test_one_way_out_among_several_excludes_only_with_the_others(tmp_path: Path) -> None:
    text = (
        "clauses:\n  - any:\n"
        "      - {id: a, says: {zh: 甲}, when: not is_zombie}\n"
        "      - {id: b, says: {zh: 乙}, when: not credit_serious_dishonest}\n"
        "    id: g\n    says: {zh: 组}\n"
    )
    found = find_exclusions(load_one(tmp_path, text + BENEFIT))
    assert {one.alone for one in found} == {False}


def test_parameters_are_no_facts_that_exclude(tmp_path: Path) -> None:
    text = (
        "parameters: {cap: {label: {zh: 上限}, value: 5}}\n"
        "clauses: [{id: x, says: {zh: 某}, when: not (ui_insured_count > cap)}]\n"
    )
    found = find_exclusions(load_one(tmp_path, text + BENEFIT))
    assert [one.fact for one in found] == ["ui_insured_count"]
