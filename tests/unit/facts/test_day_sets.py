"""Sets of days in bits against plain Python over the rows of each group."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.day_sets import MOST, gather_days
from profiles.grouped import gather_groups

FIRST = date(1969, 12, 1)
"""Days before 1970 are negative numbers."""

Row = tuple[int, date, bool]


@st.composite
def drawn_rows(draw: st.DrawFn) -> list[Row]:
    """Rows by group, with 1 to 64 distinct days in any order, often several of one day."""
    several = draw(st.sampled_from((1, 2, 15, 16, 17, 32, 33, 63, 64)))
    step = draw(st.sampled_from((1, 31, 400)))
    days = [FIRST + timedelta(days=number * step) for number in range(several)]
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    row = st.tuples(st.sampled_from(days), st.booleans())
    rows = [(group, *draw(row)) for group, size in enumerate(sizes) for _ in range(size)]
    # all of the days stand somewhere, so that a word is as wide as they need
    return rows + [(len(sizes), day, False) for day in days]


def spans(rows: Sequence[Row]) -> list[tuple[date | None, date]]:
    days = sorted({day for _, day, _ in rows})
    middle = days[len(days) // 2]
    return [
        (None, days[-1]),
        (None, middle),
        (middle, days[-1]),
        (middle, middle),
        (days[0], days[-1] - timedelta(days=1)),
        (middle, middle - timedelta(days=1)),
        (days[-1] + timedelta(days=1), date(9999, 12, 31)),
    ]


def days_of(rows: Sequence[Row]) -> pl.Series:
    return pl.Series([day for _, day, _ in rows], dtype=pl.Date)


@given(drawn_rows(), st.booleans())
def test_sets_agree_with_the_rows_one_by_one(rows: list[Row], all_of_them: bool) -> None:
    groups = gather_groups(pl.Series([str(group) for group, _, _ in rows]))
    assert groups is not None
    found = gather_days(groups, days_of(rows))
    assert found is not None
    flags = np.array([flag for _, _, flag in rows])
    sets = found.gather(None if all_of_them else flags)
    for start, end in spans(rows):
        within = found.within(start, end)
        counts, some = sets.count(within), sets.any(within)
        first, last = sets.edge(within, last=False), sets.edge(within, last=True)
        for group in range(len(groups.starts)):
            held = [
                day
                for number, day, flag in rows
                if number == group and (all_of_them or flag) and (start or date.min) <= day <= end
            ]
            assert counts[group] == len(held)
            assert some[group] == bool(held)
            if held:
                epoch = date(1970, 1, 1)
                assert epoch + timedelta(days=int(first[group])) == min(held)
                assert epoch + timedelta(days=int(last[group])) == max(held)


@pytest.mark.parametrize(
    "times",
    [
        [],
        [date(2025, 1, 1), None],
        [FIRST + timedelta(days=number) for number in range(MOST + 1)],
        # too many only after the rows that are looked at first
        [FIRST] * 5000 + [FIRST + timedelta(days=number) for number in range(MOST + 1)],
        [date(1, 1, 1), date(9999, 12, 31)],
    ],
)
def test_days_that_are_missing_too_many_or_too_far_apart_have_no_sets(
    times: list[date | None],
) -> None:
    column = pl.Series(times, dtype=pl.Date)
    groups = gather_groups(pl.Series(["S"] * len(times), dtype=pl.String))
    assert groups is not None
    assert gather_days(groups, column) is None
