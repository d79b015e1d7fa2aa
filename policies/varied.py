"""A policy with another value of a parameter, so that what the value does can be tried."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from language.definition import Constant, Equal, Matcher, Row, Table
from policies.axis import show_key, show_sort
from policies.errors import PoliciesError
from policies.parameter import ALWAYS, span_on
from policies.policy import DatedParameter, ParameterSpan, Policy


class NotVaried(PoliciesError):
    """A parameter, or a row of one, that cannot be given other values."""


def vary_parameter(
    policy: Policy, name: str, row: Sequence[str], value: Fraction, day: date
) -> Policy:
    """The policy in which a parameter has `value` on every day.

    `row` names a row of a table by its keys as they are written; all other rows keep the value that
    they have on `day`. Raises NotVaried where there is no such parameter or row, or its value is no
    number.
    """
    found = {parameter.name: parameter for parameter in policy.parameters}
    parameter = found.get(name)
    if parameter is None:
        known = ", ".join(found) or "none"
        raise NotVaried(f'policy "{policy.id}" has no parameter "{name}" (it has: {known})')
    span = span_on(parameter, day) or parameter.spans[0]
    varied = _with_value(policy, parameter, span, row, value)
    digest = hashlib.sha256(f"{policy.content_hash} with {name} {row} {value}".encode())
    return replace(
        policy,
        parameters=tuple(varied if p is parameter else p for p in policy.parameters),
        content_hash=digest.hexdigest(),
    )


def _with_value(
    policy: Policy,
    parameter: DatedParameter,
    span: ParameterSpan,
    row: Sequence[str],
    value: Fraction,
) -> DatedParameter:
    content = span.value
    match content:
        case Constant(value=Fraction()) if not row:
            changed: Constant | Table = Constant(value=value)
        case Table() if row:
            changed = _with_row(parameter, content, row, value)
        case Table():
            rows = "; ".join(_name_of(line.matchers) for line in content.rows)
            raise NotVaried(
                f'"{parameter.name}" is a table: name a row, {parameter.name}[ROW] (it has: {rows})'
            )
        case _:
            raise NotVaried(f'"{parameter.name}" of policy "{policy.id}" is no number or table row')
    whole = replace(span, start=ALWAYS, end=None, value=changed)
    return replace(parameter, at=None, spans=(whole,))


def _with_row(
    parameter: DatedParameter, table: Table, row: Sequence[str], value: Fraction
) -> Table:
    wanted = " / ".join(row)
    rows: list[Row] = []
    hits = 0
    for line in table.rows:
        split = [line]
        if _name_of(line.matchers) == wanted:
            split = [replace(line, value=value)]
        elif wanted in _values_of(line.matchers):
            split = _part_off(line, wanted, value)
        if split != [line] or _name_of(line.matchers) == wanted:
            hits += 1 if isinstance(line.value, Fraction) else 2
        rows += split
    if hits != 1:
        known = "; ".join(_name_of(line.matchers) for line in table.rows)
        raise NotVaried(
            f'"{parameter.name}" has not one row with a number "{wanted}" (there are: {known})'
        )
    return replace(table, rows=tuple(rows))


def _part_off(line: Row, wanted: str, value: Fraction) -> list[Row]:
    """A row for several values as two: the one that is varied, and the others as before."""
    (key,) = line.matchers
    assert isinstance(key, Equal)
    one = tuple(each for each in key.values if show_sort(each) == wanted)
    rest = tuple(each for each in key.values if show_sort(each) != wanted)
    return [
        replace(line, matchers=(Equal(values=one),), value=value),
        replace(line, matchers=(Equal(values=rest),)),
    ]


def _name_of(matchers: Sequence[Matcher]) -> str:
    return " / ".join(show_key(matcher) for matcher in matchers)


def _values_of(matchers: Sequence[Matcher]) -> set[str]:
    """The values of a row for several, by each of which it may be named."""
    if len(matchers) == 1 and isinstance(matchers[0], Equal) and len(matchers[0].values) > 1:
        return {show_sort(one) for one in matchers[0].values}
    return set()
