"""Likeness of texts, against the same cosine worked out in plain Python."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.text_likeness import compare_texts, find_texts, split_grams

TEXTS = ["高龄津贴", "高龄老人生活津贴 80", "研发费用补助", "old-age allowance", "一"]


def plain_grams(text: str) -> Counter[str]:
    """Every piece of two or three signs of a run of one script."""
    runs: list[str] = []
    for sign in text.casefold():
        script = "zh" if "\u4e00" <= sign <= "\u9fff" else "en" if sign.isalnum() else ""
        if script and runs and runs[-1].startswith(script):
            runs[-1] += sign
        else:
            runs.append(script + sign if script else "")
    found: Counter[str] = Counter()
    for run in (run[2:] for run in runs if run):
        for length in (2, 3):
            found.update(run[at : at + length] for at in range(len(run) - length + 1))
    return found


def plain_cosine(texts: list[str], first: int, second: int) -> float:
    counts = [plain_grams(text) for text in texts]
    rows = len(texts)
    known = Counter(gram for count in counts for gram in count)
    weigh = {gram: math.log((1 + rows) / (1 + number)) + 1 for gram, number in known.items()}
    one, other = ({g: n * weigh[g] for g, n in counts[at].items()} for at in (first, second))
    dot = sum(one[gram] * other.get(gram, 0.0) for gram in one)
    sizes = [math.sqrt(sum(value**2 for value in vector.values())) for vector in (one, other)]
    return dot / (sizes[0] * sizes[1]) if all(sizes) else 0.0


def test_likeness_is_the_cosine_worked_out_by_hand() -> None:
    found = compare_texts(TEXTS)
    assert len(found) == 10
    for one in found:
        assert one.score == pytest.approx(plain_cosine(TEXTS, one.first, one.second))
    assert (found[0].first, found[0].second) == (0, 1)
    assert set(found[0].shared) == {"高龄", "津贴"}


def test_what_is_shared_is_shown_as_far_as_it_reaches_in_both() -> None:
    (one,) = compare_texts(["重度残疾人护理补贴，每月", "残疾人护理补贴办法"])
    assert one.shared == ("残疾人护理补贴",)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("高龄津贴补助ab1 ，", max_size=12), min_size=2, max_size=5))
def test_likeness_of_any_texts_is_that_of_plain_python(texts: list[str]) -> None:
    for one in compare_texts(texts):
        assert one.score == pytest.approx(plain_cosine(texts, one.first, one.second))


def test_a_word_that_a_text_has_is_found_whole_and_one_it_lacks_not_at_all() -> None:
    shares = find_texts("津贴 研发", TEXTS)
    assert shares[0].tolist()[:2] == pytest.approx([1.0, 1.0])
    assert shares[0, 2] == shares[1, 0] == 0
    assert shares[1, 2] == pytest.approx(1.0)


def test_words_are_found_whatever_their_case_and_width() -> None:
    shares = find_texts("ALLOWANCE ８０", TEXTS)
    assert shares[0, 3] == pytest.approx(1.0)
    assert shares[1, 1] == pytest.approx(1.0)


def test_scripts_are_not_mixed_in_one_piece() -> None:
    assert split_grams("A级3") == ["a", "级", "3"]


@pytest.mark.parametrize("query", ["", "，。"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    assert not find_texts(query, TEXTS).any()
