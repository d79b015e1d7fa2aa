"""Every code that can be told has a kind, and every kind can be told and is explained."""

import re
from pathlib import Path

import pytest

from policies.check_kinds import CHECK_KINDS
from policies.policy_file import PolicyFile

ROOT = Path(__file__).parents[3]
SOURCES = [
    path
    for package in ("language", "profiles", "policies", "engine", "console")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "check_kinds.py" and "sample_city" not in path.parts
]
TEXT = {path: path.read_text(encoding="utf-8") for path in SOURCES}


def test_every_code_that_the_sources_name_has_a_kind() -> None:
    named = {
        code
        for text in TEXT.values()
        for code in re.findall(r'(?:\bcode="|\.warn\(\s*")([a-z_-]+)"', text)
    }
    assert named - CHECK_KINDS.keys() == set()
    assert len(named) > 15


def test_every_kind_is_named_in_a_source_or_is_a_key_of_the_file() -> None:
    keys = {field.alias or name for name, field in PolicyFile.model_fields.items()}
    everything = "".join(TEXT.values())
    for code in CHECK_KINDS:
        assert code in keys or f'"{code}"' in everything, code


@pytest.mark.parametrize("kind", CHECK_KINDS.values(), ids=CHECK_KINDS.keys())
def test_a_kind_says_what_it_means_in_both_languages(kind: object) -> None:
    zh, en, remedy = (str(getattr(kind, name)) for name in ("zh", "en", "remedy"))
    assert re.search("[一-鿿]", zh)
    assert en.endswith(".")
    assert remedy.endswith(".")
