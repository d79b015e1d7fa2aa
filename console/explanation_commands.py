"""Commands that tell why: `explain` for one subject, `clauses` and `unknowns` for everybody."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.command import SET_ASIDE, print_json, read_day, settings_of
from console.errors import NothingThere
from console.explanation_page import build_page
from console.kept_program import load_kept
from console.options import Adopt, PolicyPaths, TableFormat, VocabularyPaths, one_of
from console.population import count_by_clause, held_back_as_json, list_held_back, origins
from console.settings import Settings, read_clock
from console.show_explanation import show_explanation
from console.show_population import (
    say_left_out,
    show_counts,
    show_held_back,
    write_counts,
    write_held_back,
)
from console.subject import bounds_for, find_subject, say_former
from console.wiring import load_chosen, load_words, newest_snapshot, opened_database
from engine.explain import explain
from engine.explain_by_hand import explain_subjects
from engine.explanation import Explanation, as_json
from engine.program import Program, compile_policies
from engine.run import last_accepted_run
from engine.shown_value import mask
from ledger.database import reading
from profiles.fact import Vocabulary
from profiles.hand import read_subjects
from profiles.snapshot import Snapshot, open_snapshot


def explain_subject(
    context: typer.Context,
    subject: Annotated[
        str | None, typer.Argument(help="A subject id, or a firm's credit code.")
    ] = None,
    policy: Annotated[str | None, typer.Argument(help="One policy's id.")] = None,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    subjects: Annotated[
        Path | None, typer.Option(help="Facts by hand (.jsonl, .csv, .parquet); needs no home.")
    ] = None,
    whom: Annotated[
        str | None, typer.Option("--subject", help="Whom to explain (also as an argument).")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="With --subjects: a day like 2025-10-31.")] = (
        None
    ),
    vocabulary: VocabularyPaths = None,
    language: Annotated[str, typer.Option("--language", "--lang", help="zh, en or both.")] = "both",
    output: Annotated[str, typer.Option("--format", help="text, json or html.")] = "text",
) -> None:
    """Why a subject has a benefit or not: clause by clause, with every fact and its source."""
    one_of(language, "zh", "en", "both")
    one_of(output, "text", "table", "json", "html")
    if whom is not None and policy is None:
        policy = subject  # with --subject the first argument is the policy
    wanted = whom or subject
    troubles: list[str] = []
    if subjects is not None:
        told, troubles = _explain_by_hand(subjects, wanted, policy, policies, as_of, vocabulary)
    elif wanted is None:
        raise typer.BadParameter("name a subject, or give facts with --subjects")
    else:
        told = _explain_from_snapshot(context, wanted, policy, policies, adopt, vocabulary)
    languages = ("zh", "en") if language == "both" else (language,)
    if output == "json":
        print_json([as_json(explanation) for explanation in told])
    elif output == "html":
        sys.stdout.write(build_page(told, languages))
    else:
        for explanation in told:
            for spoken in languages:
                show_explanation(explanation, spoken)
                show.out.print()
    for trouble in troubles:
        show.err.print(f"[yellow]{escape(trouble)}[/]")
    if troubles:
        raise typer.Exit(SET_ASIDE)


def _explain_from_snapshot(
    context: typer.Context,
    subject: str,
    policy: str | None,
    policies: list[Path] | None,
    adopt: str | None,
    vocabulary: list[Path] | None,
) -> list[Explanation]:
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    program, built = _last_program(settings, words, policies, adopt)
    found = find_subject(settings, built, words.datasets, subject)
    if found is None:
        raise NothingThere(f'"{mask(subject)}" is nobody in the snapshot as of {built.as_of}')
    say_former(found, subject)
    bounds = bounds_for(program, found.kind, built.as_of, policy)
    if not bounds:
        raise NothingThere(f'no policy "{policy}" for this subject, of kind {found.kind}')
    words = program.vocabulary
    return [
        explain(b, words, found.facts(b), found.subject, found.sources(b), rows=found.rows(b))
        for b in bounds
    ]


def _explain_by_hand(
    file: Path,
    subject: str | None,
    policy: str | None,
    policies: list[Path] | None,
    as_of: str | None,
    vocabulary: list[Path] | None,
) -> tuple[list[Explanation], list[str]]:
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words)
    chosen = [p for p in loaded.policies if policy in (None, p.id, p.key)]
    if not chosen:
        raise NothingThere(f'no policy "{policy}" among those loaded')
    try:
        read = read_subjects(file)
    except OSError as error:
        raise NothingThere(f"{file}: cannot be read ({error.strerror})") from None
    people = [s for s in read.subjects if subject in (None, s.subject)]
    if not people:
        raise NothingThere(f'"{mask(subject or "")}" is nobody in {file.name}')
    program = compile_policies(chosen, words)
    told, troubles = explain_subjects(program, people, read_day(as_of, read_clock().date()))
    return told, [f"{file.name}, {trouble}" for trouble in [*read.troubles, *troubles]]


def _last_program(
    settings: Settings, words: Vocabulary, policies: list[Path] | None, adopt: str | None
) -> tuple[Program, Snapshot]:
    """The policies and the snapshot of the last accepted run, or those that were named."""
    if policies:
        loaded = load_chosen(policies, words, adopt)
        return compile_policies(loaded.policies, words), newest_snapshot(settings)
    with opened_database(settings) as engine, reading(engine) as connection:
        last = last_accepted_run(connection)
    if last is None:
        raise NothingThere("there is no run yet (make one with: zhida run)")
    built = open_snapshot(settings.snapshots / last.snapshot_hash)
    return load_kept(settings, last.program_hash), built


def clauses_of_everybody(
    context: typer.Context,
    policy: Annotated[str | None, typer.Argument(help="One policy's id (default: all).")] = None,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    output: TableFormat = "table",
) -> None:
    """How everybody fares clause by clause: who passes, fails, is unknown, is one clause short."""
    one_of(output, "table", "json", "csv")
    settings = settings_of(context)
    program, built = _last_program(settings, load_words(vocabulary or ()), policies, adopt)
    with show.progress() as tell:
        found, left_out = count_by_clause(program, built, policy, tell)
    if not found and not left_out:
        raise NothingThere(f'no policy "{policy}" is in force on {built.as_of}')
    if output == "json":
        print_json([asdict(counts) for counts in found])
    elif output == "csv":
        write_counts(found)
    else:
        for counts in found:
            show_counts(counts)
    say_left_out(left_out)


def list_unknowns(
    context: typer.Context,
    policies: PolicyPaths = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    top: Annotated[int, typer.Option(min=1, help="So many facts in the table.")] = 40,
    output: TableFormat = "table",
) -> None:
    """The work list: which missing facts, of which department, hold back whom and how much."""
    one_of(output, "table", "json", "csv")
    settings = settings_of(context)
    program, built = _last_program(settings, load_words(vocabulary or ()), policies, adopt)
    with show.progress() as tell:
        found, left_out = list_held_back(program, built, tell)
    where = origins(program, built, {fact.fact for fact in found.by_fact})
    if output == "json":
        print_json(held_back_as_json(found, where, left_out))
    elif output == "csv":
        write_held_back(found, where)
    else:
        show_held_back(found, where, top)
    say_left_out(left_out)
