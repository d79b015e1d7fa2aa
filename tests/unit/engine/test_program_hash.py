"""A run is named by what decides it: its policies, and the meaning of their words."""

from dataclasses import replace

from engine.program import compile_policies
from language.definition import Formula
from language.parse import parse
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.vocabulary_load import builtin_vocabulary


def test_a_changed_formula_of_the_vocabulary_is_another_program() -> None:
    vocabulary = builtin_vocabulary(builtin_datasets())
    policies = load_policies([CATALOGUE], vocabulary).policies
    age = replace(
        vocabulary.facts["age"],
        formula=Formula(expression=parse("$years(birth_date, as_of) + 1")),
    )
    changed = Vocabulary(
        facts={**vocabulary.facts, "age": age},
        datasets=vocabulary.datasets,
        row_sets=vocabulary.row_sets,
    )
    before = compile_policies(policies, vocabulary)
    assert compile_policies(policies[::-1], vocabulary).hash == before.hash
    again = builtin_vocabulary(builtin_datasets())
    assert compile_policies(policies, again).hash == before.hash
    assert compile_policies(policies, changed).hash != before.hash
