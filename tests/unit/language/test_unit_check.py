"""Units that cannot fit are errors, those that probably do not are warned of, all else passes."""

from collections.abc import Mapping

import pytest

from language.definition import Definition, Formula, Given
from language.errors import Finding
from language.parse import parse
from language.types import FactType
from language.unit import MONEY, RATIO, Unit, fit, multiply, parse_unit, scale, unit_of_type
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
