"""What is known of a formula's values without any subject: whole numbers, a closed list."""

from language.definition import Choice, Constant, Formula, Given, Scope
from language.expression import Arithmetic, Call, Conditional, Expression, Literal, Name, Negative
from language.types import FactType

_WHOLE = ("years", "months", "days", "months_through", "year", "month", "floor", "ceil")
MAX_DEPTH = 20
_KEEPING = ("min", "max", "abs")


def is_whole(expression: Expression, scope: Scope) -> bool:
    """True where every value is a whole number, so that 79 and 80 are neighbours; False also where
    that cannot be told."""
    match expression:
        case Literal(value=value):
            return getattr(value, "denominator", 0) == 1
        case Name(name=name):
            match scope.get(name):
                case Given(type=FactType.INTEGER):
                    return True
                case Constant(value=value):
                    return getattr(value, "denominator", 0) == 1
                case Formula(expression=inner):
                    return is_whole(inner, scope)
                case _:
                    return False
        case Negative(operand=operand):
            return is_whole(operand, scope)
        case Arithmetic(operator="add" | "sub" | "mul", left=left, right=right):
            return is_whole(left, scope) and is_whole(right, scope)
        case Call(function=function, arguments=arguments):
            if function == "round":
                return len(arguments) == 1
            if function in _KEEPING:
                return all(is_whole(argument, scope) for argument in arguments)
            return function in _WHOLE
        case _:
            return False


def closed_values(expression: Expression, scope: Scope) -> tuple[str, ...]:
    """Every text that the expression can give; none where that cannot be told."""
    found = _texts(expression, scope, 0)
    return () if None in found else tuple(dict.fromkeys(text for text in found if text))


def _texts(expression: Expression, scope: Scope, depth: int) -> list[str | None]:
    """The texts, None among them where there may be others."""
    parts: list[Expression] = []
    match expression:
        case Literal(value=str(text)):
            return [text]
        case Conditional(then=then, otherwise=otherwise):
            parts = [then, otherwise]
        case Name(name=name):
            match scope.get(name):
                case Given(values=values) if values:
                    return list(values)
                case Formula(expression=inner):
                    parts = [inner]
                case Choice(cases=cases):
                    parts = [value for _, value in cases]
    if not parts or depth > MAX_DEPTH:
        return [None]
    return [text for part in parts for text in _texts(part, scope, depth + 1)]
