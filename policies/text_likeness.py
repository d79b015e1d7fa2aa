"""How alike texts are, by the character n-grams that they share (TF-IDF, scikit-learn).

Chinese has no spaces to tell words by, so n-grams are taken of every run of characters. For ranking
and for hints to people alone; it decides nothing.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RUNS = re.compile(r"[0-9a-z]+|[\u3400-\u9fff]+")
LATIN, CHINESE = (2, 3), (1, 2, 3)
"""The lengths of n-grams of runs of letters and digits, and of Chinese characters."""
SHOWN, LOOKED_AT = 6, 60
"""How many shared texts are shown, and of how many n-grams at most they are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Two of the texts by their positions, the cosine of their n-grams, and what weighs most."""

    first: int
    second: int
    score: float
    shared: tuple[str, ...]


def split_grams(text: str) -> list[str]:
    """The n-grams of a text, each as often as it stands there; a shorter run is one itself."""
    found: list[str] = []
    for run in _RUNS.findall(_fold(text)):
        lengths = LATIN if run[0] < "\u3400" else CHINESE
        if len(run) < lengths[0]:
            found.append(run)
        for length in lengths:
            found += [run[at : at + length] for at in range(len(run) - length + 1)]
    return found


def compare_texts(texts: Sequence[str]) -> list[Likeness]:
    """The likeness of every two texts, the most alike first; n-grams of one sign are left out."""
    if len(texts) < 2 or not any(_longer(text) for text in texts):
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer  # few commands wait for it

    vectorizer = TfidfVectorizer(analyzer=_longer)
    vectors = vectorizer.fit_transform(texts)
    scores = (vectors @ vectors.T).toarray()
    names = vectorizer.get_feature_names_out()
    folded = [_fold(text) for text in texts]
    found = []
    for first in range(len(texts)):
        for second in range(first + 1, len(texts)):
            score = float(min(1.0, scores[first, second]))
            both = vectors[first].multiply(vectors[second]).tocoo()
            order = np.argsort(-both.data, kind="stable")
            sides = folded[first], folded[second]
            grams = [_extend(str(names[both.col[at]]), *sides) for at in order[:LOOKED_AT]]
            found.append(Likeness(first=first, second=second, score=score, shared=_pick(grams)))
    return sorted(found, key=lambda one: (-one.score, one.first, one.second))


def find_texts(query: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """For each word of the query (rows) and each text, how much of the word the text has.

    It is the share of the word's n-grams that stand in the text, rare ones weighing more: 1 where
    all do, 0 where none does.
    """
    words = query.split()
    if not texts or not words or not any(split_grams(text) for text in texts):
        return np.zeros((len(words), len(texts)))
    from sklearn.feature_extraction.text import TfidfVectorizer  # few commands wait for it

    vectorizer = TfidfVectorizer(analyzer=split_grams, binary=True, norm=None)
    has = vectorizer.fit_transform([*texts, *words])
    of_texts, of_words = has[: len(texts)], has[len(texts) :]
    present = (of_texts > 0).astype(np.float64)
    weights = np.asarray(of_words.sum(axis=1)).reshape(-1, 1)
    covered = (of_words @ present.T).toarray()
    shares: NDArray[np.float64] = np.divide(
        covered, weights, out=np.zeros_like(covered), where=weights > 0
    )
    return shares


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _extend(gram: str, first: str, second: str) -> str:
    """The n-gram with what stands around it in both texts, up to the ends of its run."""
    start = first.find(gram)
    end = start + len(gram)
    while (
        start > 0 and _RUNS.fullmatch(first[start - 1 : end]) and first[start - 1 : end] in second
    ):
        start -= 1
    while (
        end < len(first)
        and _RUNS.fullmatch(first[start : end + 1])
        and first[start : end + 1] in second
    ):
        end += 1
    return first[start:end]


def _longer(text: str) -> list[str]:
    return [gram for gram in split_grams(text) if len(gram) > 1]


def _pick(grams: Sequence[str]) -> tuple[str, ...]:
    """The first few, none of which is a part of another."""
    picked: list[str] = []
    for gram in grams:
        if any(gram in one for one in picked):
            continue
        picked = [one for one in picked if one not in gram]
        picked.append(gram)
        if len(picked) == SHOWN:
            break
    return tuple(picked)
