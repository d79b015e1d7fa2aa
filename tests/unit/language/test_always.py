"""Conditions that are settled before any subject is seen are found, and no others."""

from datetime import date
from fractions import Fraction
from random import Random

import pytest

from language.always import find_settled
from language.definition import Constant, Definition, Formula, Given
from language.errors import Finding
from language.parse import parse
from language.reference import evaluate
from language.types import FactType
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
