"""Many conditions asked of one subject: distinct tests in order, each a function of its answers.

Every test and every number that is compared has a place in one list; what stands before it is
answered already. Whole numbers are plain ints, which compare many times as fast as fractions.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from language.definition import Given, Scope
from language.expression import (
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Literal,
    Logic,
    Membership,
    Name,
    Not,
)
from language.functions import Undefined
from language.predicate import Predicate, predicate_of
from language.reference import Facts, Reference, compute
from language.truth import NONE

Truth = bool | None
Answers = list[Any]
"""Values by the number of their test: True, False, a number, a day, a text; None is unknown."""

Plain = Mapping[str, Any]
Ask = Callable[[Plain, Answers, Facts], Any]
"""A test of one subject, from its facts as plain values and the answers before it."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le,
    "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def ask(tests: Sequence[Ask], facts: Facts) -> Answers:
    """The answers of all tests for one subject."""
    plain = {name: plain_value(value) for name, value in facts.items()}
    answers: Answers = []
    for test in tests:
        answers.append(test(plain, answers, facts))
    return answers


def plain_value(value: Any) -> Any:
    """A whole number as int, anything else as it is."""
    whole = isinstance(value, Fraction) and value.denominator == 1
    return value.numerator if whole else value


class Gathering:
    """Distinct tests in the making, each after those that it is made of."""

    def __init__(self) -> None:
        self.tests: list[Ask] = []
        self.numbers: dict[object, int] = {}

    def number(self, expression: Expression, scope: Scope) -> int:
        """The number of the test of an expression."""
        predicate = predicate_of(expression, scope)
        if predicate not in self.numbers:
            test = self.write(predicate, scope)
            self.numbers[predicate] = self._add(test)
        return self.numbers[predicate]

    def unknown(self) -> int:
        """The number of what no data can tell."""
        return self._once("unknown", lambda plain, answers, facts: None)

    def not_yet(self, number: int) -> int:
        """The number of a test that is unknown until it holds."""
        return self._once(
            ("not yet", number), lambda plain, answers, facts: answers[number] or None
        )

    def opposite(self, number: int) -> int:
        """The number of Kleene's `not`."""

        def test(plain: Plain, answers: Answers, facts: Facts) -> Truth:
            value = answers[number]
            return None if value is None else not value

        return self._once(("not", number), test)

    def join(self, members: Sequence[int], *, settling: bool) -> int:
        """The number of Kleene's `or`, which one that is true settles, or with `settling` false
        of `and`, which one that is false does."""
        places = tuple(members)

        def test(plain: Plain, answers: Answers, facts: Facts) -> Truth:
            found = [answers[place] for place in places]
            if settling in found:
                return settling
            return None if None in found else not settling

        return self._once((settling, places), test)

    def write(self, predicate: Predicate, scope: Scope) -> Ask:
        """The test of a predicate in its usual form."""
        match predicate.expression:
            case Literal(value=value):
                constant = plain_value(value)
                return lambda plain, answers, facts: constant
            case Not(operand=operand):
                return _same(self.opposite(self.number(operand, scope)))
            case Logic(operator=sign, operands=operands):
                members = [self.number(operand, scope) for operand in operands]
                return _same(self.join(members, settling=sign == "or"))
        plain = _of_one_fact(predicate)
        if plain is not None:
            return plain
        match predicate.expression:
            case Comparison(operator="lt" | "le" | "gt" | "ge" as sign, left=left, right=right):
                sides = self.number(left, scope), self.number(right, scope)
                return _of_two(*sides, _COMPARE[sign])
            case Arithmetic(operator="add" | "sub" | "mul" | "div" as sign, left=left, right=right):
                sides = self.number(left, scope), self.number(right, scope)
                return _of_two(*sides, _computed(sign))
            case _:
                return _by_reference(predicate)

    def _once(self, key: object, test: Ask) -> int:
        if key not in self.numbers:
            self.numbers[key] = self._add(test)
        return self.numbers[key]

    def _add(self, test: Ask) -> int:
        self.tests.append(test)
        return len(self.tests) - 1


def _same(number: int) -> Ask:
    return lambda plain, answers, facts: answers[number]


def _of_two(left: int, right: int, join: Callable[[Any, Any], Any]) -> Ask:
    def test(plain: Plain, answers: Answers, facts: Facts) -> Any:
        a, b = answers[left], answers[right]
        return None if a is None or b is None else join(a, b)

    return test


def _computed(sign: str) -> Callable[[Any, Any], Any]:
    def join(a: Any, b: Any) -> Any:
        try:
            return plain_value(compute(sign, Fraction(a), Fraction(b)))
        except Undefined:
            return None

    return join


def _by_reference(predicate: Predicate) -> Ask:
    scope, expression = predicate.scope, predicate.expression
    return lambda plain, answers, facts: plain_value(
        Reference(scope, facts).value(expression).value
    )


def _of_one_fact(predicate: Predicate) -> Ask | None:
    """The test, or the value, of one given fact; None for anything else."""
    when_none: Truth = None
    asked: Callable[[Any], Any]
    match predicate.expression:
        case Name(name=name):
            asked = _itself
        case Comparison(operator=sign, left=Name(name=name), right=Literal(value=value)):
            asked = _compared(_COMPARE[sign], plain_value(value))
            when_none = {"eq": False, "ne": True}.get(sign)
        case Membership(member=Name(name=name), items=items):
            asked = frozenset(plain_value(item.value) for item in items).__contains__
            when_none = False
        case Call(function="starts_with", arguments=(Name(name=name), Literal(value=str(text)))):
            asked = operator.methodcaller("startswith", text)
        case _:
            return None
    if not isinstance(predicate.scope[name], Given):
        return None

    def test(plain: Plain, answers: Answers, facts: Facts) -> Any:
        value = plain.get(name)
        if value is None:
            return None
        return when_none if value is NONE else asked(value)

    return test


def _itself(value: Any) -> Any:
    return value


def _compared(compare: Callable[[Any, Any], bool], value: object) -> Callable[[Any], bool]:
    return lambda fact: compare(fact, value)
