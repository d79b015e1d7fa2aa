"""The reference pages made from the code: `make docs` writes them, a test compares them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperGroup

from console.cli import app
from language.functions import FUNCTIONS
from policies.check_kinds import CHECK_KINDS
from policies.load import CATALOGUE, load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import Fact, Vocabulary
from profiles.row_set import RowColumn
from profiles.vocabulary_load import builtin_vocabulary

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Made from the code by `make docs`; change the code, not this page. -->"


def build_pages() -> dict[str, str]:
    """Every page by its file name."""
    vocabulary = builtin_vocabulary(builtin_datasets())
    return {
        "commands.md": _commands(),
        "functions.md": _functions(),
        "facts.md": _facts(vocabulary),
        "rows.md": _rows(vocabulary),
        "datasets.md": _datasets(vocabulary),
        "catalogue.md": _catalogue(vocabulary),
        "checks.md": _checks(),
    }


def _page(title: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", NOTE, "", *lines]) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _table(*heads: str) -> list[str]:
    return [_row(*heads), _row(*("---" for _ in heads))]


def _commands() -> str:
    lines: list[str] = []
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, command in _each_command(group, "zhida"):
        lines += [f"## {name}", "", (command.help or "").strip(), ""]
        if isinstance(command, TyperGroup):
            continue
        lines += _table("parameter", "meaning")
        for parameter in command.params:
            shown = ", ".join(parameter.opts) if parameter.opts else str(parameter.name)
            if parameter.param_type_name == "argument":
                shown = str(parameter.name).upper()
            lines.append(_row(f"`{shown}`", getattr(parameter, "help", None) or ""))
        lines.append("")
    return _page("Commands", *lines)


def _each_command(group: TyperGroup, name: str) -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, those of a group behind the group."""
    for word, command in group.commands.items():
        yield f"{name} {word}", command
        if isinstance(command, TyperGroup):
            yield from _each_command(command, f"{name} {word}")


def _functions() -> str:
    lines = _table("function", "meaning", "example")
    for name, function in FUNCTIONS.items():
        kinds = ", ".join(function.arguments) + (", …" if function.variadic else "")
        lines.append(_row(f"`${name}({kinds})`", function.says, f"`{function.example}`"))
    return _page("Functions of conditions", *lines)


def _facts(vocabulary: Vocabulary) -> str:
    lines = [
        "The last column says what it means that a complete dataset has no row of somebody: `none` "
        "is that the fact does not apply,",
        "so that it may be compared with `null` and given as `none` (where `null` stands beside "
        "it, `null` given by hand says so too). Nothing there: the fact is missing.",
        "",
    ]
    for kind in ("enterprise", "resident", "household", "region"):
        lines += [f"## {kind}", ""]
        lines += _table("fact", "中文", "English", "type", "unit", "from", "values", "no row")
        for fact in vocabulary.facts.values():
            if fact.of != kind or "::" in fact.name:
                continue
            source = ", ".join(dict.fromkeys(measure.dataset for measure in fact.measures))
            if fact.formula is not None:
                source = "worked out"
            if fact.answers:
                answers = f"answers ({', '.join(fact.answers)})"
                source = f"{source}; {answers}" if source else answers
            lines.append(
                _row(
                    f"`{fact.name}`",
                    fact.label_zh,
                    fact.label_en,
                    fact.type,
                    fact.unit,
                    source or "given by hand",
                    ", ".join(fact.values),
                    _no_row(fact),
                )
            )
        lines.append("")
    return _page("Facts of the vocabulary", *lines)


def _no_row(fact: Fact) -> str:
    if fact.may_not_apply:
        return "none, null" if fact.null_is_none else "none"
    if fact.absent is None:
        return ""
    if fact.absent in fact.values:
        return f"the value {fact.absent}"
    return str(fact.absent).lower() if isinstance(fact.absent, bool) else f"{fact.absent}"


def _rows(vocabulary: Vocabulary) -> str:
    lines = [
        "Every dataset is a row set under its own name, with the columns of [datasets.md]"
        "(datasets.md). These are the others.",
        "",
    ]
    for name, row_set in vocabulary.row_sets.items():
        if name in vocabulary.datasets:
            continue
        source = f"from `{row_set.dataset}`" if row_set.dataset else "given by hand"
        stands = f"; {row_set.time} by {', '.join(row_set.time_columns)}" if row_set.time else ""
        lines += [
            f"## {name}",
            "",
            f"{row_set.label_zh} ({row_set.label_en}), of {row_set.of or 'anybody'}, {source}"
            f"{stands}.",
            "",
            *_table("column", "中文", "English", "type", "unit", "from", "values"),
        ]
        lines += [_row_column(column) for column in row_set.columns.values()]
        lines.append("")
    return _page("Rows of the vocabulary", *lines)


def _row_column(column: RowColumn) -> str:
    if column.formula is not None:
        source = "worked out"
    elif column.brought is not None:
        source = f"the fact of `{column.brought.by}`"
    elif column.measure is not None:
        source = column.measure.dataset
    else:
        source = column.dataset_column or "given by hand"
    kind = column.written if column.written != "day" else column.type
    cells = (column.label_zh, column.label_en, kind, column.unit, source)
    return _row(f"`{column.name}`", *cells, ", ".join(column.values))


def _datasets(vocabulary: Vocabulary) -> str:
    lines: list[str] = []
    for dataset in vocabulary.datasets.values():
        complete = f"complete ({dataset.complete})" if dataset.complete else "not complete"
        lines += [
            f"## {dataset.name}",
            "",
            f"{dataset.title.zh} ({dataset.title.en}), {dataset.department.zh}. {complete}; "
            f"refreshed {dataset.refresh}.",
            "",
            *_table("column", "中文", "type", "sensitivity", "values"),
        ]
        for column in dataset.columns.values():
            name = f"`{column.name}`" + (" (key)" if column.name == dataset.key else "")
            kind = column.type + (f", {column.unit}" if column.unit == "万元" else "")
            lines.append(
                _row(name, column.label.zh, kind, column.sensitivity, ", ".join(column.values))
            )
        lines.append("")
    return _page("Datasets of the departments", *lines)


def _catalogue(vocabulary: Vocabulary) -> str:
    lines = _table("policy", "政策", "audience", "region", "in force", "examples")
    for policy in load_policies([CATALOGUE], vocabulary).policies:
        start = max(policy.effective_from, policy.window_from or policy.effective_from)
        end = policy.window_to or policy.effective_to
        begins = "" if start.year == 1 else str(start)
        lines.append(
            _row(
                f"`{policy.key}`",
                policy.title_zh,
                policy.audience,
                ", ".join(p or "national" for p in policy.region.within) if policy.region else "",
                f"{begins} – {end or ''}",
                str(len(policy.examples)),
            )
        )
    return _page("The catalogue", *lines)


def _checks() -> str:
    lines = [
        "What `zhida check` tells of, by its code. An error refuses the file, a warning is for its "
        "author to look at. What is wrong with a part of the file goes by the name of its key.",
        "",
    ]
    for kind in CHECK_KINDS.values():
        where = "the guide" if "author" in kind.guide else "the language of conditions"
        lines += [
            f"## {kind.code}",
            f"{kind.level}. {kind.en} ({kind.zh}) {kind.remedy} More in [{where}]({kind.guide}).",
            "",
        ]
    return _page("What a check tells", *lines)


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in build_pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
