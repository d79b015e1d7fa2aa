"""A value given by hand becomes the value of its type, or is refused without being repeated."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from language.number import MAX_DIGITS, significant_digits
from language.types import FactType
from profiles.region import region_code

MAX_MONEY_FEN = 10**17
MAX_INTEGER = 2**62
UNKNOWN = "unknown"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?", re.ASCII)


def is_unknown(raw: Any, fact_type: FactType, closed: tuple[str, ...]) -> bool:
    """Whether the word `unknown` stands for a value that is missing."""
    return raw == UNKNOWN and fact_type is not FactType.TEXT and UNKNOWN not in closed


def first_day(raw: Any) -> Any:
    """A month like 2025-05 as its first day; anything else as it is."""
    return f"{raw}-01" if isinstance(raw, str) and _MONTH.fullmatch(raw) else raw


def convert(raw: Any, fact_type: FactType, system: str, closed: tuple[str, ...]) -> Any:
    """A typed-in value as its column holds it. ValueError says what is wrong, not the value."""
    match fact_type:
        case FactType.BOOLEAN:
            if raw is True or raw == "true":
                return True
            if raw is False or raw == "false":
                return False
            raise ValueError("is neither true nor false")
        case FactType.DATE:
            if isinstance(raw, date):
                return _plain_day(raw)
            return parse_day(raw)
        case FactType.CODE | FactType.TEXT:
            return _text(raw, system, closed)
        case _:
            return _number(raw, fact_type)


def parse_day(raw: Any) -> date:
    """A day as it is written, and in no other form of ISO 8601. ValueError where it is none."""
    try:
        return date.fromisoformat(raw if isinstance(raw, str) and _DAY.fullmatch(raw) else "")
    except ValueError:
        raise ValueError("is no day like 2024-05-01") from None


def is_plain(text: str) -> bool:
    """Whether a text can be written: no half of a sign, no NUL."""
    return not any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in text)


def _plain_day(day: date) -> date:
    if isinstance(day, datetime):
        if day.time() != time():
            raise ValueError("is a moment, not a day")
        return day.date()
    return day


def _text(raw: Any, system: str, closed: tuple[str, ...]) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise ValueError("is no text")
    text = str(raw)
    if not is_plain(text):
        raise ValueError("holds signs that are no text")
    if system.startswith("GB/T 2260"):
        code = region_code(text)
        if code is None:
            raise ValueError("is no region that is known, or several have this name")
        return code
    if closed and text not in closed:
        raise ValueError(f"is none of {', '.join(closed)}")
    return text


def _number(raw: Any, fact_type: FactType) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal, str)):
        raise ValueError("is no number")
    text = str(raw)
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no number, or one with more than 40 digits")
    value = Fraction(Decimal(text))
    if fact_type is FactType.MONEY:
        fen = value * 100
        if fen.denominator != 1:
            raise ValueError("has a part of a fen")
        if abs(fen) > MAX_MONEY_FEN:
            raise ValueError("is too large for money")
        return fen.numerator
    if fact_type is FactType.INTEGER:
        if value.denominator != 1 or abs(value) > MAX_INTEGER:
            raise ValueError("is no whole number")
        return value.numerator
    digits = significant_digits(value)
    if digits is None or digits > MAX_DIGITS:
        raise ValueError(f"has more than {MAX_DIGITS} significant digits")
    return float(value)
