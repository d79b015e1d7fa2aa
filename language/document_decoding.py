"""A document as a model of the schema, or every way in which it does not fit, in authors' words."""

import difflib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from language.document import MAX_MISTAKES, Document, Place, document_value
from language.errors import Problem

M = TypeVar("M", bound=BaseModel)


def decode(document: Document, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The document as `model`, or every way in which it does not fit, each with its place."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors()]
        problems = [
            _explain(document, model, detail)
            for detail in _of_nearest_form(document, details[:MAX_MISTAKES])
        ]
        if len(details) > MAX_MISTAKES:
            message = f"{len(details) - MAX_MISTAKES:,} more mistakes of this kind are not told"
            problems.append(document.problem((), message, "correct these first"))
        return None, problems


_OTHER_FORM = {"string_type", "list_type", "dict_type", "model_type", "model_attributes_type"}


def _of_nearest_form(document: Document, details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors without those of forms that the author did not choose.

    Where a key takes a text or a list, a list with a slip inside fails as a text, too.
    """
    told = [(_known_place(document, detail["loc"]), detail) for detail in details]
    kept = []
    for place, detail in told:
        nearer = any(
            other[: len(place)] == place and (len(other) > len(place) or not _is_other_form(found))
            for other, found in told
        )
        if not (_is_other_form(detail) and nearer):
            kept.append(detail)
    return kept


_OTHER_KEYS = {
    "max": 'did you mean "at_most"?', "min": 'did you mean "at_least"?',
    "cap": 'did you mean "at_most"?', "floor": 'did you mean "at_least"?',
    "add": 'did you mean "plus"?', "subtract": 'did you mean "minus"?',
    "multiply": 'did you mean "times"?', "condition": 'did you mean "when"?',
    "if": 'did you mean "when"?', "name": 'did you mean "title" or "label"?',
}  # fmt: skip
"""Keys that authors try, and what is meant."""


def _is_other_form(detail: dict[str, Any]) -> bool:
    """A form was expected that the author did not write: a text for a list, a word for keys."""
    if detail["type"] == "literal_error":
        return not isinstance(detail["input"], str)
    return detail["type"] in _OTHER_FORM


def _explain(document: Document, model: type[BaseModel], detail: dict[str, Any]) -> Problem:
    place = _known_place(document, detail["loc"])
    name = str(place[-1]) if place else ""
    if len(place) > 1 and isinstance(place[-1], int):
        name = f"entry {place[-1] + 1} of {place[-2]}"

    def wrong(message: str, remedy: str = "", code: str = "wrong-value") -> Problem:
        return document.problem(place, message, remedy, code=code)

    match detail["type"]:
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            known = _keys_of(model)
            # the key itself may stand elsewhere, as max does in a measure
            close = difflib.get_close_matches(key, [name for name in known if name != key], n=1)
            remedy = f'did you mean "{close[0]}"?' if close else ""
            remedy = _OTHER_KEYS.get(key, remedy)
            if document_value(document, place) is None:
                remedy = (remedy + " " if remedy else "") + (
                    "a key without a value: inside { } a text with a comma needs quotes"
                )
            mark = document.key_marks.get(place, document.mark(place))
            return Problem(
                file=mark.file or document.file,
                line=mark.line,
                column=mark.column,
                message=f'unknown key "{key}"',
                remedy=remedy,
                code="unknown-key",
            )
        case "missing":
            key = detail["loc"][-1]
            return wrong(f'key "{key}" is missing', "add it", code="missing-key")
        case "value_error":
            return wrong(str(detail["ctx"]["error"]))
        case "model_type" | "dict_type" | "model_attributes_type":
            return wrong(f'"{name}" must hold keys and values')
        case "list_type":
            return wrong(f'"{name}" must be a list', "write [a, b] or lines of -")
        case "string_type":
            return wrong(f'"{name}" must be a text')
        case "literal_error":
            expected = str(detail["ctx"]["expected"])
            return wrong(f'"{detail["input"]}" is not a value of "{name}"', f"one of {expected}")
        case _:
            return wrong(f'"{name}": {detail["msg"]}')


def _known_place(document: Document, loc: tuple[str | int, ...]) -> Place:
    """pydantic's location without the names of union branches, which are no keys of the file."""
    place: Place = ()
    for step in loc:
        if (*place, step) in document.marks:
            place = (*place, step)
    return place


def _keys_of(model: type[BaseModel]) -> list[str]:
    """Names that a did-you-mean may choose from; all nested models' names, nearest first."""
    keys: list[str] = []
    todo: list[Any] = [model]
    seen: set[Any] = set()
    while todo:
        annotation = todo.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation in seen:
                continue
            seen.add(annotation)
            for name, info in annotation.model_fields.items():
                keys.append(info.alias or name)
                todo.append(info.annotation)
        else:
            todo.extend(getattr(annotation, "__args__", ()))
    return keys
