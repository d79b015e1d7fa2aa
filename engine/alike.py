"""Which subjects a policy's conditions cannot tell apart, so that one may be asked for all.

Of a subject whose verdict is unknown only the conditions count that are themselves unknown, under
groups that are. Two such are alike where the same conditions count, and within these they miss the
same facts and every test comes out the same: then the reference gives the same reasons for both.
"""

from collections.abc import Iterable
from fractions import Fraction

import polars as pl

from engine.program import Bound
from language import exact
from language.column import GIVEN, NOT_APPLICABLE, Frame
from language.definition import Dated, DecisionTable, Given, Table
from language.expression import (
    Arithmetic,
    Comparison,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Not,
    walk,
)
from language.lowering import Lowering
from language.reach import parts_of, reachable_facts
from language.types import FactType
from policies.policy import Clause, ClauseGroup

ZERO = exact.literal(Fraction(0))
_TESTS = (Comparison, DoesNotApply, Logic, Match, Membership, Not)


def alike_keys(bound: Bound, frame: Frame) -> list[pl.Expr]:
    """Expressions by which to group rows whose verdict is unknown; named key0, key1, …

    They are over a prepared frame with the truth columns of its policy (`clause::ID`,
    `portion::ID`, `scope::NAME`). Raises TooWide where 128 bits do not hold its numbers.
    """
    lowering = Lowering(bound.scope, frame)
    keys: list[pl.Expr] = []
    for condition, counts in _conditions(bound):
        keys.append(counts)
        names = sorted(reachable_facts([condition], bound.scope))
        for key in (
            *_of_facts(bound, frame, names),
            *_of_tests(bound, lowering, condition, names),
        ):
            keys.append(pl.when(counts).then(key))
    return [key.alias(f"key{number}") for number, key in enumerate(keys)]


def _conditions(bound: Bound) -> list[tuple[Expression, pl.Expr]]:
    """Each condition, and whether it counts towards an unknown verdict."""
    policy = bound.policy
    found = _of_clauses(policy.clauses, pl.lit(True))
    undecided = [pl.col(f"portion::{portion.id}").is_null() for portion in policy.portions]
    settled = [pl.col(f"portion::{portion.id}").fill_null(False) for portion in policy.portions]
    for portion, is_open in zip(policy.portions, undecided, strict=True):
        if portion.when is not None:
            found.append((portion.when, is_open & ~pl.any_horizontal(settled)))
    if policy.region is not None:
        found.append((Name(name=policy.region.fact), pl.col("scope::region").is_null()))
    if policy.effective_at is not None:
        found.append((Name(name=policy.effective_at), pl.col("scope::effective").is_null()))
    return found


def _of_clauses(clauses: tuple[Clause, ...], above: pl.Expr) -> list[tuple[Expression, pl.Expr]]:
    found: list[tuple[Expression, pl.Expr]] = []
    for clause in clauses:
        counts = above & pl.col(f"clause::{clause.id}").is_null()
        if isinstance(clause, ClauseGroup):
            found += _of_clauses(clause.members, counts)
        else:
            # what an office judges rests on no fact, but it has to be told apart too
            found.append((clause.when or Literal(value=True), counts))
    return found


def _of_facts(bound: Bound, frame: Frame, names: list[str]) -> Iterable[pl.Expr]:
    for name in names:
        if name not in frame.columns:
            continue
        definition = bound.scope.get(name)
        boolean = isinstance(definition, Given) and definition.type is FactType.BOOLEAN
        yield pl.col(name) if boolean else pl.col(name).is_null()
        for flag in (name + GIVEN, name + NOT_APPLICABLE):
            if flag in frame.columns:
                yield pl.col(flag)


def _of_tests(
    bound: Bound, lowering: Lowering, condition: Expression, names: list[str]
) -> Iterable[pl.Expr]:
    bodies = [condition]
    for name in names:
        definition = bound.scope.get(name)
        bodies += parts_of(definition)
        match definition:
            case Table():
                yield from lowering.row_holds(definition)
            case DecisionTable():
                yield from lowering.rules_hold(definition)
            case Dated(at=at, spans=spans):
                day = lowering.of_name(at.name)
                assert isinstance(day, pl.Expr)
                for span in spans:
                    yield day >= pl.lit(span.start)
                    if span.end is not None:
                        yield day <= pl.lit(span.end)
                    if isinstance(span.value, Table):
                        yield from lowering.row_holds(span.value)
    for part in dict.fromkeys(part for body in bodies for part in walk(body)):
        if part is condition:
            continue  # it is unknown
        if isinstance(part, _TESTS):
            yield lowering.boolean(part)
        elif isinstance(part, Arithmetic) and part.operator in ("div", "floordiv", "mod"):
            yield exact.compare("eq", lowering.number(part.right), ZERO)
