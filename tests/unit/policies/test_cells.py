"""Cells of tables: row keys in the law's words, and DMN's unary tests."""

from datetime import date
from fractions import Fraction

import pytest

from language.matching import applies, applies_to_none
from language.types import Kind
from policies.axis import show_key
from policies.cell import parse_cell, parse_key

NUMBERS = [Fraction(n, 2) for n in range(13)]
"""0, 0.5, … 6."""
DAYS = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 2), date(2024, 12, 31)]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("-", NUMBERS),
        ("any", NUMBERS),
        ("3", [3]),
        ("1, 3", [1, 3]),
        ("< 1", [0, Fraction(1, 2)]),
        ("<= 1", [0, Fraction(1, 2), 1]),
        ("> 5", [Fraction(11, 2), 6]),
        (">= 5", [5, Fraction(11, 2), 6]),
        (">=5", [5, Fraction(11, 2), 6]),
        ("[1..2]", [1, Fraction(3, 2), 2]),
        ("(1..2]", [Fraction(3, 2), 2]),
        ("]1..2]", [Fraction(3, 2), 2]),
        ("[1..2)", [1, Fraction(3, 2)]),
        ("[1..2[", [1, Fraction(3, 2)]),
        ("]1..2[", [Fraction(3, 2)]),
        ("(1..2)", [Fraction(3, 2)]),
        ("1 to 2", [1, Fraction(3, 2), 2]),
        ("from 5", [5, Fraction(11, 2), 6]),
        ("over 1 up to 2", [Fraction(3, 2), 2]),
        ("under 1, over 5", [0, Fraction(1, 2), Fraction(11, 2), 6]),
        ("< 1, 3, [5..6]", [0, Fraction(1, 2), 3, 5, Fraction(11, 2), 6]),
        ("not(> 0)", [0]),
        ("not(0, [1..6])", [Fraction(1, 2)]),
        ("0.05万‰", None),
        ("50%", [Fraction(1, 2)]),
    ],
)
def test_a_cell_of_numbers_holds_for_these(cell: str, wanted: list[Fraction] | None) -> None:
    if wanted is None:
        with pytest.raises(ValueError, match="not a number"):
            parse_cell(cell, Kind.NUMBER, "")
        return
    matcher = parse_cell(cell, Kind.NUMBER, "")
    assert [n for n in NUMBERS if applies(matcher, n)] == wanted


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2024-01-01", DAYS[1:2]),
        ("2023-12-31, 2024-01-02", [DAYS[0], DAYS[2]]),
        ("from 2024-01-01", DAYS[1:]),
        ("over 2024-01-01", DAYS[2:]),
        ("up to 2024-01-01", DAYS[:2]),
        ("under 2024-01-01", DAYS[:1]),
        ("2024-01-01 to 2024-06-30", DAYS[1:3]),
        ('>= date("2024-01-02")', DAYS[2:]),
        ('[date("2024-01-01")..date("2024-01-02")[', DAYS[1:2]),
        ("not(2024-01-01)", [DAYS[0], *DAYS[2:]]),
    ],
)
def test_a_cell_of_days_holds_for_these(cell: str, wanted: list[date]) -> None:
    matcher = parse_cell(cell, Kind.DATE, "")
    assert [day for day in DAYS if applies(matcher, day)] == wanted


@pytest.mark.parametrize(
    ("cell", "wanted", "none"),
    [
        ("a", ["a"], False),
        ('"a","b"', ["a", "b"], False),
        ("a, b", ["a", "b"], False),
        ('"a, b"', ["a, b"], False),
        ("not(a)", ["b", "a, b"], False),
        ('not("a","b")', ["a, b"], False),
        ("null", [], True),
        ("null, a", ["a"], True),
        ("not(null)", ["a", "b", "a, b"], False),
        ("-", ["a", "b", "a, b"], True),
    ],
)
def test_a_cell_of_texts_holds_for_these(cell: str, wanted: list[str], none: bool) -> None:
    matcher = parse_cell(cell, Kind.TEXT, "")
    assert [text for text in ("a", "b", "a, b") if applies(matcher, text)] == wanted
    assert applies_to_none(matcher) is none


def test_a_code_holds_for_all_below_it() -> None:
    trade = parse_cell("C35, I65", Kind.TEXT, "GB/T 4754-2017")
    assert [c for c in ("C3512", "C36", "I65", "I") if applies(trade, c)] == ["C3512", "I65"]
    place = parse_cell('"440000"', Kind.TEXT, "GB/T 2260")
    assert [c for c in ("440303", "450000") if applies(place, c)] == ["440303"]


@pytest.mark.parametrize(
    ("cell", "kind", "message"),
    [
        ("", Kind.NUMBER, "empty"),
        ("1,,2", Kind.NUMBER, "empty"),
        ("five", Kind.NUMBER, "not a number"),
        ("[5..1]", Kind.NUMBER, "ends below"),
        ("(1..1]", Kind.NUMBER, "no number"),
        ("over 1 under 1", Kind.NUMBER, "no number"),
        ("not(-)", Kind.NUMBER, "holds for nothing"),
        ("2024-02-30", Kind.DATE, "not a day"),
        ("2024", Kind.DATE, "not a day"),
        ("from 2024-01-02 up to 2024-01-01", Kind.DATE, "no day"),
        ("over 9999-12-31", Kind.DATE, "calendar"),
        ("under 0001-01-01", Kind.DATE, "calendar"),
        ("< a", Kind.TEXT, "no order"),
        ("yes", Kind.BOOLEAN, "neither true nor false"),
        ("亚特兰蒂斯", Kind.TEXT, "no region"),
    ],
)
def test_what_is_no_cell_is_told(cell: str, kind: Kind, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_cell(cell, kind, "GB/T 2260" if message == "no region" else "")


@pytest.mark.parametrize(
    "words", ["from 16 under 24", "up to 30", "over 5", "1, 2", "from 2024-01-01 up to 2024-06-30"]
)
def test_a_key_is_shown_in_its_own_words(words: str) -> None:
    kind = Kind.DATE if "2024" in words else Kind.NUMBER
    assert show_key(parse_key(words, kind, "")) == words
