"""The command `quality`: how far the data can be trusted, dataset by dataset and fact by fact."""

from pathlib import Path
from typing import Annotated

import typer

from console import show
from console.command import print_json, read_day, settings_of
from console.errors import NothingThere
from console.options import Adopt, Day, Format, PolicyPaths, VocabularyPaths, one_of
from console.quality_json import quality_as_json
from console.quality_page import build_quality_page
from console.quality_report import gather_quality
from console.settings import read_clock, read_key
from console.show_quality import show_quality
from console.wiring import load_words


def tell_quality(
    context: typer.Context,
    datasets: Annotated[
        list[str] | None, typer.Argument(help="Datasets (default: all, and all facts).")
    ] = None,
    as_of: Day = None,
    page: Annotated[
        Path | None, typer.Option(help="Write the report with its charts to this .html file.")
    ] = None,
    count: Annotated[
        bool,
        typer.Option("--count", help="Count whom each needed fact holds back; as long as a run."),
    ] = False,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    top: Annotated[int, typer.Option(min=1, help="So many needed facts in the table.")] = 20,
    output: Format = "table",
) -> None:
    """Completeness, freshness, drift and contradictions, and what policies need and do not get."""
    one_of(output, "table", "json")
    settings = settings_of(context)
    read_key(settings)
    if page is not None and not page.parent.is_dir():
        raise NothingThere(f"{page.parent} is no folder: make it first")
    words = load_words(vocabulary or ())
    with show.progress() as tell:
        report = gather_quality(
            settings,
            words,
            datasets or [],
            read_day(as_of, read_clock().date()),
            policies=policies or [],
            adopt=adopt,
            count=count,
            tell=tell,
        )
    if page is not None:
        page.write_text(build_quality_page(report), encoding="utf-8")
    if output == "json":
        print_json(quality_as_json(report))
        return
    show_quality(report, top)
    if page is not None:
        show.out.print(f"charts: {page}")
