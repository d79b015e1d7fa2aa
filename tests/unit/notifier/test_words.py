"""Amounts and periods in words."""

import pytest

from notifier.errors import UnknownPeriod
from notifier.words import amount_en, amount_zh, period_en, period_zh


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (0, "0.00元", "CNY 0.00"),
        (5, "0.05元", "CNY 0.05"),
        (99_900, "999.00元", "CNY 999.00"),
        (123_456_789, "1,234,567.89元", "CNY 1,234,567.89"),
        (2**62, "46,116,860,184,273,879.04元", "CNY 46,116,860,184,273,879.04"),
    ],
)
def test_amounts_have_two_decimals_and_separators(fen: int, zh: str, en: str) -> None:
    assert (amount_zh(fen), amount_en(fen)) == (zh, en)


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [
        ("2025-01", "2025年1月", "January 2025"),
        ("2025-12", "2025年12月", "December 2025"),
        ("2025Q1", "2025年第一季度", "the first quarter of 2025"),
        ("2025Q4", "2025年第四季度", "the fourth quarter of 2025"),
        ("2025H1", "2025年上半年", "the first half of 2025"),
        ("2025H2", "2025年下半年", "the second half of 2025"),
        ("2025", "2025年", "2025"),
        ("once", "一次性", "once"),
    ],
)
def test_periods_are_said_as_people_say_them(period: str, zh: str, en: str) -> None:
    assert (period_zh(period), period_en(period)) == (zh, en)


@pytest.mark.parametrize("period", ["", "2025-13", "2025Q5", "2025H3", "25", "２０２５", "2025-1"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(UnknownPeriod):
        period_zh(period)
    with pytest.raises(UnknownPeriod):
        period_en(period)
