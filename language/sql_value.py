"""Values in SQL: a text of SQL for a truth, a date or a text, a Number for a number."""

from datetime import date
from fractions import Fraction

from language import sql_number as number
from language.definition import Scalar
from language.sql_number import NotExact, Number
from language.types import Kind

Value = str | Number

_NULLS = {Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE", Kind.TEXT: "VARCHAR"}


def quote(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def write_text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def write_literal(value: Scalar) -> Value:
    """A written value."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return write_text(value)
        case date():
            return f"DATE '{value.isoformat()}'"
        case Fraction():
            return number.literal(value)


def write_null(kind: Kind) -> Value:
    """What is unknown in every row."""
    return number.UNKNOWN if kind is Kind.NUMBER else f"CAST(NULL AS {_NULLS[kind]})"


def check_length(sql: str) -> str:
    """The SQL, refused with NotExact where it is too long."""
    if len(sql) > number.MAX_LENGTH:
        raise NotExact("the SQL of a condition is too long")
    return sql


def compare(sign: str, left: Value, right: Value) -> str:
    """The truth of `left sign right`."""
    if isinstance(left, Number) and isinstance(right, Number):
        return number.compare(sign, left, right)
    return check_length(f"({left} {sign} {right})")


def choose(cases: list[tuple[str, Value]], otherwise: Value) -> Value:
    """The first value whose test holds; null from the first unknown test on."""
    if isinstance(otherwise, Number):
        return number.choose([(t, v) for t, v in cases if isinstance(v, Number)], otherwise)
    values = [str(value) for _, value in cases]
    return check_length(number.choose_sql([test for test, _ in cases], [*values, otherwise]))


def coalesce(left: Value, right: Value) -> Value:
    """The left value, or the right one where the left is unknown."""
    if isinstance(left, Number) and isinstance(right, Number):
        return number.choose([(number.known(left), left)], right)
    return f"COALESCE({left}, {right})"
