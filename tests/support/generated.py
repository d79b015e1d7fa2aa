"""Seeded expressions and rows: every operator, type, null pattern and boundary of the language.

A form is a text with slots: {n} a number, {d} a date, {b} a truth value, {t} a text, {digits} and
{exponent} small written numbers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import polars as pl

from language.column import NOT_APPLICABLE
from language.definition import (
    Anything,
    Beneath,
    Choice,
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Equal,
    Formula,
    Given,
    Hit,
    NoValue,
    Otherwise,
    Row,
    Span,
    Table,
    Tier,
    Tiers,
    Within,
)
from language.expression import Name
from language.parse import parse
from language.reference import NONE, Facts, NotApplicable
from language.types import FactType, Kind
from tests.support.generated_tables import build_decision_tables, name_of

RawRow = Mapping[str, object]
"""A row as columns hold it: money in fen, None missing, NONE where the fact does not apply."""

TYPES: Mapping[str, FactType] = {
    "whole": FactType.INTEGER,
    "small": FactType.INTEGER,
    "level": FactType.INTEGER,
    "money": FactType.MONEY,
    "number": FactType.NUMBER,
    "ratio": FactType.RATIO,
    "flag": FactType.BOOLEAN,
    "maybe": FactType.BOOLEAN,
    "code": FactType.CODE,
    "text": FactType.TEXT,
    "day": FactType.DATE,
    "other_day": FactType.DATE,
}
MAY_NOT_APPLY = ("maybe", "other_day", "code", "level")
DTYPES: Mapping[FactType, type[pl.DataType]] = {
    FactType.BOOLEAN: pl.Boolean,
    FactType.INTEGER: pl.Int64,
    FactType.MONEY: pl.Int64,
    FactType.RATIO: pl.Float64,
    FactType.NUMBER: pl.Float64,
    FactType.DATE: pl.Date,
    FactType.CODE: pl.String,
    FactType.TEXT: pl.String,
}


def _number(value: str) -> Fraction:
    return Fraction(value)


def build_scope() -> dict[str, Definition]:
    """Facts of every type, and a definition of every kind over them."""
    scope: dict[str, Definition] = {
        name: Given(name=name, type=fact_type, may_not_apply=name in MAY_NOT_APPLY)
        for name, fact_type in TYPES.items()
    }
    by_whole = Table(
        by=(Name(name="whole"),),
        kind=Kind.NUMBER,
        rows=(
            Row(matchers=(_range(None, "3", high_in=True),), value=_number("0.2")),
            Row(matchers=(Equal(values=(Fraction(5),)),), value=None),
            Row(matchers=(_range("7", None),), value=_number("0.055")),
        ),
    )
    first = (Beneath(prefixes=("A",)), Equal(values=("B", "C1", "中文")))
    by_two = Table(
        by=(Name(name="code"), Name(name="whole")),
        kind=Kind.NUMBER,
        rows=(
            Row(matchers=(first[0], Anything()), value=Fraction(300)),
            Row(
                matchers=(first[1], Equal(values=(Fraction(2), Fraction(3)))),
                value=Fraction(150),
            ),
            Row(
                matchers=(Otherwise(others=first), Equal(values=(Fraction(1), Fraction(6)))),
                value=Fraction(7, 3),
            ),
        ),
    )
    by_level = Table(
        by=(Name(name="level"), Name(name="maybe")),
        kind=Kind.TEXT,
        rows=(
            Row(matchers=(Equal(values=(Fraction(1),)), Anything()), value="中文"),
            Row(matchers=(_range("1", None), Equal(values=(True,))), value="C1"),
            Row(matchers=(_range("1", None), Equal(values=(False,))), value="it's"),
        ),
    )
    listed = Table(
        by=(Name(name="code"),),
        kind=Kind.BOOLEAN,
        rows=(
            Row(matchers=(first[0],), value=True),
            Row(matchers=(Equal(values=("中文",)),), value=None),
            Row(matchers=(Otherwise(others=(first[0], Equal(values=("中文",)))),), value=False),
        ),
    )
    scope |= {
        "by_level": by_level,
        "listed": listed,
        "as_of": Constant(value=date(2025, 10, 31)),
        "no_value": NoValue(kind=Kind.NUMBER),
        "by_whole": by_whole,
        "by_two": by_two,
        "scale": Tiers(
            by=Name(name="money"),
            tiers=(
                Tier(over=Fraction(0), up_to=Fraction(10), each=Fraction(3), gives=Fraction(2)),
                Tier(over=Fraction(10), up_to=None, rate=Fraction(1, 7)),
                Tier(over=Fraction(20), up_to=None, gives=Fraction(5)),
            ),
        ),
        "choice": Choice(
            cases=(
                (parse("flag and whole > 2"), parse("money")),
                (parse("maybe"), parse("number")),
                (None, parse("1")),
            )
        ),
        "quotient": Formula(expression=parse("money / whole")),
        **build_decision_tables(),
        "dated": Dated(
            at=Name(name="day"),
            kind=Kind.NUMBER,
            spans=(
                Span(
                    start=date(2024, 1, 1),
                    end=date(2024, 12, 31),
                    value=Constant(value=Fraction(3)),
                ),
                Span(start=date(2020, 1, 1), end=None, value=by_whole),
            ),
        ),
    }
    return scope


def _range(low: str | None, high: str | None, *, high_in: bool = False) -> Within:
    return Within(
        low=None if low is None else Fraction(low),
        low_included=False,
        high=None if high is None else Fraction(high),
        high_included=high_in,
    )


NUMBER_FORMS: Mapping[str, str] = {
    "add": "({n} + {n})",
    "subtract": "({n} - {n})",
    "multiply": "({n} * {n})",
    "divide": "({n} / {n})",
    "whole quotient": "({n} // {n})",
    "remainder": "({n} % {n})",
    "power": "({n} ** {exponent})",
    "negative": "(-{n})",
    "number of ? :": "({b} ? {n} : {n})",
    "number of ??": "({n} ?? {n})",
    "times before plus": "({n} + {n} * {n})",
    "$min": "$min({n}, {n})",
    "$max": "$max({n}, {n}, {n})",
    "$abs": "$abs({n})",
    "$round": "$round({n})",
    "$round to": "$round({n}, {digits})",
    "$floor": "$floor({n})",
    "$ceil": "$ceil({n})",
    "$years": "$years({d}, {d})",
    "$months": "$months({d}, {d})",
    "$days": "$days({d}, {d})",
    "$months_through": "$months_through({d}, {d})",
    "$year": "$year({d})",
    "$month": "$month({d})",
    "$quarter": "$quarter({d})",
}
NUMBER_LEAVES = (
    "whole", "small", "level", "money", "number", "ratio", "by_whole", "by_two", "scale", "choice",
    "quotient", "dated", "first_0", "collect_min_1", "collect_sum_2",
)  # fmt: skip
DATE_FORMS: Mapping[str, str] = {
    "$add_months": "$add_months({d}, {months})",
    "$add_days": "$add_days({d}, {days})",
    "$month_start": "$month_start({d})",
    "$month_end": "$month_end({d})",
    "$year_start": "$year_start({d})",
    "$year_end": "$year_end({d})",
    "$date of a year": "$date({years}, 2, 29)",
    "$earliest": "$earliest({d}, {d})",
    "$date in a year": "$date($year({d}), 2, {small_day})",
    "$latest": "$latest({d}, {d})",
    "date of ? :": "({b} ? {d} : {d})",
    "date of ??": "({d} ?? {d})",
}
DATE_LEAVES = ("day", "other_day", "day", "as_of", "$date(2024, 2, 29)")
TRUTH_FORMS: Mapping[str, str] = {
    "and": "({b} and {b})",
    "or": "({b} or {b})",
    "not": "(not {b})",
    "not before and before or": "(not {b} or {b} and {b})",
    "order before equality": "({n} < {n} + 1 == {b})",
    "==": "({n} == {n})",
    "!=": "({n} != {n})",
    "<": "({n} < {n})",
    "<=": "({n} <= {n})",
    ">": "({n} > {n})",
    ">=": "({n} >= {n})",
    "dates ==": "({d} == {d})",
    "dates !=": "({d} != {d})",
    "dates <": "({d} < {d})",
    "dates <=": "({d} <= {d})",
    "dates >": "({d} > {d})",
    "dates >=": "({d} >= {d})",
    "texts ==": "({t} == {t})",
    "texts !=": "({t} != {t})",
    "truths ==": "({b} == {b})",
    "truths !=": "({b} != {b})",
    "number in": "({n} in [0, 1, 2, 3, 5, 5.5, 100])",
    "text in": '({t} in ["A", "C2", "中文", "𠮷坊（一）"])',
    "number that may not apply ==": "(level == {level})",
    "number that may not apply !=": "(level != {level})",
    "number that may not apply in": "(level in [1, 3])",
    "== null": "({none} == null)",
    "!= null": "({none} != null)",
    "$has a table": "$has(by_whole)",
    "$has a table by two": "$has(by_two)",
    "$has a table of texts": "$has(by_level)",
    "$has dated": "$has(dated)",
    "$has a decision table": "$has({table})",
    "$starts_with": '$starts_with({t}, "C")',
    "=~": '({t} =~ "[AC]\\d?$|中.")',
    "=~~": '({t} =~~ "[1文]|^$")',
    "!~": '({t} !~ "(A|C\\d)")',
    "!~~": '({t} !~~ "\\d$")',
    "truth of ? :": "({b} ? {b} : {b})",
    "truth of ??": "({b} ?? {b})",
}
TRUTH_LEAVES = (
    "flag", "maybe", "flag", "listed", "(maybe == null)", "$has(by_two)", '(code in ["A", "B"])',
    '(text == "中文")', "(text in [\"it's\", \"𠮷坊（一）\"])", "(whole in [1, 2, 5])",
    "(whole > 3)", "true", "first_2", "any_2",
)  # fmt: skip
TEXT_FORMS: Mapping[str, str] = {
    "text of ? :": "({b} ? {t} : {t})",
    "text of ??": "({t} ?? {t})",
}
TEXT_LEAVES = (
    "code",
    "text",
    "code",
    "text",
    "by_level",
    "rule_order_1",
    "priority_1",
    '"C1"',
    '"中文"',
    '"𠮷坊（一）"',
)

TABLE_FORMS: Mapping[str, str] = {f"decision table {hit.value}": name_of(hit, 0) for hit in Hit}
ALL_FORMS: Mapping[str, str] = {
    **TRUTH_FORMS, **NUMBER_FORMS, **DATE_FORMS, **TEXT_FORMS, **TABLE_FORMS,
}  # fmt: skip

DECIDING = [
    name
    for name, table in build_decision_tables().items()
    if isinstance(table, DecisionTable) and table.default is None and table.hit is not Hit.COUNT
]
"""Decision tables that need not have an output."""

_SLOT = re.compile(r"\{(\w+)\}")
_NUMBERS_WRITTEN = ("0", "1", "2.5", "5.5", "3", "0.055", "10")


def write_form(form: str, rng: Random, depth: int) -> str:
    """The form with its slots filled by expressions of at most `depth` further levels."""
    fillers: dict[str, Callable[[], str]] = {
        "n": lambda: write_number(rng, depth),
        "d": lambda: _write(rng, depth, DATE_FORMS, DATE_LEAVES),
        "b": lambda: write_truth(rng, depth),
        "t": lambda: _write(rng, depth, TEXT_FORMS, TEXT_LEAVES),
        "exponent": lambda: rng.choice("123"),
        "digits": lambda: rng.choice("0123"),
        "months": lambda: rng.choice(("whole", "small", "-12", "1", "36", "ratio")),
        "years": lambda: rng.choice(("2000 + whole", "$year({d})", "money", "number")).replace(
            "{d}", rng.choice(DATE_LEAVES)
        ),
        "days": lambda: rng.choice(("-3", "30", "0", "366")),
        "none": lambda: rng.choice(MAY_NOT_APPLY),
        "small_day": lambda: rng.choice(("1", "28", "29")),
        "table": lambda: rng.choice(DECIDING),
        "level": lambda: rng.choice(("level", "small", "1", "2")),
    }
    return _SLOT.sub(lambda slot: fillers[slot[1]](), form)


def write_number(rng: Random, depth: int) -> str:
    """A number's text."""
    if depth <= 0 and rng.random() < 0.2:
        return rng.choice(_NUMBERS_WRITTEN)
    return _write(rng, depth, NUMBER_FORMS, NUMBER_LEAVES)


def write_truth(rng: Random, depth: int) -> str:
    """A condition's text."""
    return _write(rng, depth, TRUTH_FORMS, TRUTH_LEAVES)


def _write(rng: Random, depth: int, forms: Mapping[str, str], leaves: tuple[str, ...]) -> str:
    if depth <= 0:
        return rng.choice(leaves)
    return write_form(rng.choice(list(forms.values())), rng, depth - 1)


def draw_rows(
    rng: Random, count: int, missing: float | None = None, *, wide: bool = False
) -> list[dict[str, object]]:
    """Rows with values on and beside every boundary of the scope.

    `missing` is the share of missing values; by default each row draws its own. With `wide` there
    are also numbers as long as columns hold them.
    """
    return [_draw_row(rng, missing, wide=wide) for _ in range(count)]


def _draw_row(rng: Random, missing: float | None, *, wide: bool) -> dict[str, object]:
    share = rng.choice((0.0, 0.15, 0.5)) if missing is None else missing
    values = draw_values(rng)
    if wide and rng.random() < 0.3:
        values |= {
            "whole": rng.choice((-1, 1)) * rng.randint(10**5, 10**7),
            "money": rng.choice((-1, 1)) * rng.randint(10**9, 10**14),
            "number": rng.randint(-(10**15), 10**15) / 10**6,
        }
    return {name: None if rng.random() < share else value for name, value in values.items()}


def draw_values(rng: Random) -> dict[str, object]:
    """One value for every fact."""
    edges = (0, 1, 99, 100, 299, 300, 301, 550, 1000, 999, 1001, 2000, 2001)
    return {
        "whole": rng.randint(-3, 9),
        "small": rng.randint(-1, 3),
        "level": rng.choice((1, 2, 3, NONE)),
        "money": rng.choice((*edges, rng.randint(-(10**4), 10**6))),
        "number": rng.choice((0.0, 5.5, 5.51, 0.1, 0.3, rng.randint(-999, 999) / 100)),
        "ratio": rng.choice((0.055, 0.2, 0.3333, 1.0)),
        "flag": rng.random() < 0.5,
        "maybe": rng.choice((True, False, NONE)),
        "code": rng.choice(("A", "A1", "B", "C1", "C2", "D", "中文", NONE)),
        "text": rng.choice(("A", "C1", "中文", "", "it's", "𠮷坊（一）")),
        "day": _draw_day(rng),
        "other_day": rng.choice((NONE, _draw_day(rng), _draw_day(rng))),
    }


def _draw_day(rng: Random) -> date:
    return rng.choice(
        (
            date(2020, 1, 31) + timedelta(days=rng.randint(-400, 2500)),
            rng.choice(
                (date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1))
            ),
            rng.choice((date(2019, 12, 31), date(2020, 1, 1), date(2025, 10, 31))),
            rng.choice(
                (date(2024, 2, 29), date(2000, 2, 29), date(2023, 2, 28), date(2025, 8, 31))
            ),
        )
    )


def build_frame(rows: Sequence[RawRow]) -> pl.DataFrame:
    """The rows as a part's frame."""
    data = {name: [_held(row[name]) for row in rows] for name in TYPES}
    frame = pl.DataFrame(data, schema={name: DTYPES[kind] for name, kind in TYPES.items()})
    flags = [
        pl.Series(name + NOT_APPLICABLE, [row[name] is NONE for row in rows], dtype=pl.Boolean)
        for name in MAY_NOT_APPLY
    ]
    return frame.with_columns(flags)


def _held(value: object) -> object:
    return None if isinstance(value, NotApplicable) else value


def facts_of(row: RawRow) -> Facts:
    """The row as the reference reads it."""
    facts: dict[str, object] = {}
    for name, value in row.items():
        fact_type = TYPES[name]
        if value is None or isinstance(value, NotApplicable):
            facts[name] = value
        elif fact_type is FactType.MONEY:
            facts[name] = Fraction(int(str(value)), 100)
        elif fact_type in (FactType.INTEGER, FactType.NUMBER, FactType.RATIO):
            facts[name] = Fraction(repr(value))
        else:
            facts[name] = value
    return facts  # type: ignore[return-value]  # each value is of its fact's type
