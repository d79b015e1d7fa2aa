"""What the outbox asks of a channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice on its way; `recipient` is a surrogate id.

    A `repeated` message may have arrived before: under the same `message_id` it must not arrive
    twice.
    """

    message_id: str
    recipient: str
    created_at: datetime
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one message: sent, to be tried again later, or refused for good."""

    state: Literal["sent", "later", "refused"]
    reason: str = ""


class Channel(Protocol):
    """A means of delivery."""

    def send(self, messages: Sequence[Message], *, now: datetime) -> list[Answer]:
        """Send each message, at most once for each id; the answers in the messages' order.

        An exception means that any of them may or may not have been sent.
        """
        ...
