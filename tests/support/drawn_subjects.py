"""Frames of subjects for a policy, every fact drawn on and around the policy's own thresholds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import polars as pl

from engine.program import Bound, expressions_of
from engine.row_columns import RowFrame
from language.column import GIVEN, NOT_APPLICABLE
from language.definition import (
    Beneath,
    Constant,
    Dated,
    Definition,
    Equal,
    Given,
    Otherwise,
    Scalar,
    Table,
    Tiers,
    Within,
)
from language.expression import Expression, Literal, walk
from language.types import FactType, Kind, kind_of
from profiles.row_frame import DTYPES


def draw_frame(bounds: Sequence[Bound], rng: Random, count: int, *, by_hand: bool) -> pl.DataFrame:
    """A part for these policies; `by_hand` gives every fact a flag, worked-out ones among them."""
    facts: dict[str, tuple[FactType, bool]] = {}
    pools: dict[str, list[object]] = {}
    for bound in bounds:
        for name, fact_type in sorted(bound.types.items()):
            definition = bound.scope[name]
            if not by_hand and not isinstance(definition, Given):
                continue
            may_not_apply = isinstance(definition, Given) and definition.may_not_apply
            facts[name] = (fact_type, may_not_apply)
            pools.setdefault(name, []).extend(_pool(name, fact_type, bound))
    columns = [pl.Series("subject", [f"S{index:05d}" for index in range(count)])]
    for name, (fact_type, may_not_apply) in facts.items():
        pool = pools[name]
        given = [not by_hand or rng.random() < 0.7 for _ in range(count)]
        missing = rng.choice((0.05, 0.2))
        without = [may_not_apply and g and rng.random() < 0.1 for g in given]
        values = [
            rng.choice(pool) if g and not w and rng.random() >= missing else None
            for g, w in zip(given, without, strict=True)
        ]
        columns.append(pl.Series(name, values, dtype=DTYPES[fact_type]))
        if by_hand:
            columns.append(pl.Series(name + GIVEN, given, dtype=pl.Boolean))
        if may_not_apply:
            columns.append(pl.Series(name + NOT_APPLICABLE, without, dtype=pl.Boolean))
    return pl.DataFrame(columns)


def _pool(name: str, fact_type: FactType, bound: Bound) -> Sequence[object]:
    kind = kind_of(fact_type)
    if fact_type is FactType.BOOLEAN:
        return [True, False]
    scalars = sorted(_scalars(bound), key=str)
    if kind is Kind.TEXT:
        region = bound.policy.region
        prefixes = (*region.within, *region.excepted) if region else ()
        codes = [(prefix + "000000")[:6] for prefix in prefixes if prefix] + ["990101"]
        definition = bound.scope[name]
        closed = definition.values if isinstance(definition, Given) else ()
        texts = [s for s in scalars if isinstance(s, str)] + ["else"]
        return list(closed) or ([*codes, *texts] if name.endswith("region") else texts)
    if kind is Kind.DATE:
        near = [bound.as_of, *(s for s in scalars if isinstance(s, date))]
        return [day + timedelta(days=step) for day in near for step in (-1, 0, 1, -4000)]
    numbers = [s for s in scalars if isinstance(s, Fraction)] or [Fraction(1)]
    if fact_type is FactType.MONEY:
        fen = [int(n * 100) for n in numbers if n * 100 == int(n * 100)]
        return [value + step for value in fen for step in (-1, 0, 1)] + [123_457, 10_000_033]
    if fact_type is FactType.INTEGER:
        return [int(n) + step for n in numbers if abs(n) < 10**9 for step in (-1, 0, 1)]
    steps = (Fraction(0), Fraction(1, 100), Fraction(-1, 100), Fraction(1))
    return [float(n + step) for n in numbers for step in steps if abs(n) < 10**9] + [199.0, 200.0]


def _scalars(bound: Bound) -> set[Scalar]:
    found: set[Scalar] = set()
    for expression in expressions_of(bound.policy):
        found |= set(_written(expression))
    for name in bound.names:
        found |= set(_of_definition(bound.scope.get(name)))
    return found


def _written(expression: Expression) -> Iterator[Scalar]:
    for part in walk(expression):
        if isinstance(part, Literal):
            yield part.value


def _of_definition(definition: Definition | None) -> Iterator[Scalar]:
    match definition:
        case Constant(value=value):
            yield value
        case Dated(spans=spans):
            for span in spans:
                yield span.start
                yield from _of_definition(span.value)
        case Tiers(tiers=tiers):
            for tier in tiers:
                yield tier.over
        case Table(rows=rows):
            for row in rows:
                for matcher in row.matchers:
                    yield from _of_matcher(matcher)
        case _:
            for attribute in ("expression", "cases"):
                inner = getattr(definition, attribute, ())
                parts = [inner] if attribute == "expression" and inner else []
                parts += [part for case in inner for part in case] if not parts else []
                for part in parts:
                    if part is not None:
                        yield from _written(part)


def _of_matcher(matcher: object) -> Iterator[Scalar]:
    match matcher:
        case Equal(values=values):
            yield from values
        case Beneath(prefixes=prefixes):
            yield from prefixes
        case Within(low=low, high=high):
            yield from (end for end in (low, high) if end is not None)
        case Otherwise(others=others):
            for other in others:
                yield from _of_matcher(other)


def draw_rows_for(bound: Bound, subjects: pl.Series, rng: Random, count: int) -> RowFrame:
    """Rows for a policy with `each`, some of nobody's; two lists in three are all there are."""
    own = {name: kind for name, kind in bound.row_types.items() if name not in bound.scope}
    of_a_row = replace(bound, scope=bound.row_scope, names=bound.row_names, types=own)
    rows = draw_frame([of_a_row], rng, count, by_hand=False)
    owners = [rng.choice([*subjects, "nobody"]) for _ in range(count)]
    complete = [subject for subject in subjects if rng.random() < 2 / 3]
    return RowFrame(
        rows=rows.with_columns(subject=pl.Series(owners, dtype=pl.String)),
        complete=pl.Series(complete, dtype=pl.String),
    )
