"""Units that cannot fit are errors, those that probably do not are warned of, all else passes."""

from collections.abc import Mapping

import pytest

from language.definition import Definition, Formula, Given
from language.errors import Finding
from language.parse import parse
from language.types import FactType
from language.unit import (
    MONEY,
    RATIO,
    Unit,
    differ_in_length_only,
    fit,
    join,
    multiply,
    parse_unit,
    scale,
    unit_of_type,
)
from language.unit_check import find_unfit_units

UNITS: dict[str, Unit | None] = {
    "paid": MONEY, "fee": parse_unit("yuan"), "rent_month": parse_unit("yuan/month"),
    "rent_year": parse_unit("yuan/year"), "rate": RATIO, "rate_pct": parse_unit("percent"),
    "months_paid": parse_unit("month"), "age": parse_unit("year"), "staff": parse_unit("person"),
    "pieces": parse_unit("piece"), "per_head": parse_unit("yuan/person"), "number": None,
    "mixed": parse_unit("kWh / m3 / t"), "energy": parse_unit("kWh"), "wage": parse_unit("元/月"),
}  # fmt: skip
SCOPE: Mapping[str, Definition] = {
    name: Given(name=name, type=FactType.NUMBER) for name in (*UNITS, "born", "as_of")
} | {
    "share": Formula(expression=parse("paid / fee")),
    "total": Formula(expression=parse("rent_month * months_paid")),
}


def find(text: str) -> list[Finding]:
    return find_unfit_units(parse(text), SCOPE, UNITS)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("paid > rate", 7),
        ("paid + rate > 0", 7),
        ("paid == months_paid", 8),
        ("months_paid >= age", 15),
        ("$years(born, as_of) >= months_paid", 23),
        ("$months(born, as_of) > age", 23),
        ("$days(born, as_of) <= months_paid", 22),
        ("rate_pct <= rate", 12),
        ("rate - rate_pct > 0", 7),
        ("paid * rate > rate", 14),
        ("paid / fee > paid", 13),
        ("share > paid", 8),
        ("total > rate", 8),
        ("$max(paid, rate) > 0", 11),
        ("$min(1, paid, months_paid)", 14),
        ("age > 3 ? paid : rate", 17),
        ("paid ?? rate", 8),
        ("$round(paid, 2) > rate", 18),
        ("not (paid > rate)", 12),
        ("age > 5 and paid > rate", 19),
        ("$add_months(born, age) > as_of", 18),
        ("paid * 12 > months_paid", 12),
        ("paid % rate", 7),
        ("rent_month * months_paid > rate", 27),
        ("-paid > rate", 8),
        ("$abs(paid - rate)", 12),
        ("wage > rate", 7),
    ],
)
def test_what_cannot_fit_is_an_error_with_its_place(text: str, offset: int) -> None:
    (finding,) = find(text)
    assert finding.certain
    assert finding.offset == offset
    assert finding.remedy


@pytest.mark.parametrize(
    "text",
    [
        "rent_month > rent_year", "fee > rent_month", "staff > pieces", "energy > staff",
        "staff > age", "fee + rent_month > 0", "energy > paid",
    ],
)  # fmt: skip
def test_what_probably_does_not_fit_is_a_warning(text: str) -> None:
    (finding,) = find(text)
    assert not finding.certain


@pytest.mark.parametrize(
    "text",
    [
        "paid > 5", "paid > fee", "paid > rent_month", "paid * rate > rent_month",
        "rate * paid > rent_year", "paid * rate > fee", "paid / fee > rate", "rate < 0.5",
        "share > rate", "total > fee", "rent_month * months_paid > fee",
        "rent_month * 12 > rent_year", "rent_year / 12 > rent_month", "months_paid >= 12",
        "months_paid / 12 > age", "age * 12 > months_paid", "staff * 500 > paid",
        "per_head * staff > paid", "paid / staff > per_head", "rate_pct / 100 > rate",
        "rate * 100 > rate_pct", "paid * rate_pct / 100 > fee", "number > paid", "paid > number",
        "mixed > paid", "$years(born, as_of) > age", "$months(born, as_of) > months_paid",
        "$year(born) - 2000 > age", "$max(0, paid - fee) > paid", "$min(paid, 20000) > fee",
        "1 - rate > rate", "paid ** 2 > 4", "$add_months(born, months_paid) > as_of",
        "$add_months(born, age * 12) > as_of", "paid * 0.5 + fee > 0", "age > 5 ? 1 : paid",
        "age in [1, 2]", "(age > 5) == (paid > 3)", "staff / staff > rate", "wage > paid",
        "$floor(months_paid / 12) >= 2", "paid // fee > rate", "$month(born) > age",
        "staff + 1 > staff * 2",
    ],
)  # fmt: skip
def test_what_fits_or_may_fit_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_units_are_products_of_powers() -> None:
    month, wage = parse_unit("month"), parse_unit("yuan/month")
    assert multiply(wage, month) == parse_unit("yuan")
    assert multiply(parse_unit("yuan"), month, -1) == wage
    assert multiply(wage, wage, -1) == RATIO
    assert multiply(None, wage) is None
    assert str(wage) == "yuan/month"
    assert str(RATIO) == "a ratio"
    assert parse_unit("kWh / m3 / t") is None
    assert parse_unit("") is None
    assert parse_unit("人") == parse_unit("persons") == parse_unit("person")
    assert scale(wage) == MONEY
    assert scale(month) is None
    assert fit(MONEY, Unit({"yuan": 1, "month": -1}))
    assert not fit(Unit({"yuan": 1}), Unit({"yuan": 1, "month": -1}))
    assert unit_of_type(FactType.RATIO) == RATIO
    assert unit_of_type(FactType.MONEY) == MONEY
    assert multiply(MONEY, RATIO) == MONEY
    assert multiply(RATIO, MONEY) == MONEY
    assert unit_of_type(FactType.INTEGER) is None


SPELLINGS = {
    "yuan": ["yuan", "元", "cny", "CNY", " Yuan "],
    "percent": ["percent", "%", "百分点"],
    "day": ["day", "days", "天", "日"],
    "month": ["month", "months", "月", "个月"],
    "quarter": ["quarter", "季", "季度"],
    "year": ["year", "years", "年", "岁"],
    "person": ["person", "persons", "people", "人"],
}


@pytest.mark.parametrize("base", SPELLINGS)
def test_every_spelling_of_a_unit_is_that_unit(base: str) -> None:
    for spelling in SPELLINGS[base]:
        unit = parse_unit(spelling)
        assert unit == Unit({base: 1})
        assert str(unit) == base
        assert parse_unit(f"kwh/{spelling.strip()}") == Unit({"kwh": 1, base: -1})


@pytest.mark.parametrize(
    ("text", "shown"),
    [("yuan/month", "yuan/month"), ("ratio", "a ratio"), ("1", "a ratio"), ("1/月", "1/month"),
     ("yuan/yuan", "a ratio"), ("kWh/t/t", "kwh/t/t"), ("件", "件")],
)  # fmt: skip
def test_a_unit_is_shown_above_and_below_the_line(text: str, shown: str) -> None:
    assert str(parse_unit(text)) == shown


def test_a_product_shows_each_of_its_units() -> None:
    area = multiply(parse_unit("m"), multiply(parse_unit("m"), parse_unit("yuan")))
    assert str(area) == "m·m·yuan"
    assert str(multiply(RATIO, area, -1)) == "1/m/m/yuan"
    assert str(multiply(parse_unit("kWh"), area, -1)) == "kwh/m/m/yuan"


TIMES = ("day", "month", "quarter", "year")


@pytest.mark.parametrize("one", TIMES)
@pytest.mark.parametrize("other", TIMES)
def test_money_is_loose_about_lengths_of_time_and_nothing_else_is(one: str, other: str) -> None:
    wage, rate = Unit({"yuan": 1, one: -1}), Unit({"kwh": 1, one: -1})
    assert fit(MONEY, wage)
    assert fit(wage, MONEY)
    assert not fit(MONEY, rate)
    assert fit(wage, Unit({"yuan": 1, other: -1})) is (one == other)
    assert differ_in_length_only(wage, Unit({"yuan": 1, other: -1}))
    assert not differ_in_length_only(Unit({one: 1}), Unit({other: 1}))
    assert join(MONEY, wage) == wage
    assert join(wage, MONEY) == wage
    assert scale(wage) == MONEY
    assert scale(multiply(wage, Unit({other: 1}))) == MONEY
    assert multiply(MONEY, Unit({one: -1})) == Unit({"yuan": 1, one: -1}, loose=True)
    assert multiply(wage, RATIO) == wage


@pytest.mark.parametrize("unit", [None, RATIO, Unit({"yuan": 2}), Unit({"yuan": 1, "kwh": -1})])
def test_so_many_times_what_is_no_money_may_be_anything(unit: Unit | None) -> None:
    assert scale(unit) is None


BASES = ("yuan", "percent", "day", "month", "quarter", "year")
BASE_UNITS: dict[str, Unit | None] = {base: Unit({base: 1}) for base in BASES}
OTHERS: dict[str, Unit | None] = {"person": Unit({"person": 1}), "piece": Unit({"piece": 1})}


@pytest.mark.parametrize("one", [*BASES, "person", "piece"])
@pytest.mark.parametrize("other", [*BASES, "person", "piece"])
def test_bases_that_never_stand_for_each_other_are_sure(one: str, other: str) -> None:
    names = (one, other, "ratio")
    scope = {name: Given(name=name, type=FactType.NUMBER) for name in names}
    found = find_unfit_units(
        parse(f"{one} > {other}"), scope, BASE_UNITS | OTHERS | {"ratio": RATIO}
    )
    assert [finding.certain for finding in found] == (
        [] if one == other else [one in BASES and other in BASES]
    )
    (beside,) = find_unfit_units(
        parse(f"{one} > ratio"), scope, BASE_UNITS | OTHERS | {"ratio": RATIO}
    )
    assert beside.certain is (one in BASES)


PERCENT = "5.5 in percent is the ratio 0.055: multiply or divide by 100"
LENGTH = "bring both to one length of time, or correct the unit of one"
SHARE = "multiply the ratio by what it is a share of, or correct the unit of one"
ONE_UNIT = "bring both to one unit, or correct the unit that one declares"


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("rate_pct + rate > 0", '"+" adds rate_pct (percent) and rate (a ratio)', PERCENT),
        ("paid - rate > 0", '"-" is between paid (yuan) and rate (a ratio)', SHARE),
        ("rate % age > 0", '"%" is between rate (a ratio) and age (year)', SHARE),
        ("rent_month > rent_year", "compares rent_month (yuan/month) and rent_year (yuan/year)",
         LENGTH),
        ("(paid ?? rate)", '"??" chooses between paid (yuan) and rate (a ratio)', SHARE),
        ("age > 3 ? age : staff", '"? :" chooses between age (year) and staff (person)', ONE_UNIT),
        ("$max(1, age, staff)", '"$max" compares age (year) and staff (person)', ONE_UNIT),
        ("$min(age, staff, fee)", '"$min" compares age (year) and staff (person)', ONE_UNIT),
        ("$add_months(born, age) > as_of", '"$add_months" adds months, age is year', ONE_UNIT),
        ("$years(born, as_of) > staff",
         "compares $years(born, as_of) (year) and staff (person)", ONE_UNIT),
        ("$year(born) > staff", "compares $year(born) (year) and staff (person)", ONE_UNIT),
        ("$months(born, as_of) > staff",
         "compares $months(born, as_of) (month) and staff (person)", ONE_UNIT),
        ("$months_through(born, as_of) > staff",
         "compares $months_through(born, as_of) (month) and staff (person)", ONE_UNIT),
        ("$days(born, as_of) > staff",
         "compares $days(born, as_of) (day) and staff (person)", ONE_UNIT),
        ("$ceil(paid) > rate", "compares $ceil(paid) (yuan) and rate (a ratio)", SHARE),
        ("$floor(paid) > rate", "compares $floor(paid) (yuan) and rate (a ratio)", SHARE),
        ("$abs(paid) > rate", "compares $abs(paid) (yuan) and rate (a ratio)", SHARE),
        ("$max(paid, 1) > rate", "compares $max(paid, 1) (yuan) and rate (a ratio)", SHARE),
        ("$min(paid, 1) > rate", "compares $min(paid, 1) (yuan) and rate (a ratio)", SHARE),
        ("not (paid + rate in [1])", '"+" adds paid (yuan) and rate (a ratio)', SHARE),
        ("(paid + rate) ** 2 > 1", '"+" adds paid (yuan) and rate (a ratio)', SHARE),
        ("$year($add_months(born, paid - rate)) > 1",
         '"-" is between paid (yuan) and rate (a ratio)', SHARE),
        ("(paid > rate ? 1 : 2) > 0", "compares paid (yuan) and rate (a ratio)", SHARE),
        ("1 / paid > fee", "", ""), ("100 // paid > rate", "", ""), ("paid // 2 > fee", "", ""),
        ("paid // rate > fee", "", ""), ("2 * rate > fee", "", ""),
        ("paid / staff > rate", "compares (paid / staff) (yuan/person) and rate (a ratio)", SHARE),
        ("paid // staff > rate",
         "compares (paid // staff) (yuan/person) and rate (a ratio)", SHARE),
        ("paid * (1 + -2) > rate", "compares (paid * (1 + (-2))) (yuan) and rate (a ratio)", SHARE),
        ("(2 - 1) * paid > rate", "compares ((2 - 1) * paid) (yuan) and rate (a ratio)", SHARE),
        ("paid * (1 + number) > rate", "", ""),
        ("rent_month + fee > 0", '"+" adds rent_month (yuan/month) and fee (yuan)', LENGTH),
    ],
)  # fmt: skip
def test_a_finding_names_both_sides_their_units_and_a_way_out(
    text: str, message: str, remedy: str
) -> None:
    found = [(one.message, one.remedy) for one in find(text)]
    assert found == ([(f"units do not fit: {message}", remedy)] if message else [])
