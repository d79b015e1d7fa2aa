"""Measures over rows against a plain-Python model that reads the format's words one by one."""

import calendar
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from textwrap import dedent
from typing import Any

import polars as pl
import pytest

from language.expression import Expression
from language.parse import parse
from profiles.dataset import Dataset, load_datasets
from profiles.measure import Measure
from profiles.measure_columns import measure_rows
from profiles.ready_rows import ready_rows
from profiles.row_set import row_set_of
from profiles.span import Moment, parse_span
from tests.support.measured_in_duckdb import measure_in_duckdb

AS_OF = date(2025, 3, 1)
Row = Mapping[str, Any]
COLUMNS = """
      amount: {type: money, label: {zh: 一}, meaning: 一}
      size: {type: number, label: {zh: 一}, meaning: 一}
      good: {type: boolean, label: {zh: 一}, meaning: 一}
      kind: {type: code, values: [a, b, c], label: {zh: 一}, meaning: 一}
      day: {type: date, label: {zh: 一}, meaning: 一}
"""
TIMES = {
    "event": ("{event: happened_on}", "happened_on: {type: date, label: {zh: 一}, meaning: 一}"),
    "series": ("{series: month}", "month: {type: month, label: {zh: 一}, meaning: 一}"),
    "state": (
        "{state: [from_on, to_on]}",
        "from_on: {type: date, label: {zh: 一}, meaning: 一}\n"
        "      to_on: {type: date, label: {zh: 一}, meaning: 一}",
    ),
}


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    folder = tmp_path_factory.mktemp("datasets")
    for form, (time, columns) in TIMES.items():
        text = dedent(f"""
            dataset: {form}
            department: {{zh: 某局}}
            title: {{zh: 某表}}
            basis: 某法 一
            of: enterprise
            key: {{column: uscc, identifier: uscc}}
            time: {time}
            complete: 某局全量
            refresh: monthly
            retention: 5 years
            columns:
        """)
        text += f"      {columns}\n{COLUMNS.strip(chr(10))}\n"
        (folder / f"{form}.yaml").write_text(text, encoding="utf-8")
    return load_datasets(folder.glob("*.yaml"))


# -------------------------------------------------------------------- the plain-Python model

WHERES: Mapping[str, Callable[[Row], bool | None]] = {
    "": lambda row: True,
    'kind == "a"': lambda row: None if row["kind"] is None else row["kind"] == "a",
    "good": lambda row: row["good"],
    "amount > 3": lambda row: None if row["amount"] is None else row["amount"] > 300,
}

WHERES_IN_SQL = (
    "true", 'kind == "a" or good', "amount / 3 > size", "not (good and amount >= 3.01)",
    '$month(day) in [1, 2, 12] or kind in ["b", "c"]', "$round(amount * size, 1) != 0.5",
)  # fmt: skip


def and_(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def seen(row: Row, form: str, on_as_of: bool, span: tuple[date, date] | None) -> bool | None:
    """Whether the row counts by its time alone."""
    name = {"event": "happened_on", "series": "month", "state": "from_on"}[form]
    start = row[name]
    if start is None:
        end = row.get("to_on") if form == "state" else None
        # whatever the missing beginning, a state that ended before does not count
        if end is not None and ((on_as_of and end < AS_OF) or (span and end < span[0])):
            return False
        return None
    if start > AS_OF:
        return False
    if form != "state":
        return span is None or span[0] <= start <= span[1]
    end = row["to_on"] or date.max
    if on_as_of:
        return end >= AS_OF
    return span is None or (start <= span[1] and end >= span[0])


def model(
    rows: Sequence[Row],
    form: str,
    measure: Measure,
    where: Callable[[Row], bool | None],
    complete: bool,
) -> Any:
    """The measure of one subject; "absent" where no row counts and `absent:` decides."""
    span = None if measure.over is None else parse_span(measure.over, Moment(as_of=AS_OF))
    judged = [
        (row, and_(seen(row, form, measure.on is not None, span), where(row))) for row in rows
    ]
    counted = [row for row, held in judged if held]
    undecided = any(held is None for _, held in judged)
    function, column = measure.function, measure.column
    if not counted and not undecided:
        if not complete:
            return None
        return {"count": 0, "sum": 0, "any": False}.get(function, "absent")
    values = [True if column == "rows" else row[column] for row in counted]
    if function == "any":
        if True in values:
            return True
        return None if undecided or None in values else False
    if function == "all":
        if False in values:
            return False
        return None if undecided or None in values else True
    if undecided:
        return None
    if function in ("first", "last"):
        name = {"event": "happened_on", "series": "month", "state": "from_on"}[form]
        pick = min if function == "first" else max
        edge = pick(row[name] for row in counted)
        there = [row[column] for row in counted if row[name] == edge]
        return there[0] if len(set(there)) == 1 else None
    if None in values:
        return None
    if function == "count":
        return len(values) if column == "rows" else len(set(values))
    reduced: dict[str, Callable[[list[Any]], Any]] = {"sum": sum, "min": min, "max": max}
    return reduced[function](values)


# ---------------------------------------------------------------------------------- the test

DAYS = (
    date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 1),
    date(2025, 2, 28), AS_OF, AS_OF + timedelta(days=1), date(2023, 1, 1), date(2022, 12, 31),
)  # fmt: skip


def draw_row(rng: Random, form: str) -> dict[str, Any]:
    def maybe(value: Any, missing: float = 0.08) -> Any:
        return None if rng.random() < missing else value

    row: dict[str, Any] = {
        "amount": maybe(rng.choice((0, 100, 300, 301, -5, 10**9))),
        "size": maybe(rng.choice((0.5, 0.1, 2.0, 1.25))),
        "good": maybe(rng.random() < 0.5),
        "kind": maybe(rng.choice("abc")),
        "day": maybe(rng.choice(DAYS)),
    }
    day = maybe(rng.choice(DAYS), 0.05)
    if form == "event":
        row["happened_on"] = day
    elif form == "series":
        row["month"] = None if day is None else day.replace(day=1)
    else:
        row["from_on"] = day
        row["to_on"] = rng.choice((None, None, *DAYS))
    return row


def schema_of(form: str) -> dict[str, Any]:
    times = {"event": ["happened_on"], "series": ["month"], "state": ["from_on", "to_on"]}[form]
    return {
        "subject": pl.String, **dict.fromkeys(times, pl.Date), "amount": pl.Int64,
        "size": pl.Float64, "good": pl.Boolean, "kind": pl.String, "day": pl.Date,
    }  # fmt: skip


MEASURES = [
    *product(("count", "any"), ("rows",)),
    *product(("count",), ("kind", "day")),
    *product(("sum", "min", "max"), ("amount", "size")),
    *product(("min", "max"), ("day",)),
    *product(("any", "all"), ("good",)),
    *product(("first", "last"), ("amount", "size", "good", "kind", "day")),
]
SPANS = (None, "this year", "last year", "last 2 years", "last month", "this month", "2024",
         "2024-02", "2023-12 to 2024-02")  # fmt: skip


@pytest.mark.parametrize("form", ["event", "series", "state"])
@pytest.mark.parametrize("complete", [True, False], ids=["listed", "not listed"])
def test_every_measure_is_what_the_plain_model_says(
    datasets: dict[str, Dataset], form: str, complete: bool
) -> None:
    rng = Random(f"{form} {complete}")
    subjects = pl.Series("subject", [f"S{n}" for n in range(60)], dtype=pl.String)
    times: list[tuple[bool, str | None]] = [(False, span) for span in SPANS]
    times += [(True, None)] if form == "state" else []
    outcomes = set()
    for function, column in MEASURES:
        for on_as_of, over in times:
            rows = {
                name: [draw_row(rng, form) for _ in range(rng.choice((0, 0, 1, 1, 2, 4)))]
                for name in subjects
            }
            flat = [{"subject": name, **row} for name, found in rows.items() for row in found]
            frame = pl.DataFrame(flat, schema=schema_of(form))
            text = rng.choice(list(WHERES))
            where: Expression | None = parse(text) if text else None
            measure = Measure(
                rows=form, dataset=form, function=function, column=column,  # type: ignore[arg-type]
                on="as_of" if on_as_of else None, over=over, where=where,
            )  # fmt: skip
            listed = None if complete else subjects.head(0)
            found = measure_rows(
                measure,
                ready_rows(row_set_of(datasets[form]), frame, subjects, Moment(as_of=AS_OF)),
                listed,
            )
            assert found["subject"].to_list() == subjects.to_list()
            for name, value, has in found.select("subject", "value", "rows").iter_rows():
                wanted = model(rows[name], form, measure, WHERES[text], complete)
                if wanted == "absent":
                    assert value is None
                    assert not has
                elif isinstance(wanted, float):
                    assert value == pytest.approx(wanted, abs=1e-9)
                else:
                    assert value == wanted, (measure, text, rows[name])
                    assert (value is None) == (wanted is None), (measure, text, rows[name])
                outcomes.add((function, "missing" if value is None else "known"))
    assert len(outcomes) == 2 * len(dict(MEASURES))


@pytest.mark.parametrize("form", ["event", "series", "state"])
def test_every_measure_is_what_the_aggregates_of_duckdb_say(
    datasets: dict[str, Dataset], form: str
) -> None:
    rng = Random(f"duckdb {form}")
    subjects = pl.Series("subject", [f"S{n}" for n in range(120)], dtype=pl.String)
    row_set = row_set_of(datasets[form])
    known = 0
    for (function, column), over in product(MEASURES, SPANS[:4]):
        flat = [
            {"subject": name, **draw_row(rng, form)}
            for name in subjects
            for _ in range(rng.choice((0, 1, 1, 2, 3, 6)))
        ]
        frame = pl.DataFrame(flat, schema=schema_of(form))
        text = rng.choice(WHERES_IN_SQL)
        measure = Measure(
            rows=form, dataset=form, function=function, column=column,
            on="as_of" if form == "state" and over is None else None, over=over,
            where=parse(text),
        )  # fmt: skip
        ours = measure_rows(
            measure, ready_rows(row_set, frame, subjects, Moment(as_of=AS_OF)), None
        )
        yuan = frame.with_columns(
            (pl.col("amount").cast(pl.Decimal(14, 2)) / 100).cast(pl.Decimal(12, 2)),
            pl.col("size").cast(pl.Decimal(4, 2)),
        )
        wanted = measure_in_duckdb(measure, form, row_set, yuan, subjects, AS_OF)
        for name, value in ours.select("subject", "value").iter_rows():
            found = value
            if value is not None and column == "amount":
                found = Fraction(value, 100)
            elif isinstance(value, float):
                found = Fraction(repr(value))
            answer = wanted[name]
            exact = Fraction(answer) if isinstance(answer, Decimal) else answer
            assert found == exact, (measure, name, frame.filter(pl.col("subject") == name))
            assert (found is None) == (exact is None), (measure, name)
            known += value is not None
    assert known > 0.3 * len(MEASURES) * 4 * len(subjects)


@pytest.mark.parametrize(
    ("words", "as_of", "first", "last"),
    [
        ("this year", date(2024, 2, 29), date(2024, 1, 1), date(2024, 12, 31)),
        ("last year", date(2024, 1, 1), date(2023, 1, 1), date(2023, 12, 31)),
        ("last year", date(2024, 12, 31), date(2023, 1, 1), date(2023, 12, 31)),
        ("last 2 years", date(2024, 2, 29), date(2022, 1, 1), date(2023, 12, 31)),
        ("this month", date(2024, 2, 29), date(2024, 2, 1), date(2024, 2, 29)),
        ("last month", date(2024, 3, 31), date(2024, 2, 1), date(2024, 2, 29)),
        ("last month", date(2025, 1, 1), date(2024, 12, 1), date(2024, 12, 31)),
        ("last 3 months", date(2024, 2, 29), date(2023, 11, 1), date(2024, 1, 31)),
        ("2024", date(2000, 1, 1), date(2024, 1, 1), date(2024, 12, 31)),
        ("2021 to 2023", date(2000, 1, 1), date(2021, 1, 1), date(2023, 12, 31)),
        ("2024-02", date(2000, 1, 1), date(2024, 2, 1), date(2024, 2, 29)),
        ("2021-01 to 2021-03", date(2000, 1, 1), date(2021, 1, 1), date(2021, 3, 31)),
    ],
)
def test_a_span_in_words(words: str, as_of: date, first: date, last: date) -> None:
    assert parse_span(words, Moment(as_of=as_of)) == (first, last)


@pytest.mark.parametrize(
    "words",
    ["", "next year", "last years", "last two years", "2024-13", "2024-00", "2021-03 to 2021-01",
     "this week", "2023 to 2021", "2021 to 2023-01", "２０２４", "last 0 years"],
)  # fmt: skip
def test_what_is_no_span_is_told(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_span(words, Moment(as_of=date(2024, 2, 29)))


def test_spans_meet_without_gap_on_every_day_of_three_years() -> None:
    for ordinal in range(date(2023, 1, 1).toordinal(), date(2026, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        for unit in ("year", "month"):
            first, last = parse_span(f"this {unit}", Moment(as_of=day))
            assert first <= day <= last
            assert last.day == calendar.monthrange(last.year, last.month)[1]
            assert parse_span(f"last {unit}", Moment(as_of=day))[1] == first - timedelta(days=1)


def test_a_sum_of_rows_that_leaves_64_bits_does_not_wrap(datasets: dict[str, Dataset]) -> None:
    rows = [{"subject": "S", "month": date(2024, n, 1), "amount": 2**62} for n in (1, 2, 3)]
    frame = pl.DataFrame(rows, schema=schema_of("series"))
    measure = Measure(rows="series", dataset="series", function="sum", column="amount")
    subjects = pl.Series("subject", ["S"])
    try:
        found = measure_rows(
            measure,
            ready_rows(row_set_of(datasets["series"]), frame, subjects, Moment(as_of=AS_OF)),
            None,
        )
    except (ValueError, ArithmeticError):
        return  # refused is as good as exact
    assert found["value"].to_list() in ([3 * 2**62], [None])


def test_rows_whose_numbers_lie_far_apart_are_still_measured(datasets: dict[str, Dataset]) -> None:
    """One row's odd magnitude in a column that is not asked for may not stop a whole part."""
    sizes = (999_999_999_999_999.0, 0.001)
    rows = [
        {"subject": f"S{n}", "month": date(2024, 1, 1), "amount": 5, "size": size}
        for n, size in enumerate(sizes)
    ]
    frame = pl.DataFrame(rows, schema=schema_of("series"))
    subjects = pl.Series("subject", ["S0", "S1"])
    for column, wanted in (("amount", [5, 5]), ("size", list(sizes))):
        measure = Measure(rows="series", dataset="series", function="last", column=column)
        found = measure_rows(
            measure,
            ready_rows(row_set_of(datasets["series"]), frame, subjects, Moment(as_of=AS_OF)),
            None,
        )
        assert found["value"].to_list() == wanted
