"""The facts that policies of the catalogue need: each comes from a dataset, or says why not."""

from datetime import date

import polars as pl

from engine.program import bind
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.derivation import compute_facts
from profiles.vocabulary_load import builtin_vocabulary

BY_HAND = {
    # a purchase that a bank asks about while it is made; no department has a list of them
    "spend_key_sector",
}


def test_every_shared_fact_that_a_policy_needs_comes_from_somewhere():
    vocabulary = builtin_vocabulary(builtin_datasets())
    policies = load_policies([CATALOGUE], vocabulary).policies
    without = set()
    for policy in policies:
        own = {fact.name for fact in policy.facts}
        day = max(policy.effective_from, date(2000, 1, 1))
        for name in bind(policy, vocabulary, day).names - own:
            fact = vocabulary.facts.get(name)
            if fact is not None and fact.measure is None and fact.formula is None:
                without.add(name)
    assert without == BY_HAND


def test_no_row_of_an_incomplete_dataset_says_nothing():
    vocabulary = builtin_vocabulary(builtin_datasets())
    for fact in vocabulary.facts.values():
        if fact.measure is not None and fact.measure.dataset:
            dataset = vocabulary.datasets[fact.measure.dataset]
            says_something = fact.absent is not None or fact.may_not_apply
            assert dataset.complete is not None or not says_something, fact.name


def test_what_is_shared_by_leave_of_each_subject_is_complete_for_nobody():
    by_leave = {name: d for name, d in builtin_datasets().items() if "授权" in d.basis}
    assert {"energy-use", "enterprise-loans", "household-homes"} <= set(by_leave)
    assert [name for name, dataset in by_leave.items() if dataset.complete] == []


def test_statistics_of_a_year_not_delivered_yet_are_not_taken_for_unfiled():
    vocabulary = builtin_vocabulary(builtin_datasets())
    rows = pl.DataFrame(
        {
            "subject": ["both", "before", "unfiled"],
            "year": [date(2024, 1, 1), date(2023, 1, 1), date(2024, 1, 1)],
            "filed": [True, True, False],
        }
    )
    subjects = pl.Series(["both", "before", "unfiled", "never"])
    found = compute_facts(
        vocabulary, "enterprise", subjects, {"rd-statistics-filing": rows}, date(2025, 2, 1)
    )
    assert found["rd_stats_filed"].to_list() == [True, None, False, None]
