"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

PolicyPaths = Annotated[
    list[Path] | None,
    typer.Option("--policies", "-p", help="Policy files or folders (default: the catalogue)."),
]
VocabularyPaths = Annotated[
    list[Path] | None,
    typer.Option("--vocabulary", help="Further vocabulary files, beside the built-in one."),
]
Adopt = Annotated[
    str | None,
    typer.Option(help="Adopt regional policies for this region code, as if it had issued them."),
]
As = Annotated[str | None, typer.Option("--as", help="Who acts (ZHIDA_ACTOR).")]
KeyFile = Annotated[
    Path | None, typer.Option(help="The actor's private key (default: HOME/keys/NAME.key).")
]
Format = Annotated[str, typer.Option("--format", help="table, or json for a program to read.")]
TableFormat = Annotated[
    str, typer.Option("--format", help="table, or json or csv for a program to read.")
]
Day = Annotated[str | None, typer.Option(help="A day like 2025-10-31.")]
Spoken = Annotated[str, typer.Option("--language", "--lang", help="zh or en.")]


def one_of(value: str, *allowed: str) -> None:
    """Refuse a word that an option does not know."""
    if value not in allowed:
        raise typer.BadParameter(f'"{value}" is none of {", ".join(allowed)}')
