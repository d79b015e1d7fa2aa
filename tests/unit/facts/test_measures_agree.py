"""Measures as columns against the definition, one subject at a time, over generated rows."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl
import pytest

from language.check import check
from language.column import NOT_APPLICABLE
from language.definition import Constant, Definition, Formula, Given
from language.frame import facts_of_row
from language.parse import parse
from language.types import FactType
from profiles.measure import FUNCTIONS, RUNS, Measure
from profiles.measure_columns import measure_rows
from profiles.measure_reference import measure_subject
from profiles.ready_rows import ready_rows
from profiles.row_frame import DTYPES
from profiles.row_set import RowColumn, RowSet, let_states_stay
from profiles.span import Moment

AS_OF = date(2025, 3, 15)
MOMENT = Moment(as_of=AS_OF, period=(date(2024, 10, 1), date(2024, 12, 31)))
NUMBERS = ("amount", "size", "headcount")
COLUMNS = {
    "amount": FactType.MONEY,
    "size": FactType.NUMBER,
    "headcount": FactType.INTEGER,
    "good": FactType.BOOLEAN,
    "kind": FactType.CODE,
    "from_on": FactType.DATE,
    "to_on": FactType.DATE,
}
FORMULAS = {
    "is_large": (FactType.BOOLEAN, "amount > 2"),
    "double": (FactType.INTEGER, "headcount * 2"),
    "half": (FactType.INTEGER, "headcount / 2"),
}
OUTER = {"wanted": FactType.CODE, "least": FactType.MONEY, "day": FactType.DATE}
STAYS = "to_on" + NOT_APPLICABLE
WHERES = (
    None,
    "good",
    'kind == "a"',
    "kind == wanted",
    "amount >= least",
    "is_large or good",
    "size * 3 > headcount",
    "not good and from_on < as_of",
    "amount / size > 1",
)
SPANS = (
    None,
    "this year",
    "last year",
    "last 3 months",
    "period",
    "last period",
    "same period last year",
    "year before period",
    "2024-11 to 2025-01",
)


def row_set(time: Any) -> RowSet:
    columns = {n: RowColumn(name=n, type=t) for n, t in COLUMNS.items()}
    for name, (kind, text) in FORMULAS.items():
        formula = Formula(expression=parse(text))
        columns[name] = RowColumn(name=name, type=kind, formula=formula)
    times = {"event": ("from_on",), "series": ("from_on",), "state": ("from_on", "to_on")}
    rows = RowSet(
        name="rows",
        of="enterprise",
        time=time,
        time_columns=times.get(time, ()),
        columns=columns,
    )
    return let_states_stay(rows)


def scope_of(rows: RowSet) -> dict[str, Definition]:
    outer = {name: Given(name=name, type=kind) for name, kind in OUTER.items()}
    days: dict[str, Definition] = {
        "as_of": Constant(value=AS_OF),
        "period_end": Constant(value=date(2024, 12, 31)),
    }
    return {**outer, **days, **rows.scope()}


def draw(rng: Random, kind: FactType, *, missing: float) -> Any:
    if rng.random() < missing:
        return None
    match kind:
        case FactType.BOOLEAN:
            return rng.random() < 0.5
        case FactType.MONEY:
            return rng.choice((0, 100, 199, 200, 201, 350, -100))
        case FactType.INTEGER:
            return rng.choice((0, 1, 2, 3, 4, 7))
        case FactType.NUMBER:
            return rng.choice((0.0, 0.1, 0.3, 1.5, 2.25, -0.5))
        case FactType.DATE:
            month = rng.randrange(2023 * 12 + 6, 2025 * 12 + 4)
            return date(month // 12, month % 12 + 1, rng.choice((1, 15, 28)))
        case _:
            return rng.choice(("a", "b"))


def draw_measure(rng: Random, rows: RowSet) -> Measure:
    function = rng.choice([f for f in FUNCTIONS if rows.time is not None or f not in _TIMED])
    if function in RUNS and rows.time == "state":
        function = "count"
    column = {
        "count": ("rows", "rows", "kind", "amount"),
        "any": ("rows", "good", "is_large"),
        "all": ("good", "is_large"),
        "sum": (*NUMBERS, "double", "half"),
        "min": (*NUMBERS, "from_on", "half"),
        "max": (*NUMBERS, "to_on", "double"),
        "first": (*COLUMNS, "is_large"),
        "last": (*COLUMNS, "half"),
    }.get(function, ("month", "month", "quarter", "year"))
    text = rng.choice(WHERES)
    on = rng.choice((None, "as_of", "period_end", "day")) if rows.time == "state" else None
    return Measure(
        rows="rows",
        dataset="",
        function=function,
        column=rng.choice(column),
        on=on,
        over=rng.choice(SPANS) if on is None and rows.time is not None else None,
        where=None if text is None else parse(text),
        expect=rng.choice((None, None, None, 0, 1, 2)),
    )


_TIMED = ("first", "last", *RUNS)


def exact(value: Any, kind: FactType) -> Any:
    """A column's value as the reference has it."""
    if value is None or isinstance(value, (bool, date, str)):
        return value
    return Fraction(value, 100) if kind is FactType.MONEY else Fraction(repr(value))


def compare(rng: Random, rows: RowSet, measure: Measure, listed: bool) -> Mapping[str, int]:
    """Measure drawn rows both ways; how often the result was known, missing, without rows."""
    scope = scope_of(rows)
    if measure.where is not None:
        check(measure.where, scope)
    subjects = [f"S{n}" for n in range(40)]
    missing = rng.choice((0.0, 0.05, 0.3))
    outer = {s: {n: draw(rng, k, missing=missing) for n, k in OUTER.items()} for s in subjects}
    drawn = [
        {"subject": s, **{n: draw(rng, k, missing=missing) for n, k in COLUMNS.items()}}
        for s in subjects
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 6)))
    ]
    schema = {"subject": pl.String} | {n: DTYPES[k] for n, k in COLUMNS.items()}
    if rows.time == "state":
        for row in drawn:  # no last day: still in force, or not known
            row[STAYS] = row["to_on"] is None and rng.random() < 0.6
        schema[STAYS] = pl.Boolean
    frame = pl.DataFrame(drawn, schema=schema)
    facts = pl.DataFrame(
        [{"subject": s, **outer[s]} for s in subjects],
        schema={"subject": pl.String} | {n: DTYPES[k] for n, k in OUTER.items()},
    )
    joined = frame.join(facts, on="subject", how="left", maintain_order="left")
    who = pl.Series("subject", subjects)
    found = measure_rows(
        measure,
        ready_rows(rows, joined, who, MOMENT, scope=scope, types=OUTER),
        None if listed else who.head(0),
    )
    types = {**COLUMNS, **OUTER}
    kind = FactType.INTEGER
    if measure.column in rows.columns and measure.function not in ("count", "any", "all"):
        kind = rows.columns[measure.column].type
    counts = {"known": 0, "missing": 0, "no rows": 0}
    for subject, value, has in found.iter_rows():
        mine = [row for row in drawn if row["subject"] == subject]
        wanted = measure_subject(
            measure,
            rows,
            [facts_of_row(row, types) for row in mine],
            MOMENT,
            scope,
            complete=listed,
            outer=facts_of_row(outer[subject], types),
        )
        assert has is wanted.has_rows, (measure, mine)
        assert exact(value, kind) == wanted.value, (measure, mine, outer[subject])
        assert (value is None) == (wanted.value is None), (measure, mine)
        counts["no rows" if not has else "missing" if value is None else "known"] += 1
    return counts


@pytest.mark.parametrize("time", ["event", "series", "state", None])
@pytest.mark.parametrize("seed", range(60))
def test_columns_agree_with_the_definition(time: str | None, seed: int) -> None:
    rng = Random(f"{time} {seed}")
    rows = row_set(time)
    compare(rng, rows, draw_measure(rng, rows), listed=rng.random() < 0.7)


def test_every_function_came_out_known_missing_and_without_rows() -> None:
    seen: dict[tuple[str, str], int] = {}
    for function in FUNCTIONS:
        rng = Random(function)
        rows = row_set("series")
        measure = draw_measure(rng, rows)
        while measure.function != function or measure.expect is not None:
            measure = draw_measure(rng, rows)
        for _ in range(6):
            for how, count in compare(rng, rows, measure, listed=True).items():
                seen[function, how] = seen.get((function, how), 0) + count
    assert {how for how, count in seen.items() if count == 0} == set()


MONTHS = ("2024-12", "2025-01", "2025-02", "2025-03")


def run(function: str, held: Mapping[str, bool | None], over: str | None = None) -> Any:
    """The run over months that hold, do not, or are undecided, both ways."""
    rows = row_set("series")
    measure = Measure(
        rows="rows", dataset="", function=function, column="month",  # type: ignore[arg-type]
        where=parse("good"), over=over,
    )  # fmt: skip
    drawn = [{"from_on": date(int(m[:4]), int(m[5:]), 1), "good": good} for m, good in held.items()]
    schema = {"subject": pl.String} | {n: DTYPES[k] for n, k in COLUMNS.items()}
    frame = pl.DataFrame([{"subject": "S", **row} for row in drawn], schema=schema)
    who = pl.Series("subject", ["S"])
    found = measure_rows(measure, ready_rows(rows, frame, who, MOMENT), None)["value"][0]
    known = [facts_of_row(row, COLUMNS) for row in drawn]
    wanted = measure_subject(measure, rows, known, MOMENT, scope_of(rows), complete=True).value
    assert found == wanted
    return found


def test_a_run_may_begin_anywhere_and_a_month_without_a_row_breaks_it() -> None:
    months = ["2024-01", "2024-02", "2024-03", "2024-05", "2024-06"]
    assert run("longest_run", dict.fromkeys(months, True)) == 3


def test_a_run_goes_on_over_new_year() -> None:
    assert run("longest_run", {"2024-11": True, "2024-12": True, "2025-01": True}) == 3


def test_the_current_run_needs_no_row_of_the_month_that_is_not_over() -> None:
    assert run("current_run", {"2025-01": True, "2025-02": True}) == 2
    assert run("current_run", {"2025-01": True, "2025-02": True, "2025-03": True}) == 3
    assert run("current_run", {"2025-01": True, "2025-02": True, "2025-03": False}) == 2
    assert run("current_run", {"2024-12": True, "2025-01": True}) == 0


def test_the_current_run_of_a_span_that_is_over_reaches_its_last_month() -> None:
    held = dict.fromkeys(("2024-10", "2024-11"), True)
    assert run("current_run", held, over="period") == 0
    assert run("current_run", held | {"2024-12": True}, over="period") == 3


def test_an_undecided_month_leaves_a_run_open_only_where_it_matters() -> None:
    assert run("longest_run", {"2024-01": True, "2024-02": None, "2024-03": True}) is None
    long_ago = {"2024-01": None, "2024-05": True, "2024-06": True, "2024-07": True}
    assert run("longest_run", long_ago) == 3
    assert run("current_run", {"2024-06": None, "2025-02": True}) == 1
    assert run("current_run", {"2025-01": None, "2025-02": True}) is None
