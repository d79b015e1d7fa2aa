"""Decision tables of every hit policy, drawn once: rules overlap, leave gaps and stay open."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from random import Random

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
    Scalar,
    Within,
)
from language.parse import parse
from language.types import Kind

VARIANTS = 3
_INPUTS: Mapping[str, Kind] = {
    "whole": Kind.NUMBER, "level": Kind.NUMBER, "whole % 3": Kind.NUMBER, "money": Kind.NUMBER,
    "maybe": Kind.BOOLEAN, "flag": Kind.BOOLEAN, "code": Kind.TEXT, "text": Kind.TEXT,
    "day": Kind.DATE, "other_day": Kind.DATE,
}  # fmt: skip


def build_decision_tables() -> dict[str, Definition]:
    """By name tables like `first_0`, whose outputs are numbers, texts, truths or days."""
    tables: dict[str, Definition] = {}
    for hit in Hit:
        for variant in range(VARIANTS):
            name = name_of(hit, variant)
            tables[name] = _draw_table(Random(name), hit, kind_of_table(hit, variant))
    return tables


def name_of(hit: Hit, variant: int) -> str:
    return f"{hit.value.replace(' ', '_').replace('-', '_')}_{variant}"


def kind_of_table(hit: Hit, variant: int) -> Kind:
    """Listings join texts, counts and sums are numbers, the others may give anything."""
    if hit in LISTINGS:
        return Kind.TEXT
    if hit in (Hit.UNIQUE, Hit.ANY, Hit.FIRST, Hit.PRIORITY):
        return (Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN)[variant]
    return Kind.NUMBER


def _draw_table(rng: Random, hit: Hit, kind: Kind) -> DecisionTable:
    inputs = rng.sample(list(_INPUTS), rng.choice((1, 2, 2)))
    rules = []
    for number in range(1, rng.randint(3, 5)):
        matchers = tuple(_draw_matcher(rng, _INPUTS[text]) for text in inputs)
        value = None if rng.random() < 0.1 else _draw_value(rng, kind)
        rules.append(Rule(number=number, matchers=matchers, value=value))
    return DecisionTable(
        inputs=tuple(parse(text) for text in inputs),
        rules=tuple(rules),
        hit=hit,
        kind=kind,
        default=_draw_value(rng, kind) if rng.random() < 0.4 else None,
    )


def _draw_value(rng: Random, kind: Kind) -> Scalar:
    match kind:
        case Kind.NUMBER:
            return Fraction(rng.choice(("0", "1", "2.5", "-3", "0.055")))
        case Kind.TEXT:
            return rng.choice(("甲", "乙", "it's"))
        case _:
            return rng.random() < 0.5


def _draw_matcher(rng: Random, kind: Kind) -> Matcher:
    chance = rng.random()
    if chance < 0.15:
        return Anything()
    if chance < 0.3:
        return OneOf(members=(_draw_plain(rng, kind), _draw_plain(rng, kind), NotApplying()))
    if chance < 0.45:
        return Otherwise(others=(_draw_plain(rng, kind), _draw_plain(rng, kind)))
    return NotApplying() if chance < 0.5 else _draw_plain(rng, kind)


def _draw_plain(rng: Random, kind: Kind) -> Matcher:
    match kind:
        case Kind.BOOLEAN:
            return Equal(values=(rng.random() < 0.5,))
        case Kind.TEXT:
            if rng.random() < 0.4:
                return Beneath(prefixes=(rng.choice("AC中"), "B"))
            return Equal(values=tuple(rng.sample(("A", "B", "C1", "中文", ""), 2)))
        case Kind.DATE:
            first, last = date(rng.randint(2019, 2023), 3, 1), date(rng.randint(2023, 2025), 2, 28)
            days = rng.choice(((first, None), (None, last), (first, last), (first, first)))
            return During(first=days[0], last=days[1])
        case Kind.NUMBER:
            low, high = Fraction(rng.randint(-2, 3)), Fraction(rng.randint(3, 10))
            if rng.random() < 0.3:
                return Equal(values=(low, high))
            ends = rng.choice(((low, None), (None, high), (low, high)))
            return Within(
                low=ends[0],
                low_included=rng.random() < 0.5,
                high=ends[1],
                high_included=rng.random() < 0.5,
            )
