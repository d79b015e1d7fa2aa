"""Composing: each sealed journal entry about an award becomes one notice to its recipient.

Notices, their deliveries and the cursor in the journal commit together, so a composer that was
killed goes on where it was, and of two at a time only one moves the cursor.
"""

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, Engine, insert

from ledger.database import insert_absent, reading
from ledger.journal import SealedEntry, advance_cursor, read_cursor, sealed_entries
from notifier.errors import CardMissing, NoticeRefused
from notifier.notice import PolicyCard, delivery_table, notice_table
from notifier.words import amount_en, amount_zh, period_en, period_zh

READER = "notifier"
BATCH = 1_000
NOTICE_KINDS = {
    "award.opened": "award_opened",
    "award.reopened": "award_opened",
    "award.adjusted": "amount_changed",
    "award.withdrawn": "withdrawn_in_error",
    "award.set-back": "amount_set_back",
    "budget.waiting": "waiting_for_funds",
    "budget.reserved": "funded",
}
"""Which journal entries somebody is told about, and by which kind of notice."""

_CLEAR_TEXT = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{15,19}|\d{17}X|[0-9A-HJ-NPQRTUWXY]{18}|1[3-9]\d{9})(?![0-9A-Za-z])",
    re.ASCII | re.IGNORECASE,
)
"""Shaped like an identity number, a unified social credit code, an account or a mobile phone."""


def compose_notices(
    engine: Engine,
    policies: Mapping[str, PolicyCard],
    *,
    now: datetime,
    channels: Sequence[str] = ("inbox",),
) -> int:
    """Write the notices for what was sealed since the last time; how many are new.

    `policies` has the card of each policy by its id, and of a former version by `id@version`. Each
    notice goes out by each of `channels`. Raises CardMissing before anything of a batch is written.
    """
    composed = 0
    while True:
        with reading(engine) as connection:
            since = read_cursor(connection, READER)
            entries = sealed_entries(connection, since, limit=BATCH)
        if not entries:
            return composed
        telling = [entry for entry in entries if entry.kind in NOTICE_KINDS]
        cards = _find_cards(telling, policies)
        notices = [
            compose_notice(entry, card, now=now) for entry, card in zip(telling, cards, strict=True)
        ]
        with engine.begin() as connection:
            if not advance_cursor(connection, READER, since=since, to=entries[-1].sequence):
                return composed  # another composer has these
            composed += _write(connection, notices, channels, now)


def compose_notice(entry: SealedEntry, card: PolicyCard, *, now: datetime) -> dict[str, Any]:
    """The notice about one journal entry, as a row of `notice`."""
    body = entry.body
    kind = _kind_of(entry)
    about = body.get("adjustment") or body.get("recall", "")
    if entry.kind in ("budget.waiting", "budget.reserved"):
        about = f"revision {body['revision']}"
    # a policy may reach some by another way than most: the award says which
    card = replace(card, delivery=body.get("delivery", card.delivery))
    words = {"card": card, "item": body["item"], **_words_of(body, card)}
    title_zh, body_zh = _render(f"{kind}.zh.j2", words)
    title_en, body_en = _render(f"{kind}.en.j2", words)
    for text in (title_zh, body_zh, title_en, body_en):
        if _CLEAR_TEXT.search(text.replace(card.contact_zh, "")):
            raise NoticeRefused(
                f'the notice about journal entry {entry.sequence}, policy "{card.policy}", holds '
                "something shaped like an identity number, a phone or an account "
                "(look at the policy's texts and at the item)"
            )
    return {
        "message_id": name_message(body["award"], kind, entry.subject, about),
        "award_id": body["award"],
        "kind": kind,
        "recipient": entry.subject,
        "about": about,
        "title_zh": title_zh,
        "body_zh": body_zh,
        "title_en": title_en,
        "body_en": body_en,
        "created_at": now,
    }


def _kind_of(entry: SealedEntry) -> str:
    """The kind of notice about an entry; of an award opened without money another than with it."""
    waits = entry.body.get("funds", {}).get("state") == "waiting"
    if entry.kind == "award.opened" and waits and entry.body["amount_fen"] is not None:
        return "waiting_for_funds"
    return NOTICE_KINDS[entry.kind]


def name_message(award: str, kind: str, recipient: str, about: str) -> str:
    """The id of a message: the same for the same notice, wherever and whenever it is sent."""
    text = "\n".join((award, kind, recipient, about))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"zhida-notice").hexdigest()


def _find_cards(
    entries: Sequence[SealedEntry], policies: Mapping[str, PolicyCard]
) -> list[PolicyCard]:
    """The card by which each entry was decided."""
    found, missing = [], set()
    for entry in entries:
        policy, version = entry.body["policy"], entry.body["version"]
        card = policies.get(f"{policy}@{version}") or policies.get(policy)
        if card is None or card.version != version:
            missing.add(f"{policy}@{version}")
        else:
            found.append(card)
    if missing:
        raise CardMissing(sorted(missing))
    return found


def _words_of(body: Mapping[str, Any], card: PolicyCard) -> dict[str, Any]:
    """The values of one award in words; an amount that is open is an empty text."""
    fen, before = body["amount_fen"], body.get("before_fen")
    reserved = body.get("reserved_fen", body.get("funds", {}).get("reserved_fen"))
    facts = [name for name in body.get("missing", "").split(",") if name]
    labels = [card.fact_labels.get(name, (name, name)) for name in facts]
    return {
        "period_zh": period_zh(body["period"]),
        "period_en": period_en(body["period"]),
        "amount_zh": "" if fen is None else amount_zh(fen),
        "amount_en": "" if fen is None else amount_en(fen),
        "was_zh": "" if before is None else amount_zh(before),
        "was_en": "" if before is None else amount_en(before),
        "reserved_zh": "" if reserved is None else amount_zh(reserved),
        "reserved_en": "" if reserved is None else amount_en(reserved),
        "reserved": reserved,
        "in_full": reserved == fen,
        "missing_zh": [label for label, _ in labels],
        "missing_en": [label for _, label in labels],
        "rows": body.get("rows", 0),
        "rows_open": body.get("rows_open", 0),
        "reason": body.get("reason", ""),
    }


def _render(template: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """Title and body: a template's first line is the title."""
    text = _templates().get_template(template).render(words)
    title, _, body = text.strip().partition("\n")
    return title, body.strip() + "\n"


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # plain text; a page escapes it where it shows it
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _write(
    connection: Connection,
    notices: Sequence[Mapping[str, Any]],
    channels: Sequence[str],
    now: datetime,
) -> int:
    if not notices:
        return 0
    written = connection.scalars(
        insert_absent(connection, notice_table).returning(notice_table.c.id), notices
    ).all()
    deliveries = [
        {
            "notice_id": notice,
            "channel": channel,
            "state": "pending",
            "due_at": now,
            "attempts": 0,
            "token": 0,
            "reason": "",
        }
        for notice in written
        for channel in channels
    ]
    if deliveries:
        connection.execute(insert(delivery_table), deliveries)
    return len(written)
