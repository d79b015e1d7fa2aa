"""`zhida catalogue compare`: one item across levels and regions, element by element."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer

from console.catalogue_item import item_of
from console.catalogue_page import align, elements_of, implementing, same
from console.catalogue_words import CATALOGUE_WORDS
from console.command import print_json
from console.errors import NothingThere
from console.options import PolicyPaths, Spoken, VocabularyPaths, one_of
from console.page import Grid, Page, Section
from console.page_words import PAGE_WORDS
from console.policy_words import PolicyWords
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.wording import Language
from policies.item_columns import COLUMNS
from policies.load import Loaded
from policies.policy import Policy
from policies.service_codes import LEVEL
from profiles.fact import Vocabulary

_ELSEWHERE = {
    "policy", "version", "task_name", "by_law", "dept_name", "region", "accept_condition",
    "conditions", "amount_rule", "window", "as_of_rule", "not_modelled", "benefit_kind",
    "plan_effective_date", "plan_cancel_date", "use_level", "server_type",
}  # fmt: skip
"""Columns that the elements of a policy's page say already, or that follow from others."""


def compare(
    items: Annotated[
        list[str],
        typer.Argument(metavar="ITEM", help="A frame, a 基本编码, or ids of policies."),
    ],
    policies: PolicyPaths = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Compare one item across levels and regions: every element, and where they differ."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    spoken = cast(Language, language)
    words = load_words(vocabulary or ())
    chosen = find_items(items, load_chosen(policies or [], words))
    if len(chosen) < 2:
        raise NothingThere(
            f"{chosen[0].key} is the only one: name a second policy, or a frame or 基本编码 "
            "of several"
        )
    columns = [elements_to_compare(policy, words, spoken) for policy in chosen]
    rows = align(columns, PAGE_WORDS[spoken]["absent"])
    if output == "json":
        print_json(_as_json(chosen, rows))
        return
    print_pages([_build_page(chosen, rows, spoken)], output)


def find_items(names: Sequence[str], loaded: Loaded) -> list[Policy]:
    """The policies that are meant, each once, those of higher levels first.

    A name is that of a frame (all that implement it), a 基本编码, or that of a policy. Raises
    NothingThere for one that is none of them.
    """
    found: dict[str, Policy] = {}
    for name in names:
        here = [p for p in loaded.policies if name in (p.id, p.key)]
        here += [p for p in loaded.policies if p.terms.service.get("catalog_code") == name]
        for frame in loaded.frames:
            if name in (frame.id, frame.key):
                here += implementing(frame, loaded.policies)
        if not here:
            raise NothingThere(
                f'there is no policy "{name}", no frame that one implements, and no 基本编码 '
                "(zhida catalogue list names the policies)"
            )
        found |= {policy.key: policy for policy in here}
    levels = list(LEVEL)
    return sorted(found.values(), key=lambda policy: levels.index(policy.level))


def elements_to_compare(
    policy: Policy, vocabulary: Vocabulary, language: Language
) -> dict[str, str]:
    """Every element of a policy by its name, those of its service item behind the others."""
    elements = elements_of(policy, PolicyWords(policy, vocabulary, language))
    item = item_of(policy, vocabulary)
    for column in COLUMNS:
        value = item[column.field]
        typed = column.field in policy.terms.service
        if not value or (column.field in _ELSEWHERE and not typed):
            continue
        code = column.codes.get(value)
        shown = value if code is None else code[0 if language == "zh" else 1]
        elements.setdefault(column.zh if language == "zh" else column.field, shown)
    return elements


def _as_json(
    chosen: Sequence[Policy], rows: Sequence[tuple[str, tuple[str, ...]]]
) -> dict[str, Any]:
    return {
        "policies": [policy.key for policy in chosen],
        "elements": [
            {"element": label, "same": same(cells), "values": list(cells)} for label, cells in rows
        ],
    }


def _build_page(
    chosen: Sequence[Policy], rows: Sequence[tuple[str, tuple[str, ...]]], language: Language
) -> Page:
    said, names = CATALOGUE_WORDS[language], PAGE_WORDS[language]
    titles = tuple(
        f"{p.title_zh if language == 'zh' else p.title_en or p.title_zh} ({p.key})" for p in chosen
    )
    different = tuple((label, *cells) for label, cells in rows if not same(cells))
    alike = tuple((label, cells[0]) for label, cells in rows if same(cells))
    sections = [
        Section(
            heading=names["differences"],
            blocks=(Grid(heads=(names["element"], *titles), rows=different),),
        )
    ]
    if alike:
        sections.append(Section(heading=said["same"], blocks=(Grid(rows=alike),)))
    return Page(
        title=said["compare"],
        subtitle=f"{len(different)} / {len(rows)}",
        language=language,
        sections=tuple(sections),
    )
