"""A document that authors wrote: all is text as it was typed, and every value has its place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from language.errors import Problem
from language.place import find_place

MAX_MESSAGE = 600
"""Signs of a message; what is longer quotes a value that nobody reads through."""
MAX_MISTAKES = 200
"""Mistakes of one kind that are told of a file; nobody reads on."""


Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a file; line and column count from 1.

    `file` is empty where it is the document's own: a document may be put together from several.
    `source` and `style` are the text as it stands there, where it is not simply its value.
    """

    line: int
    column: int
    file: str = ""
    source: str = field(default="", repr=False)
    style: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document as plain dicts, lists, texts and None, with the mark of each value."""

    file: str
    value: Any
    marks: dict[Place, Mark] = field(repr=False)
    key_marks: dict[Place, Mark] = field(repr=False)

    def mark(self, place: Iterable[str | int]) -> Mark:
        """The mark of `place`, or of the nearest value that holds it."""
        path = tuple(place)
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(line=1, column=1))

    def file_of(self, place: Iterable[str | int]) -> str:
        """The file in which the value at `place` was written."""
        return self.mark(place).file or self.file

    def where(self, place: Iterable[str | int]) -> str:
        """`place` in words: file, line and column."""
        mark = self.mark(place)
        return f"{mark.file or self.file}:{mark.line}:{mark.column}"

    def problem(
        self,
        place: Iterable[str | int],
        message: str,
        remedy: str = "",
        offset: int = -1,
        code: str = "",
    ) -> Problem:
        """A problem at `place`, `offset` characters into its text (-1: the whole of it).

        Without a code of its own it has that of the part of the file in which it stands: the key.
        """
        place = tuple(place)
        mark = self.mark(place)
        line, column = mark.line, mark.column + max(offset, 0)
        if offset >= 0 and mark.source:
            value = str(document_value(self, place))
            down, across = find_place(mark.source, mark.style, value, offset)
            line, column = mark.line + down, across + (1 if down else mark.column)
        return Problem(
            file=mark.file or self.file,
            line=line,
            column=column,
            message=_shorten(message),
            remedy=_shorten(remedy),
            code=code or _code_of(place),
        )


def _code_of(place: Place) -> str:
    """The key at the top of the file under which a place is; "file" of the whole."""
    return str(place[0]) if place and isinstance(place[0], str) else "file"


def _shorten(text: str) -> str:
    """A message that quotes a very long value, with the middle of it left out."""
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[: MAX_MESSAGE // 2]} … {text[-MAX_MESSAGE // 4 :]}"


def cut(document: Document, place: Place) -> Document:
    """What stands at `place` as a document of its own; its marks stay those of the whole."""

    def beneath(marks: dict[Place, Mark]) -> dict[Place, Mark]:
        depth = len(place)
        return {path[depth:]: mark for path, mark in marks.items() if path[:depth] == place}

    return Document(
        file=document.file,
        value=document_value(document, place),
        marks=beneath(document.marks),
        key_marks=beneath(document.key_marks),
    )


def document_value(document: Document, place: Place) -> Any:
    """What stands at `place`, None where nothing does."""
    value = document.value
    for step in place:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
