"""Decision tables: the definition, the columns and a plain model agree for every hit policy."""

import itertools
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.column import NOT_APPLICABLE
from language.definition import (
    LISTINGS,
    Anything,
    Beneath,
    DecisionTable,
    Definition,
    During,
    Equal,
    Given,
    Hit,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Rule,
    Scalar,
    Within,
)
from language.exact import Exact
from language.expression import Name
from language.frame import prepare, types_of
from language.lowering import Lowering
from language.parse import parse
from language.reference import NONE, Facts, NotApplicable, evaluate
from language.types import FactType, Kind

GIVENS: dict[str, Definition] = {
    "age": Given(name="age", type=FactType.INTEGER),
    "level": Given(name="level", type=FactType.CODE, may_not_apply=True),
    "on": Given(name="on", type=FactType.DATE),
}
AGES = [Fraction(n) for n in (0, 1, 2, 3)]
LEVELS: list[object] = ["a", "b", "ab", NONE]
DAYS = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)]
DTYPES = {"age": pl.Int64, "level": pl.String, "on": pl.Date}

number_keys: list[Matcher] = [
    Anything(),
    Equal(values=(Fraction(1), Fraction(2))),
    Within(low=Fraction(1), low_included=False, high=None, high_included=False),
    Within(low=None, low_included=False, high=Fraction(1), high_included=True),
    Otherwise(others=(Equal(values=(Fraction(2),)),)),
    Otherwise(others=()),
]
text_keys: list[Matcher] = [
    Anything(),
    Equal(values=("a",)),
    Equal(values=("a", "b")),
    Beneath(prefixes=("a",)),
    NotApplying(),
    OneOf(members=(NotApplying(), Equal(values=("b",)))),
    Otherwise(others=(NotApplying(),)),
    Otherwise(others=(Equal(values=("a",)),)),
]
day_keys: list[Matcher] = [
    Anything(),
    During(first=DAYS[1], last=None),
    During(first=None, last=DAYS[1]),
    During(first=DAYS[1], last=DAYS[1]),
    Otherwise(others=(During(first=DAYS[2], last=None),)),
]


def model_matches(matcher: Matcher, value: Any) -> bool:
    """Whether a key holds for a fact that is not missing, in plain Python."""
    match matcher:
        case Anything():
            return True
        case NotApplying():
            return value is NONE
        case OneOf(members=members):
            return any(model_matches(member, value) for member in members)
        case _ if value is NONE:
            return False
        case Equal(values=values):
            return value in values
        case Beneath(prefixes=(prefix,)):
            return str(value).startswith(prefix)
        case Within(low=low, high=high):
            return bool(value > low if high is None else value <= high)
        case During(first=first, last=last):
            return bool((first or date.min) <= value <= (last or date.max))
        case Otherwise(others=others):
            return not any(model_matches(other, value) for other in others)
    raise AssertionError(matcher)


def model_output(table: DecisionTable, row: tuple[Any, ...]) -> Any:
    """The output with every fact known; "none" where no row applies, "open" where undefined."""
    hits = [rule for rule in table.rules if all(map(model_matches, rule.matchers, row))]
    values: list[Any] = [rule.value for rule in hits]
    if table.hit is Hit.COUNT:
        return Fraction(len(hits))
    if not hits:
        return "none" if table.default is None else table.default
    if None in values and table.hit not in (Hit.FIRST, Hit.PRIORITY):
        return "open"
    match table.hit:
        case Hit.UNIQUE:
            return values[0] if len(values) == 1 else "open"
        case Hit.ANY:
            return values[0] if len(set(values)) == 1 else "open"
        case Hit.FIRST | Hit.PRIORITY:
            return "open" if values[0] is None else values[0]
        case Hit.SUM:
            return sum(values, Fraction(0))
        case Hit.MIN:
            return min(values)
        case Hit.MAX:
            return max(values)
    return "、".join(map(str, values))


def model_with_missing(table: DecisionTable, row: tuple[Any, ...]) -> set[Any]:
    """The outputs of every way in which the missing facts could be filled."""
    pools: list[list[object]] = [list(AGES), list(LEVELS), list(DAYS)]
    choices = [pool if value is None else [value] for pool, value in zip(pools, row, strict=True)]
    return {model_output(table, filled) for filled in itertools.product(*choices)}


def build_frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = []
    for index, name in enumerate(GIVENS):
        held = [None if isinstance(row[index], NotApplicable) else row[index] for row in rows]
        plain = [int(v) if isinstance(v, Fraction) else v for v in held]
        columns.append(pl.Series(name, plain, dtype=DTYPES[name]))
    flags = [row[1] is NONE for row in rows]
    columns.append(pl.Series("level" + NOT_APPLICABLE, flags, dtype=pl.Boolean))
    return pl.DataFrame(columns)


def columns_of(scope: dict[str, Definition], texts: list[str], frame: pl.DataFrame) -> list[Any]:
    """For each row the values of these expressions, through the columns."""
    types = types_of(scope)
    prepared = prepare(frame, types, types)
    found: list[list[Any]] = []
    for text in texts:
        column = Lowering(scope, prepared.known).lower(parse(text))
        if isinstance(column, Exact):
            exact = prepared.frame.with_columns(n=column.numerator.expr, d=column.denominator.expr)
            pairs = exact.select("n", "d").rows()
            found.append([None if None in pair else Fraction(*pair) for pair in pairs])
        else:
            found.append(prepared.frame.with_columns(v=column)["v"].to_list())
    return list(zip(*found, strict=True))


VALUES: dict[Kind, list[Scalar]] = {
    Kind.NUMBER: [Fraction(0), Fraction(100), Fraction(1, 3), Fraction(-5)],
    Kind.TEXT: ["甲", "乙"],
    Kind.BOOLEAN: [True, False],
    Kind.DATE: [date(2025, 1, 1), date(2025, 6, 1)],
}
KINDS = {
    hit: [Kind.TEXT]
    if hit in LISTINGS
    else [Kind.NUMBER]
    if hit in (Hit.SUM, Hit.MIN, Hit.MAX, Hit.COUNT)
    else list(Kind)
    for hit in Hit
}


@st.composite
def tables(draw: st.DrawFn, hit: Hit) -> DecisionTable:
    kind = draw(st.sampled_from(KINDS[hit]))
    value = st.sampled_from([*VALUES[kind], *VALUES[kind], None])
    rules = draw(
        st.lists(
            st.tuples(
                st.sampled_from(number_keys),
                st.sampled_from(text_keys),
                st.sampled_from(day_keys),
                value,
            ),
            min_size=1,
            max_size=5,
        )
    )
    return DecisionTable(
        inputs=tuple(Name(name=name) for name in GIVENS),
        rules=tuple(
            Rule(number=i + 1, matchers=rule[:3], value=rule[3]) for i, rule in enumerate(rules)
        ),
        hit=hit,
        kind=kind,
        default=draw(st.sampled_from([None, *VALUES[kind]])),
    )


ROWS: list[tuple[Any, ...]] = list(itertools.product([*AGES, None], [*LEVELS, None], [*DAYS, None]))
FRAME = build_frame(ROWS)


@pytest.mark.parametrize("hit", Hit)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_definition_columns_and_a_plain_model_agree(hit: Hit, data: st.DataObject) -> None:
    table = data.draw(tables(hit))
    scope = GIVENS | {"t": table}
    by_columns: list[Any] = columns_of(scope, ["t", "$has(t)"], FRAME)
    for row, (value, held) in zip(ROWS, by_columns, strict=True):
        facts: Facts = dict(zip(GIVENS, row, strict=True))
        wanted = evaluate(parse("t"), scope, facts)
        settled: Any = wanted.value
        assert value == settled, row
        assert held == evaluate(parse("$has(t)"), scope, facts).value, row
        outputs = model_with_missing(table, row)
        if None not in row:
            (output,) = outputs
            assert settled == (None if output in ("none", "open") else output), row
            assert held is (output != "none"), row
        elif settled is not None:
            assert outputs == {settled}, row
        else:
            # unknown names a fact that could settle it, or nothing could
            assert wanted.missing <= {n for n, v in facts.items() if v is None}
            assert wanted.missing or outputs & {"none", "open"}, row
        if held is not None and None in row:
            assert {output != "none" for output in outputs} == {held}, row


def test_thousand_rows_are_decided_alike_in_columns() -> None:
    rng = Random(7)
    numbers = [Fraction(n) for n in range(1000)]
    rules = tuple(
        Rule(
            number=i + 1,
            matchers=(Within(low=n, low_included=True, high=n + 1, high_included=False),),
            value=Fraction(rng.randrange(50)),
        )
        for i, n in enumerate(numbers)
    )
    ages = [None, *(rng.randrange(1100) for _ in range(50))]
    frame = pl.DataFrame({"age": pl.Series(ages, dtype=pl.Int64)})
    for hit in (Hit.UNIQUE, Hit.FIRST, Hit.ANY, Hit.MAX, Hit.SUM):
        table = DecisionTable(inputs=(Name(name="age"),), rules=rules, hit=hit, kind=Kind.NUMBER)
        scope: dict[str, Definition] = {"age": GIVENS["age"], "t": table}
        found = columns_of(scope, ["t"], frame)
        for age, (value,) in zip(ages, found, strict=True):
            facts: Facts = {"age": None if age is None else Fraction(age)}
            assert value == evaluate(parse("t"), scope, facts).value
