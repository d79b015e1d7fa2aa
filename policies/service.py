"""The elements of a service item, as catalogues of government services exchange them."""

import re

from language.document import Place
from policies.draft import Draft
from policies.item_columns import BY_FIELD, COLUMNS, read_cell
from policies.terms import Element
from policies.terms_file import ServiceFile

_WHOLE = tuple(column.field for column in COLUMNS if column.kind == "whole")
_DAYS = tuple(column.field for column in COLUMNS if column.kind == "day")


def build_service(draft: Draft, file: ServiceFile) -> dict[str, Element]:
    """Each element by its name, with the type it has; what is wrong is noted in the draft."""
    elements: dict[str, Element] = {}
    for key, value in file.model_dump(exclude_none=True).items():
        element = _element(draft, key, value)
        if element is not None:
            elements[key] = element
    return elements


def _element(draft: Draft, key: str, value: str | list[str]) -> Element | None:
    place: Place = ("service", key)
    if isinstance(value, list):
        return tuple(value)
    if key == "is_fee":
        return value == "true"
    if key in _DAYS:
        return draft.day(value, place)
    if key in _WHOLE:
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            draft.refuse(place, f'"{value}" is no whole number', "write digits alone")
            return None
        return int(value)
    try:
        return read_cell(BY_FIELD[key], value)
    except ValueError as error:
        draft.refuse(place, f'"{key}" {error}' if '"' not in str(error) else str(error))
        return None
