"""How large columns are taken to grow: worked out by hand from what each step repeats."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import pytest

from language.definition import (
    Anything,
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Formula,
    Given,
    Hit,
    Row,
    Rule,
    Span,
    Table,
    Tier,
    Tiers,
)
from language.exact import TooWide
from language.expression import Name
from language.parse import parse
from language.size import MAX_SIZE, Sizes, refuse_too_large
from language.types import FactType, Kind

A, B = Name(name="a"), Name(name="two")
ROW = Row(matchers=(Anything(),), value=Fraction(1))


def rules(count: int) -> DecisionTable:
    return DecisionTable(
        inputs=(A, B),
        hit=Hit.FIRST,
        kind=Kind.NUMBER,
        rules=tuple(
            Rule(number=n, matchers=(Anything(), Anything()), value=None) for n in range(count)
        ),
    )


TABLE = Table(by=(A, B), rows=(ROW,) * 5, kind=Kind.NUMBER)
TIERS = Tiers(by=B, tiers=(Tier(over=Fraction(0), up_to=None),) * 3)
DAY = date(2025, 1, 1)
SCOPE: Mapping[str, Definition] = {
    **{name: Given(name=name, type=FactType.NUMBER) for name in "abc"},
    "f": Given(name="f", type=FactType.BOOLEAN),
    "t": Given(name="t", type=FactType.TEXT),
    "d": Given(name="d", type=FactType.DATE),
    "one": Constant(value=Fraction(1)),
    "two": Formula(expression=parse("-a")),
    "four": Formula(expression=parse("-two")),
    "chosen": Choice(cases=((parse("f"), parse("a")), (parse("not f"), parse("-b")), (None, A))),
    "table": TABLE,
    "rules3": rules(3),
    "rules4": rules(4),
    "tiers": TIERS,
    "dated": Dated(
        at=Name(name="d"),
        kind=Kind.NUMBER,
        spans=(
            Span(start=DAY, end=DAY, value=TABLE),
            Span(start=DAY, end=None, value=Constant(value=Fraction(1))),
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a", 1), ("1", 1), ("one", 1), ("-a", 2), ("not f", 2),
        # a name costs what it stands for, and two more
        ("two", 2 + 2), ("four", 2 + 2 + 1 + 2), ("f and f or f", 3), ("a == b", 2 * 2),
        ("a < -b", 2 * 3), ("(a ?? b)", 2 * 2), ("a + b", 2 * 2), ("a - b", 2 * 2),
        ("a * -b", 2 * 3), ("a / b", 3 * 2), ("a // b", 6 * 2), ("a % b", 9 * 2),
        ("a ** 3", 16), ("-a ** 2", 17), ("(-a) ** 2", 32), ("a in [1, 2, 3]", 3),
        ("-a in [1, 2]", 4), ('t =~ "x"', 2), ('(f ? t : t) =~ "x"', 2 * 2 * (2 + 2)),
        ("f ? a : -b", 2 * (2 + 1 + 2)), ("not f ? -a : b", 2 * (4 + 2 + 1)),
        ("$has(table)", 2 * 5 * 5),
        ("$round(-a)", 6 * 2), ("$round(a, 2)", 6 * 2), ("$floor(-a)", 2 * 2),
        ("$ceil(-a)", 3 * 2), ("$abs(-a)", 2 * 2), ("$years(d, d)", 4 * 2),
        ("$months(d, d)", 6 * 2), ("$months_through(d, d)", 2 * 2), ("$add_months(d, a)", 4 * 2),
        ("$add_days(d, 3)", 2 * 2), ("$year(d)", 1), ("$month(d)", 1), ("$month_start(d)", 1),
        ("$month_end(d)", 1), ("$quarter(d)", 1), ("$year_start(d)", 1), ("$year_end(d)", 2),
        ("$date(a, 1, 1)", 4 * 3), ("$days(d, d)", 8 * 2), ('$starts_with(t, "x")', 8 * 2),
        ("$year($year_end(d))", 2),
        # in pairs: 2 and 3 and 4 values need one, two and two rounds of comparing and taking
        ("$min(-a)", 2), ("$max(a, b)", 2 * 6), ("$min(a, b, c)", 3 * 36),
        ("$max(a, b, c, -a)", 5 * 36), ("$earliest(d, d)", 2 * 6), ("$latest(d, d, d)", 3 * 36),
        ("$min(a, b, c, a, b)", 5 * 216),
        ("chosen", 2 * (2 * (1 + 2) + 1 + 2 + 1)), ("table", 2 * 5 * (1 + 4)),
        ("rules3", (5 + 2) * 3 * (2 + 5)), ("rules4", (5 + 3) * 4 * (2 + 5)),
        ("tiers", 10 * 3 * 4), ("dated", 2 * 2 * 1 + 2 * 5 * 5 + 1),
    ],
)  # fmt: skip
def test_a_size_is_what_a_step_repeats_times_what_is_in_it(text: str, size: int) -> None:
    assert Sizes(SCOPE).of(parse(text)) == size


@pytest.mark.parametrize(
    ("inner", "outer", "factor"),
    [("a", "$round({})", 6), ("a", "({}) % 7", 9), ("a", "$min({}, 1)", 6), ("a", "({}) ** 2", 16),
     ("d", "$add_months({}, 1)", 4)],
)  # fmt: skip
def test_a_chain_is_refused_where_its_factors_pass_the_limit(
    inner: str, outer: str, factor: int
) -> None:
    text, links = inner, 0
    while Sizes(SCOPE).of(parse(text)) <= MAX_SIZE:
        refuse_too_large(parse(text), SCOPE)
        text, links = outer.format(text), links + 1
    with pytest.raises(TooWide):
        refuse_too_large(parse(text), SCOPE)
    # no later than the factor alone says, and sooner only for the small numbers added on the way
    assert factor ** (links - 2) < MAX_SIZE < factor ** (links + 1)


def test_sizes_stay_small_numbers_however_deep() -> None:
    chain: dict[str, Definition] = {"x0": Given(name="x0", type=FactType.NUMBER)}
    for link in range(1, 41):
        chain[f"x{link}"] = Formula(expression=parse(f"x{link - 1} + x{link - 1}"))
    sizes = Sizes(chain)
    assert sizes.of(parse("x40")) == MAX_SIZE + 1
    assert sizes.of_name("x40") == MAX_SIZE + 1
    assert sizes.of(parse("x40 + x40")) == MAX_SIZE + 1
    assert sizes.known["x1"] == 2 * (1 + 1) + 2
    assert sizes.known["x2"] == 2 * (6 + 6) + 2


def test_exactly_the_limit_is_not_too_large() -> None:
    wide = Tiers(by=A, tiers=(Tier(over=Fraction(0), up_to=None),) * (MAX_SIZE // 10))
    scope: Mapping[str, Definition] = {**SCOPE, "w": wide}
    assert Sizes(scope).of(parse("w")) == MAX_SIZE
    refuse_too_large(parse("w"), scope)
    with pytest.raises(TooWide):
        refuse_too_large(parse("-w"), scope)
