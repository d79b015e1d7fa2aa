"""Cells of tables: what a row's key means, in the law's words or as DMN's unary tests.

`from` 以上 and `up to` 以下 include the value, `over` 超过 and `under` 不满 do not.
`[1..5]` includes both ends; `(1..5)` and `]1..5[` include neither.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from language.definition import (
    Anything,
    Beneath,
    During,
    Equal,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Within,
)
from language.number import parse_number
from language.types import Kind
from profiles.region import region_code

GB2260 = "GB/T 2260"
_TRADE = re.compile(r"[A-T]\d{0,4}|\d{2,4}", re.ASCII)
HIERARCHICAL = ("GB/T 2260", "GB/T 4754", "GB/T 4754-2017")
_BOUND = re.compile(
    r"(?:(from|over)\s+(\S+))?\s*(?:(up to|under)\s+(\S+))?|(\S+)\s+to\s+(\S+)", re.ASCII
)
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(\S.*)", re.DOTALL)
_INTERVAL = re.compile(r"([\[\]()])(.+?)\.\.(.+)([\[\]()])", re.DOTALL)
_DAY = re.compile(r'date\(\s*"([^"]*)"\s*\)')
_WORDS = {"<": "under", "<=": "up to", ">": "over", ">=": "from"}


def region_prefix(code: str) -> str:
    """The digits with which every region below `code` begins: 440000 → 44, 000000 → ''."""
    trimmed = code
    while len(trimmed) > 0 and len(trimmed) % 2 == 0 and trimmed.endswith("00"):
        trimmed = trimmed[:-2]
    return trimmed


def parse_key(text: str, kind: Kind, system: str) -> Matcher:
    """A row's key as parameters have it: a value, several, or a range.

    ValueError with a sentence for the author where it is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if kind in (Kind.NUMBER, Kind.DATE):
        return _join([_parse_ordered(part, kind) for part in parts])
    if kind is Kind.BOOLEAN:
        if not all(part in ("true", "false") for part in parts):
            raise ValueError(f'"{text}" is neither true nor false')
        return Equal(values=tuple(part == "true" for part in parts))
    return _parse_texts(parts, system)


def parse_cell(text: str, kind: Kind, system: str) -> Matcher:
    """A cell of a decision table: a row's key as above, or a DMN unary test.

    ValueError with a sentence for the author where it is none.
    """
    words = text.strip()
    if words in ("-", "any"):
        return Anything()
    if words.startswith("not(") and words.endswith(")"):
        inner = parse_cell(words.removeprefix("not(")[:-1], kind, system)
        if isinstance(inner, Anything):
            raise ValueError(f'"{text}" holds for nothing')
        return Otherwise(others=(inner,))
    parts = list(_split(words))
    tests = [_parse_test(part, kind, system) for part in parts if part != "null"]
    members = [_join(tests)] if tests else []
    members += [NotApplying()] if "null" in parts else []
    return members[0] if len(members) == 1 else OneOf(members=tuple(members))


def _split(text: str) -> Iterator[str]:
    """The parts between commas that stand neither in quotes nor in brackets."""
    part, quoted, depth = "", False, 0
    for sign in text:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == "," and not quoted and depth <= 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()


def _parse_test(text: str, kind: Kind, system: str) -> Matcher:
    if not text:
        raise ValueError("a cell is empty: write - for any value")
    if kind in (Kind.NUMBER, Kind.DATE):
        compared = _COMPARED.fullmatch(text)
        if compared is not None:
            sign, end = compared.groups()
            low, high = (None, end) if sign.startswith("<") else (end, None)
            return _between(text, kind, low, high, sign == ">=", sign == "<=")
        interval = _INTERVAL.fullmatch(text)
        if interval is not None:
            left, first, last, right = interval.groups()
            return _between(text, kind, first, last, left == "[", right == "]")
        return _parse_ordered(text, kind)
    if _COMPARED.fullmatch(text) and kind is Kind.TEXT:
        raise ValueError(f'"{text}": texts and codes have no order; name the values')
    if kind is Kind.TEXT and len(text) > 1 and text[0] == text[-1] == '"':
        return _parse_texts([text[1:-1]], system)
    return parse_key(text, kind, system)


def _parse_ordered(text: str, kind: Kind) -> Matcher:
    """A number or a day, or a range of them in words."""
    words = " ".join(text.split())
    match = _BOUND.fullmatch(words)
    if match is None or not words or not any(match.groups()):
        if kind is Kind.DATE:
            day = parse_day(words)
            return During(first=day, last=day)
        try:
            return Equal(values=(parse_number(words),))
        except ValueError:
            message = f'"{text}" is not a number or a range like from 30 (以上) or up to 30 (以下)'
            raise ValueError(message) from None
    low_word, low, high_word, high, first, last = match.groups()
    if first is not None:
        return _between(text, kind, first, last, True, True)
    return _between(text, kind, low, high, low_word == "from", high_word == "up to")


def _between(
    text: str, kind: Kind, low: str | None, high: str | None, low_in: bool, high_in: bool
) -> Within | During:
    if kind is Kind.DATE:
        return _during(text, low, high, low_in, high_in)
    bottom = None if low is None else parse_number(low)
    top = None if high is None else parse_number(high)
    if bottom is not None and top is not None:
        if bottom > top:
            raise ValueError(f'"{text}" ends below its beginning')
        if bottom == top and not (low_in and high_in):
            raise ValueError(f'"{text}" holds for no number')
    return Within(low=bottom, low_included=low_in, high=top, high_included=high_in)


def _during(text: str, low: str | None, high: str | None, low_in: bool, high_in: bool) -> During:
    try:
        first = None if low is None else parse_day(low) + timedelta(days=0 if low_in else 1)
        last = None if high is None else parse_day(high) - timedelta(days=0 if high_in else 1)
    except OverflowError:
        raise ValueError(f'"{text}" leaves the calendar') from None
    if first is not None and last is not None and first > last:
        raise ValueError(f'"{text}" holds for no day')
    return During(first=first, last=last)


def parse_day(text: str) -> date:
    """A day: `2024-05-01`, or DMN's `date("2024-05-01")`."""
    words = text.strip()
    called = _DAY.fullmatch(words)
    try:
        return date.fromisoformat(called[1] if called else words)
    except ValueError:
        raise ValueError(f'"{text}" is not a day; write 2024-05-01') from None


def _parse_texts(parts: list[str], system: str) -> Equal | Beneath:
    if system == GB2260:
        codes = [region_code(part) for part in parts]
        if None in codes:
            raise ValueError(f'"{parts[codes.index(None)]}" is no region; write its six-digit code')
        return Beneath(prefixes=tuple(region_prefix(code) for code in codes if code is not None))
    if system in HIERARCHICAL:
        for part in parts:
            if _TRADE.fullmatch(part) is None:
                message = f'"{part}" is no trade of GB/T 4754; write C, C35, C351 or C3512'
                raise ValueError(message)
        return Beneath(prefixes=tuple(parts))
    return Equal(values=tuple(parts))


def _join(tests: list[Matcher]) -> Matcher:
    """One test for several: values and codes gather in one, what else there is stands beside."""
    values = tuple(value for test in tests if isinstance(test, Equal) for value in test.values)
    prefixes = tuple(p for test in tests if isinstance(test, Beneath) for p in test.prefixes)
    members: list[Matcher] = [Equal(values=values)] if values else []
    members += [Beneath(prefixes=prefixes)] if prefixes else []
    members += [test for test in tests if not isinstance(test, (Equal, Beneath))]
    return members[0] if len(members) == 1 else OneOf(members=tuple(members))


def parse_range(text: str) -> Within | None:
    """A range of numbers in words, None where the text is none. ValueError for a bad number."""
    match = _BOUND.fullmatch(" ".join(text.split()))
    if match is None or not any(match.groups()):
        return None
    found = _parse_ordered(text, Kind.NUMBER)
    return found if isinstance(found, Within) else None


def bounds_of(matcher: Matcher) -> Iterator[Fraction | date]:
    """Every number and day at which a key begins or ends to hold."""
    match matcher:
        case Equal(values=values):
            yield from (v for v in values if isinstance(v, (Fraction, date)))
        case Within(low=low, high=high):
            yield from (end for end in (low, high) if end is not None)
        case During(first=first, last=last):
            yield from (end for end in (first, last) if end is not None)
        case OneOf(members=members) | Otherwise(others=members):
            for member in members:
                yield from bounds_of(member)
