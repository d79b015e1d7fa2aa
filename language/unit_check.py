"""Units through an expression: sums, comparisons and choices of values that do not fit."""

from collections.abc import Mapping

from language.definition import Formula, Scope
from language.errors import Finding
from language.expression import (
    Arithmetic,
    Call,
    Coalesce,
    Comparison,
    Conditional,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Negative,
    Not,
)
from language.unit import (
    DAYS,
    MONTHS,
    RATIO,
    YEARS,
    Unit,
    differ_in_length_only,
    fit,
    join,
    multiply,
    scale,
)
from language.unparse import unparse

_FUNCTIONS = {"years": YEARS, "months": MONTHS, "months_through": MONTHS, "days": DAYS,
              "year": YEARS}  # fmt: skip
_SAME = ("min", "max", "round", "floor", "ceil", "abs")
_CERTAIN = frozenset({"yuan", "percent", "day", "month", "quarter", "year"})
"""Bases that never stand for each other; people and pieces may, so they only warn."""


def find_unfit_units(
    expression: Expression, scope: Scope, units: Mapping[str, Unit | None]
) -> list[Finding]:
    """Where values of different units are added, compared or chosen between.

    `units` are those that names declare; a name without one has that of its formula.
    """
    return UnitCheck(scope, units).find(expression)


class UnitCheck:
    """One walk; units of names are worked out once."""

    def __init__(self, scope: Scope, units: Mapping[str, Unit | None]) -> None:
        self.scope = scope
        self.known: dict[str, Unit | None] = dict(units)
        self.found: list[Finding] = []

    def find(self, expression: Expression) -> list[Finding]:
        """What does not fit in the expression, without what is within the names it uses."""
        self.found = []
        self.unit(expression)
        return self.found

    def unit(self, expression: Expression) -> Unit | None:
        """The unit of an expression's value, None where it is not known or is no number."""
        match expression:
            case Name(name=name):
                return self.of_name(name)
            case Negative(operand=operand):
                return self.unit(operand)
            case Arithmetic(operator=operator, left=left, right=right):
                return self.arithmetic(operator, left, right)
            case Comparison(left=left, right=right):
                self.same([left, right], "compares")
            case Coalesce(left=left, right=right):
                return self.same([left, right], '"??" chooses between')
            case Conditional(test=test, then=then, otherwise=otherwise):
                self.unit(test)
                return self.same([then, otherwise], '"? :" chooses between')
            case Call(function=function, arguments=arguments) if function in _SAME:
                return self.same(list(arguments[: None if function in ("min", "max") else 1]),
                                 f'"${function}" compares')  # fmt: skip
            case Call(function="add_months", arguments=(_, count)):
                self.same([count], "", MONTHS)
            case Call(function=function, arguments=arguments):
                for argument in arguments:
                    self.unit(argument)
                return _FUNCTIONS.get(function)
            case Logic(operands=operands):
                for operand in operands:
                    self.unit(operand)
            case Not(operand=inner) | Membership(member=inner) | Match(member=inner):
                self.unit(inner)
        return None

    def of_name(self, name: str) -> Unit | None:
        if name not in self.known:
            self.known[name] = None
            definition = self.scope.get(name)
            if isinstance(definition, Formula):
                quiet = UnitCheck(self.scope, self.known)
                self.known[name] = quiet.unit(definition.expression)
        return self.known[name]

    def arithmetic(self, operator: str, left: Expression, right: Expression) -> Unit | None:
        match operator:
            case "add" | "sub":
                return self.same(
                    [left, right], '"+" adds' if operator == "add" else '"-" is between'
                )
            case "mul" | "div" | "floordiv":
                a, b = self.unit(left), self.unit(right)
                if is_written(right):
                    return scale(a)
                if is_written(left):
                    return scale(b) if operator == "mul" else None
                return multiply(a, b, 1 if operator == "mul" else -1)
            case "mod":
                return self.same([left, right], '"%" is between')
        self.unit(left)
        return None

    def same(self, parts: list[Expression], what: str, wanted: Unit | None = None) -> Unit | None:
        """The unit that all parts have, after noting those that do not fit."""
        joined, first = wanted, parts[0]
        for part in parts:
            unit = self.unit(part)
            if unit is None:
                continue
            if joined is None:
                joined, first = unit, part
            elif fit(joined, unit):
                joined = join(joined, unit)
            else:
                self.note(what, first, joined, part, unit)
                return None
        return joined

    def note(self, what: str, first: Expression, one: Unit, part: Expression, two: Unit) -> None:
        if not what:
            message = f'"$add_months" adds months, {unparse(part)} is {two}'
        else:
            message = f"{what} {unparse(first)} ({one}) and {unparse(part)} ({two})"
        message = f"units do not fit: {message}"
        bases = set(one.powers) ^ set(two.powers) or set(one.powers)
        length_only = differ_in_length_only(one, two)
        self.found.append(
            Finding(
                offset=part.offset,
                message=message,
                remedy=_remedy(one, two),
                code="units",
                certain=not length_only and bases <= _CERTAIN,
            )
        )


def _remedy(one: Unit, two: Unit) -> str:
    bases = set(one.powers) | set(two.powers)
    if "percent" in bases:
        return "5.5 in percent is the ratio 0.055: multiply or divide by 100"
    if differ_in_length_only(one, two):
        return "bring both to one length of time, or correct the unit of one"
    if RATIO in (one, two):
        return "multiply the ratio by what it is a share of, or correct the unit of one"
    return "bring both to one unit, or correct the unit that one declares"


def is_written(expression: Expression) -> bool:
    """Whether the expression is a number written out, with signs and sums of such."""
    match expression:
        case Literal():
            return True
        case Negative(operand=operand):
            return is_written(operand)
        case Arithmetic(left=left, right=right):
            return is_written(left) and is_written(right)
        case _:
            return False
