"""A file that a command makes for an author: tried before it is written, and never over another."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from console.checking import Checked, check_files
from console.errors import ConsoleError, WouldOverwrite
from console.schema_command import SCHEMAS
from profiles.fact import Vocabulary


def find_schema(path: Path) -> str:
    """Where the schema of policies stands, seen from a file: in the nearest folder that has one."""
    folder = path.absolute().parent
    for above in (folder, *folder.parents):
        schema = above / SCHEMAS / "policy.schema.json"
        if schema.is_file():
            return Path(os.path.relpath(schema, folder)).as_posix()
    return f"./{SCHEMAS}/policy.schema.json"


def try_out(text: str, path: Path, also: Sequence[Path], words: Vocabulary, day: date) -> Checked:
    """What `check` says of a file to be, beside those that it needs.

    Raises ConsoleError with the errors where it would be refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, path.name)
        draft.write_text(text, encoding="utf-8")
        checked = check_files([draft, *also], words, day=day)
        problems = tuple(
            replace(problem, file=str(path))
            for problem in checked.problems
            if problem.file == str(draft)
        )
        made = replace(
            checked,
            problems=problems,
            examples=tuple(each for each in checked.examples if each[0].file == str(draft)),
        )
    wrong = made.of_level("error")
    if wrong:
        told = "\n".join(f"{problem.message} ({problem.remedy})" for problem in wrong)
        raise ConsoleError(
            f"没有写入：check 不会接受它 (nothing is written, check would refuse it):\n{told}"
        )
    return made


def refuse_standing(path: Path) -> None:
    """Raise WouldOverwrite where something stands at a path."""
    if path.exists():
        raise WouldOverwrite([path], "name another file")


def write_once(path: Path, text: str) -> None:
    """Write a file that does not stand yet, even if one has come to stand meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise WouldOverwrite([path], "name another file") from None
