"""What an author is told of a policy's tables: each finding with a value for every input."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from language.definition import Hit, Matcher, Row, Table, Tiers
from language.document import Place
from language.expression import Expression, Name
from language.types import Kind
from policies.axis import Shape, Sort, show_key, show_sort, sorts_of
from policies.bounding import is_asked_for, rules_out, written_values
from policies.cell import GB2260
from policies.draft import Draft
from policies.each import facts_of_rows
from policies.parameter import ALWAYS, shape_of
from policies.policy import DatedParameter, ParameterSpan, Policy, PolicyTable, TableRow
from policies.table_analysis import Analysis, Outputs, Point, analyse
from policies.tier_checks import find_tier_faults
from policies.value_set import closed_values
from profiles.fact import Fact

MAX_WRITTEN = 200
"""Values of the clauses at which an input is cut besides its own rows."""
_OR_KEEP_OUT = "or a clause that keeps these out"


def check_tables(draft: Draft, policy: Policy) -> None:
    """Refuse rows that contradict each other; warn of gaps and of rows that do nothing."""
    facts = dict(draft.vocabulary.facts) | {fact.name: fact for fact in policy.facts}
    facts |= facts_of_rows(policy.each) if policy.each else {}
    for parameter in policy.parameters:
        _check_parameter(draft, policy, parameter, facts)
        for span in parameter.spans:
            if isinstance(span.value, Tiers):
                for message, remedy in find_tier_faults(span.value):
                    place: Place = ("parameters", parameter.name)
                    draft.warn("tiers", place, f'"{parameter.name}": {message}', remedy)
    for decision_table in policy.tables:
        _check_decision_table(draft, policy, decision_table)


def _check_parameter(
    draft: Draft,
    policy: Policy,
    parameter: DatedParameter,
    facts: Mapping[str, Fact],
) -> None:
    """The tables among its values, one by one; a finding of only some says of which."""
    system = draft.file.parameters[parameter.name].system
    place: Place = ("parameters", parameter.name)
    told: dict[tuple[str, str], list[ParameterSpan]] = {}
    remedies: dict[str, str] = {}
    tables = [span for span in reversed(parameter.spans) if isinstance(span.value, Table)]
    for span in tables:
        assert isinstance(span.value, Table)
        shapes = [shape_of(facts[key.name], system) for key in span.value.by]
        for code, message, remedy in _faults_of(draft, policy, parameter, span.value, shapes):
            told.setdefault((code, message), []).append(span)
            remedies[message] = remedy
    for (code, message), spans in told.items():
        days = ", ".join(
            "the beginning" if span.start == ALWAYS else str(span.start) for span in spans
        )
        which = "" if len(spans) == len(tables) else f", among the values from {days}"
        draft.warn(code, place, f'"{parameter.name}"{message}{which}', remedies[message])


def _faults_of(
    draft: Draft,
    policy: Policy,
    parameter: DatedParameter,
    table: Table,
    shapes: Sequence[Shape],
) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one table: the code of it, what, and what to do."""
    found = _analyse(
        draft,
        policy,
        names=[parameter.name],
        keys=table.by,
        shapes=shapes,
        rows=[row.matchers for row in table.rows],
        outputs=[(row.value,) for row in table.rows],
        hit=Hit.FIRST,
        default=None,
    )
    for point in found.gaps:
        message = f" has no row for {show_point(shapes, point)}"
        yield "table-gap", message, f"add a row, else: {_OR_KEEP_OUT}"
    for idle in found.unreachable:
        message = f": row {_show_row(table.rows[idle.row])} holds for nothing"
        yield "idle-row", message, "leave it out"
    for idle in found.redundant:
        if idle.instead is None or idle.point is None:
            continue
        row, other = (_show_row(table.rows[index]) for index in (idle.row, idle.instead))
        why = f"row {other} gives the same, for example for {show_point(shapes, idle.point)}"
        yield "idle-row", f": row {row} is not needed: {why}", ""


def _check_decision_table(draft: Draft, policy: Policy, table: PolicyTable) -> None:
    definitions = [output.definition for output in table.outputs]
    first = definitions[0]
    defaults = tuple(definition.default for definition in definitions)
    found = _analyse(
        draft,
        policy,
        names=[output.name for output in table.outputs],
        keys=first.inputs,
        shapes=table.shapes,
        rows=[rule.matchers for rule in first.rules],
        outputs=[
            tuple(definition.rules[index].value for definition in definitions)
            for index in range(len(first.rules))
        ],
        hit=table.hit,
        default=None if first.default is None else defaults,
    )
    by_number = {row.number: row for row in table.rows}
    rows = [by_number[rule.number] for rule in first.rules]
    for overlap in found.overlaps:
        one, other = sorted((rows[index] for index in overlap.rows), key=_number)
        differ = ", and their outputs differ" if table.hit is Hit.ANY else ""
        draft.problems.append(
            other.where.problem(
                f'"{table.name}": rows {one.number} and {other.number} both apply{differ}: for '
                f"{show_point(table.shapes, overlap.point)}",
                f'"hit: {table.hit}" forbids it: part the rows, or say with first or priority '
                "which counts",
                code="table-overlap",
            )
        )
    if first.default is None and table.hit is not Hit.COUNT:
        for point in found.gaps:
            draft.warn(
                "table-gap",
                ("tables", table.name),
                f'"{table.name}" has no row for {show_point(table.shapes, point)}',
                f"add a row, default: {_OR_KEEP_OUT}",
            )
    for idle in found.unreachable:
        idle_row = rows[idle.row]
        why = "it holds for nothing"
        if idle.point is not None and idle.instead is not None:
            why = (
                f"row {rows[idle.instead].number} goes before, for example for "
                f"{show_point(table.shapes, idle.point)}"
            )
        _warn_at(draft, idle_row, f'"{table.name}": row {idle_row.number} never counts: {why}')
    for idle in found.redundant:
        idle_row = rows[idle.row]
        stand_in = "the default" if idle.instead is None else f"row {rows[idle.instead].number}"
        _warn_at(
            draft,
            idle_row,
            f'"{table.name}": row {idle_row.number} is not needed: {stand_in} gives the same, for '
            f"example for {show_point(table.shapes, idle.point or ())}",
        )
    if not found.complete:
        draft.warn(
            "table-too-large",
            ("tables", table.name),
            f'"{table.name}" is too large to be analysed to the end',
            "gaps and idle rows may go untold; split the table",
        )


def _number(row: TableRow) -> int:
    return row.number


def _warn_at(draft: Draft, row: TableRow, message: str) -> None:
    draft.warnings.append(
        row.where.problem(message, "leave it out, or correct the rows", code="idle-row")
    )


def show_point(shapes: Sequence[Shape], point: Point) -> str:
    """A value for each input."""
    return ", ".join(
        f"{shape.name} {show_sort(value)}" for shape, value in zip(shapes, point, strict=True)
    )


def _show_row(row: Row) -> str:
    return " / ".join(f'"{show_key(key)}"' for key in row.matchers)


def _analyse(
    draft: Draft,
    policy: Policy,
    *,
    names: Sequence[str],
    keys: Sequence[Expression],
    shapes: Sequence[Shape],
    rows: Sequence[Sequence[Matcher]],
    outputs: Sequence[Outputs],
    hit: Hit,
    default: Outputs | None,
) -> Analysis:
    scope = draft.row_scope or draft.scope
    columns = [[row[index] for row in rows] for index in range(len(keys))]
    pairs = list(zip(shapes, columns, strict=True))
    axes = [sorts_of(shape, column) for shape, column in pairs]
    if default is not None or is_asked_for(policy, names, scope):
        # gaps have an answer, or the author asks whether there is one
        return analyse(rows, outputs, hit, axes, default=default, covers=None)
    ruled_out = rules_out(policy, names, scope)
    written = written_values(policy, scope)[:MAX_WRITTEN]
    region = policy.region
    codes = [code for code in (*region.within, *region.excepted) if code] if region else []

    def facts_at(point: Sequence[Sort]) -> dict[str, Sort]:
        return {k.name: v for k, v in zip(keys, point, strict=True) if isinstance(k, Name)}

    covers = []
    for key, (shape, column) in zip(keys, pairs, strict=True):
        if shape.kind is Kind.TEXT and not shape.closed:
            shape = replace(shape, closed=closed_values(key, scope))
        further = [*written, *(codes if shape.system == GB2260 else ())]
        values = [*sorts_of(shape, column), *sorts_of(shape, column, further)]
        if isinstance(key, Name):
            values = [value for value in values if not ruled_out({key.name: value})]
        covers.append(list(dict.fromkeys(values)))
    return analyse(
        rows,
        outputs,
        hit,
        axes,
        default=default,
        covers=covers,
        possible=lambda point: not ruled_out(facts_at(point)),
    )
