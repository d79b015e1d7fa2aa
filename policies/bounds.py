"""Bounds of a parameter: what a higher level lets its numbers be."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction

from language.definition import Constant, Definition, Table, Tiers
from language.document import Place, document_value
from language.number import parse_number
from language.reference import Facts, Reference
from language.truth import NONE
from language.types import Kind
from language.unparse import show_number
from policies.axis import Sort, fits, show_sort, sorts_of
from policies.draft import Draft
from policies.parameter import build_parameter, definition_of, shape_of
from policies.policy import DatedParameter, ParameterSpan
from policies.policy_file import BoundsFile, ParameterFile, RowsFile
from profiles.fact import Fact

_SIDES = (("at_most", "above"), ("at_least", "below"))
_DAY = date(2000, 1, 1)
MAX_PAIRS = 20_000
"""How many pairs of rows are compared at most."""


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
    file = draft.file.parameters[parameter.name]
    for side, word in _SIDES:
        limit = getattr(bound, side)
        if limit is None:
            continue
        at = (*place, side)
        limits = _read(draft, known, parameter, limit, at)
        if limits is None:
            continue
        for number, span in enumerate(_as_written(draft, parameter)):
            why = _comparable(span, limits)
            if why:
                draft.refuse(at, why, "correct the bound")
                break
            for keys, value, allowed in _compare(known, span, file.system, limits):
                if value <= allowed if side == "at_most" else value >= allowed:
                    continue
                written = _place_of(draft, parameter, number, keys, value)
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


def _comparable(span: ParameterSpan, limits: DatedParameter | Fraction) -> str:
    """Why a value cannot be compared with a bound, "" where it can."""
    match span.value:
        case Constant(value=value) if isinstance(value, bool) or not isinstance(value, Fraction):
            return "bounds belong to numbers"
        case Table(kind=kind) if kind is not Kind.NUMBER:
            return "bounds belong to numbers"
        case Constant() | Tiers() if not isinstance(limits, Fraction):
            return "a bound by rows needs a value by rows"
        case Table(rows=rows) if not isinstance(limits, Fraction):
            bounds = [len(t.rows) for s in limits.spans if isinstance(t := s.value, Table)]
            if len(rows) * max(bounds, default=0) > MAX_PAIRS:
                return "the bound and the table have too many rows to compare"
    return ""


def _compare(
    known: Mapping[str, Fact],
    span: ParameterSpan,
    system: str | None,
    limits: DatedParameter | Fraction,
) -> Iterator[tuple[tuple[str, ...], Fraction, Fraction]]:
    """Every value with its row's key and the bound that holds for it."""
    match span.value, limits:
        case Constant(value=Fraction() as value), Fraction():
            yield (), value, limits
        case Tiers(tiers=tiers), Fraction():
            for tier in tiers:
                part = tier.rate if tier.rate is not None else tier.gives
                assert part is not None
                yield (f"over {show_number(tier.over)}",), part, limits
        case Table() as table, Fraction():
            sorts = _sorts(known, [table], system)
            for row in table.rows:
                if isinstance(row.value, Fraction):
                    keys = zip(row.matchers, sorts, strict=True)
                    fitting = [next((s for s in of if fits(key, s)), "") for key, of in keys]
                    yield tuple(show_sort(sort) for sort in fitting), row.value, limits
        case Table() as table, DatedParameter():
            yield from _compare_rows(known, table, system, limits)


def _compare_rows(
    known: Mapping[str, Fact], table: Table, system: str | None, limits: DatedParameter
) -> Iterator[tuple[tuple[str, ...], Fraction, Fraction]]:
    """Both tables read at a value of each sort that their rows tell apart."""
    other = definition_of(limits, _DAY)
    tables = [table, *([other] if isinstance(other, Table) else [])]
    scope: dict[str, Definition] = {name.name: known[name.name].given for name in table.by}
    scope |= {"value": table, "limit": other}
    for point in itertools.product(*_sorts(known, tables, system)):
        facts: Facts = {name.name: sort for name, sort in zip(table.by, point, strict=True)}
        reference = Reference(scope, facts)
        value, allowed = (reference.of_name(name).value for name in ("value", "limit"))
        if isinstance(value, Fraction) and isinstance(allowed, Fraction):
            yield tuple(show_sort(sort) for sort in point), value, allowed


def _sorts(known: Mapping[str, Fact], tables: list[Table], system: str | None) -> list[list[Sort]]:
    """For each level the values that the rows tell apart."""
    sorts = []
    for level, name in enumerate(tables[0].by):
        shape = shape_of(known[name.name], system)
        keys = [row.matchers[level] for table in tables for row in table.rows]
        sorts.append([sort for sort in sorts_of(shape, keys) if sort is not NONE])
    return sorts


def _place_of(
    draft: Draft, parameter: DatedParameter, number: int, keys: tuple[str, ...], value: Fraction
) -> Place:
    """Where a value stands: the row with it that a key names, or the only one; else the table."""
    place: Place = ("parameters", parameter.name)
    if draft.file.parameters[parameter.name].values is not None:
        place = (*place, "values", number)
    if document_value(draft.document, (*place, "value")) is not None:
        return (*place, "value")
    cells = list(_cells(document_value(draft.document, (*place, "rows")), ()))
    having = [path for path, text in cells if _is(text, value)]
    named = [path for path in having if all(map(_names, path, keys))]
    others = [path for path in having if all(map(_may_name, path, keys))]
    for found in (named, others, having):
        if len(found) == 1:
            return (*place, "rows", *found[0])
    return (*place, "rows")


def _cells(rows: object, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, cell in (rows if isinstance(rows, dict) else {}).items():
        if isinstance(cell, str):
            yield (*above, key), cell
        else:
            yield from _cells(cell, (*above, key))


def _is(text: str, value: Fraction) -> bool:
    try:
        return parse_number(text) == value
    except ValueError:
        return False


def _names(row: str, key: str) -> bool:
    return key in [part.strip() for part in row.split(",")]


def _may_name(row: str, key: str) -> bool:
    return row in ("else", "any") or _names(row, key)
