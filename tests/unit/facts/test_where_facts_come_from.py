"""The facts that policies of the catalogue need: each comes from a dataset, or says why not."""

from datetime import date

from engine.program import bind
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
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
