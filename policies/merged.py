"""A document put together from several: each value keeps the file and place it was written in."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from language.document import Document, Mark, Place, document_value


class Merged:
    """A document being put together; `file` is the one it is told by."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._value: Any = {}
        self._marks: dict[Place, Mark] = {(): Mark(line=1, column=1)}
        self._key_marks: dict[Place, Mark] = {}

    def hold(self, place: Place, value: Any, source: Document, written: Place) -> None:
        """Put an empty list or mapping at `place`, marked with where its like was written."""
        self._put(place, value)
        self._mark(place, source, written, alone=True)

    def copy(self, place: Place, source: Document, written: Place) -> None:
        """Put at `place` what stands in `source` at `written`, with all marks."""
        # a copy of its own: more may be put inside, and the source serves others, too
        self._put(place, deepcopy(document_value(source, written)))
        self._mark(place, source, written, alone=False)

    def document(self) -> Document:
        """What has been put together."""
        return Document(
            file=self._file, value=self._value, marks=self._marks, key_marks=self._key_marks
        )

    def _put(self, place: Place, value: Any) -> None:
        if not place:
            self._value = value
            return
        holder = self._value
        for step in place[:-1]:
            holder = holder[step]
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[place[-1]] = value

    def _mark(self, place: Place, source: Document, written: Place, *, alone: bool) -> None:
        depth = len(written)
        for known, marks in ((self._marks, source.marks), (self._key_marks, source.key_marks)):
            for path, mark in marks.items():
                if path == written or (not alone and path[:depth] == written):
                    known[place + path[depth:]] = replace(mark, file=mark.file or source.file)
