"""Whoever reads the database, the mails or an error finds no identity number, phone or account."""

from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select

from awards.past import import_past_awards
from ledger.database import metadata, reading
from ledger.errors import EntryRefused
from ledger.journal import seal
from notifier.channels.channel import Channel
from notifier.channels.inbox import Inbox
from notifier.channels.maildir import Maildir
from notifier.compose import compose_notices
from notifier.outbox import deliver_pending
from profiles.identifier import check_identifiers, subject_ids
from tests.storage_world import ACTOR, NOW, make_card, make_match, make_matches, take_in

KEY = b"s" * 32
PHONE, ACCOUNT, NAME = "13800000000", "6222020200112233445", "张某某"


def make_identifiers() -> list[str]:
    """Well-formed identity numbers of the sample city, with right check digits."""
    texts = [f"99010119440307{number:03d}{check}" for number in range(3) for check in "0123456789X"]
    checked = check_identifiers("resident_id", pl.Series(texts))
    return checked.filter(pl.col("reason").is_null())["value"].to_list()


def everything_stored(engine: Engine, folder: Path) -> str:
    with reading(engine) as connection:
        rows = [
            repr(row)
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        ]
    mails = [mail.read_text(encoding="utf-8") for mail in folder.rglob("*.zhida")]
    assert len(rows) > 20
    assert len(mails) == 3
    return "\n".join(rows + mails)


def test_no_personal_data_is_stored_in_clear(database: Engine, tmp_path: Path) -> None:
    identifiers = make_identifiers()
    assert len(identifiers) == 3
    past = tmp_path / "past.csv"
    past.write_text(
        "policy,identifier,kind,period,amount,paid_on\n"
        f"elder-allowance,{identifiers[0]},resident,2025-10,100,2025-10-20\n"
        f"elder-allowance,{identifiers[1]},resident,{PHONE},100,2025-10-20\n"
        f"{NAME},{identifiers[2]},resident,2025-10,{ACCOUNT},2025-10-20\n",
        encoding="utf-8",
    )
    report = import_past_awards(database, past, key=KEY, actor=ACTOR, now=NOW)
    subjects = subject_ids("resident", pl.Series(identifiers), KEY)
    take_in(database, make_matches(*(make_match(1, subject=subject) for subject in subjects)))
    seal(database, now=NOW)
    channels: dict[str, Channel] = {
        "inbox": Inbox(engine=database),
        "maildir": Maildir(path=tmp_path / "mail"),
    }
    compose_notices(database, {"elder-allowance": make_card()}, now=NOW, channels=list(channels))
    deliver_pending(database, channels, now=NOW, worker="w")
    seen = everything_stored(database, tmp_path / "mail") + repr(report)
    assert [text for text in (*identifiers, PHONE, ACCOUNT, NAME) if text in seen] == []
    assert all(subject in seen for subject in subjects)


def test_a_match_whose_item_is_an_identity_number_opens_nothing(database: Engine) -> None:
    item = make_identifiers()[0]
    with pytest.raises(EntryRefused) as caught:
        take_in(database, make_matches(make_match(item=item)))
    assert item not in str(caught.value)
    with reading(database) as connection:
        assert connection.execute(select(metadata.tables["award"])).all() == []
