"""From `rows:` as authors write it to row sets, with what is wrong with them."""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from language.check import check
from language.definition import Constant, Definition
from language.document import Document, Place
from language.errors import ConditionRefused, Problem
from language.expression import Name, is_name
from language.types import FactType, kind_of
from profiles.dataset import TimeForm
from profiles.fact import Fact
from profiles.fact_build import holds_type
from profiles.fact_file import Audience, LabelFile, RowColumnFile, RowSetFile, RowTimeFile
from profiles.formula import build_formula
from profiles.measure_build import build_measure, type_of_measure
from profiles.row_set import (
    Brought,
    RowColumn,
    RowSet,
    column_type_of,
    let_states_stay,
    written_as,
)

_FORMS: tuple[TimeForm, ...] = ("event", "state", "series")


def build_row_set(
    name: str,
    entry: RowSetFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
    facts: Mapping[str, Fact],
    *,
    of: Audience | None = None,
) -> tuple[RowSet | None, list[Problem]]:
    """The row set, or the problems.

    `row_sets` are those it may be from, or add columns to where it has the name of one; `facts`
    those it may bring. `of` is the audience of the policy that it stands in.
    """
    problems: list[Problem] = []
    if not is_name(name) and name not in row_sets:
        remedy = "use a-z, 0-9 and _, no word of the language"
        problems.append(document.problem(place, f'"{name}" is no name for rows', remedy))
    start, found = _start(name, entry, document, place, row_sets, of)
    problems += found
    columns = dict(start.columns)
    here = replace(start, columns={**start.columns, **_renamed(entry, start)})
    for column_name, file in entry.columns.items():
        at: Place = (*place, "columns", column_name)
        if file.column is not None and file.column != column_name:
            # a column under another name is not there twice
            columns.pop(file.column, None)
    for column_name, file in entry.columns.items():
        at = (*place, "columns", column_name)
        column, found = _build_column(column_name, file, document, at, start, here, row_sets)
        problems += found
        if column is not None:
            columns[column_name] = column
    for by, names in entry.bring.items():
        brought, found = _bring(by, names, columns, facts, document, (*place, "bring", by))
        problems += found
        columns |= brought
    row_set = replace(start, columns=columns)
    time, found = _build_time(entry, row_set, start, document, (*place, "time"))
    problems += found
    row_set = let_states_stay(replace(row_set, time=time[0], time_columns=time[1]))
    problems += _check_formulas(row_set, entry, document, place)
    problems += _check_reach(row_set, entry, document, place, row_sets)
    return (None if problems else row_set), problems


def _start(
    name: str,
    entry: RowSetFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
    of: Audience | None,
) -> tuple[RowSet, list[Problem]]:
    """What the declaration adds to: the rows it is from, those of the same name, or nothing."""
    label = entry.label if isinstance(entry.label, LabelFile) else LabelFile(zh=entry.label or "")
    source = row_sets.get(entry.from_ or name)
    if entry.from_ is not None and source is None:
        close = difflib.get_close_matches(entry.from_, list(row_sets), n=1)
        remedy = f'did you mean "{close[0]}"?' if close else "leave from: out: given by hand only"
        message = f'unknown dataset or rows "{entry.from_}"'
        problem = document.problem((*place, "from"), message, remedy)
        return RowSet(name=name, of=entry.of or of), [problem]
    if source is None:
        fresh = RowSet(name=name, of=entry.of or of, label_zh=label.zh, label_en=label.en)
        return fresh, []
    problems = []
    if entry.of is not None and entry.of != source.of:
        message = f'"{source.name}" holds rows of {source.of or "anybody"}, not of {entry.of}'
        problems.append(document.problem((*place, "of"), message, "leave of: out"))
    taken = replace(
        source,
        name=name,
        label_zh=label.zh or source.label_zh,
        label_en=label.en or source.label_en,
    )
    return taken, problems


def _renamed(entry: RowSetFile, start: RowSet) -> dict[str, RowColumn]:
    """The columns that stand under another name."""
    return {
        name: replace(start.columns[file.column], name=name)
        for name, file in entry.columns.items()
        if file.column is not None and file.column in start.columns
    }


def _build_column(
    name: str,
    file: RowColumnFile,
    document: Document,
    place: Place,
    start: RowSet,
    here: RowSet,
    row_sets: Mapping[str, RowSet],
) -> tuple[RowColumn | None, list[Problem]]:
    """A column; `here` are those of `start` as the row set calls them, which `match` may name."""
    problems: list[Problem] = []
    if not is_name(name):
        remedy = "use a-z, 0-9 and _, no word of the language"
        problems.append(document.problem(place, f'"{name}" is no name for a column', remedy))
    label = file.label if isinstance(file.label, LabelFile) else LabelFile(zh=file.label or "")
    formula, found = build_formula(file, document, place)
    problems += found
    measure, average_of, found = build_measure(file, document, place, row_sets, here=here)
    problems += found
    if average_of is not None:
        remedy = "write a sum and a count as two columns, and their quotient as a third"
        problems.append(document.problem((*place, "average"), "a column is no average", remedy))
    sources = [
        key
        for key, value in (("column", file.column), ("is", formula), ("from", file.from_))
        if value is not None
    ]
    if len(sources) > 1:
        problems.append(document.problem(place, f"write one of {', '.join(sources)}, not both"))
    source = start.columns.get(file.column or name)
    if file.column is not None and source is None:
        close = difflib.get_close_matches(file.column, list(start.columns), n=1)
        remedy = f'did you mean "{close[0]}"?' if close else ""
        message = f'"{start.name}" has no column "{file.column}"'
        problems.append(document.problem((*place, "column"), message, remedy))
    if formula is not None or measure is not None:
        source = None
    measured = type_of_measure(measure, average_of, row_sets)
    kind = column_type_of(file.type) if file.type is not None else measured
    kind = kind or (source.type if source else None)
    if kind is None:
        if not problems:
            remedy = f"add type: {' | '.join([*FactType, 'month', 'year'])}"
            problems.append(document.problem(place, f'column "{name}" has no type', remedy))
        kind = FactType.TEXT
    known = measured or (source.type if source else None)
    if known is not None and not holds_type(kind, known):
        problems.append(document.problem(place, f'"{name}" is declared {kind}, it is {known}'))
    if file.absent not in (None, "unknown", "none"):
        message = "of a column only absent: none can be said"
        problems.append(document.problem((*place, "absent"), message))
    if problems:
        return None, problems
    base = source or RowColumn(name=name, type=kind)
    column = replace(
        base,
        name=name,
        type=kind,
        label_zh=label.zh or file.says or base.label_zh,
        label_en=label.en or base.label_en,
        unit=file.unit or base.unit,
        system=file.system or base.system,
        values=tuple(file.values) or base.values,
        may_not_apply=file.absent == "none" or base.may_not_apply,
        written=written_as(file.type) if file.type else base.written,
        formula=formula or base.formula,
        measure=measure or base.measure,
    )
    return column, []


def _bring(
    by: str,
    names: list[str],
    columns: Mapping[str, RowColumn],
    facts: Mapping[str, Fact],
    document: Document,
    place: Place,
) -> tuple[dict[str, RowColumn], list[Problem]]:
    problems = []
    brought = {}
    if by not in columns or columns[by].type not in (FactType.TEXT, FactType.CODE):
        message = f'"{by}" is no column that holds who the row is about'
        problems.append(document.problem(place, message))
    for name in names:
        fact = facts.get(name)
        if fact is None or fact.of != "resident":
            close = difflib.get_close_matches(name, list(facts), n=1)
            remedy = f'did you mean "{close[0]}"?' if close and fact is None else ""
            message = f'"{name}" is no fact of residents, so no row can bring it'
            problems.append(document.problem(place, message, remedy))
        elif fact.formula is not None:
            message = f'"{name}" is worked out, and a snapshot keeps only what comes from rows'
            remedy = "bring what it is worked out from, and write its formula as a column"
            problems.append(document.problem(place, message, remedy))
        else:
            brought[name] = RowColumn(
                name=name,
                type=fact.type,
                label_zh=fact.label_zh,
                label_en=fact.label_en,
                unit=fact.unit,
                system=fact.system,
                values=fact.values,
                may_not_apply=fact.may_not_apply,
                brought=Brought(by=by, fact=name),
            )
    return brought, problems


def _build_time(
    entry: RowSetFile, row_set: RowSet, start: RowSet, document: Document, place: Place
) -> tuple[tuple[TimeForm | None, tuple[str, ...]], list[Problem]]:
    """How the rows stand in time: as declared, else as the rows they are from."""
    if entry.time is None:
        renamed = {file.column: name for name, file in entry.columns.items() if file.column}
        return (start.time, tuple(renamed.get(n, n) for n in start.time_columns)), []
    if start.dataset is not None:
        message = f'"{start.dataset}" says how its rows stand in time'
        return (start.time, start.time_columns), [document.problem(place, message, "leave it out")]
    form, columns = _read_time(entry.time)
    if form is None or len(columns) != (2 if form == "state" else 1):
        message = "write one of {event: day}, {state: [from, to]}, {series: month}"
        return (None, ()), [document.problem(place, message)]
    problems = []
    for name in columns:
        column = row_set.columns.get(name)
        if column is None or column.type is not FactType.DATE:
            message = f'"{name}" is no column that holds a date, month or year'
            problems.append(document.problem((*place, form), message))
    return (form, columns), problems


def _read_time(file: RowTimeFile) -> tuple[TimeForm | None, tuple[str, ...]]:
    written = [form for form in _FORMS if getattr(file, form) is not None]
    if len(written) != 1:
        return None, ()
    value = getattr(file, written[0])
    return written[0], tuple(value) if isinstance(value, list) else (value,)


def _check_formulas(
    row_set: RowSet, entry: RowSetFile, document: Document, place: Place
) -> list[Problem]:
    """Each formula over its row's other columns, and the type that it is declared to have."""
    problems = []
    scope: dict[str, Definition] = row_set.scope()
    scope["as_of"] = Constant(value=date(2000, 1, 1))
    for name in entry.columns:
        column = row_set.columns.get(name)
        if column is None or column.formula is None:
            continue
        at: Place = (*place, "columns", name)
        try:
            kind = check(Name(name=name), scope)
        except ConditionRefused as refusal:
            problems.append(document.problem(at, refusal.message, refusal.remedy))
            continue
        if kind is not kind_of(column.type):
            message = f'"{name}" is declared {column.type}, its formula is {kind}'
            problems.append(document.problem(at, message))
    return problems


def _check_reach(
    row_set: RowSet,
    entry: RowSetFile,
    document: Document,
    place: Place,
    row_sets: Mapping[str, RowSet],
) -> list[Problem]:
    """Whether a snapshot has what the rows ask of persons when it joins them.

    Residents are built first, all parts side by side: of each other they know nothing then.
    """
    problems = []
    message = f'"{row_set.name}" are rows of residents, which know nothing of other residents'
    remedy = "say it in rows of households or enterprises, or have a department deliver it"
    if row_set.of == "resident":
        problems += [document.problem((*place, "bring", by), message, remedy) for by in entry.bring]
    for name in entry.columns:
        measure = row_set.columns[name].measure if name in row_set.columns else None
        target = row_sets.get(measure.rows) if measure else None
        if measure is None or target is None or set(measure.match) <= set(target.columns):
            continue
        if target.of != "resident":
            whose = target.of or "anybody"
            other = f'"{target.name}" holds rows of {whose}: of persons only those of residents'
            at: Place = (*place, "columns", name, "match")
            problems.append(document.problem(at, f"{other} are joined", "leave the column out"))
    return problems
