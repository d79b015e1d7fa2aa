"""Whether a condition or an amount grows or shrinks with a name in it, whatever else is the case.

Truth grows from no over unknown to yes.
"""

from typing import Literal as OneOf

from language.definition import Choice, Formula, Scope
from language.expression import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Literal,
    Logic,
    Name,
    Negative,
    Not,
)
from language.reach import reachable_facts

Trend = OneOf[-1, 0, 1]
"""-1: it shrinks where the name grows (or stays), 1: it grows, 0: nothing can be told."""

_GROWING = ("min", "max", "round", "floor", "ceil")


def trend(expression: Expression, name: str, scope: Scope) -> Trend | None:
    """How the expression moves with `name`; None where it does not rest on it."""
    if name not in reachable_facts([expression], scope):
        return None
    match expression:
        case Name(name=named) if named == name:
            return 1
        case Name(name=named):
            match scope.get(named):
                case Formula(expression=inner):
                    return trend(inner, name, scope)
                case Choice(cases=cases) if not any(
                    name in reachable_facts([test], scope) for test, _ in cases if test is not None
                ):
                    return _together([trend(value, name, scope) for _, value in cases])
            return 0
        case Not(operand=operand) | Negative(operand=operand):
            return _turned(trend(operand, name, scope))
        case Logic(operands=operands):
            return _together([trend(operand, name, scope) for operand in operands])
        case Comparison(operator="gt" | "ge", left=left, right=right):
            return _together([trend(left, name, scope), _turned(trend(right, name, scope))])
        case Comparison(operator="lt" | "le", left=left, right=right):
            return _together([_turned(trend(left, name, scope)), trend(right, name, scope)])
        case Arithmetic(operator="add", left=left, right=right):
            return _together([trend(left, name, scope), trend(right, name, scope)])
        case Arithmetic(operator="sub", left=left, right=right):
            return _together([trend(left, name, scope), _turned(trend(right, name, scope))])
        case (
            Arithmetic(operator="mul", left=left, right=Literal(value=value))
            | Arithmetic(operator="mul", left=Literal(value=value), right=left)
        ) if not isinstance(value, (bool, str)):
            return _scaled(trend(left, name, scope), value)
        case Arithmetic(operator="div", left=left, right=Literal(value=value)):
            return _scaled(trend(left, name, scope), value)
        case Call(function=function, arguments=arguments) if function in _GROWING:
            return _together([trend(argument, name, scope) for argument in arguments])
        case _:
            return 0


def _turned(found: Trend | None) -> Trend | None:
    match found:
        case 1:
            return -1
        case -1:
            return 1
        case _:
            return found


def _scaled(found: Trend | None, factor: object) -> Trend | None:
    if factor > 0:  # type: ignore[operator]  # a number, as arithmetic takes no others
        return found
    return _turned(found) if factor < 0 else 0  # type: ignore[operator]  # see above


def _together(parts: list[Trend | None]) -> Trend | None:
    """The one way in which all parts that rest on the name move."""
    moving = {part for part in parts if part is not None}
    if not moving:
        return None
    return moving.pop() if len(moving) == 1 else 0
