"""Each static refusal: its message, where it points, and what to do instead."""

import pytest

from language.check import check
from language.definition import Constant, Formula, Given, Scope, Table
from language.errors import ConditionRefused
from language.expression import Call, walk
from language.functions import FUNCTIONS
from language.parse import parse
from language.reach import reachable_facts
from language.types import FactType, Kind
from tests.support.generated import build_scope

SCOPE: Scope = build_scope() | {
    "size": Given(name="size", type=FactType.CODE, values=("large", "small")),
    "first": Formula(expression=parse("second + 1")),
    "second": Formula(expression=parse("first + 1")),
    "wrong": Formula(expression=parse("code + 1")),
}


@pytest.mark.parametrize(
    ("text", "message", "remedy", "offset"),
    [
        ("wole > 1", 'unknown fact "wole"', 'did you mean "whole"?', 0),
        ("1 < zzzzzz", 'unknown fact "zzzzzz"', "declare it", 4),
        ("$yeers(day, day) > 1", 'unknown function "$yeers"', 'did you mean "$years"?', 0),
        ("$zzzzzz(day) > 1", 'unknown function "$zzzzzz"', "$years", 0),
        ("$years(day) > 1", "takes 2 arguments, not 1", "$years(birth_date, as_of)", 0),
        ("$round(1, 2, 3) > 1", "takes 1 to 2 arguments, not 3", "$round", 0),
        ("$min() > 1", "arguments, not 0", "$min", 0),
        ("$years(day, whole) > 1", '"$years" needs a date, whole is a number', "", 12),
        ('whole == "1"', '"==" compares whole, a number, with "1", a text', "one kind", 0),
        ('day > "2024-05-01"', "compares day, a date", "$date(2024, 5, 1)", 0),
        ("flag > maybe", '">" has no meaning', "==", 0),
        ('code < "B"', '"<" has no meaning', "==", 0),
        ("code + 1 > 1", "arithmetic needs a number, code is a text", "", 0),
        ("not whole", '"not" needs yes or no, whole is a number', "", 4),
        ("flag and whole", '"and" needs yes or no, whole is a number', "", 9),
        ("-code == 1", '"-" needs a number', "", 1),
        ("whole ? 1 : 2", '"?" needs yes or no', "", 0),
        ("(flag ? 1 : code) == 1", "1 is a number, code is a text", "", -1),
        ("whole in [1, 'a']", "the list holds", "quotes", 0),
        ('code in ["A", 1]', "the list holds 1", "quotes", 0),
        ("whole == null", '"whole" cannot be compared with null', "absent: none", 0),
        ("(flag ?? true)", '"??" is not allowed in a condition', "amounts", -1),
        ('size == "smal"', '"size" is never "smal"', 'did you mean "small"?', 0),
        ('size in ["large", "tiny9"]', '"size" is never "tiny9"', "large, small", 0),
        ("$has(whole)", "takes the name of one table parameter", "", 0),
        ("$has(by_whole, by_two)", "takes the name of one table parameter", "", 0),
        ("$has(1 + 1)", "takes the name of one table parameter", "", 0),
        ("$round(whole, small) > 1", "", "", -1),
        ("$round(whole, 9) > 1", "", "", -1),
        ("$round(whole, 1.5) > 1", "", "", -1),
        ("$add_days(day, small) > day", "written out", "", 0),
        ("$date(2024, whole, 1) > day", "written out", "", 0),
        ("$starts_with(code, text)", "written out", "", 0),
        ("first > 1", "in a circle: first → second → first", "", 0),
        ("small1 == 1", 'unknown fact "small1"', 'did you mean "small"?', 0),
        (
            "flag + 1 > 1",
            "arithmetic needs a number, flag is yes or no",
            "numbers are facts of type integer, money, ratio or number",
            0,
        ),
        (
            "$year(whole) > 1",
            '"$year" needs a date, whole is a number',
            "a date is a date fact, as_of, or $date(2024, 5, 1)",
            6,
        ),
        (
            '$starts_with(whole, "a")',
            '"$starts_with" needs a text, whole is a number',
            'a text is a fact of type code or text, or stands in quotes, like "C3512"',
            13,
        ),
        ("wrong > 1", 'in "wrong": arithmetic needs a number', "", 0),
    ],
)
def test_a_condition_without_meaning_is_refused(
    text: str, message: str, remedy: str, offset: int
) -> None:
    with pytest.raises(ConditionRefused) as refused:
        check(parse(text), SCOPE)
    assert message in refused.value.message
    assert remedy in refused.value.remedy
    if offset >= 0:
        assert refused.value.offset == offset


def test_the_kind_of_every_value_is_known() -> None:
    for text, kind in (
        ("whole + money * ratio", Kind.NUMBER), ("flag or maybe", Kind.BOOLEAN),
        ("$add_months(day, 1)", Kind.DATE), ("(flag ? code : text)", Kind.TEXT),
        ("by_two", Kind.NUMBER), ("scale", Kind.NUMBER), ("choice", Kind.NUMBER),
        ("dated", Kind.NUMBER), ("no_value", Kind.NUMBER), ("as_of", Kind.DATE),
    ):  # fmt: skip
        assert check(parse(text), SCOPE) is kind


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_the_example_of_every_function_can_be_read_and_uses_it(name: str) -> None:
    example = parse(FUNCTIONS[name].example)
    assert any(isinstance(part, Call) and part.function == name for part in walk(example))


def test_every_name_behind_a_condition_is_reached() -> None:
    found = reachable_facts([parse("choice > 1 and $has(by_two) and dated > quotient")], SCOPE)
    assert found >= {"choice", "flag", "whole", "money", "maybe", "number", "by_two", "code",
                     "dated", "day", "quotient"}  # fmt: skip
    assert "text" not in found


def test_a_table_by_an_unknown_fact_is_refused() -> None:
    table = SCOPE["by_whole"]
    assert isinstance(table, Table)
    with pytest.raises(ConditionRefused, match="unknown fact"):
        check(parse("by_whole > 1"), {"by_whole": table, "one": Constant(value=True)})


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("kind == zz", 'a text stands in quotes: "zz"'), ("kind == yy", 'did you mean "yyy"?'),
        ("today", "the day of the run is as_of"), ("now", "the day of the run is as_of"),
        ("date", "the day of the run is as_of"), ("qq", "declare it under facts: with its type"),
    ],
)  # fmt: skip
def test_an_unknown_word_is_answered_with_what_it_may_have_meant(text: str, remedy: str) -> None:
    scope: Scope = {
        "kind": Given(name="kind", type=FactType.CODE, values=("zz", "xx")),
        "other": Given(name="other", type=FactType.CODE, values=("ww",)),
        "yyy": Given(name="yyy", type=FactType.TEXT),
    }
    with pytest.raises(ConditionRefused) as refused:
        check(parse(text), scope)
    assert refused.value.remedy == remedy


def test_a_value_where_yes_or_no_is_wanted_is_answered_with_a_comparison() -> None:
    with pytest.raises(ConditionRefused) as refused:
        check(parse("not whole"), SCOPE)
    assert refused.value.remedy == "compare it, for example with == or >="


@pytest.mark.parametrize(
    ("fits", "beyond", "message"),
    [
        ("$round(number, 8)", "$round(number, 9)", "a whole number written out, from 0 to 8"),
        ("$round(number, 0)", "$round(number, -1)", "a whole number written out, from 0 to 8"),
        ("$round(number)", "$round(number, 0.5)", "argument 2 of"),
        ("$add_days(day, 3660000)", "$add_days(day, 3660001)", "from -3660000 to 3660000"),
        ("$add_days(day, -3660000)", "$add_days(day, -3660001)", "from -3660000 to 3660000"),
        ("$date(2024, 2, 29)", "$date(2023, 2, 29)", "is no day of the calendar"),
        ("$date($year(day), 2, 29)", "$date($year(day), 2, 30)", "is no day of the calendar"),
        ("$date(1, 1, 1)", "$date(0, 1, 1)", "is no day of the calendar"),
        ("$date(9999, 12, 31)", "$date(10000, 1, 1)", "is no day of the calendar"),
        ("$date(2024, 12, 1)", "$date(2024, 13, 1)", "is no day of the calendar"),
        ("$date(whole, 1, 1)", "$date(2024, 1, whole)", "argument 3 of"),
        ("$date(2024, 1, 1)", "$date(2024, 10001, 1)", "from 0 to 10000"),
        ("$date(2024, 1, 1)", "$date(2024.5, 1, 1)", "is no day of the calendar"),
        (f"$min({', '.join(['whole'] * 32)})", f"$min({', '.join(['whole'] * 33)})",
         "takes 1 to 32 arguments, not 33"),
        ("$latest(day)", "$latest()", "takes 1 to 32 arguments, not 0"),
        ("$years(day, day)", "$years(day, day, day)", "takes 2 arguments, not 3"),
        ("whole ** 8", "whole ** 9", "a whole number from 1 to 8"),
        ("whole ** 1", "whole ** 0", "a whole number from 1 to 8"),
        ("whole ** 2", "whole ** 1.5", "a whole number from 1 to 8"),
        ("whole ** 2", "whole ** true", "a whole number from 1 to 8"),
        ("whole ** 2", "whole ** whole", "a whole number from 1 to 8"),
        ("whole ** 2", "whole ** (1 + 1)", "a whole number from 1 to 8"),
        ("whole ** 2", 'whole ** "2"', "a whole number from 1 to 8"),
        ("level == null", "1 == null", '"null" is compared only with a fact'),
        ("null != level", "null == null", '"null" is compared only with a fact'),
        ("whole in [-1, 2]", "whole in [-small, 2]", "values only, no facts or formulas"),
        ("whole in [1]", "whole in [1 + 1]", "values only, no facts or formulas"),
        ('text =~ "a"', "text =~ code", "a pattern is a text in quotes"),
        ('text !~~ "a"', 'whole =~ "a"', "a pattern is for texts, whole is a number"),
        ("$has(by_two)", "$has(scale)", "takes the name of one table parameter"),
        ("$has(no_value)", "$has(choice)", "takes the name of one table parameter"),
        ("$has(dated)", "$has()", "takes the name of one table parameter"),
    ],
)  # fmt: skip
def test_each_limit_of_an_argument_holds_to_the_number(
    fits: str, beyond: str, message: str
) -> None:
    check(parse(fits), SCOPE)
    with pytest.raises(ConditionRefused) as refused:
        check(parse(beyond), SCOPE)
    assert message in refused.value.message
    assert refused.value.remedy
