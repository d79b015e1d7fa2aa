"""`zhida schema`: JSON Schemas for editors, printed, written, or put into an author's folder."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from console import show
from console.errors import ConsoleError, WouldOverwrite
from console.options import VocabularyPaths, one_of
from console.wiring import load_words
from policies.schema import KINDS, build_schema
from policies.schema_kinds import Schema

SCHEMAS = "schemas"
"""The folder of an author's schemas."""
FOLDERS: Mapping[str, str] = {
    "policy": "policies",
    "vocabulary": "vocabulary",
    "dataset": "datasets",
}
"""Where the files of each kind are found without a line that names their schema."""
SETTINGS = Path(".vscode", "settings.json")


def write_schema(
    kind: Annotated[
        str | None, typer.Argument(help="What is written: policy, vocabulary or dataset.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the schema to this file.")] = None,
    install: Annotated[
        bool,
        typer.Option("--install", help="Put all schemas and VS Code's settings into a folder."),
    ] = False,
    into: Annotated[Path, typer.Option(help="The folder of --install.")] = Path("."),
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    vocabulary: VocabularyPaths = None,
) -> None:
    """The JSON Schema of policies, vocabularies or datasets: editors complete and check by it."""
    if kind is None and not install:
        raise typer.BadParameter(f"name one of {', '.join(KINDS)}, or --install")
    if kind is not None:
        one_of(kind, *KINDS)
    if install and (kind is not None or out is not None):
        raise typer.BadParameter("--install writes all schemas: leave kind and --out out")
    words = load_words(vocabulary or ())
    if install:
        files = {
            into / SCHEMAS / f"{name}.schema.json": as_text(build_schema(name, words))
            for name in KINDS
        }
        files[into / SETTINGS] = _settings(into / SETTINGS)
        _write(files, force)
    else:
        text = as_text(build_schema(str(kind), words))
        if out is None:
            sys.stdout.write(text)
        else:
            _write({out: text}, force)


def as_text(schema: Schema) -> str:
    """A schema as a file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _write(files: Mapping[Path, str], force: bool) -> None:
    """Write all files or none; one that says the same already is left alone."""
    changed = {path: text for path, text in files.items() if _read(path) != text}
    standing = [path for path in changed if path.exists()]
    if standing and not force:
        raise WouldOverwrite(standing, "add --force to replace it; other settings are kept")
    for path, text in changed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in files:
        done = "written 已写入" if path in changed else "unchanged 未变"
        show.err.print(f"{escape(str(path))}: {done}", soft_wrap=True)


def _read(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return None


def _settings(path: Path) -> str:
    """VS Code's settings with the schemas; what else they say stays.

    Raises ConsoleError where they cannot be read as plain JSON: a comment would be lost.
    """
    wanted = {
        f"./{SCHEMAS}/{kind}.schema.json": [f"{folder}/**/*.yaml", f"{folder}/**/*.yml"]
        for kind, folder in FOLDERS.items()
    }
    settings: Any = {}
    if path.exists():
        try:
            settings = json.loads(_read(path) or "")
        except ValueError:
            settings = None
    known = settings.get("yaml.schemas", {}) if isinstance(settings, dict) else None
    if not isinstance(known, dict):
        lines = json.dumps({"yaml.schemas": wanted}, indent=2)
        raise ConsoleError(
            f"{path}: 无法读作 JSON，未作改动 (cannot be read as JSON without comments and is left "
            f"as it is; add by hand: {lines})"
        )
    settings["yaml.schemas"] = known | wanted
    return json.dumps(settings, ensure_ascii=False, indent=2) + "\n"
