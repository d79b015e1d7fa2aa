"""`zhida catalogue review` and `negative`: what is due for review, and what excludes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from console.catalogue_words import CATALOGUE_WORDS, CRITERION_WORDS, REVIEW_WORDS
from console.command import print_json, read_day
from console.options import Day, Spoken, VocabularyPaths, one_of
from console.page import Grid, Page, Section
from console.policy_words import PolicyWords
from console.settings import read_clock
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.wording import Language
from language.expression import Comparison, Expression, Not
from policies.entry_criteria import unmet_criteria
from policies.exclusions import Exclusion, find_exclusions
from policies.policy import Policy
from policies.review import Due, find_due
from profiles.fact import Vocabulary

Paths = Annotated[
    list[Path] | None, typer.Argument(help="Policy files or folders (default: the catalogue).")
]


def review(
    paths: Paths = None,
    within: Annotated[int, typer.Option(min=0, help="What ends within so many days.")] = 90,
    as_of: Day = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """List the policies that are due for review on a day, by the reason."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    day = read_day(as_of, read_clock().date())
    words = load_words(vocabulary or ())
    found = find_due(load_chosen(paths or [], words).policies, day, timedelta(days=within))
    if output == "json":
        print_json([_due_as_json(one) for one in found])
        return
    said, reasons = CATALOGUE_WORDS[language], REVIEW_WORDS[language]
    sections = []
    for reason, heading in reasons.items():
        rows = tuple(
            (one.policy.key, _title(one.policy, language), str(one.day or "—"), one.about)
            for one in found
            if one.reason == reason
        )
        heads = (said["policy"], said["title"], said["day"], said["about"])
        if rows:
            sections.append(Section(heading=heading, blocks=(Grid(heads=heads, rows=rows),)))
    page = Page(
        title=said["review"],
        subtitle=f"{day}  {len({one.policy.key for one in found})}",
        language=language,
        sections=tuple(sections),
    )
    print_pages([page], output)


def negative(
    paths: Paths = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """List by which facts policies exclude, and which are not fit for 免申即享, with the reason."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    words = load_words(vocabulary or ())
    policies = load_chosen(paths or [], words).policies
    excluding = [(policy, find_exclusions(policy)) for policy in policies]
    # a check gives nothing, so there is nothing to give without an application
    unfit = [(policy, unmet_criteria(policy)) for policy in policies if not policy.terms.lead]
    if output == "json":
        print_json(
            {
                "exclusions": _by_fact(excluding),
                "not_fit": [
                    {"policy": policy.key, "criterion": criterion, "why": why}
                    for policy, unmet in unfit
                    for criterion, why in unmet
                ],
            }
        )
        return
    said, criteria = CATALOGUE_WORDS[language], CRITERION_WORDS[language]
    rows = sorted(
        row
        for policy, exclusions in excluding
        for row in _exclusion_rows(policy, exclusions, words, cast(Language, language))
    )
    heads = tuple(said[head] for head in ("excluded", "policy", "condition", "clause", "source"))
    unfit_rows = tuple(
        (policy.key, _title(policy, language), criteria[criterion], _detail(why))
        for policy, unmet in unfit
        for criterion, why in unmet
    )
    unfit_heads = tuple(said[head] for head in ("policy", "title", "reason", "about"))
    grids = {
        "negative": Grid(heads=heads, rows=tuple(rows)),
        "not fit": Grid(heads=unfit_heads, rows=unfit_rows),
    }
    page = Page(
        title=said["negative"],
        subtitle=str(len(policies)),
        language=language,
        sections=tuple(
            Section(heading=said[key], blocks=(grid,)) for key, grid in grids.items() if grid.rows
        ),
    )
    print_pages([page], output)


def _exclusion_rows(
    policy: Policy, exclusions: Sequence[Exclusion], words: Vocabulary, language: Language
) -> list[tuple[str, ...]]:
    if not exclusions:
        return []
    spoken = PolicyWords(policy, words, language)
    said = CATALOGUE_WORDS[language]
    rows: list[tuple[str, ...]] = []
    for one in exclusions:
        condition = spoken.condition(_what_excludes(one))
        if not one.alone:
            condition += f" ({said['not alone']})"
        clause = spoken.pick(one.leaf.says, one.leaf.says_en) or one.leaf.id
        label = spoken.label(one.fact)
        rows.append((label, policy.key, condition, clause, one.leaf.source))
    return rows


def _what_excludes(one: Exclusion) -> Expression:
    """What must not be so, without two negations where one word says it."""
    match one.when:
        case Comparison(operator="ne") if one.says_what_is_so:
            return replace(one.when, operator="eq")
        case _:
            return Not(operand=one.when) if one.says_what_is_so else one.when


def _by_fact(
    excluding: Sequence[tuple[Policy, Sequence[Exclusion]]],
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for policy, exclusions in excluding:
        for one in exclusions:
            found.setdefault(one.fact, []).append(
                {
                    "policy": policy.key,
                    "clause": one.leaf.id,
                    "says": one.leaf.says,
                    "source": one.leaf.source,
                    "alone": one.alone,
                }
            )
    return dict(sorted(found.items()))


def _due_as_json(one: Due) -> dict[str, Any]:
    return {
        "policy": one.policy.key,
        "reason": one.reason,
        "day": one.day,
        "about": one.about,
    }


def _detail(why: str) -> str:
    """What a reason names: the clauses or the office."""
    for lead in ("an office has to judge: ", "it is left to "):
        if why.startswith(lead):
            return why.removeprefix(lead)
    return "—"


def _title(policy: Policy, language: str) -> str:
    return policy.title_zh if language == "zh" else policy.title_en or policy.title_zh
