"""The rows of a decision table as they were written, in the policy or in a file beside it."""

from dataclasses import dataclass

from language.document import Place
from policies.draft import Draft, words
from policies.errors import TableFileRefused
from policies.policy_file import DecisionTableFile, InputFile, OutputFile, RuleFile
from policies.table_file import Cell, Grid, read_grid

_REMARKS = {"source": "source", "依据": "source", "says": "says", "说明": "says"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """A row as it was written, its cells still text."""

    number: int
    when: tuple[Cell, ...]
    then: tuple[Cell, ...]
    says: str = ""
    source: str = ""


def rows_here(draft: Draft, name: str, file: DecisionTableFile, outputs: int) -> list[RawRow]:
    inputs = len(file.inputs)
    rows = []
    for index, entry in enumerate(file.rows or []):
        place: Place = ("tables", name, "rows", index)
        if isinstance(entry, RuleFile):
            then = entry.then if isinstance(entry.then, list) else [entry.then]
            places = [(*place, "when", i) for i in range(len(entry.when))]
            if isinstance(entry.then, list):
                places += [(*place, "then", i) for i in range(len(then))]
            else:
                places.append((*place, "then"))
            texts, fits = [*entry.when, *then], len(entry.when) == inputs
        else:
            places = [(*place, i) for i in range(len(entry))]
            texts, fits = entry, True
        if not fits or len(texts) != inputs + outputs:
            draft.refuse(
                place, f"a row has {inputs} cells for the inputs and {outputs} for the outputs"
            )
            continue
        cells = []
        for text, at in zip(texts, places, strict=True):
            mark = draft.document.mark(at)
            written = draft.document.file_of(at)
            cells.append(Cell(text=text, file=written, line=mark.line, column=mark.column))
        says = words(entry.says)[0] if isinstance(entry, RuleFile) else ""
        source = (entry.source or "") if isinstance(entry, RuleFile) else ""
        rows.append(
            RawRow(
                number=index + 1,
                when=tuple(cells[:inputs]),
                then=tuple(cells[inputs:]),
                says=says,
                source=source,
            )
        )
    return rows


def rows_of_file(
    draft: Draft, name: str, file: DecisionTableFile, outputs: list[OutputFile], names: list[str]
) -> list[RawRow]:
    assert file.file is not None
    try:
        # a frame's table stands beside the frame
        written = draft.document.file_of(("tables", name, "file"))
        grid = read_grid(written, file.file, file.sheet)
    except TableFileRefused as refusal:
        if refusal.line:
            draft.problems.append(
                Cell(text="", file=refusal.file, line=refusal.line, column=refusal.column).problem(
                    refusal.message, refusal.remedy
                )
            )
        else:
            draft.refuse(
                ("tables", name, "file"), f"{refusal.file} {refusal.message}", refusal.remedy
            )
        return []
    wanted = [_names_of(entry) for entry in file.inputs]
    for output, output_name in zip(outputs, names, strict=True):
        wanted.append({output_name, *words(output.label)} - {""})
    columns = _columns(draft, name, grid, wanted)
    if columns is None:
        return []
    draft.files[f"{name}: {file.file}"] = "\n".join(
        "\t".join(cell.text for cell in row) for row in (grid.header, *grid.rows)
    )
    inputs = len(file.inputs)
    rows = []
    for index, cells in enumerate(grid.rows):
        remarks = {
            _REMARKS[head.text]: cell.text
            for head, cell in zip(grid.header, cells, strict=True)
            if head.text in _REMARKS
        }
        chosen = [cells[column] for column in columns]
        rows.append(
            RawRow(
                number=index + 1,
                when=tuple(chosen[:inputs]),
                then=tuple(chosen[inputs:]),
                says=remarks.get("says", ""),
                source=remarks.get("source", ""),
            )
        )
    return rows


def _names_of(entry: str | InputFile) -> set[str]:
    """What the column of an input may be called."""
    if isinstance(entry, str):
        return {entry}
    return {entry.name or "", entry.is_ or "", *words(entry.label)} - {""}


def _columns(draft: Draft, name: str, grid: Grid, wanted: list[set[str]]) -> list[int] | None:
    """For each input and output the column that is called so."""
    before = len(draft.problems)
    columns = []
    heads = [cell.text for cell in grid.header]
    for names in wanted:
        found = [index for index, head in enumerate(heads) if head in names]
        if len(found) == 1:
            columns.append(found[0])
            continue
        called = " or ".join(f'"{n}"' for n in sorted(names))
        what = "no column" if not found else "several columns"
        draft.problems.append(grid.header[0].problem(f"{what} called {called}"))
    for index, head in enumerate(grid.header):
        if index not in columns and head.text not in _REMARKS and len(draft.problems) == before:
            draft.problems.append(
                head.problem(
                    f'column "{head.text}" is neither an input nor an output of "{name}"',
                    f"besides them there may be {', '.join(_REMARKS)}",
                )
            )
    return columns if len(draft.problems) == before else None
