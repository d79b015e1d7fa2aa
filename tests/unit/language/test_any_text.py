"""Whatever the text, it is read or refused with a place and a remedy; nothing else comes out."""

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from language import grammar
from language.check import check
from language.definition import Definition, Given
from language.errors import ConditionRefused
from language.expression import Expression, walk
from language.grammar import RESERVED
from language.parse import parse
from language.precedence import find_doubtful_order
from language.types import FactType
from language.unparse import unparse
from tests.unit.language.test_guard import BOMBS

SCOPE: dict[str, Definition] = {
    "n": Given(name="n", type=FactType.INTEGER),
    "b": Given(name="b", type=FactType.BOOLEAN),
    "t": Given(name="t", type=FactType.TEXT),
    "d": Given(name="d", type=FactType.DATE, may_not_apply=True),
}
WORDS = [
    *sorted(RESERVED), *SCOPE, "not in", "$years", "$abs", "$min", "$has", "$date", "$now", "1",
    "0", "2.5", '"C"', "'a'", r'"\d"', 'r"\\d+"', 'b"00"', 'd"2024-01-01"', 't"P1D"', "(", ")",
    "[", "]", "{", "}", ",", ":", "?", "??", "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<",
    "<=", ">", ">=", "=~", "=~~", "!~", "!~~", "&", "|", "^", "<<", ">>", ".", "&.", "#", "!", "~",
    "=", "null == d", "\n", "中",
]  # fmt: skip


def read(text: str) -> Expression | None:
    """The tree, None where the text is refused as it should be."""
    try:
        parsed = parse(text)
        check(parsed, SCOPE, amount=True)
    except ConditionRefused as refusal:
        placed = 0 <= refusal.offset <= len(text)
        if not (placed and refusal.remedy and refusal.message):
            raise AssertionError(f"{text!r}: {refusal!r} at {refusal.offset}") from refusal
        return None
    return parsed


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
@example("n not in [1]")
@example("n not in [-1, 2]")
@example("[1] == n or n in [1] and b")
def test_any_row_of_words_is_read_or_refused_with_a_place(text: str) -> None:
    tree = read(text)
    if tree is not None:
        assert parse(unparse(tree)) == tree
        assert all(part.offset >= 0 for part in walk(tree))
        find_doubtful_order(text)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    read(text)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="nb12.()[]<>=!~+-*/% \"'\\,?:&|$#\n", max_size=30))
def test_any_row_of_signs_is_read_or_refused_with_a_place(text: str) -> None:
    read(text)


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_within_little_memory(name: str) -> None:
    read(BOMBS["nothing"])  # what is made once is not counted
    tracemalloc.start()
    assert read(BOMBS[name]) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * 2**20


def test_the_work_for_a_bomb_is_that_of_a_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how many signs of each bomb the parser is given."""
    given_to_parser = []
    parser = grammar._GRAMMAR.parse

    def counted(text: str, *arguments: object, **named: object) -> object:
        given_to_parser.append(len(text))
        return parser(text, *arguments, **named)

    grammar.read_tree.cache_clear()  # which the tests above have filled
    monkeypatch.setattr(grammar._GRAMMAR, "parse", counted)
    for text in BOMBS.values():
        read(text)
    assert max(given_to_parser) <= 4096
    assert sum(len(text) for text in BOMBS.values()) > 700_000
