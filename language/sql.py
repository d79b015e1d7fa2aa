"""Prints an expression as SQL for DuckDB: a third way to work out what a condition means.

Written from the tree alone and shares nothing with `lowering`, so that a mistake in one of them
shows. Kleene's logic is SQL's own; a divisor is never zero but null; a CASE stops where its test is
unknown. What 38 decimal digits may not hold is refused with NotExact.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from language import sql_number as number
from language.definition import (
    Anything,
    Beneath,
    Choice,
    Constant,
    Dated,
    Definition,
    Equal,
    Formula,
    Given,
    Matcher,
    NoValue,
    Otherwise,
    Scope,
    Span,
    Table,
    Tier,
    Tiers,
    Within,
)
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    DoesNotApply,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Negative,
    Not,
)
from language.functions import whole_literal
from language.sql_date import DATES, date_in_year
from language.sql_number import NotExact, Number
from language.types import Kind, kind_of

NONE = "::none"
"""Suffix of the Boolean column that says where a fact is known not to apply."""

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NULLS = {Kind.BOOLEAN: "BOOLEAN", Kind.DATE: "DATE", Kind.TEXT: "VARCHAR"}
_ARITHMETIC: Mapping[str, Callable[[Number, Number], Number]] = {
    "add": number.add,
    "sub": number.subtract,
    "mul": number.multiply,
    "div": number.divide,
    "floordiv": lambda a, b: number.truncate(number.divide(a, b)),
    "mod": number.remainder,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalColumn:
    """A number's column: DECIMAL(digits, scale), money in yuan."""

    digits: int
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """SQL of the value; for a number also that of the divisor where it is a quotient."""

    sql: str
    divisor: str | None = None


def print_sql(
    expression: Expression, scope: Scope, columns: Mapping[str, DecimalColumn]
) -> Printed:
    """The expression over a table with a column for each given fact, of SQL's type for its kind.

    A fact that may not apply has a second column NAME::none, true where it does not. Raises
    NotExact where DuckDB's decimals are not sure to hold a value.
    """
    printed = _Printer(scope, columns).value(expression)
    if isinstance(printed, str):
        return Printed(sql=printed)
    divisor = printed.bottom.sql if printed.bottom else None
    return Printed(sql=printed.top.sql, divisor=divisor)


def quote(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


Value = str | Number


class _Printer:
    """One expression's walk."""

    def __init__(self, scope: Scope, columns: Mapping[str, DecimalColumn]) -> None:
        self.scope = scope
        self.columns = columns

    def value(self, expression: Expression) -> Value:
        match expression:
            case Literal(value=value):
                return _literal(value)
            case Name(name=name):
                return self.of_definition(self.scope[name])
            case Not(operand=operand):
                return f"(NOT {self.text(operand)})"
            case Negative(operand=operand):
                return number.negate(self.number(operand))
            case Logic(operator=operator, operands=operands):
                return "(" + f" {operator.upper()} ".join(map(self.text, operands)) + ")"
            case Comparison(operator=operator, left=left, right=right):
                return self.comparison(operator, left, right)
            case Arithmetic(operator="pow", left=left, right=right):
                return self.power(self.number(left), whole_literal(right))
            case Arithmetic(operator=operator, left=left, right=right):
                return _ARITHMETIC[operator](self.number(left), self.number(right))
            case Membership(member=member, items=items):
                hits = [_same(self.value(member), _literal(item.value)) for item in items]
                return self.unless_none(member, f"({' OR '.join(hits)})")
            case Match(member=member, pattern=pattern, anywhere=anywhere):
                asked = pattern if anywhere else f"^(?:{pattern})"
                found = f"REGEXP_MATCHES({self.text(member)}, {_literal(asked)})"
                return self.unless_none(member, found)
            case DoesNotApply(name=Name(name=name)):
                flag, present = quote(name + NONE), f"{quote(name)} IS NOT NULL"
                return f"CASE WHEN {flag} THEN TRUE WHEN {present} THEN FALSE END"
            case Coalesce(left=left, right=right):
                return _coalesce(self.value(left), self.value(right))
            case Conditional(test=test, then=then, otherwise=otherwise):
                return _choose([(self.text(test), self.value(then))], self.value(otherwise))
            case Call(function="has", arguments=(Name(name=name),)):
                return self.has(self.scope[name])
            case Call(function=function, arguments=arguments):
                return self.call(function, arguments)
            case _:
                raise NotExact(f"{type(expression).__name__} is not printed")

    def text(self, expression: Expression) -> str:
        """SQL of a truth, a date or a text."""
        value = self.value(expression)
        assert isinstance(value, str)
        return _short(value)

    def number(self, expression: Expression) -> Number:
        value = self.value(expression)
        assert isinstance(value, Number)
        return value

    def power(self, base: Number, exponent: int) -> Number:
        result = base
        for _ in range(exponent - 1):
            result = number.multiply(result, base)
        return result

    def none_flag(self, expression: Expression) -> str | None:
        if not isinstance(expression, Name):
            return None
        definition = self.scope[expression.name]
        may_not_apply = isinstance(definition, Given) and definition.may_not_apply
        return quote(expression.name + NONE) if may_not_apply else None

    def unless_none(self, expression: Expression, test: str) -> str:
        flag = self.none_flag(expression)
        return test if flag is None else f"CASE WHEN {flag} THEN FALSE ELSE {test} END"

    def comparison(self, operator: str, left: Expression, right: Expression) -> str:
        test = _compare(_SIGNS[operator], self.value(left), self.value(right))
        flags = [flag for flag in map(self.none_flag, (left, right)) if flag is not None]
        if operator not in ("eq", "ne") or not flags:
            return test
        both = " AND ".join(flags) if len(flags) == 2 else "FALSE"
        alike, different = ("TRUE", "FALSE") if operator == "eq" else ("FALSE", "TRUE")
        one = " OR ".join(flags)
        return f"CASE WHEN {both} THEN {alike} WHEN {one} THEN {different} ELSE {test} END"

    def call(self, function: str, arguments: tuple[Expression, ...]) -> Value:
        if function == "date":
            year, month, day = (whole_literal(argument) for argument in arguments)
            if isinstance(arguments[0], Literal):
                return _literal(date(year, month, day))
            return date_in_year(self.number(arguments[0]), month, day)
        if function == "starts_with":
            subject, prefix = map(self.text, arguments)
            return f"STARTS_WITH({subject}, {prefix})"
        if function in DATES:
            return DATES[function]([self.value(argument) for argument in arguments])
        numbers = [self.number(argument) for argument in arguments]
        match function:
            case "min":
                return number.smallest(numbers)
            case "max":
                return number.smallest(numbers, ">=")
            case "abs":
                return number.absolute(numbers[0])
            case "floor":
                return number.floor(numbers[0])
            case "ceil":
                return number.ceil(numbers[0])
            case "round":
                digits = whole_literal(arguments[1]) if len(arguments) == 2 else 0
                return number.round_half_up(numbers[0], digits)
        raise AssertionError(function)

    def of_definition(self, definition: Definition) -> Value:
        match definition:
            case Given(name=name, type=fact_type):
                if kind_of(fact_type) is not Kind.NUMBER:
                    return quote(name)
                column = self.columns[name]
                most = 10**column.digits - 1
                return Number(top=number.decimal(quote(name), most=most, scale=column.scale))
            case Constant(value=value):
                return _literal(value)
            case NoValue(kind=kind):
                return _null(kind)
            case Formula(expression=expression):
                return self.value(expression)
            case Choice(cases=cases):
                chosen = [(self.text(test), self.value(then)) for test, then in cases if test]
                return _choose(chosen, self.value(cases[-1][1]))
            case Table():
                return self.table(definition)
            case Tiers(by=by, tiers=tiers):
                amount = self.number(by)
                total = number.ZERO
                for tier in tiers:
                    total = number.add(total, _tier(tier, amount))
                return total
            case Dated(at=at, spans=spans, kind=kind):
                day = self.text(at)
                inside = [(_inside(day, s), self.of_definition(s.value)) for s in spans]
                return _choose(inside, _null(kind))
            case _:
                raise NotExact(f"{type(definition).__name__} is not printed")

    def rows_that_apply(self, table: Table) -> list[str]:
        keys = [self.value(name) for name in table.by]
        return [
            " AND ".join(
                "TRUE" if isinstance(m, Anything) else self.unless_none(name, _match(m, key))
                for m, name, key in zip(row.matchers, table.by, keys, strict=True)
            )
            for row in table.rows
        ]

    def table(self, table: Table) -> Value:
        """The one row that applies; here a row that is unknown does not hide one that holds."""
        cases: list[tuple[str, Value]] = [
            (f"COALESCE({applies}, FALSE)", _null(table.kind) if row.value is None
             else _literal(row.value))
            for applies, row in zip(self.rows_that_apply(table), table.rows, strict=True)
        ]  # fmt: skip
        return _choose(cases, _null(table.kind))

    def has(self, definition: Definition) -> str:
        match definition:
            case Table():
                rows = [f"({row})" for row in self.rows_that_apply(definition)]
                return f"({' OR '.join(rows)})"
            case Dated(at=at, spans=spans):
                day = self.text(at)
                tests = [_inside(day, span) for span in spans]
                return number.choose_sql(tests, [*(self.has(s.value) for s in spans), "FALSE"])
            case NoValue():
                return "FALSE"
            case _:
                return "TRUE"


def _short(sql: str) -> str:
    if len(sql) > number.MAX_LENGTH:
        raise NotExact("the SQL of a condition is too long")
    return sql


def _literal(value: Fraction | bool | str | date) -> Value:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return number.literal(value)


def _null(kind: Kind) -> Value:
    return number.UNKNOWN if kind is Kind.NUMBER else f"CAST(NULL AS {_NULLS[kind]})"


def _compare(sign: str, left: Value, right: Value) -> str:
    if isinstance(left, Number) and isinstance(right, Number):
        return number.compare(sign, left, right)
    return _short(f"({left} {sign} {right})")


def _same(left: Value, right: Value) -> str:
    return _compare("=", left, right)


def _choose(cases: list[tuple[str, Value]], otherwise: Value) -> Value:
    if isinstance(otherwise, Number):
        return number.choose([(t, v) for t, v in cases if isinstance(v, Number)], otherwise)
    values = [str(value) for _, value in cases]
    return _short(number.choose_sql([test for test, _ in cases], [*values, otherwise]))


def _coalesce(left: Value, right: Value) -> Value:
    if isinstance(left, Number) and isinstance(right, Number):
        return number.choose([(number.known(left), left)], right)
    return f"COALESCE({left}, {right})"


def _inside(day: str, span: Span) -> str:
    until = "" if span.end is None else f" AND {day} <= DATE '{span.end.isoformat()}'"
    return f"({day} >= DATE '{span.start.isoformat()}'{until})"


def _match(matcher: Matcher, key: Value) -> str:
    match matcher:
        case Anything():
            return "TRUE"
        case Equal(values=values):
            return "(" + " OR ".join(_same(key, _literal(value)) for value in values) + ")"
        case Beneath(prefixes=prefixes):
            tests = [f"STARTS_WITH({key}, {_literal(prefix)})" for prefix in prefixes]
            return "(" + " OR ".join(tests) + ")"
        case Within(low=low, low_included=low_in, high=high, high_included=high_in):
            assert isinstance(key, Number)
            tests = []
            if low is not None:
                tests.append(number.compare(">=" if low_in else ">", key, number.literal(low)))
            if high is not None:
                tests.append(number.compare("<=" if high_in else "<", key, number.literal(high)))
            return "(" + " AND ".join(tests) + ")"
        case Otherwise(others=others):
            return "(NOT (" + " OR ".join(_match(other, key) for other in others) + "))"
        case _:
            raise NotExact(f"{type(matcher).__name__} is not printed")


def _tier(tier: Tier, amount: Number) -> Number:
    inside = number.subtract(amount, number.literal(tier.over))
    below = number.compare("<=", inside, number.ZERO)
    if tier.up_to is not None:
        inside = number.smallest([inside, number.literal(tier.up_to - tier.over)])
    gives = number.literal(tier.gives or Fraction(0))
    if tier.rate is not None:
        gives = number.multiply(inside, number.literal(tier.rate))
    elif tier.each is not None:
        steps = number.floor(number.divide(inside, number.literal(tier.each)))
        gives = number.multiply(steps, gives)
    return number.choose([(below, number.ZERO)], gives)
