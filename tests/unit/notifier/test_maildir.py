"""Messages as files: what any mail reader reads, the same each time, no line break in a header."""

import email
import errno
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

import notifier.channels.maildir
from notifier.channels.channel import Answer, Message
from notifier.channels.maildir import Maildir, write_mail

NOW = datetime(2025, 12, 1, 8, 0, tzinfo=UTC)
MESSAGE = Message(
    message_id="0" * 31 + "1",
    recipient="Raaaaaaaaaaaaaaab",
    created_at=NOW,
    title_zh="无需申请，即可享受：高龄津贴（2025年11月）",
    body_zh="政策：高龄津贴\n",
    title_en="Yours without applying",
    body_en="Policy: allowance\n",
)


def parse(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def test_a_mail_reads_as_it_was_written() -> None:
    mail = parse(write_mail(MESSAGE))
    assert mail["To"] == "Raaaaaaaaaaaaaaab@zhida.invalid"
    assert mail["Subject"] == f"{MESSAGE.title_zh} / {MESSAGE.title_en}"
    assert mail["Message-ID"] == f"<{MESSAGE.message_id}@zhida.invalid>"
    assert mail["Date"].datetime == NOW
    text = mail.get_content()
    assert "政策：高龄津贴\n" in text
    assert "Policy: allowance\n" in text


def test_nobody_is_addressed_who_could_receive_it() -> None:
    mail = parse(write_mail(MESSAGE))
    addresses = [*mail["To"].addresses, *mail["From"].addresses]
    assert {address.domain for address in addresses} == {"zhida.invalid"}


def test_lines_stay_within_what_mail_programs_take() -> None:
    long = replace(MESSAGE, body_zh="长" * 2_000 + "\n")
    content = write_mail(long)
    assert max(map(len, content.splitlines())) <= 998
    assert "长" * 2_000 in parse(content).get_content()


@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("name", ["title_zh", "title_en", "recipient", "message_id"])
def test_a_line_break_in_a_header_is_refused(tmp_path: Path, name: str, breaking: str) -> None:
    change: dict[str, Any] = {name: f"x{breaking}Bcc: somebody@example.org"}
    bad = replace(MESSAGE, **change)
    answers = Maildir(path=tmp_path).send([bad, MESSAGE], now=NOW)
    assert [answer.state for answer in answers] == ["refused", "sent"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{MESSAGE.message_id}.zhida"]


def test_a_repeated_send_is_the_same_file_with_the_same_content(tmp_path: Path) -> None:
    maildir = Maildir(path=tmp_path)
    maildir.send([MESSAGE], now=NOW)
    (file,) = (tmp_path / "new").iterdir()
    before = file.read_bytes()
    maildir.send([replace(MESSAGE, repeated=True)], now=NOW.replace(hour=20))
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [before]


def test_a_message_that_was_read_does_not_come_back(tmp_path: Path) -> None:
    maildir = Maildir(path=tmp_path)
    maildir.send([MESSAGE], now=NOW)
    (file,) = (tmp_path / "new").iterdir()
    file.rename(tmp_path / "cur" / f"{file.name}:2,S")
    assert maildir.send([replace(MESSAGE, repeated=True)], now=NOW) == [Answer(state="sent")]
    assert list((tmp_path / "new").iterdir()) == []


def test_a_full_disk_is_a_failure_to_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _flags: int = 0) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    (tmp_path / "new").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(notifier.channels.maildir, "_sync", full)
        with pytest.raises(OSError, match="no space"):  # the directory's, after the message's
            Maildir(path=tmp_path).send([MESSAGE], now=NOW)
    assert list((tmp_path / "new").iterdir()) == []
