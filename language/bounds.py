"""Between what a number can lie, whoever the subject is."""

from dataclasses import dataclass
from fractions import Fraction

from language.expression import Arithmetic, Call, Conditional, Expression, Literal, Name, Negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `low` to `high`, both included; None is open."""

    low: Fraction | None = None
    high: Fraction | None = None


ANY = Interval()
_FUNCTIONS = {
    "months_through": Interval(low=Fraction(0)),
    "abs": Interval(low=Fraction(0)),
    "year": Interval(low=Fraction(1), high=Fraction(9999)),
    "quarter": Interval(low=Fraction(1), high=Fraction(4)),
    "month": Interval(low=Fraction(1), high=Fraction(12)),
}


def interval_of(expression: Expression, counts: frozenset[str]) -> Interval:
    """Where the expression's value can lie; ANY where nothing is known of it, or it is no number.

    `counts` are facts that are never negative.
    """

    def of(inner: Expression) -> Interval:
        return interval_of(inner, counts)

    match expression:
        case Literal(value=Fraction() as value):
            return Interval(low=value, high=value)
        case Name(name=name) if name in counts:
            return Interval(low=Fraction(0))
        case Negative(operand=operand):
            inner = of(operand)
            return Interval(low=_minus(inner.high), high=_minus(inner.low))
        case Arithmetic(operator="add", left=left, right=right):
            a, b = of(left), of(right)
            return Interval(low=_plus(a.low, b.low), high=_plus(a.high, b.high))
        case Arithmetic(operator="sub", left=left, right=right):
            a, b = of(left), of(right)
            return Interval(low=_plus(a.low, _minus(b.high)), high=_plus(a.high, _minus(b.low)))
        case Arithmetic(operator="mul", left=left, right=right):
            return _times(of(left), of(right))
        case Arithmetic(operator="div", left=left, right=Literal(value=Fraction() as value)) if (
            value != 0
        ):
            part = Interval(low=1 / value, high=1 / value)
            return _times(of(left), part)
        case Conditional(then=then, otherwise=otherwise):
            return _hull([of(then), of(otherwise)])
        case Call(function=("min" | "max") as function, arguments=arguments):
            return _extreme(function, [of(argument) for argument in arguments])
        case Call(function=("round" | "floor" | "ceil"), arguments=arguments):
            low = of(arguments[0]).low
            return Interval(low=Fraction(0)) if low is not None and low >= 0 else ANY
        case Call(function=function):
            return _FUNCTIONS.get(function, ANY)
        case _:
            return ANY


def _minus(value: Fraction | None) -> Fraction | None:
    return None if value is None else -value


def _plus(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def _times(a: Interval, b: Interval) -> Interval:
    ends = (a.low, a.high, b.low, b.high)
    if None not in ends:
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]  # type: ignore[operator]
        return Interval(low=min(corners), high=max(corners))
    if a.low is not None and b.low is not None and a.low >= 0 and b.low >= 0:
        return Interval(low=a.low * b.low)
    return ANY


def _hull(parts: list[Interval]) -> Interval:
    lows, highs = [part.low for part in parts], [part.high for part in parts]
    return Interval(
        low=None if None in lows else min(low for low in lows if low is not None),
        high=None if None in highs else max(high for high in highs if high is not None),
    )


def _extreme(function: str, parts: list[Interval]) -> Interval:
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    every_low, every_high = len(lows) == len(parts), len(highs) == len(parts)
    if function == "max":
        return Interval(low=max(lows) if lows else None, high=max(highs) if every_high else None)
    return Interval(low=min(lows) if every_low else None, high=min(highs) if highs else None)
