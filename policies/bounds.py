"""Bounds of a parameter: what a higher level lets its numbers be."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction

from language.definition import (
    Beneath,
    Constant,
    Definition,
    Equal,
    Given,
    Matcher,
    Otherwise,
    Scalar,
    Table,
    Tiers,
    Within,
)
from language.document import Place, document_value
from language.expression import Name, show_number
from language.number import parse_number
from language.reference import Reference
from language.types import Kind, kind_of
from policies.draft import Draft
from policies.parameter import build_parameter, definition_of
from policies.policy import DatedParameter, ParameterSpan
from policies.policy_file import BoundsFile, ParameterFile, RowsFile
from profiles.fact import Fact

_SIDES = (("at_most", "above"), ("at_least", "below"))
_DAY = date(2000, 1, 1)
OTHER = "any other"
"""Stands for every text that no row names."""


def check_bounds(
    draft: Draft, known: Mapping[str, Fact], parameters: Iterable[DatedParameter]
) -> None:
    """Refuse each value of a parameter that lies outside its bounds."""
    for parameter in parameters:
        file = draft.file.parameters[parameter.name]
        bounds = file.bounds if isinstance(file.bounds, list) else [file.bounds]
        for number, bound in enumerate(bounds):
            if bound is None:
                continue
            place: Place = ("parameters", parameter.name, "bounds")
            place = (*place, number) if isinstance(file.bounds, list) else place
            _check_bound(draft, known, parameter, bound, place)


def _check_bound(
    draft: Draft,
    known: Mapping[str, Fact],
    parameter: DatedParameter,
    bound: BoundsFile,
    place: Place,
) -> None:
    if bound.at_most is None and bound.at_least is None:
        draft.refuse(place, '"bounds" without a bound', "add at_most or at_least")
    for side, word in _SIDES:
        limit = getattr(bound, side)
        if limit is None:
            continue
        at = (*place, side)
        limits = _read(draft, known, parameter, limit, at)
        if limits is None:
            continue
        for number, span in enumerate(_as_written(draft, parameter)):
            for keys, value, allowed in _compare(known, span, limits):
                if value <= allowed if side == "at_most" else value >= allowed:
                    continue
                written = _place_of(draft, parameter, number, keys)
                text = document_value(draft.document, written)
                shown = text if isinstance(text, str) else show_number(value)
                whom = f" for {', '.join(keys)}" if keys else ""
                source = f" of {bound.source}" if bound.source else ""
                draft.refuse(
                    written,
                    f'"{parameter.name}" is {shown}{whom}, {word} the bound '
                    f"{show_number(allowed)}{source} ({draft.document.where(at)})",
                    "keep within it, or correct the bound",
                )
                break


def _read(
    draft: Draft,
    known: Mapping[str, Fact],
    parameter: DatedParameter,
    limit: str | RowsFile,
    place: Place,
) -> DatedParameter | Fraction | None:
    """A bound for all values, or a table of them by the facts of the parameter."""
    if isinstance(limit, str):
        try:
            return parse_number(limit)
        except ValueError as error:
            draft.refuse(place, str(error))
            return None
    file = draft.file.parameters[parameter.name]
    if file.by is None:
        draft.refuse(place, "a bound by rows needs a parameter by facts", "write one number")
        return None
    rows = ParameterFile(by=file.by, system=file.system, rows=limit)
    table, problems = build_parameter(parameter.name, rows, known, draft.document)
    for problem in problems:
        draft.refuse(place, problem.message, problem.remedy)
    return table


def _as_written(draft: Draft, parameter: DatedParameter) -> list[ParameterSpan]:
    """The dated values in the order of the file, where they stand in order of time."""
    values = draft.file.parameters[parameter.name].values
    if values is None:
        return list(parameter.spans)
    by_start = {span.start.isoformat(): span for span in parameter.spans}
    first = date(1, 1, 1).isoformat()
    return [by_start[value.from_ or first] for value in values]


def _compare(
    known: Mapping[str, Fact], span: ParameterSpan, limits: DatedParameter | Fraction
) -> Iterator[tuple[tuple[str, ...], Fraction, Fraction]]:
    """Every value with its row's key and the bound that holds for it."""
    match span.value:
        case Constant(value=Fraction() as value) if isinstance(limits, Fraction):
            yield (), value, limits
        case Tiers(tiers=tiers) if isinstance(limits, Fraction):
            for tier in tiers:
                part = tier.rate if tier.rate is not None else tier.gives
                assert part is not None
                yield (f"over {show_number(tier.over)}",), part, limits
        case Table(by=by):
            yield from _compare_rows(known, span.value, by, limits)


def _compare_rows(
    known: Mapping[str, Fact],
    table: Table,
    by: tuple[Name, ...],
    limits: DatedParameter | Fraction,
) -> Iterator[tuple[tuple[str, ...], Fraction, Fraction]]:
    """Both tables read at a value of each sort that their rows tell apart."""
    bound = Constant(value=limits) if isinstance(limits, Fraction) else None
    other = bound or definition_of(limits, _DAY)  # type: ignore[arg-type]  # no Fraction here
    tables = [table, *([other] if isinstance(other, Table) else [])]
    sorts = []
    for level in range(len(by)):
        keys = [row.matchers[level] for t in tables for row in t.rows]
        sorts.append(list(_sorts(keys, kind_of(known[by[level].name].type))))
    scope: dict[str, Definition] = {name.name: _given(known, name.name) for name in by}
    scope |= {"value": table, "limit": other}
    for point in itertools.product(*sorts):
        facts = {name.name: value for name, value in zip(by, point, strict=True)}
        reference = Reference(scope, facts)
        value, allowed = (reference.of_name(name).value for name in ("value", "limit"))
        if isinstance(value, Fraction) and isinstance(allowed, Fraction):
            yield tuple(_show(key) for key in point), value, allowed


def _given(known: Mapping[str, Fact], name: str) -> Given:
    return Given(name=name, type=known[name].type)


def _sorts(keys: Iterable[Matcher], kind: Kind) -> Iterator[Scalar]:
    if kind is Kind.BOOLEAN:
        yield from (True, False)
        return
    found = list(dict.fromkeys(end for key in keys for end in _ends(key)))
    if kind is Kind.TEXT:
        yield from found
        yield OTHER
        return
    numbers = sorted(end for end in found if isinstance(end, Fraction)) or [Fraction(0)]
    yield numbers[0] - 1
    for low, high in itertools.pairwise(numbers):
        yield from (low, (low + high) / 2)
    yield from (numbers[-1], numbers[-1] + 1)


def _ends(key: Matcher) -> Iterator[Scalar]:
    match key:
        case Equal(values=values):
            yield from values
        case Beneath(prefixes=prefixes):
            yield from prefixes
        case Within(low=low, high=high):
            yield from (end for end in (low, high) if end is not None)
        case Otherwise(others=others):
            for other in others:
                yield from _ends(other)


def _show(value: Scalar) -> str:
    return show_number(value) if isinstance(value, Fraction) else str(value)


def _place_of(draft: Draft, parameter: DatedParameter, number: int, keys: tuple[str, ...]) -> Place:
    """Where a value stands: its row where a key names it, else the table."""
    place: Place = ("parameters", parameter.name)
    if draft.file.parameters[parameter.name].values is not None:
        place = (*place, "values", number)
    value = document_value(draft.document, (*place, "value"))
    if value is not None:
        return (*place, "value")
    place = (*place, "rows")
    for key in keys:
        rows = document_value(draft.document, place)
        if not isinstance(rows, dict):
            return place
        named = [row for row in rows if key in [part.strip() for part in row.split(",")]]
        named += [row for row in rows if row in ("else", "any")]
        if not named:
            return place
        place = (*place, named[0])
    return place
