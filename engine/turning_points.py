"""Values at which a policy's conditions may turn, for each fact that a subject misses."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction

from engine.program import Bound, expressions_of
from language.definition import (
    Beneath,
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    During,
    Equal,
    Given,
    Matcher,
    OneOf,
    Otherwise,
    Scalar,
    Scope,
    Table,
    Tiers,
    Within,
    kind_of_scalar,
)
from language.expression import Call, Expression, Literal, names_in, walk
from language.functions import Undefined, add_months
from language.reach import parts_of, reachable_facts
from language.reference import NONE, Facts, NotApplicable, evaluate
from language.types import FactType, Kind, kind_of

MAX_POINTS = 80
"""For each fact; a policy with more figures is tried with the first of them."""
_LADDER = [Fraction(10) ** power for power in range(10)]
OTHER = "~"
"""Stands for a code or text that no condition names."""

Points = tuple[Scalar | NotApplicable, ...]


def turning_points(bound: Bound, facts: Facts) -> Mapping[str, Points]:
    """For each missing fact the values to try: beside every figure that the policy names."""
    constants = _constants(bound, facts)
    found: dict[str, Points] = {}
    for name in bound.names:
        definition = bound.scope.get(name)
        if isinstance(definition, Given) and facts.get(name) is None:
            found[name] = tuple(_points(definition, constants, bound))[:MAX_POINTS]
    if bound.policy.region is not None:
        fact = bound.policy.region.fact
        regions = [p.ljust(6, "0") for p in (*bound.policy.region.within, "11", "99")]
        found[fact] = (*found.get(fact, ()), *regions)
    return found


def _points(
    definition: Given, constants: Mapping[Kind, list[Scalar]], bound: Bound
) -> Iterable[Scalar | NotApplicable]:
    if definition.may_not_apply:
        yield NONE
    match kind_of(definition.type):
        case Kind.BOOLEAN:
            yield from (True, False)
        case Kind.TEXT:
            yield from definition.values or [*constants[Kind.TEXT], OTHER]
        case Kind.NUMBER:
            yield from _numbers(definition.type, constants)
        case Kind.DATE:
            yield from _days(constants, bound)


def _numbers(kind: FactType, constants: Mapping[Kind, list[Scalar]]) -> list[Fraction]:
    step = step_of(kind)
    named = [c for c in constants[Kind.NUMBER] if isinstance(c, Fraction)]
    near = [c + shift for c in named for shift in (Fraction(0), -step, step)]
    points = dict.fromkeys([Fraction(0), *near, *_LADDER])
    if kind is FactType.INTEGER:
        return [point for point in points if point.denominator == 1 and point >= 0]
    return list(points)


def step_of(kind: FactType) -> Fraction:
    """How far the next value of a number's type is: a fen, a hundredth of a share, else one."""
    return Fraction(1, 100) if kind in (FactType.MONEY, FactType.RATIO) else Fraction(1)


def _days(constants: Mapping[Kind, list[Scalar]], bound: Bound) -> list[date]:
    ends = [bound.as_of, bound.period.start, bound.period.end]
    named = [c for c in constants[Kind.DATE] if isinstance(c, date)]
    points: dict[date, None] = {}
    for day in (*ends, *named):
        for shift in (0, -1, 1):
            points.setdefault(day + timedelta(days=shift))
    for number in constants[Kind.NUMBER]:
        if not isinstance(number, Fraction) or number.denominator != 1 or not 0 < number <= 1200:
            continue
        for months in (number, 12 * number) if number <= 150 else (number,):
            for sign in (-1, 1):
                try:
                    moved = add_months(bound.as_of, sign * months)
                except Undefined:
                    continue
                if 1900 <= moved.year <= 2100:
                    points.setdefault(moved)
                    points.setdefault(moved + timedelta(days=1))
    points.setdefault(date(1900, 1, 1))
    return list(points)


def points_beside(
    bound: Bound, definition: Given, expressions: Iterable[Expression], scope: Scope
) -> Points:
    """The values to try of one fact: beside every figure of these conditions."""
    roots = list(expressions)
    constants = _gather(roots, reachable_facts(roots, scope), scope)
    return tuple(_points(definition, constants, bound))[:MAX_POINTS]


def _constants(bound: Bound, facts: Facts) -> Mapping[Kind, list[Scalar]]:
    """Every figure of the conditions and of what they rest on, and the subject's own values."""
    found = _gather(expressions_of(bound.policy), bound.names, bound.scope)
    for name in sorted(bound.names):
        own = facts.get(name)
        if own is None or isinstance(own, (bool, NotApplicable)):
            continue
        if own not in (kept := found[kind_of_scalar(own)]):
            kept.append(own)
    return found


def _gather(
    expressions: Iterable[Expression], names: Iterable[str], scope: Scope
) -> dict[Kind, list[Scalar]]:
    """Every figure of expressions and of what the names in them stand for."""
    found: dict[Kind, dict[Scalar, None]] = {kind: {} for kind in Kind}
    parts: list[Expression] = list(expressions)
    for name in sorted(names):
        definition = scope.get(name)
        parts += parts_of(definition)
        if definition is not None:
            for value in _of_definition(definition):
                _keep(value, found)
    for part in parts:
        for inner in walk(part):
            if isinstance(inner, Literal):
                _keep(inner.value, found)
            elif items := getattr(inner, "items", None):
                for item in items:
                    _keep(item.value, found)
            elif isinstance(inner, Call) and isinstance(day := _fixed(inner), date):
                _keep(day, found)
    return {kind: list(values) for kind, values in found.items()}


def _fixed(call: Call) -> object:
    """What a call gives whatever the facts, as `$date(2024, 5, 1)`; None where it needs some."""
    return None if names_in(call) else evaluate(call, {}, {}).value


def _keep(value: Scalar, found: Mapping[Kind, dict[Scalar, None]]) -> None:
    match value:
        case bool():
            return
        case str():
            found[Kind.TEXT].setdefault(value)
        case date():
            found[Kind.DATE].setdefault(value)
        case _:
            found[Kind.NUMBER].setdefault(value)


def _of_definition(definition: Definition) -> Iterable[Scalar]:
    match definition:
        case Constant(value=value):
            yield value
        case Table(rows=rows):
            for row in rows:
                yield from _of_matchers(row.matchers)
        case DecisionTable(rules=rules):
            for rule in rules:
                yield from _of_matchers(rule.matchers)
        case Tiers(tiers=tiers):
            for tier in tiers:
                yield from (end for end in (tier.over, tier.up_to) if end is not None)
        case Dated(spans=spans):
            for span in spans:
                yield span.start
                yield from _of_definition(span.value)
        case Choice():
            return


def _of_matchers(matchers: Iterable[Matcher]) -> Iterable[Scalar]:
    for matcher in matchers:
        match matcher:
            case Equal(values=values):
                yield from values
            case Beneath(prefixes=prefixes):
                yield from prefixes
            case Within(low=low, high=high):
                yield from (end for end in (low, high) if end is not None)
            case During(first=first, last=last):
                yield from (day for day in (first, last) if day is not None)
            case OneOf(members=members) | Otherwise(others=members):
                yield from _of_matchers(members)
