"""A guide that is carried out as it is written: its files, its edits, its commands, its output.

Blocks are carried out in their order. A comment before a block says what it is:

- `<!-- file: NAME -->` writes the block to a file;
- a `diff` block after `<!-- edit: NAME -->` takes the lines with `-` out of the file for the lines
  with `+` below them;
- an `sh` block is run line by line; each has to end with 0, or with what `<!-- exit: N -->` says;
- a `text` block after it is part of what the commands print, `…` standing for anything.
"""

import io
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.cli import main

_BLOCK = re.compile(
    r"(?:<!-- (?P<what>file|edit|exit): (?P<word>[^ ]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```",
    re.S,
)
ZHIDA = ".venv/bin/zhida"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a guide, with what the comment before it says."""

    what: str
    word: str
    kind: str
    text: str


def read_blocks(text: str) -> Iterator[Block]:
    """The blocks of a page in their order."""
    for match in _BLOCK.finditer(text):
        yield Block(
            what=match["what"] or "", word=match["word"] or "", kind=match["kind"],
            text=match["text"],
        )  # fmt: skip


def carry_out(page: Path, folder: Path, environment: Mapping[str, str] | None = None) -> int:
    """Carry a page out in a folder; how many commands were run. Fails where it is not true."""
    ran = 0
    printed = ""
    for block in read_blocks(page.read_text(encoding="utf-8")):
        match block.kind, block.what:
            case _, "file":
                path = folder / block.word
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            case "diff", "edit":
                edit_file(folder / block.word, block.text)
            case "sh", _:
                wanted = int(block.word) if block.what == "exit" else 0
                printed = ""
                for line in block.text.replace("\\\n", " ").splitlines():
                    if line.strip() and not line.startswith("#"):
                        code, output = run_line(line, folder)
                        ran += 1
                        assert code == wanted, f"{line}\nended with {code}:\n{output}"
                        printed += output
            case "text", _:
                assert_printed(block.text, printed)
    return ran


def edit_file(path: Path, change: str) -> None:
    """Take each line with `-` out for the lines with `+` that follow it."""
    text = path.read_text(encoding="utf-8")
    old: list[str] = []
    new: list[str] = []
    for line in [*change.splitlines(), " "]:
        if line.startswith("-") and not new:
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        elif old or new:
            before = "".join(part + "\n" for part in old)
            assert text.count(before) == 1, f"{path.name}: {before!r} stands there not once"
            text = text.replace(before, "".join(part + "\n" for part in new))
            old, new = ([line[1:]] if line.startswith("-") else []), []
    path.write_text(text, encoding="utf-8")


def run_line(line: str, folder: Path) -> tuple[int, str]:
    """One command of zhida in this process; its exit code and all that it prints."""
    words = shlex.split(line)
    if words[0] == "cp":
        shutil.copyfile(folder / words[1], folder / words[2])
        return 0, ""
    target: Path | None = None
    if ">" in words:
        at = words.index(">")
        target = folder / words[at + 1]
        words = words[:at]
    assert words[0] == ZHIDA, f"only {ZHIDA} and cp are run here: {line}"
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "120")
        patch.delenv("ZHIDA_HOME", raising=False)
        patch.setattr(sys, "argv", ["zhida", *words[1:]])
        code = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1
    if target is not None:
        target.write_text(out.getvalue(), encoding="utf-8")
        return code, err.getvalue()
    return code, err.getvalue() + out.getvalue()


def assert_printed(wanted: str, printed: str) -> None:
    """Each line of a block stands in what was printed, in its order; spaces count as one."""
    rest = [" ".join(line.split()) for line in printed.splitlines()]
    for line in wanted.splitlines():
        pattern = " ".join(line.split())
        if pattern in ("", "…"):
            continue
        expression = re.compile(".*".join(re.escape(part) for part in pattern.split("…")))
        for index, candidate in enumerate(rest):
            if expression.fullmatch(candidate):
                rest = rest[index + 1 :]
                break
        else:
            raise AssertionError(f"not printed, or not in this order: {line!r}\n\n{printed}")
