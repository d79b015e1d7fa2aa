"""Checks (`kind: check`): contradictions between datasets, each a lead for a person to look into.

A check is written as a policy that gives nothing. A run decides it like any other and holds all its
matches: no award follows from one, and never a penalty.
"""

from dataclasses import replace

from language.document import Document, Place
from language.errors import Problem

OF_POLICIES = (
    "benefit",
    "delivery",
    "stacking",
    "budget",
    "back_pay",
    "recipient",
    "deadlines",
    "public_notice",
    "service",
)
"""What only somebody who is given something has; a list of suspects is never shown."""
_OF_ROWS_THAT_GIVE = ("amount", "limits", "claim")
_STANDING_IN = {"benefit": {"kind": "service"}, "delivery": "invite"}
"""For what a policy has to say, and a check has not."""


def is_check(document: Document) -> bool:
    """Whether a document says that it is a check."""
    return isinstance(document.value, dict) and document.value.get("kind") == "check"


def complete_check(document: Document) -> tuple[Document, list[Problem]]:
    """A check as a policy that gives nothing, and what it says beyond that."""
    value = document.value
    places: list[Place] = [(key,) for key in OF_POLICIES if key in value]
    if isinstance(value.get("each"), dict):
        places += [("each", key) for key in _OF_ROWS_THAT_GIVE if key in value["each"]]
    problems = [
        document.problem(
            place,
            f'a check has no "{place[-1]}": it gives nothing, its matches are leads for a person',
            "leave it out, or write kind: policy",
            code="kind",
        )
        for place in places
    ]
    return replace(document, value={**value, **_STANDING_IN}), problems
