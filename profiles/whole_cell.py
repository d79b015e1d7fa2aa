"""Whether the last cell of a file that ends without a line break can be whole.

A number may have lost digits, a text its end, an empty cell all that it said. A date in full, a
word of a closed list or a number with a check digit cannot be the beginning of another one.
"""

import re

import polars as pl

from profiles.check_digits import right_as_written
from profiles.dataset import Column
from profiles.typed_values import BOOLEANS

_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}"),
    "month": re.compile(r"\d{4}-\d{2}|\d{6}"),
    "year": re.compile(r"\d{4}"),
}


def is_surely_whole(text: str | None, column: Column) -> bool:
    """Whether no longer text that the column takes begins with this one."""
    if not text:
        return False
    text = text.strip()
    if column.identifier in ("uscc", "resident_id"):
        return bool(right_as_written(column.identifier, pl.Series([text]))[0])
    if column.type in _FORMS:
        return _FORMS[column.type].fullmatch(text) is not None
    words = tuple(BOOLEANS) if column.type == "boolean" else column.values
    text = text.lower() if column.type == "boolean" else text
    return text in words and not any(word != text and word.startswith(text) for word in words)
