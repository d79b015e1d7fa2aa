"""Ages, months and days against dateutil, and against the law's own examples."""

import calendar
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]

from language.check import check
from language.definition import Constant, Definition, Given
from language.errors import ConditionRefused
from language.frame import prepare, types_of
from language.functions import add_months, months_between, years_between
from language.lowering import Lowering
from language.parse import parse
from language.reference import evaluate
from language.types import FactType
from tests.support.compared import agree, evaluate_columns

SCOPE: dict[str, Definition] = {
    "start": Given(name="start", type=FactType.DATE),
    "end": Given(name="end", type=FactType.DATE),
    "n": Given(name="n", type=FactType.INTEGER),
    "x": Given(name="x", type=FactType.NUMBER),
    "as_of": Constant(value=date(2025, 10, 31)),
}
EDGES = (
    date(2000, 2, 29), date(2023, 2, 28), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1),
    date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 30), date(2024, 1, 31), date(2024, 4, 30),
    date(1900, 2, 28), date(1900, 3, 1), date(2100, 2, 28), date(1, 1, 1), date(9999, 12, 31),
)  # fmt: skip


def draw_days(count: int) -> list[tuple[date, date]]:
    rng = Random("days")
    days = list(EDGES) + [date(1930, 1, 1) + timedelta(rng.randint(0, 45_000)) for _ in range(40)]
    return [(rng.choice(days), rng.choice(days)) for _ in range(count)]


def completed(start: date, end: date) -> relativedelta:
    """dateutil's difference; it clamps month ends forwards only, so it is asked forwards only."""
    return relativedelta(end, start)


def test_completed_years_and_months_are_those_of_dateutil() -> None:
    for start, end in draw_days(4000):
        if end < start or end.year > 9000:
            continue
        difference = completed(start, end)
        # dateutil walks back from the end; where the start is a month's last days they differ
        months = difference.years * 12 + difference.months
        while months and add_by_dateutil(start, months) > end:
            months -= 1
        while add_by_dateutil(start, months + 1) <= end:
            months += 1
        assert months_between(start, end) == months, (start, end)
        assert years_between(start, end) == months // 12, (start, end)


def add_by_dateutil(start: date, months: int) -> date:
    later: date = start + relativedelta(months=months)
    return later


def test_months_added_are_those_of_dateutil() -> None:
    rng = Random("months added")
    for start, _ in draw_days(2000):
        months = rng.choice((0, 1, -1, 11, 12, -12, 36, rng.randint(-600, 600)))
        year = start.year + (start.month - 1 + months) // 12
        if 1 <= year <= 9999:
            assert add_months(start, Fraction(months)) == start + relativedelta(months=months)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 2, 29), date(2018, 2, 27), 17),
        (date(2000, 2, 29), date(2018, 2, 28), 18),
        (date(2000, 2, 29), date(2020, 2, 28), 19),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
        (date(1945, 6, 20), date(2025, 6, 19), 79),
        (date(1945, 6, 20), date(2025, 6, 20), 80),
        (date(2025, 10, 31), date(2025, 10, 31), 0),
        (date(2025, 10, 31), date(2025, 10, 30), -1),
    ],
)
def test_an_age_is_completed_on_the_birthday(born: date, day: date, age: int) -> None:
    assert years_between(born, day) == age


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
    ],
)
def test_a_month_end_is_clamped(day: date, months: int, wanted: date) -> None:
    assert add_months(day, Fraction(months)) == wanted


FORMULAS = (
    "$years(start, end)", "$months(start, end)", "$days(start, end)", "$months_through(start, end)",
    "$year(start)", "$month(end)", "$add_months(start, n)", "$add_months(start, x)",
    "$add_months(start, -n)", "$add_days(start, 30)", "$add_days(start, -366)",
    "$month_start(start)", "$month_end(start)", "$earliest(start, end, as_of)",
    "$latest(start, end)", "$add_days(start, 0) == start", "$month_end($add_months(start, n))",
    "$date(2024, 2, 29) <= start", "$date(2023, 2, 28) == end", "$years(start, as_of) >= 18",
    "$add_months($month_start(start), 1) > end",
)  # fmt: skip


def test_columns_of_days_agree_with_the_reference_at_every_edge() -> None:
    rng = Random("columns of days")
    pairs = draw_days(1500)
    rows = [
        {
            "start": None if rng.random() < 0.1 else start,
            "end": None if rng.random() < 0.1 else end,
            "n": rng.choice((None, 0, 1, -1, 12, 36, -36, 11, 119_987, -24_000, 2**40)),
            "x": rng.choice((None, 1.0, 0.5, 2.0, -1.5)),
        }
        for start, end in pairs
    ]
    schema = {"start": pl.Date, "end": pl.Date, "n": pl.Int64, "x": pl.Float64}
    expressions = [parse(text) for text in FORMULAS]
    columns = evaluate_columns(expressions, SCOPE, pl.DataFrame(rows, schema=schema))
    assert len(columns) == len(FORMULAS)
    for position, found in columns.items():
        for row, value in zip(rows, found, strict=True):
            facts = {
                name: Fraction(repr(item)) if isinstance(item, (int, float)) else item
                for name, item in row.items()
            }
            wanted = evaluate(expressions[position], SCOPE, facts).value
            assert agree(wanted, value), (FORMULAS[position], row, wanted, value)


@pytest.mark.parametrize("text", [
    "$add_days(start, 1.5) > end", "$add_days(start, -n) > end", "$add_days(start, n) > end",
    "$add_days(start, 99999999999) > end", "$date(2023, 2, 29) > end", "$date(2024.5, 1, 1) > end",
    "$date(n, 1, 1) > end", "$date(99999999999999999999, 1, 1) > end", "$date(0, 1, 1) > end",
    "$date(2024, 13, 1) > end",
])  # fmt: skip
def test_a_day_that_cannot_be_is_refused_or_unknown_in_both_evaluations(text: str) -> None:
    expression = parse(text)
    try:
        check(expression, SCOPE)
    except ConditionRefused:
        return
    frame = pl.DataFrame({"start": [date(2024, 1, 1)], "end": [date(2024, 1, 1)], "n": [-5]})
    assert evaluate(expression, SCOPE, {"start": date(2024, 1, 1), "end": date(2024, 1, 1),
                                        "n": Fraction(-5)}).value is None  # fmt: skip
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    column = Lowering(SCOPE, prepared.known).boolean(expression)
    selected = prepared.frame.select(pl.int_range(pl.len()), value=column)
    assert selected["value"].to_list() == [None]


def test_days_of_months_are_those_of_the_calendar() -> None:
    frame = pl.DataFrame(
        {"start": [date(year, month, 1) for year in (1900, 2000, 2023, 2024, 2100)
                   for month in range(1, 13)]}
    )  # fmt: skip
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    ends = Lowering(SCOPE, prepared.known).lower(parse("$month_end(start)"))
    assert isinstance(ends, pl.Expr)
    for start, end in zip(frame["start"], prepared.frame.select(e=ends)["e"], strict=True):
        assert end.day == calendar.monthrange(start.year, start.month)[1]


@pytest.mark.parametrize("day", EDGES)
def test_years_and_quarters_begin_and_end_as_the_calendar_has_them(day: date) -> None:
    facts = {"start": day}
    quarter = 1 + (day.month - 1) // 3
    assert evaluate(parse("$quarter(start)"), SCOPE, facts).value == quarter
    assert evaluate(parse("$year_start(start)"), SCOPE, facts).value == date(day.year, 1, 1)
    assert evaluate(parse("$year_end(start)"), SCOPE, facts).value == date(day.year, 12, 31)


def test_a_day_of_a_computed_year_is_undefined_where_there_is_none() -> None:
    def value(text: str, n: int) -> object:
        return evaluate(parse(text), SCOPE, {"n": Fraction(n)}).value

    for year in (1, 1900, 2000, 2023, 2024, 9999):
        assert value("$date(n, 8, 31)", year) == date(year, 8, 31)
        leap = calendar.isleap(year)
        assert value("$date(n, 2, 29)", year) == (date(year, 2, 29) if leap else None)
    for year in (0, -1, 10_000, 10**12):
        assert value("$date(n, 8, 31)", year) is None
    assert value("$date(n / 2, 8, 31)", 4047) is None


@pytest.mark.parametrize("text", ["$date(n, 4, 31)", "$date(n, 13, 1)", "$date(n, 2, 30)"])
def test_a_day_that_no_year_has_is_refused(text: str) -> None:
    with pytest.raises(ConditionRefused, match="no day of the calendar") as refused:
        check(parse(f"{text} > start"), SCOPE)
    assert refused.value.offset == 0


def test_years_and_quarters_and_computed_days_agree_in_columns() -> None:
    rows = [
        {"start": start, "end": end, "n": n, "x": x}
        for (start, end), n, x in zip(
            draw_days(60), [0, 1, -5, 1900, 2024, 2023, 9999, 10_000, None, 10**14] * 6,
            [2024.0, 2023.5, None] * 20, strict=True,
        )
    ]  # fmt: skip
    frame = pl.DataFrame(
        rows, schema={"start": pl.Date, "end": pl.Date, "n": pl.Int64, "x": pl.Float64}
    )
    prepared = prepare(frame, types_of(SCOPE), frame.columns)
    for text in (
        "$quarter(start)", "$year_start(start)", "$year_end(start)", "$date(n, 8, 31)",
        "$date(n, 2, 29)", "$date(x, 1, 31)", "$date($year(start) - 1, 12, 31)",
        "$date(n / 2, 3, 1)", "$add_months($year_end(start), -12)",
    ):  # fmt: skip
        column = Lowering(SCOPE, prepared.known).lower(parse(text))
        if not isinstance(column, pl.Expr):
            column = column.numerator.expr
        found = prepared.frame.select(v=column)["v"].to_list()
        wanted = []
        for row in rows:
            facts = {
                name: Fraction(str(value)) if isinstance(value, (int, float)) else value
                for name, value in row.items()
            }
            wanted.append(evaluate(parse(text), SCOPE, facts).value)
        assert found == wanted, text
