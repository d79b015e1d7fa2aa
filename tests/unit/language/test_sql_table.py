"""Decision tables and scales in SQL: DuckDB gives what the reference gives, on every row."""

import itertools
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import duckdb
import pytest

from language.definition import (
    LISTINGS,
    Anything,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Equal,
    Given,
    Hit,
    NotApplying,
    Otherwise,
    Row,
    Rule,
    Scalar,
    Span,
    Table,
    Tier,
    Tiers,
    Within,
)
from language.expression import Name
from language.parse import parse
from language.reference import NONE, evaluate
from language.sql import DecimalColumn, print_sql
from language.sql_number import NotExact
from language.types import FactType, Kind
from tests.support.generated import RawRow
from tests.support.in_duckdb import evaluate_duckdb, load_table

GIVENS: Mapping[str, Definition] = {
    "age": Given(name="age", type=FactType.INTEGER),
    "level": Given(name="level", type=FactType.CODE, may_not_apply=True),
    "day": Given(name="day", type=FactType.DATE),
}
DAYS = (date(2024, 1, 1), date(2024, 6, 30), date(2024, 7, 1), date(2025, 1, 1), None)
ROWS: list[RawRow] = [
    {"age": age, "level": level, "day": day}
    for age, level, day in itertools.product(
        (0, 1, 2, None), ("a", "b", NONE, None), (DAYS[0], None)
    )
]
AGE_KEYS = (
    Anything(), Equal(values=(Fraction(1),)), Otherwise(others=(Equal(values=(Fraction(2),)),)),
    Within(low=Fraction(0), low_included=False, high=None, high_included=False),
    Within(low=None, low_included=False, high=Fraction(1), high_included=True),
)  # fmt: skip
LEVEL_KEYS = (Anything(), Equal(values=("a",)), NotApplying(), Otherwise(others=(NotApplying(),)))
# decimals of different lengths: DuckDB would cut them to that of the first
NUMBERS = tuple(Fraction(text) for text in ("0", "5", "-2.5", "0.125", "1000000.01", "-0.0003"))
VALUES: Mapping[Kind, tuple[Scalar, ...]] = {
    Kind.NUMBER: NUMBERS, Kind.TEXT: ("甲", "it's"), Kind.BOOLEAN: (True, False),
    Kind.DATE: (date(2025, 1, 1), date(2025, 6, 1)),
}  # fmt: skip


def draw_table(rng: Random, hit: Hit) -> DecisionTable:
    kinds = list(Kind) if hit in (Hit.UNIQUE, Hit.ANY, Hit.FIRST, Hit.PRIORITY) else [Kind.NUMBER]
    kind = Kind.TEXT if hit in LISTINGS else rng.choice(kinds)
    open_ = rng.choice((0.0, 0.2, 1.0))

    def value() -> Scalar | None:
        return None if rng.random() < open_ else rng.choice(VALUES[kind])

    return DecisionTable(
        inputs=(Name(name="age"), Name(name="level")),
        hit=hit,
        kind=kind,
        rules=tuple(
            Rule(
                number=number,
                matchers=(rng.choice(AGE_KEYS), rng.choice(LEVEL_KEYS)),
                value=value(),
            )
            for number in range(1, rng.randint(2, 5))
        ),
        default=rng.choice(VALUES[kind]) if rng.random() < 0.5 else None,
    )


def facts_in(row: RawRow) -> dict[str, Any]:
    age = row["age"]
    return {**row, "age": Fraction(age) if isinstance(age, int) else age}


def assert_alike(definitions: Mapping[str, Definition], rows: list[RawRow]) -> None:
    """Each definition's value, and whether it has one, on every row."""
    scope = {**GIVENS, **definitions}
    tables = [name for name, one in definitions.items() if not isinstance(one, Tiers)]
    expressions = [parse(text) for text in (*definitions, *(f"$has({name})" for name in tables))]
    with duckdb.connect() as connection:
        found = evaluate_duckdb(load_table(connection, scope, rows), expressions)
    assert len(found) == len(expressions)
    for position, values in found.items():
        expression = expressions[position]
        wanted = [evaluate(expression, scope, facts_in(row)).value for row in rows]
        assert values == wanted, expression


@pytest.mark.parametrize("hit", list(Hit))
def test_a_drawn_table_of_any_hit_policy_is_decided_alike(hit: Hit) -> None:
    rng = Random(f"in SQL {hit}")
    assert_alike({f"t{number}": draw_table(rng, hit) for number in range(25)}, ROWS)


def rule(number: int, value: Scalar | None, age: int | None = None) -> Rule:
    key = Anything() if age is None else Equal(values=(Fraction(age),))
    return Rule(number=number, matchers=(key,), value=value)


def collected(hit: Hit, *rules: Rule, default: Scalar | None = None) -> DecisionTable:
    return DecisionTable(
        inputs=(Name(name="age"),), hit=hit, kind=Kind.NUMBER, rules=rules, default=default
    )


def test_values_of_different_decimals_are_collected_exactly() -> None:
    small, large = Fraction("0.0001"), Fraction("123456789.5")
    tables: dict[str, Definition] = {}
    for hit in (Hit.SUM, Hit.MIN, Hit.MAX):
        for order, (one, other) in enumerate(((small, large), (large, small))):
            tables[f"{hit.name}{order}"] = collected(hit, rule(1, one), rule(2, other, 1))
            tables[f"{hit.name}{order}d"] = collected(hit, rule(1, one, 1), default=other)
            tables[f"{hit.name}{order}e"] = collected(
                hit, rule(1, one, 1), rule(2, None, 2), default=-other
            )
    assert_alike(tables, ROWS)


def test_a_sum_has_room_for_all_its_rules_and_its_default() -> None:
    nines = Fraction(10**18 - 1)
    tables: dict[str, Definition] = {
        "ten": collected(Hit.SUM, *(rule(number, nines) for number in range(10))),
        "other": collected(Hit.SUM, rule(1, Fraction(1), 1), default=nines),
        "lowest": collected(Hit.MIN, rule(1, -nines), default=Fraction("0.5")),
    }
    assert_alike(tables, ROWS)


def test_a_table_whose_numbers_do_not_end_is_not_printed() -> None:
    scope = {**GIVENS, "third": collected(Hit.SUM, rule(1, Fraction(1, 3)))}
    with pytest.raises(NotExact, match="no end of decimals"):
        print_sql(parse("third"), scope, {"age": DecimalColumn(digits=2, scale=0)})


def test_scales_of_every_form_are_worked_out_alike() -> None:
    def tier(over: int, up_to: int | None, **gives: Fraction) -> Tier:
        return Tier(over=Fraction(over), up_to=None if up_to is None else Fraction(up_to), **gives)

    tiers = {
        "rates": (
            tier(0, 3, rate=Fraction("0.1")),
            tier(3, 7, rate=Fraction("0.25")),
            tier(7, None, rate=Fraction(2)),
        ),
        "steps": (
            tier(0, 4, each=Fraction(2), gives=Fraction("0.5")),
            tier(4, 9, each=Fraction(3), gives=Fraction(7)),
            tier(9, None, gives=Fraction(11)),
        ),
        "late": (tier(5, 6, gives=Fraction(3)), tier(6, 8, rate=Fraction(1, 3))),
    }
    rows: list[RawRow] = [{"age": age, "level": "a", "day": None} for age in (*range(-2, 15), None)]
    assert_alike({name: Tiers(by=Name(name="age"), tiers=t) for name, t in tiers.items()}, rows)


def test_a_dated_value_holds_from_its_first_day_through_its_last() -> None:
    table = Table(
        by=(Name(name="level"),),
        kind=Kind.NUMBER,
        rows=(
            Row(matchers=(Equal(values=("a",)),), value=Fraction("2.5")),
            Row(matchers=(Equal(values=("b",)),), value=None),
        ),
    )
    spans = (
        Span(start=date(2024, 1, 2), end=date(2024, 6, 30), value=Constant(value=Fraction(7))),
        Span(start=date(2024, 7, 1), end=date(2024, 12, 31), value=table),
        Span(start=date(2025, 1, 1), end=None, value=Constant(value=Fraction(9))),
    )
    days = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 6, 30), date(2024, 7, 1),
            date(2024, 12, 31), date(2025, 1, 1), date(2030, 1, 1), None]  # fmt: skip
    rows: list[RawRow] = [
        {"age": 1, "level": level, "day": day}
        for day, level in itertools.product(days, ("a", "b", "c", NONE, None))
    ]
    dated: Mapping[str, Definition] = {
        "whole": Dated(at=Name(name="day"), spans=spans, kind=Kind.NUMBER),
        "ended": Dated(at=Name(name="day"), spans=spans[:2], kind=Kind.NUMBER),
        "table": table,
    }
    assert_alike(dated, rows)
