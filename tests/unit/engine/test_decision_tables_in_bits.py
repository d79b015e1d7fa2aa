"""Conditions over decision tables, decided in bits as a run does, against the reference."""

from datetime import date
from fractions import Fraction
from random import Random

import pytest

from engine.verdicts import decide_part, plan_conditions
from language.definition import (
    LISTINGS,
    Anything,
    Beneath,
    DecisionTable,
    Definition,
    During,
    Equal,
    Hit,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Rule,
    Within,
)
from language.frame import prepare
from language.parse import parse
from language.reference import evaluate
from language.types import Kind
from tests.support.generated import TYPES, build_frame, build_scope, draw_rows, facts_of

INPUTS = ("whole", "code", "other_day", "flag", "money / whole")
KEYS: tuple[tuple[Matcher, ...], ...] = (
    (
        Equal(values=(Fraction(1), Fraction(2))),
        Within(low=Fraction(3), low_included=False, high=None, high_included=False),
        Otherwise(others=(Equal(values=(Fraction(5),)),)),
    ),
    (
        Beneath(prefixes=("C", "中")),
        OneOf(members=(NotApplying(), Equal(values=("A",)))),
        Otherwise(others=(NotApplying(),)),
    ),
    (During(first=date(2020, 1, 1), last=date(2024, 12, 31)), NotApplying()),
    (Equal(values=(True,)), Otherwise(others=())),
    (Within(low=None, low_included=False, high=Fraction(3), high_included=True),),
)


def draw_table(rng: Random, hit: Hit) -> DecisionTable:
    """A table whose rows ask one or two of the inputs each."""
    text = hit in LISTINGS
    rules = []
    for number in range(1, rng.randint(2, 6)):
        asked = rng.sample(range(len(INPUTS)), rng.randint(1, 2))
        matchers = tuple(
            rng.choice(keys) if place in asked else Anything() for place, keys in enumerate(KEYS)
        )
        value = rng.choice("ABC") if text else rng.choice((Fraction(0), Fraction(7, 2), None))
        rules.append(Rule(number=number, matchers=matchers, value=value))
    default = rng.choice((None, "A" if text else Fraction(0)))
    return DecisionTable(
        inputs=tuple(parse(text) for text in INPUTS),
        rules=tuple(rules),
        hit=hit,
        kind=Kind.TEXT if text else Kind.NUMBER,
        default=None if hit is Hit.COUNT else default,
    )


@pytest.mark.parametrize("hit", Hit)
def test_a_condition_over_a_decision_table_has_the_value_of_the_reference(hit: Hit) -> None:
    rng = Random(f"bits of {hit}")
    scope: dict[str, Definition] = dict(build_scope())
    scope |= {f"t{number}": draw_table(rng, hit) for number in range(8)}
    value = ' in ["A", "B、C"]' if hit in LISTINGS else " > 1"
    texts = [f"t{number}{value}" for number in range(8)]
    texts += [f"$has(t{number}) and not (t{number}{value})" for number in range(8)]
    conditions = [parse(text) for text in texts]
    rows = draw_rows(rng, 150)
    found = decide_part(
        plan_conditions(conditions, scope), prepare(build_frame(rows), TYPES, TYPES), TYPES
    )
    assert len(found) == len(conditions)
    seen: set[bool | None] = set()
    for number, decided in found.items():
        values: list[bool | None] = [False] * len(rows)
        for row, eligible in zip(decided.rows.tolist(), decided.eligible.tolist(), strict=True):
            values[row] = True if eligible else None
        wanted = [evaluate(conditions[number], scope, facts_of(row)).value for row in rows]
        assert values == wanted, texts[number]
        seen |= set(values)
    assert seen == {True, False, None}
