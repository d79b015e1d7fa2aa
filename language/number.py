"""Numbers as authors and laws write them, read exactly."""

import re
from decimal import Decimal
from fractions import Fraction

MAX_DIGITS = 15
"""Significant digits of a number; more cannot be held in a float64 column (IEEE 754)."""

UNLIMITED = Fraction(10**15)
"""What `unlimited` (不封顶) stands for: more yuan than there are, still exact in 64 bits of fen.

It is only ever a ceiling: that nothing else is made of it is checked where policies are built.
"""

_NUMBER = re.compile(r"([+-]?\d{1,40}(?:\.\d{1,40})?)(%|‰|万|亿|万元|亿元|元)?", re.ASCII)
_UNITS = {
    None: Fraction(1),
    "%": Fraction(1, 100),
    "‰": Fraction(1, 1000),
    "元": Fraction(1),
    "万": Fraction(10_000),
    "万元": Fraction(10_000),
    "亿": Fraction(100_000_000),
    "亿元": Fraction(100_000_000),
}


def parse_number(text: str) -> Fraction:
    """The number a text stands for: `5.5%` is 11/200, `500万` is 5000000, `1.2亿` 120000000.

    Raises ValueError with a sentence for the author where it is none.
    """
    match = _NUMBER.fullmatch(text.strip().replace("_", ""))
    if match is None:
        raise ValueError(f'"{text}" is not a number; write 1500, 5.5%, 3‰, 500万 or 1.2亿')
    digits, unit = match.groups()
    return Fraction(Decimal(digits)) * _UNITS[unit]


def significant_digits(value: Fraction) -> int | None:
    """Digits of `value` as a decimal without leading and trailing zeros, None if it never ends."""
    denominator = value.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    if denominator != 1:
        return None
    scaled = abs(value.numerator) * 10 ** max(twos, fives) // value.denominator
    return len(str(scaled).rstrip("0")) or 1
