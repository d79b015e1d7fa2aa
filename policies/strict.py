"""What all forms of a policy file share: no unknown keys, and words for people."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Strict(BaseModel):
    """A mapping without unknown keys."""

    model_config = ConfigDict(extra="forbid")


class TitleFile(Strict):
    """A title in Chinese and, where given, English."""

    zh: str
    en: str = ""


def _spread(value: object) -> object:
    """A plain text is the Chinese one."""
    return {"zh": value} if isinstance(value, str) else value


Says = Annotated[TitleFile, BeforeValidator(_spread)]
"""Words for people: a Chinese text, or `{zh: …, en: …}`."""
