"""The command `report`: what a run found, what it took, and what held decisions back."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import Spoken, one_of
from console.run_report import count_report, gather_report
from console.run_report_json import report_as_json
from console.run_report_page import FACTS_SHOWN, build_run_page
from console.show_page import show_page, write_page
from console.wiring import opened_database
from engine.wording import Language

SAMPLE = 20_000
"""So many subjects of each kind are counted where not all of them are asked for."""


def report_run(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(help="A run's id or its beginning (default: the newest).")
    ] = None,
    near: Annotated[
        bool, typer.Option("--near", help="Also who is how far off, of those one clause short.")
    ] = False,
    everybody: Annotated[
        bool,
        typer.Option("--all", help="Count missing facts over everybody; as long as a run."),
    ] = False,
    sample: Annotated[
        int, typer.Option(min=1, help="Without --all: over so many subjects of each kind.")
    ] = SAMPLE,
    brief: Annotated[
        bool, typer.Option("--brief", help="Only what was written down, nothing counted anew.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option(help="Write the report with its charts to this .html file.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="So many missing facts.")] = FACTS_SHOWN,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="table, or json for a program.")] = (
        "table"
    ),
) -> None:
    """A run by policy, its time by stage and part, the facts missing most, who is near."""
    one_of(output, "table", "json")
    one_of(language, "zh", "en")
    if page is not None and not page.parent.is_dir():
        raise NothingThere(f"{page.parent} is no folder: make it first")
    settings = settings_of(context)
    with opened_database(settings) as engine:
        data = gather_report(engine, run)
    if not brief:
        try:
            with show.progress() as tell:
                counted = count_report(
                    settings, data.run, tell, sample=None if everybody else sample, near=near
                )
            data = replace(data, counted=counted)
        except NothingThere as gone:
            # what was written down is told all the same
            data = replace(data, note=str(gone))
    told = build_run_page(data, cast(Language, language), top=top)
    if page is not None:
        page.write_text(write_page([told]), encoding="utf-8")
    if output == "json":
        print_json(report_as_json(data))
        return
    show_page(told)
    if page is not None:
        show.out.print(f"charts: {page}")
