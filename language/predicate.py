"""The single tests that conditions are made of, so that many policies can share each one.

`age >= limit` with a limit of 80 and `80 <= age` are one predicate: a constant stands in the place
of its name, and a value stands on the right.
"""

from dataclasses import dataclass
from datetime import date

from language.definition import Constant, Definition, Given, Scope
from language.expression import Call, Comparison, Expression, Literal, Name
from language.functions import whole_literal
from language.reach import parts_of, reachable_facts

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
    usual = _write_usual(expression, scope)
    names = sorted(reachable_facts([usual], scope))
    return Predicate(usual, tuple((name, scope[name]) for name in names))


def _write_usual(expression: Expression, scope: Scope) -> Expression:
    if not isinstance(expression, Comparison):
        return expression
    left, right = _write_value(expression.left, scope), _write_value(expression.right, scope)
    operator = expression.operator
    if isinstance(left, Literal):
        left, right, operator = right, left, _MIRRORED[operator]
    return Comparison(operator=operator, left=left, right=right)


def _write_value(side: Expression, scope: Scope) -> Expression:
    """One side of a comparison, its value instead of a constant's name or a written day."""
    match side:
        case Name(name=name):
            definition = scope[name]
            return Literal(value=definition.value) if isinstance(definition, Constant) else side
        case Call(function="date", arguments=(Literal(), _, _) as arguments):
            written = [whole_literal(argument) for argument in arguments]
            numbers = [number for number in written if number is not None]
            return Literal(value=date(*numbers)) if len(numbers) == len(written) else side
        case _:
            return side
