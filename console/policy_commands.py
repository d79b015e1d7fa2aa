"""Commands that need policies and no home folder: `evaluate`, `show`."""

import json
import sys
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape

from console import show
from console.catalogue_page import build_frame_page
from console.command import SET_ASIDE, read_day
from console.errors import NothingThere
from console.options import Day, PolicyPaths, Spoken, VocabularyPaths, one_of
from console.page import Page
from console.policy_page import build_page
from console.settings import read_clock
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.by_hand import evaluate_subjects
from engine.program import compile_policies
from engine.wording import Language
from policies.load import Loaded
from profiles.fact import Vocabulary
from profiles.hand import read_subjects


def evaluate_by_hand(
    subjects: Annotated[Path, typer.Option(help="Subjects with facts: .jsonl, .csv or .parquet.")],
    policies: PolicyPaths = None,
    as_of: Day = None,
    out: Annotated[Path | None, typer.Option(help="Write result lines here.")] = None,
    vocabulary: VocabularyPaths = None,
) -> None:
    """The pure function: policies on subjects whose facts are given by hand, as JSON lines."""
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words)
    program = compile_policies(loaded.policies, words)
    try:
        read = read_subjects(subjects)
    except OSError as error:
        raise NothingThere(f"{subjects}: cannot be read ({error.strerror})") from None
    day = read_day(as_of, read_clock().date())
    results, troubles = evaluate_subjects(program, read.subjects, day)
    lines = [json.dumps(result.as_json(), ensure_ascii=False) for result in results]
    text = "".join(line + "\n" for line in lines)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
    problems = sorted([*read.troubles, *troubles], key=lambda trouble: trouble.line)
    for trouble in problems:
        show.err.print(f"[yellow]{escape(f'{subjects.name}, {trouble}')}[/]")
    if problems:
        raise typer.Exit(SET_ASIDE)


def show_policy(
    policy: Annotated[str, typer.Argument(help="A policy's or frame's id, or a policy file.")],
    policies: PolicyPaths = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text or html.")] = "text",
) -> None:
    """Print a policy as a flat page: what an approver reads and signs."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html")
    spoken = cast(Language, language)
    words = load_words(vocabulary or ())
    path = Path(policy)
    if policies is None and path.is_file():
        loaded = load_chosen([path], words)
        pages = [build_page(one, words, spoken) for one in loaded.policies]
        pages += [
            build_frame_page(frame, loaded.policies, words, spoken)
            for frame in loaded.frames
            if frame.document.file == str(path)
        ]
    else:
        loaded = load_chosen(policies or [], words)
        pages = _pages_of(policy, loaded, words, spoken)
    print_pages(pages, output)


def _pages_of(name: str, loaded: Loaded, words: Vocabulary, language: Language) -> list[Page]:
    """Every version of the policy or frame of this id."""
    pages = [
        build_page(policy, words, language)
        for policy in loaded.policies
        if name in (policy.id, policy.key)
    ]
    pages += [
        build_frame_page(frame, loaded.policies, words, language)
        for frame in loaded.frames
        if name in (frame.id, frame.key)
    ]
    if not pages:
        raise NothingThere(f'there is no policy "{name}" (zhida catalogue list names them all)')
    return pages
