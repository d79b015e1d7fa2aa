"""Amounts and periods as people read them, in Chinese and English."""

import re

from notifier.errors import UnknownPeriod

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_QUARTERS_ZH = "一二三四"
_ORDINALS = ("first", "second", "third", "fourth")
_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])|Q([1-4])|H([12]))?", re.ASCII)


def amount_zh(fen: int) -> str:
    """123456789 fen are 1,234,567.89元."""
    return f"{_yuan(fen)}元"


def amount_en(fen: int) -> str:
    """123456789 fen are CNY 1,234,567.89."""
    return f"CNY {_yuan(fen)}"


def period_zh(period: str) -> str:
    """2025-11 is 2025年11月, 2025Q4 is 2025年第四季度, 2025H2 is 2025年下半年."""
    year, month, quarter, half = _split(period)
    if not year:
        return "一次性"
    if month:
        return f"{year}年{month}月"
    if quarter:
        return f"{year}年第{_QUARTERS_ZH[quarter - 1]}季度"
    if half:
        return f"{year}年{'上下'[half - 1]}半年"
    return f"{year}年"


def period_en(period: str) -> str:
    """2025-11 is November 2025, 2025Q4 is the fourth quarter of 2025."""
    year, month, quarter, half = _split(period)
    if not year:
        return "once"
    if month:
        return f"{_MONTHS[month - 1]} {year}"
    if quarter:
        return f"the {_ORDINALS[quarter - 1]} quarter of {year}"
    if half:
        return f"the {_ORDINALS[half - 1]} half of {year}"
    return str(year)


def _yuan(fen: int) -> str:
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def _split(period: str) -> tuple[int, int, int, int]:
    """Year, month, quarter and half, 0 where it has none; all 0 for `once`."""
    if period == "once":
        return 0, 0, 0, 0
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise UnknownPeriod(f'"{period}" is no period (2025-11, 2025Q4, 2025H2, 2025, once)')
    year, month, quarter, half = (int(part or 0) for part in found.groups())
    return year, month, quarter, half
