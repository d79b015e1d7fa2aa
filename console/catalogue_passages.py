"""What the catalogue is searched by: the passages of a policy, and filters of policies."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from console.catalogue_item import facts_asked
from console.page_words import PAGE_WORDS
from policies.policy import Clause, ClauseGroup, Policy
from profiles.fact import Vocabulary
from profiles.region import full_name, region_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of a policy; `part` is the key of the words for where it stands."""

    part: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which policies are asked for; what is None is not asked. `region` is a code."""

    audience: str | None = None
    level: str | None = None
    region: str | None = None
    in_force_on: date | None = None
    kind: str | None = None

    def takes(self, policy: Policy) -> bool:
        """Whether a policy is asked for."""
        return (
            self.audience in (None, policy.audience)
            and self.level in (None, policy.level)
            and (self.kind is None or _kind(policy) == self.kind)
            and (self.in_force_on is None or policy.in_force(self.in_force_on) is None)
            and (self.region is None or holds_in(policy, self.region))
        )


def holds_in(policy: Policy, code: str) -> bool:
    """Whether a policy holds in a region, or in a part of it."""
    if policy.region is None:
        return True
    asked = _prefix(code)
    if any(asked.startswith(_prefix(out)) for out in policy.region.excepted):
        return False
    within = [_prefix(one) for one in policy.region.within]
    return any(asked.startswith(one) or one.startswith(asked) for one in within)


def passages_of(policy: Policy, vocabulary: Vocabulary) -> list[Passage]:
    """Every passage of a policy, in Chinese and in English."""
    return [one for one in _passages(policy, vocabulary) if one.text.strip()]


def text_of(policy: Policy) -> str:
    """What a policy is about in Chinese: its title and what its provisions say."""
    lines = [policy.title_zh, *(zh for zh, _ in _says(policy)), *policy.not_modelled]
    return "\n".join(lines)


def _passages(policy: Policy, vocabulary: Vocabulary) -> Iterator[Passage]:
    zh, en = PAGE_WORDS["zh"], PAGE_WORDS["en"]
    yield Passage(part="title", text=policy.title_zh)
    yield Passage(part="title", text=policy.title_en)
    yield Passage(part="policy", text=policy.id)
    yield Passage(part="authority", text=policy.authority)
    for line in policy.basis:
        yield Passage(part="basis", text=" ".join((line.document, line.number)))
    if policy.region is None:
        yield Passage(part="region", text="全国 national")
    else:
        for code in policy.region.within:
            yield Passage(part="region", text=f"{full_name(code.ljust(6, '0'))} {_english(code)}")
    for part, word in (
        ("benefit", "check" if policy.terms.lead else policy.benefit_kind),
        ("level", policy.level),
        ("audience", policy.audience),
    ):
        yield Passage(part=part, text=f"{zh[word]} {en[word]}")
    for says in _says(policy):
        for text in says:
            yield Passage(part="clauses", text=text)
    for name in facts_asked(policy, vocabulary):
        fact = vocabulary.facts[name]
        yield Passage(part="facts", text=f"{fact.label_zh} {fact.label_en}")
    for text in (*policy.not_modelled, *policy.not_modelled_en):
        yield Passage(part="not modelled", text=text)


def _says(policy: Policy) -> Iterator[tuple[str, str]]:
    yield from _says_of(policy.clauses)
    if policy.each is not None:
        yield from _says_of(policy.each.clauses)
    for portion in policy.portions:
        yield portion.says, portion.says_en


def _says_of(clauses: Iterable[Clause]) -> Iterator[tuple[str, str]]:
    for clause in clauses:
        yield clause.says, clause.says_en
        if isinstance(clause, ClauseGroup):
            yield from _says_of(clause.members)


def _kind(policy: Policy) -> str:
    return "check" if policy.terms.lead else policy.benefit_kind


def _prefix(code: str) -> str:
    return re.sub(r"(?:00)+$", "", code)


def _english(code: str) -> str:
    return "" if region_name(code.ljust(6, "0")) is None else code.ljust(6, "0")
