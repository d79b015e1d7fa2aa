"""Tables as the law writes them: what a row's key means, and whether the rows fit together.

`from` 以上 and `up to` 以下 include the number, `over` 超过 and `under` 不满 do not.
"""

import itertools
from collections.abc import Callable, Mapping
from math import prod

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
from language.number import UNLIMITED, parse_number
from language.types import FactType, Kind, kind_of
from policies.axis import Shape, fits, show_sort, sorts_of
from policies.cell import parse_key
from profiles.formula import parse_scalar

MAX_ROWS = 2_000
"""Rows of a table; what has more is compared row with row for minutes."""
MAX_CODES = 20_000
"""Rows of a table once every code has a row of its own."""
OPEN_VALUE = "unknown"
Report = Callable[[str, str], None]
"""Takes a message and a remedy: a problem at the table."""


def parse_value(text: str, fact_type: FactType | None, *, ceiling: bool = False) -> Scalar | None:
    """The value of a cell or parameter; None where the text leaves it open (`unknown`).

    A `ceiling` may be `unlimited`. ValueError where it is no value of a declared type.
    """
    if text == OPEN_VALUE:
        return None
    if text == "unlimited" and (fact_type is None or kind_of(fact_type) is Kind.NUMBER):
        if not ceiling:
            raise ValueError('"unlimited" stands in parameters; name one in at_most')
        return UNLIMITED
    if fact_type is None:
        return parse_scalar(text)
    kind = kind_of(fact_type)
    if kind is Kind.TEXT:
        return text
    value = parse_number(text) if kind is Kind.NUMBER else parse_scalar(text)
    if kind_of_scalar(value) is not kind:
        raise ValueError(f'"{text}" is no {fact_type}')
    return value


def build_table(
    by: tuple[Name, ...],
    shapes: tuple[Shape, ...],
    rows: Mapping[str, object],
    value_type: FactType | None,
    report: Report,
) -> Table | None:
    """The table of nested `rows`, one level for each fact of `by`; problems go to `report`."""
    built: list[Row] = []
    unread: list[str] = []

    def walk(level: int, cells: Mapping[str, object], above: tuple[Matcher, ...]) -> None:
        keys: dict[str, Matcher] = {}
        if len(cells) + len(built) > MAX_ROWS:
            report(f"the table has more than {MAX_ROWS:,} rows", "make several tables of it")
            return
        for text in cells:
            if text in ("else", "any"):
                continue
            try:
                keys[text] = parse_key(text, shapes[level].kind, shapes[level].system)
            except ValueError as error:
                ordered = shapes[level].kind is Kind.NUMBER
                unread.append(text)
                report(str(error), "rows are 80, 80 to 89, from 90, under 30" if ordered else "")
                continue
            unknown = _not_of(keys[text], shapes[level].closed)
            if unknown:
                report(
                    f'"{by[level].name}" is never "{unknown}"',
                    f"it is one of {', '.join(shapes[level].closed)}",
                )
        if "any" in cells and len(cells) > 1:
            report('"any" stands alone in a table', "use else for every other known value")
        _report_overlaps(keys, shapes[level], report)
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
                    value = parse_value(cell, value_type, ceiling=True)
                except ValueError as error:
                    unread.append(text)
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
        if not unread:
            report("the table has no value", "write one beside a key")
        return None
    if sum(map(_count_prefixes, built)) > MAX_CODES:
        report(f"the table names more than {MAX_CODES:,} codes", "make several tables of it")
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


def _count_prefixes(row: Row) -> int:
    return prod(len(m.prefixes) for m in row.matchers if isinstance(m, Beneath))


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


def _report_overlaps(keys: Mapping[str, Matcher], shape: Shape, report: Report) -> None:
    texts = list(keys)
    for index, first in enumerate(texts):
        for second in texts[index + 1 :]:
            witness = _overlap(keys[first], keys[second], shape)
            if witness is not None:
                report(f'rows "{first}" and "{second}" both hold for {witness}', "")


def _overlap(first: Matcher, second: Matcher, shape: Shape) -> str | None:
    """A value that both match, None where there is none."""
    match first, second:
        case Beneath(prefixes=a), Beneath(prefixes=b):
            # the longer code wins, so only the same code stands twice
            return next((prefix for prefix in a if prefix in b), None)
        case Equal(values=a), Equal(values=b):
            return next((show_sort(value) for value in a if value in b), None)
        case Within(low=low, high=high), Within(low=lower, high=higher) if (
            high is not None and lower is not None and high < lower
        ) or (higher is not None and low is not None and higher < low):
            return None
        case _:
            both = (v for v in sorts_of(shape, [first, second]) if fits(first, v))
            return next((show_sort(value) for value in both if fits(second, value)), None)
