"""`zhida table`: decision tables to and from workbooks, CSV and DMN files."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import show
from console.command import REFUSED
from console.errors import NothingThere
from console.options import VocabularyPaths
from console.wiring import load_words
from language.document import Document
from language.document_reading import read_documents
from language.errors import FilesRefused
from policies.dmn import read_dmn
from policies.errors import TableFileRefused
from policies.table_file import read_grid
from policies.table_writing import SAYS, SOURCE, find_table, point_to_file, write_sheet
from policies.table_yaml import list_of, quote, write_dmn_table, write_missing_facts
from profiles.fact import Vocabulary

app = typer.Typer(no_args_is_help=True, help="Decision tables to and from spreadsheets and DMN.")


@app.command("export")
def export_table(
    policy: Annotated[Path, typer.Argument(help="The policy file.")],
    table: Annotated[str, typer.Argument(help="The name of a table whose rows stand in it.")],
    out: Annotated[Path, typer.Option(help="Where the table goes: .xlsx or .csv.")],
    of: Annotated[
        str | None, typer.Option("--policy", help="The policy's id, in a file of several.")
    ] = None,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="Let the policy file name the written file.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
) -> None:
    """Write a decision table to a workbook or CSV file that the policy can read back."""
    document = _one_document(policy, of, table)
    if out.exists() and not force:
        raise NothingThere(f"{out} is there already: name another file, or add --force")
    sheet = find_table(document, table)
    write_sheet(sheet, out)
    show.out.print(f"{out}: {len(sheet.lines) - 1} rows of [bold]{table}[/]", soft_wrap=True)
    inside = out.resolve().is_relative_to(policy.resolve().parent)
    if not inside:
        show.err.print(f"[yellow]a policy reads files beside it: move it to {policy.parent}[/]")
    name = str(out.resolve().relative_to(policy.resolve().parent)) if inside else out.name
    if rewrite and inside:
        # bytes, so that the ends of lines stay what they are
        text = policy.read_bytes().decode("utf-8-sig")
        changed = point_to_file(text, document.value.get("policy"), table, name)
        mark = b"\xef\xbb\xbf" if policy.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        policy.write_bytes(mark + changed.encode())
        show.out.print(f"{policy}: {table} reads {name} now", soft_wrap=True)
    else:
        sys.stdout.write(f"in the policy, instead of rows:\n    file: {quote(name)}\n")


def _one_document(path: Path, policy: str | None, table: str) -> Document:
    documents, problems = read_documents(path)
    if problems:
        raise FilesRefused(problems)
    found = [
        one
        for one in documents
        if isinstance(one.value, dict)
        and (policy is None or one.value.get("policy") == policy)
        and (policy is not None or table in (one.value.get("tables") or {}) or len(documents) == 1)
    ]
    if len(found) != 1:
        raise NothingThere(
            f"{path}: {'no policy' if not found else 'more than one policy'} with a table "
            f'"{table}" (name the policy with --policy)'
        )
    return found[0]


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help="A .dmn, .xlsx or .csv file.")],
    decision: Annotated[
        str | None, typer.Option(help="Of a DMN file only this decision, by name or id.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help='Our name for one there: "Applicant Age=age"; may be repeated.'),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook of several.")] = None,
    table: Annotated[
        str | None, typer.Option(help="The table's name (default: the file's).")
    ] = None,
    outputs: Annotated[
        int, typer.Option(min=1, help="How many of a sheet's last columns are outputs.")
    ] = 1,
    hit: Annotated[str, typer.Option(help="The hit policy of a sheet's table.")] = "unique",
    out: Annotated[Path | None, typer.Option(help="Write the YAML here.")] = None,
    vocabulary: VocabularyPaths = None,
) -> None:
    """Print the YAML of a DMN file's decision tables, or of the table of a workbook or CSV file."""
    words = load_words(vocabulary or ())
    names = dict(_pair(text) for text in name or ())
    try:
        if file.suffix.lower() == ".dmn":
            text = _of_dmn(file, decision, names, words)
        else:
            text = _of_sheet(file, sheet, table, outputs, hit, names, words)
    except TableFileRefused as refusal:
        place = f":{refusal.line}:{refusal.column}" if refusal.line else ""
        remedy = f" ({refusal.remedy})" if refusal.remedy else ""
        for reason in refusal.message.split("; "):
            show.err.print(f"[red]error[/] {refusal.file}{place}: ", end="", markup=True)
            show.err.print(reason + remedy, markup=False)
        raise typer.Exit(REFUSED) from None
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


def _pair(text: str) -> tuple[str, str]:
    theirs, sign, ours = text.rpartition("=")
    if not sign or not theirs.strip() or not ours.strip():
        raise typer.BadParameter(f'"{text}" is no pair like "Applicant Age=age"')
    return theirs.strip(), ours.strip()


def _of_dmn(file: Path, decision: str | None, names: dict[str, str], words: Vocabulary) -> str:
    by_label = {fact.label_zh: fact.name for fact in words.facts.values()}
    tables = read_dmn(file, decision, by_label | names)
    known = set(words.facts)
    lines = ["tables:\n", *(write_dmn_table(table, known) for table in tables)]
    facts = write_missing_facts(tables, known)
    if facts:
        lines = ["facts:\n", facts, *lines]
    for note in dict.fromkeys(note for table in tables for note in table.notes):
        show.err.print(f"[yellow]note[/] {note}")
    return "".join(lines)


def _of_sheet(
    file: Path,
    sheet: str | None,
    table: str | None,
    outputs: int,
    hit: str,
    names: dict[str, str],
    words: Vocabulary,
) -> str:
    """The lines that let a policy read the file, once its columns have names of ours."""
    grid = read_grid(str(file.parent / "policy.yaml"), file.name, sheet)
    heads = [cell.text for cell in grid.header if cell.text not in (SOURCE, SAYS, "source", "says")]
    if len(heads) <= outputs:
        raise TableFileRefused(str(file), f"has {len(heads)} columns, {outputs} of them outputs")
    called = table or file.stem.replace("-", "_")
    by_label: dict[str, list[str]] = {}
    for fact in words.facts.values():
        by_label.setdefault(fact.label_zh, []).append(fact.name)
    asked = []
    for head in heads[:-outputs]:
        known = by_label.get(head, [])
        named = names.get(head) or (head if head in words.facts or head.isascii() else "")
        named = named or (known[0] if len(known) == 1 else "")
        if not named:
            raise TableFileRefused(
                str(file),
                f'column "{head}" is no fact'
                if not known
                else f'column "{head}" may be ' + " or ".join(known),
                f'name it: --name "{head}=…"',
            )
        label = f"{{name: {named}, label: {quote(head)}}}" if named != head else named
        asked.append(label)
    given = heads[-outputs:]
    lines = [
        "tables:",
        f"  {called}:",
        f"    inputs: [{', '.join(asked)}]",
    ]
    if outputs > 1:
        lines.append(f"    outputs: {list_of(names.get(head, head) for head in given)}")
    elif given[0] != called:
        lines.append(f"    outputs: [{{label: {quote(given[0])}}}]")
    lines += [f"    hit: {hit}", f"    file: {quote(file.name)}"]
    if sheet is not None:
        lines.append(f"    sheet: {quote(sheet)}")
    return "\n".join(lines) + "\n"
