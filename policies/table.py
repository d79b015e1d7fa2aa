"""Tables as the law writes them: what a row's key means, and whether the rows fit together.

`from` 以上 and `up to` 以下 include the number, `over` 超过 and `under` 不满 do not.
"""

import itertools
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from language.definition import (
    Anything,
    Beneath,
    Equal,
    Matcher,
    Otherwise,
    Row,
    Scalar,
    Table,
    Within,
    kind_of_scalar,
)
from language.expression import Name
from language.number import parse_number
from language.types import FactType, Kind, kind_of
from profiles.formula import parse_scalar
from profiles.region import region_code

GB2260 = "GB/T 2260"
HIERARCHICAL = ("GB/T 2260", "GB/T 4754", "GB/T 4754-2017")
OPEN_VALUE = "unknown"
_BOUND = re.compile(
    r"(?:(from|over)\s+(\S+))?\s*(?:(up to|under)\s+(\S+))?|(\S+)\s+to\s+(\S+)", re.ASCII
)

Report = Callable[[str, str], None]
"""Takes a message and a remedy: a problem at the table."""


def region_prefix(code: str) -> str:
    """The digits with which every region below `code` begins: 440000 → 44, 000000 → ''."""
    trimmed = code
    while len(trimmed) > 0 and len(trimmed) % 2 == 0 and trimmed.endswith("00"):
        trimmed = trimmed[:-2]
    return trimmed


def parse_value(text: str, fact_type: FactType | None) -> Scalar | None:
    """The value of a cell or parameter; None where the text leaves it open (`unknown`).

    ValueError where it is no value of a declared type.
    """
    if text == OPEN_VALUE:
        return None
    if text == "unlimited":
        raise ValueError('"unlimited" is not built yet; leave the limit out')
    if fact_type is None:
        return parse_scalar(text)
    kind = kind_of(fact_type)
    if kind is Kind.TEXT:
        return text
    value = parse_number(text) if kind is Kind.NUMBER else parse_scalar(text)
    if kind_of_scalar(value) is not kind:
        raise ValueError(f'"{text}" is no {fact_type}')
    return value


def parse_range(text: str) -> Within | None:
    """A range of numbers in words, None where the text is none. ValueError for a bad number."""
    words = " ".join(text.split())
    match = _BOUND.fullmatch(words)
    if match is None or not words or not any(match.groups()):
        return None
    low_word, low, high_word, high, first, last = match.groups()
    if first is not None:
        low, high, low_word, high_word = first, last, "from", "up to"
    bottom = None if low is None else parse_number(low)
    top = None if high is None else parse_number(high)
    if bottom is not None and top is not None and bottom > top:
        raise ValueError(f'"{text}" ends below its beginning')
    return Within(
        low=bottom,
        low_included=low_word == "from",
        high=top,
        high_included=high_word == "up to",
    )


def _parse_key(text: str, kind: Kind, system: str) -> Equal | Beneath | Within:
    parts = [part.strip() for part in text.split(",")]
    if kind is Kind.NUMBER:
        found = parse_range(text)
        return found or Equal(values=tuple(parse_number(part) for part in parts))
    if kind is Kind.BOOLEAN:
        if not all(part in ("true", "false") for part in parts):
            raise ValueError(f'"{text}" is neither true nor false')
        return Equal(values=tuple(part == "true" for part in parts))
    if kind is Kind.DATE:
        raise ValueError("a table by a date is not built yet; use values with from:")
    if system == GB2260:
        codes = [region_code(part) for part in parts]
        if None in codes:
            raise ValueError(f'"{parts[codes.index(None)]}" is no region; write its six-digit code')
        return Beneath(prefixes=tuple(region_prefix(code) for code in codes if code is not None))
    if system in HIERARCHICAL:
        return Beneath(prefixes=tuple(parts))
    return Equal(values=tuple(parts))


def build_table(
    by: tuple[Name, ...],
    types: tuple[FactType, ...],
    systems: tuple[str, ...],
    closed: tuple[tuple[str, ...], ...],
    rows: Mapping[str, object],
    value_type: FactType | None,
    report: Report,
) -> Table | None:
    """The table of nested `rows`, one level for each fact of `by`; problems go to `report`."""
    built: list[Row] = []

    def walk(level: int, cells: Mapping[str, object], above: tuple[Matcher, ...]) -> None:
        keys: dict[str, Equal | Beneath | Within] = {}
        for text in cells:
            if text in ("else", "any"):
                continue
            try:
                keys[text] = _parse_key(text, kind_of(types[level]), systems[level])
            except ValueError as error:
                report(str(error), "")
                continue
            unknown = _not_of(keys[text], closed[level])
            if unknown:
                report(
                    f'"{by[level].name}" is never "{unknown}"',
                    f"it is one of {', '.join(closed[level])}",
                )
        if "any" in cells and len(cells) > 1:
            report('"any" stands alone in a table', "use else for every other known value")
        _report_overlaps(keys, report)
        for text, cell in cells.items():
            if text == "any":
                matcher: Matcher = Anything()
            elif text == "else":
                matcher = Otherwise(others=tuple(keys.values()))
            elif text in keys:
                matcher = keys[text]
            else:
                continue
            if level + 1 < len(by):
                if isinstance(cell, Mapping):
                    walk(level + 1, cell, (*above, matcher))
                else:
                    report(f'row "{text}" needs a level more', f"by: {[n.name for n in by]}")
            elif isinstance(cell, str):
                try:
                    value = parse_value(cell, value_type)
                except ValueError as error:
                    report(f'row "{text}": {error}', "")
                    continue
                built.append(Row(matchers=(*above, matcher), value=value))
            else:
                report(f'row "{text}" needs one value', f"the table is by {len(by)} facts")

    walk(0, rows, ())
    kinds = {kind_of_scalar(row.value) for row in built if row.value is not None}
    if len(kinds) > 1:
        report(f"the table's values are of different kinds: {', '.join(sorted(kinds))}", "")
        return None
    if not kinds:
        report("the table has no value", "")
        return None
    # of codes with levels the most specific row wins: it stands first
    built = [row for whole in built for row in _split_prefixes(whole)]
    built.sort(key=_specificity, reverse=True)
    return Table(by=by, rows=tuple(built), kind=kinds.pop())


def _split_prefixes(row: Row) -> list[Row]:
    """A row for each of its codes, as each has a level of its own."""
    choices = [
        [Beneath(prefixes=(prefix,)) for prefix in matcher.prefixes]
        if isinstance(matcher, Beneath)
        else [matcher]
        for matcher in row.matchers
    ]
    return [Row(matchers=matchers, value=row.value) for matchers in itertools.product(*choices)]


def _specificity(row: Row) -> int:
    return sum(
        max(len(prefix) for prefix in matcher.prefixes)
        for matcher in row.matchers
        if isinstance(matcher, Beneath)
    )


def _not_of(matcher: Matcher, closed: tuple[str, ...]) -> str | None:
    if not closed or not isinstance(matcher, Equal):
        return None
    return next((str(value) for value in matcher.values if value not in closed), None)


def _report_overlaps(keys: Mapping[str, Equal | Beneath | Within], report: Report) -> None:
    texts = list(keys)
    for index, first in enumerate(texts):
        for second in texts[index + 1 :]:
            witness = _overlap(keys[first], keys[second])
            if witness is not None:
                report(f'rows "{first}" and "{second}" both hold for {witness}', "")


def _overlap(first: Matcher, second: Matcher) -> str | None:
    """A value that both match, None where there is none."""
    match first, second:
        case Equal(values=a), Equal(values=b):
            return next((str(value) for value in a if value in b), None)
        case Beneath(prefixes=a), Beneath(prefixes=b):
            return next((prefix for prefix in a if prefix in b), None)
        case Within(), Within():
            return _overlap_of_ranges(first, second)
        case (Equal(values=values), Within() as range_) | (
            Within() as range_,
            Equal(values=values),
        ):
            for value in values:
                if isinstance(value, Fraction) and _inside(range_, value):
                    return str(value)
    return None


def _inside(range_: Within, value: Fraction) -> bool:
    above = (
        range_.low is None or value > range_.low or (range_.low_included and value == range_.low)
    )
    below = (
        range_.high is None
        or value < range_.high
        or (range_.high_included and value == range_.high)
    )
    return above and below


def _overlap_of_ranges(first: Within, second: Within) -> str | None:
    """A number inside both: an end they share, or the middle of what they share."""
    lows = [r.low for r in (first, second) if r.low is not None]
    highs = [r.high for r in (first, second) if r.high is not None]
    if lows and highs:
        inside = [(max(lows) + min(highs)) / 2]
    else:
        inside = [max(lows) + 1] if lows else [min(highs) - 1] if highs else [Fraction(0)]
    for value in inside:
        if _inside(first, value) and _inside(second, value):
            return f"{float(value):g}"
    return None


def gaps_of(table: Table) -> list[tuple[Fraction, Fraction]]:
    """Between which numbers a table by one number has no row, inside its first and last row."""
    ranges = [row.matchers[0] for row in table.rows if isinstance(row.matchers[0], Within)]
    if len(table.by) != 1 or len(ranges) != len(table.rows) or not ranges:
        return []
    ranges.sort(key=lambda r: (r.low is not None, r.low or Fraction(0)))
    gaps = []
    for below, above in itertools.pairwise(ranges):
        if below.high is None or above.low is None:
            continue
        touching = below.high == above.low and (below.high_included or above.low_included)
        if below.high < above.low or (below.high == above.low and not touching):
            gaps.append((below.high, above.low))
    return gaps
