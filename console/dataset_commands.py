"""Commands about datasets: list them, show one, follow its columns to facts and policies."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any

import polars as pl
import typer
from rich.markup import escape
from rich.text import Text

from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.lineage import (
    Uses,
    dataset_lineage,
    describe_columns,
    describe_dataset,
    fact_lineage,
    find_uses,
)
from console.options import PolicyPaths, VocabularyPaths, one_of
from console.settings import Settings
from console.wiring import load_chosen, load_words, newest_snapshot
from engine.city_evaluation import KINDS
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.precedence import (
    DISAGREEMENT,
    count_disagreements,
    find_disagreements,
    mask_disagreements,
)
from profiles.release import Release, list_releases
from profiles.snapshot import read_part

app = typer.Typer(no_args_is_help=True, help="Datasets: list, show, lineage, disagreements.")

Output = Annotated[str, typer.Option("--output", help="table, or json for a program to read.")]
_COLOURS = {"public": "green", "internal": "cyan", "personal": "yellow", "sensitive": "red"}


@app.command("list")
def list_them(context: typer.Context, output: Output = "table") -> None:
    """All datasets with their departments, strictest sensitivity and newest delivery."""
    one_of(output, "table", "json")
    settings = settings_of(context)
    datasets = load_words().datasets
    found = {name: list_releases(settings.releases, name) for name in sorted(datasets)}
    if output == "json":
        print_json([{**describe_dataset(datasets[n]), **_delivered(found[n])} for n in found])
        return
    table = show.make_table("dataset", "数据集", "sensitivity", "complete", "newest",
                            whole=(0, 2, 3, 4))  # fmt: skip
    for name, releases in found.items():
        dataset = datasets[name]
        table.add_row(
            name,
            f"{dataset.title.zh}，{dataset.department.zh}",
            _coloured(describe_dataset(dataset)["sensitivity"]),
            Text("yes", style="green") if dataset.complete else Text("no", style="dim"),
            _delivered(releases)["newest"] or Text("never", style="yellow"),
        )
    show.out.print(table)


@app.command("show")
def show_one(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The dataset's name.")],
    output: Output = "table",
) -> None:
    """A dataset in full: legal basis, completeness, freshness, retention, columns."""
    one_of(output, "table", "json")
    settings = settings_of(context)
    dataset = _known(name, load_words().datasets)
    releases = list_releases(settings.releases, name)
    if output == "json":
        columns = describe_columns(dataset)
        print_json({**describe_dataset(dataset), **_delivered(releases), "columns": columns})
        return
    _print_head(dataset)
    told = _delivered(releases)
    show.out.print(f"delivered: {told['releases']} times, newest {told['newest'] or 'never'}")
    table = show.make_table("column", "中文", "type", "sensitivity", "required", "values",
                            whole=(0, 2, 3))  # fmt: skip
    for column in dataset.columns.values():
        table.add_row(
            column.name + (" (key)" if column.name == dataset.key else ""),
            column.label.zh,
            column.type,
            _coloured(column.sensitivity),
            "yes" if column.required else "",
            ", ".join(column.values) or column.system,
        )
    show.out.print(table)


@app.command("lineage")
def show_lineage(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A dataset or a fact (default: all datasets).")
    ] = None,
    policies: PolicyPaths = None,
    vocabulary: VocabularyPaths = None,
    output: Output = "table",
) -> None:
    """From a dataset's columns to facts and policies; from a fact to columns and releases."""
    one_of(output, "table", "json")
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    if name is not None and name not in words.datasets and name not in words.facts:
        raise NothingThere(_unknown(name, "dataset and no fact", [*words.datasets, *words.facts]))
    uses = find_uses(load_chosen(policies or (), words).policies, words)
    if name is None:
        _show_all(words, uses, output)
    elif name in words.datasets:
        told = dataset_lineage(words.datasets[name], uses)
        if output == "json":
            print_json(told)
        else:
            _print_head(words.datasets[name])
            _print_columns(told["columns"])
    else:
        told = fact_lineage(name, words, uses, _releases_of(settings, words))
        if output == "json":
            print_json(told)
        else:
            _print_fact(told)


@app.command("disagreements")
def show_disagreements(
    context: typer.Context,
    fact: Annotated[str | None, typer.Argument(help="One fact (default: all).")] = None,
    vocabulary: VocabularyPaths = None,
    limit: Annotated[int, typer.Option(min=1, help="So many subjects at most.")] = 20,
    output: Output = "table",
) -> None:
    """Facts of which departments say different things, and of whom, in the newest snapshot."""
    one_of(output, "table", "json")
    words = load_words(vocabulary or ())
    if fact is not None and fact not in words.facts:
        raise NothingThere(_unknown(fact, "fact", words.facts))
    snapshot = newest_snapshot(settings_of(context))
    parts = [
        find_disagreements(words, kind, read_part(snapshot, part, datasets=()).facts)
        for kind in KINDS
        for part in snapshot.parts(kind)
    ]
    found = pl.concat([pl.DataFrame(schema=DISAGREEMENT), *parts])
    if fact is not None:
        found = found.filter(pl.col("fact") == fact)
    counted, listed = count_disagreements(found), mask_disagreements(found).head(limit)
    if output == "json":
        print_json({"facts": counted.to_dicts(), "subjects": listed.to_dicts()})
        return
    if found.is_empty():
        show.out.print("no department contradicts another")
        return
    table = show.make_table("fact", "counts", "differs", "subjects", numbers=(3,), whole=(0,))
    for name, counts, differs, subjects in counted.iter_rows():
        table.add_row(words.label(name), counts, differs, f"{subjects:,}")
    show.out.print(table)
    for name, subject, counts, differs in listed.iter_rows():
        show.out.print(f"  {subject} {name}: {counts} counts, {differs} differs")


def _show_all(words: Vocabulary, uses: Uses, output: str) -> None:
    """Every dataset with how much rests on it."""
    told = [dataset_lineage(dataset, uses) for _, dataset in sorted(words.datasets.items())]
    if output == "json":
        print_json(told)
        return
    table = show.make_table("dataset", "sensitivity", "columns", "used", "facts", "policies",
                            numbers=(2, 3, 4, 5), whole=(0, 1))  # fmt: skip
    for dataset in told:
        columns = dataset["columns"]
        policies = {key for column in columns for key in column["policies"]}
        table.add_row(
            dataset["dataset"],
            _coloured(dataset["sensitivity"]),
            str(len(columns)),
            str(sum(bool(c["facts"] or c["policies"]) for c in columns)),
            str(len({fact for column in columns for fact in column["facts"]})),
            Text(str(len(policies)), style="" if policies else "yellow"),
        )
    show.out.print(table)


def _print_columns(columns: Iterable[Mapping[str, Any]]) -> None:
    for column in columns:
        head = Text(f"{column['column']} {column['label']['zh']} ", style="bold")
        show.out.print(head + _coloured(column["sensitivity"]))
        for what in ("facts", "policies"):
            if column[what]:
                show.out.print(f"    {what}: {escape(', '.join(column[what]))}")


def _print_fact(told: Mapping[str, Any]) -> None:
    show.out.print(f"[bold]{told['fact']}[/] {escape(told['label']['zh'])} ({told['type']})")
    if not told["datasets"]:
        show.out.print("[yellow]given by hand: no dataset brings it[/]")
    for dataset in told["datasets"]:
        show.out.print(f"\n[bold]{dataset['dataset']}[/] {escape(dataset['department']['zh'])}")
        show.out.print(f"legal basis: {escape(dataset['basis'])}", soft_wrap=True)
        table = show.make_table("column", "中文", "sensitivity", whole=(0, 2))
        for column in dataset["columns"]:
            label = column["label"]["zh"]
            table.add_row(column["column"], label, _coloured(column["sensitivity"]))
        show.out.print(table)
        for release in dataset["releases"]:
            show.out.print(
                f"  {release['delivered_on']} {release['hash'][:12]} "
                f"{release['rows']:,} rows, {release['standing']}"
            )
        if not dataset["releases"]:
            show.out.print("  [yellow]never delivered[/]")
    several = ", ".join(told["policies"]) or "none"
    show.out.print(f"\npolicies: {escape(several)}", soft_wrap=True)


def _print_head(dataset: Dataset) -> None:
    fresh = dataset.fresh_within_days
    lines = {
        "legal basis": dataset.basis,
        "rows of": f"{dataset.kind}, by {dataset.time.form} ({', '.join(dataset.time.columns)})",
        "complete": dataset.complete or "no: no row says nothing",
        "refreshed": dataset.refresh + ("" if fresh is None else f", counts for {fresh} days"),
        "kept for": dataset.retention,
    }
    show.out.print(f"[bold]{dataset.name}[/] {escape(dataset.title.zh)} ({dataset.title.en})")
    show.out.print(f"{escape(dataset.department.zh)} ({dataset.department.en})")
    for word, said in lines.items():
        show.out.print(f"{word}: {escape(said)}", soft_wrap=True)


def _releases_of(settings: Settings, words: Vocabulary) -> dict[str, list[Release]]:
    return {name: list_releases(settings.releases, name) for name in words.datasets}


def _delivered(releases: list[Release]) -> dict[str, Any]:
    newest = max((release.delivered_on for release in releases), default=None)
    return {"releases": len(releases), "newest": None if newest is None else newest.isoformat()}


def _coloured(sensitivity: str) -> Text:
    return Text(sensitivity, style=_COLOURS[sensitivity])


def _known(name: str, datasets: Mapping[str, Dataset]) -> Dataset:
    if name not in datasets:
        raise NothingThere(_unknown(name, "dataset", datasets))
    return datasets[name]


def _unknown(name: str, what: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    remedy = f"did you mean {close[0]}?" if close else "all of them: zhida dataset list"
    return f'"{name}" is no {what} ({remedy})'
