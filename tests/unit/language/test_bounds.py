"""What a function can give is known to its ends, and no narrower: each end is given by some day."""

from datetime import date
from fractions import Fraction

import pytest

from language.bounds import interval_of
from language.definition import Given
from language.parse import parse
from language.reference import evaluate
from language.types import FactType

SCOPE = {"day": Given(name="day", type=FactType.DATE)}
DAYS = [date(year, month, 15) for year in (1, 2000, 9999) for month in range(1, 13)]


@pytest.mark.parametrize("function", ["year", "quarter", "month"])
def test_the_ends_of_a_function_are_what_its_first_and_last_days_give(function: str) -> None:
    expression = parse(f"${function}(day)")
    values = [evaluate(expression, SCOPE, {"day": day}).value for day in DAYS]
    numbers = [value for value in values if isinstance(value, Fraction)]
    found = interval_of(expression, SCOPE, frozenset())
    assert found is not None
    assert (found.low, found.high) == (min(numbers), max(numbers))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("$month(day) + $quarter(day)", 2, 16), ("$month(day) - $quarter(day)", -3, 11),
        ("$month(day) * $quarter(day)", 1, 48), ("-$month(day)", -12, -1),
        ("$month(day) / 2", Fraction(1, 2), 6), ("-$month(day) * $quarter(day)", -48, -1),
        ("$max($month(day), 3)", 3, 12), ("$min($month(day), 3)", 1, 3),
    ],
)  # fmt: skip
def test_arithmetic_reaches_from_its_least_to_its_most(
    text: str, low: Fraction, high: Fraction
) -> None:
    found = interval_of(parse(text), SCOPE, frozenset())
    assert found is not None
    assert (found.low, found.high) == (low, high)
