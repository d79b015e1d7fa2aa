"""The quick parser reads what the parser in Python reads, value by value and mark by mark."""

from pathlib import Path
from random import Random

import pytest
import yaml

from language import document_reading
from language.document_reading import read_text

FOLDER = Path(__file__).parents[3]
TEXTS = [
    path.read_text(encoding="utf-8")
    for folder in ("policies", "profiles")
    for path in sorted((FOLDER / folder).rglob("*.yaml"))
]
SIGNS = "{}[]:,-#'\"&*!|>%@`?\t\n  ax1中"


def _by_the_slow_parser(text: str, monkeypatch: pytest.MonkeyPatch) -> object:
    with monkeypatch.context() as patched:
        patched.setattr(document_reading, "_QUICK", None)
        return read_text(text, file="f")


def test_there_is_a_quick_parser() -> None:
    assert document_reading._QUICK is yaml.CSafeLoader


def test_every_file_reads_the_same_by_both_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in TEXTS:
        assert read_text(text, file="f") == _by_the_slow_parser(text, monkeypatch)


def test_a_text_with_slips_reads_the_same_by_both_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random("slips")
    for _ in range(150):
        lines = rng.choice(TEXTS).splitlines(keepends=True)
        start = rng.randrange(len(lines))
        text = "".join(lines[start : start + 12])
        for _ in range(rng.randint(0, 3)):
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(SIGNS) + text[place + rng.randint(0, 1) :]
        assert read_text(text, file="f") == _by_the_slow_parser(text, monkeypatch), text


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_the_quick_parser_goes_no_deeper_than_is_allowed(opening: str) -> None:
    documents, problems = read_text(opening * 200_000, file="f")
    assert documents == []
    assert "nested deeper" in problems[0].message
