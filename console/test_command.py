"""The command `test`: the examples of policies as tests, and what they leave untested."""

import sys
from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from console.command import REFUSED, print_json
from console.example_proposing import propose_for
from console.options import VocabularyPaths, one_of
from console.test_report import show_tested, tested_as_json, write_junit
from console.tested_policies import count_cells, percent_covered, run_policies_examples
from console.wiring import load_chosen, load_words


def run_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
    ] = None,
    name_holds: Annotated[
        str | None, typer.Option("-k", help="Run only examples whose name holds this text.")
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="End with 1 below this share of values, in percent."),
    ] = None,
    output: Annotated[
        str, typer.Option("--format", help="text, json, or junit for build servers.")
    ] = "text",
    summary: Annotated[
        bool, typer.Option("--summary", help="Without the table of each policy.")
    ] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Print examples for what none reaches yet, as YAML.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put the proposed examples into the files.")
    ] = False,
    vocabulary: VocabularyPaths = None,
) -> None:
    """Run the examples of policies as tests, and show which values of which clauses they reach."""
    one_of(output, "text", "json", "junit")
    if min_coverage is not None and isnan(min_coverage):
        raise typer.BadParameter('--min-coverage: "nan" is no share in percent')
    if name_holds is not None and min_coverage is not None:
        raise typer.BadParameter("-k runs some examples only: no coverage can be asked of them")
    if (propose or write) and (name_holds is not None or output != "text"):
        raise typer.BadParameter("--propose and --write go with neither -k nor --format")
    words = load_words(vocabulary or ())
    loaded = load_chosen(paths or [], words)
    tested = run_policies_examples(loaded.policies, words, name_holds)
    match output:
        case "json":
            print_json(tested_as_json(tested))
        case "junit":
            sys.stdout.write(write_junit(tested))
        case _:
            show_tested(tested, cells=not (summary or propose or write))
    if propose or write:
        propose_for(loaded, words, write=write)
    sys.stdout.flush()
    failing = any(one.passed < len(one.results) for one in tested)
    too_little = min_coverage is not None and percent_covered(*count_cells(tested)) < min_coverage
    if failing or too_little:
        raise typer.Exit(REFUSED)
