"""Numbers as people read them: a decimal where it ends, a quotient where none is the number."""

from fractions import Fraction

import pytest

from language.unparse import show_number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(7), "7"), (Fraction(-7), "-7"), (Fraction(1, 4), "0.25"),
        (Fraction(-55, 1000), "-0.055"), (Fraction(1, 3), "1/3"), (Fraction(-22, 7), "-22/7"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_what_it_is(value: Fraction, shown: str) -> None:
    assert show_number(value) == shown
