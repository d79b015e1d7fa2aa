"""The SQL that conditions are printed as, worked out by DuckDB on cases whose answer is known."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from random import Random

import duckdb
import pytest

from language.definition import Given
from language.parse import parse
from language.reference import NONE, evaluate
from language.sql import DecimalColumn, print_sql
from language.sql_number import NotExact
from language.sql_value import quote
from language.types import FactType
from tests.support.generated import build_scope, draw_rows, facts_of
from tests.support.generated_tables import build_decision_tables
from tests.support.in_duckdb import DuckTable, Plain, evaluate_duckdb, load_table

SCOPE = {
    "whole": Given(name="whole", type=FactType.INTEGER),
    "money": Given(name="money", type=FactType.MONEY),
    "ratio": Given(name="ratio", type=FactType.RATIO),
    "flag": Given(name="flag", type=FactType.BOOLEAN),
    "day": Given(name="day", type=FactType.DATE),
    "name": Given(name="name", type=FactType.TEXT),
    "level": Given(name="level", type=FactType.INTEGER, may_not_apply=True),
}
ROW = {
    "whole": 7, "money": 12_345, "ratio": 0.055, "flag": None, "day": date(2024, 2, 29),
    "name": "it's 中文", "level": NONE,
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Iterator[DuckTable]:
    with duckdb.connect() as connection:
        yield load_table(connection, SCOPE, [ROW])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 - 189/200 <= 0.055", True),
        ("10/3*3 >= 10", True),
        ("0.1 + 0.2 == 0.3", True),
        ("money == 123.45", True),
        ("money / 3", Fraction(12_345, 300)),
        ("money / (whole - 7)", None),
        ("money / (whole - 7) == 1", None),
        ("whole // -2", Fraction(-3)),
        ("-whole % 2", Fraction(-1)),
        ("whole / 2 // 1", Fraction(3)),
        ("$floor(-whole / 2)", Fraction(-4)),
        ("$ceil(-whole / 2)", Fraction(-3)),
        ("$round(-whole / 2)", Fraction(-4)),
        ("$round(whole / 3, 2)", Fraction(233, 100)),
        ("$round(5.505, 2)", Fraction(551, 100)),
        ("whole ** 3", Fraction(343)),
        ("$min(whole, money, 3) + $max(whole, 8)", Fraction(11)),
        ("flag or whole == 7", True),
        ("flag and whole == 7", None),
        ("flag and whole == 8", False),
        ("not flag", None),
        ("flag ? 1 : 2", None),
        ("flag ?? true", True),
        ('name == "it\'s 中文"', True),
        ('name in ["a", "b"]', False),
        ("level == null", True),
        ("level == 1", False),
        ("level != 1", True),
        ("level in [1, 2]", False),
        ("level < 2", None),
        ("$years(day, $date(2025, 2, 28))", Fraction(1)),
        ("$months(day, $date(2024, 1, 29))", Fraction(-1)),
        ("$add_months(day, -12)", date(2023, 2, 28)),
        ("$add_months(day, whole / 2)", None),
        ("$add_months(day, 99999)", None),
        ("$add_days(day, 1)", date(2024, 3, 1)),
        ("$earliest(day, $date(2024, 1, 1)) < day", True),
    ],
)
def test_duckdb_gives_the_value_that_the_law_has(
    table: DuckTable, text: str, wanted: Plain
) -> None:
    assert evaluate_duckdb(table, [parse(text)]) == {0: [wanted]}


@pytest.mark.parametrize(
    "text",
    [
        "money ** 8 > 1",
        "money * money * money * money * money * money * money * money > 1",
        "$round(money / (ratio ** 7), 8) > 1",
        " + ".join(f"money / (whole + {n})" for n in range(5)) + " > 1",
    ],
)
def test_what_38_digits_may_not_hold_is_refused(text: str) -> None:
    columns = {
        "money": DecimalColumn(digits=16, scale=2),
        "whole": DecimalColumn(digits=9, scale=0),
        "ratio": DecimalColumn(digits=9, scale=8),
    }
    with pytest.raises(NotExact):
        print_sql(parse(text), SCOPE, columns)


def test_a_sum_of_two_decimals_that_fills_64_bits_is_worked_out_in_more() -> None:
    """DuckDB adds and multiplies decimals of up to 18 digits in 64 bits, and fails beyond."""
    rows = [{**ROW, "money": 9 * 10**17 + 1, "whole": 10**17}]
    with duckdb.connect() as connection:
        found = evaluate_duckdb(
            load_table(connection, SCOPE, rows), [parse("money + money"), parse("money * whole")]
        )
    fen = Fraction(9 * 10**17 + 1, 100)
    assert found == {0: [2 * fen], 1: [fen * 10**17]}


def test_quotes_in_a_name_are_doubled() -> None:
    assert quote('a"b') == '"a""b"'


def test_every_decision_table_has_in_duckdb_the_value_of_the_reference() -> None:
    scope, rows = build_scope(), draw_rows(Random("tables"), 400, 0.25)
    expressions = [parse(name) for name in build_decision_tables()]
    with duckdb.connect() as connection:
        found = evaluate_duckdb(load_table(connection, scope, rows), expressions)
    assert len(found) >= len(expressions) - 1  # one is too long for DuckDB's decimals
    for position, answers in found.items():
        expression = expressions[position]
        wanted = [evaluate(expression, scope, facts_of(row)).value for row in rows]
        assert answers == wanted, expression
