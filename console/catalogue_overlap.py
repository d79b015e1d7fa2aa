"""`zhida catalogue overlap`: how many are eligible for two policies at once.

Numbers of subjects from 1 to 4 are shown as <5 and their money not at all, and no person is named.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from console import show
from console.catalogue_words import CATALOGUE_WORDS
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import Adopt, PolicyPaths, Spoken, VocabularyPaths, one_of
from console.page import Grid, Page, Section
from console.show_page import print_pages
from console.trial_city import sample_snapshot
from console.wiring import load_chosen, load_words, newest_snapshot
from engine.pair_overlap import Overlap, count_overlaps
from engine.shown_value import YUAN
from policies.policy import Policy

FEW = 5
_SETTLED = {
    "excludes": ("互斥", "one excludes the other"),
    "requires": ("一项以另一项为前置", "one requires the other"),
    "exclusive": ("同组择一", "one of their group"),
    "highest": ("同组就高", "the highest of their group"),
    "sum-capped": ("同组合计封顶", "their group's sum is capped"),
}


def overlap(
    context: typer.Context,
    pair: Annotated[
        list[str] | None, typer.Argument(metavar="POLICY POLICY", help="Ids, or ID@VERSION.")
    ] = None,
    all_pairs: Annotated[
        bool, typer.Option("--all", help="Every two policies for one kind of subjects.")
    ] = False,
    policies: PolicyPaths = None,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="A sample city of so many residents, not the newest snapshot."),
    ] = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Count who is eligible for two policies at once, on the newest snapshot or a sample city."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    if all_pairs == bool(pair) or (pair and len(pair) != 2):
        raise typer.BadParameter("name two policies, or give --all")
    words = load_words(vocabulary or ())
    loaded = load_chosen(policies or [], words, adopt).policies
    chosen = [one for one in loaded if not one.terms.lead]
    if pair:
        chosen = [_named(name, loaded) for name in pair]
        if chosen[0].audience != chosen[1].audience:
            kinds = " and ".join(one.audience for one in chosen)
            raise NothingThere(f"they are for different kinds ({kinds}): nobody is in both")
        if chosen[0].key == chosen[1].key:
            raise NothingThere(f"{chosen[0].key} is named twice: name two policies")
    with ExitStack() as stack, show.progress() as tell:
        built = (
            newest_snapshot(settings_of(context))
            if sample is None
            else stack.enter_context(sample_snapshot(words, sample, tell))
        )
        found = count_overlaps(chosen, built, words, tell)
    as_of = built.as_of
    found = sorted(found, key=lambda one: (-one.both, one.first.key, one.second.key))
    shown = found if pair else [one for one in found if one.both]
    if output == "json":
        print_json(
            {
                "as_of": as_of,
                "pairs": [_as_json(one) for one in shown],
                "pairs_without_anybody_in_both": len(found) - len(shown),
                "of_these_undecided": sum(
                    1 for one in found if not one.both and one.undecided and not pair
                ),
            }
        )
        return
    page = _build_page(shown, found, language, "sample" if sample else "snapshot", str(as_of))
    print_pages([page], output)


def settled_by(first: Policy, second: Policy) -> str | None:
    """Which stacking rule settles what becomes of somebody in both; None where none does."""
    for one, other in ((first, second), (second, first)):
        stacking = one.terms.stacking
        if stacking is None:
            continue
        if other.id in stacking.excludes:
            return "excludes"
        if other.id in stacking.requires:
            return "requires"
    groups = [p.terms.stacking.group if p.terms.stacking else None for p in (first, second)]
    if groups[0] is not None and groups[1] is not None and groups[0].name == groups[1].name:
        return groups[0].rule
    return None


def _named(name: str, policies: Sequence[Policy]) -> Policy:
    found = [one for one in policies if name in (one.id, one.key)]
    if not found:
        raise NothingThere(f'there is no policy "{name}" (zhida catalogue list names them)')
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        raise NothingThere(f'"{name}" has several versions (name one of {keys})')
    return found[0]


def count_shown(count: int) -> int | str:
    """A number of subjects, <5 where there are few enough to be known by."""
    return f"<{FEW}" if 0 < count < FEW else count


def _money(overlap: Overlap, *, first: bool) -> int | None:
    """What one of the two pays to those in both, in fen; None where it cannot be said."""
    policy = overlap.first if first else overlap.second
    if 0 < overlap.both < FEW or not policy.unit.startswith(YUAN):
        return None
    waiting = overlap.first_open if first else overlap.second_open
    if overlap.both and waiting == overlap.both:
        return None  # no amount is known
    if 0 < overlap.both - waiting < FEW:
        return None  # the money of a few
    return overlap.first_fen if first else overlap.second_fen


def _as_json(overlap: Overlap) -> dict[str, Any]:
    return {
        "policies": [overlap.first.key, overlap.second.key],
        "subjects": count_shown(overlap.subjects),
        "both": count_shown(overlap.both),
        "only_first": count_shown(overlap.only_first),
        "only_second": count_shown(overlap.only_second),
        "undecided": count_shown(overlap.undecided),
        "first_fen": _money(overlap, first=True),
        "second_fen": _money(overlap, first=False),
        "first_open": count_shown(overlap.first_open),
        "second_open": count_shown(overlap.second_open),
        "settled_by": settled_by(overlap.first, overlap.second),
    }


def _build_page(
    shown: Sequence[Overlap], found: Sequence[Overlap], language: str, source: str, day: str
) -> Page:
    said = CATALOGUE_WORDS[language]
    zh = language == "zh"
    rows = []
    for one in shown:
        titles = [
            f"{p.key} {p.title_zh if zh else p.title_en or p.title_zh}"
            for p in (one.first, one.second)
        ]
        settled = settled_by(one.first, one.second)
        rows.append(
            (
                *titles,
                *(
                    _said(number)
                    for number in (one.both, one.only_first, one.only_second, one.undecided)
                ),
                _said_money(one, first=True),
                _said_money(one, first=False),
                _SETTLED[settled][0 if zh else 1] if settled else "—",
            )
        )
    heads = (
        *("first", "second", "both", "only first", "only second", "undecided"),
        *("sum first", "sum second", "settled"),
    )
    quiet = len(found) - len(shown)
    undecided = sum(1 for one in found if not one.both and one.undecided)
    notes = (said["quiet"].format(quiet, undecided),) if quiet else ()
    grid = Grid(heads=tuple(said[head] for head in heads), rows=tuple(rows), notes=notes)
    return Page(
        title=said["overlap"],
        subtitle=said[source].format(day),
        language=language,
        sections=(Section(heading=said["overlap"], blocks=(grid,)),),
    )


def _said(count: int) -> str:
    shown = count_shown(count)
    return f"{shown:,}" if isinstance(shown, int) else shown


def _said_money(overlap: Overlap, *, first: bool) -> str:
    money = _money(overlap, first=first)
    if money is None:
        return "…"
    waiting = overlap.first_open if first else overlap.second_open
    return f"{'≥ ' if waiting else ''}¥{money / 100:,.2f}"
