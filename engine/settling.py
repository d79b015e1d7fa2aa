"""How each distinct test of a plan is had over one part: on codes if at all, else row by row.

Tests of one fact are ranges of its codes. Many comparisons of one quotient or sum of facts with
values are one more column of codes. What is left is evaluated by the columns for all rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import polars as pl

from language import exact
from language.bits import Bits, words_of
from language.coded import Coded, code_columns, code_numbers
from language.column import GIVEN
from language.exact import TooWide
from language.expression import Comparison, Expression, Literal
from language.frame import Prepared
from language.lowering import Lowering
from language.predicate import Predicate
from language.settle import Test, compare_codes, settle_by_values, settle_directly
from language.size import refuse_too_large
from language.types import FactType

Settled = dict[int, tuple[Test, Coded] | Bits]
"""By a predicate's number how it is had: on the codes of a column, or as the bits of all rows."""

FAMILY = 3
"""From so many comparisons of one number with values on, its codes are worth a division."""


def settle(
    predicates: Sequence[Predicate],
    prepared: Prepared,
    types: Mapping[str, FactType],
    executor: Executor,
) -> Settled:
    """How each predicate is had over this part, by its number; one that no column holds is left
    out."""
    given = {name for predicate in predicates for name in predicate.given}
    columns = code_columns(prepared, types, sorted(given), executor)
    settled: Settled = {}
    work = _Work()
    by_hand = {name.removesuffix(GIVEN) for name in prepared.frame.columns if GIVEN in name}
    for number, predicate in enumerate(predicates):
        facts = predicate.given
        test = settle_directly(predicate, columns)
        if test is not None:
            settled[number] = (test, columns[test.column])
        elif prepared.unscalable.intersection(facts):
            continue
        elif _rests_on_codes(predicate, columns) and by_hand.isdisjoint(predicate.worked_out):
            work.by_fact.setdefault(facts[0], []).append(number)
        elif (compared := _compared_number(predicate)) is not None:
            work.by_number.setdefault(compared, []).append(number)
        else:
            work.by_row.append(number)
    settled |= _settle_by_fact(predicates, work, prepared, columns)
    settled |= _settle_by_number(predicates, work, prepared, executor)
    settled |= _settle_by_row(predicates, work.by_row, prepared)
    return settled


@dataclass(slots=True, kw_only=True)
class _Work:
    """Predicates still to settle: by the one fact or number they rest on, or row by row."""

    by_fact: dict[str, list[int]] = field(default_factory=dict)
    by_number: dict[Predicate, list[int]] = field(default_factory=dict)
    by_row: list[int] = field(default_factory=list)


def _rests_on_codes(predicate: Predicate, columns: Mapping[str, Coded]) -> bool:
    facts = predicate.given
    return len(facts) == 1 and facts[0] in columns and not columns[facts[0]].wide


def _compared_number(predicate: Predicate) -> Predicate | None:
    """The number that the predicate compares with a value, as something that others may share."""
    match predicate.expression:
        case Comparison(operator="lt" | "le" | "gt" | "ge", left=left, right=Literal(value=value)):
            return Predicate(left, predicate.meanings) if isinstance(value, Fraction) else None
        case _:
            return None


def _settle_by_fact(
    predicates: Sequence[Predicate],
    work: _Work,
    prepared: Prepared,
    columns: Mapping[str, Coded],
) -> Settled:
    """Each distinct value of a fact asked once; what columns refuse goes row by row."""
    settled: Settled = {}
    for name, numbers in work.by_fact.items():
        coded = columns[name]
        bounds = {key: held for key, held in prepared.known.bounds.items() if key == name}
        try:
            tests = settle_by_values(name, coded, [predicates[n] for n in numbers], bounds)
        except (TooWide, pl.exceptions.PolarsError):
            work.by_row += numbers
            continue
        settled |= {number: (test, coded) for number, test in zip(numbers, tests, strict=True)}
    return settled


def _settle_by_number(
    predicates: Sequence[Predicate], work: _Work, prepared: Prepared, executor: Executor
) -> Settled:
    """Numbers that many predicates compare with values, each as whole numbers of codes.

    With `q` the common denominator of the values, `number >= p / q` where `p` is at most the
    number times `q` rounded down, and `number <= p / q` where `p` is at least that rounded up.
    """

    def code(family: tuple[Predicate, list[int], bool]) -> Settled | None:
        number, members, upward = family
        return _settle_family(number, members, predicates, prepared, upward=upward)

    families = []
    for number, members in work.by_number.items():
        for upward in (False, True):
            signs = ("gt", "le") if upward else ("ge", "lt")
            group = [n for n in members if _operator(predicates[n]) in signs]
            if len(group) >= FAMILY:
                families.append((number, group, upward))
            else:
                work.by_row += group
    settled: Settled = {}
    for (_, group, _), found in zip(families, executor.map(code, families), strict=True):
        if found is None:
            work.by_row += group
        else:
            settled |= found
    return settled


def _settle_family(
    number: Predicate,
    members: Iterable[int],
    predicates: Sequence[Predicate],
    prepared: Prepared,
    *,
    upward: bool,
) -> Settled | None:
    values = {n: _value(predicates[n]) for n in members}
    shared = lcm(*(value.denominator for value in values.values()))
    try:
        refuse_too_large(number.expression, number.scope)
        scaled = exact.multiply(
            Lowering(number.scope, prepared.known).number(number.expression),
            exact.literal(Fraction(shared)),
        )
        whole = (exact.ceil(scaled) if upward else exact.floor(scaled)).numerator
        if whole.wide:
            return None
        frame = prepared.frame.lazy().select(every_row(), number=whole.expr).collect()
    except (TooWide, pl.exceptions.PolarsError):
        return None
    coded = code_numbers(frame["number"], shared)
    if coded is None:
        return None
    settled: Settled = {}
    for n, value in values.items():
        test = compare_codes(_operator(predicates[n]), "", coded, value)
        assert test is not None
        settled[n] = (test, coded)
    return settled


def _operator(predicate: Predicate) -> str:
    assert isinstance(predicate.expression, Comparison)
    return predicate.expression.operator


def _value(predicate: Predicate) -> Fraction:
    assert isinstance(predicate.expression, Comparison)
    literal: Expression = predicate.expression.right
    assert isinstance(literal, Literal)
    assert isinstance(literal.value, Fraction)
    return literal.value


def _settle_by_row(
    predicates: Sequence[Predicate], numbers: Sequence[int], prepared: Prepared
) -> Settled:
    """Predicates over several facts, as columns of all rows; what no column holds is left out."""
    exprs: dict[int, pl.Expr] = {}
    for number in numbers:
        predicate = predicates[number]
        try:
            refuse_too_large(predicate.expression, predicate.scope)
            lowering = Lowering(predicate.scope, prepared.known)
            exprs[number] = lowering.boolean(predicate.expression)
        except TooWide:
            continue
    settled: Settled = {}
    for number, column in _select(exprs, prepared.frame):
        true = words_of(column)
        unknown = words_of(column.is_null()) if column.null_count() else None
        settled[number] = Bits(true, true if unknown is None else true | unknown)
    return settled


def _select(exprs: Mapping[int, pl.Expr], frame: pl.DataFrame) -> Iterator[tuple[int, pl.Series]]:
    """All of them at once or, should Polars refuse that, each alone without those refused."""
    try:
        named = [expr.alias(str(number)) for number, expr in exprs.items()]
        decided = frame.lazy().select(every_row(), *named).collect()
        yield from ((number, decided[str(number)]) for number in exprs)
    except pl.exceptions.PolarsError:
        for number, expr in exprs.items():
            try:
                yield number, frame.select(every_row(), expr.alias(str(number)))[str(number)]
            except pl.exceptions.PolarsError:
                continue


def every_row() -> pl.Expr:
    """A column as long as the frame, so that a literal beside it is too."""
    return pl.first().alias("::row")
