"""Chance without state, days, and identity numbers, against the standard library and stdnum."""

from datetime import date, timedelta

import numpy as np
import pytest
import stdnum.cn.ric
import stdnum.cn.uscc
from hypothesis import given
from hypothesis import strategies as st

from profiles.sample_city.days import add_months, day_of, month_starts, months_of, years_of
from profiles.sample_city.draw import happens, normal, pick, pick_by, uniform, whole
from profiles.sample_city.identity_number import credit_codes, resident_numbers

SUBJECTS = np.arange(100_000)


def test_draws_of_a_subject_do_not_depend_on_who_else_is_drawn():
    some = np.array([17, 99_000, 3])
    assert (uniform(1, "x", SUBJECTS)[some] == uniform(1, "x", some)).all()
    parts = np.array([5, 6, 7])
    assert uniform(1, "x", some, parts)[1] == uniform(1, "x", some[1:2], 6)[0]


@pytest.mark.parametrize("other", [(2, "x", None), (1, "y", None), (1, "x", 0), (1, "x", 1)])
def test_seed_purpose_and_part_each_change_the_draw(other):
    seed, about, part = other
    a, b = uniform(1, "x", SUBJECTS), uniform(seed, about, SUBJECTS, part)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02


def test_draws_have_the_moments_they_should_have():
    even = uniform(3, "even", SUBJECTS)
    assert 0 < even.min() < 0.001
    assert 0.999 < even.max() < 1
    assert abs(even.mean() - 0.5) < 0.005
    assert abs(even.var() - 1 / 12) < 0.002
    bell = normal(3, "bell", SUBJECTS)
    assert abs(bell.mean()) < 0.02
    assert abs(bell.std() - 1) < 0.02


def test_neighbouring_subjects_draw_independently():
    even = uniform(3, "even", SUBJECTS)
    assert abs(np.corrcoef(even[:-1], even[1:])[0, 1]) < 0.02


def test_weights_are_kept():
    weights = np.array([0.7, 0.0, 0.2, 0.1])
    shares = np.bincount(pick(1, "p", SUBJECTS, weights), minlength=4) / len(SUBJECTS)
    assert np.abs(shares - weights).max() < 0.01
    rows = SUBJECTS % 2
    table = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    picked = pick_by(1, "p", SUBJECTS, rows, table)
    assert set(picked[rows == 0]) == {0}
    assert set(picked[rows == 1]) == {1, 2}
    assert abs(happens(1, "h", SUBJECTS, 0.03).mean() - 0.03) < 0.003
    assert set(whole(1, "w", SUBJECTS, 4)) == {0, 1, 2, 3}


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(-600, 600))
def test_month_arithmetic_clamps_at_the_month_end(day, months):
    later = date(1970, 1, 1) + timedelta(days=int(add_months(np.array([day_of(day)]), months)[0]))
    place = day.year * 12 + day.month - 1 + months
    assert (later.year, later.month) == (place // 12, place % 12 + 1)
    if later.day != day.day:
        assert later.day < day.day
        assert (later + timedelta(days=1)).day == 1


def test_months_and_years_agree_with_the_calendar():
    days = np.array(
        [day_of(date(1969, 12, 31)), day_of(date(1970, 1, 1)), day_of(date(2024, 2, 29))]
    )
    assert years_of(days).tolist() == [1969, 1970, 2024]
    assert months_of(days).tolist() == [-1, 0, 649]
    assert month_starts(np.array([649])).tolist() == [day_of(date(2024, 2, 1))]


@given(st.lists(st.integers(0, 31**6 - 1), min_size=1, max_size=50, unique=True))
def test_credit_codes_are_valid_and_unique(indexes):
    index = np.array(indexes)
    kinds = np.array([b"91", b"92", b"12"])[index % 3]
    codes = credit_codes(kinds, 990101 + index % 6, index)
    assert all(map(stdnum.cn.uscc.is_valid, codes))
    assert codes.n_unique() == len(indexes)
    assert codes.str.slice(2, 4).unique().to_list() == ["9901"]


@given(
    st.lists(
        st.tuples(st.dates(date(1915, 1, 1), date(2031, 1, 1)), st.integers(1, 999)), min_size=1
    )
)
def test_resident_numbers_hold_birth_date_order_and_check_digit(persons):
    days = np.array([day_of(day) for day, _ in persons])
    orders = np.array([order for _, order in persons])
    numbers = resident_numbers(np.full(len(days), 990103), days, orders)
    for (day, order), number in zip(persons, numbers, strict=True):
        assert number[:17] == f"990103{day:%Y%m%d}{order:03d}"
        assert number[17] == stdnum.cn.ric.calc_check_digit(number)
