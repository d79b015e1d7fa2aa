"""Journal entries by the thousand: of one kind, their bodies given by columns.

The texts are those that `canonical_json` gives for each body alone, and what it refuses is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Connection

from ledger.bulk import insert_columns
from ledger.journal import canonical_json, journal_entry, refuse_clear_text


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntries:
    """Entries to be written, one for each of `subjects`.

    A body holds what is `shared` by all, a value of each of the `columns`, and of the `optional`
    ones those that are not None.
    """

    kind: str
    actor: str
    now: datetime
    subjects: Sequence[str]
    shared: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    optional: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def record_columns(connection: Connection, entries: NewEntries) -> None:
    """Write the entries in their order, to commit or vanish with the caller's transaction."""
    if entries.subjects:
        insert_columns(
            connection,
            journal_entry,
            shared={"kind": entries.kind, "actor": entries.actor, "recorded_at": entries.now},
            columns={"subject": entries.subjects, "body": canonical_bodies(entries)},
        )


def canonical_bodies(entries: NewEntries) -> list[str]:
    """The canonical JSON of each entry's body.

    Raises EntryRefused where one holds something that must not be written in clear.
    """
    count = len(entries.subjects)
    if not count:
        return []
    columns = [["{"] * count]
    for name in sorted({*entries.shared, *entries.columns, *entries.optional}):
        key = encode_basestring(name)
        if name in entries.shared:
            texts = [canonical_json(entries.shared[name])]
            columns.append([f"{key}:{texts[0]},"] * count)
        elif name in entries.columns:
            texts = _texts(entries.columns[name])
            columns.append([f"{key}:{text}," for text in texts])
        else:
            values = entries.optional[name]
            texts = [canonical_json(value) for value in values if value is not None]
            rest = iter(texts)
            columns.append(["" if v is None else f"{key}:{next(rest)}," for v in values])
        # between two texts stands a comma, so nothing is found that is in neither
        if texts:
            refuse_clear_text(entries.kind, f"{key},{','.join(texts)}")
    texts = ["".join(row) for row in zip(*columns, strict=True)]
    return [f"{text.removesuffix(',')}}}" for text in texts]


def _texts(values: Sequence[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds == {str}:
        return [encode_basestring(value) for value in values]
    if kinds == {int}:
        return [int.__repr__(value) for value in values]
    return [canonical_json(value) for value in values]
