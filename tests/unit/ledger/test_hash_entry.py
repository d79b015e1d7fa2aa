"""The journal's chain: the hash of an entry, by the definition in its own words."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from ledger.journal import hash_entry

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.integers(1, 2**63), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_hash_is_that_of_the_hash_before_and_a_list_in_json(
    sequence: int, moment: str, kind: str, actor: str, subject: str, body: str
) -> None:
    previous = hashlib.sha256(body.encode()).hexdigest()
    content = [sequence, moment, kind, actor, subject, body]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    expected = hashlib.sha256((previous + text).encode()).hexdigest()
    assert hash_entry(previous, sequence, moment, kind, actor, subject, body) == expected


def test_the_first_hash_of_a_journal_is_what_it_was_in_every_version() -> None:
    moment = "2025-12-01T08:00:00.000000+00:00"
    body = '{"award":"a","says":"\\"补贴\\""}'
    assert hash_entry("0" * 64, 1, moment, "award.opened", "clerk-1", "Rabc", body) == KNOWN


KNOWN = "875a8192072b8475a53316b32ebaf41662d7b0d24865c406763bf98b9c5df190"
"""Worked out by the code that sealed the first journals."""
