"""The command `check`: what is wrong with policy files, and what their authors should look at."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from console import show
from console.check_report import explain_kind, show_checked, write_annotations, write_json
from console.checking import Checked, check_files
from console.command import REFUSED, read_day, settings_of
from console.options import Day, VocabularyPaths, one_of
from console.settings import read_clock
from console.watching import watch_files
from console.wiring import load_words, newest_snapshot
from language.errors import FilesRefused
from policies.check_kinds import CHECK_KINDS
from policies.load import CATALOGUE, find_policy_files


def check_policies(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
    ] = None,
    vocabulary: VocabularyPaths = None,
    output: Annotated[
        str, typer.Option("--format", help="text, json, or github for annotations in its log.")
    ] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the check, too.")] = False,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A code whose warnings are not told; may be repeated.")
    ] = None,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="Try the clauses on the newest snapshot, too.")
    ] = False,
    as_of: Day = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again at every save.")] = False,
    explain: Annotated[
        str | None, typer.Option(help="Tell what a code means, and check nothing.")
    ] = None,
) -> None:
    """Check policy files: every error at once with its place, warnings, and the examples."""
    one_of(output, "text", "json", "github")
    for code in ignore or ():
        one_of(code, *(k for k, kind in CHECK_KINDS.items() if kind.level != "error"))
    if explain is not None:
        text = explain_kind(explain)
        if text is None:
            raise typer.BadParameter(f'"{explain}" is none of {", ".join(CHECK_KINDS)}')
        sys.stdout.write(text)
        return
    chosen = paths or [CATALOGUE]
    built = newest_snapshot(settings_of(context)) if snapshot else None
    day = read_day(as_of, read_clock().date())

    def check_once() -> Checked:
        try:
            words = load_words(vocabulary or ())
        except FilesRefused as refusal:
            return Checked(problems=tuple(refusal.problems))
        with show.progress() as tell:
            return check_files(
                chosen, words, day=day, snapshot=built, ignore=ignore or (), tell=tell
            )

    if not watch:
        checked = check_once()
        _print(checked, output)
        if checked.of_level("error") or (strict and checked.of_level("warning")):
            raise typer.Exit(REFUSED)
        return
    beside: list[Path] = list(vocabulary or ())

    def files() -> list[Path]:
        return [*find_policy_files(chosen), *beside]

    for changed in watch_files(files):
        show.out.rule(", ".join(path.name for path in changed) or "checking, stop with Ctrl-C")
        checked = check_once()
        beside.extend(path for path in checked.files if path not in beside)
        _print(checked, output)


def _print(checked: Checked, output: str) -> None:
    match output:
        case "json":
            sys.stdout.write(write_json(checked) + "\n")
        case "github":
            sys.stdout.write(write_annotations(checked))
        case _:
            show_checked(checked)
    sys.stdout.flush()
