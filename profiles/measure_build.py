"""From `from`, `where`, `count` … to a measure, with what is wrong with it."""

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Literal

from language.check import check
from language.definition import Constant, Definition
from language.document import Document, Place
from language.errors import ConditionRefused, Problem
from language.expression import Expression, is_name
from language.types import FactType, Kind
from profiles.fact_file import FactFile, ValueFile
from profiles.formula import parse_at
from profiles.measure import FUNCTIONS, RUNS, Function, Measure
from profiles.row_set import RowColumn, RowSet
from profiles.span import Moment, parse_span

RUN_UNITS = ("month", "quarter", "year")
NUMBERS = (FactType.INTEGER, FactType.MONEY, FactType.RATIO, FactType.NUMBER)
_ANY_DAY = date(2000, 1, 1)
_CHOICES: tuple[Function | Literal["average"], ...] = (*FUNCTIONS, "average")


def build_measure(
    entry: ValueFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
    *,
    own: bool = False,
    here: RowSet | None = None,
) -> tuple[Measure | None, str | None, list[Problem]]:
    """The measure, and the column of an average; or the problems.

    `own`: it stands in a policy, so that it may look from the period, and its filter is checked
    later with `check_where`, when all names are known. `here`: the rows it stands in, for `match`.
    """
    chosen = {name: column for name in _CHOICES if (column := getattr(entry, name)) is not None}
    problems: list[Problem] = []
    if entry.from_ is None:
        for key in (*chosen, "on", "over", "where", "match", "expect"):
            if getattr(entry, key) is not None:
                problems.append(document.problem((*place, key), f'"{key}" needs "from"'))
        return None, None, problems
    row_set = row_sets.get(entry.from_)
    if row_set is None:
        close = difflib.get_close_matches(entry.from_, list(row_sets), n=1)
        remedy = f'did you mean "{close[0]}"?' if close else "declare it under rows:"
        message = f'unknown dataset or rows "{entry.from_}"'
        return None, None, [document.problem((*place, "from"), message, remedy)]
    if len(chosen) != 1:
        remedy = f"one of {', '.join(_CHOICES)}"
        message = '"from" needs exactly one measure'
        return None, None, [document.problem(place, message, remedy)]
    name, column = next(iter(chosen.items()))
    problems += _check_column(name, column, row_set, document, (*place, name))
    problems += _check_time(name, entry, row_set, document, place, own=own)
    problems += _check_match(entry, row_set, here, document, place)
    expect, found = _expected(entry, document, place)
    problems += found
    where: Expression | None = None
    if entry.where is not None:
        where, found = parse_at(entry.where, document, (*place, "where"))
        problems += found
        if where is not None and not own:
            scope = row_set.scope() | {"as_of": Constant(value=_ANY_DAY)}
            problems += check_where(where, scope, document, (*place, "where"))
    if problems:
        return None, None, problems
    function: Function = "sum" if name == "average" else name
    measure = Measure(
        rows=row_set.name,
        dataset=row_set.dataset or "",
        function=function,
        column=column,
        on=entry.on,
        over=entry.over,
        where=where,
        match=tuple(entry.match or ()),
        expect=expect,
    )
    return measure, column if name == "average" else None, []


def build_others(
    entry: FactFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
    *,
    own: bool,
) -> tuple[tuple[Measure, ...], list[Problem]]:
    """The same measure over the rows of further departments, in their order; or the problems."""
    if not entry.else_from:
        return (), []
    at = (*place, "else_from")
    if own:
        remedy = "declare the fact in a vocabulary file"
        return (), [document.problem(at, "a policy does not choose between departments", remedy)]
    if entry.from_ is None:
        return (), [document.problem(at, '"else_from" needs "from"')]
    refused = {
        "a region has one figure": entry.of == "region",
        "an average has one department": entry.average is not None,
        "a fact of several departments cannot not apply": entry.absent == "none",
        "a department stands twice": len({entry.from_, *entry.else_from}) <= len(entry.else_from),
    }
    if any(refused.values()):
        message = next(message for message, found in refused.items() if found)
        return (), [document.problem(at, message, "leave else_from out, or change the other")]
    measures: list[Measure] = []
    problems: list[Problem] = []
    for name in entry.else_from:
        other = entry.model_copy(update={"from_": name, "else_from": []})
        measure, _, found = build_measure(other, document, place, row_sets)
        problems += found
        measures += [measure] if measure is not None else []
    return (() if problems else tuple(measures)), problems


def check_where(
    where: Expression, scope: Mapping[str, Definition], document: Document, place: Place
) -> list[Problem]:
    """What is wrong with a filter over rows whose names mean what `scope` says."""
    try:
        kind = check(where, scope)
    except ConditionRefused as refusal:
        return [document.problem(place, refusal.message, refusal.remedy, refusal.offset)]
    if kind is not Kind.BOOLEAN:
        return [document.problem(place, f'"where" is {kind}, not yes or no', "write a comparison")]
    return []


def type_of_measure(
    measure: Measure | None, average_of: str | None, row_sets: Mapping[str, RowSet]
) -> FactType | None:
    """The type of what a measure gives."""
    if measure is None:
        return None
    if average_of is None:
        if measure.function == "count" or measure.function in RUNS:
            return FactType.INTEGER
        if measure.function in ("any", "all"):
            return FactType.BOOLEAN
    return row_sets[measure.rows].columns[measure.column].type


def _check_column(
    function: str, column: str, row_set: RowSet, document: Document, place: Place
) -> list[Problem]:
    def refuse(message: str, remedy: str = "") -> list[Problem]:
        return [document.problem(place, message, remedy)]

    if function in RUNS:
        if column not in RUN_UNITS:
            return refuse(f'"{column}" is no length of a run', f"one of {', '.join(RUN_UNITS)}")
        return []
    if column == "rows":
        if function in ("count", "any"):
            return []
        return refuse(f'"{function}" needs a column, not rows')
    found = row_set.columns.get(column)
    if found is None:
        close = difflib.get_close_matches(column, list(row_set.columns), n=1)
        known = f"its columns: {', '.join(row_set.columns)}"
        remedy = f'did you mean "{close[0]}"?' if close else known
        return refuse(f'"{row_set.name}" has no column "{column}"', remedy)
    return _check_kind(function, found, document, place)


def _check_kind(
    function: str, column: RowColumn, document: Document, place: Place
) -> list[Problem]:
    def refuse(message: str, remedy: str = "") -> list[Problem]:
        return [document.problem(place, message, remedy)]

    numeric = column.type in NUMBERS
    if function in ("sum", "average") and not numeric:
        return refuse(f'"{column.name}" is not a number')
    if function in ("any", "all") and column.type is not FactType.BOOLEAN:
        return refuse(f'"{column.name}" is not yes or no', "any: rows, with where:")
    if function in ("min", "max") and not (numeric or column.type is FactType.DATE):
        return refuse(f'"{column.name}" has no smallest or largest')
    if column.formula is not None and column.type in (FactType.RATIO, FactType.NUMBER):
        return refuse(
            f'"{column.name}" is worked out, perhaps with more digits than a column holds',
            "measure the columns that it is worked out from",
        )
    return []


def _check_time(
    function: str, entry: ValueFile, row_set: RowSet, document: Document, place: Place, *, own: bool
) -> list[Problem]:
    problems = []
    if row_set.time is None:
        keys = [key for key in ("on", "over") if getattr(entry, key) is not None]
        keys += [function] if function in ("first", "last", *RUNS) else []
        for key in keys:
            message = f'"{row_set.name}" does not say how its rows stand in time'
            remedy = "declare its time: as {event: …}, {state: […]} or {series: …}"
            problems.append(document.problem((*place, key), message, remedy))
        return problems
    if function in RUNS and row_set.time == "state":
        message = f'"{row_set.name}" holds states: they have no runs'
        remedy = "min: and max: give the ends, $months(from, to) the length"
        problems.append(document.problem((*place, function), message, remedy))
    if entry.on is not None:
        if not own and entry.on != "as_of":
            message = "only on: as_of has a meaning outside a policy"
            problems.append(document.problem((*place, "on"), message))
        elif not is_name(entry.on):
            message = f'"{entry.on}" is no day'
            remedy = "write as_of, period_start, period_end or a date fact"
            problems.append(document.problem((*place, "on"), message, remedy))
        if row_set.time != "state":
            message = f'"{row_set.name}" holds no states'
            remedy = "use over: for events"
            problems.append(document.problem((*place, "on"), message, remedy))
        if entry.over is not None:
            problems.append(document.problem(place, 'write "on" or "over", not both'))
    if entry.over is not None:
        period = (_ANY_DAY, date(2000, 12, 31)) if own else None
        try:
            parse_span(entry.over, Moment(as_of=_ANY_DAY, period=period))
        except ValueError as error:
            problems.append(document.problem((*place, "over"), str(error)))
    return problems


def _check_match(
    entry: ValueFile, row_set: RowSet, here: RowSet | None, document: Document, place: Place
) -> list[Problem]:
    if entry.match is None:
        return []
    at = (*place, "match")
    if here is None:
        message = '"match" compares with a row, and here is none'
        return [document.problem(at, message, "it stands in facts of each: and columns of rows:")]
    problems = []
    for name in entry.match:
        there, own = row_set.columns.get(name), here.columns.get(name)
        if own is None:
            message = f'"{here.name}" has no column "{name}"'
            remedy = f"its columns: {', '.join(here.columns)}"
            problems.append(document.problem(at, message, remedy))
        elif there is None:
            if row_set.of == here.of or len(entry.match) > 1:
                message = f'"{row_set.name}" has no column "{name}"'
                remedy = f"its columns: {', '.join(row_set.columns)}"
                problems.append(document.problem(at, message, remedy))
        elif there.type is not own.type:
            message = f'"{name}" is {own.type} in "{here.name}", {there.type} in "{row_set.name}"'
            problems.append(document.problem(at, message))
    return problems


def _expected(
    entry: ValueFile, document: Document, place: Place
) -> tuple[int | None, list[Problem]]:
    if entry.expect is None:
        return None, []
    at = (*place, "expect")
    if entry.absent not in (None, "unknown"):
        message = '"expect" and "absent" contradict each other: no row is not the number expected'
        return None, [document.problem(at, message)]
    if not (entry.expect.isascii() and entry.expect.isdigit() and 0 < len(entry.expect) < 5):
        return None, [document.problem(at, f'"{entry.expect}" is no number of rows')]
    return int(entry.expect), []
