"""What policies need and nobody delivers, against lists written by hand."""

from datetime import date
from pathlib import Path

from engine.needed_facts import NeededFact, find_needed
from engine.program import Bound, bind
from policies.load import CATALOGUE, load_policies
from tests.support.policy_texts import load_one, vocabulary, write_policies
from tests.unit.profiles.test_precedence import make_vocabulary, size

DAY = date(2025, 10, 31)
ALL = {name: False for name in vocabulary().datasets} | {"grants": False}
TEXTS = {
    "both": """
        facts: {pledged: {type: boolean, label: {zh: 已承诺}, source: 一}}
        clauses:
          - {id: zombie, says: 一, when: not is_zombie}
          - {id: scale, says: 二, when: pledged}
        benefit: {amount: revenue}
    """,
    "one": """
        facts: {pledged: {type: boolean, label: {zh: 已承诺}, source: 一}}
        clauses: [{id: scale, says: 一, when: pledged or ui_insured_avg_prev_year > 3}]
        benefit: {amount: 1}
    """,
    "own": """
        per: year
        period: last
        facts:
          large: {says: 大月, from: unemployment-insurance, over: period, count: rows}
          stated: {type: boolean, label: {zh: 自报}, source: 一}
        clauses: [{id: large, says: 一, when: large > 2 and stated}]
        benefit: {amount: 1}
    """,
}


def bounds(folder: Path) -> list[Bound]:
    policies = load_policies(write_policies(folder, TEXTS), vocabulary()).policies
    return [bind(policy, vocabulary(), DAY) for policy in policies]


def told(found: tuple[NeededFact, ...]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    return {
        needed.name: (" ".join(needed.datasets), needed.lack, needed.policies) for needed in found
    }


def test_facts_that_come_only_by_hand_are_named_with_their_policies(tmp_path: Path) -> None:
    assert told(find_needed(bounds(tmp_path), vocabulary(), ALL)) == {
        "pledged": ("", "no dataset", ("both", "one")),
        "stated": ("", "no dataset", ("own",)),
    }


def test_what_was_never_delivered_or_is_stale_is_told_apart(tmp_path: Path) -> None:
    delivered = {"zombie-list": True, "annual-accounts": False}
    insurance = "unemployment-insurance"
    found = find_needed(bounds(tmp_path), vocabulary(), delivered)
    assert told(found) == {
        "pledged": ("", "no dataset", ("both", "one")),
        "is_zombie": ("zombie-list", "stale", ("both",)),
        # an average is named once, not by the sum and the count that it is made of
        "ui_insured_avg_prev_year": (insurance, "never delivered", ("one",)),
        insurance: (insurance, "never delivered", ("own",)),
        "stated": ("", "no dataset", ("own",)),
    }
    assert [len(needed.policies) for needed in found] == [2, 1, 1, 1, 1]


def test_our_own_awards_are_delivered_by_ourselves(tmp_path: Path) -> None:
    text = """
        per: year
        facts: {drawn: {says: 已享, from: grants, count: rows}}
        clauses: [{id: c, says: 一, when: drawn == 0}]
        benefit: {amount: 1}
    """
    bound = bind(load_one(tmp_path, text), vocabulary(), DAY)
    assert find_needed([bound], vocabulary(), ALL) == ()
    assert set(told(find_needed([bound], vocabulary(), {}))) == {"grants"}


def test_every_need_of_the_catalogue_is_a_fact_or_row_set_without_source() -> None:
    policies = load_policies([CATALOGUE], vocabulary()).policies
    found = find_needed([bind(p, vocabulary(), DAY) for p in policies], vocabulary(), ALL)
    assert found
    for needed in found:
        assert needed.lack == "no dataset"
        own = {f.name for p in policies if p.id in needed.policies for f in p.facts}
        fact = vocabulary().facts.get(needed.name)
        if fact is not None and needed.name not in own:
            assert not [measure for measure in fact.measures if measure.dataset]
            assert fact.formula is None


def test_of_several_departments_one_that_delivered_is_enough(tmp_path: Path) -> None:
    words = make_vocabulary(tmp_path, size_of=size())
    text = "clauses: [{id: c, says: 一, when: 'size_of == \"small\"'}]\nbenefit: {amount: 1}\n"
    paths = write_policies(tmp_path, {"sized": text})
    (policy,) = load_policies(paths, words).policies
    bound = bind(policy, words, DAY)
    datasets = "statistics industry tax"
    for delivered, lack in (
        ({}, "never delivered"),
        ({"tax": True}, "stale"),
        ({"tax": True, "industry": False}, None),
    ):
        expected = {} if lack is None else {"size_of": (datasets, lack, ("sized",))}
        assert told(find_needed([bound], words, delivered)) == expected
