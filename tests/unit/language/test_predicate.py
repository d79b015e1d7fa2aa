"""Tests that mean the same are one predicate, however they are written."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import pytest

from language.definition import Constant, Definition, Formula, Given
from language.expression import Comparison, Literal, Name
from language.parse import parse
from language.predicate import predicate_of
from language.types import FactType

SCOPE: Mapping[str, Definition] = {
    "age": Given(name="age", type=FactType.INTEGER),
    "other": Given(name="other", type=FactType.INTEGER),
    "day": Given(name="day", type=FactType.DATE),
    "limit": Constant(value=Fraction(80)),
    "start": Constant(value=date(2024, 2, 29)),
    "years": Formula(expression=parse("age + other")),
}
AGE, DAY = Name(name="age"), Name(name="day")
EIGHTY, LEAP = Literal(value=Fraction(80)), Literal(value=date(2024, 2, 29))


@pytest.mark.parametrize(
    ("written", "turned", "operator"),
    [("<", ">", "lt"), ("<=", ">=", "le"), (">", "<", "gt"), (">=", "<=", "ge"),
     ("==", "==", "eq"), ("!=", "!=", "ne")],
)  # fmt: skip
def test_a_value_stands_on_the_right_in_place_of_its_name(
    written: str, turned: str, operator: str
) -> None:
    for value in ("80", "80.0", "limit"):
        usual = Comparison(operator=operator, left=AGE, right=EIGHTY)
        assert predicate_of(parse(f"age {written} {value}"), SCOPE).expression == usual
        assert predicate_of(parse(f"{value} {turned} age"), SCOPE).expression == usual
    for value in ("$date(2024, 2, 29)", "start"):
        usual = Comparison(operator=operator, left=DAY, right=LEAP)
        assert predicate_of(parse(f"day {written} {value}"), SCOPE).expression == usual
        assert predicate_of(parse(f"{value} {turned} day"), SCOPE).expression == usual


@pytest.mark.parametrize(
    "text", ["age < other", "day <= $date($year(day), 2, 28)", "age in [1, 2]", "age + limit > 80"]
)
def test_what_is_no_plain_value_stays_as_written(text: str) -> None:
    assert predicate_of(parse(text), SCOPE).expression == parse(text)


def test_a_predicate_knows_what_its_names_mean_and_rest_on() -> None:
    plain, worked = (predicate_of(parse(text), SCOPE) for text in ("age > limit", "years > limit"))
    assert (plain.given, plain.worked_out) == (("age",), ())
    assert (worked.given, worked.worked_out) == (("age", "other"), ("years",))
    assert plain.scope == {"age": SCOPE["age"]}
    assert worked.scope == {name: SCOPE[name] for name in ("age", "other", "years")}
    changed = {**SCOPE, "limit": Constant(value=Fraction(60))}
    assert predicate_of(parse("age > limit"), changed) != plain
    another = {**SCOPE, "years": Formula(expression=parse("age - other"))}
    assert predicate_of(parse("years > limit"), another) != worked
    assert predicate_of(parse("80 < years"), SCOPE) == worked
