"""Texts that would hang or crash a parser are refused before it sees them, with bounded work."""

from typing import Any

import pytest

from language import grammar, guard
from language.check import check
from language.column import Frame
from language.definition import Given
from language.errors import ConditionRefused
from language.guard import MAX_LENGTH, check_text
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType
from language.unparse import unparse

SCOPE = {
    "i": Given(name="i", type=FactType.INTEGER),
    "b": Given(name="b", type=FactType.BOOLEAN),
    "code": Given(name="code", type=FactType.CODE),
}

BOMBS = {
    "100,000 parentheses": "(" * 100_000,
    "100,000 pairs of parentheses": "(" * 100_000 + "1" + ")" * 100_000,
    "100,000 exclamation marks": "!" * 100_000,
    "100,000 times not": "not " * 100_000 + "b",
    "100,000 minus signs": "-" * 100_000 + "1",
    "100,000 brackets": "[" * 100_000,
    "100,000 braces": "{" * 100_000,
    "a shift": "1 << 3000000",
    "a float that overflows": "(1e999999).floor",
    "a tower of powers": "9**9**9**9",
    "a large power": "9**99999999",
    "a power by a fact": "9**i",
    "a huge list": "i in [" + ",".join(["1"] * 100_000) + "]",
    "a list of a thousand": "i in [" + ",".join(["1"] * 1000) + "]",
    "a pattern that refers back": 'code =~ "(a)\\1"',
    "a pattern of a million steps": 'code =~ "((a{100}){100}){100}"',
    "a pattern of a fact": "code =~ code",
    "a number of 5,000 digits": "i > " + "9" * 5000,
    "a number of 25 digits": "i > " + "9" * 25,
    "an infinite number": "inf > 1",
    "no number": "nan > 1",
    "a hexadecimal number": "i > 0xffff",
    "an exponent": "i > 1e5",
    "65 parentheses": "(" * 65 + "1" + ")" * 65,
    "17 times not": "not " * 17 + "b",
    "a date literal": 'd"2024-01-01" < d"2025-01-01"',
    "a duration literal": 't"P1D" > t"P2D"',
    "bytes": 'b"00" == b"00"',
    "attribute access": "i.real > 1",
    "an item": "i[0] > 1",
    "a slice": '"abc"[0:2] == "ab"',
    "a comprehension": "[x for x in [1, 2]] == i",
    "a mapping": '{"a": 1} == i',
    "a full-width digit": "i > １",
    "a full-width bracket": "（i > 1）",
    "a Chinese name": "人数 > 1",
    "one equals sign": "i = 1",
    "ampersands": "b && b",
    "a pipe": "b | b",
    "a tilde": "~b",
    "a semicolon": "i > 1; i",
    "a backslash": "i > \\1",
    "NUL": "i > 1\0",
    "an unfinished text": 'code == "A',
    "nothing": "",
    "blanks": " \n\t ",
    "a comment alone": "# i > 1",
    "an empty list": "i in []",
    "a function without a sign": "min(i, 1) > 0",
    "a function without brackets": "$min > 0",
    "an unknown scope": "$range(10) == 1",
    "too long": "i > 1 or " * 500 + "b",
    "a lone surrogate": 'code == "\ud800"',
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_bombs_and_foreign_signs_are_refused(name: str) -> None:
    with pytest.raises(ConditionRefused) as refusal:
        check(parse(BOMBS[name]), SCOPE)
    assert refusal.value.message
    assert refusal.value.remedy
    assert 0 <= refusal.value.offset <= len(BOMBS[name])
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    "name", [n for n in BOMBS if n.startswith(("100,000", "a huge", "a number of 5,000"))]
)
def test_large_texts_never_reach_the_grammar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the grammar saw it")

    monkeypatch.setattr(grammar._GRAMMAR, "parse", never)
    with pytest.raises(ConditionRefused):
        parse(BOMBS[name])


def test_what_the_guard_lets_pass_can_be_decided() -> None:
    """The deepest and longest texts that pass it parse, check, evaluate, print and lower."""
    chains = {
        "+": "i" + " + i" * 120,
        "-": "i" + " - i" * 120,
        "and": "b" + " and b" * 120,
        "or": "b or not b" + " or b" * 120,
        "? :": "b ? i : " * 60 + "i",
        "$abs": "$abs(" * 60 + "i" + ")" * 60,
        "()": "(" * 60 + "i" + ")" * 60,
        "not": "not " * 16 + "b",
    }
    for text in chains.values():
        check_text(text)
        parsed = parse(text)
        check(parsed, SCOPE)
        unparse(parsed)
        evaluate(parsed, SCOPE, {"i": parse("1").value, "b": True})  # type: ignore[union-attr]
        Lowering(SCOPE, Frame(columns=frozenset(), bounds={})).lower(parsed)


def test_the_length_counts_bytes_not_characters() -> None:
    with pytest.raises(ConditionRefused, match="longer"):
        check_text('code == "' + "中" * (MAX_LENGTH // 3) + '"')
    check_text('code == "' + "中" * (MAX_LENGTH // 3 - 10) + '"')


def test_a_refusal_says_where_in_the_text() -> None:
    with pytest.raises(ConditionRefused) as refusal:
        parse("i > 1 and $now > 2")
    assert refusal.value.offset == 10
    with pytest.raises(ConditionRefused) as refusal:
        parse("i > 1 and and b")
    assert refusal.value.offset == 10


def test_texts_may_hold_what_names_may_not() -> None:
    for text in ('code == "中文（括号）"', "code == 'it is'", 'code == "a ( b"', 'code == "$now"'):
        parse(text)


def test_texts_with_escapes_mean_what_rule_engine_says() -> None:
    assert parse(r'"A\x42" == "AB"').left.value == "AB"  # type: ignore[union-attr]


def test_a_text_that_is_too_long_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Counting:
        def __init__(self, pattern: Any) -> None:
            self.pattern = pattern

        def __getattr__(self, name: str) -> Any:
            def called(text: str, *rest: Any) -> Any:
                seen.append(text)
                return getattr(self.pattern, name)(text, *rest)

            return called

    for name in ("_TOKEN", "_HALF_SIGN"):
        monkeypatch.setattr(guard, name, Counting(getattr(guard, name)))
    with pytest.raises(ConditionRefused, match="longer"):
        check_text("i > 1 and " * 100_000)
    assert seen == []
    check_text("i > 1")
    assert seen == ["i > 1"] * 2


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("i ≥ 5", ">="), ("i ≤ 5", "<="), ("i ≠ 5", "!="), ("（i > 5)", "("), ("i <> 5", '"!="'),
        ("i => 5", '">="'), ("i =< 5", '"<="'), ("i === 5", '"=="'), ("i = 5", '"=="'),
        ("b && b", "and"), ("b | b", "or"), ("!b", "not"), ("i ^ 2 > 5", '"**"'),
        ("“A” == code", '"'), ("i × 2 > 5", "*"), ("i.real > 5", "no parts"),
        ("i > 5％", "parameter"),
    ],
)  # fmt: skip
def test_a_sign_of_another_language_or_keyboard_is_answered_with_ours(
    text: str, instead: str
) -> None:
    with pytest.raises(ConditionRefused) as refused:
        parse(text)
    assert instead in refused.value.remedy
    assert refused.value.offset == next(
        at for at, sign in enumerate(text) if sign in "≥≤≠（<=&|!^“×.％"
    )


NO_UNITS = "expressions have no units: write the plain number or make it a parameter"
ASCII_NAMES = "facts have ASCII names; texts stand in quotes"
OPERATORS = "numbers take + - * / // % **, values == != < <= > >= in =~ =~~"


@pytest.mark.parametrize(
    ("sign", "message", "remedy"),
    [(sign, f'the sign "{sign}" has no meaning here', f"write {meant}")
     for sign, meant in zip("≥≤≠＞＜＝×÷＋－−（），？：“”‘’",
                            [">=", "<=", "!=", ">", "<", "==", "*", "/", "+", "-", "-", "(", ")",
                             ",", "?", ":", '"', '"', "'", "'"], strict=True)]
    + [(sign, f'the sign "{sign}" has no meaning here', NO_UNITS)
       for sign in "元万亿‰周岁年月日天人"]
    + [
        ("％", 'the sign "％" has no meaning here', "write a parameter like 5.5%"),
        ("￥", 'the sign "￥" has no meaning here', "write the number alone"),
        ("¥", 'the sign "¥" has no meaning here', "write the number alone"),
        ("中", 'the sign "中" has no meaning here', ASCII_NAMES),
        (";", 'the sign ";" has no meaning here', ASCII_NAMES),
        ("=", '"=" is not a comparison', 'write "=="'),
        ("===", '"===" is not used here', 'write "=="'),
        ("<>", '"<>" is not used here', 'write "!="'),
        ("=<", '"=<" is not used here', 'write "<="'),
        ("=>", '"=>" is not used here', 'write ">="'),
        ("!", '"!" is not used here', "write not, and, or"),
        ("&&", '"&&" is not used here', "write not, and, or"),
        ("||", '"||" is not used here', "write not, and, or"),
        ("&", '"&" is not used here', "write not, and, or"),
        ("|", '"|" is not used here', "write not, and, or"),
        ("^", '"^" is not used here', 'write "**" for a power'),
        (".", '"." is not used here', "facts have no parts: declare what you need as a fact"),
        ("***", '"***" is not used in conditions', OPERATORS),
        ("<<", '"<<" is not used in conditions', OPERATORS),
    ]
    + [(f"{name}()", f'"{name}" is not allowed', why) for name, why in (
        ("$now", "as_of is the only clock"), ("$today", "as_of is the only clock"),
        ("$random", "a decision must be the same every time"),
        ("$range", "conditions do not loop"), ("$re_groups", "patterns have no groups here"))]
    + [(word, f'"{word}" is not used in conditions', why) for word, why in (
        ("for", "declare a fact that counts or sums rows"),
        ("if", "write test ? value : other value"), ("elif", "write test ? value : other value"),
        ("else", "write test ? value : other value"), ("while", "conditions do not loop"),
        ("inf", "leave the bound out"), ("nan", "a missing number is unknown by itself"))]
    + [(f'{sign}"2024"', f"{sign}'…' literals are not used here",
        "write a date as $date(2024, 5, 1)") for sign in "dtb"],
)  # fmt: skip
def test_what_is_foreign_is_told_with_what_to_write(sign: str, message: str, remedy: str) -> None:
    with pytest.raises(ConditionRefused) as refused:
        check_text(f"b or {sign} i")
    assert (refused.value.message, refused.value.remedy) == (message, remedy)
    assert refused.value.offset == 5


@pytest.mark.parametrize("name", ["now", "today", "random", "range", "re_groups", "$if", "iff"])
def test_only_whole_words_are_refused(name: str) -> None:
    check_text(f"{name} > 1")


@pytest.mark.parametrize(
    ("most", "beyond", "message", "offset"),
    [
        ("i" * 4096, "i" * 4097, "the condition is longer than 4096 bytes", 4096),
        ("i " * 1000, "i " * 1001, "the condition has more than 1000 words and signs", 2000),
        ("i+" * 128 + "i", "i+" * 129 + "i", "the condition has more than 128 operators", 257),
        ("b or " * 128 + "b", "b or " * 129 + "b",
         "the condition has more than 128 operators", 642),
        ("not b and " * 64 + "b", "not b and " * 64 + "not b",
         "the condition has more than 128 operators", 640),
        ("(" * 64 + ")" * 64, "(" * 65, "brackets nested deeper than 64", 64),
        ("([{}])" * 99, "([{" * 21 + "])" * 21 + "(" * 44, "brackets nested deeper than 64", 148),
        ("9" * 24, "9" * 25, f'"{"9" * 25}" is not a number that can be read exactly', 0),
        ("9" * 11 + "." + "9" * 12, "b " + "9" * 12 + "." + "9" * 12,
         f'"{"9" * 12 + "." + "9" * 12}" is not a number that can be read exactly', 2),
        ("not " * 16 + "b", "b or " + "not  " * 17 + "b",
         'more than 16 times "not" in a row', 5),
        ("- " * 8 + "1", "1 " + "- " * 9 + "1", "more than 8 minus signs in a row", 2),
    ],
)  # fmt: skip
def test_each_limit_holds_to_the_sign(most: str, beyond: str, message: str, offset: int) -> None:
    check_text(most)
    with pytest.raises(ConditionRefused) as refused:
        check_text(beyond)
    assert (refused.value.message, refused.value.offset) == (message, offset)


@pytest.mark.parametrize("number", ["1.5.2", "1e5", "0x1F", ".5", "5.", "1_000", "9a"])
def test_a_number_is_digits_with_one_point(number: str) -> None:
    with pytest.raises(ConditionRefused) as refused:
        check_text(f"i > {number}")
    assert refused.value.offset == 4
    assert refused.value.message == f'"{number}" is not a number that can be read exactly'


def test_signs_of_a_text_and_blanks_are_not_counted() -> None:
    check_text('code == "' + "((( === ≥ " * 200 + '"')
    check_text("i, " * 300 + "i")
    check_text("code == 'it\\'s &&' and i" + " " * 2000 + "> 1\t\n")
    with pytest.raises(ConditionRefused, match="half a sign") as refused:
        check_text('code == "ab\udfff"')
    assert refused.value.offset == 11
    with pytest.raises(ConditionRefused) as empty:
        check_text(" \n\t ")
    assert (empty.value.message, empty.value.offset) == ("the condition is empty", 0)
