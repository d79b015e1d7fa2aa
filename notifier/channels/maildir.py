"""The maildir: each notice as one RFC 5322 message in a directory any mail reader opens.

Nobody's own address is used: messages go to a surrogate id under `.invalid`, which no mail server
will ever deliver (RFC 2606). A message's file is named by its id, so sending it again writes the
same file.
"""

import os
from base64 import encodebytes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

from notifier.channels.channel import Answer, Message

DOMAIN = "zhida.invalid"
LONGEST_LINE = 998
"""Bytes of a line that every mail program takes (RFC 5322, 2.1.1)."""

WRITERS = 8
"""Files that are written at once: most of the time is waiting for the disk."""

_FROM = f"{Header('直达 Zhida', 'utf-8').encode()} <zhida@{DOMAIN}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """The channel that writes messages into the directory `path`."""

    path: Path

    def send(self, messages: Sequence[Message], *, now: datetime) -> list[Answer]:
        for folder in ("tmp", "new", "cur"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(max_workers=WRITERS) as pool:
            answers = list(pool.map(lambda message: _send_one(self.path, message), messages))
        _sync(self.path / "new", os.O_DIRECTORY)
        return answers


def write_mail(message: Message) -> bytes:
    """The message's text, the same for the same message. ValueError for CR or LF in a header."""
    named = (message.title_zh, message.title_en, message.recipient, message.message_id)
    if any(sign in text for text in named for sign in "\r\n"):
        raise ValueError("a line break in a header")
    text = f"{message.body_zh}\n--------\n\n{message.body_en}".encode()
    plain = max(len(line) for line in text.splitlines()) <= LONGEST_LINE
    headers = {
        "Message-ID": f"<{message.message_id}@{DOMAIN}>",
        "Date": format_datetime(message.created_at),
        "From": _FROM,
        "To": f"{message.recipient}@{DOMAIN}",
        "Subject": Header(f"{message.title_zh} / {message.title_en}", "utf-8").encode(),
        "Auto-Submitted": "auto-generated",  # RFC 3834
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "8bit" if plain else "base64",
    }
    # written out here: composing each with the standard library's EmailMessage took 2 ms
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return head.encode("ascii") + b"\n" + (text if plain else encodebytes(text))


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
