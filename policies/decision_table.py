"""Decision tables of a policy: inputs, outputs, a hit policy, and rows here or in a file.

Each output becomes a name that conditions and amounts may use. The table follows OMG DMN 1.5,
chapter 8.
"""

from collections.abc import Mapping
from fractions import Fraction

from language.definition import (
    DecisionTable,
    Equal,
    Hit,
    Matcher,
    NotApplying,
    OneOf,
    Otherwise,
    Rule,
    Scalar,
    kind_of_scalar,
)
from language.document import Place
from language.expression import Expression, Name
from language.types import Kind, kind_of
from policies.axis import Shape
from policies.cell import GB2260, parse_cell
from policies.declared_table import ORDERED, Declared, Output
from policies.draft import Draft, words
from policies.parameter import STEPS, shape_of
from policies.policy import PolicyTable, TableInput, TableOutput, TableRow
from policies.policy_file import InputFile
from policies.table import parse_value
from policies.table_file import Cell
from policies.value_set import is_whole
from profiles.fact import Fact


def build_tables(
    draft: Draft, tables: list[Declared], facts: Mapping[str, Fact]
) -> list[PolicyTable]:
    """The tables; afterwards the draft's scope holds their outputs."""
    built = [_build(draft, table, facts) for table in tables]
    found = [table for table in built if table is not None]
    draft.scope |= {out.name: out.definition for table in found for out in table.outputs}
    return found


def _build(draft: Draft, table: Declared, facts: Mapping[str, Fact]) -> PolicyTable | None:
    before = len(draft.problems)
    inputs = [
        _build_input(draft, entry, ("tables", table.name, "inputs", index), facts)
        for index, entry in enumerate(table.file.inputs)
    ]
    if len(draft.problems) > before:
        return None
    known = [found for found in inputs if found is not None]
    shapes = [shape for _, shape, _ in known]
    matchers = _read_cells(draft, table, shapes)
    values = _read_outputs(draft, table)
    default = _read_default(draft, table)
    if len(draft.problems) > before:
        return None
    order = list(range(len(table.rows)))
    if table.hit in ORDERED:
        order.sort(key=lambda row: _priority(table, values[row]))
    label, label_en = words(table.file.label or table.file.says)
    return PolicyTable(
        name=table.name,
        label=label or table.name,
        label_en=label_en or table.name.replace("_", " "),
        source=table.file.source or "",
        hit=table.hit,
        inputs=tuple(shown for _, _, shown in known),
        outputs=tuple(
            TableOutput(
                name=output.name,
                label=output.label,
                label_en=output.label_en,
                unit=output.unit,
                definition=DecisionTable(
                    inputs=tuple(expression for expression, _, _ in known),
                    rules=tuple(
                        Rule(
                            number=table.rows[row].number,
                            matchers=matchers[row],
                            value=values[row][index],
                        )
                        for row in order
                    ),
                    hit=table.hit,
                    kind=output.kind,
                    default=default[index],
                ),
            )
            for index, output in enumerate(table.outputs)
        ),
        rows=tuple(
            TableRow(
                number=row.number,
                cells=tuple(cell.text for cell in row.when),
                outputs=tuple(cell.text for cell in row.then),
                says=row.says,
                source=row.source or table.file.source or "",
                where=row.when[0],
            )
            for row in table.rows
        ),
        shapes=tuple(shapes),
        file=table.file.file or "",
    )


def _priority(table: Declared, values: list[Scalar | None]) -> tuple[int, ...]:
    """Lower comes first: the place of each output's value in its list; left open comes last."""
    return tuple(
        output.values.index(str(value)) if value is not None else len(output.values)
        for output, value in zip(table.outputs, values, strict=True)
        if output.values
    )


def _build_input(
    draft: Draft, entry: str | InputFile, place: Place, facts: Mapping[str, Fact]
) -> tuple[Expression, Shape, TableInput] | None:
    file = InputFile.model_validate({"is": entry}) if isinstance(entry, str) else entry
    if (file.name is None) == (file.is_ is None):
        draft.refuse(place, "an input is a fact's name: or a formula, is:")
        return None
    text = file.name or file.is_ or ""
    expression = draft.any_expression(text, place)
    if expression is None:
        return None
    kind = draft.check(expression, place)
    if kind is None:
        return None
    draft.doubt(text, expression, place)
    if file.type is not None and kind_of(file.type) is not kind:
        draft.refuse((*place, "type"), f'"{text}" is {kind}, not {file.type}')
        return None
    fact = facts.get(expression.name) if isinstance(expression, Name) else None
    label, label_en = words(file.label)
    shown = TableInput(
        text=text,
        label=label or (fact.label_zh if fact else "") or text,
        label_en=label_en or (fact.label_en if fact else "") or text,
    )
    if fact is not None:
        shape = shape_of(fact, file.system)
    else:
        system = file.system or ""
        shape = Shape(name=text, kind=kind, system=GB2260 if system.startswith(GB2260) else system)
    step = STEPS.get(file.type) if file.type else shape.step
    if step is None and kind is Kind.NUMBER and is_whole(expression, draft.scope):
        step = Fraction(1)
    shape = Shape(
        name=text,
        kind=kind,
        step=step,
        closed=tuple(file.values) or shape.closed,
        may_not_apply=shape.may_not_apply,
        system=shape.system,
    )
    return expression, shape, shown


def _read_cells(draft: Draft, table: Declared, shapes: list[Shape]) -> list[tuple[Matcher, ...]]:
    """The matchers of each row. `else` is every known value that the rows alike to its left do
    not name."""
    found: list[list[Matcher]] = []
    for row in table.rows:
        matchers: list[Matcher] = []
        for cell, shape in zip(row.when, shapes, strict=True):
            if cell.text.strip() == "else":
                matchers.append(Otherwise(others=()))
                continue
            try:
                matcher = parse_cell(cell.text, shape.kind, shape.system)
            except ValueError as error:
                draft.problems.append(cell.problem(str(error)))
                matcher = Otherwise(others=())
            _check_cell(draft, cell, matcher, shape)
            matchers.append(matcher)
        found.append(matchers)
    for index, row in enumerate(table.rows):
        for column, cell in enumerate(row.when):
            if cell.text.strip() != "else":
                continue
            left = [c.text.strip() for c in row.when[:column]]
            others = [
                found[other][column]
                for other, sibling in enumerate(table.rows)
                if sibling.when[column].text.strip() not in ("else", "-", "any")
                and [c.text.strip() for c in sibling.when[:column]] == left
            ]
            found[index][column] = Otherwise(others=tuple(dict.fromkeys(others)))
    return [tuple(matchers) for matchers in found]


def _check_cell(draft: Draft, cell: Cell, matcher: Matcher, shape: Shape) -> None:
    match matcher:
        case Equal(values=values) if shape.closed:
            for value in values:
                if value not in shape.closed:
                    draft.problems.append(
                        cell.problem(
                            f'"{shape.name}" is never "{value}"',
                            f"it is one of {', '.join(shape.closed)}",
                        )
                    )
        case NotApplying() if not shape.may_not_apply:
            draft.problems.append(
                cell.problem(
                    f'"{shape.name}" always applies, so null never holds',
                    "only facts declared `absent: none` can not apply; any and - match a "
                    "missing fact",
                )
            )
        case OneOf(members=members) | Otherwise(others=members):
            for member in members:
                _check_cell(draft, cell, member, shape)


def _read_outputs(draft: Draft, table: Declared) -> list[list[Scalar | None]]:
    return [
        [
            None if table.hit is Hit.COUNT else _read_output(draft, cell, output)
            for cell, output in zip(row.then, table.outputs, strict=True)
        ]
        for row in table.rows
    ]


def _read_output(draft: Draft, cell: Cell, output: Output) -> Scalar | None:
    text = cell.text.strip()
    if output.kind is Kind.TEXT and len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    try:
        if not text:
            raise ValueError("a cell is empty: write a value, or unknown to leave it open")
        value = parse_value(text, output.type)
    except ValueError as error:
        draft.problems.append(cell.problem(str(error)))
        return None
    if value is not None and kind_of_scalar(value) is not output.kind:
        draft.problems.append(cell.problem(f'"{text}" is not {output.kind}', "add type:"))
        return None
    if output.values and value is not None and value not in output.values:
        draft.problems.append(
            cell.problem(
                f'"{text}" is not among the values of "{output.name}"',
                f"they are {', '.join(output.values)}",
            )
        )
    return value


def _read_default(draft: Draft, table: Declared) -> list[Scalar | None]:
    default = table.file.default
    if default is None:
        return [None] * len(table.outputs)
    place: Place = ("tables", table.name, "default")
    texts = default if isinstance(default, list) else [default]
    if len(texts) != len(table.outputs):
        draft.refuse(place, f"the table has {len(table.outputs)} outputs, the default {len(texts)}")
        return [None] * len(table.outputs)
    if table.hit is Hit.COUNT:
        draft.refuse(place, "no row counts as 0: a count needs no default", "leave it out")
        return [None] * len(table.outputs)
    mark = draft.document.mark(place)
    return [
        _read_output(
            draft,
            Cell(
                text=text,
                file=draft.document.file_of(place),
                line=mark.line,
                column=mark.column,
            ),
            output,
        )
        for text, output in zip(texts, table.outputs, strict=True)
    ]
