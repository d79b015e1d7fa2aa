"""From a tree back to a text that reads as the same tree; numbers for people."""

from datetime import date
from fractions import Fraction

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

_SIGNS = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "add": "+", "sub": "-",
    "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "**",
}  # fmt: skip


def unparse(expression: Expression) -> str:
    """The expression with every bracket that its precedence implies written out."""
    match expression:
        case Literal(value=bool(value)):
            return "true" if value else "false"
        case Literal(value=str(value)):
            return _quote(value)
        case Literal(value=Fraction() as value):
            return show_number(value)
        case Literal(value=value):
            assert isinstance(value, date)
            return f"$date({value.year}, {value.month}, {value.day})"
        case Name(name=name):
            return name
        case Not(operand=DoesNotApply(name=name)):
            return f"({name.name} != null)"
        case Not(operand=Match() as match):
            return _unparse_match(match, "!")
        case Not(operand=operand):
            return f"(not {unparse(operand)})"
        case Negative(operand=operand):
            return f"(-{unparse(operand)})"
        case Logic(operator=operator, operands=operands):
            return "(" + f" {operator} ".join(unparse(operand) for operand in operands) + ")"
        case Comparison(operator=operator, left=left, right=right):
            return f"({unparse(left)} {_SIGNS[operator]} {unparse(right)})"
        case Arithmetic(operator=operator, left=left, right=right):
            return f"({unparse(left)} {_SIGNS[operator]} {unparse(right)})"
        case Membership(member=member, items=items):
            return f"({unparse(member)} in [{', '.join(unparse(item) for item in items)}])"
        case Match():
            return _unparse_match(expression, "=")
        case DoesNotApply(name=name):
            return f"({name.name} == null)"
        case Coalesce(left=left, right=right):
            return f"({unparse(left)} ?? {unparse(right)})"
        case Conditional(test=test, then=then, otherwise=otherwise):
            return f"({unparse(test)} ? {unparse(then)} : {unparse(otherwise)})"
        case Call(function=function, arguments=arguments):
            return f"${function}({', '.join(unparse(argument) for argument in arguments)})"


def _unparse_match(match: Match, sign: str) -> str:
    sign += "~~" if match.anywhere else "~"
    return f"({unparse(match.member)} {sign} {_quote(match.pattern)})"


def _quote(text: str) -> str:
    """A text as it may be typed: with escapes, so that it reads back as itself."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def show_number(value: Fraction) -> str:
    """A number for people: a decimal where it ends, else a quotient."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = f"{float(value):.12g}"
    return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"
