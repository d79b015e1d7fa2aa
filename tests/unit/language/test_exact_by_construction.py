"""Ten million rows on thresholds and on half-fen ties, with no wrong answer among them.

Each case is built backwards from a random decimal, so that its answer is known from how it was
built and needs no second evaluation. A total is a multiple of the threshold's denominator, its part
the threshold's share of it and `beside` more or less; an amount is a whole number of halves of a
fen, and `beside` fen more or less. Where 64 bits suffice NumPy's integers confirm the answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.verdicts import decide_part, plan_conditions
from language import exact
from language.definition import Given
from language.frame import prepare
from language.lowering import Lowering
from language.parse import parse
from language.types import FactType
from language.unparse import show_number

SCOPE = {
    "part": Given(name="part", type=FactType.INTEGER),
    "total": Given(name="total", type=FactType.INTEGER),
    "money": Given(name="money", type=FactType.MONEY),
    "other": Given(name="other", type=FactType.MONEY),
    "rate": Given(name="rate", type=FactType.RATIO),
}
TYPES = {name: given.type for name, given in SCOPE.items()}
ROWS = 100_000
ROUNDS = 12
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An expression, its facts by row, and the answers: truths, or whole fen."""

    text: str
    facts: dict[str, Array]
    wanted: Array


def draw_decimal(rng: np.random.Generator, places: int) -> Fraction:
    """A decimal between 0 and 1 with just so many places."""
    return Fraction(int(rng.integers(1, 10**places)), 10**places)


def draw_beside(rng: np.random.Generator) -> Array:
    """By how much each row lies beside its threshold: a third of them on it."""
    return rng.integers(-1, 2, ROWS)


def share_of_total(rng: np.random.Generator) -> Iterator[Case]:
    """`part / total` against a decimal, from small numbers to products of more than 64 bits."""
    for places, most in ((1, 10**4), (2, 10**6), (3, 10**9), (5, 10**12), (6, 10**12)):
        edge = draw_decimal(rng, places)
        times = rng.integers(1, most, ROWS)
        beside = draw_beside(rng)
        facts = {"part": edge.numerator * times + beside, "total": edge.denominator * times}
        shown = show_number(edge)
        yield Case(text=f"part / total <= {shown}", facts=facts, wanted=beside <= 0)
        yield Case(text=f"1 - part / total > 1 - {shown}", facts=facts, wanted=beside < 0)
        yield Case(text=f"part / total == {shown}", facts=facts, wanted=beside == 0)
        yield Case(text=f"part * 100 / total >= {shown} * 100", facts=facts, wanted=beside >= 0)


def decimal_column(rng: np.random.Generator) -> Iterator[Case]:
    """A column of decimals against one of its own values, and money times it against yuan."""
    for places in (1, 3, 6, 9):
        edge = draw_decimal(rng, places)
        scale = 10**places
        beside = draw_beside(rng)
        digits = int(edge * scale) + beside
        rates = digits / scale  # one rounding: the float nearest to the decimal
        shown = show_number(edge)
        facts: dict[str, Array] = {"rate": rates}
        yield Case(text=f"rate <= {shown}", facts=facts, wanted=beside <= 0)
        yield Case(text=f"rate != {shown}", facts=facts, wanted=beside != 0)
        money = rng.integers(1, 10**9, ROWS)
        facts = {"rate": rates, "money": money, "other": money * int(edge * scale)}
        yield Case(text=f"money * rate * {scale} >= other", facts=facts, wanted=beside >= 0)
        yield Case(text=f"other / money / {scale} < rate", facts=facts, wanted=beside > 0)


def half_fen(rng: np.random.Generator) -> Iterator[Case]:
    """Money times a decimal that ends on half a fen, and a fen more or less of the money."""
    for places, most in ((1, 10**9), (2, 10**9), (3, 10**8), (4, 10**8), (6, 10**6)):
        rate = draw_decimal(rng, places)
        while rate.denominator % 2 or rate.denominator == 1:
            rate = draw_decimal(rng, places)
        odd = 2 * rng.integers(-most, most, ROWS) + 1
        beside = draw_beside(rng)
        money = rate.denominator // 2 * odd + beside
        half = rate.numerator * odd  # halves of a fen; odd, since the numerator is
        away = np.where(half > 0, 1, -1)
        wanted = np.where(beside == 0, (half + away) // 2, (half + beside) // 2)
        check = (2 * np.abs(money) * rate.numerator + rate.denominator) // (2 * rate.denominator)
        assert (np.sign(money) * check == wanted).all()
        shown = show_number(rate)
        facts = {"money": money}
        yield Case(text=f"money * {shown}", facts=facts, wanted=wanted)
        yield Case(text=f"$round(money * {shown}, 2)", facts=facts, wanted=wanted)
        share = f"money * {rate.numerator} / {rate.denominator}"
        yield Case(text=share, facts=facts, wanted=wanted)
        times = np.full(ROWS, rate.numerator / rate.denominator)
        yield Case(text="money * rate", facts={**facts, "rate": times}, wanted=wanted)


def divided(rng: np.random.Generator) -> Iterator[Case]:
    """Money divided among heads, where the quotient ends on half a fen."""
    for most in (10**3, 10**5):
        heads = 2 * rng.integers(1, most, ROWS)
        odd = 2 * rng.integers(-(10**6), 10**6, ROWS) + 1
        beside = draw_beside(rng)
        money = heads // 2 * odd + np.where(heads > 2, beside, 0)
        check = (2 * np.abs(money) + heads) // (2 * heads)
        wanted = np.sign(money) * check
        facts = {"money": money, "total": heads}
        yield Case(text="money / total", facts=facts, wanted=wanted)
        down = np.floor_divide(np.abs(money), 100 * heads) * 100 * np.sign(money)
        yield Case(text="money // total", facts=facts, wanted=down)
        yield Case(text="$floor(money / total)", facts=facts, wanted=money // (100 * heads) * 100)


MAKERS: list[Callable[[np.random.Generator], Iterator[Case]]] = [
    share_of_total, decimal_column, half_fen, divided,
]  # fmt: skip


def count_wrong(case: Case) -> int:
    """Rows that the columns answer otherwise; a truth also as a run decides it."""
    frame = pl.DataFrame(case.facts)
    prepared = prepare(frame, TYPES, frame.columns)
    assert not prepared.unscalable
    expression = parse(case.text)
    column = Lowering(SCOPE, prepared.known).lower(expression)
    answer = column if isinstance(column, pl.Expr) else exact.to_fen(column)
    found = prepared.frame.select(answer.alias("answer"))["answer"]
    wrong = int((found.is_null() | (found != pl.Series(case.wanted))).sum())
    if isinstance(column, pl.Expr):
        plan = plan_conditions([expression], SCOPE)
        decided = decide_part(plan, prepared, TYPES)[0]
        assert decided.eligible.all()
        held = np.zeros(ROWS, dtype=bool)
        held[decided.rows] = True
        wrong += int((held != case.wanted).sum())
    return wrong


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_no_row_on_a_threshold_or_a_tie_is_wrong(round_: int) -> None:
    rng = np.random.default_rng(round_)
    rows = 0
    for make in MAKERS:
        for case in make(rng):
            assert count_wrong(case) == 0, case.text
            rows += ROWS
    assert rows * ROUNDS >= 10_000_000


def test_floats_would_be_wrong_on_many_of_these_rows() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for case in share_of_total(rng):
        if case.text.startswith("1 - "):
            edge = float(Fraction(case.text.rsplit(maxsplit=1)[1]))
            found = 1 - case.facts["part"] / case.facts["total"] > 1 - edge
            wrong += int((found != case.wanted).sum())
    assert wrong > 0.05 * 5 * ROWS
