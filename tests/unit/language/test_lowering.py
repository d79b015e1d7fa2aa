"""What is the same for everybody is a column as long as the part, with the reference's value."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from language.definition import (
    Constant,
    Definition,
    Formula,
    Given,
    NoValue,
    Tier,
    Tiers,
)
from language.exact import Exact
from language.expression import Name
from language.frame import prepare
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType, Kind

SCOPE: Mapping[str, Definition] = {
    "x": Given(name="x", type=FactType.INTEGER),
    "d": Given(name="d", type=FactType.DATE),
    "t": Given(name="t", type=FactType.TEXT),
    "as_of": Constant(value=date(2024, 2, 29)),
    "born": Constant(value=date(1950, 8, 31)),
    "rate": Constant(value=Fraction("-0.055")),
    "seven": Constant(value=Fraction(7)),
    "yes": Constant(value=True),
    "code": Constant(value="C35"),
    "nothing": NoValue(kind=Kind.NUMBER),
    "no_day": NoValue(kind=Kind.DATE),
    "worked": Formula(expression=parse("seven * rate + 1")),
}
TYPES = {"x": FactType.INTEGER, "d": FactType.DATE, "t": FactType.TEXT}
FIXED = (
    "seven", "rate", "-rate", "worked", "yes", "not yes", "as_of", "code", "nothing", "no_day",
    "$years(born, as_of)", "$months(born, as_of)", "$days(born, as_of)", "$year(as_of)",
    "$months_through(born, as_of)", "$month(as_of)", "$quarter(as_of)", "$date(2024, 2, 29)",
    "$date(seven + 2000, 1, 31)", "$add_months(as_of, seven)", "$add_months(as_of, seven / 2)",
    "$add_days(as_of, -1)", "$month_start(as_of)", "$month_end(as_of)", "$year_start(as_of)",
    "$year_end(as_of)", "$earliest(as_of, born)", "$latest(born, as_of)", "$min(seven, rate, 1)",
    "$max(rate, seven)", "$abs(rate)", "$round(rate, 2)", "$floor(rate)", "$ceil(seven / 2)",
    '$starts_with(code, "C")', '$starts_with(code, "D")', 'code =~ "C[0-9]+$"', 'code !~~ "3"',
    'code in ["A", "C35"]', "seven in [1, 2]", "seven % 4", "seven // 2", "seven ** 3",
    "seven / (seven - 7)", "seven + nothing", "nothing > 1 or yes", "nothing > 1 and yes",
    "yes ? seven : rate", "nothing > 1 ? seven : rate", "(nothing ?? seven)", "(seven ?? nothing)",
    "(nothing ?? nothing)",
    "yes and rate < 0", "as_of > born", "code == \"C35\"", "no_day == as_of", "$year(no_day)",
    "$add_months(no_day, 1)", "$max(seven, nothing)", "1 / 3 == 0.3", "3 * (1 / 3) == 1",
)  # fmt: skip
MIXED = (
    "x + seven", "$max(x, seven)", "$add_months(d, seven)", "$years(born, d)", "yes and x > 3",
    "x in [7, 8] or seven > 8", "d == as_of", "t == code", "yes ? x : seven", "(x ?? seven)",
    "(x ?? nothing)", "x > nothing", "not yes or x == seven", "$latest(d, as_of)", "x * rate",
)  # fmt: skip


def values_of(text: str, frame: pl.DataFrame) -> list[object]:
    prepared = prepare(frame, TYPES, frame.columns)
    column = Lowering(SCOPE, prepared.known).lower(parse(text))
    if isinstance(column, Exact):
        pairs = prepared.frame.select(
            pl.int_range(pl.len()), n=column.numerator.expr, d=column.denominator.expr
        ).rows()
        return [None if None in pair else Fraction(pair[1], pair[2]) for pair in pairs]
    return prepared.frame.select(pl.int_range(pl.len()), v=column)["v"].to_list()


@pytest.mark.parametrize("height", [0, 1, 3])
@pytest.mark.parametrize("text", [*FIXED, *MIXED])
def test_a_constant_stands_in_every_row(text: str, height: int) -> None:
    rows = [(7, date(2024, 2, 29), "C35"), (None, None, None), (-2, date(2030, 1, 31), "")]
    frame = pl.DataFrame(
        rows[:height], schema={"x": pl.Int64, "d": pl.Date, "t": pl.String}, orient="row"
    )
    facts = [{"x": None if x is None else Fraction(x), "d": d, "t": t} for x, d, t in rows[:height]]
    wanted = [evaluate(parse(text), SCOPE, row).value for row in facts]
    assert values_of(text, frame) == wanted


@pytest.mark.parametrize("text", FIXED)
def test_what_rests_on_no_fact_is_worked_out_before_any_row_is_seen(text: str) -> None:
    """It needs no column, so it has one value in a frame of whatever else."""
    lowering = Lowering(SCOPE, prepare(pl.DataFrame({"x": [1]}), TYPES, []).known)
    assert lowering.is_fixed(parse(text))
    column = lowering.lower(parse(text))
    exprs = (
        [column.numerator.expr, column.denominator.expr] if isinstance(column, Exact) else [column]
    )
    assert [name for expr in exprs for name in expr.meta.root_names()] == []


@pytest.mark.parametrize("text", MIXED)
def test_what_rests_on_a_fact_is_not(text: str) -> None:
    lowering = Lowering(SCOPE, prepare(pl.DataFrame({"x": [1]}), TYPES, []).known)
    assert not lowering.is_fixed(parse(text))


def tier(over: int, up_to: int | None, **gives: Fraction) -> Tier:
    return Tier(over=Fraction(over), up_to=None if up_to is None else Fraction(up_to), **gives)


TIERS = {
    "rates": (tier(0, 3, rate=Fraction("0.1")), tier(3, 7, rate=Fraction("0.25")),
              tier(7, None, rate=Fraction(2))),
    "steps": (tier(0, 4, each=Fraction(2), gives=Fraction("0.5")),
              tier(4, 9, each=Fraction(3), gives=Fraction(7)), tier(9, None, gives=Fraction(11))),
    "late": (tier(5, 6, gives=Fraction(3)), tier(6, 8, rate=Fraction(1, 3)),
             tier(8, 10, each=Fraction(1, 2), gives=Fraction(5))),
}  # fmt: skip


@pytest.mark.parametrize("name", TIERS)
def test_a_scale_adds_what_each_of_its_tiers_holds(name: str) -> None:
    """By hand: of each tier what lies within it, at its rate, in whole steps, or once."""

    def of(part: Tier, amount: Fraction) -> Fraction:
        inside = min(amount, part.up_to if part.up_to is not None else amount) - part.over
        if inside <= 0:
            return Fraction(0)
        if part.rate is not None:
            return inside * part.rate
        gives = part.gives or Fraction(0)
        return gives if part.each is None else inside // part.each * gives

    amounts = [*range(-2, 15), None]
    scope = {**SCOPE, "scale": Tiers(by=Name(name="x"), tiers=TIERS[name])}
    prepared = prepare(pl.DataFrame({"x": amounts}), TYPES, ["x"])
    number = Lowering(scope, prepared.known).number(parse("scale"))
    found = prepared.frame.select(n=number.numerator.expr, d=number.denominator.expr).rows()
    wanted = [
        None if x is None else sum((of(part, Fraction(x)) for part in TIERS[name]), Fraction(0))
        for x in amounts
    ]
    assert [None if None in pair else Fraction(*pair) for pair in found] == wanted
    facts = [{"x": None if x is None else Fraction(x)} for x in amounts]
    assert [evaluate(parse("scale"), scope, row).value for row in facts] == wanted
