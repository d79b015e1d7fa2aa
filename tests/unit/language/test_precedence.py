"""A text whose order of operators may surprise is shown as it is read; brackets end the warning."""

import pytest

from language.parse import parse
from language.precedence import find_doubtful_order


@pytest.mark.parametrize(
    ("text", "offset", "says", "read"),
    [
        ("a == b < 3", 2, '"==" binds looser than "<"', "(a == (b < 3))"),
        ("a < 3 != b", 6, '"!=" binds looser than "<"', "((a < 3) != b)"),
        ("x == a in [1]", 2, '"==" binds looser than "in"', "(x == (a in [1]))"),
        ("x == t =~ 'a'", 2, '"==" binds looser than "=~"', '(x == (t =~ "a"))'),
        ("x == t !~~ 'a'", 2, '"==" binds looser than "!~~"', '(x == (t !~~ "a"))'),
        ("a ?? 0 > 5", 2, '"??" binds looser', "(a ?? (0 > 5))"),
        ("a > 5 ?? b", 6, '"??" binds looser', "((a > 5) ?? b)"),
        ("not a == b", 0, '"not" binds looser', "(not (a == b))"),
        ("x and not a != b", 6, '"not" binds looser', "(x and (not (a != b)))"),
        ("a or b and c", 2, '"or" binds looser than the "and"', "(a or (b and c))"),
        ("a and b or c", 8, '"or" binds looser than the "and"', "((a and b) or c)"),
        ("-a ** 2 > 1", 0, '"-" binds looser than "**"', "((-(a ** 2)) > 1)"),
        ("2 ** 3 ** 2 == a", 7, '"**" is taken from the left', "(((2 ** 3) ** 2) == a)"),
        ("$abs(a ?? 0 > 5)", 7, '"??" binds looser', "$abs((a ?? (0 > 5)))"),
    ],
)
def test_a_doubtful_order_is_shown_as_it_is_read(
    text: str, offset: int, says: str, read: str
) -> None:
    (finding,) = find_doubtful_order(text)
    assert (finding.offset, finding.certain) == (offset, False)
    assert says in finding.message
    assert read in finding.remedy


@pytest.mark.parametrize(
    "text",
    [
        "a == (b < 3)", "(a < 3) != b", "(a ?? 0) > 5", "a ?? (0 > 5)", "not (a == b)",
        "(not a) == b", "a or (b and c)", "(a and b) or c", "a and b and c", "a or b or c",
        "(-a) ** 2 > 1", "-(a ** 2)", "not a", "not a < 3", "not x in [1]", "x not in [1]",
        "a + b * 3 > 5", "a > 1 and b < 2", "(2 ** 3) ** 2", "a ?? b ?? 0", "a ? b : c or d",
        "not $has(x)", "a == -b",
    ],
)  # fmt: skip
def test_a_clear_order_is_left_alone(text: str) -> None:
    assert find_doubtful_order(text) == []


def test_what_is_shown_reads_the_same_and_is_clear() -> None:
    for text in ("a == b < 3", "a or b and c", "not a == b", "-a ** 2 > 1", "2 ** 3 ** 2 == a"):
        (finding,) = find_doubtful_order(text)
        shown = finding.remedy.removeprefix("it is read as ").removesuffix("; write the brackets")
        assert parse(shown) == parse(text)
        assert find_doubtful_order(shown) == []
