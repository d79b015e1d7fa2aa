"""A condition as a tree: rule-engine's grammar, our types.

The grammar, precedence and tokens are rule-engine's own; its constant folding is not used,
because it folds in 28 decimal digits what must stay exact (`10/3*3 >= 10` is true).
Every node knows its `offset`, where it begins in the text; trees that differ only there are equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from rule_engine import ast as grammar

from language.errors import ConditionRefused
from language.grammar import REFUSED, RESERVED, read_tree
from language.guard import check_text
from language.pattern import read_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value as it stands in the text; numbers are exact."""

    value: Fraction | bool | str | date
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A fact, a parameter, or one of as_of, period_start, period_end."""

    name: str
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Kleene negation."""

    operand: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """Arithmetic minus."""

    operand: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """Kleene `and` or `or` over two or more operands."""

    operator: str
    operands: tuple["Expression", ...]
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """eq, ne, lt, le, gt, ge of two values of one kind."""

    operator: str
    left: "Expression"
    right: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """add, sub, mul, div, floordiv, mod (both truncating toward zero), pow by a small literal."""

    operator: str
    left: "Expression"
    right: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`member in [literals]`."""

    member: "Expression"
    items: tuple[Literal, ...]
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`member =~ "pattern"`, from the text's beginning, or `=~~`, `anywhere` in it.

    What patterns mean is said in `language.pattern`; `!~` and `!~~` are Not of this.
    """

    member: "Expression"
    pattern: str
    anywhere: bool
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoesNotApply:
    """`name == null`: the fact is known not to apply (declared `absent: none`)."""

    name: Name
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce:
    """`left ?? right`: the author states what a missing value counts as (amounts only)."""

    left: "Expression"
    right: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """`test ? then : otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"
    offset: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of the language, `$name(arguments)`."""

    function: str
    arguments: tuple["Expression", ...]
    offset: int = field(default=-1, compare=False)


Expression = (
    Literal
    | Name
    | Not
    | Negative
    | Logic
    | Comparison
    | Arithmetic
    | Membership
    | Match
    | DoesNotApply
    | Coalesce
    | Conditional
    | Call
)


def is_name(text: str) -> bool:
    """Whether a fact or parameter may have this name."""
    return text.isascii() and text.isidentifier() and text not in RESERVED


_COMPARISONS = {"EQ": "eq", "NE": "ne", "GT": "gt", "GE": "ge", "LT": "lt", "LE": "le"}
_ARITHMETIC = {
    "ADD": "add",
    "SUB": "sub",
    "MUL": "mul",
    "TDIV": "div",
    "FDIV": "floordiv",
    "MOD": "mod",
    "POW": "pow",
}


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """The tree of a condition or an amount.

    Raises ConditionRefused with the offset where the text has no meaning in this language.
    """
    check_text(text)
    return _translate(read_tree(text))


def _translate(node: Any) -> Expression:
    cls, args, offset = node.cls, node.args[1:], node.kwargs["offset"]
    if cls is grammar.SymbolExpression:
        if node.kwargs.get("scope") is not None:
            raise ConditionRefused(
                f'"${args[0]}" is a function: give it its arguments in brackets',
                offset=offset,
                remedy="for example $years(birth_date, as_of)",
            )
        return Name(name=args[0], offset=offset)
    if cls is grammar.FloatExpression:
        return Literal(value=Fraction(args[0]), offset=offset)
    if cls is grammar.StringExpression or cls is grammar.BooleanExpression:
        return Literal(value=args[0], offset=offset)
    if cls is grammar.LogicExpression:
        return _logic(args[0].lower(), _translate(args[1]), _translate(args[2]), offset)
    if cls is grammar.ComparisonExpression:
        return _comparison(args[0], args[1], args[2], offset)
    if cls is grammar.ArithmeticComparisonExpression:
        left, right = _translate(args[1]), _translate(args[2])
        return Comparison(operator=_COMPARISONS[args[0]], left=left, right=right, offset=offset)
    if cls is grammar.FuzzyComparisonExpression:
        return _match(args[0], args[1], args[2], offset)
    if cls in (grammar.AddExpression, grammar.SubtractExpression, grammar.ArithmeticExpression):
        left, right = _translate(args[1]), _translate(args[2])
        return _arithmetic(_ARITHMETIC[args[0]], left, right, offset)
    if cls is grammar.UnaryExpression:
        operand = _translate(args[1])
        made = Not if args[0] == "NOT" else Negative
        return made(operand=operand, offset=offset)
    if cls is grammar.ContainsExpression:
        return _membership(args[0], args[1], offset)
    if cls is grammar.CoalesceExpression:
        return Coalesce(left=_translate(args[0]), right=_translate(args[1]), offset=offset)
    if cls is grammar.TernaryExpression:
        test, then, otherwise = (_translate(part) for part in args)
        return Conditional(test=test, then=then, otherwise=otherwise, offset=offset)
    if cls is grammar.FunctionCallExpression:
        return _call(args[0], args[1], offset)
    why, instead = REFUSED[cls]
    raise ConditionRefused(why, offset=node.kwargs["sign"], remedy=instead)


def _logic(operator: str, left: Expression, right: Expression, offset: int) -> Logic:
    operands: tuple[Expression, ...] = ()
    for side in (left, right):
        same = isinstance(side, Logic) and side.operator == operator
        operands += side.operands if same and isinstance(side, Logic) else (side,)
    return Logic(operator=operator, operands=operands, offset=offset)


def _comparison(operator: str, left_node: Any, right_node: Any, offset: int) -> Expression:
    nulls = [node.cls is grammar.NullExpression for node in (left_node, right_node)]
    if any(nulls):
        other = _translate(right_node if nulls[0] else left_node) if not all(nulls) else None
        if not isinstance(other, Name):
            raise ConditionRefused(
                '"null" is compared only with a fact',
                offset=(left_node if nulls[0] else right_node).kwargs["offset"],
                remedy="name a fact declared `absent: none`",
            )
        asked = DoesNotApply(name=other, offset=offset)
        return asked if operator == "EQ" else Not(operand=asked, offset=offset)
    left, right = _translate(left_node), _translate(right_node)
    return Comparison(operator=_COMPARISONS[operator], left=left, right=right, offset=offset)


def _arithmetic(operator: str, left: Expression, right: Expression, offset: int) -> Arithmetic:
    if operator == "pow":
        small = isinstance(right, Literal) and isinstance(right.value, Fraction)
        exponent = right.value if isinstance(right, Literal) else None
        if not (small and isinstance(exponent, Fraction) and exponent in range(1, 9)):
            raise ConditionRefused(
                '"**" needs a whole number from 1 to 8 on its right',
                offset=right.offset,
                remedy="write the product out",
            )
    return Arithmetic(operator=operator, left=left, right=right, offset=offset)


def _membership(container: Any, member: Any, offset: int) -> Membership:
    where = container.kwargs["offset"]
    if container.cls not in (grammar.ArrayExpression, grammar.SetExpression):
        raise ConditionRefused(
            '"in" needs a list of values in brackets',
            offset=where,
            remedy='write x in ["a", "b"]; for a text within a text write x =~~ "a"',
        )
    items = tuple(_signed(_translate(item)) for item in container.args[1])
    literals = tuple(item for item in items if isinstance(item, Literal))
    for item in items:
        if not isinstance(item, Literal):
            raise ConditionRefused(
                'a list after "in" holds values only, no facts or formulas',
                offset=item.offset,
                remedy="compare with == and or",
            )
    if not literals:
        raise ConditionRefused(
            'the list after "in" is empty', offset=where, remedy="it would never hold"
        )
    return Membership(member=_translate(member), items=literals, offset=offset)


def _signed(item: Expression) -> Expression:
    """A number of a list with its sign, which the grammar keeps apart."""
    match item:
        case Negative(operand=Literal(value=Fraction() as value), offset=offset):
            return Literal(value=-value, offset=offset)
        case _:
            return item


def _match(operator: str, member: Any, pattern: Any, offset: int) -> Expression:
    if pattern.cls is not grammar.StringExpression:
        raise ConditionRefused(
            "a pattern is a text in quotes, no fact or formula",
            offset=pattern.kwargs["offset"],
            remedy='write for example code =~ "C3[5-9]"',
        )
    text = pattern.args[1]
    try:
        read_pattern(text)
    except ConditionRefused as refusal:
        # exact while the text holds no escapes of its own
        raise ConditionRefused(
            refusal.message, offset=pattern.kwargs["inside"] + refusal.offset, remedy=refusal.remedy
        ) from None
    anywhere = operator.endswith("FZS")
    match = Match(member=_translate(member), pattern=text, anywhere=anywhere, offset=offset)
    return match if operator.startswith("EQ") else Not(operand=match, offset=offset)


def _call(function: Any, arguments: Any, offset: int) -> Call:
    if function.cls is not grammar.SymbolExpression or function.kwargs.get("scope") is None:
        named = function.args[1] if function.cls is grammar.SymbolExpression else "this"
        raise ConditionRefused(
            f'"{named}" is not a function',
            offset=function.kwargs["offset"],
            remedy="functions begin with $, like $years(a, b)",
        )
    return Call(
        function=function.args[1],
        arguments=tuple(_translate(argument) for argument in arguments),
        offset=offset,
    )


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything within it, outermost first."""
    yield expression
    match expression:
        case Not(operand=operand) | Negative(operand=operand):
            yield from walk(operand)
        case Logic(operands=operands):
            for operand in operands:
                yield from walk(operand)
        case Comparison(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Coalesce(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Membership(member=member) | Match(member=member):
            yield from walk(member)
        case DoesNotApply(name=name):
            yield name
        case Conditional(test=test, then=then, otherwise=otherwise):
            for part in (test, then, otherwise):
                yield from walk(part)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from walk(argument)
        case Literal() | Name():
            return


def names_in(expression: Expression) -> frozenset[str]:
    """Every name the expression uses directly."""
    return frozenset(part.name for part in walk(expression) if isinstance(part, Name))


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
