"""From a text to its tree: rule-engine's grammar, precedence and tokens, our nodes.

Its constant folding is not used, because it folds in 28 decimal digits what must stay exact
(`10/3*3 >= 10` is true).
"""

from fractions import Fraction
from functools import lru_cache
from typing import Any

from rule_engine import ast as grammar

from language.errors import ConditionRefused
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
from language.functions import whole_literal
from language.grammar import REFUSED, read_tree
from language.guard import check_text
from language.pattern import read_pattern

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
    if operator == "pow" and (
        not isinstance(right, Literal) or whole_literal(right) not in range(1, 9)
    ):
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
