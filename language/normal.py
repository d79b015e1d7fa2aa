"""One spelling for conditions that mean the same: order, brackets, double negation, numbers.

Two conditions with one normal form have the same value for everybody, also where facts are missing
or do not apply. Conditions with two normal forms may still mean the same.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from language.definition import Scalar
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
from language.functions import Undefined
from language.reference import compute, evaluate
from language.unparse import unparse

_OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
_TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_EITHER_ORDER = ("add", "mul")


def normalise(expression: Expression, values: Mapping[str, Scalar] | None = None) -> Expression:
    """The expression in its normal form; `values` are those of parameters that have one value.

    >>> from language.parse import parse
    >>> unparse(normalise(parse("not (80 > age) and not (not tekun)")))
    '((age >= 80) and tekun)'
    """
    return _Normal(values or {}).of(expression)


class _Normal:
    def __init__(self, values: Mapping[str, Scalar]) -> None:
        self.values = values

    def of(self, expression: Expression) -> Expression:
        match expression:
            case Literal(value=value):
                return Literal(value=value)
            case Name(name=name):
                known = name in self.values
                return Literal(value=self.values[name]) if known else Name(name=name)
            case Not(operand=operand):
                return self._opposite(operand)
            case Negative(operand=operand):
                inner = self.of(operand)
                if isinstance(inner, Literal) and isinstance(inner.value, Fraction):
                    return Literal(value=-inner.value)
                return Negative(operand=inner)
            case Logic(operator=operator, operands=operands):
                return _join(operator, [self.of(operand) for operand in operands])
            case Comparison(operator=operator, left=left, right=right):
                return _compare(operator, self.of(left), self.of(right))
            case Arithmetic(operator=operator, left=left, right=right):
                return _count(operator, self.of(left), self.of(right))
            case Membership(member=member, items=items):
                return _member(self.of(member), items)
            case Match(member=member, pattern=pattern, anywhere=anywhere):
                return Match(member=self.of(member), pattern=pattern, anywhere=anywhere)
            case DoesNotApply(name=Name(name=name)):
                return DoesNotApply(name=Name(name=name))
            case Coalesce(left=left, right=right):
                return Coalesce(left=self.of(left), right=self.of(right))
            case Conditional(test=test, then=then, otherwise=otherwise):
                return Conditional(
                    test=self.of(test), then=self.of(then), otherwise=self.of(otherwise)
                )
            case Call(function="has", arguments=(Name(name=name),)):
                return Call(function="has", arguments=(Name(name=name),))
            case Call(function=function, arguments=arguments):
                return _call(function, tuple(self.of(argument) for argument in arguments))

    def _opposite(self, expression: Expression) -> Expression:
        """The normal form of `not expression`."""
        match expression:
            case Not(operand=operand):
                return self.of(operand)
            case Logic(operator=operator, operands=operands):
                other = "or" if operator == "and" else "and"
                return _join(other, [self._opposite(operand) for operand in operands])
            case Comparison(operator=operator, left=left, right=right):
                return _compare(_OPPOSITE[operator], self.of(left), self.of(right))
            case Literal(value=bool(value)):
                return Literal(value=not value)
            case _:
                inner = self.of(expression)
                return inner.operand if isinstance(inner, Not) else Not(operand=inner)


def _join(operator: str, operands: list[Expression]) -> Expression:
    """Operands without those that stand twice, in one order, lists of one fact as one list."""
    flat: list[Expression] = []
    for operand in operands:
        same = isinstance(operand, Logic) and operand.operator == operator
        flat += operand.operands if same and isinstance(operand, Logic) else [operand]
    merged = _merge_lists(operator, flat)
    ordered = sorted(dict.fromkeys(merged), key=unparse)
    return ordered[0] if len(ordered) == 1 else Logic(operator=operator, operands=tuple(ordered))


def _merge_lists(operator: str, operands: list[Expression]) -> list[Expression]:
    """`x in [a] or x in [b]` is `x in [a, b]`, and so are the opposites with `and`."""
    lists: dict[Expression, list[Literal]] = {}
    others: list[Expression] = []
    for operand in operands:
        match operand, operator:
            case (Membership(member=member, items=items), "or") | (
                Not(operand=Membership(member=member, items=items)),
                "and",
            ):
                lists.setdefault(member, []).extend(items)
            case _:
                others.append(operand)
    merged: list[Expression] = [_member(member, tuple(items)) for member, items in lists.items()]
    return [*others, *(merged if operator == "or" else (Not(operand=one) for one in merged))]


def _member(member: Expression, items: tuple[Literal, ...]) -> Expression:
    plain = dict.fromkeys(Literal(value=item.value) for item in items)
    return Membership(member=member, items=tuple(sorted(plain, key=unparse)))


def _compare(operator: str, left: Expression, right: Expression) -> Expression:
    literal_first = isinstance(left, Literal) and not isinstance(right, Literal)
    literal_last = isinstance(right, Literal) and not isinstance(left, Literal)
    if literal_first or (not literal_last and unparse(left) > unparse(right)):
        operator, left, right = _TURNED[operator], right, left
    if operator in ("eq", "ne") and isinstance(right, Literal) and not isinstance(left, Literal):
        if isinstance(right.value, bool):
            return Comparison(operator=operator, left=left, right=right)
        same = _member(left, (right,))
        return same if operator == "eq" else Not(operand=same)
    return Comparison(operator=operator, left=left, right=right)


def _count(operator: str, left: Expression, right: Expression) -> Expression:
    match left, right:
        case Literal(value=Fraction() as a), Literal(value=Fraction() as b):
            try:
                return Literal(value=compute(operator, a, b))
            except Undefined:
                pass
    if operator in _EITHER_ORDER and unparse(left) > unparse(right):
        left, right = right, left
    return Arithmetic(operator=operator, left=left, right=right)


def _call(function: str, arguments: tuple[Expression, ...]) -> Expression:
    call = Call(function=function, arguments=arguments)
    if function == "date" and all(isinstance(argument, Literal) for argument in arguments):
        day = evaluate(call, {}, {}).value
        if isinstance(day, date):
            return Literal(value=day)
    return call
