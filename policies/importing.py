"""Taking in the policies of a verified archive: the importer publishes them here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from ledger.actor import Actor, list_actors
from ledger.journal import record
from ledger.refusal import refusals
from policies.act import Standing, list_standings
from policies.archive import Archive, authors_of, release_of_entry
from policies.errors import ArchiveRefused, PublicationRefused
from policies.policy import Policy
from policies.publication import Signer, take_step
from policies.release import Release, import_table, load_files, match_release, write_release
from profiles.fact import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The releases that are new here, and the keys of those that were published here already."""

    taken: tuple[Standing, ...]
    existing: tuple[str, ...]


def load_archive(archive: Archive, vocabulary: Vocabulary) -> list[Policy]:
    """The policies of an archive. Raises ArchiveRefused where one is not what its hash names."""
    groups: dict[tuple[tuple[str, str], ...], dict[str, Policy]] = {}
    found = []
    for entry in archive.manifest.releases:
        group = tuple(sorted(entry.files.items()))
        release = release_of_entry(entry, archive.hash)
        try:
            if group not in groups:
                groups[group] = load_files(archive.files_of(entry), vocabulary, release.key)
            found.append(match_release(groups[group], release))
        except PublicationRefused as error:
            raise ArchiveRefused(str(error)) from None
    return found


def take_in(
    connection: Connection, archive: Archive, *, signer: Signer, reason: str, now: datetime
) -> Imported:
    """Publish here what the archive holds, or nothing of it. Raises ArchiveRefused.

    Whoever signed it has to be an actor here other than the importer: so one person alone, with a
    key of their own making, brings nothing in.
    """
    importer, exporter = _two_persons(connection, archive, signer)
    there = {one.release.content_hash: one for one in list_standings(connection)}
    taken: list[Release] = []
    existing = []
    for entry in archive.manifest.releases:
        release = release_of_entry(entry, archive.hash)
        known = there.get(release.content_hash)
        if known is None:
            taken.append(release)
        elif known.published is not None:
            existing.append(release.key)
        else:
            raise ArchiveRefused(
                f"{release.key} is here as a draft with the same content: publish that instead"
            )
    if not taken:
        return Imported(taken=(), existing=tuple(existing))
    with refusals():
        connection.execute(
            insert(import_table).values(
                hash=archive.hash,
                signer=exporter.name,
                importer=importer.name,
                at=now,
                manifest=archive.text,
                signature=archive.signature,
            )
        )
    body = {"archive": archive.hash, "signer": exporter.name, "releases": len(taken)}
    record(connection, kind="policies.imported", actor=importer.name, body=body, now=now)
    files = {entry.content_hash: archive.files_of(entry) for entry in archive.manifest.releases}
    standings = []
    for release in taken:
        write_release(connection, release, files[release.content_hash])
        draft = Standing(release=release, acts=())
        standings.append(
            take_step(connection, draft, "imported", signer=signer, now=now, reason=reason)
        )
    return Imported(taken=tuple(standings), existing=tuple(existing))


def _two_persons(connection: Connection, archive: Archive, signer: Signer) -> tuple[Actor, Actor]:
    actors = list_actors(connection)
    importer = next((actor for actor in actors if actor.name == signer.name), None)
    exporter = next(
        (a for a in actors if a.public_key == archive.manifest.public_key and a.until is None), None
    )
    if exporter is None:
        raise ArchiveRefused(
            "the key of this archive belongs to no actor here: whoever holds the home folder "
            "enters it first (zhida actor add NAME --public-key FILE)"
        )
    if importer is None:
        raise ArchiveRefused("there is no actor of that name (zhida actor list shows them)")
    if importer.name == exporter.name:
        raise ArchiveRefused(f"{importer.name} signed this archive: somebody else has to import it")
    if importer.public_key in authors_of(archive):
        raise ArchiveRefused(
            f"{importer.name} wrote a policy of this archive: somebody else has to import it"
        )
    return importer, exporter
