"""`zhida catalogue export` and `import`: the catalogue in the columns of the standard."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from console import show
from console.catalogue_file import BadCell, read_items, write_items
from console.catalogue_import import Imported, compare_items
from console.catalogue_item import item_of
from console.catalogue_words import CATALOGUE_WORDS
from console.command import SET_ASIDE, print_json
from console.errors import ConsoleError
from console.new_file import find_schema, refuse_standing, try_out, write_once
from console.options import PolicyPaths, Spoken, VocabularyPaths, one_of
from console.page import Grid, Page, Section
from console.settings import read_clock
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.wording import Language
from policies.item_draft import RowRefused, draft_policy
from profiles.fact import Vocabulary


def export_items(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write: .xlsx or .csv, which must not exist.")
    ] = None,
    vocabulary: VocabularyPaths = None,
    output: Annotated[str, typer.Option("--format", help="file, or json to print.")] = "file",
) -> None:
    """Write all policies in the standard's columns: Chinese names, field names, a row for each."""
    one_of(output, "file", "json")
    if (out is None) == (output == "file"):
        raise typer.BadParameter("give either --out FILE or --format json")
    words = load_words(vocabulary or ())
    items = [item_of(policy, words) for policy in load_chosen(paths or [], words).policies]
    if out is None:
        print_json(items)
        return
    write_items(items, out)
    show.err.print(f"{len(items)} 项政策已写入 (policies written): {out}", soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A new item of the file; `file` is where its draft was written, None where it was not."""

    row: int
    name: str
    file: Path | None


def import_items(
    file: Annotated[Path, typer.Argument(help="A catalogue: .xlsx or .csv.")],
    policies: PolicyPaths = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for a draft of each item that is new.")
    ] = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Compare a catalogue with the policies element by element, and draft what is new.

    No policy file is changed. Ends with 3 where a cell or a row was not taken.
    """
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words)
    found = compare_items(
        read_items(file), [(policy, item_of(policy, words)) for policy in loaded.policies]
    )
    drafted, refused = _draft(found, out, words)
    found = replace(found, bad=tuple(sorted([*found.bad, *refused], key=lambda bad: bad.row)))
    if output == "json":
        print_json(_as_json(found, drafted))
    else:
        print_pages([_build_page(file.name, found, drafted, cast(Language, language))], output)
    if found.bad:
        raise typer.Exit(SET_ASIDE)


def _draft(
    found: Imported, folder: Path | None, words: Vocabulary
) -> tuple[list[Drafted], list[BadCell]]:
    """A file for each new row that says enough for one; rows with a refused cell get none."""
    drafted, refused = [], []
    bad_rows = {cell.row for cell in found.bad}
    for row in found.new:
        name = row.cells.get("task_name", "")
        if folder is None or row.row in bad_rows:
            drafted.append(Drafted(row=row.row, name=name, file=None))
            continue
        column = "政策标识"
        try:
            named, text = draft_policy(row.cells, find_schema(folder / "draft.yaml"))
            path = folder / f"{named}.yaml"
            refuse_standing(path)
            try_out(text, path, (), words, read_clock().date())
            write_once(path, text)
        except RowRefused as error:
            column, why = error.column, error.why
        except ConsoleError as error:
            why = str(error)
        else:
            drafted.append(Drafted(row=row.row, name=name, file=path))
            continue
        refused.append(BadCell(row=row.row, place=str(row.row), column=column, why=why))
        drafted.append(Drafted(row=row.row, name=name, file=None))
    return drafted, refused


def _as_json(found: Imported, drafted: list[Drafted]) -> Mapping[str, Any]:
    return {
        "known": [{"row": row, "policy": key} for row, key in found.known],
        "differences": [asdict(one) for one in found.differences],
        "new": [asdict(one) for one in drafted],
        "refused": [asdict(one) for one in found.bad],
        "unknown_columns": list(found.unknown),
    }


def _build_page(name: str, found: Imported, drafted: list[Drafted], language: Language) -> Page:
    said = CATALOGUE_WORDS[language]
    grids = {
        "differences": Grid(
            heads=(said["row"], said["policy"], said["column"], said["in file"], said["in policy"]),
            rows=tuple(
                (str(one.row), one.policy, one.column, one.in_file or "—", one.in_policy or "—")
                for one in found.differences
            ),
        ),
        "new": Grid(
            heads=(said["row"], said["policy"], said["draft"]),
            rows=tuple(
                (str(one.row), one.name, str(one.file or said["no draft"])) for one in drafted
            ),
        ),
        "refused": Grid(
            heads=(said["cell"], said["column"], said["why"]),
            rows=tuple((one.place, one.column, one.why) for one in found.bad),
        ),
        "unknown columns": Grid(rows=tuple((head,) for head in found.unknown)),
    }
    counts = (len(found.known), len(found.differences), len(found.new), len(found.bad))
    return Page(
        title=f"{said['import']} {name}",
        subtitle=said["known"].format(*counts),
        language=language,
        sections=tuple(
            Section(heading=said[key], blocks=(grid,)) for key, grid in grids.items() if grid.rows
        ),
    )
