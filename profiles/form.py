"""What a snapshot was built by, told in one hash: vocabulary, datasets, the key of its ids."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import polars as pl

from profiles.content import hash_texts
from profiles.fact import Vocabulary
from profiles.identifier import subject_ids


def hash_form(vocabulary: Vocabulary, key: bytes) -> str:
    """SHA-256, in hexadecimal, of all definitions behind a snapshot and of the key, untold."""
    told = subject_ids("enterprise", pl.Series(["0" * 18]), key).item()
    fields = (vocabulary.facts, vocabulary.datasets, vocabulary.row_sets)
    return hash_texts([told, *(_describe(field) for field in fields)])


def _describe(value: object) -> object:
    """A definition as plain JSON, the same in every process."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [
            [field.name, _describe(getattr(value, field.name))]
            for field in dataclasses.fields(value)
            if field.compare
        ]
        return [type(value).__name__, fields]
    if isinstance(value, Mapping):
        return [[_describe(key), _describe(entry)] for key, entry in value.items()]
    if isinstance(value, list | tuple):
        return [_describe(entry) for entry in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_describe(entry)) for entry in value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | date | Fraction):
        return [type(value).__name__, str(value)]
    raise TypeError(f"{type(value).__name__} has no place in a definition")
