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
            columns.append(_members(entries.kind, key, [entries.shared[name]]) * count)
        elif name in entries.columns:
            columns.append(_members(entries.kind, key, entries.columns[name]))
        else:
            values = entries.optional[name]
            told = iter(_members(entries.kind, key, [v for v in values if v is not None]))
            columns.append(["" if value is None else next(told) for value in values])
    texts = ["".join(row) for row in zip(*columns, strict=True)]
    return [f"{text.removesuffix(',')}}}" for text in texts]


def _members(kind: str, key: str, values: Sequence[Any]) -> list[str]:
    """A member of the object for each value, a comma behind it."""
    kinds = set(map(type, values))
    distinct = list(set(values)) if kinds == {str} else values
    if kinds == {str}:
        texts = [encode_basestring(value) for value in distinct]
    elif kinds == {int}:
        texts = [int.__repr__(value) for value in values]
    else:
        texts = [canonical_json(value) for value in values]
    if texts:
        # between two texts stands a comma, so nothing is found that is in neither
        refuse_clear_text(kind, f"{key},{','.join(texts)}")
    members = [f"{key}:{text}," for text in texts]
    if kinds != {str}:
        return members
    of_value = dict(zip(distinct, members, strict=True))
    return [of_value[value] for value in values]
