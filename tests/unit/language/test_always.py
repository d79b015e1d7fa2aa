"""Conditions that are settled before any subject is seen are found, and no others."""

import itertools
import operator
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from language.always import find_settled
from language.definition import Constant, Definition, Formula, Given
from language.errors import Finding
from language.parse import parse
from language.reference import NONE, evaluate
from language.types import FactType
from language.unparse import unparse
from tests.support.generated import TYPES, build_scope, draw_rows, facts_of, write_truth

SCOPE: dict[str, Definition] = {
    "age": Given(name="age", type=FactType.INTEGER),
    "staff": Given(name="staff", type=FactType.INTEGER),
    "change": Given(name="change", type=FactType.INTEGER),
    "paid": Given(name="paid", type=FactType.MONEY),
    "poor": Given(name="poor", type=FactType.BOOLEAN),
    "size": Given(name="size", type=FactType.CODE, values=("large", "small")),
    "level": Given(name="level", type=FactType.INTEGER, may_not_apply=True),
    "code": Given(name="code", type=FactType.CODE),
    "born": Given(name="born", type=FactType.DATE),
    "as_of": Constant(value=date(2025, 1, 1)),
    "years": Formula(expression=parse("$years(born, as_of)")),
    "limit": Constant(value=Fraction(3)),
}
COUNTS = frozenset({"age", "staff"})


def find(text: str) -> list[Finding]:
    return find_settled(parse(text), SCOPE, COUNTS)


@pytest.mark.parametrize(
    ("text", "offset", "says"),
    [
        ("1 < 2", 0, "always holds"),
        ("poor and 2 < 1", 9, "never hold"),
        ("staff >= 0", 0, "always holds"),
        ("staff < 0", 0, "never hold"),
        ("staff + age < 0", 0, "never hold"),
        ("staff * 2 >= -1", 0, "always holds"),
        ("staff in [-1, -2]", 0, "never hold"),
        ("poor and age > 5 and age < 3", 21, "never hold"),
        ("age > 5 and age < 6", 12, "never hold"),
        ("age < 5 or age > 3", 11, "always holds"),
        ('size != "large" or size != "small"', 19, "always holds"),
        ('code != "A" or code != "B"', 15, "always holds"),
        ('code == "A" and code == "B"', 16, "never hold"),
        ('size == "large" or size == "small"', 19, "always holds"),
        ('size in ["large", "small"]', 0, "always holds"),
        ('size =~ "x"', 0, "never hold"),
        ('size =~~ "l"', 0, "always holds"),
        ("age == 5.5", 0, "never hold"),
        ("age == age", 0, "always holds"),
        ("paid + 1 < paid + 1", 0, "never hold"),
        ("born >= $date(2020, 1, 1) and born < $date(2020, 1, 1)", 30, "never hold"),
        ("$month(born) > 12", 0, "never hold"),
        ("$months_through(born, as_of) < 0", 0, "never hold"),
        ("$abs(paid) >= 0", 0, "always holds"),
        ("$max(paid, 3) < 3", 0, "never hold"),
        ("$min(paid, 3) <= 3", 0, "always holds"),
        ("$max(staff, 3) < 3", 0, "never hold"),
        ("$min(staff, 3) < 0", 0, "never hold"),
        ("change > 5 and change < 6", 15, "never hold"),
        ("change <= 5 or change >= 6", 15, "always holds"),
        ("years > 60 and years < 18", 15, "never hold"),
        ("limit > 5 and limit < 5", 14, "never hold"),
        ("age in [60, 61, 60]", 16, "stands twice"),
        ('code in ["A", "A"]', 14, "stands twice"),
        ("poor ? age >= 0 : poor", 7, "always holds"),
        ("not (staff < 0)", 5, "never hold"),
        ("level == null and level == 2", 18, "never hold"),
        ("(poor ? 5 : 6) > 9", 0, "never hold"),
    ],
)
def test_a_settled_condition_is_found_with_its_place(text: str, offset: int, says: str) -> None:
    (finding,) = find(text)
    assert finding.offset == offset
    assert says in finding.message
    assert finding.remedy
    assert not finding.certain


@pytest.mark.parametrize(
    "text",
    [
        "change < 5", "change > 5", "change <= -1", "change >= 0", "change == 5",
        "$max(staff, 3) < 4", "age > 0", "age >= 1", "age <= 0", "paid >= 0", "paid < 0",
        "age > 5 and age < 7", "poor", "age > 5 or age < 3", "poor == true", "poor == false",
        "not poor", 'size == "large"', 'size != "large"', 'size in ["large"]', 'size =~ "l"',
        'code =~ "A"', 'code =~ "A" and code =~ "B"', 'code == "A" or code == "B"',
        "level <= 2 or level > 2", "level == null", "level != null and level <= 2", "level == 2",
        "years >= 0", "paid == age", "age > 5 or age < 5",
        "born >= $date(2020, 1, 1) and born < $date(2020, 1, 2)", "$month(born) > 11", "true",
        "paid / staff > 0", "paid > limit", "limit > 2", "born != as_of", "paid % 3 > 2",
        "age > 5 and paid < 3", "$max(paid, 3) <= 3", "$min(paid, 3) < 3", "paid - staff < 0",
        "staff - age < 0", "$round(paid) < 0", "(poor ? 5 : 10) > 9", "age in [60, 61]",
        "poor or 1 == paid", "staff * paid < 0", "-staff < 0", "paid == 5.5",
        "years == 5.5 or years < 2",
    ],
)  # fmt: skip
def test_an_open_condition_is_left_alone(text: str) -> None:
    if text == "level <= 2 or level > 2":
        # of those it applies to it asks nothing
        assert find(text)
        return
    assert find(text) == []


def test_what_is_found_never_is_otherwise_on_any_row() -> None:
    """The oracle: rows of every kind, evaluated by the definition."""
    scope = build_scope()
    counted = frozenset({name for name, kind in TYPES.items() if kind is FactType.DATE})
    found = 0
    for seed in range(1500):
        rng = Random(f"settled {seed}")
        text = write_truth(rng, 2)
        expression = parse(text)
        for finding in find_settled(expression, scope, counted):
            if "stands twice" in finding.message:
                continue
            found += 1
            part = finding.message.rsplit(" can never hold")[0].rsplit(" always holds")[0]
            answer = "always" in finding.message
            for row in draw_rows(rng, 20, missing=0.1):
                value = evaluate(parse(part), scope, facts_of(row)).value
                assert value in (answer, None), (part, row)
    assert found > 40


ENDS = (None, 0, 1, 2)
GRID = [Fraction(n, 2) for n in range(-4, 9)]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def between(name: str, low: int | None, high: int | None) -> tuple[str, list[Fraction]]:
    """A text whose value lies between the ends, and the values it has on the grid."""
    text = name if low is None else f"$max({name}, {low})"
    text = text if high is None else f"$min({text}, {high})"
    inside = [n for n in GRID if (low is None or n >= low) and (high is None or n <= high)]
    return text, inside


RANGES = [(low, high) for low in ENDS for high in ENDS if None in (low, high) or low <= high]  # type: ignore[operator]


@pytest.mark.parametrize("sign", SIGNS)
def test_ranges_settle_a_comparison_exactly_where_every_pair_agrees(sign: str) -> None:
    for left, right in itertools.product(RANGES, repeat=2):
        (a, these), (b, those) = between("paid", *left), between("change", *right)
        answers = {SIGNS[sign](x, y) for x, y in itertools.product(these, those)}
        told = [finding.message for finding in find(f"{a} {sign} {b}")]
        says = "always holds" if answers == {True} else "can never hold"
        text = unparse(parse(f"{a} {sign} {b}"))
        assert told == ([f"{text} {says}"] if len(answers) == 1 else []), text


WHOLE = [Fraction(n) for n in range(-4, 10)]
HALVES = [Fraction(n, 4) for n in range(-16, 40)]
DAYS = [date(2024, 2, 20) + timedelta(days=n) for n in range(20)]
WRITTEN_DAYS = ["$date(2024, 2, 28)", "$date(2024, 2, 29)", "$date(2024, 3, 1)"]
DOMAINS: dict[str, tuple[list[Any], list[str]]] = {
    "change": (WHOLE, ["0", "1", "2", "-1", "2.5", "--2"]),
    "staff": (WHOLE[4:], ["0", "1", "2", "-1", "0.5", "-0"]),
    "paid": (HALVES, ["0", "1", "-1.5", "2", "2.5"]),
    "born": (DAYS, WRITTEN_DAYS),
    "level": ([*WHOLE, NONE], ["0", "1"]),
    "size": (["large", "small"], ['"large"', '"small"']),
    "code": (["A", "B", "C", "elsewhere"], ['"A"', '"B"', '"C"']),
    "poor": ([True, False], ["true", "false"]),
}
SETS = {"change": "[0, 1]", "staff": "[-1, 0]", "paid": "[1, 2]", "level": "[0, 1]",
        "size": '["small", "large"]', "code": '["A", "B"]'}  # fmt: skip


def draw_test(rng: Random, name: str) -> str:
    values = DOMAINS[name][1]
    signs = ["==", "!="] if name in ("size", "code", "poor") else list(SIGNS)
    test = f"{name} {rng.choice(signs)} {rng.choice(values)}"
    kind = rng.random()
    if kind < 0.15 and name in SETS:
        test = f"{name} in {SETS[name]}"
    elif kind < 0.3 and name != "poor":
        test = f"{values[0]} {rng.choice(signs)} {name}"
    elif kind < 0.35 and name == "size":
        test = 'size =~ "l"'
    return f"not ({test})" if rng.random() < 0.3 else test


@pytest.mark.parametrize("name", DOMAINS)
def test_tests_of_one_fact_are_settled_exactly_where_trying_every_value_says_so(name: str) -> None:
    """Two tests, joined: found where one alone or both together give every value one answer."""
    rng = Random(name)
    seen = set()
    for _ in range(120):
        one, other = draw_test(rng, name), draw_test(rng, name)
        joined = f"{one} {rng.choice(['and', 'or'])} {other}"

        def answers(text: str) -> set[bool]:
            scope = {name: SCOPE[name]}
            found = [evaluate(parse(text), scope, {name: value}) for value in DOMAINS[name][0]]
            return {one.value is True for one in found if one.value is not None}

        wanted = any(len(answers(text)) == 1 for text in (one, other, joined))
        found = find(joined)
        assert bool(found) is wanted, joined
        seen.add(wanted)
    assert seen == {True, False}


SLIP = "look for a slip in a name, a value or a sign, or leave it out"


@pytest.mark.parametrize(
    ("text", "part", "says", "offset", "remedy"),
    [
        ("change > 5 and change < 3", "change > 5 and change < 3", "can never hold", 15,
         f"{SLIP}; did you mean or?"),
        ("change < 5 or change > 3", "change < 5 or change > 3", "always holds", 14, SLIP),
        ("(change > 5 or change < 3) and change == 4",
         "(change > 5 or change < 3) and change == 4", "can never hold", 31,
         f"{SLIP}; did you mean or?"),
        ("not (poor and staff < 0)", "staff < 0", "can never hold", 14, SLIP),
        ("change in [60, 61, 60.0]", "60", "stands twice in the list", 19,
         "leave one out, or look for a slip"),
        ('(paid > 1 ? poor : code in ["B", "C", "B"])', '"B"', "stands twice in the list", 38,
         "leave one out, or look for a slip"),
        ("(staff >= 0) == poor", "staff >= 0", "always holds", 1, SLIP),
        ("$round(poor ? (1 > 2 ? 1 : 2) : 3) > paid", "1 > 2", "can never hold", 15, SLIP),
        ("-(1 > 2 ? 1 : paid) > 0", "1 > 2", "can never hold", 2, SLIP),
        ("(1 > 2 ? 1 : paid) in [1, 2]", "1 > 2", "can never hold", 1, SLIP),
        ('(1 > 2 ? code : size) =~ "x"', "1 > 2", "can never hold", 1, SLIP),
        ("poor and (born == born or poor)", "born == born", "always holds", 10, SLIP),
        ("born != born", "born != born", "can never hold", 0, SLIP),
        ("paid <= paid", "paid <= paid", "always holds", 0, SLIP),
        ("change > 5 and poor and change < 3 and paid > 1 and paid > 2",
         "change > 5 and change < 3", "can never hold", 24, f"{SLIP}; did you mean or?"),
    ],
)  # fmt: skip
def test_a_finding_says_what_where_and_what_to_do(
    text: str, part: str, says: str, offset: int, remedy: str
) -> None:
    shown = part if "twice" in says else unparse(parse(part))
    found = [(one.message, one.offset, one.remedy) for one in find(text)]
    assert found == [(f"{shown} {says}", offset, remedy)]


@pytest.mark.parametrize(
    "text",
    ["born < $date(1, 1, 1) or born > $date(9999, 12, 31) or poor",
     "born > $date(2024, 1, 1) and poor and paid > 1",
     "born <= $date($year(born), 1, 1) and born > $date(2025, 1, 1)"],
)  # fmt: skip
def test_days_at_the_ends_of_the_calendar_and_computed_ones_settle_nothing(text: str) -> None:
    assert find(text) == []
