"""Drift of columns against sums by hand and bins counted in plain Python."""

from collections import Counter
from dataclasses import replace
from math import log
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.dataset import Column, Label
from profiles.quality_drift import (
    MAX_VALUES,
    OTHER,
    QUANTILES,
    bin_numbers,
    by_chance,
    compare_column,
    compare_columns,
    count_values,
    stability,
)
from profiles.typed_values import DTYPES
from tests.unit.profiles.delivery_world import DATASETS


def test_the_index_is_the_sum_by_hand() -> None:
    # shares with half a value more in each of two bins: 30.5/41, 10.5/41 and 10.5/41, 30.5/41
    p, q = 30.5 / 41, 10.5 / 41
    expected = (q - p) * log(q / p) + (p - q) * log(p / q)
    assert stability([(30, 10), (10, 30)]) == pytest.approx(expected)
    assert stability([(30, 300), (10, 100)]) < 0.001
    assert stability([(0, 50), (50, 0)]) > 5


def test_chance_is_four_standard_deviations_of_chi_square() -> None:
    # nine degrees: 9 + 4 * sqrt(18) = 25.97, times 1/1000 + 1/500
    counts = [(100, 50)] * 10
    assert by_chance(counts) == pytest.approx((9 + 4 * 18**0.5) * 0.003)
    assert by_chance([(3, 3)]) == 0
    assert by_chance([(0, 3), (0, 4)]) == 0


@pytest.mark.parametrize("size", [60, 400, 5_000])
def test_what_comes_from_one_source_stays_below_chance(size: int) -> None:
    rng = Random(size)
    above = 0
    for _ in range(200):
        was, has = (pl.Series([rng.gauss(100, 15) for _ in range(size)]) for _ in range(2))
        counts = bin_numbers(was, has)
        above += stability(counts) > by_chance(counts)
    assert above <= 2


def bins_by_hand(before: list[float], now: list[float]) -> list[tuple[int, int]]:
    """Deciles as values of the sample, each value's place between and on them."""
    ordered = sorted(before)
    deciles = sorted({ordered[-(-len(ordered) * n // 10) - 1] for n in range(1, 10)})
    places = []
    for values in (before, now):
        places.append(
            Counter(
                sum(d < value for d in deciles) + sum(d <= value for d in deciles)
                for value in values
            )
        )
    found = [(places[0][place], places[1][place]) for place in range(2 * len(deciles) + 1)]
    return [pair for pair in found if pair != (0, 0)]


@settings(deadline=None)
@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=40),
    st.lists(st.integers(-30, 30), max_size=40),
)
def test_numbers_are_binned_by_the_deciles_of_before(before: list[int], now: list[int]) -> None:
    found = bin_numbers(pl.Series(before), pl.Series(now, dtype=pl.Int64))
    assert found == bins_by_hand([float(x) for x in before], [float(x) for x in now])


def test_a_constant_that_becomes_another_is_seen_whichever_way() -> None:
    for other in (99, 101):
        assert bin_numbers(pl.Series([100] * 50), pl.Series([other] * 50)) in (
            [(0, 50), (50, 0)],
            [(50, 0), (0, 50)],
        )


def column(name: str, kind: Any) -> Column:
    return Column(name=name, type=kind, label=Label(zh=name))


def test_a_number_has_mean_and_quantiles_of_the_values_that_are_there() -> None:
    before = pl.Series([None, *range(1, 101)], dtype=pl.Int64)
    now = pl.Series([None, None, *range(101, 199)], dtype=pl.Int64)
    found = compare_column(before, now, column("insured", "integer"))
    assert (found.missing_before, found.missing_now) == (1 / 101, 2 / 100)
    assert (found.mean_before, found.mean_now) == (50.5, 149.5)
    assert QUANTILES == (0.05, 0.25, 0.5, 0.75, 0.95)
    assert list(found.quantiles_before) == [5, 25, 50, 75, 95]
    assert found.psi is not None
    assert found.psi > 1
    assert found.shifts == ()


def test_a_code_has_the_shifts_of_its_shares_the_largest_first() -> None:
    before = pl.Series(["micro"] * 60 + ["small"] * 30 + ["large"] * 10)
    now = pl.Series(["micro"] * 20 + ["small"] * 70 + [None] * 10)
    found = compare_column(before, now, column("size", "code"))
    told = [(shift.value, shift.before, round(shift.now, 4)) for shift in found.shifts]
    assert told == [
        ("small", 0.3, 0.7778),
        ("micro", 0.6, 0.2222),
        ("large", 0.1, 0.0),
    ]
    assert found.mean_before is None


def test_rare_values_of_a_long_code_list_are_counted_together() -> None:
    before = pl.Series([f"C{n:04}" for n in range(100) for _ in range(100 - n)])
    counts, values = count_values(before, before)
    assert len(values) == MAX_VALUES + 1
    assert values[0] == "C0000"
    assert values[-1] == OTHER
    rest = sum(100 - n for n in range(MAX_VALUES, 100))
    assert counts[-1] == (rest, rest)
    assert sum(a for a, _ in counts) == before.len()


def test_a_column_without_values_on_one_side_has_no_index() -> None:
    empty, full = pl.Series([None, None], dtype=pl.Int64), pl.Series([1, 2] * 20)
    found = compare_column(empty, full, column("insured", "integer"))
    assert found.psi is None
    assert (found.missing_before, found.missing_now) == (1, 0)
    assert found.quantiles_now == ()
    back = compare_column(full, empty, column("insured", "integer"))
    assert (back.psi, back.missing_now) == (None, 1)


@pytest.mark.parametrize("size", [19, 20])
def test_values_of_few_are_not_told(size: int) -> None:
    many, few = pl.Series(range(100)), pl.Series(range(size))
    for before, now in ((many, few), (few, many)):
        found = compare_column(before, now, column("insured", "integer"))
        assert found.psi is not None
        assert (found.mean_now is None) == (found.quantiles_before == ()) == (size < 20)
    codes = compare_column(many.cast(pl.String), few.cast(pl.String), column("size", "code"))
    assert (codes.shifts == ()) == (size < 20)


def test_names_keys_and_texts_are_not_compared() -> None:
    register = DATASETS["registration"]
    empty = pl.DataFrame(
        schema={name: DTYPES[column.type] for name, column in register.columns.items()}
    )
    names = {found.column for found in compare_columns(empty, empty, register)}
    assert "name" not in names
    assert register.key not in names
    assert "region" not in {n for n in names if register.columns[n].identifier}


@pytest.mark.parametrize("kind", ["integer", "code"])
def test_values_of_personal_columns_are_compared_and_not_told(kind: Any) -> None:
    before, now = pl.Series([1, 2, 3, 4] * 9), pl.Series([3, 4, 5, 6] * 9)
    if kind == "code":
        before, now = before.cast(pl.String), now.cast(pl.String)
    personal = replace(column("level", kind), sensitivity="personal")
    found = compare_column(before, now, personal)
    assert found.psi == compare_column(before, now, column("level", kind)).psi
    assert found.psi is not None
    assert (found.shifts, found.quantiles_now, found.mean_now) == ((), (), None)
