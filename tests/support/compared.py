"""Lowers many expressions over one frame in one pass, and gives back plain Python values."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import polars as pl

from language.definition import Scope
from language.exact import Exact, TooWide
from language.expression import Expression
from language.frame import prepare, types_of
from language.lowering import Lowering

Plain = Fraction | bool | str | date | None


def evaluate_columns(
    expressions: Sequence[Expression], scope: Scope, frame: pl.DataFrame
) -> dict[int, list[Plain]]:
    """By the position of each expression its value in every row; those too wide are left out.

    Asserts that whole-number columns keep the bounds they were given.
    """
    types = types_of(scope)
    prepared = prepare(frame, types, types)
    assert not prepared.unscalable
    selected: dict[str, pl.Expr] = {"::row": pl.int_range(pl.len())}
    exact: dict[int, Exact] = {}
    plain: list[int] = []
    for position, expression in enumerate(expressions):
        lowering = Lowering(scope, prepared.known)
        try:
            column = lowering.lower(expression)
        except TooWide:
            continue
        if isinstance(column, Exact):
            exact[position] = column
            selected[f"{position}::n"] = column.numerator.expr
            selected[f"{position}::d"] = column.denominator.expr
        else:
            plain.append(position)
            selected[f"{position}"] = column
    result = prepared.frame.select(**selected)
    found: dict[int, list[Plain]] = {
        position: result[f"{position}"].to_list() for position in plain
    }
    for position, column in exact.items():
        tops, bottoms = (result[f"{position}::{part}"].to_list() for part in "nd")
        for values, whole in ((tops, column.numerator), (bottoms, column.denominator)):
            assert all(v is None or whole.low <= v <= whole.high for v in values), position
        found[position] = [
            None if top is None or bottom is None else Fraction(top, bottom)
            for top, bottom in zip(tops, bottoms, strict=True)
        ]
    return found


def agree(wanted: object, found: object) -> bool:
    """Whether two values are the same, of the same kind: True is not 1."""
    return wanted == found and (wanted is None) == (found is None)
