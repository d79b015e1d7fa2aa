"""Which row of a legal table counts for somebody: rows, tiers, dated values, decision rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from engine.program import Bound
from engine.table_words import say_matcher, say_tier
from language.definition import (
    Constant,
    Dated,
    DecisionTable,
    Definition,
    Hit,
    Matcher,
    Span,
    Table,
    Tiers,
)
from language.reference import Reference, Value
from profiles.fact import Fact

MAX_LABEL = 60
_SINGLE = (Hit.FIRST, Hit.PRIORITY)
"""Of the rows that apply only the first counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRowUsed:
    """A row by its index. `spans` are those of a value that a fact's day chooses, up to the one
    that holds the row; the last of them must be the one chosen."""

    name: str
    label: str
    table: Table | DecisionTable | Tiers | Constant
    index: int = 0
    by_day: Dated | None = None
    span: int = 0


def table_rows_of(bound: Bound, facts: Mapping[str, Fact]) -> Iterator[TableRowUsed]:
    """Every row of the tables and parameters that the policy reaches on this day."""
    policy = bound.policy
    reached = bound.names | bound.row_names
    for parameter in policy.parameters:
        if parameter.name in reached:
            yield from _of_parameter(parameter.name, bound.scope[parameter.name], facts)
    for shown in policy.tables:
        output = next((output for output in shown.outputs if output.name in reached), None)
        if output is None:
            continue
        table = output.definition
        for index in sorted(range(len(table.rules)), key=lambda i: table.rules[i].number):
            label = f"{shown.name}, row {table.rules[index].number}"
            yield TableRowUsed(name=output.name, label=label, table=table, index=index)


def _of_parameter(
    name: str, definition: Definition, facts: Mapping[str, Fact]
) -> Iterator[TableRowUsed]:
    match definition:
        case Table() | Tiers():
            for index, label in _labels(definition, facts):
                yield TableRowUsed(
                    name=name, label=f"{name}, {label}", table=definition, index=index
                )
        case Dated(spans=spans):
            for number, span in enumerate(spans):
                since = f"value from {span.start}"
                for index, label in _labels(span.value, facts):
                    yield TableRowUsed(
                        name=name,
                        label=", ".join(part for part in (name, since, label) if part),
                        table=span.value,
                        index=index,
                        by_day=definition,
                        span=number,
                    )


def _labels(
    table: Constant | Table | Tiers, facts: Mapping[str, Fact]
) -> Iterator[tuple[int, str]]:
    match table:
        case Constant():
            yield 0, ""
        case Table(by=by, rows=rows):
            keys = [facts.get(name.name) for name in by]
            for index, row in enumerate(rows):
                yield index, f"row {index + 1}: {_say(row.matchers, keys)}"
        case Tiers(tiers=tiers):
            for index, tier in enumerate(tiers):
                yield index, f"tier {index + 1}: {say_tier(tier, '')[1]}"


def _say(matchers: tuple[Matcher, ...], keys: list[Fact | None]) -> str:
    text = ", ".join(say_matcher(m, key)[1] for m, key in zip(matchers, keys, strict=True))
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def counts_for(used: TableRowUsed, walk: Reference) -> bool:
    """Whether the row is the one that counts, or one of those."""
    if used.by_day is not None and used.span != _chosen(used.by_day, walk):
        return False
    match used.table:
        case Constant():
            return True
        case Table() as table:
            return _all(walk.rows_that_apply(table))[:1] == [used.index]
        case DecisionTable(hit=hit) as table:
            holds = walk.rules_that_apply(table)
            return used.index in (_first(holds) if hit in _SINGLE else _all(holds))
        case Tiers(by=by, tiers=tiers):
            amount = walk.value(by).value
            if not isinstance(amount, Fraction):
                return False
            reached = [index for index, tier in enumerate(tiers) if tier.over < amount]
            return bool(reached) and used.index == reached[-1]


def _chosen(dated: Dated, walk: Reference) -> int | None:
    day = walk.value(dated.at).value
    if not isinstance(day, date):
        return None
    return next((n for n, span in enumerate(dated.spans) if _holds(span, day)), None)


def _holds(span: Span, day: date) -> bool:
    return span.start <= day and (span.end is None or day <= span.end)


def _all(holds: list[Value]) -> list[int]:
    return [index for index, held in enumerate(holds) if held.value is True]


def _first(holds: list[Value]) -> list[int]:
    """The first row that applies; none where one before it may apply, too."""
    possible = [index for index, held in enumerate(holds) if held.value is not False][:1]
    return [index for index in possible if holds[index].value is True]
