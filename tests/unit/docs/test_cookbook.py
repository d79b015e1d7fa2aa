"""The cookbook shows what stands in the catalogue, word for word."""

import re
import textwrap
from pathlib import Path

import pytest

from policies.load import CATALOGUE

PAGE = Path(__file__).parents[3] / "docs/cookbook.md"
TEXT = PAGE.read_text(encoding="utf-8")
SNIPPETS = re.findall(r"<!-- from (\S+) -->\n```yaml\n(.*?)\n```", TEXT, re.DOTALL)
SHOWN = [
    "e04",
    "e05",
    "e08",
    "e10",
    "e12",
    "e16",
    "e18",
    "e20",
    "e21",
    "e23",
    "e30",
    "e33",
    "r01",
    "r04",
    "r07",
    "r10",
]


@pytest.mark.parametrize(("file", "snippet"), SNIPPETS)
def test_a_piece_stands_in_its_policy_as_it_is_shown(file: str, snippet: str) -> None:
    lines = (CATALOGUE / file).read_text(encoding="utf-8").splitlines()
    length = snippet.count("\n") + 1
    windows = ("\n".join(lines[start : start + length]) for start in range(len(lines)))
    assert snippet in {textwrap.dedent(window) for window in windows}


@pytest.mark.parametrize("section", SHOWN)
def test_every_policy_of_a_shape_is_shown(section: str) -> None:
    assert any(Path(file).name.startswith(section) for file, _ in SNIPPETS)
