"""Which policies are decided together: by stacking rules and claims, over any number of links."""

from pathlib import Path

from engine.linked_policies import link_policies
from policies.load import load_policies
from tests.support.policy_texts import vocabulary, write_policies

ALONE = """\
clauses: [{id: a, says: 一, source: 一, when: is_zombie}]
benefit: {amount: 1}
"""
CLAIMING = ALONE + (
    "rows: {crew: {columns: {person: {says: 人员, type: text}}}}\n"
    "each: {row: crew, claim: {of: person, group: hiring}, "
    "clauses: [{id: b, says: 二, source: 二, when: is_zombie}]}\n"
)


def linked(folder: Path, **texts: str) -> list[tuple[str, ...]]:
    paths = write_policies(folder, texts)
    return link_policies(load_policies(paths, vocabulary()).policies)


def test_who_excludes_or_requires_whom_and_on_from_there_is_one_group(tmp_path: Path) -> None:
    found = linked(
        tmp_path,
        alone=ALONE,
        first=ALONE + "stacking: {excludes: [second]}\n",
        second=ALONE,
        third=ALONE + "stacking: {requires: [second]}\n",
    )
    assert found == [("first", "second", "third")]


def test_those_tied_to_a_policy_that_does_not_run_are_linked_with_each_other(
    tmp_path: Path,
) -> None:
    excluding = ALONE + "stacking: {excludes: [elsewhere]}\n"
    assert linked(tmp_path, one=excluding, two=excluding, three=ALONE) == [("one", "two")]


def test_a_stacking_group_and_a_claim_group_link_and_are_not_the_same_by_name(
    tmp_path: Path,
) -> None:
    stacked = ALONE + "stacking: {group: {name: hiring, rule: exclusive}}\n"
    found = linked(tmp_path, a=stacked, b=stacked, c=CLAIMING, d=CLAIMING, hiring=ALONE)
    assert found == [("a", "b"), ("c", "d")]


def test_policies_without_ties_are_in_no_group(tmp_path: Path) -> None:
    assert linked(tmp_path, a=ALONE, b=ALONE) == []
