"""The journal: an append-only, hash-chained record of everything that changed.

An entry is written unsealed, in the transaction of the change itself. One sealer at a time then
gives each its place in a gapless sequence and a hash over the place before it, so no reader of
sealed entries is ever overtaken by a transaction that commits late. Subjects appear by surrogate
id, personal data by keyed hash only.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Index,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from ledger.bulk import update_columns
from ledger.database import SERIAL, Instant, insert_absent, leave_room, metadata
from ledger.errors import EntryRefused, JournalBroken
from ledger.lease import acquire_lease, release_lease

SEALER = "journal-sealer"
SEALER_LEASE = timedelta(seconds=30)
GENESIS = "0" * 64
"""The hash before the first entry."""

_CLEAR_TEXT = re.compile(r'"(?:\d{17}[\dXx]|[0-9A-HJ-NPQRTUWXY]{18}|1[3-9]\d{9})"', re.ASCII)
"""A whole string shaped like an identity number (GB 11643), a unified social credit code (GB 32100)
or a mobile phone's number."""

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("recorded_at", Instant, nullable=False),
    Column("kind", String(60), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("subject", String(40), nullable=False),  # "" where it is about no subject
    Column("body", Text, nullable=False),  # canonical JSON
    Column("sequence", BigInteger, unique=True),  # null until sealed
    Column("hash", String(64)),
    CheckConstraint("(sequence IS NULL) = (hash IS NULL)", name="sealed"),
)
Index(
    "ix_journal_entry_unsealed",
    journal_entry.c.id,
    sqlite_where=journal_entry.c.sequence.is_(None),
    postgresql_where=journal_entry.c.sequence.is_(None),
)

journal_cursor = Table(
    "journal_cursor",
    metadata,
    Column("reader", String(100), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""How far each reader of sealed entries has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to be written; `body` holds plain JSON values, amounts in fen."""

    kind: str
    actor: str
    subject: str
    body: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEntry:
    """An entry in its place."""

    sequence: int
    recorded_at: datetime
    kind: str
    actor: str
    subject: str
    body: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The end of the journal at some time, to be kept outside of this database.

    Its text is `<sequence>:<hash>`.
    """

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint a text of `<sequence>:<hash>` stands for; ValueError where it is none."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip(), re.ASCII)
    if found is None:
        raise ValueError('a checkpoint is written "<sequence>:<64 hexadecimal digits>"')
    return Checkpoint(sequence=int(found[1]), hash=found[2])


def record(
    connection: Connection,
    *,
    kind: str,
    actor: str,
    subject: str = "",
    body: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write one entry, to commit or vanish with the caller's transaction."""
    record_all(connection, [NewEntry(kind=kind, actor=actor, subject=subject, body=body, now=now)])


def record_all(connection: Connection, entries: Sequence[NewEntry]) -> None:
    """Write many entries in their order, to commit or vanish with the caller's transaction."""
    if entries:
        connection.execute(insert(journal_entry), [_row_of(entry) for entry in entries])


def seal(engine: Engine, *, now: datetime, batch: int = 2_000, owner: str = "sealer") -> int:
    """Give every committed entry its place and hash; how many there were.

    The lease is taken, used and given back inside each batch's transaction: a killed sealer leaves
    none behind, and of two at a time the second finds the first one's work done. 0 while another
    owner holds the lease for longer.
    """
    sealed = 0
    while True:
        with engine.begin() as connection:
            lease = acquire_lease(connection, name=SEALER, owner=owner, now=now, lasts=SEALER_LEASE)
            count = 0 if lease is None else _seal_batch(connection, batch)
            if lease is not None:
                release_lease(connection, lease)
        sealed += count
        if count < batch:
            return sealed
        leave_room(engine)


def sealed_entries(
    connection: Connection, after: int, *, limit: int | None = None
) -> list[SealedEntry]:
    """The entries behind `after` in their order, at most `limit`."""
    rows = connection.execute(_sealed_rows(after).limit(limit))
    return [
        SealedEntry(
            sequence=row.sequence,
            recorded_at=row.recorded_at,
            kind=row.kind,
            actor=row.actor,
            subject=row.subject,
            body=json.loads(row.body),
            hash=row.hash,
        )
        for row in rows
    ]


def count_unsealed(connection: Connection) -> int:
    """Entries that no reader sees yet."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(journal_entry)
            .where(journal_entry.c.sequence.is_(None))
        )
        or 0
    )


def oldest_unsealed(connection: Connection) -> datetime | None:
    """When the first of the entries that no reader sees yet was written; None where all are
    sealed."""
    columns = journal_entry.c
    # ids grow with time, and the index on what is unsealed has them in order
    found: datetime | None = connection.scalar(
        select(columns.recorded_at).where(columns.sequence.is_(None)).order_by(columns.id).limit(1)
    )
    return found


def read_checkpoint(connection: Connection) -> Checkpoint:
    """The journal's present end."""
    columns = journal_entry.c
    row = connection.execute(
        select(columns.sequence, columns.hash)
        .where(columns.sequence.is_not(None))
        .order_by(columns.sequence.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Checkpoint(sequence=0, hash=GENESIS)
    return Checkpoint(sequence=row.sequence, hash=row.hash)


def verify(connection: Connection, checkpoint: Checkpoint | None = None) -> Checkpoint:
    """Recompute the chain; its end if all is well.

    Raises JournalBroken with the first entry that is missing, out of place or altered. A cut tail
    and a journal rewritten from the start show only against a checkpoint kept elsewhere.
    """
    previous = Checkpoint(sequence=0, hash=GENESIS)
    for row in _stream_sealed(connection):
        expected = previous.sequence + 1
        if row.sequence != expected:
            raise JournalBroken(sequence=expected, reason="missing")
        if not _is_intact(previous.hash, row):
            raise JournalBroken(sequence=row.sequence, reason="altered, or not in its place")
        previous = Checkpoint(sequence=row.sequence, hash=row.hash)
        if checkpoint and checkpoint.sequence == row.sequence and checkpoint != previous:
            raise JournalBroken(
                sequence=row.sequence,
                reason="not what the checkpoint says: the journal was rewritten here or before",
            )
    if checkpoint is not None and checkpoint.sequence > previous.sequence:
        raise JournalBroken(
            sequence=previous.sequence + 1,
            reason=f"missing, with all up to the checkpoint's entry {checkpoint.sequence}",
        )
    return previous


def read_cursor(connection: Connection, reader: str) -> int:
    """The last sequence `reader` has dealt with, 0 at first."""
    return (
        connection.scalar(
            select(journal_cursor.c.sequence).where(journal_cursor.c.reader == reader)
        )
        or 0
    )


def advance_cursor(connection: Connection, reader: str, *, since: int, to: int) -> bool:
    """Move the cursor in the transaction of what was done; False if somebody else has moved it."""
    columns = journal_cursor.c
    if since == 0:
        connection.execute(
            insert_absent(connection, journal_cursor).values(reader=reader, sequence=0)
        )
    moved = connection.execute(
        update(journal_cursor)
        .where(columns.reader == reader, columns.sequence == since)
        .values(sequence=to)
    )
    return moved.rowcount == 1


def keyed_hash(value: str, key: bytes) -> str:
    """What stands for personal data in the journal: the same for the same value and key.

    BLAKE2b (RFC 7693) with 16 bytes, in hexadecimal digits.
    """
    return hashlib.blake2b(
        value.encode(), digest_size=16, key=key, person=b"zhida-journal"
    ).hexdigest()


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, text as it is, no NaN."""
    return _ENCODER.encode(value)


def refuse_clear_text(kind: str, text: str) -> None:
    """Raise EntryRefused where a string of the entry's JSON looks like what must not be clear."""
    if _CLEAR_TEXT.search(text):
        raise EntryRefused(
            f'journal entry "{kind}": its body holds something shaped like an identity '
            "number, a phone or an account (write the surrogate id or a keyed hash)"
        )


def _row_of(entry: NewEntry) -> dict[str, Any]:
    body = canonical_json(entry.body)
    refuse_clear_text(entry.kind, body)
    return {
        "recorded_at": entry.now,
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": entry.subject,
        "body": body,
    }


def _seal_batch(connection: Connection, batch: int) -> int:
    """Seal the oldest unsealed entries, at most `batch`."""
    columns = journal_entry.c
    rows = connection.execute(
        select(
            columns.id,
            type_coerce(columns.recorded_at, String),  # as the driver gives it
            columns.kind,
            columns.actor,
            columns.subject,
            columns.body,
        )
        .where(columns.sequence.is_(None))
        .order_by(columns.id)
        .limit(batch)
    ).all()
    if not rows:
        return 0
    end = read_checkpoint(connection)
    ids, hashes = [], []
    moments: dict[datetime | str, str] = {}  # many entries of one moment
    last = end.hash
    for sequence, (entry_id, recorded_at, *texts) in enumerate(rows, start=end.sequence + 1):
        if (moment := moments.get(recorded_at)) is None:
            moment = moments[recorded_at] = _tell_moment(recorded_at)
        last = hash_entry(last, sequence, moment, *texts)
        ids.append(entry_id)
        hashes.append(last)
    sequences = range(end.sequence + 1, end.sequence + 1 + len(rows))
    update_columns(
        connection,
        journal_entry,
        key="id",
        columns={"id": ids, "sequence": sequences, "hash": hashes},
    )
    return len(rows)


def hash_entry(
    previous: str, sequence: int, moment: str, kind: str, actor: str, subject: str, body: str
) -> str:
    """SHA-256 over the hash before and the canonical JSON of a list of the other arguments.

    `moment` is when it was recorded, in UTC, with microseconds.
    """
    texts = ",".join(map(encode_basestring, (moment, kind, actor, subject, body)))
    return hashlib.sha256(f"{previous}[{sequence:d},{texts}]".encode()).hexdigest()


def _is_intact(previous: str, row: Row[Any]) -> bool:
    try:
        return bool(row.hash == _hash_of(previous, row))
    except (TypeError, ValueError, AttributeError):
        return False  # something stands there that was never written so


def _hash_of(previous: str, row: Row[Any]) -> str:
    moment = _tell_moment(row.recorded_at)
    return hash_entry(previous, row.sequence, moment, row.kind, row.actor, row.subject, row.body)


def _tell_moment(recorded_at: datetime | str) -> str:
    """A moment as it goes into the hash; SQLite's driver gives it as a text in UTC."""
    if isinstance(recorded_at, str):
        recorded_at = datetime.fromisoformat(recorded_at).replace(tzinfo=UTC)
    return recorded_at.astimezone(UTC).isoformat(timespec="microseconds")


def _sealed_rows(after: int) -> Any:
    columns = journal_entry.c
    return select(journal_entry).where(columns.sequence > after).order_by(columns.sequence)


def _stream_sealed(connection: Connection) -> Iterator[Row[Any]]:
    """All sealed entries a few thousand at a time, whatever their number."""
    after, size = 0, 5_000
    while True:
        try:
            rows = connection.execute(_sealed_rows(after).limit(size)).all()
        except ValueError:
            # something stands there that was never written so: find which entry it is
            if size == 1:
                reason = "altered: it cannot be read"
                raise JournalBroken(sequence=after + 1, reason=reason) from None
            size = 1
            continue
        if not rows:
            return
        yield from rows
        after = rows[-1].sequence
