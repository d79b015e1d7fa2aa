"""What a condition means: a walk over its tree in exact rationals and three values.

This is the definition; the columns in `lowering` must agree with it on every row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import reduce
from math import floor
from typing import Any

from language.automaton import matches as matches_pattern
from language.decision_table import decide_table, has_output
from language.definition import (
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Formula,
    Given,
    Matcher,
    NoValue,
    Scalar,
    Scope,
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
from language.functions import FUNCTIONS, Undefined, truncate
from language.matching import matches
from language.truth import (
    LEFT_OPEN,
    UNDEFINED,
    unknown_of,
)
from language.truth import NO_ROW as NO_ROW
from language.truth import NO_VALUE as NO_VALUE
from language.truth import NONE as NONE
from language.truth import NotApplicable as NotApplicable
from language.truth import Value as Value
from language.truth import kleene_and as kleene_and
from language.truth import kleene_not as kleene_not
from language.truth import kleene_or as kleene_or

MAX_BITS = 4096
"""Of a number's numerator or denominator; what is longer stands for nothing in any law."""

Facts = Mapping[str, Scalar | NotApplicable | None]
"""A subject's facts by name: None is missing, NONE does not apply, an absent name not given."""


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def compute(operator: str, a: Fraction, b: Fraction) -> Fraction:
    """The value of arithmetic. Raises Undefined where there is none."""
    match operator:
        case "add":
            return a + b
        case "sub":
            return a - b
        case "mul":
            return _bounded(a * b)
        case "pow":
            if _bits(a) * int(b) > MAX_BITS:
                raise Undefined
            return a ** int(b)
    if b == 0:
        raise Undefined
    match operator:
        case "div":
            return a / b
        case "floordiv":
            return truncate(a / b)
        case "mod":
            return a - b * truncate(a / b)
    raise AssertionError(operator)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise Undefined
    return value


def evaluate(expression: Expression, scope: Scope, facts: Facts) -> Value:
    """The value of an expression for one subject."""
    return Reference(scope, facts).value(expression)


@dataclass(frozen=True, slots=True)
class SharedValues:
    """Conditions that other walks of the same subject ask too: `known` has their values, None
    where not asked yet, by the numbers that `slots` gives to the ids of this scope's conditions."""

    slots: Mapping[int, int]
    known: list[Value | None]


class Reference:
    """One subject's walk; what names stand for is worked out once."""

    def __init__(self, scope: Scope, facts: Facts, shared: SharedValues | None = None) -> None:
        self.scope = scope
        self.facts = facts
        self.known: dict[str, Value] = {}
        self.shared = shared

    def value(self, expression: Expression) -> Value:
        """The value of an expression."""
        slot = None if self.shared is None else self.shared.slots.get(id(expression))
        if self.shared is None or slot is None:
            return self.work_out(expression)
        known = self.shared.known[slot]
        if known is None:
            known = self.shared.known[slot] = self.work_out(expression)
        return known

    def work_out(self, expression: Expression) -> Value:
        match expression:
            case Literal(value=value):
                return Value(value)
            case Name(name=name):
                return self.of_name(name)
            case Not(operand=operand):
                return kleene_not(self.value(operand))
            case Logic(operator="and", operands=operands):
                return kleene_and([self.value(operand) for operand in operands])
            case Logic(operands=operands):
                return kleene_or([self.value(operand) for operand in operands])
            case Negative(operand=operand):
                return self.apply(lambda a: -a, [self.value(operand)])
            case Comparison(operator=("eq" | "ne") as operator, left=left, right=right) if (
                self.is_none(left) or self.is_none(right)
            ):
                # what does not apply equals no value
                same = self.is_none(left) and self.is_none(right)
                return Value(same == (operator == "eq"))
            case Comparison(operator=operator, left=left, right=right):
                return self.apply(_COMPARE[operator], [self.value(left), self.value(right)])
            case Arithmetic(operator=operator, left=left, right=right):
                return self.apply(
                    lambda a, b: compute(operator, a, b), [self.value(left), self.value(right)]
                )
            case Membership(member=member) if self.is_none(member):
                return Value(False)
            case Match(member=member) if self.is_none(member):
                return Value(False)
            case Match(member=member, pattern=pattern, anywhere=anywhere):
                return self.apply(
                    lambda a: matches_pattern(pattern, a, anywhere=anywhere), [self.value(member)]
                )
            case Membership(member=member, items=items):
                values = [item.value for item in items]
                return self.apply(lambda a: a in values, [self.value(member)])
            case DoesNotApply(name=Name(name=name)):
                return self.does_not_apply(name)
            case Coalesce(left=left, right=right):
                first = self.value(left)
                return self.value(right) if first.value is None else first
            case Conditional(test=test, then=then, otherwise=otherwise):
                return self.choose([(test, then), (None, otherwise)])
            case Call(function="has", arguments=(Name(name=name),)):
                return self.has(name)
            case Call(function=function, arguments=arguments):
                return self.apply(
                    FUNCTIONS[function].compute, [self.value(argument) for argument in arguments]
                )

    def apply(self, function: Callable[..., Any], values: list[Value]) -> Value:
        if any(value.value is None for value in values):
            return unknown_of(*values)
        try:
            return Value(function(*(value.value for value in values)))
        except (Undefined, OverflowError):
            return Value(None, reasons=frozenset({UNDEFINED}))

    def of_name(self, name: str) -> Value:
        if name not in self.known:
            self.known[name] = self.resolve(name)
        return self.known[name]

    def resolve(self, name: str) -> Value:
        if name in self.facts:
            given = self.facts[name]
            if given is None or isinstance(given, NotApplicable):
                reasons = frozenset() if given is None else frozenset({"does not apply"})
                missing = frozenset({name}) if given is None else frozenset()
                return Value(None, missing, reasons)
            return Value(given)
        match self.scope[name]:
            case Given():
                return Value(None, frozenset({name}))
            case Formula(expression=expression):
                return self.value(expression)
            case Choice(cases=cases):
                return self.choose(list(cases))
            case Constant() | NoValue() | Table() | Tiers() | Dated() as parameter:
                return self.of_parameter(parameter)
            case DecisionTable() as table:
                return decide_table(table, self.rules_that_apply(table))

    def is_none(self, expression: Expression) -> bool:
        """Whether this is the name of a fact that is known not to apply."""
        match expression:
            case Name(name=name):
                return isinstance(self.facts.get(name), NotApplicable)
            case _:
                return False

    def does_not_apply(self, name: str) -> Value:
        given = self.facts.get(name)
        if given is None:
            return Value(None, frozenset({name}))
        return Value(isinstance(given, NotApplicable))

    def choose(self, cases: list[tuple[Expression | None, Expression]]) -> Value:
        for test, then in cases:
            held = Value(True) if test is None else self.value(test)
            if held.value is None:
                return held
            if held.value:
                return self.value(then)
        raise AssertionError("the last case has no condition")

    def of_parameter(self, parameter: Constant | NoValue | Table | Tiers | Dated) -> Value:
        match parameter:
            case Constant(value=value):
                return Value(value)
            case NoValue():
                return Value(None, reasons=frozenset({NO_VALUE}))
            case Table():
                return self.look_up(parameter)
            case Tiers(by=by):
                return self.apply(lambda x: sum_tiers(parameter, x), [self.value(by)])
            case Dated(at=at, spans=spans):
                day = self.value(at)
                if day.value is None:
                    return day
                assert isinstance(day.value, date)
                for span in spans:
                    if span.start <= day.value and (span.end is None or day.value <= span.end):
                        return self.of_parameter(span.value)
                return Value(None, reasons=frozenset({NO_VALUE}))

    def look_up(self, table: Table) -> Value:
        applies = self.rows_that_apply(table)
        for row, holds in zip(table.rows, applies, strict=True):
            if holds.value is True:
                if row.value is None:
                    return Value(None, reasons=frozenset({LEFT_OPEN}))
                return Value(row.value)
        if any(holds.value is None for holds in applies):
            return unknown_of(*applies)
        return Value(None, reasons=frozenset({NO_ROW}))

    def rows_that_apply(self, table: Table) -> list[Value]:
        """For each row whether it applies; a key that does not apply has no row but `any`."""
        return self.rows_that_match(table.by, [row.matchers for row in table.rows])

    def rules_that_apply(self, table: DecisionTable) -> list[Value]:
        """For each rule whether it applies."""
        return self.rows_that_match(table.inputs, [rule.matchers for rule in table.rules])

    def rows_that_match(
        self, keys: Sequence[Expression], rows: Sequence[Sequence[Matcher]]
    ) -> list[Value]:
        nones = [self.is_none(key) for key in keys]
        values = [self.value(key) for key in keys]
        return [
            kleene_and(
                [
                    matches(matcher, value, none=none)
                    for matcher, value, none in zip(matchers, values, nones, strict=True)
                ]
            )
            for matchers in rows
        ]

    def has(self, name: str) -> Value:
        if name in self.facts:
            return Value(True)
        return self.has_row(self.scope[name])

    def has_row(self, definition: Any) -> Value:
        match definition:
            case Table():
                return kleene_or(self.rows_that_apply(definition))
            case DecisionTable():
                return has_output(definition, self.rules_that_apply(definition))
            case Dated(at=at, spans=spans):
                day = self.value(at)
                if day.value is None:
                    return day
                assert isinstance(day.value, date)
                for span in spans:
                    if span.start <= day.value and (span.end is None or day.value <= span.end):
                        return self.has_row(span.value)
                return Value(False)
            case NoValue():
                return Value(False)
            case _:
                return Value(True)


def sum_tiers(tiers: Tiers, amount: Fraction) -> Fraction:
    """The cumulative value of a scale at `amount`."""

    def part(total: Fraction, tier: Tier) -> Fraction:
        inside = amount - tier.over
        if inside <= 0:
            return total
        if tier.up_to is not None:
            inside = min(inside, tier.up_to - tier.over)
        if tier.rate is not None:
            return total + inside * tier.rate
        if tier.each is not None:
            return total + Fraction(floor(inside / tier.each)) * (tier.gives or 0)
        return total + (tier.gives or 0)

    return reduce(part, tiers.tiers, Fraction(0))
