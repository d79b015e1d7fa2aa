"""Columns as conditions see them: exact numbers, or plain expressions; null is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from language import exact
from language.definition import Scalar, kind_of_scalar
from language.exact import Exact
from language.types import Kind

GIVEN = "::given"
NOT_APPLICABLE = "::none"

Column = pl.Expr | Exact
"""A number is Exact; a boolean, text or date is a plain expression. Null is unknown."""

DTYPES: dict[Kind, type[pl.DataType]] = {
    Kind.BOOLEAN: pl.Boolean,
    Kind.TEXT: pl.String,
    Kind.DATE: pl.Date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a part's column holds: whole numbers, each a value times `scale`."""

    low: int
    high: int
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The columns of one part that conditions may use, numbers as whole numbers."""

    columns: frozenset[str]
    bounds: Mapping[str, Bounds]


def plain(column: Column) -> pl.Expr:
    assert isinstance(column, pl.Expr)
    return column


def number_of(column: Column) -> Exact:
    assert isinstance(column, Exact)
    return column


def constant(value: Scalar) -> Column:
    if isinstance(value, Fraction):
        return exact.literal(value)
    return pl.lit(value, dtype=DTYPES[kind_of_scalar(value)])


def null(kind: Kind) -> Column:
    return exact.unknown() if kind is Kind.NUMBER else pl.lit(None, dtype=DTYPES[kind])


def compare(operator: str, left: Column, right: Column) -> pl.Expr:
    if isinstance(left, Exact) and isinstance(right, Exact):
        return exact.compare(operator, left, right)
    a, b = plain(left), plain(right)
    if a.meta.is_literal():
        a, b, operator = b, a, exact.TURNED[operator]
    match operator:
        case "eq":
            return a == b
        case "ne":
            return a != b
        case "lt":
            return a < b
        case "le":
            return a <= b
        case "gt":
            return a > b
        case "ge":
            return a >= b
    raise AssertionError(operator)


def choose(cases: list[tuple[pl.Expr, Column]], otherwise: Column) -> Column:
    if isinstance(otherwise, Exact):
        return exact.choose([(test, number_of(value)) for test, value in cases], otherwise)
    tests = [test for test, _ in cases]
    values = [plain(value) for _, value in cases] + [otherwise]
    return exact.choose_expr(tests, values, pl.Null)


def coalesce(left: Column, right: Column) -> Column:
    if isinstance(left, Exact):
        return exact.coalesce(left, number_of(right))
    return pl.coalesce(left, plain(right))
