"""Whether a formula gives whole numbers only, so that 79 and 80 are neighbours."""

from language.definition import Constant, Formula, Given, Scope
from language.expression import Arithmetic, Call, Expression, Literal, Name, Negative
from language.types import FactType

_WHOLE = ("years", "months", "days", "months_through", "year", "month", "floor", "ceil")
_KEEPING = ("min", "max", "abs")


def is_whole(expression: Expression, scope: Scope) -> bool:
    """True where every value is a whole number; False also where that cannot be told."""
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
