"""The maildir: each notice as one RFC 5322 message in a directory any mail reader opens.

Nobody's own address is used: messages go to a surrogate id under `.invalid`, which no mail server
will ever deliver (RFC 2606). A message's file is named by its id, so sending it again writes the
same file.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path

from notifier.channels.channel import Answer, Message

DOMAIN = "zhida.invalid"
LONGEST_LINE = 998
"""Bytes of a line that every mail program takes (RFC 5322, 2.1.1)."""

_POLICY = EmailPolicy(linesep="\n", cte_type="8bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """The channel that writes messages into the directory `path`."""

    path: Path

    def send(self, messages: Sequence[Message], *, now: datetime) -> list[Answer]:
        for folder in ("tmp", "new", "cur"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        answers = [_send_one(self.path, message) for message in messages]
        _sync(self.path / "new", os.O_DIRECTORY)
        return answers


def write_mail(message: Message) -> bytes:
    """The message's text, the same for the same message. ValueError for CR or LF in a header."""
    mail = EmailMessage(policy=_POLICY)
    mail["Message-ID"] = f"<{message.message_id}@{DOMAIN}>"
    mail["Date"] = message.created_at
    mail["From"] = Address("直达 Zhida", "zhida", DOMAIN)
    mail["To"] = Address(username=message.recipient, domain=DOMAIN)
    mail["Subject"] = f"{message.title_zh} / {message.title_en}"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834
    text = f"{message.body_zh}\n--------\n\n{message.body_en}"
    longest = max(len(line) for line in text.encode().splitlines())
    mail.set_content(text, cte="8bit" if longest <= LONGEST_LINE else "base64")
    return mail.as_bytes()


def _send_one(path: Path, message: Message) -> Answer:
    try:
        content = write_mail(message)
    except ValueError:
        return Answer(state="refused", reason="a header with a line break")
    name = f"{message.message_id}.zhida"
    if message.repeated and any((path / "cur").glob(f"{name}*")):
        return Answer(state="sent")  # it arrived, and was read, before
    partial = path / "tmp" / name
    try:
        partial.write_bytes(content)
        _sync(partial)
        partial.replace(path / "new" / name)
    except OSError as error:
        return Answer(state="later", reason=f"{type(error).__name__} {error.errno}")
    return Answer(state="sent")


def _sync(path: Path, flags: int = 0) -> None:
    """Have the file or directory on the disk, not only in memory."""
    handle = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
