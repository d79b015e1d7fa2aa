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


def test_other_policies_words_or_rows_are_another_program() -> None:
    words = builtin_vocabulary(builtin_datasets())
    policies = load_policies([CATALOGUE], words).policies
    whole = compile_policies(policies, words).hash
    found = {whole, compile_policies(policies[1:], words).hash}
    one = replace(policies[0], content_hash="another")
    found.add(compile_policies([one, *policies[1:]], words).hash)
    facts = {name: fact for name, fact in words.facts.items() if name != "age"}
    rows = dict(list(words.row_sets.items())[1:])
    fewer = replace(words, facts=facts), replace(words, row_sets=rows)
    found |= {compile_policies(policies, other).hash for other in fewer}
    assert len(found) == 5
    turned = replace(words, facts=dict(reversed(list(words.facts.items()))))
    assert compile_policies(policies, turned).hash == whole
