"""Decision tables before their inputs are known: outputs, hit policy, the text of their rows."""

from dataclasses import dataclass

from language.definition import LISTINGS, Definition, Hit, NoValue, kind_of_scalar
from language.document import Place
from language.expression import is_name
from language.types import FactType, Kind, kind_of
from policies.draft import TIMES, Draft, words
from policies.policy_file import DecisionTableFile, OutputFile
from policies.table import parse_value
from policies.table_file import MAX_ROWS, Cell
from policies.table_rows import RawRow, rows_here, rows_of_file

HITS: dict[str, Hit] = {hit.value: hit for hit in Hit} | {
    "U": Hit.UNIQUE,
    "A": Hit.ANY,
    "F": Hit.FIRST,
    "P": Hit.PRIORITY,
    "R": Hit.RULE_ORDER,
    "O": Hit.OUTPUT_ORDER,
    "C": Hit.COLLECT,
    "C+": Hit.SUM,
    "C<": Hit.MIN,
    "C>": Hit.MAX,
    "C#": Hit.COUNT,
}
MAX_INPUTS = 32
_NUMERIC = (Hit.SUM, Hit.MIN, Hit.MAX)
ORDERED = (Hit.PRIORITY, Hit.OUTPUT_ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output whose name and kind are known before any row is read."""

    name: str
    label: str
    label_en: str
    unit: str
    type: FactType | None
    values: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A table whose outputs are known: what uses them can be typed before its inputs are."""

    name: str
    file: DecisionTableFile
    hit: Hit
    outputs: tuple[Output, ...]
    rows: tuple[RawRow, ...]


def declare_tables(draft: Draft) -> list[Declared]:
    """The tables with their outputs and the text of their rows."""
    declared = []
    taken: set[str] = set(draft.file.facts) | set(draft.file.parameters) | set(TIMES)
    for name, file in draft.file.tables.items():
        found = _declare(draft, name, file, taken)
        if found is not None:
            declared.append(found)
            taken |= {output.name for output in found.outputs}
    return declared


def placeholders(tables: list[Declared]) -> dict[str, Definition]:
    """What stands for the outputs while their tables are not built."""
    return {output.name: NoValue(kind=output.kind) for table in tables for output in table.outputs}


def _declare(draft: Draft, name: str, file: DecisionTableFile, taken: set[str]) -> Declared | None:
    place: Place = ("tables", name)
    before = len(draft.problems)
    hit = HITS.get(file.hit)
    if hit is None:
        draft.refuse((*place, "hit"), f'"{file.hit}" is no hit policy', f"one of {', '.join(HITS)}")
        return None
    if len(file.inputs) > MAX_INPUTS:
        draft.refuse((*place, "inputs"), f"more than {MAX_INPUTS} inputs")
    outputs = [OutputFile(name=o) if isinstance(o, str) else o for o in file.outputs]
    names = _output_names(draft, name, outputs, taken)
    if (file.rows is None) == (file.file is None):
        draft.refuse(place, f'table "{name}" needs one of rows and file')
    if file.file is None and file.sheet is not None:
        draft.refuse((*place, "sheet"), '"sheet" belongs to a file')
    if len(draft.problems) > before:
        return None
    outputs = outputs or [OutputFile()]
    if file.file is not None:
        rows = rows_of_file(draft, name, file, outputs, names)
    else:
        rows = rows_here(draft, name, file, len(outputs))
    if len(draft.problems) > before:
        return None
    if not rows:
        draft.refuse(place, f'table "{name}" has no rows')
    if len(rows) > MAX_ROWS:
        draft.refuse(place, f'table "{name}" has more than {MAX_ROWS} rows', "split it")
    built = []
    for index, (output_name, output) in enumerate(zip(names, outputs, strict=True)):
        kind = _kind_of_output(draft, place, output, [row.then[index] for row in rows], hit)
        label, label_en = words(output.label or (file.label if len(outputs) == 1 else None))
        if kind is not None:
            built.append(
                Output(
                    name=output_name,
                    label=label or output_name,
                    label_en=label_en or output_name.replace("_", " "),
                    unit=output.unit or "",
                    type=output.type or (FactType.CODE if output.values else None),
                    values=tuple(output.values),
                    kind=kind,
                )
            )
    if hit in ORDERED and not any(output.values for output in outputs):
        draft.refuse(
            (*place, "outputs"),
            f'"{hit}" needs values: of an output, in the order of their priority',
        )
    if len(draft.problems) > before:
        return None
    return Declared(name=name, file=file, hit=hit, outputs=tuple(built), rows=tuple(rows))


def _output_names(
    draft: Draft, table: str, outputs: list[OutputFile], taken: set[str]
) -> list[str]:
    place: Place = ("tables", table)
    if len(outputs) <= 1:
        names = [table]
        if outputs and outputs[0].name not in (None, table):
            draft.refuse(
                (*place, "outputs"),
                f'the one output goes by the table\'s name, "{table}"',
                "leave its name out, or name the table so",
            )
    else:
        names = [output.name or "" for output in outputs]
        if "" in names:
            draft.refuse((*place, "outputs"), "each of several outputs needs a name")
            return names
    for name in names:
        if not is_name(name) or name in TIMES:
            draft.refuse(
                place, f'"{name}" is no name', "use a-z, 0-9 and _, no word of the language"
            )
        elif name in taken or names.count(name) > 1:
            draft.refuse(place, f'"{name}" stands for something else too', "rename one of them")
    return names


def _kind_of_output(
    draft: Draft, place: Place, output: OutputFile, cells: list[Cell], hit: Hit
) -> Kind | None:
    if hit is Hit.COUNT:
        return Kind.NUMBER
    kind = kind_of(output.type) if output.type else Kind.TEXT if output.values else None
    if kind is None:
        kinds: set[Kind] = set()
        for cell in cells:
            try:
                value = parse_value(cell.text, None)
            except ValueError:
                continue  # told where the cell is read
            kinds |= set() if value is None else {kind_of_scalar(value)}
        if len(kinds) != 1:
            what = ", ".join(sorted(kinds)) or "none"
            draft.refuse(
                place, f"the values of an output are of different kinds: {what}", "add type:"
            )
            return None
        kind = kinds.pop()
    if hit in _NUMERIC and kind is not Kind.NUMBER:
        draft.refuse(place, f'"{hit}" needs numbers, the output is {kind}')
        return None
    if hit in LISTINGS and kind is not Kind.TEXT:
        draft.refuse(
            place,
            f'"{hit}" lists texts, the output is {kind}',
            "write collect sum, min, max or count, or type: text",
        )
        return None
    if output.values and kind is not Kind.TEXT:
        remedy = "of numbers hit: collect max takes the greatest, collect min the least"
        draft.refuse(place, '"values" are for codes and texts', remedy)
        return None
    return kind
