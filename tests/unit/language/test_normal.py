"""The normal form keeps the meaning, and a contrast says what asking everybody says."""

import itertools
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.contrast import contrast
from language.definition import Given, Scope
from language.expression import Expression
from language.normal import normalise
from language.parse import parse
from language.reference import NONE, evaluate
from language.types import FactType
from language.unparse import unparse
from tests.support.generated import build_scope, draw_rows, facts_of, write_number, write_truth

SCOPE = build_scope()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_normal_form_means_the_same_for_everybody(seed: int, number: bool) -> None:
    rng = Random(seed)
    write = write_number if number else write_truth
    expression = parse(write(rng, 4))
    normal = normalise(expression)
    assert normalise(normal) == normal
    for row in draw_rows(rng, 12):
        facts = facts_of(row)
        before, after = evaluate(expression, SCOPE, facts), evaluate(normal, SCOPE, facts)
        assert before.value == after.value, unparse(normal)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a and b", "b and a"),
        ("a and (b and c)", "(c and a) and b and b"),
        ("not not a", "a"),
        ("not (a and b)", "(not b) or not a"),
        ("80 <= age", "age >= 80"),
        ("age >= 80", "age >= 80.0"),
        ("not (age < 80)", "age >= 80"),
        ("age >= 8 * 10", "age >= 80"),
        ('code == "x"', 'code in ["x"]'),
        ('code in ["x", "y"]', 'code in ["y", "x", "y"]'),
        ('code == "x" or code == "y"', 'code in ["y", "x"]'),
        ('code != "x" and code != "y"', 'not (code in ["y", "x"])'),
        ("age * 2 > income", "income < 2 * age"),
        ("born >= $date(2024, 5, 1)", "$date(2024, 5, 1) <= born"),
        ("income >= -(-5)", "income >= 5"),
    ],
)
def test_two_spellings_have_one_normal_form(first: str, second: str) -> None:
    assert normalise(parse(first)) == normalise(parse(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a and b", "a or b"),
        ("age > 80", "age >= 80"),
        ("age - income > 1", "income - age > 1"),
        ("$has(age)", "$has(income)"),
        ("not (a and b)", "not a and not b"),
        ("flag == true", "flag"),  # of what does not apply the first is no, the second unknown
    ],
)
def test_what_differs_has_two_normal_forms(first: str, second: str) -> None:
    assert normalise(parse(first)) != normalise(parse(second))


def test_a_parameter_with_one_value_is_that_value() -> None:
    values = {"least": Fraction(80)}
    assert normalise(parse("age >= least"), values) == normalise(parse("age >= 80"))
    assert normalise(parse("$has(least)"), values) == normalise(parse("$has(least)"))


FACTS: Scope = {
    "age": Given(name="age", type=FactType.INTEGER),
    "income": Given(name="income", type=FactType.MONEY, may_not_apply=True),
    "code": Given(name="code", type=FactType.CODE),
    "a": Given(name="a", type=FactType.BOOLEAN),
    "b": Given(name="b", type=FactType.BOOLEAN, may_not_apply=True),
    "born": Given(name="born", type=FactType.DATE),
}
EVERYBODY: Mapping[str, list[object]] = {
    "age": [Fraction(number) for number in range(5)] + [None],
    "income": [Fraction(half, 2) for half in range(1, 8)] + [NONE, None],
    "code": ["x", "y", "z", None],
    "a": [True, False, None],
    "b": [True, False, NONE, None],
    "born": [date(2024, 4, 30)] + [date(2024, 5, day) for day in range(1, 5)] + [None],
}
LEAVES = (
    "a", "b", "not b", "b != null", "age >= {n}", "age > {n}", "age < {n}", "{n} >= age",
    "age == {n}", "income >= {n}", "income < {n}", "income == null", 'code == "x"',
    'code in ["x", "y"]', 'code != "y"', "born >= $date(2024, 5, {n})",
    "born < $date(2024, 5, {n})",
)  # fmt: skip


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(("leaf", "and", "or", "not"))) if depth else "leaf"
    if kind == "leaf":
        return draw(st.sampled_from(LEAVES)).format(n=draw(st.integers(1, 3)))
    inner = conditions(depth - 1)
    if kind == "not":
        return f"not ({draw(inner)})"
    return f"({draw(inner)}) {kind} ({draw(inner)})"


@settings(max_examples=80, deadline=None)
@given(conditions(), conditions())
def test_a_contrast_says_what_asking_everybody_says(first: str, second: str) -> None:
    old, new = normalise(parse(first)), normalise(parse(second))
    found = contrast(old, new, FACTS)
    assert found is not None
    assert found.certain
    names = sorted({name for name in FACTS if name in f"{unparse(old)} {unparse(new)}"})
    rises = falls = gains = loses = False
    rank = {False: 0, None: 1, True: 2}
    for values in itertools.product(*(EVERYBODY[name] for name in names)):
        facts = dict(zip(names, values, strict=True))
        was, now = truth(old, facts), truth(new, facts)
        rises |= rank[now] > rank[was]
        falls |= rank[now] < rank[was]
        gains |= now is True and was is not True
        loses |= was is True and now is not True
    assert (found.rises, found.falls) == (rises, falls)
    assert (found.gains is not None, found.loses is not None) == (gains, loses)
    if found.gains is not None:
        assert truth(new, found.gains) is True is not truth(old, found.gains)
    if found.loses is not None:
        assert truth(old, found.loses) is True is not truth(new, found.loses)


def truth(condition: Expression, facts: object) -> bool | None:
    return evaluate(condition, FACTS, facts).value  # type: ignore[arg-type, return-value]  # a truth


def test_a_test_of_two_facts_may_have_any_answer() -> None:
    found = contrast(
        normalise(parse("age > income and a")), normalise(parse("age > income")), FACTS
    )
    assert found is not None
    assert (found.rises, found.falls, found.certain) == (True, False, False)


def test_a_pattern_over_an_open_text_is_not_asked() -> None:
    scope = {"text": Given(name="text", type=FactType.TEXT)}
    assert contrast(parse('text =~ "a.*"'), parse('text =~ "b.*"'), scope) is None
