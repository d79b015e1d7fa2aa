"""What every command does alike: its settings, its days, its JSON, its exit codes.

Exit codes: 0 done; 1 refused or failed, with reasons on the error stream; 2 wrong usage;
3 done, but some input was set aside.
"""

import json
from datetime import date
from typing import Any

import typer

from console.settings import Settings

REFUSED, SET_ASIDE = 1, 3


def settings_of(context: typer.Context) -> Settings:
    """The settings that were read before the command."""
    settings = context.obj
    assert isinstance(settings, Settings)
    return settings


def read_day(text: str | None, default: date) -> date:
    """The day that an option says, or the default without one."""
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no day like 2025-10-31') from None


def print_json(value: Any) -> None:
    """A value as JSON for people and programs; what JSON has no word for becomes text."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
