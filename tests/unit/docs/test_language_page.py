"""docs/language.md: every row of its tables, through the definition and through the columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from language.check import check
from language.column import NOT_APPLICABLE
from language.definition import Definition, Given, Scalar
from language.errors import ConditionRefused
from language.exact import Exact
from language.expression import Expression
from language.frame import prepare, types_of
from language.lowering import Lowering
from language.number import parse_number
from language.parse import parse
from language.reference import NONE, NotApplicable, evaluate
from language.types import FactType
from profiles.row_frame import DTYPES

PAGE = Path(__file__).parents[3] / "docs" / "language.md"
HEADING = "| expression | facts | value |"
UNKNOWN, REFUSED = "unknown", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a table; `value` is None for unknown, and "refused" stands apart."""

    number: int
    text: str
    amount: bool
    value: Scalar | None
    refused: bool
    facts: dict[str, Scalar | NotApplicable | None] = field(default_factory=dict)
    scope: dict[str, Definition] = field(default_factory=dict)


def read_lines(text: str) -> Iterator[Line]:
    """Every row of every table headed `expression | facts | value`."""
    inside = False
    for number, row in enumerate(text.splitlines(), start=1):
        if row == HEADING:
            inside = True
        elif not row.startswith("|"):
            inside = False
        elif inside and not row.startswith("|---"):
            yield _read_line(number, row)


def _read_line(number: int, row: str) -> Line:
    # the pipes between cells have spaces around them; none of the language's operators is one
    expression, facts, value = (cell.strip() for cell in row.strip("|").split("|"))
    found = re.fullmatch(r"(amount: )?`(.+)`", expression)
    assert found, f"line {number}: the expression must stand in backticks"
    line = Line(
        number=number,
        text=found[2],
        amount=found[1] is not None,
        value=None if value in (UNKNOWN, REFUSED) else _read_value(value),
        refused=value == REFUSED,
    )
    for part in filter(None, (part.strip() for part in facts.split(","))):
        name, _, words = part.partition(": ")
        line.facts[name], line.scope[name] = _read_fact(name, words)
    return line


def _read_value(text: str) -> Scalar:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"'):
        return text.strip('"')
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    return parse_number(text)


def _read_fact(name: str, text: str) -> tuple[Scalar | NotApplicable | None, Given]:
    """`5`, `missing date`, `none integer`; `… or none` is a fact declared `absent: none`."""
    words = text.removesuffix(" or none")
    may_not_apply = words != text or words.startswith("none ")
    state, _, type_name = words.partition(" ")
    if state in ("missing", "none"):
        given = Given(name=name, type=FactType(type_name), may_not_apply=may_not_apply)
        return (NONE if state == "none" else None), given
    value = _read_value(words)
    kinds = {bool: FactType.BOOLEAN, str: FactType.CODE, date: FactType.DATE}
    fact_type = kinds.get(type(value), FactType.NUMBER)
    return value, Given(name=name, type=fact_type, may_not_apply=may_not_apply)


def by_reference(line: Line, expression: Expression) -> Scalar | None:
    """The value by the definition, which walks the tree."""
    return evaluate(expression, line.scope, line.facts).value


def by_columns(line: Line, expression: Expression) -> Scalar | None:
    """The value by the columns, from a frame with this one subject."""
    types = types_of(line.scope)
    columns = [pl.Series("subject", ["one"])]
    for name, fact in line.facts.items():
        held = None if isinstance(fact, NotApplicable) else _held(fact, types[name])
        columns.append(pl.Series(name, [held], dtype=DTYPES[types[name]]))
        if getattr(line.scope[name], "may_not_apply", False):
            columns.append(pl.Series(name + NOT_APPLICABLE, [isinstance(fact, NotApplicable)]))
    prepared = prepare(pl.DataFrame(columns), types, types)
    column = Lowering(line.scope, prepared.known).lower(expression)
    if isinstance(column, Exact):
        row = prepared.frame.select(n=column.numerator.expr, d=column.denominator.expr).row(0)
        return None if None in row else Fraction(row[0], row[1])
    value: Any = prepared.frame.select(v=column).item()
    return value if value is None or isinstance(value, (bool, str, date)) else Fraction(value)


def _held(value: Scalar | None, fact_type: FactType) -> Any:
    if not isinstance(value, Fraction):
        return value
    if fact_type is FactType.MONEY:
        return int(value * 100)
    return int(value) if fact_type is FactType.INTEGER else float(value)


LINES = list(read_lines(PAGE.read_text(encoding="utf-8")))
IDS = [f"line {line.number}: {line.text}" for line in LINES]


@pytest.mark.parametrize("line", LINES, ids=IDS)
def test_row_of_the_language_page_has_the_stated_value(line: Line) -> None:
    if line.refused:
        with pytest.raises(ConditionRefused):
            check(parse(line.text), line.scope, amount=line.amount)
        return
    expression = parse(line.text)
    check(expression, line.scope, amount=line.amount)
    assert by_reference(line, expression) == line.value
    assert by_columns(line, expression) == line.value


def test_language_page_has_rows_of_every_outcome() -> None:
    values = [line.value for line in LINES if not line.refused]
    assert {True, False, None} <= {v for v in values if v is None or isinstance(v, bool)}
    assert sum(line.refused for line in LINES) >= 15
    assert len(LINES) >= 80
