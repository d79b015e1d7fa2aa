"""`zhida catalogue search` and `similar`: policies found by words, and those that are alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from console.catalogue_item import facts_asked
from console.catalogue_passages import Filter, Passage, passages_of, text_of
from console.catalogue_words import CATALOGUE_WORDS
from console.command import print_json, read_day
from console.errors import NothingThere
from console.options import PolicyPaths, Spoken, VocabularyPaths, one_of
from console.page import Grid, Page, Section
from console.page_words import PAGE_WORDS
from console.settings import read_clock
from console.show_page import print_pages
from console.wiring import load_chosen, load_words
from engine.city_evaluation import KINDS
from policies.policy import Policy
from policies.service_codes import KIND, LEVEL
from policies.text_likeness import compare_texts, find_texts
from profiles.fact import Vocabulary
from profiles.region import region_code

LEAST_FOUND = 0.5
"""How much of the words a policy must have, on the mean, to be found."""
SHOWN = 4
"""Of how many parts of a policy the text that matched best is shown."""
_SHORTENED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A policy that was found: how much of the words it has (0 to 1), and where."""

    policy: Policy
    score: float
    matched: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two policies, how alike their texts are and how many of their facts both ask (0 to 1)."""

    first: Policy
    second: Policy
    texts: float
    facts: float
    shared_texts: tuple[str, ...]
    shared_facts: tuple[str, ...]

    @property
    def score(self) -> float:
        """The mean of both, by which pairs are ordered."""
        return (self.texts + self.facts) / 2


def find_policies(query: str, policies: Sequence[Policy], words: Vocabulary) -> list[Found]:
    """The policies that have at least half of the words, best first; those of titles go before."""
    passages: list[Passage] = []
    places = []
    for policy in policies:
        own = passages_of(policy, words)
        places.append(range(len(passages), len(passages) + len(own)))
        passages += own
    shares = find_texts(query, [passage.text for passage in passages])
    found = []
    for policy, here in zip(policies, places, strict=True):
        if not len(shares):
            continue
        best = shares[:, here].max(axis=1)
        score = float(best.mean())
        if score < LEAST_FOUND:
            continue
        order = sorted(here, key=lambda n: (-float(shares[:, n].max()), n))
        kept: dict[str, Passage] = {}
        for n in order:
            if float(shares[:, n].max()) >= LEAST_FOUND and len(kept) < SHOWN:
                kept.setdefault(passages[n].part, passages[n])
        found.append(Found(policy=policy, score=score, matched=tuple(kept.values())))
    by_title = {one.policy.key: any(p.part == "title" for p in one.matched) for one in found}
    return sorted(found, key=lambda one: (-round(one.score, 6), not by_title[one.policy.key]))


def find_alike(policies: Sequence[Policy], words: Vocabulary, least: float) -> list[Alike]:
    """The pairs whose two scores have at least this mean, the most alike first.

    Facts of the vocabulary count, but for those that say where a policy holds. Versions of one
    policy are no pair.
    """
    asked = [
        set(facts_asked(policy, words)) - ({policy.region.fact} if policy.region else set())
        for policy in policies
    ]
    found = []
    for pair in compare_texts([text_of(policy) for policy in policies]):
        first, second = policies[pair.first], policies[pair.second]
        if first.id == second.id:
            continue
        both = asked[pair.first] & asked[pair.second]
        either = asked[pair.first] | asked[pair.second]
        alike = Alike(
            first=first,
            second=second,
            texts=pair.score,
            facts=len(both) / len(either) if either else 0.0,
            shared_texts=pair.shared,
            shared_facts=tuple(sorted(both)),
        )
        if alike.score >= least:
            found.append(alike)
    return sorted(found, key=lambda one: (-one.score, one.first.key, one.second.key))


def search(
    query: Annotated[list[str], typer.Argument(metavar="WORDS", help="Chinese or English.")],
    policies: PolicyPaths = None,
    audience: Annotated[str | None, typer.Option(help="enterprise, resident or household.")] = None,
    level: Annotated[str | None, typer.Option(help="national, province, city …")] = None,
    region: Annotated[
        str | None, typer.Option(help="Policies that hold in this region or in a part of it.")
    ] = None,
    in_force_on: Annotated[
        str | None, typer.Option(help="Policies in force on this day, or on: today.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="cash, relief, service … or check.")] = None,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Find policies by words in Chinese or English, best first, with what matched."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    for value, allowed in ((audience, KINDS), (level, tuple(LEVEL)), (kind, (*KIND, "check"))):
        if value is not None:
            one_of(value, *allowed)
    code = None
    if region is not None:
        code = region_code(region)
        if code is None:
            raise typer.BadParameter(f'"{region}" is no region of GB/T 2260, or several')
    today = read_clock().date()
    day = None if in_force_on is None else today
    if in_force_on not in (None, "today"):
        day = read_day(in_force_on, today)
    words = load_words(vocabulary or ())
    wanted = Filter(audience=audience, level=level, region=code, in_force_on=day, kind=kind)
    chosen = [one for one in load_chosen(policies or [], words).policies if wanted.takes(one)]
    found = find_policies(" ".join(query), chosen, words)
    if output == "json":
        print_json([_found_as_json(one) for one in found])
        return
    said, names = dict(CATALOGUE_WORDS[language]), dict(PAGE_WORDS[language])
    rows = [
        (
            f"{one.score:.2f}",
            one.policy.key,
            _title(one.policy, language),
            names["semicolon"].join(
                f"{(names | said)[passage.part]}{names['colon']}{_shorten(passage.text)}"
                for passage in one.matched
            ),
        )
        for one in found
    ]
    heads = (said["score"], said["policy"], names["title"], said["matched"])
    title = f"{said['search']} {' '.join(query)}"
    _print(title, str(len(found)), heads, rows, language, output)


def similar(
    policy: Annotated[
        str | None, typer.Argument(help="Pairs of this policy alone: an id or ID@VERSION.")
    ] = None,
    policies: PolicyPaths = None,
    least: Annotated[
        float, typer.Option(min=0, max=1, help="The least mean of both scores.")
    ] = 0.3,
    vocabulary: VocabularyPaths = None,
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """Pairs of policies that are alike by their texts and by the facts that both ask."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html", "json")
    words = load_words(vocabulary or ())
    chosen = load_chosen(policies or [], words).policies
    pairs = find_alike(chosen, words, least)
    if policy is not None:
        if not any(policy in (one.id, one.key) for one in chosen):
            raise NothingThere(f'there is no policy "{policy}" (zhida catalogue list names them)')
        pairs = [
            one
            for one in pairs
            if policy in (one.first.id, one.first.key, one.second.id, one.second.key)
        ]
    if output == "json":
        print_json([_alike_as_json(one) for one in pairs])
        return
    said, names = dict(CATALOGUE_WORDS[language]), dict(PAGE_WORDS[language])
    rows = [
        (
            f"{one.texts:.2f}",
            f"{one.facts:.2f}",
            f"{one.first.key} {_title(one.first, language)}",
            f"{one.second.key} {_title(one.second, language)}",
            names["semicolon"].join(
                names["list"].join(part)
                for part in (
                    one.shared_texts,
                    [_label(name, words, language) for name in one.shared_facts],
                )
                if part
            ),
        )
        for one in pairs
    ]
    heads = (said["texts"], said["facts"], said["first"], said["second"], said["shared"])
    _print(said["similar"], str(len(pairs)), heads, rows, language, output)


def _print(
    title: str,
    subtitle: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    language: str,
    output: str,
) -> None:
    section = Section(heading=title, blocks=(Grid(heads=heads, rows=tuple(rows)),))
    page = Page(
        title=title,
        subtitle=subtitle,
        language=language,
        sections=(section,) if rows else (),
    )
    print_pages([page], output)


def _found_as_json(one: Found) -> dict[str, Any]:
    return {
        "policy": one.policy.key,
        "title": {"zh": one.policy.title_zh, "en": one.policy.title_en},
        "score": round(one.score, 4),
        "matched": [asdict(passage) for passage in one.matched],
    }


def _alike_as_json(one: Alike) -> dict[str, Any]:
    return {
        "policies": [one.first.key, one.second.key],
        "texts": round(one.texts, 4),
        "facts": round(one.facts, 4),
        "shared_texts": list(one.shared_texts),
        "shared_facts": list(one.shared_facts),
    }


def _title(policy: Policy, language: str) -> str:
    return policy.title_zh if language == "zh" else policy.title_en or policy.title_zh


def _label(name: str, words: Vocabulary, language: str) -> str:
    fact = words.facts[name]
    return fact.label_zh if language == "zh" else fact.label_en or fact.label_zh


def _shorten(text: str) -> str:
    return text if len(text) <= _SHORTENED else text[: _SHORTENED - 1] + "…"
