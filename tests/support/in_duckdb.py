"""Rows as a table of DuckDB, and expressions worked out over it by the SQL that `language.sql`
prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import duckdb
import pyarrow as pa

from language.definition import Given, Scope
from language.expression import Expression
from language.reference import NONE as DOES_NOT_APPLY
from language.sql import NONE, DecimalColumn, Printed, print_sql
from language.sql_number import NotExact
from language.types import FactType, Kind, kind_of
from tests.support.generated import RawRow

Plain = Fraction | bool | str | date | None
AT_ONCE = 40
"""Expressions in one SELECT."""

_ARROW = {Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.date32(), Kind.TEXT: pa.string()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckTable:
    """A table `part` of one connection; numbers are decimals as wide as the rows need."""

    connection: duckdb.DuckDBPyConnection
    scope: Scope
    columns: Mapping[str, DecimalColumn]


def load_table(
    connection: duckdb.DuckDBPyConnection, scope: Scope, rows: Sequence[RawRow]
) -> DuckTable:
    """The rows, money in yuan, with a column NAME::none for each fact that may not apply."""
    arrays: dict[str, pa.Array] = {"row": pa.array(range(len(rows)), pa.int32())}
    columns: dict[str, DecimalColumn] = {}
    for name, definition in scope.items():
        if not isinstance(definition, Given):
            continue
        values = [None if row[name] is DOES_NOT_APPLY else row[name] for row in rows]
        if kind_of(definition.type) is Kind.NUMBER:
            decimals = [_decimal(value, definition.type) for value in values]
            columns[name] = column = _column(decimals)
            arrays[name] = pa.array(decimals, pa.decimal128(column.digits, column.scale))
        else:
            arrays[name] = pa.array(values, _ARROW[kind_of(definition.type)])
        if definition.may_not_apply:
            arrays[name + NONE] = pa.array([row[name] is DOES_NOT_APPLY for row in rows])
    given = pa.table(arrays)
    # planning long expressions is what takes time here, not working them out over some rows
    connection.execute("PRAGMA disable_optimizer")
    connection.register("given", given)
    connection.execute("CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM given")
    connection.unregister("given")
    return DuckTable(connection=connection, scope=scope, columns=columns)


def _decimal(value: object, fact_type: FactType) -> Decimal | None:
    if value is None:
        return None
    number = Decimal(repr(value))
    return number.scaleb(-2) if fact_type is FactType.MONEY else number


def _column(values: Sequence[Decimal | None]) -> DecimalColumn:
    parts = [value.normalize().as_tuple() for value in values if value]
    scale = max((max(0, -int(part.exponent)) for part in parts), default=0)
    digits = max((len(part.digits) + int(part.exponent) + scale for part in parts), default=1)
    return DecimalColumn(digits=max(digits, scale, 1), scale=scale)


def evaluate_duckdb(table: DuckTable, expressions: Sequence[Expression]) -> dict[int, list[Plain]]:
    """By the position of each expression its value in every row; those not exact are left out."""
    printed: dict[int, Printed] = {}
    for position, expression in enumerate(expressions):
        try:
            printed[position] = print_sql(expression, table.scope, table.columns)
        except NotExact:
            continue
    found: dict[int, list[Plain]] = {}
    todo = list(printed.items())
    for start in range(0, len(todo), AT_ONCE):
        found |= _select(table, todo[start : start + AT_ONCE])
    return found


def _select(table: DuckTable, printed: Sequence[tuple[int, Printed]]) -> dict[int, list[Plain]]:
    parts = [part for _, sql in printed for part in (sql.sql, sql.divisor or "1")]
    select = f"SELECT {', '.join(parts)} FROM part ORDER BY row"
    columns = list(zip(*table.connection.execute(select).fetchall(), strict=True))
    found = {}
    for number, (position, _) in enumerate(printed):
        tops, bottoms = columns[2 * number], columns[2 * number + 1]
        found[position] = [_plain(*pair) for pair in zip(tops, bottoms, strict=True)]
    return found


def _plain(top: Plain | Decimal, bottom: Decimal | int | None) -> Plain:
    if top is None or bottom is None:
        return None
    if isinstance(top, Decimal):
        return Fraction(top) if bottom == 1 else Fraction(top) / Fraction(bottom)
    return top
