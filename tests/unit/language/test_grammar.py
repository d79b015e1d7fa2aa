"""What the grammar can say and conditions may not is answered in words; texts are read as typed."""

import ast

import pytest

from language.errors import ConditionRefused
from language.expression import Comparison, Literal, Match
from language.parse import parse

LIST, WRITE_LIST = 'a list stands only after "in"', 'write x in ["a", "b"]'
NO_BITS = "bits have no meaning in a law"


def refusal(text: str) -> tuple[str, str, int]:
    with pytest.raises(ConditionRefused) as refused:
        parse(text)
    return refused.value.message, refused.value.remedy, refused.value.offset


@pytest.mark.parametrize(
    ("text", "message", "remedy", "sign"),
    [
        ("[1, 2] == i", LIST, WRITE_LIST, "["),
        ("i == [1, 2]", LIST, WRITE_LIST, "["),
        ("{1, 2} == i", LIST, WRITE_LIST, "{"),
        ("i == {1: 2}", "{key: value} has no use here", "declare a parameter with rows:", "{"),
        ("code[0] == 1", "values have no items: [ ] after a value has no use here",
         "use a table parameter, or $starts_with", "["),
        ("code[0:2] == 1", "values have no slices: [ : ] has no use here",
         'use $starts_with or a pattern (=~ "..")', "["),
        ("null > i", '"null" stands only beside == or !=',
         'it asks for "does not apply"; what is missing is unknown by itself', "n"),
    ],
)  # fmt: skip
def test_what_the_grammar_can_say_and_a_law_does_not_is_told_at_its_sign(
    text: str, message: str, remedy: str, sign: str
) -> None:
    assert refusal(text) == (message, remedy, text.index(sign))


@pytest.mark.parametrize(
    ("text", "remedy", "offset"),
    [
        ("i > 5 %", "a share is written 0.055 here, or is a parameter like 5.5%", 7),
        ("i > 5 % and b", "a share is written 0.055 here, or is a parameter like 5.5%", 8),
        ("code is null", "write == null, or != null where it applies", 5),
        ("i between 60 and 79", "write a >= 60 and a <= 79", 2),
        ("60 to 79", "write a >= 60 and a <= 79", 3),
        ("1 < i < 2", "look for a missing operator, bracket or quote; comparisons do not chain", 6),
        ("tomorrow early",
         "look for a missing operator, bracket or quote; comparisons do not chain", 9),
    ],
)  # fmt: skip
def test_what_authors_write_instead_is_answered_where_reading_ends(
    text: str, remedy: str, offset: int
) -> None:
    message, told, where = refusal(text)
    assert (told, where) == (remedy, offset)
    at = f' at "{text[offset:].split()[0]}"' if offset < len(text) else " at its end"
    assert message == f"the condition cannot be read{at}"


TYPED = [
    r"a\nb", r"a\tb", r"\r", r"\f", r"\v", r"\a", r"\b", r"\\", r"\"", r"\'", r"\x41", r"\x7e",
    r"\u4e2d", r"\U0001F600", r"\U0010FFFF", r"\101", r"\7", r"\18", r"\1234", r"\ud7ff", r"\ue000",
    r"\\n", r"中\x42文", r"\x01", r"\377",
]  # fmt: skip


@pytest.mark.parametrize("inside", TYPED)
def test_escapes_mean_what_they_mean_in_python(inside: str) -> None:
    parsed = parse(f'code == "{inside}"')
    assert isinstance(parsed, Comparison)
    assert isinstance(parsed.right, Literal)
    assert parsed.right.value == ast.literal_eval(f'"{inside}"')


@pytest.mark.parametrize("inside", [r"\d", r"\w+", r"\.", r"\q", "\\中", r"\8"])
def test_what_is_no_escape_stays_as_typed(inside: str) -> None:
    parsed = parse(f'code == "{inside}"')
    assert isinstance(parsed, Comparison)
    assert parsed.right == Literal(value=inside)


@pytest.mark.parametrize("inside", [r"\0", r"\x00", r"\u0000", r"\ud800", r"\udfff", r"\U00110000"])
def test_an_escape_of_no_sign_is_refused_at_its_text(inside: str) -> None:
    message, remedy, offset = refusal(f'b and code == "A{inside}"')
    assert message == f'"{inside}" is no sign'
    assert remedy == r"write the sign itself, or \u and four hexadecimal digits"
    assert offset == 14


@pytest.mark.parametrize("text", [r'code == r"a\x41"', r"code == r'a\x41'"])
def test_a_raw_text_has_no_escapes(text: str) -> None:
    parsed = parse(text)
    assert isinstance(parsed, Comparison)
    assert parsed.right == Literal(value=r"a\x41")
    plain = parse(text.replace("r", "s", 1))
    assert isinstance(plain, Comparison)
    assert plain.right == Literal(value="aA")


@pytest.mark.parametrize("quoted", ['"a(b"', 'r"a(b"', "s'a(b'", '"(b"', 'r"(b"'])
def test_a_slip_in_a_pattern_is_told_where_it_stands_in_the_text(quoted: str) -> None:
    text = f"b or code =~ {quoted}"
    message, _, offset = refusal(text)
    assert message == 'the pattern: "(" is not closed'
    assert offset == text.index("(")


@pytest.mark.parametrize("text", ["code =~ r'a.b'", 'code =~ "a.b"'])
def test_a_pattern_is_what_stands_between_its_quotes(text: str) -> None:
    parsed = parse(text)
    assert isinstance(parsed, Match)
    assert parsed.pattern == "a.b"
