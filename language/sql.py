"""Prints an expression as SQL for DuckDB: a third way to work out what a condition means.

Written from the tree alone and shares nothing with `lowering`, so that a mistake in one of them
shows. Kleene's logic is SQL's own; a divisor is never zero but null; a CASE stops where its test is
unknown. What 38 decimal digits may not hold is refused with NotExact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from language import sql_number as number
from language.definition import (
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Formula,
    Given,
    Matcher,
    NoValue,
    Scope,
    Span,
    Table,
    Tier,
    Tiers,
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
from language.sql_match import match
from language.sql_number import NotExact, Number
from language.sql_table import decide, has_output
from language.sql_value import (
    Value,
    check_length,
    choose,
    coalesce,
    compare,
    quote,
    write_literal,
    write_null,
)
from language.types import Kind, kind_of

NONE = "::none"
"""Suffix of the Boolean column that says where a fact is known not to apply."""

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
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


class _Printer:
    """One expression's walk."""

    def __init__(self, scope: Scope, columns: Mapping[str, DecimalColumn]) -> None:
        self.scope = scope
        self.columns = columns

    def value(self, expression: Expression) -> Value:
        match expression:
            case Literal(value=value):
                return write_literal(value)
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
                hits = [
                    compare("=", self.value(member), write_literal(item.value)) for item in items
                ]
                return self.unless_none(member, f"({' OR '.join(hits)})")
            case Match(member=member, pattern=pattern, anywhere=anywhere):
                held = pattern if anywhere else f"^(?:{pattern})"
                found = f"REGEXP_MATCHES({self.text(member)}, {write_literal(held)})"
                return self.unless_none(member, found)
            case DoesNotApply(name=Name(name=name)):
                flag, present = quote(name + NONE), f"{quote(name)} IS NOT NULL"
                return f"CASE WHEN {flag} THEN TRUE WHEN {present} THEN FALSE END"
            case Coalesce(left=left, right=right):
                return coalesce(self.value(left), self.value(right))
            case Conditional(test=test, then=then, otherwise=otherwise):
                return choose([(self.text(test), self.value(then))], self.value(otherwise))
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
        return check_length(value)

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
        test = compare(_SIGNS[operator], self.value(left), self.value(right))
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
                return write_literal(date(year, month, day))
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
                return write_literal(value)
            case NoValue(kind=kind):
                return write_null(kind)
            case Formula(expression=expression):
                return self.value(expression)
            case Choice(cases=cases):
                chosen = [(self.text(test), self.value(then)) for test, then in cases if test]
                return choose(chosen, self.value(cases[-1][1]))
            case Table():
                return self.table(definition)
            case DecisionTable(kind=kind):
                holds = self.rows_that_apply(definition)
                return decide(definition, holds, write_null(kind))
            case Tiers(by=by, tiers=tiers):
                amount = self.number(by)
                total = number.ZERO
                for tier in tiers:
                    total = number.add(total, _tier(tier, amount))
                return total
            case Dated(at=at, spans=spans, kind=kind):
                day = self.text(at)
                inside = [(_inside(day, s), self.of_definition(s.value)) for s in spans]
                return choose(inside, write_null(kind))
            case _:
                raise NotExact(f"{type(definition).__name__} is not printed")

    def rows_that_match(
        self, inputs: Sequence[Expression], rows: Sequence[Sequence[Matcher]]
    ) -> list[str]:
        keys = [(self.value(key), self.none_flag(key)) for key in inputs]
        return [
            check_length(
                " AND ".join(match(m, *key) for m, key in zip(matchers, keys, strict=True))
            )
            for matchers in rows
        ]

    def rows_that_apply(self, table: Table | DecisionTable) -> list[str]:
        if isinstance(table, Table):
            return self.rows_that_match(table.by, [row.matchers for row in table.rows])
        return self.rows_that_match(table.inputs, [rule.matchers for rule in table.rules])

    def table(self, table: Table) -> Value:
        """The one row that applies; here a row that is unknown does not hide one that holds."""
        cases: list[tuple[str, Value]] = [
            (f"COALESCE({applies}, FALSE)", write_null(table.kind) if row.value is None
             else write_literal(row.value))
            for applies, row in zip(self.rows_that_apply(table), table.rows, strict=True)
        ]  # fmt: skip
        return choose(cases, write_null(table.kind))

    def has(self, definition: Definition) -> str:
        match definition:
            case Table():
                rows = [f"({row})" for row in self.rows_that_apply(definition)]
                return f"({' OR '.join(rows)})"
            case Dated(at=at, spans=spans):
                day = self.text(at)
                tests = [_inside(day, span) for span in spans]
                return number.choose_sql(tests, [*(self.has(s.value) for s in spans), "FALSE"])
            case DecisionTable():
                return has_output(definition, self.rows_that_apply(definition))
            case NoValue():
                return "FALSE"
            case _:
                return "TRUE"


def _inside(day: str, span: Span) -> str:
    until = "" if span.end is None else f" AND {day} <= DATE '{span.end.isoformat()}'"
    return f"({day} >= DATE '{span.start.isoformat()}'{until})"


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
