"""What exactness costs: the same comparisons as exact columns and in plain floats."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from benchmarks.generated_enterprises import MONEY
from language.expression import Arithmetic, Comparison, Expression, Literal, Name
from language.frame import prepare
from language.lowering import Lowering
from language.parse import parse
from profiles.fact import Vocabulary

_PLAIN = (
    "ui_paid_months >= {a}", "ui_insured_count <= {b}", "revenue >= {c}", "rd_expense < {c}",
    "staff_prev_year > {b}", "ui_premium_prev_year <= {c}", "ui_benefit_recipients == {a}",
    "staff_prev_year <= {a}.25",
)  # fmt: skip
_COMPUTED = (
    "1 - ui_benefit_recipients / ui_insured_count >= 0.9{a}",
    "ui_premium_prev_year * 0.6 <= {c}.5",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of several passes by turns, and rows on which floats decide otherwise."""

    exact_seconds: tuple[float, ...]
    float_seconds: tuple[float, ...]
    comparisons: int
    different: int


def measure_cost(vocabulary: Vocabulary, frame: pl.DataFrame, *, repeat: int = 15) -> Cost:
    """Fifty comparisons, ten of them computed, over one part made ready for either way."""
    expressions = [
        parse(form.format(a=10 + number, b=7 * number + 3, c=50_000 * (number + 1)))
        for number in range(5)
        for form in (*_PLAIN, *_COMPUTED)
    ]
    scope = vocabulary.scope("enterprise")
    types = {name: vocabulary.facts[name].type for name in frame.columns if name != "subject"}
    prepared = prepare(frame, types, types)
    lowering = Lowering(scope, prepared.known)
    lowered = [
        lowering.boolean(expression).alias(str(number))
        for number, expression in enumerate(expressions)
    ]
    plain = frame.with_columns(
        pl.col(name).cast(pl.Float64) / (100 if name in MONEY else 1)
        for name in frame.columns
        if frame.schema[name].is_numeric()
    )
    written = [_float(expression).alias(str(n)) for n, expression in enumerate(expressions)]
    exact_seconds, float_seconds = [], []
    for _ in range(repeat):  # by turns: what else the machine does slows both alike
        spent, exact = _time(lambda: prepared.frame.select(lowered))
        exact_seconds.append(spent)
        spent, floats = _time(lambda: plain.select(written))
        float_seconds.append(spent)
    different = sum(int((exact[name].ne_missing(floats[name])).sum()) for name in exact.columns)
    return Cost(
        exact_seconds=tuple(exact_seconds),
        float_seconds=tuple(float_seconds),
        comparisons=len(expressions) * frame.height,
        different=different,
    )


def _time(work: Callable[[], pl.DataFrame]) -> tuple[float, pl.DataFrame]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _float(expression: Expression) -> pl.Expr:
    match expression:
        case Literal(value=Fraction() as value):
            return pl.lit(float(value))
        case Name(name=name):
            return pl.col(name)
        case Comparison(operator=operator, left=left, right=right):
            sign = {"ge": "ge", "le": "le", "gt": "gt", "lt": "lt", "eq": "eq"}[operator]
            compared: pl.Expr = getattr(_float(left), sign)(_float(right))
            return compared
        case Arithmetic(operator="sub", left=left, right=right):
            return _float(left) - _float(right)
        case Arithmetic(operator="mul", left=left, right=right):
            return _float(left) * _float(right)
        case Arithmetic(operator="div", left=left, right=right):
            return _float(left) / _float(right)
    raise AssertionError(expression)
