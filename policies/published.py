"""The policies that a run may decide: published, not withdrawn, and signed as the ledger says."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, select

from ledger.actor import list_actors
from ledger.signing import is_signed
from policies.act import Standing, list_standings, signed_text
from policies.errors import PublicationRefused
from policies.release import import_table

ORDER = ("submitted", "reviewed", "approved", "published")


def choose_published(connection: Connection, day: date) -> list[Standing]:
    """What is published and not withdrawn on a day. Raises PublicationRefused where the acts of
    one are not what the people who stand there have signed, its withdrawal among them."""
    published = [one for one in list_standings(connection) if one.published is not None]
    check_acts(connection, published)
    return [one for one in published if one.runs_on(day)]


def check_acts(connection: Connection, standings: Sequence[Standing]) -> None:
    """Look at every signature, and once more at what the database has enforced.

    Somebody who can write into the database, around its rules or not, cannot sign for others.
    """
    keys = {actor.name: actor.public_key for actor in list_actors(connection)}
    for standing in standings:
        release = standing.release
        for act in standing.acts:
            if not is_signed(keys.get(act.actor, ""), act.signature, signed_text(release, act)):
                raise PublicationRefused(
                    f"{release.key}: {act.actor} has not signed that it was {act.step} "
                    f"on {act.day} (the database was altered: restore a backup)"
                )
        if release.import_hash is None:
            _check_way(standing)
        else:
            _check_import(connection, standing, keys)


def _check_way(standing: Standing) -> None:
    authors = {act.actor for act in standing.acts if act.step == "submitted"}
    deciders = {act.actor for act in standing.acts if act.step in ORDER[1:]}
    steps = {act.step for act in standing.acts}
    if standing.release.author not in authors or authors & deciders or not steps.issuperset(ORDER):
        raise PublicationRefused(
            f"{standing.release.key} was not submitted, reviewed, approved and published by those "
            "who may (the database was altered: restore a backup)"
        )


def _check_import(connection: Connection, standing: Standing, keys: Mapping[str, str]) -> None:
    release = standing.release
    row = connection.execute(
        select(import_table).where(import_table.c.hash == release.import_hash)
    ).one()
    act = standing.act("imported")
    manifest = json.loads(row.manifest)
    if (
        act is None
        or act.actor != row.importer
        or not is_signed(keys.get(row.signer, ""), row.signature, manifest)
        or release.content_hash not in {entry["content_hash"] for entry in manifest["releases"]}
    ):
        raise PublicationRefused(
            f"{release.key} did not come with the archive that it names "
            "(the database was altered: restore a backup)"
        )
