"""The guide to the catalogue names every command of it and every option of each."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from console.catalogue_commands import app

GUIDE = (Path(__file__).parents[3] / "docs" / "catalogue-guide.md").read_text(encoding="utf-8")
GROUP = typer.main.get_command(app)
assert isinstance(GROUP, TyperGroup)
OPTIONS = [
    (name, option)
    for name, command in GROUP.commands.items()
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--") and option != "--help"
]


@pytest.mark.parametrize("name", GROUP.commands)
def test_every_command_is_shown(name: str) -> None:
    assert re.search(rf"^ {{4}}\.venv/bin/zhida .*catalogue {name}\b", GUIDE, re.M)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_explained(name: str, option: str) -> None:
    general = GUIDE.split("\n## ")[0]
    sections = [part for part in GUIDE.split("\n## ")[1:] if f"catalogue {name}" in part]
    assert any(
        re.search(rf"{re.escape(option)}(?![\w-])", part) for part in [general, *sections]
    ), f"{name} {option}"
