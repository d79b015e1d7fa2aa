"""Where in its file a part of a policy was written."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from language.document import Document, Place, document_value
from language.document_reading import read_documents
from policies.change import Change, Section
from policies.frame import is_frame
from policies.load import CATALOGUE, find_policy_files
from policies.policy import Policy
from policies.shelf import Shelf, flatten, gather_frames

_TOP: Mapping[Section, Place] = {
    "id": ("policy",), "version": ("version",), "title": ("title",), "audience": ("audience",),
    "authority": ("authority",), "level": ("level",), "region": ("region",), "basis": ("basis",),
    "effective": ("effective",), "window": ("window",), "per": ("per",), "period": ("period",),
    "item": ("per",), "benefit kind": ("benefit", "kind"), "unit": ("benefit", "unit"),
    "contact": ("contact",), "not modelled": ("not_modelled",), "examples": ("examples",),
    "frame": ("implements",), "parameters": ("parameters",), "facts": ("facts",),
    "rows": ("rows",), "tables": ("tables",), "row facts": ("each", "facts"),
    "row amount": ("each", "amount"), "row set": ("each", "row"), "limits": ("each", "limits"),
    "claim": ("each", "claim"), "amount": ("benefit", "amount"), "also": ("benefit", "also"),
    "delivery": ("delivery",), "deadlines": ("deadlines",), "budget": ("budget",),
    "stacking": ("stacking",), "back pay": ("back_pay",), "recipient": ("recipient",),
    "payee": ("benefit", "payee"), "through": ("benefit", "through"),
    "public notice": ("public_notice",), "service": ("service",), "text": (),
}  # fmt: skip
_CLAUSES: Mapping[Section, Place] = {
    "clauses": ("clauses",), "row clauses": ("each", "clauses"),
    "portions": ("benefit", "portions"),
}  # fmt: skip


def find_document(policy: Policy, files: Iterable[Path] = ()) -> Document | None:
    """The document of a policy as it was put together; None where its file is no longer there.

    `files` are further ones in which its frame may stand.
    """
    documents, _ = read_documents(Path(policy.file))
    beside = [document for path in files for document in read_documents(path)[0]]
    frames, _ = gather_frames([*documents, *beside])
    shelf = Shelf(frames=frames, elsewhere=find_policy_files([CATALOGUE]))
    for document in documents:
        value = document.value
        if is_frame(document) or not isinstance(value, dict):
            continue
        if (value.get("policy"), value.get("version")) == (policy.id, policy.version):
            return flatten(document, shelf)[0]
    return None


def place_of(document: Document, change: Change) -> str:
    """File, line and column of what a change is about; "" where it is not in this document."""
    place = _place(document, change)
    return "" if place is None or not place else document.where(place)


def _place(document: Document, change: Change) -> Place | None:
    if change.section in _CLAUSES:
        found = _find_clause(document, _CLAUSES[change.section], change.name)
        for key in change.detail.split():
            if found is not None and document_value(document, (*found, key)) is not None:
                return (*found, key)
        return found
    place = _TOP[change.section]
    if document_value(document, place) is None:
        return None
    if change.name:
        inner = (*place, change.name)
        if document_value(document, inner) is None:
            return None if change.section in ("parameters", "facts", "tables") else place
        return inner
    first = change.detail.split()[0] if change.detail else ""
    if first.isdigit() and document_value(document, (*place, int(first) - 1)) is not None:
        return (*place, int(first) - 1)
    keyed = (*place, first)
    return keyed if first and document_value(document, keyed) is not None else place


def _find_clause(document: Document, place: Place, name: str) -> Place | None:
    """The place of the clause or portion of this id, however deep."""
    members: Any = document_value(document, place)
    if not isinstance(members, list):
        return None
    for index, member in enumerate(members):
        if not isinstance(member, dict):
            continue
        at = (*place, index)
        if member.get("id") == name:
            return at
        for group in ("all", "any", "none"):
            found = _find_clause(document, (*at, group), name)
            if found is not None:
                return found
    return None
