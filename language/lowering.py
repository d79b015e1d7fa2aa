"""Conditions as Polars columns that agree with the reference on every row.

Kleene logic is Polars' own for `&`, `|` and `~`; whatever else could read null as false
(when/otherwise, min_horizontal, filters) is written so that unknown stays unknown.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import reduce

import polars as pl

from language import exact
from language.calls import CALLS, date_in_year
from language.check import check
from language.column import (
    GIVEN,
    NOT_APPLICABLE,
    Column,
    Frame,
    choose,
    coalesce,
    compare,
    constant,
    null,
    number_of,
    plain,
)
from language.decision_columns import decide_columns, has_column
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
    Tiers,
)
from language.exact import Exact
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
    names_in,
)
from language.functions import whole_literal
from language.matching_columns import match_column
from language.pattern import print_pattern
from language.reach import parts_of
from language.reference import evaluate
from language.shelf import Shelf
from language.types import FactType


class Lowering:
    """Lowers expressions of one scope over one frame; each name is lowered once.

    With a `shelf`, names that are worked out stand for its columns.
    """

    def __init__(self, scope: Scope, frame: Frame, shelf: Shelf | None = None) -> None:
        self.scope = scope
        self.frame = frame
        self.shelf = shelf
        self.known: dict[str, Column] = {}
        self.fixed: dict[str, bool] = {}

    def boolean(self, expression: Expression) -> pl.Expr:
        """The Boolean column of a condition."""
        return plain(self.lower(expression))

    def number(self, expression: Expression) -> Exact:
        """The exact column of a number."""
        return number_of(self.lower(expression))

    def lower(self, expression: Expression) -> Column:
        """The column of an expression. What is the same for everybody is worked out here and now:
        Polars does not broadcast every function of a literal."""
        if not isinstance(expression, Literal) and self.is_fixed(expression):
            value = evaluate(expression, self.scope, {}).value
            return (
                null(check(expression, self.scope, amount=True))
                if value is None
                else (constant(value))
            )
        match expression:
            case Literal(value=value):
                return constant(value)
            case Name(name=name):
                return self.of_name(name)
            case Not(operand=operand):
                return ~self.boolean(operand)
            case Negative(operand=operand):
                return exact.negate(self.number(operand))
            case Logic(operator="and", operands=operands):
                return reduce(lambda a, b: a & b, [self.boolean(o) for o in operands])
            case Logic(operands=operands):
                return reduce(lambda a, b: a | b, [self.boolean(o) for o in operands])
            case Comparison(operator=operator, left=left, right=right):
                compared = compare(operator, self.lower(left), self.lower(right))
                if operator not in ("eq", "ne"):
                    return compared
                return self.with_none(operator, left, right, compared)
            case Arithmetic(operator=operator, left=left, right=right):
                return self.arithmetic(operator, left, right)
            case Membership(member=member, items=items):
                return self.without_none(member, self.membership(member, items))
            case Match(member=member, pattern=pattern, anywhere=anywhere):
                written = print_pattern(pattern, anywhere=anywhere)
                test = plain(self.lower(member)).str.contains(written)
                return self.without_none(member, test)
            case DoesNotApply(name=Name(name=name)):
                return self.does_not_apply(name)
            case Coalesce(left=left, right=right) if self.is_fixed(left):
                known = evaluate(left, self.scope, {}).value is not None
                return self.lower(left if known else right)
            case Coalesce(left=left, right=right):
                return coalesce(self.lower(left), self.lower(right))
            case Conditional(test=test, then=then, otherwise=otherwise):
                return choose([(self.boolean(test), self.lower(then))], self.lower(otherwise))
            case Call(function="has", arguments=(Name(name=name),)):
                return self.has(self.scope[name])
            case Call(function=function, arguments=arguments):
                return self.call(function, arguments)

    def membership(self, member: Expression, items: tuple[Literal, ...]) -> pl.Expr:
        column = self.lower(member)
        if isinstance(column, pl.Expr):
            return column.is_in([item.value for item in items])
        hits = [compare("eq", column, constant(item.value)) for item in items]
        return reduce(lambda a, b: a | b, hits)

    def none_flag(self, expression: Expression) -> pl.Expr | None:
        """True where this is the name of a fact that is known not to apply; else never null."""
        if not isinstance(expression, Name):
            return None
        flag = expression.name + NOT_APPLICABLE
        return pl.col(flag).fill_null(False) if flag in self.frame.columns else None

    def with_none(
        self, operator: str, left: Expression, right: Expression, compared: pl.Expr
    ) -> pl.Expr:
        """An equality where what does not apply equals no value."""
        flags = [self.none_flag(left), self.none_flag(right)]
        known = [flag for flag in flags if flag is not None]
        if not known:
            return compared
        same = known[0] & known[1] if len(known) == 2 else pl.lit(False)
        settled = same if operator == "eq" else ~same
        return pl.when(reduce(lambda a, b: a | b, known)).then(settled).otherwise(compared)

    def without_none(self, expression: Expression, test: pl.Expr) -> pl.Expr:
        """A test that is false where the fact does not apply."""
        flag = self.none_flag(expression)
        return test if flag is None else pl.when(flag).then(False).otherwise(test)

    def is_fixed(self, expression: Expression) -> bool:
        """Whether no fact of the subject goes into the expression."""
        return all(self.is_fixed_name(name) for name in names_in(expression))

    def is_fixed_name(self, name: str) -> bool:
        if name not in self.fixed:
            definition = self.scope[name]
            given = isinstance(definition, Given) or name + GIVEN in self.frame.columns
            self.fixed[name] = not given and all(map(self.is_fixed, parts_of(definition)))
        return self.fixed[name]

    def arithmetic(self, operator: str, left: Expression, right: Expression) -> Exact:
        a = self.number(left)
        if operator == "pow":
            assert isinstance(right, Literal)
            assert isinstance(right.value, Fraction)
            return exact.power(a, right.value.numerator)
        b = self.number(right)
        match operator:
            case "add":
                return exact.add(a, b)
            case "sub":
                return exact.subtract(a, b)
            case "mul":
                return exact.multiply(a, b)
            case "div":
                return exact.divide(a, b)
            case "floordiv":
                return exact.truncate(exact.divide(a, b))
            case "mod":
                whole = exact.truncate(exact.divide(a, b))
                return exact.subtract(a, exact.multiply(b, whole))
        raise AssertionError(operator)

    def of_name(self, name: str) -> Column:
        if name not in self.known:
            column = self.resolve(name)
            shelf = self.shelf
            self.known[name] = column if shelf is None else shelf.put(name, self.scope, column)
        return self.known[name]

    def resolve(self, name: str) -> Column:
        definition = self.scope[name]
        if isinstance(definition, Given):
            return self.given(name, definition.type)
        computed = self.of_definition(definition)
        if name + GIVEN not in self.frame.columns:
            return computed
        # a computed fact that is given by hand is not computed, even where it is given as missing
        given = self.given_like(name, computed)
        return choose([(pl.col(name + GIVEN), given)], computed)

    def given(self, name: str, fact_type: FactType) -> Column:
        present = name in self.frame.columns
        match fact_type:
            case FactType.BOOLEAN:
                return pl.col(name) if present else pl.lit(None, dtype=pl.Boolean)
            case FactType.DATE:
                return pl.col(name) if present else pl.lit(None, dtype=pl.Date)
            case FactType.CODE | FactType.TEXT:
                return pl.col(name) if present else pl.lit(None, dtype=pl.String)
            case _:
                if not present:
                    return exact.unknown()
                bounds = self.frame.bounds[name]
                return exact.column(
                    pl.col(name), low=bounds.low, high=bounds.high, scale=bounds.scale
                )

    def given_like(self, name: str, computed: Column) -> Column:
        if isinstance(computed, pl.Expr):
            return pl.col(name)
        bounds = self.frame.bounds[name]
        return exact.column(pl.col(name), low=bounds.low, high=bounds.high, scale=bounds.scale)

    def of_definition(self, definition: Definition) -> Column:
        match definition:
            case Constant(value=value):
                return constant(value)
            case NoValue(kind=kind):
                return null(kind)
            case Formula(expression=expression):
                return self.lower(expression)
            case Choice(cases=cases):
                chosen = [
                    (self.boolean(test), self.lower(value))
                    for test, value in cases
                    if test is not None
                ]
                return choose(chosen, self.lower(cases[-1][1]))
            case Table():
                return self.table(definition)
            case DecisionTable():
                return decide_columns(definition, self.rules_hold(definition))
            case Tiers(by=by):
                return self.tiers(definition, self.number(by))
            case Dated(at=at, spans=spans, kind=kind):
                day = plain(self.of_name(at.name))
                held = [(_in_span(day, span), self.of_definition(span.value)) for span in spans]
                return choose(held, null(kind))
            case Given(name=name, type=fact_type):
                return self.given(name, fact_type)

    def does_not_apply(self, name: str) -> pl.Expr:
        """True where known not to apply, false where known to have a value, else unknown."""
        present = pl.col(name).is_not_null() if name in self.frame.columns else pl.lit(False)
        if name + NOT_APPLICABLE in self.frame.columns:
            flagged = pl.col(name + NOT_APPLICABLE).fill_null(False)
        else:
            flagged = pl.lit(False)
        return pl.when(flagged).then(True).when(present).then(False)

    def row_holds(self, table: Table) -> list[pl.Expr]:
        return self.rows_match(table.by, [row.matchers for row in table.rows])

    def rules_hold(self, table: DecisionTable) -> list[pl.Expr]:
        return self.rows_match(table.inputs, [rule.matchers for rule in table.rules])

    def rows_match(
        self, keys: Sequence[Expression], rows: Sequence[Sequence[Matcher]]
    ) -> list[pl.Expr]:
        columns = [self.lower(key) for key in keys]
        flags = [self.none_flag(key) for key in keys]
        return [
            reduce(
                lambda a, b: a & b,
                [
                    match_column(matcher, column, flag)
                    for matcher, column, flag in zip(matchers, columns, flags, strict=True)
                ],
            )
            for matchers in rows
        ]

    def table(self, table: Table) -> Column:
        cases = []
        holds = self.row_holds(table)
        for hold, row in zip(holds, table.rows, strict=True):
            value = null(table.kind) if row.value is None else constant(row.value)
            # rows do not overlap, so an unknown row must not hide a later row that holds
            cases.append((hold.fill_null(False), value))
        return choose(cases, null(table.kind))

    def has(self, definition: Definition) -> pl.Expr:
        match definition:
            case Table():
                return reduce(lambda a, b: a | b, self.row_holds(definition))
            case DecisionTable():
                return has_column(definition, self.rules_hold(definition))
            case Dated(at=at, spans=spans):
                day = plain(self.of_name(at.name))
                cases = [(_in_span(day, span), self.has(span.value)) for span in spans]
                return plain(choose([(t, v) for t, v in cases], pl.lit(False)))
            case NoValue():
                return pl.lit(False)
            case _:
                return pl.lit(True)

    def tiers(self, tiers: Tiers, amount: Exact) -> Exact:
        zero = exact.literal(Fraction(0))
        total = zero
        for tier in tiers.tiers:
            inside = exact.subtract(amount, exact.literal(tier.over))
            above = exact.compare("gt", inside, zero)
            if tier.up_to is not None:
                width = exact.literal(tier.up_to - tier.over)
                inside = exact.smallest([inside, width])
            if tier.rate is not None:
                part = exact.multiply(inside, exact.literal(tier.rate))
            elif tier.each is not None:
                steps = exact.floor(exact.divide(inside, exact.literal(tier.each)))
                part = exact.multiply(steps, exact.literal(tier.gives or Fraction(0)))
            else:
                part = exact.literal(tier.gives or Fraction(0))
            total = exact.add(total, exact.choose([(above, part)], zero))
        return total

    def call(self, function: str, arguments: tuple[Expression, ...]) -> Column:
        if function == "date":
            year, month, day = (whole_literal(argument) for argument in arguments)
            if year is None:
                return date_in_year(self.number(arguments[0]), month, day)
            return pl.lit(date(year, month, day))
        if function == "starts_with":
            prefix = arguments[1]
            assert isinstance(prefix, Literal)
            return plain(self.lower(arguments[0])).str.starts_with(str(prefix.value))
        if function == "round":
            digits = arguments[1] if len(arguments) == 2 else Literal(value=Fraction(0))
            assert isinstance(digits, Literal)
            assert isinstance(digits.value, Fraction)
            return exact.round_to(self.number(arguments[0]), digits.value.numerator)
        return CALLS[function]([self.lower(argument) for argument in arguments])


def _in_span(day: pl.Expr, span: Span) -> pl.Expr:
    inside = day >= pl.lit(span.start)
    return inside if span.end is None else inside & (day <= pl.lit(span.end))
