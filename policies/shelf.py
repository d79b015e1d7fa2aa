"""The frames that policies may implement: those among the files read, and the catalogue's."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from language.document import Document
from language.document_reading import read_documents
from language.errors import Problem
from policies.frame import Frame, check_shape, is_frame, read_frame
from policies.implementation import implement
from policies.lead import is_check
from policies.local import take_locals
from policies.policy import FrameUse


@dataclass(slots=True, kw_only=True)
class Shelf:
    """Frames at hand, and files in which others may stand, opened once one is missing.

    `used` are the keys of the frames that something implements, `opened` the files that were
    needed.
    """

    frames: list[Frame]
    elsewhere: list[Path]
    used: set[str] = field(default_factory=set)
    opened: list[Path] = field(default_factory=list)


def gather_frames(documents: Iterable[Document]) -> tuple[list[Frame], list[Problem]]:
    """The frames among documents; none may stand there twice."""
    frames: dict[str, Frame] = {}
    problems: list[Problem] = []
    for document in documents:
        if not is_frame(document):
            continue
        frame, found = read_frame(document)
        problems += found
        if frame is None:
            continue
        clash = frames.setdefault(frame.key, frame)
        if clash is not frame:
            problems.append(
                document.problem(
                    ("policy",),
                    f'frame "{frame.key}" is also in {clash.document.file}',
                    "give one of them another id or version",
                    code="version-overlap",
                )
            )
    return list(frames.values()), problems


def flatten(
    document: Document, shelf: Shelf
) -> tuple[Document | None, FrameUse | None, list[Problem]]:
    """The document without its frame; as it is where it implements none."""
    value = document.value
    if not isinstance(value, dict):
        return document, None, []
    _, locals_, _ = take_locals(document)
    if locals_:
        place = next(iter(locals_.values())).place
        remedy = "write kind: frame, or leave it out"
        return (
            None,
            None,
            [document.problem(place, '"local" belongs to a frame', remedy, code="frame")],
        )
    if value.get("implements") is None:
        if value.get("without"):
            remedy = "name the frame: implements: …"
            return (
                None,
                None,
                [document.problem(("without",), "there is no frame", remedy, code="frame")],
            )
        return document, None, []
    if is_check(document):
        remedy = "write the check out in full"
        return (
            None,
            None,
            [document.problem(("implements",), "a check implements no frame", remedy, code="kind")],
        )
    problems = check_shape(document)
    if problems:
        return None, None, problems
    frame, problems = _find(document, shelf)
    if frame is None:
        return None, None, problems
    shelf.used.add(frame.key)
    return implement(frame, document)


def _find(document: Document, shelf: Shelf) -> tuple[Frame | None, list[Problem]]:
    """The frame that a document names by its id, or by id@version."""
    named = document.value["implements"]
    fitting = [frame for frame in shelf.frames if named in (frame.id, frame.key)]
    while not fitting and shelf.elsewhere:
        path = shelf.elsewhere.pop()
        documents, _ = read_documents(path)
        frames, _ = gather_frames(documents)
        shelf.frames += frames
        fitting = [frame for frame in frames if named in (frame.id, frame.key)]
        if fitting:
            shelf.opened.append(path)
    if len(fitting) == 1:
        return fitting[0], []
    if fitting:
        message = f'frame "{named}" stands here in several versions'
        remedy = f"name one of {', '.join(frame.key for frame in fitting)}"
    else:
        message = f'there is no frame "{named}" among these files and in the catalogue'
        close = difflib.get_close_matches(named, [frame.id for frame in shelf.frames], n=1)
        remedy = f'did you mean "{close[0]}"?' if close else "give its file, too, or another id"
    return None, [document.problem(("implements",), message, remedy, code="frame")]
