"""What a frame lets its implementations say otherwise: `local` on its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from language.document import Document, Place, cut, document_value
from language.document_decoding import decode
from language.errors import Problem
from policies.strict import Strict

NAMED = ("parameters", "facts", "tables", "rows")
"""Keys under which parts stand by name."""
GROUPS = ("all", "any", "none")

Part = tuple[str, str]
"""A part of a frame by its key and its name or id: ("clauses", "insured-a-year")."""


class LocalFile(Strict):
    """`required`: a lower level must say it; `may`: it can; within `at_least` and `at_most`."""

    required: Literal["true", "false"] | None = None
    may: Literal["true", "false"] | None = None
    at_most: str | dict[str, object] | None = None
    at_least: str | dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A part that may differ; `place` is where the frame says so."""

    required: bool
    bounded: tuple[Literal["at_most", "at_least"], ...]
    place: Place


def parts_of(value: Mapping[str, Any]) -> Iterator[tuple[Part, Place]]:
    """Every part of a policy's document that has a name, and where it stands."""
    for key in NAMED:
        section = value.get(key)
        if isinstance(section, dict):
            for name in section:
                yield (key, name), (key, name)
    yield from _clauses(value.get("clauses"), ("clauses",))
    benefit = value.get("benefit")
    if isinstance(benefit, dict):
        for name in benefit:
            if name != "local":
                yield ("benefit", name), ("benefit", name)


def clauses_of(value: Mapping[str, Any]) -> Iterator[tuple[Part, Place]]:
    """Every clause of a policy's document, those of its rows among them, and where it stands."""
    yield from _clauses(value.get("clauses"), ("clauses",))
    each = value.get("each")
    if isinstance(each, dict):
        yield from _clauses(each.get("clauses"), ("each", "clauses"))


def _clauses(members: object, place: Place) -> Iterator[tuple[Part, Place]]:
    for index, clause in enumerate(members if isinstance(members, list) else []):
        if not isinstance(clause, dict):
            continue
        at = (*place, index)
        if isinstance(clause.get("id"), str):
            yield ("clauses", clause["id"]), at
        for group in GROUPS:
            yield from _clauses(clause.get(group), (*at, group))


def take_locals(document: Document) -> tuple[Document, dict[Part, Local], list[Problem]]:
    """The document without its `local` keys, and what they say."""
    found: dict[Part, Local] = {}
    problems: list[Problem] = []
    places: list[tuple[Part, Place]] = [
        (part, (*place, "local"))
        for part, place in parts_of(document.value)
        if part[0] != "benefit"
    ]
    benefit = document.value.get("benefit")
    if isinstance(benefit, dict) and isinstance(benefit.get("local"), dict):
        places += [(("benefit", name), ("benefit", "local", name)) for name in benefit["local"]]
    for part, place in places:
        if place not in document.marks:
            continue
        local, refused = _read(document, part, place)
        problems += refused
        if local is not None:
            found[part] = local
    return replace(document, value=_without_locals(document.value)), found, problems


def _read(document: Document, part: Part, place: Place) -> tuple[Local | None, list[Problem]]:
    if not isinstance(document_value(document, place), dict):
        return None, [
            document.problem(
                place, '"local" holds keys', "write {required: true} or {may: true}", code="frame"
            )
        ]
    file, problems = decode(cut(document, place), LocalFile)
    if file is None:
        return None, problems
    if (file.required == "true") == (file.may == "true"):
        return None, [
            document.problem(
                place, '"local" says nothing', "write required: true or may: true", code="frame"
            )
        ]
    bounds: tuple[Literal["at_most", "at_least"], ...] = ("at_most", "at_least")
    bounded = tuple(key for key in bounds if getattr(file, key) is not None)
    if bounded and part[0] != "parameters":
        return None, [
            document.problem(
                (*place, bounded[0]),
                f'"{bounded[0]}" belongs to a parameter',
                "make the number a parameter, or end the amount with this step",
                code="frame",
            )
        ]
    return Local(required=file.required == "true", bounded=bounded, place=place), []


def _without_locals(value: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(value)
    for key in NAMED:
        section = kept.get(key)
        if isinstance(section, dict):
            kept[key] = {name: _without(part) for name, part in section.items()}
    if isinstance(kept.get("clauses"), list):
        kept["clauses"] = [_clause_without(clause) for clause in kept["clauses"]]
    if "benefit" in kept:
        kept["benefit"] = _without(kept["benefit"])
    return kept


def _without(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: value for key, value in part.items() if key != "local"}


def _clause_without(clause: Any) -> Any:
    kept = _without(clause)
    if isinstance(kept, dict):
        for group in GROUPS:
            if isinstance(kept.get(group), list):
                kept[group] = [_clause_without(member) for member in kept[group]]
    return kept
