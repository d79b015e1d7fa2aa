"""rule-engine's own evaluation, for what it has a meaning for: all facts present, no division."""

import calendar
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import rule_engine
from rule_engine.builtins import Builtins

from language.expression import (
    Arithmetic,
    Call,
    Conditional,
    DoesNotApply,
    Expression,
    Literal,
    Name,
    walk,
)
from language.reference import NotApplicable
from tests.support.generated import TYPES

_NUMBER, _DAY = rule_engine.DataType.FLOAT, rule_engine.DataType.DATETIME
_TEXT, _TRUTH = rule_engine.DataType.STRING, rule_engine.DataType.BOOLEAN
_KINDS = {"boolean": _TRUTH, "date": _DAY, "code": _TEXT, "text": _TEXT}
_DIVISIONS = ("div", "floordiv", "mod")
MAX_DIGITS = 26
"""rule-engine rounds to 28 digits; beyond these two below it, it is not asked."""


def _round(value: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)


def _month_end(day: datetime) -> datetime:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


_FUNCTIONS = {
    "min": (lambda *a: min(a), (_NUMBER,) * 3, _NUMBER),
    "max": (lambda *a: max(a), (_NUMBER,) * 3, _NUMBER),
    "abs": (abs, (_NUMBER,), _NUMBER),
    "round": (_round, (_NUMBER, _NUMBER), _NUMBER),
    "floor": (lambda a: a.to_integral_value(ROUND_FLOOR), (_NUMBER,), _NUMBER),
    "ceil": (lambda a: a.to_integral_value(ROUND_CEILING), (_NUMBER,), _NUMBER),
    "year": (lambda a: Decimal(a.year), (_DAY,), _NUMBER),
    "month": (lambda a: Decimal(a.month), (_DAY,), _NUMBER),
    "days": (lambda a, b: Decimal((b - a).days), (_DAY, _DAY), _NUMBER),
    "date": (
        lambda y, m, d: datetime(int(y), int(m), int(d), tzinfo=UTC), (_NUMBER,) * 3, _DAY
    ),
    "add_days": (lambda a, n: a + timedelta(days=int(n)), (_DAY, _NUMBER), _DAY),
    "month_start": (lambda a: a.replace(day=1), (_DAY,), _DAY),
    "month_end": (_month_end, (_DAY,), _DAY),
    "earliest": (lambda *a: min(a), (_DAY,) * 3, _DAY),
    "latest": (lambda *a: max(a), (_DAY,) * 3, _DAY),
    "starts_with": (str.startswith, (_TEXT, _TEXT), _TRUTH),
}  # fmt: skip


def is_present(value: object) -> bool:
    """Whether a fact has a value: rule-engine knows neither missing nor what does not apply."""
    return value is not None and not isinstance(value, NotApplicable)


class RuleEngine:
    """rule-engine with our functions; the rules it has read are kept."""

    def __init__(self) -> None:
        types = {name: _KINDS.get(kind, _NUMBER) for name, kind in TYPES.items()}
        context = rule_engine.Context(
            type_resolver=rule_engine.type_resolver_from_dict(types), default_timezone="utc"
        )
        function = rule_engine.DataType.FUNCTION
        context.builtins = Builtins.from_defaults(
            values={name: compute for name, (compute, _, _) in _FUNCTIONS.items()},
            value_types={
                name: function(
                    name, return_type=result, argument_types=arguments, minimum_arguments=1
                )
                for name, (_, arguments, result) in _FUNCTIONS.items()
            },
            timezone=context.default_timezone,
        )
        self.context = context
        self.text = ""
        self.rule: rule_engine.Rule | None = None

    def reads(self, expression: Expression) -> bool:
        """Whether the expression uses only what rule-engine has the same meaning for."""
        if _digits(expression) > MAX_DIGITS:
            return False
        return all(_is_read(part) for part in walk(expression))

    def value(self, text: str, row: Mapping[str, object]) -> Fraction | bool | str | date | None:
        """The value of an expression that it reads, for a complete row."""
        if self.rule is None or text != self.text:
            with warnings.catch_warnings():  # it warns of a backslash in a pattern
                warnings.simplefilter("ignore", DeprecationWarning)
                self.rule, self.text = rule_engine.Rule(text, context=self.context), text
        found = self.rule.evaluate({name: _as_read(name, value) for name, value in row.items()})
        if isinstance(found, Decimal):
            return Fraction(found)
        return found.date() if isinstance(found, datetime) else found


def _is_read(part: Expression) -> bool:
    match part:
        case Name(name=name):
            return name in TYPES
        case Call(function="date", arguments=arguments):
            return all(isinstance(argument, Literal) for argument in arguments)
        case Call(function=function):
            return function in _FUNCTIONS
        case Arithmetic(operator=operator):
            return operator not in _DIVISIONS
        case DoesNotApply():
            return False
        case _:
            return True


def _digits(expression: Expression) -> int:
    """More digits than a number of the expression can have; facts have at most seven."""
    match expression:
        case Arithmetic(operator="mul", left=left, right=right):
            return _digits(left) + _digits(right)
        case Arithmetic(operator="pow", left=left, right=Literal(value=Fraction() as exponent)):
            return _digits(left) * int(exponent)
        case Arithmetic(left=left, right=right):
            return _digits(left) + _digits(right)
        case Conditional(then=then, otherwise=otherwise):
            return max(_digits(then), _digits(otherwise))
        case Call(arguments=arguments):
            return max((_digits(argument) for argument in arguments), default=7)
        case Literal() | Name():
            return 7
        case _:
            inner = [_digits(part) for part in list(walk(expression))[1:]]
            return max(inner, default=7)


def _as_read(name: str, value: object) -> object:
    match value:
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        case bool() | str():
            return value
    number = Decimal(repr(value))
    return number.scaleb(-2) if TYPES[name] == "money" else number
