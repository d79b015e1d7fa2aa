"""The single tests that conditions are made of, so that many policies can share each one.

`age >= limit` with a limit of 80 and `80 <= age` are one predicate: constants stand in the place
of their names, and a value stands on the right.
"""

from dataclasses import dataclass
from datetime import date

from language.check import parts_of, reachable_facts
from language.definition import Constant, Definition, Given, Scope
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
    Membership,
    Name,
    Negative,
    Not,
)

_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A test and what its names mean: equal predicates give the same value for every subject."""

    expression: Expression
    meanings: tuple[tuple[str, Definition], ...]

    @property
    def scope(self) -> dict[str, Definition]:
        """What the names mean, as the evaluations read it."""
        return dict(self.meanings)

    @property
    def given(self) -> tuple[str, ...]:
        """The given facts that the value rests on."""
        return tuple(name for name, meaning in self.meanings if isinstance(meaning, Given))

    @property
    def worked_out(self) -> tuple[str, ...]:
        """The facts on the way that may be given instead of being worked out."""
        return tuple(name for name, meaning in self.meanings if parts_of(meaning))


def predicate_of(expression: Expression, scope: Scope) -> Predicate:
    """The predicate of a test, in its usual form."""
    usual = write_usual(expression, scope)
    names = sorted(reachable_facts([usual], scope))
    return Predicate(usual, tuple((name, scope[name]) for name in names))


def write_usual(expression: Expression, scope: Scope) -> Expression:
    """The expression without places, constants for their names, a single value on the right."""
    match expression:
        case Literal():
            return expression
        case Name(name=name):
            definition = scope[name]
            if isinstance(definition, Constant):
                return Literal(value=definition.value)
            return Name(name=name)
        case Not(operand=operand):
            return Not(operand=write_usual(operand, scope))
        case Negative(operand=operand):
            return Negative(operand=write_usual(operand, scope))
        case Logic(operator=operator, operands=operands):
            return Logic(operator=operator, operands=tuple(write_usual(o, scope) for o in operands))
        case Comparison(operator=operator, left=left, right=right):
            left, right = write_usual(left, scope), write_usual(right, scope)
            if isinstance(left, Literal):
                left, right, operator = right, left, _MIRRORED[operator]
            return Comparison(operator=operator, left=left, right=right)
        case Arithmetic(operator=operator, left=left, right=right):
            left, right = write_usual(left, scope), write_usual(right, scope)
            return Arithmetic(operator=operator, left=left, right=right)
        case Membership(member=member, items=items):
            return Membership(member=write_usual(member, scope), items=items)
        case DoesNotApply(name=name):
            return DoesNotApply(name=Name(name=name.name))
        case Coalesce(left=left, right=right):
            return Coalesce(left=write_usual(left, scope), right=write_usual(right, scope))
        case Conditional(test=test, then=then, otherwise=otherwise):
            test, then = write_usual(test, scope), write_usual(then, scope)
            return Conditional(test=test, then=then, otherwise=write_usual(otherwise, scope))
        case Call(function="has", arguments=(Name(name=name),)):
            # asks for the table itself, not for its value
            return Call(function="has", arguments=(Name(name=name),))
        case Call(function="date", arguments=arguments):
            year, month, day = (int(a.value) for a in arguments if isinstance(a, Literal))
            return Literal(value=date(year, month, day))
        case Call(function=function, arguments=arguments):
            usual = tuple(write_usual(argument, scope) for argument in arguments)
            return Call(function=function, arguments=usual)
