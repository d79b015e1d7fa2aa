"""How many digits a number in SQL may need: enough for the greatest of its values, and no more."""

from fractions import Fraction

import duckdb
import pytest

from language import sql_number as number
from language.sql_number import MAX_DIGITS, Decimal, NotExact, Number, decimal, literal

# the greatest value that a column of so many digits holds, and its decimals
A = Number(top=decimal("a", most=99_999, scale=2))
B = Number(top=decimal("b", most=999, scale=0))
POSITIVE = Number(top=decimal("c", most=9_999, scale=3, positive=True))
HALF, THIRD = literal(Fraction(1, 2)), literal(Fraction(1, 3))
QUOTIENT = number.divide(A, POSITIVE)


def shape(value: Decimal) -> tuple[int, int, bool]:
    return value.most, value.scale, value.positive


@pytest.mark.parametrize(
    ("value", "most", "scale", "positive"),
    [
        (literal(Fraction(0)), 0, 0, False), (literal(Fraction(7)), 7, 0, True),
        (literal(Fraction(-5, 4)), 125, 2, False), (HALF, 5, 1, True),
        (number.whole("x", 12), 12, 0, False), (number.negate(A), 99_999, 2, False),
        (number.absolute(A), 99_999, 2, False),
        # the shorter is brought to the decimals of the longer before they are added
        (number.add(A, B), 99_999 + 99_900, 2, False),
        (number.subtract(B, A), 99_999 + 99_900, 2, False),
        (number.add(A, A), 199_998, 2, False),
        (number.multiply(A, B), 99_999 * 999, 2, False),
        (number.multiply(POSITIVE, HALF), 9_999 * 5, 4, True),
        (number.multiply(A, HALF), 99_999 * 5, 3, False),
        (number.smallest([A, B]), 99_999, 2, False), (number.smallest([B, A]), 99_999, 2, False),
        (number.smallest([POSITIVE, HALF]), 9_999, 3, True),
        (number.choose([("t", HALF)], literal(Fraction(-3))), 30, 1, False),
        (number.truncate(A), 999, 0, False), (number.truncate(B), 999, 0, False),
        # away from zero a whole number more
        (number.floor(A), 1_000, 0, False), (number.ceil(A), 1_000, 0, False),
        (number.round_half_up(A, 1), 10_000, 1, False),
        (number.round_half_up(A, 0), 1_000, 0, False),
        (number.round_half_up(A, 2), 99_999, 2, False), (number.round_half_up(B, 4), 999, 0, False),
    ],
)  # fmt: skip
def test_a_decimal_has_room_for_its_greatest_value(
    value: Number, most: int, scale: int, positive: bool
) -> None:
    assert shape(value.top) == (most, scale, positive)
    assert value.bottom is None
    digits = max(len(str(most)), scale)
    if most:
        assert value.top.sql.endswith(f"AS DECIMAL({digits}, {scale}))")


def test_a_quotient_stays_two_decimals_whose_divisor_is_positive() -> None:
    assert QUOTIENT.bottom is not None
    assert (shape(QUOTIENT.top), shape(QUOTIENT.bottom)) == ((99_999, 2, False), (9_999, 3, True))
    turned = number.divide(A, B)
    assert turned.bottom is not None
    assert (shape(turned.top), shape(turned.bottom)) == ((99_999, 2, False), (999, 0, True))
    assert THIRD.bottom is not None
    assert (shape(THIRD.top), shape(THIRD.bottom)) == ((1, 0, True), (3, 0, True))
    product = number.multiply(QUOTIENT, THIRD)
    assert product.bottom is not None
    assert (product.top.most, product.bottom.most) == (99_999, 9_999 * 3)
    again = number.divide(QUOTIENT, THIRD)
    assert again.bottom is not None
    assert (again.top.most, again.bottom.most) == (99_999 * 3, 9_999)
    summed = number.add(QUOTIENT, THIRD)
    assert summed.bottom is not None
    assert (summed.top.most, summed.bottom.most) == (99_999 * 30 + 9_999, 9_999 * 3)
    chosen = number.choose([("t", QUOTIENT)], B)
    assert chosen.bottom is not None
    assert shape(chosen.bottom) == (9_999, 3, True)
    assert shape(chosen.top) == (99_999, 2, False)


def test_a_quotient_cut_to_a_whole_number_has_the_digits_of_both_sides_made_whole() -> None:
    """Both are brought to three decimals, 999,990 and 9,999, and taken a thousand times."""
    cut = number.truncate(QUOTIENT).top
    assert shape(cut) == (999_990 * 1_000, 0, False)
    assert number.floor(QUOTIENT).top.most == cut.most + 1
    assert number.ceil(QUOTIENT).top.most == cut.most + 1


@pytest.mark.parametrize("digits", [37, 38])
def test_exactly_38_digits_are_held(digits: int) -> None:
    full = decimal("1", most=10**digits - 1, scale=0)
    assert full.sql == f"CAST(1 AS DECIMAL({digits}, 0))"
    for beyond in (
        lambda: decimal("1", most=10**MAX_DIGITS, scale=0),
        lambda: decimal("1", most=1, scale=MAX_DIGITS + 1),
        lambda: number.add(Number(top=decimal("1", most=10**MAX_DIGITS - 1, scale=0)), HALF),
    ):
        with pytest.raises(NotExact, match="can need 39 digits"):
            beyond()
    assert decimal("1", most=1, scale=MAX_DIGITS).sql == "CAST(1 AS DECIMAL(38, 38))"


def test_a_rounding_that_can_need_more_digits_is_refused() -> None:
    """The quotient is doubled before it is cut: twice both sides must fit into 38 digits."""

    def quotient(most: int) -> Number:
        top = Number(top=decimal("1", most=most, scale=0))
        return number.divide(top, Number(top=decimal("3", most=3, scale=0, positive=True)))

    fits = (10**MAX_DIGITS - 1) // 2 - 3
    number.round_half_up(quotient(fits), 0)
    with pytest.raises(NotExact, match="a rounding can need more digits"):
        number.round_half_up(quotient(fits + 1), 0)
    with pytest.raises(NotExact):
        number.round_half_up(quotient(fits), 1)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("-2.5", "-3"), ("2.5", "3"), ("2.4999", "2"), ("-0.5", "-1"), ("0", "0"), ("99.995", "100")],
)
def test_extreme_values_are_rounded_by_duckdb_within_their_digits(value: str, wanted: str) -> None:
    given = literal(Fraction(value))
    rounded = number.round_half_up(given, 0)
    quotient = number.round_half_up(number.divide(given, literal(Fraction(1))), 0)
    with duckdb.connect() as connection:
        for one in (rounded, quotient):
            bottom = one.bottom.sql if one.bottom else "1"
            row = connection.execute(f"SELECT {one.top.sql}, {bottom}").fetchone()
            assert row is not None
            assert Fraction(row[0]) / Fraction(row[1]) == Fraction(wanted)
