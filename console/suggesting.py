"""A first condition from words: the facts that they probably mean, each as a condition to type."""

from datetime import date

from language.check import check
from language.definition import Constant, Definition
from language.errors import ConditionRefused
from language.parse import parse
from language.types import FactType, Kind
from policies.draft import TIMES
from profiles.fact import Fact, Vocabulary
from profiles.fact_search import find_facts

_CODES = (("GB/T 2260", "990100"), ("GB/T 4754", "C35"))
"""A code of each system, to be changed."""


def read_condition(text: str, vocabulary: Vocabulary, audience: str) -> str:
    """A condition over the facts of a kind of subject; empty is none.

    ValueError with the facts that the words probably mean, where it is no condition.
    """
    if not text.strip():
        return ""
    clock: dict[str, Definition] = {name: Constant(value=date(2000, 1, 1)) for name in TIMES}
    try:
        kind = check(parse(text), vocabulary.scope(audience) | clock)
        if kind is Kind.BOOLEAN:
            return text.strip()
        why = f"it is {kind}, a condition is yes or no"
        near = [vocabulary.facts[text.strip()]] if text.strip() in vocabulary.facts else []
    except ConditionRefused as refusal:
        why = refusal.message
        near = []
    near = near or find_facts(text, vocabulary, audience)
    told = "；".join(f"{start_of(fact)}（{fact.label_zh} {fact.label_en}）" for fact in near)
    remedy = f"可写 write one of: {told}" if told else "没有相关事实 no fact is like it"
    raise ValueError(f"“{text}”不是条件 (no condition: {why}); {remedy}")


def start_of(fact: Fact) -> str:
    """A condition over a fact, to be changed."""
    name = fact.name
    match fact.type:
        case FactType.BOOLEAN:
            return name
        case FactType.CODE | FactType.TEXT:
            like = next((code for system, code in _CODES if fact.system.startswith(system)), "值")
            return f'{name} == "{fact.values[0] if fact.values else like}"'
        case FactType.DATE:
            return f"{name} <= as_of"
    return f"{name} >= 1"
