"""Where two conditions differ: asked of every sort of subject that their figures tell apart.

A comparison of one fact with written values can only turn at those values, so it is asked there,
between them and beyond. Any other test (of two facts, of a table) counts as a question of its own
that may have any answer. So what is found never to happen never happens, and a subject that shows
a difference is one that there may be.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import prod

from language.always import OTHER_TEXT, beside_days, beside_numbers, gather_compared
from language.definition import Given, Scalar, Scope, declared_kind, kind_of_scalar
from language.expression import (
    Call,
    Coalesce,
    Comparison,
    Expression,
    Literal,
    Logic,
    Match,
    Membership,
    Name,
    Not,
    names_in,
    walk,
)
from language.reference import NONE, NotApplicable, Value, evaluate
from language.types import FactType, Kind
from language.unparse import unparse

MAX_SUBJECTS = 20_000
"""Sorts of subjects that are asked; with more, nothing is said."""

Sort = Scalar | NotApplicable | None
Witness = Mapping[str, Sort]
"""A subject by its facts: None is missing."""
_RANK: Mapping[bool | None, int] = {False: 0, None: 1, True: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What becomes of anybody, in the order no, unknown, yes.

    `rises` and `falls` say whether there can be anybody for whom the later condition is higher or
    lower in this order. `gains` is a subject for whom it is yes and was not, `loses` one for whom
    it was yes and is not; None where there can be none. Both can exist as far as their facts are
    independent of each other, unless `certain` is false: then they rest on the answers of tests
    that may hang together.
    """

    rises: bool
    falls: bool
    gains: Witness | None
    loses: Witness | None
    certain: bool

    @property
    def same(self) -> bool:
        """Whether the two conditions have the same value for everybody."""
        return not self.rises and not self.falls


@dataclass(slots=True)
class _Asked:
    """The questions: values written beside each fact, and tests that stand for themselves."""

    written: dict[str, list[Scalar]]
    patterned: set[str]
    tests: dict[Expression, Name]


def contrast(old: Expression, new: Expression, scope: Scope) -> Contrast | None:
    """How two conditions in normal form differ; None where too many subjects had to be asked.

    `scope` says of what type each fact is; what is not given there counts as a test of its own.
    """
    asked = _Asked(written={}, patterned=set(), tests={})
    plain = [_plain(side, scope, asked) for side in (old, new)]
    choices = _choices(asked, scope)
    if choices is None:
        return None
    known = _known(asked, scope)
    found: dict[str, Witness] = {}
    rises = falls = False
    for subject in itertools.product(*choices.values()):
        facts = dict(zip(choices, subject, strict=True))
        before, after = (truth_of(evaluate(side, known, facts)) for side in plain)
        if before is after:
            continue
        rises, falls = rises or _RANK[after] > _RANK[before], falls or _RANK[after] < _RANK[before]
        what = "gains" if after is True else "loses" if before is True else ""
        best = found.get(what)
        if what and (best is None or _open(facts) < _open(best)):
            found[what] = facts
    shown = {name.name: test for test, name in asked.tests.items()}
    return Contrast(
        rises=rises,
        falls=falls,
        gains=_told(found.get("gains"), shown),
        loses=_told(found.get("loses"), shown),
        certain=not asked.tests,
    )


def _choices(asked: _Asked, scope: Scope) -> dict[str, list[Sort]] | None:
    """What each question may be answered; None where there are too many subjects to ask."""
    choices: dict[str, list[Sort]] = {}
    for name in asked.written:
        values = _values(name, scope, asked)
        if values is None:
            return None
        choices[name] = [*values, None]
    for written, test in asked.tests.items():
        choices[test.name] = [True, False] if _is_known(written) else [True, False, None]
    return choices if prod(len(values) for values in choices.values()) <= MAX_SUBJECTS else None


def _is_known(expression: Expression) -> bool:
    """Whether a test has an answer for everybody: for each fact in it a value stands by."""
    match expression:
        case Literal():
            return True
        case Coalesce(right=right):
            return _is_known(right)
        case Comparison(left=left, right=right):
            return _is_known(left) and _is_known(right)
        case Membership(member=member) | Match(member=member):
            return _is_known(member)
        case Call(function="starts_with", arguments=arguments):
            return all(_is_known(argument) for argument in arguments)
        case _:
            return False


def _known(asked: _Asked, scope: Scope) -> dict[str, Given]:
    known: dict[str, Given] = {
        name: given for name in asked.written if isinstance(given := scope.get(name), Given)
    }
    return known | {
        test.name: Given(name=test.name, type=FactType.BOOLEAN) for test in asked.tests.values()
    }


def truth_of(value: Value) -> bool | None:
    """The truth of a condition, None where it is unknown."""
    assert value.value is None or isinstance(value.value, bool)
    return value.value


def _open(facts: Witness) -> int:
    return sum(value is None for value in facts.values())


def _told(facts: Witness | None, tests: Mapping[str, Expression]) -> Witness | None:
    """The subject with its tests under their own text."""
    if facts is None:
        return None
    return {unparse(tests[n]) if n in tests else n: value for n, value in facts.items()}


def _plain(expression: Expression, scope: Scope, asked: _Asked) -> Expression:
    """The condition with a name for each test that is not of one fact beside written values."""
    match expression:
        case Logic(operator=operator, operands=operands):
            parts = tuple(_plain(operand, scope, asked) for operand in operands)
            return Logic(operator=operator, operands=parts)
        case Not(operand=operand):
            return Not(operand=_plain(operand, scope, asked))
        case Coalesce(left=left, right=right):
            return Coalesce(left=_plain(left, scope, asked), right=_plain(right, scope, asked))
    if not names_in(expression) and isinstance(evaluate(expression, {}, {}).value, bool):
        return expression
    names: set[str] = set()
    written: list[Scalar] = []
    if gather_compared(expression, names, written) and _is_given(names, scope):
        (name,) = names
        asked.written.setdefault(name, []).extend(written)
        if any(isinstance(part, Match) for part in walk(expression)):
            asked.patterned.add(name)
        return expression
    return asked.tests.setdefault(expression, Name(name=f"::{len(asked.tests)}"))


def _is_given(names: set[str], scope: Scope) -> bool:
    return len(names) == 1 and all(isinstance(scope.get(name), Given) for name in names)


def _values(name: str, scope: Scope, asked: _Asked) -> list[Sort] | None:
    """Values of a fact among which each answer of the tests occurs; None where none is sure to."""
    given = scope[name]
    assert isinstance(given, Given)
    written = asked.written[name]
    kind = kind_of_scalar(written[0]) if written else declared_kind(given)
    values: list[Sort] = []
    match kind:
        case Kind.BOOLEAN:
            values = [True, False]
        case Kind.TEXT:
            if name in asked.patterned and not given.values:
                return None
            values = list(given.values) or [*dict.fromkeys(written), OTHER_TEXT]
        case Kind.DATE:
            values = list(dict.fromkeys(beside_days(written))) or [date(2000, 1, 1)]
        case Kind.NUMBER:
            whole = given.type is FactType.INTEGER
            numbers = beside_numbers(written, whole=whole, counted=False)
            values = list(dict.fromkeys(numbers)) or [Fraction(0)]
    return [*values, NONE] if given.may_not_apply else values


def possible_values(expression: Expression, scope: Scope) -> frozenset[bool | None] | None:
    """The values that a condition in normal form may have for anybody; None: too many to ask.

    A value that is not among them never comes out. One that is among them may still not, where it
    rests on tests that hang together.
    """
    asked = _Asked(written={}, patterned=set(), tests={})
    plain = _plain(expression, scope, asked)
    choices = _choices(asked, scope)
    if choices is None:
        return None
    known = _known(asked, scope)
    found: set[bool | None] = set()
    for subject in itertools.product(*choices.values()):
        found.add(truth_of(evaluate(plain, known, dict(zip(choices, subject, strict=True)))))
        if len(found) == len(_RANK):
            break
    return frozenset(found)
