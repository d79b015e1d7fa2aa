"""The form of an archive of policies: nothing in it but what stands here."""

from pydantic import BaseModel, ConfigDict, Field

_HASH = r"^[0-9a-f]{64}$"
_SIGNATURE = r"^[0-9a-f]{128}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ActEntry(_Strict):
    """An act with the public key by which its signature is checked."""

    step: str
    actor: str
    public_key: str = Field(pattern=_HASH)
    at: str
    day: str
    reason: str
    signature: str = Field(pattern=_SIGNATURE)


class ReleaseEntry(_Strict):
    """A release: its elements, its files by path and hash, its acts in order."""

    policy: str = Field(max_length=100)
    version: str = Field(max_length=40)
    content_hash: str = Field(pattern=_HASH)
    adopted_by: str = Field(max_length=12)
    title_zh: str
    title_en: str
    effective_from: str
    first_day: str
    last_day: str | None
    files: dict[str, str]
    acts: list[ActEntry]


class Manifest(_Strict):
    """What an exporter signs."""

    form: str
    exported_at: str
    exported_by: str
    public_key: str = Field(pattern=_HASH)
    releases: list[ReleaseEntry] = Field(max_length=10_000)


class ArchiveFile(_Strict):
    """The whole file: what was signed, by which signature, and the contents in base64."""

    manifest: Manifest
    signature: str = Field(pattern=_SIGNATURE)
    files: dict[str, str]
