"""What exact comparisons cost over plain float64 ones: the same conditions, both ways."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from language.definition import Scope
from language.expression import Arithmetic, Comparison, Expression, Literal, Name, parse
from language.frame import prepare, types_of
from language.lowering import Lowering
from language.types import FactType, Kind, kind_of
from profiles.fact import Vocabulary

CONDITIONS = 100
REPEATS = 3
PLAIN = (
    "ui_paid_months >= {months}",
    "revenue > {revenue}",
    "vat_sales <= {sales}",
    "staff_prev_year < {staff}",
)
COMPUTED = (
    "disabled_staff_prev_year / staff_prev_year >= 0.0{percent}",
    "staff_prev_year * 0.0{percent} <= disabled_staff_prev_year",
    "rd_expense / revenue >= 0.0{percent}",
    "ui_insured_avg_prev_year * 0.9{percent} <= ui_insured_count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of each way, the best of `repeats`; `differing` counts answers float64 gets wrong."""

    rows: int
    conditions: int
    computed: int
    repeats: int
    exact: float
    plain: float
    prepare: float
    differing: int


def measure_exactness(frame: pl.DataFrame, vocabulary: Vocabulary) -> Cost:
    """Measure a mix in which a fifth of the comparisons have a quotient or product on one side."""
    scope = vocabulary.scope("enterprise")
    texts = [_condition(number) for number in range(CONDITIONS)]
    conditions = [parse(text) for text in texts]
    types = types_of(scope)
    start = time.perf_counter()
    prepared = prepare(frame, types, types)
    seconds = time.perf_counter() - start
    lowering = Lowering(scope, prepared.known)
    exact = [lowering.boolean(condition) for condition in conditions]
    floats = _as_floats(frame, scope)
    plain = [_plain(condition) for condition in conditions]
    exact_found, exact_seconds = _best(lambda: _select(prepared.frame, exact))
    plain_found, plain_seconds = _best(lambda: _select(floats, plain))
    differing = sum(
        int(one.ne_missing(other).sum())
        for one, other in zip(exact_found, plain_found, strict=True)
    )
    return Cost(
        rows=frame.height,
        conditions=CONDITIONS,
        computed=sum(any(sign in text for sign in "*/") for text in texts),
        repeats=REPEATS,
        exact=exact_seconds,
        plain=plain_seconds,
        prepare=seconds,
        differing=differing,
    )


def _condition(number: int) -> str:
    kinds = COMPUTED if number % 5 == 4 else PLAIN
    return kinds[number // 5 % len(kinds) if number % 5 == 4 else number % len(PLAIN)].format(
        months=number % 30,
        revenue=1_000_000 + 70_000 * number,
        sales=10_000 + 5_000 * number,
        staff=5 + number,
        percent=1 + number % 9,
    )


def _as_floats(frame: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    columns = []
    for name, fact_type in types_of(scope).items():
        if name in frame.columns and kind_of(fact_type) is Kind.NUMBER:
            value = pl.col(name).cast(pl.Float64)
            columns.append(value / 100 if fact_type is FactType.MONEY else value)
    return frame.select(columns)


def _plain(expression: Expression) -> pl.Expr:
    match expression:
        case Name(name=name):
            return pl.col(name)
        case Literal(value=value):
            return pl.lit(float(value))  # type: ignore[arg-type]  # only numbers stand here
        case Arithmetic(operator=operator, left=left, right=right):
            a, b = _plain(left), _plain(right)
            return a * b if operator == "mul" else a / b
        case Comparison(operator=operator, left=left, right=right):
            compare: Callable[[pl.Expr, pl.Expr], pl.Expr] = getattr(pl.Expr, operator)
            return compare(_plain(left), _plain(right))
    raise AssertionError(expression)


def _select(frame: pl.DataFrame, exprs: list[pl.Expr]) -> pl.DataFrame:
    named = [expr.alias(str(number)) for number, expr in enumerate(exprs)]
    return frame.lazy().select(named).collect()


def _best(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float]:
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - start)
    return found, min(times)
