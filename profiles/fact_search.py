"""Facts found by words: a piece of a name, of a Chinese label or of an English one."""

import difflib
import re

from profiles.fact import Fact, Vocabulary

_NEAR = 0.5
"""How alike a label must be that does not hold the words."""


def find_facts(words: str, vocabulary: Vocabulary, audience: str, limit: int = 8) -> list[Fact]:
    """The facts of a kind of subject, and of its region, that words probably mean, best first.

    A fact whose name or label holds all words goes before one that is only alike.
    """
    wanted = [word for word in re.split(r"[\s,，、]+", words.casefold()) if word]
    if not wanted:
        return []
    ranked: list[tuple[float, int, Fact]] = []
    for place, fact in enumerate(vocabulary.facts.values()):
        if fact.of not in (audience, "region") or "::" in fact.name:
            continue
        texts = [fact.name, fact.label_zh, fact.label_en]
        rank = max(_rank(wanted, text.casefold()) for text in texts)
        if rank >= _NEAR:
            ranked.append((-rank, place, fact))
    return [fact for _, _, fact in sorted(ranked, key=lambda found: found[:2])[:limit]]


def _rank(wanted: list[str], text: str) -> float:
    """2 for the text itself, between 1 and 2 where it holds all words, else how alike they are."""
    if not text:
        return 0.0
    held = sum(len(word) for word in wanted if word in text)
    if all(word in text for word in wanted):
        return 1 + min(1.0, held / len(text))
    return difflib.SequenceMatcher(None, "".join(wanted), text).ratio()
