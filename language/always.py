"""Conditions whose answer is known before any subject is looked at: slips of the pen.

Two ways find them. A condition over one fact that is only compared with written values changes its
answer at those values alone, so it is asked there, between them and beyond. Any other comparison
is judged by the least and the greatest value that its sides can have.
Both are sure: what is found here never is otherwise. What is missing stays unknown all the same.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from language.bounds import Interval, interval_of
from language.definition import Given, Scalar, Scope, declared_kind, kind_of_scalar
from language.errors import Finding
from language.expression import (
    Call,
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
    walk,
)
from language.functions import whole_literal
from language.reference import NONE, NotApplicable, evaluate
from language.types import FactType, Kind
from language.unparse import unparse

_NEVER, _ALWAYS = "can never hold", "always holds"
_REMEDY = "look for a slip in a name, a value or a sign, or leave it out"
OTHER_TEXT = "\ue000"
"""A text that no author writes: it stands for every text that is not named."""


def find_settled(expression: Expression, scope: Scope, counts: frozenset[str]) -> list[Finding]:
    """The parts that always or never hold, and values that stand twice in a list.

    `counts` are facts that are never negative: numbers of people, months, pieces.
    """
    return list(_visit(expression, scope, counts))


def _visit(expression: Expression, scope: Scope, counts: frozenset[str]) -> Iterator[Finding]:
    if isinstance(expression, (Comparison, Membership, Match, Logic)):
        answer = _answer(expression, scope, counts)
        if answer is not None:
            yield _finding(expression, answer)
            return  # what is within it is the same slip
    if isinstance(expression, Logic):
        found = list(_together(expression, scope, counts))
        yield from found
    if isinstance(expression, Membership):
        yield from _twice(expression)
    for part in _parts(expression):
        yield from _visit(part, scope, counts)


def _finding(expression: Expression, answer: bool) -> Finding:
    what = _ALWAYS if answer else _NEVER
    return Finding(
        offset=expression.offset,
        message=f"{unparse(expression)} {what}",
        remedy=_REMEDY,
        code="always",
    )


def _parts(expression: Expression) -> list[Expression]:
    """What is directly within an expression and may hold conditions."""
    match expression:
        case Not(operand=operand) | Negative(operand=operand):
            return [operand]
        case Logic(operands=operands):
            return list(operands)
        case Comparison(left=left, right=right):
            return [left, right]
        case Conditional(test=test, then=then, otherwise=otherwise):
            return [test, then, otherwise]
        case Membership(member=member) | Match(member=member):
            return [member]
        case Call(arguments=arguments):
            return list(arguments)
        case _:
            return []


def _answer(expression: Expression, scope: Scope, counts: frozenset[str]) -> bool | None:
    """The one answer the expression can have, None where it has several."""
    if isinstance(expression, Comparison):
        if expression.left == expression.right:
            return expression.operator in ("eq", "le", "ge")
        settled = _by_bounds(expression, counts)
        if settled is not None:
            return settled
    if isinstance(expression, Logic):
        return None  # judged by its parts, see _together
    samples = _samples([expression], scope, counts)
    return None if samples is None else _only(expression, samples, scope)


def _together(logic: Logic, scope: Scope, counts: frozenset[str]) -> Iterator[Finding]:
    """Parts over one fact that exclude each other (and), or leave nothing out (or)."""
    by_name: dict[str, list[Expression]] = {}
    for operand in logic.operands:
        names = {part.name for part in walk(operand) if isinstance(part, Name)}
        if len(names) == 1:
            by_name.setdefault(names.pop(), []).append(operand)
    for operands in by_name.values():
        if len(operands) < 2:
            continue
        joined = Logic(operator=logic.operator, operands=tuple(operands))
        samples = _samples(operands, scope, counts)
        if samples is None or any(_only(one, samples, scope) is not None for one in operands):
            continue  # a single part that is settled is told by itself
        answer = _only(joined, samples, scope)
        if answer is (logic.operator == "or"):
            what = _ALWAYS if answer else _NEVER
            yield Finding(
                offset=operands[1].offset,
                message=f"{unparse(joined)} {what}",
                remedy=_REMEDY if answer else f"{_REMEDY}; did you mean or?",
                code="always",
            )


def _twice(membership: Membership) -> Iterator[Finding]:
    seen: set[Scalar] = set()
    for item in membership.items:
        if item.value in seen:
            yield Finding(
                offset=item.offset,
                message=f"{unparse(item)} stands twice in the list",
                remedy="leave one out, or look for a slip",
                code="always",
            )
        seen.add(item.value)


Samples = tuple[str, list[Scalar | NotApplicable]]


def _only(expression: Expression, samples: Samples, scope: Scope) -> bool | None:
    name, values = samples
    answers = {evaluate(expression, scope, {name: value}).value for value in values}
    answers.discard(None)  # an order has no answer where the fact does not apply
    return answers.pop() if len(answers) == 1 else None  # type: ignore[return-value]  # a truth


def _samples(expressions: list[Expression], scope: Scope, counts: frozenset[str]) -> Samples | None:
    """Values of the one fact of the expressions among which each of its answers occurs.

    None where there are several facts, none, or something else than comparing with written values.
    """
    names: set[str] = set()
    written: list[Scalar] = []
    patterns = False
    for expression in expressions:
        if not gather_compared(expression, names, written):
            return None
        patterns |= any(isinstance(part, Match) for part in walk(expression))
    if len(names) != 1:
        return None
    name = names.pop()
    definition = scope.get(name)
    given = definition if isinstance(definition, Given) else None
    closed = given.values if given else ()
    values: list[Scalar | NotApplicable] = []
    match kind_of_scalar(written[0]) if written else declared_kind(given) if given else None:
        case Kind.BOOLEAN:
            values = [True, False]
        case Kind.TEXT:
            if patterns and not closed:
                return None
            values = list(closed) or [*written, OTHER_TEXT]
        case Kind.DATE:
            values = list(beside_days(written))
        case Kind.NUMBER:
            whole = given is not None and given.type is FactType.INTEGER
            values = list(beside_numbers(written, whole=whole, counted=name in counts))
    return name, [*values, NONE] if given and given.may_not_apply else values


def gather_compared(expression: Expression, names: set[str], written: list[Scalar]) -> bool:
    """Note the facts and written values of a plain condition; False where it is not plain."""
    match expression:
        case Not(operand=operand):
            return gather_compared(operand, names, written)
        case Logic(operands=operands):
            return all(gather_compared(operand, names, written) for operand in operands)
        case Name(name=name) | DoesNotApply(name=Name(name=name)) | Match(member=Name(name=name)):
            names.add(name)
            return True
        case Membership(member=Name(name=name), items=items):
            names.add(name)
            written += [item.value for item in items]
            return True
        case (
            Comparison(left=Name(name=name), right=other)
            | Comparison(left=other, right=Name(name=name))
        ) if (value := written_value(other)) is not None:
            names.add(name)
            written.append(value)
            return True
        case _:
            return False


def written_value(expression: Expression) -> Scalar | None:
    """The value that an expression without names spells out."""
    match expression:
        case Literal(value=value):
            return value
        case Negative(operand=operand) if isinstance(number := written_value(operand), Fraction):
            return -number
        case Call(function="date", arguments=(Literal(), _, _) as arguments):
            return date(*(whole_literal(argument) for argument in arguments))
        case _:
            return None


def beside_days(written: list[Scalar]) -> Iterator[date]:
    for day in written:
        if isinstance(day, date):
            for shift in (-1, 0, 1):
                if date.min < day < date.max:
                    yield day + timedelta(days=shift)


def beside_numbers(written: list[Scalar], *, whole: bool, counted: bool) -> Iterator[Fraction]:
    """Each written number, one between each two neighbours, one below and one above all."""
    points = {value for value in written if isinstance(value, Fraction)}
    if not points:
        return
    numbers = sorted(points | {Fraction(0)} if counted else points)
    between = [(a + b) / 2 for a, b in pairwise(numbers)]
    candidates = [numbers[0] - 1, *numbers, *between, numbers[-1] + 1]
    if whole:
        # among whole numbers only those beside a written number can differ
        candidates = [
            Fraction(floor(number) + step) for number in numbers for step in (-1, 0, 1, 2)
        ]
    yield from (value for value in candidates if value >= 0 or not counted)


def _by_bounds(comparison: Comparison, counts: frozenset[str]) -> bool | None:
    left, right = (interval_of(side, counts) for side in (comparison.left, comparison.right))
    return _compare(comparison.operator, left, right)


def _compare(operator: str, left: Interval, right: Interval) -> bool | None:
    """What the comparison always is, None where it depends."""
    below = left.high is not None and right.low is not None and left.high < right.low
    above = left.low is not None and right.high is not None and left.low > right.high
    at_most = left.high is not None and right.low is not None and left.high <= right.low
    at_least = left.low is not None and right.high is not None and left.low >= right.high
    point = at_most and at_least
    match operator:
        case "lt":
            return True if below else False if at_least else None
        case "le":
            return True if at_most else False if above else None
        case "gt":
            return True if above else False if at_most else None
        case "ge":
            return True if at_least else False if below else None
        case "eq":
            return True if point else False if below or above else None
        case _:
            return False if point else True if below or above else None
