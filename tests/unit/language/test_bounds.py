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
    found = interval_of(expression, frozenset())
    assert (found.low, found.high) == (min(numbers), max(numbers))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("$month(day) + $quarter(day)", 2, 16), ("$month(day) - $quarter(day)", -3, 11),
        ("$month(day) * $quarter(day)", 1, 48), ("-$month(day)", -12, -1),
        ("$month(day) / 2", Fraction(1, 2), 6), ("-$month(day) * $quarter(day)", -48, -1),
        ("$month(day) / 0.5", 2, 24), ("$month(day) / 0", None, None),
        ("$max($month(day), 3)", 3, 12), ("$min($month(day), 3)", 1, 3),
        ("3", 3, 3), ("-0.5", Fraction(-1, 2), Fraction(-1, 2)), ("true", None, None),
        ("day", None, None), ("x", None, None), ("n", 0, None), ("-n", None, 0),
        ("n + 1", 1, None), ("n - 1", -1, None), ("1 - n", None, 1), ("n - n", None, None),
        ("n + x", None, None), ("n * 3", 0, None), ("n * n", 0, None), ("n * -3", None, None),
        ("(n + 2) * (n + 3)", 6, None), ("(n - 1) * n", None, None), ("n * x", None, None),
        ("n // 2", None, None), ("n % 2", None, None), ("n ** 2", None, None),
        ("x > 1 ? 5 : 3", 3, 5), ("x > 1 ? n : -3", -3, None), ("x > 1 ? -n : 4", None, 4),
        ("x > 1 ? x : 4", None, None), ("$max(x, 3, n)", 3, None), ("$max(x, n)", 0, None),
        ("$max(-n, 3)", 3, 3), ("$max(x, 3)", 3, None), ("$min(x, 3)", None, 3),
        ("$min(-n, 3)", None, 0), ("$min(n, 3)", 0, 3), ("$min(n, x)", None, None),
        ("$min(3, 5)", 3, 3), ("$max(3, 5)", 5, 5), ("$max(-n, -x)", None, None),
        ("$round(n)", 0, None), ("$floor(n + 0.5)", 0, None), ("$ceil(n)", 0, None),
        ("$round(x)", None, None), ("$floor(n - 0.5)", None, None), ("$round(-n)", None, None),
        ("$abs(x)", 0, None), ("$months_through(day, day)", 0, None),
        ("$days(day, day)", None, None), ("$years(day, day)", None, None),
        ("$month_end(day)", None, None),
    ],
)  # fmt: skip
def test_arithmetic_reaches_from_its_least_to_its_most(
    text: str, low: Fraction | None, high: Fraction | None
) -> None:
    found = interval_of(parse(text), frozenset({"n"}))
    assert (found.low, found.high) == (low, high)
