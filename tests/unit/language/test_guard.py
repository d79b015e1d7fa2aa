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
