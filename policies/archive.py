"""Archives of published policies: one signed JSON file with manifest, contents and acts.

The manifest names every release with its files by their hashes and every act with its signature
and public key; its own signature is the exporter's. Nothing in an archive is used as a path on
this machine.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from ledger.actor import list_actors
from ledger.errors import KeyRefused
from ledger.journal import canonical_json
from ledger.signing import is_signed, public_key_of, sign
from policies.act import Act, Standing, signed_text
from policies.archive_file import ArchiveFile, Manifest, ReleaseEntry
from policies.errors import ArchiveRefused, PublicationRefused
from policies.publication import Signer
from policies.published import ORDER
from policies.release import (
    MAX_FILE,
    Release,
    check_path,
    hash_file,
    import_table,
    read_files,
)

FORM = "zhida-policies-1"
MAX_ARCHIVE = 64 * 1024 * 1024
"""Bytes of an archive; the policies of a province are a hundredth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A verified archive: `manifest` as it was signed, `contents` by their hashes."""

    hash: str
    text: str
    signature: str
    manifest: Manifest
    contents: Mapping[str, bytes]

    def files_of(self, entry: ReleaseEntry) -> dict[str, bytes]:
        """The files of one release."""
        return {path: self.contents[name] for path, name in entry.files.items()}


def write_archive(
    connection: Connection, standings: Sequence[Standing], *, signer: Signer, now: datetime
) -> bytes:
    """The archive of these published releases, signed by the exporter."""
    keys = {actor.name: actor.public_key for actor in list_actors(connection)}
    contents: dict[str, bytes] = {}
    entries = []
    for standing in standings:
        files = read_files(connection, standing.release.content_hash)
        contents |= {hash_file(content): content for content in files.values()}
        entries.append(_entry_of(connection, standing, files, keys))
    manifest = {
        "form": FORM,
        "exported_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
        "exported_by": signer.name,
        "public_key": public_key_of(signer.private_key),
        "releases": entries,
    }
    archive = {
        "manifest": manifest,
        "signature": sign(signer.private_key, manifest),
        "files": {name: base64.b64encode(content).decode() for name, content in contents.items()},
    }
    text = json.dumps(archive, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if len(text.encode()) > MAX_ARCHIVE:
        raise ArchiveRefused(f"the archive would be larger than {MAX_ARCHIVE >> 20} MiB")
    return text.encode()


def read_archive(path: Path, trusted: str) -> Archive:
    """An archive that the holder of the `trusted` public key has signed, every part verified.

    Raises ArchiveRefused where it is no archive, too large, altered, or signed by somebody else.
    """
    value = _read_json(path)
    try:
        archive = ArchiveFile.model_validate(value)
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise ArchiveRefused(f"{path} is no archive of policies (look at {place})") from None
    manifest = archive.manifest
    if manifest.form != FORM:
        raise ArchiveRefused(f"{path} is of another form than this version of Zhida reads")
    if manifest.public_key != trusted:
        raise ArchiveRefused(
            f"{path} is signed with the key {manifest.public_key[:16]}…, not with the one that you "
            f"trust, {trusted[:16]}…"
        )
    if not is_signed(trusted, archive.signature, value["manifest"]):
        raise ArchiveRefused(f"{path} was altered: its signature does not fit its manifest")
    contents = _decode(path, archive.files)
    wanted = {name for entry in manifest.releases for name in entry.files.values()}
    if wanted != set(contents):
        raise ArchiveRefused(f"{path} was altered: it lacks files, or has some of no release")
    for entry in manifest.releases:
        _check_entry(path, entry)
    text = canonical_json(value["manifest"])
    return Archive(
        hash=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        signature=archive.signature,
        manifest=manifest,
        contents=contents,
    )


def release_of_entry(entry: ReleaseEntry, import_hash: str) -> Release:
    """The release that an entry of a manifest describes."""
    return Release(
        content_hash=entry.content_hash,
        policy=entry.policy,
        version=entry.version,
        adopted_by=entry.adopted_by,
        title_zh=entry.title_zh,
        title_en=entry.title_en,
        effective_from=date.fromisoformat(entry.effective_from),
        first_day=date.fromisoformat(entry.first_day),
        last_day=date.fromisoformat(entry.last_day) if entry.last_day else None,
        author=None,
        import_hash=import_hash,
    )


def authors_of(archive: Archive) -> frozenset[str]:
    """The public keys of everybody who has submitted a policy of the archive."""
    return frozenset(
        act.public_key
        for entry in archive.manifest.releases
        for act in entry.acts
        if act.step == "submitted"
    )


def _entry_of(
    connection: Connection,
    standing: Standing,
    files: Mapping[str, bytes],
    keys: Mapping[str, str],
) -> dict[str, Any]:
    release = standing.release
    acts = [
        {
            "step": act.step,
            "actor": act.actor,
            "public_key": keys[act.actor],
            "at": act.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "day": act.day.isoformat(),
            "reason": act.reason,
            "signature": act.signature,
        }
        for act in standing.acts
    ]
    return {
        "policy": release.policy,
        "version": release.version,
        "content_hash": release.content_hash,
        "adopted_by": release.adopted_by,
        "title_zh": release.title_zh,
        "title_en": release.title_en,
        "effective_from": release.effective_from.isoformat(),
        "first_day": release.first_day.isoformat(),
        "last_day": release.last_day.isoformat() if release.last_day else None,
        "files": {path: hash_file(content) for path, content in files.items()},
        "acts": [*_acts_before(connection, release), *acts],
    }


def _acts_before(connection: Connection, release: Release) -> list[dict[str, Any]]:
    """What was done with a release before it came here in an archive."""
    if release.import_hash is None:
        return []
    text = connection.scalar(
        select(import_table.c.manifest).where(import_table.c.hash == release.import_hash)
    )
    entries = json.loads(text or "{}").get("releases", [])
    return [
        act
        for entry in entries
        if entry["content_hash"] == release.content_hash
        for act in entry["acts"]
    ]


def _read_json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_ARCHIVE + 1)
    except OSError as error:
        raise ArchiveRefused(f"{path}: {error.strerror or 'cannot be read'}") from None
    if len(content) > MAX_ARCHIVE:
        raise ArchiveRefused(f"{path} is larger than {MAX_ARCHIVE >> 20} MiB")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ArchiveRefused(f"{path} is no archive of policies: it is no JSON") from None


def _decode(path: Path, files: Mapping[str, str]) -> dict[str, bytes]:
    contents = {}
    for name, text in files.items():
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if hash_file(content) != name:
            raise ArchiveRefused(f"{path} was altered: a file in it is not what its hash says")
        if len(content) > MAX_FILE:
            raise ArchiveRefused(f"{path}: a file in it is larger than {MAX_FILE >> 20} MiB")
        contents[name] = content
    return contents


def _check_entry(path: Path, entry: ReleaseEntry) -> None:
    """That the acts of a release are signed, in order, and decided by others than its authors."""
    key = f"{entry.policy}@{entry.version}"
    try:
        for file in entry.files:
            check_path(file)
        release = release_of_entry(entry, "")
        acts = [
            Act(
                step=act.step,
                actor=act.actor,
                at=datetime.fromisoformat(act.at),
                day=date.fromisoformat(act.day),
                reason=act.reason,
                signature=act.signature,
            )
            for act in entry.acts
        ]
        texts = [signed_text(release, act) for act in acts]
    except (PublicationRefused, KeyRefused, ValueError) as error:
        raise ArchiveRefused(f"{path}: {key}: {error}") from None
    for act, text in zip(entry.acts, texts, strict=True):
        if not is_signed(act.public_key, act.signature, text):
            raise ArchiveRefused(
                f"{path}: {key}: {act.actor} has not signed that it was {act.step}"
            )
    steps = [act.step for act in entry.acts]
    way = [step for step in dict.fromkeys(steps) if step in ORDER]
    authors = [act for act in entry.acts if act.step == "submitted"]
    others = [act for act in entry.acts if act.step != "submitted"]
    same = {act.public_key for act in authors} & {act.public_key for act in others}
    same |= {act.actor for act in authors} & {act.actor for act in others if act.step in ORDER}
    if way != list(ORDER) or set(steps) - {*ORDER, "imported"} or same:
        raise ArchiveRefused(
            f"{path}: {key} was not submitted by one and reviewed, approved and published by others"
        )
