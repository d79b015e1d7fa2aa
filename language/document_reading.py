"""Authors' YAML read as a document: from a parser's events, with every value's place.

No aliases, no tags, no guessed types, no duplicate keys: `2024.10`, `010100`, `NO` and
`2024-05-01` reach the schema as they stand in the file. Only an empty value is None.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from language.document import MAX_MISTAKES, Document, Mark, Place
from language.errors import Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40
MAX_BRACKETS = 200
"""Brackets open at once, those within quotes counted too, before YAML is read at all."""
MAX_VALUES = 150_000
"""Texts, lists and mappings of a file; keys are not counted."""
MAX_DOCUMENTS = 1_000
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of signs, which YAML lets in by escapes."""
_BRACKETS = re.compile(r"[\[\]{}]")


class _Refused(Exception):
    """Reading of this file ended here."""

    def __init__(self, line: int, column: int, message: str, remedy: str = "") -> None:
        self.line, self.column, self.message, self.remedy = line, column, message, remedy
        super().__init__(message)


class _TooMuch(_Refused):
    """The file is refused for its size, whoever reads it."""


def read_documents(path: Path) -> tuple[list[Document], list[Problem]]:
    """The YAML documents of a file, and what is wrong with it.

    A file with a syntax error gives no documents; duplicate keys are reported, the first is kept.
    """
    file = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _Refused(0, 0, "the file is larger than 4 MiB", "split it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "unreadable"
        return [], [
            Problem(file=file, line=0, column=0, message=f"cannot be read: {reason}", code="file")
        ]
    except UnicodeDecodeError as error:
        return [], [
            Problem(
                file=file,
                line=0,
                column=0,
                message=f"is not UTF-8 text (byte {error.start})",
                remedy="save it as UTF-8; GBK and GB18030 are not read here",
                code="file",
            )
        ]
    except _Refused as refusal:
        return [], [
            Problem(
                file=file,
                line=0,
                column=0,
                message=refusal.message,
                remedy=refusal.remedy,
                code="file",
            )
        ]
    return read_text(text, file=file)


def read_text(text: str, *, file: str) -> tuple[list[Document], list[Problem]]:
    """As `read_documents`, from a text already read."""
    try:
        _scan_brackets(text)
        documents, problems = _read_quickly(text, file)
    except _Refused as refusal:
        return [], [
            Problem(
                file=file,
                line=refusal.line,
                column=refusal.column,
                message=refusal.message,
                remedy=refusal.remedy,
                code="yaml",
            )
        ]
    except yaml.MarkedYAMLError as error:
        line, column = _line_and_column(error.problem_mark or error.context_mark)
        what = error.problem or error.context or "not YAML"
        return [], [
            Problem(
                file=file,
                line=line,
                column=column,
                message=f"not YAML: {what}",
                remedy='inside { } a text with a comma, a colon, a bracket or ? needs "quotes"',
                code="yaml",
            )
        ]
    except ReaderError as error:
        line, column = _place_of(text, error.position)
        number = error.character if isinstance(error.character, int) else ord(error.character)
        message = f"not YAML: the file holds the control character U+{number:04X}"
        remedy = "take it out: no text of a policy needs one"
        return [], [
            Problem(
                file=file, line=line, column=column, message=message, remedy=remedy, code="yaml"
            )
        ]
    except yaml.YAMLError as error:
        message = f"not YAML: {_one_line(error)}"
        return [], [Problem(file=file, line=0, column=0, message=message, code="yaml")]
    if not documents and not problems:
        message = "the file is empty"
        problems.append(Problem(file=file, line=0, column=0, message=message, code="file"))
    return documents, problems


def _one_line(error: object) -> str:
    return " ".join(str(error).split())


def _line_and_column(mark: Any) -> tuple[int, int]:
    """A place counting from 1; 0, 0 where YAML does not know it."""
    return (0, 0) if mark is None else (mark.line + 1, mark.column + 1)


def _place_of(text: str, position: int) -> tuple[int, int]:
    """The line and column of a sign of a text, counting from 1."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _read_quickly(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    """By the parser in C, ten times as quick; what it cannot read goes to the one in Python, which
    has the last word and says better what is wrong. On tabs and ? they differ, so these go there
    too."""
    if _QUICK is not None and "\t" not in text and "?" not in text:
        try:
            return _read_events(text, file, _QUICK)
        except _TooMuch:
            raise
        except (yaml.YAMLError, _Refused):
            pass
    return _read_events(text, file, yaml.SafeLoader)


def _scan_brackets(text: str) -> None:
    """Refuse a tower of brackets: PyYAML looks a thousand of them ahead, each past all before."""
    depth = too_deep = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth == MAX_DEPTH + 1 and bracket[0] in "[{":
            too_deep = bracket.start()
        if depth > MAX_BRACKETS:
            line, column = _place_of(text, too_deep)
            raise _Refused(line, column, f"nested deeper than {MAX_DEPTH} levels", "split it")


_QUICK: type[Any] | None = getattr(yaml, "CSafeLoader", None)


def _read_events(text: str, file: str, loader: type[Any]) -> tuple[list[Document], list[Problem]]:
    """Documents from a parser's events, one by one: nothing is built that was not looked at, and
    no parser goes deeper than we allow (the C one would crash)."""
    problems: list[Problem] = []
    documents: list[Document] = []
    values = 0
    events = yaml.parse(text, Loader=loader)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if len(documents) == MAX_DOCUMENTS:
                line, _ = _line_and_column(event.start_mark)
                raise _TooMuch(line, 1, f"more than {MAX_DOCUMENTS:,} documents", "split the file")
            reading = _Reading(events, text, file, problems, values)
            value = reading.value(next(events), ())
            values = reading.values
            documents.append(
                Document(file=file, value=value, marks=reading.marks, key_marks=reading.key_marks)
            )
    return documents, problems


class _Reading:
    """One document being read from its events: its values, each with its place."""

    def __init__(
        self,
        events: Iterator[Any],
        text: str,
        file: str,
        problems: list[Problem],
        values: int,
    ) -> None:
        self.events = events
        self.text = text
        self.file = file
        self.problems = problems
        self.marks: dict[Place, Mark] = {}
        self.key_marks: dict[Place, Mark] = {}
        self.depth = 0
        self.values = values

    def value(self, event: Any, place: Place) -> Any:
        """The value that begins with this event."""
        start = event.start_mark
        line, column = start.line + 1, start.column + 1
        self.check(event, line, column)
        self.values += 1
        if self.values > MAX_VALUES:
            raise _TooMuch(line, column, f"more than {MAX_VALUES:,} values", "split the file")
        if isinstance(event, yaml.ScalarEvent):
            self.marks[place] = self.mark_of(event)
            return None if event.value == "" and not event.style else event.value
        self.marks[place] = Mark(line=line, column=column)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Refused(line, column, f"nested deeper than {MAX_DEPTH} levels", "split it")
        if isinstance(event, yaml.SequenceStartEvent):
            built: Any = self.sequence(place)
        else:
            built = self.mapping(place)
        self.depth -= 1
        return built

    def mark_of(self, event: Any) -> Mark:
        """The place of a scalar, with its text as it stands there where that is not its value."""
        source = self.text[event.start_mark.index : event.end_mark.index]
        return Mark(
            line=event.start_mark.line + 1,
            column=event.start_mark.column + 1,
            source="" if source == event.value else source,
            style=event.style or None,
        )

    def check(self, event: Any, line: int, column: int) -> None:
        """Refuse aliases, anchors and tags."""
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            message = "aliases and anchors (& and *) are not allowed"
            remedy = "write the value where it is needed; a text that begins so stands in quotes"
            raise _Refused(line, column, message, remedy)
        if event.tag is not None and event.tag != "!":
            message = f"tags are not allowed: {event.tag}"
            remedy = "take the tag out; a text that begins with ! stands in quotes"
            raise _Refused(line, column, message, remedy)
        if isinstance(event, yaml.ScalarEvent) and _NO_TEXT.search(event.value):
            message = "the text holds a control character or half a sign"
            raise _Refused(line, column, message, "take it out, or type the sign again")

    def sequence(self, place: Place) -> list[Any]:
        built: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            built.append(self.value(event, (*place, len(built))))
        return built

    def mapping(self, place: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            self.check(event, line, column)
            if not isinstance(event, yaml.ScalarEvent):
                self.pass_over(event)
                raise _Refused(line, column, "a key must be a text", 'quote it: "[a, b]"')
            key = event.value
            if key in built:
                if len(self.problems) == MAX_MISTAKES:
                    message = f"more than {MAX_MISTAKES} keys stand twice"
                    raise _TooMuch(line, column, message, "keep one of each")
                self.problems.append(
                    Problem(
                        file=self.file,
                        line=line,
                        column=column,
                        message=f'key "{key}" stands twice',
                        remedy="keep one of them",
                        code="yaml",
                    )
                )
                self.pass_over(next(self.events))
                continue
            self.key_marks[(*place, key)] = Mark(line=line, column=column)
            built[key] = self.value(next(self.events), (*place, key))
        return built

    def pass_over(self, event: Any) -> None:
        """Look at a value as at any other, and keep nothing of it."""
        aside = _Reading(self.events, self.text, self.file, [], self.values)
        aside.depth = self.depth
        aside.value(event, ())
        self.values = aside.values
