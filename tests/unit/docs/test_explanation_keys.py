"""The JSON of an explanation is described key by key for those who read it from a program."""

import dataclasses
from pathlib import Path

import pytest

from engine import explanation

PAGE = (Path(__file__).parents[3] / "docs" / "integrator.md").read_text(encoding="utf-8")
KEYS = sorted(
    {
        field.name
        for kind in vars(explanation).values()
        if dataclasses.is_dataclass(kind)
        for field in dataclasses.fields(kind)
    }
)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_an_explanation_is_described(key: str) -> None:
    section = PAGE.split("## An explanation as JSON")[1].split("\n## ")[0]
    assert f"`{key}`" in section


def test_the_formats_name_is_described() -> None:
    assert f"`{explanation.FORMAT}`" in PAGE
