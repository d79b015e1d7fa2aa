"""Patterns mean the same in four engines that share no code, and are harmless in each."""

import re
from collections.abc import Sequence
from random import Random

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import automaton
from language.automaton import matches
from language.check import check
from language.definition import Definition, Given
from language.errors import ConditionRefused
from language.expression import Match, Not
from language.frame import prepare, types_of
from language.lowering import Lowering
from language.parse import parse
from language.pattern import MAX_STEPS, print_pattern, read_pattern
from language.reference import NONE, NotApplicable, evaluate
from language.types import FactType
from language.unparse import unparse

SCOPE: dict[str, Definition] = {
    "code": Given(name="code", type=FactType.CODE, may_not_apply=True),
    "number": Given(name="number", type=FactType.NUMBER),
}
TEXTS = [
    "", "a", "aa", "ab", "b", "ba", "C3512", "c3512", "C35", "１２", "12", "a\n", "a\nb", "\n",
    "中文", "中", "文中", "国中文", "a b", "a\tb", "_", "-", "é", "\u00a0", "\u3000", "٣",
    "aaaaaaaaab", "😀", "a.b", "[x]", "\\", "a\r", "\u2028",
]  # fmt: skip
PATTERNS = [
    "a", "^a$", "a$", "a|b", "(a|b)+", "a?", "(a+)+$", "(a|aa)+$", "a{2}", "a{1,2}b", "a{0,1}",
    "a{2,}", ".", "^.$", "^.*$", "..", r"\d", r"\d+$", r"\D", r"^\D+$", r"\w", r"\W", r"\s", r"\S",
    "[a-c]", "[^a]", "[^a-z0-9]", r"[\d\s]", r"[^\w]", "中", "[一-龥]{2}", "^$", "$", "^", "x^",
    "$x", r"C3[5-9]\d\d", r"[C\-]", "[-a]", "[a-]", r"\.", r"\[x\]", r"\\", "a.b", r"a\sb", r"\n",
    "a\n", "😀", "(a|b|中)(文)?$", "((a)(b))?", "[A-Z]", "a*b", "(a*)*b", "(a*)+", "(a|^)b",
    "(a$|b)", r"[.*+?]", "[(|)]",
]  # fmt: skip


def by_columns(pattern: str, texts: list[str], *, anywhere: bool) -> list[bool]:
    written = print_pattern(pattern, anywhere=anywhere)
    return pl.Series(texts, dtype=pl.String).str.contains(written).to_list()


def by_duckdb(pattern: str, texts: list[str], *, anywhere: bool) -> list[bool]:
    written = print_pattern(pattern, anywhere=anywhere)
    with duckdb.connect() as database:
        database.execute("CREATE TABLE texts (n INTEGER, t VARCHAR)")
        database.executemany("INSERT INTO texts VALUES (?, ?)", list(enumerate(texts)))
        found = database.execute(
            "SELECT regexp_matches(t, ?) FROM texts ORDER BY n", [written]
        ).fetchall()
    return [bool(row[0]) for row in found]


def by_python(pattern: str, texts: list[str], *, anywhere: bool) -> list[bool]:
    written = print_pattern(pattern, anywhere=anywhere, end=r"\Z", sign=r"\U{:08X}")
    return [re.search(written, text) is not None for text in texts]


def by_python_as_typed(pattern: str, texts: list[str], *, anywhere: bool) -> list[bool]:
    """Python's own reading of the pattern, which shares no reader with ours."""
    compiled = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    ask = compiled.search if anywhere else compiled.match
    return [ask(text) is not None for text in texts]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("anywhere", [False, True])
def test_four_engines_agree(pattern: str, anywhere: bool) -> None:
    wanted = [matches(pattern, text, anywhere=anywhere) for text in TEXTS]
    assert by_columns(pattern, TEXTS, anywhere=anywhere) == wanted
    assert by_duckdb(pattern, TEXTS, anywhere=anywhere) == wanted
    assert by_python(pattern, TEXTS, anywhere=anywhere) == wanted
    assert by_python_as_typed(pattern, TEXTS, anywhere=anywhere) == wanted


@pytest.mark.parametrize(
    "pattern",
    [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", "[a-f]", "[^a-f]", r"[^\d_]", r"[\w-]", "[^x]",
     r"[\Wa]", "[0-58]", "[^0-58]", r"[\]\[]"],
)  # fmt: skip
def test_a_class_holds_the_signs_that_python_says(pattern: str) -> None:
    signs = [chr(code) for code in (*range(1, 256), *map(ord, "１٣中文\u3000\u2028😀"))]
    wanted = by_python_as_typed(pattern, signs, anywhere=False)
    assert [matches(pattern, sign, anywhere=False) for sign in signs] == wanted
    assert by_columns(pattern, signs, anywhere=False) == wanted


def write_pattern(rng: Random, depth: int) -> str:
    """A pattern of the language over few signs, so that it often matches."""
    if depth == 0:
        return rng.choice(["a", "b", "中", "1", ".", r"\d", r"\w", "[ab]", "[^a]", r"[^\d]", r"\s"])
    inner = [write_pattern(rng, depth - 1) for _ in range(2)]
    return rng.choice(
        [
            "".join(inner),
            f"({inner[0]}|{inner[1]})",
            f"(?:{inner[0]}){rng.choice(['?', '*', '+', '{2}', '{1,3}', '{0,2}', '{2,}'])}",
            f"({inner[0]}|^){inner[1]}",
            f"{inner[0]}({inner[1]}|$)",
        ]
    )


def test_four_engines_agree_on_generated_patterns() -> None:
    held = 0
    for seed in range(150):
        rng = Random(f"pattern {seed}")
        pattern, anywhere = write_pattern(rng, 3), rng.random() < 0.5
        texts = ["".join(rng.choices("ab中1 １\n", k=rng.randint(0, 7))) for _ in range(40)]
        wanted = [matches(pattern, text, anywhere=anywhere) for text in texts]
        held += sum(wanted)
        assert by_columns(pattern, texts, anywhere=anywhere) == wanted, pattern
        assert by_python(pattern, texts, anywhere=anywhere) == wanted, pattern
        assert by_python_as_typed(pattern, texts, anywhere=anywhere) == wanted, pattern
        if seed % 10 == 0:
            assert by_duckdb(pattern, texts, anywhere=anywhere) == wanted, pattern
    assert 600 < held < 5400


@given(st.text(alphabet="ab|()*+?{},[]^$.\\d-中1", max_size=24))
def test_any_text_is_read_or_refused_with_a_place(pattern: str) -> None:
    refused = refusal_of(pattern)
    if refused is not None:
        assert refused.remedy
        assert 0 <= refused.offset <= len(pattern)
        return
    assert matches(pattern, "ab1", anywhere=True) is by_columns(pattern, ["ab1"], anywhere=True)[0]


def refusal_of(pattern: str) -> ConditionRefused | None:
    try:
        read_pattern(pattern)
    except ConditionRefused as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        ("", 0), (r"(a)\1", 3), (r"a\b", 1), ("(?=a)", 0), ("(?i)a", 0), ("(?P<n>a)", 0),
        ("a**", 2), ("a+?", 2), ("a++", 2), ("*a", 0), ("(a", 0), ("a)", 1), ("[a", 0), ("[]", 0),
        ("[^]", 0), ("[b-a]", 1), ("[[a]]", 1), ("a{", 1), ("a{,3}", 1), ("a{3,1}", 1),
        ("a{0}", 1), ("a{256}", 1), ("a{9999}", 1), ("()", 1), ("a|", 2), ("(|a)", 1), ("^*", 1),
        ("$+", 1), (r"\p{Han}", 0), ("\\", 0), ("a}", 1), ("a]", 1), (r"[\d-z]", 1),
        ("(" * 21 + "a" + ")" * 21, 20), ("a" * 257, 0), ("(a{200}){200}", 0), (r"\é", 0),
        ("中{", 1),
    ],
)  # fmt: skip
def test_what_engines_would_read_differently_is_refused(pattern: str, offset: int) -> None:
    with pytest.raises(ConditionRefused) as refused:
        read_pattern(pattern)
    assert refused.value.offset == offset
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("most", "beyond"),
    [
        ("a" * 256, "a" * 257), ("a{255}", "a{256}"), ("(" * 20 + "a" + ")" * 20,
                                                       "(" * 21 + "a" + ")" * 21),
        ("[a-a]", "[b-a]"), ("a{1,1}", "a{2,1}"), ("a{0,1}", "a{0,0}"), ("a{0,}", "a{256,}"),
        # each repetition is a step of its own, and so are the two ways of each alternative
        ("(a{200}){4}(b{49}){4}", "(a{200}){4}(b{50}){4}"),
        ("(a{199}){5}", "(a{200}){5}"), ("(?:a|b){250}b{125}", "(?:a|b){250}b{126}"),
        ("(a{248,}){4}", "(a{249,}){4}"),
    ],
)  # fmt: skip
def test_each_limit_of_a_pattern_holds_to_the_sign(most: str, beyond: str) -> None:
    read_pattern(most)
    with pytest.raises(ConditionRefused):
        read_pattern(beyond)


def test_the_largest_pattern_is_taken_by_every_engine() -> None:
    pattern = r"(?:[^\d中]{240}){4}"
    read_pattern(pattern)
    for anywhere in (False, True):
        texts = ["x" * 960, " " * 959, "１" * 1000]
        wanted = [matches(pattern, text, anywhere=anywhere) for text in texts]
        assert by_columns(pattern, texts, anywhere=anywhere) == wanted
        assert by_duckdb(pattern, texts, anywhere=anywhere) == wanted


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*x", "(a?){20}a{20}"])
def test_the_work_grows_with_the_text_and_not_with_its_square(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, _ = automaton._program(pattern)
    followed = 0
    follow = automaton._follow

    def counted(*arguments: object, **named: object) -> set[int]:
        nonlocal followed
        reached = follow(*arguments, **named)  # type: ignore[arg-type]
        followed += len(reached)
        return reached

    monkeypatch.setattr(automaton, "_follow", counted)
    text = "a" * 2000 + "!"
    assert matches(pattern, text, anywhere=False) is (pattern == "(a?){20}a{20}")
    assert followed <= len(steps) * (len(text) + 1)
    assert len(steps) <= MAX_STEPS


def values(text: str, codes: Sequence[str | NotApplicable | None]) -> list[bool | None]:
    """The condition on each code, by the reference and by the columns."""
    check(parse(text), SCOPE)
    told = [evaluate(parse(text), SCOPE, {"code": code}).value for code in codes]
    frame = pl.DataFrame(
        {"code": [None if code is NONE else code for code in codes],
         "code::none": [code is NONE for code in codes]},
        schema={"code": pl.String, "code::none": pl.Boolean},
    )  # fmt: skip
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    column = Lowering(SCOPE, prepared.known).boolean(parse(text))
    assert prepared.frame.select(pl.int_range(pl.len()), v=column)["v"].to_list() == told
    return told  # type: ignore[return-value]


def test_a_missing_text_is_unknown_and_what_does_not_apply_matches_nothing() -> None:
    codes = ["C35", "D35", "xC35", None, NONE]
    assert values('code =~ "C"', codes) == [True, False, False, None, False]
    assert values('code =~~ "C"', codes) == [True, False, True, None, False]
    assert values('code !~ "C"', codes) == [False, True, True, None, True]
    assert values('code !~~ "C"', codes) == [False, True, False, None, True]
    assert values('not (code =~ "C")', codes) == [False, True, True, None, True]


def test_full_width_digits_are_no_digits() -> None:
    assert re.match(r"\d", "１")  # Python's own takes them
    assert values(r'code =~ "\d"', ["1", "１", "٣"]) == [True, False, False]
    assert values(r'code =~ "[０-９]"', ["1", "１", "٣"]) == [False, True, False]


def test_the_end_of_a_text_is_its_end_alone() -> None:
    assert re.match("a$", "a\n")  # Python's $ also stands before a last line's end
    assert values('code =~ "a$"', ["a", "a\n", "a\nb"]) == [True, False, False]
    assert values('code =~~ "^b"', ["b", "a\nb"]) == [True, False]


def test_a_pattern_over_a_constant_text_counts_for_every_row() -> None:
    assert values('"C35" =~ "C"', ["a", None]) == [True, True]


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("number =~ '1'", 0),
        ("code =~ code", 8),
        ("code =~ (true ? 'a' : 'b')", 9),
        ("code =~ 'a('", 10),
        (r'code =~ "\bA"', 9),
        ("code =~ 1", 8),
        ("code =~ null", 8),
        ("null =~ 'a'", 0),
    ],
)
def test_a_pattern_without_meaning_is_refused_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(ConditionRefused) as refused:
        check(parse(text), SCOPE)
    assert refused.value.offset == offset
    assert refused.value.remedy


def test_a_pattern_prints_back_as_it_can_be_typed() -> None:
    for text in (r'code =~ "\d+\."', r"code =~~ r'\d'", 'code !~ "a"', 'code !~~ "\\"\\\\\\\\"'):
        tree = parse(text)
        assert parse(unparse(tree)) == tree
    assert unparse(parse("code !~ 'a'")) == '(code !~ "a")'
    assert isinstance(parse("code !~~ 'a'"), Not)
    found = parse(r'code =~ "\d\."')
    assert isinstance(found, Match)
    assert found.pattern == r"\d\."


@pytest.mark.parametrize("escape", "dDwWsSntr")
def test_an_escape_stands_for_the_signs_that_python_says_and_no_others(escape: str) -> None:
    wanted = re.compile(rf"\{escape}\Z", re.ASCII)
    signs = [chr(code) for code in (*range(256), 0x2028, 0x3000, 0xFF11, 0x10FFFF)]
    for pattern in (rf"\{escape}$", rf"[\{escape}]$"):
        found = [sign for sign in signs if matches(pattern, sign, anywhere=False)]
        assert found == [sign for sign in signs if wanted.match(sign)]
