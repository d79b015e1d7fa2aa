"""Frames (母本): what several policies share, never matched itself.

A frame is merged with each policy that implements it before anything is built, so that all that
follows sees policies without frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from language.document import Document
from language.document_decoding import decode
from language.errors import Problem
from policies.local import Local, Part, take_locals
from policies.policy_file import PolicyFile

_STANDING_IN: Mapping[str, Any] = {
    "policy": "x", "version": "x", "title": {"zh": "x"}, "audience": "enterprise",
    "authority": "x", "level": "national", "basis": [{}], "benefit": {},
}  # fmt: skip
"""For what is required of a policy, but not of each of the documents it is merged from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What several policies share; `document` is without `local`, `written` with it."""

    id: str
    version: str
    document: Document
    written: Document
    locals: Mapping[Part, Local]

    @property
    def key(self) -> str:
        """The frame with its version."""
        return f"{self.id}@{self.version}"

    @property
    def whole(self) -> bool:
        """Whether nothing is left to those that implement it, so that it can be read alone."""
        return not any(local.required for local in self.locals.values())


def is_frame(document: Document) -> bool:
    """Whether a document says that it is one."""
    return isinstance(document.value, dict) and document.value.get("kind") == "frame"


def implemented_by(document: Document) -> str | None:
    """The id of the frame that a document implements, None where it implements none."""
    if not isinstance(document.value, dict):
        return None
    named = document.value.get("implements")
    return named if isinstance(named, str) else None


def read_frame(document: Document) -> tuple[Frame | None, list[Problem]]:
    """The frame of a document of `kind: frame`."""
    plain, found, problems = take_locals(document)
    value = plain.value
    for key in ("policy", "version", "title", "audience", "basis"):
        if key not in value:
            problems.append(
                document.problem((), f'key "{key}" is missing', "add it", code="missing-key")
            )
    for key in ("implements", "without", "examples"):
        if key in value:
            why = "implements nothing itself" if key != "examples" else "is never matched"
            remedy = "leave it out"
            if key == "examples":
                remedy = "write them with each policy that implements it"
            problems.append(document.problem((key,), f"a frame {why}", remedy, code="frame"))
    problems += check_shape(plain)
    if problems:
        return None, problems
    return (
        Frame(
            id=value["policy"],
            version=value["version"],
            document=plain,
            written=document,
            locals=found,
        ),
        [],
    )


def check_shape(document: Document) -> list[Problem]:
    """What is wrong with the keys of a document that is only a part of a policy."""
    filled = {**_STANDING_IN, **document.value}
    return decode(replace(document, value=filled), PolicyFile)[1]
