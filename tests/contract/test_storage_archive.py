"""Archives taken in: by a second person, signed, withdrawn like any other; on both databases."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ledger.actor import add_actor, retire_actor
from ledger.database import migrate, open_database, reading
from ledger.errors import ChangeRefused
from ledger.refusal import refusals
from ledger.signing import public_key_of
from policies.act import Standing, list_standings
from policies.archive import Archive, read_archive, write_archive
from policies.errors import ArchiveRefused, PublicationRefused
from policies.importing import load_archive, take_in
from policies.load import load_policies
from policies.publication import Signer, submit, take_step
from policies.published import choose_published
from policies.release import files_of, import_table, load_releases, release_table
from tests.contract.test_storage_publication import TEXT, TODAY, insert_act
from tests.storage_world import NOW
from tests.support.policy_texts import vocabulary
from tests.support.publishing import DECIDING, make_actor, take_steps

LATE = "taken over from the city"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An archive of one policy, and a database where its exporter is known by key."""

    engine: Engine
    archive: Archive
    exporter: Signer
    importer: Signer
    author: Signer

    def take_in(self, signer: Signer | None = None) -> Standing:
        with self.engine.begin() as connection:
            taken = take_in(
                connection, self.archive, signer=signer or self.importer, reason=LATE, now=NOW
            )
        return taken.taken[0]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'source.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def world(database: Engine, source: Engine, tmp_path: Path) -> World:
    path = tmp_path / "city-grant.yaml"
    text = TEXT.format(version="1", begins="2025-01-01", ends="", people=5)
    path.write_text(text, encoding="utf-8")
    loaded = load_policies([path], vocabulary())
    (policy,) = loaded.policies
    with source.begin() as connection:
        author = make_actor(connection, "wang", "author", now=NOW)
        exporter = make_actor(connection, "li", *DECIDING, now=NOW)
        draft = submit(connection, policy, files_of(policy, loaded), signer=author, now=NOW)
        done = take_steps(
            connection, draft, "reviewed", "approved", "published", signer=exporter, now=NOW
        )
        content = write_archive(connection, [done], signer=exporter, now=NOW)
    file = tmp_path / "archive.json"
    file.write_bytes(content)
    with database.begin() as connection:
        key = public_key_of(exporter.private_key)
        add_actor(connection, "city", key, ["approver"], by="clerk", now=NOW)
        importer = make_actor(connection, "zhou", *DECIDING, now=NOW)
    return World(
        engine=database,
        archive=read_archive(file, key),
        exporter=Signer(name="city", private_key=exporter.private_key),
        importer=importer,
        author=author,
    )


def test_what_was_taken_in_is_published_and_read_from_the_ledger(world: World) -> None:
    (expected,) = load_archive(world.archive, vocabulary())
    standing = world.take_in()
    assert [(act.step, act.actor, act.reason) for act in standing.acts] == [
        ("imported", "zhou", LATE)
    ]
    assert standing.release.author is None
    with reading(world.engine) as connection:
        assert choose_published(connection, TODAY) == [standing]
        assert load_releases(connection, [standing.release], vocabulary()) == [expected]
    with world.engine.begin() as connection:
        again = take_in(connection, world.archive, signer=world.importer, reason=LATE, now=NOW)
    assert (again.taken, again.existing) == ((), ("city-grant@1",))


def test_what_was_taken_in_is_withdrawn_like_any_other(world: World) -> None:
    standing = world.take_in()
    day = date(2026, 2, 1)
    with world.engine.begin() as connection:
        take_step(
            connection,
            standing,
            "withdrawn",
            signer=world.importer,
            now=NOW,
            day=day,
            reason="void",
        )
    with reading(world.engine) as connection:
        assert choose_published(connection, day) == []
        assert len(choose_published(connection, date(2026, 1, 31))) == 1


def test_exporter_and_importer_are_two_people(world: World) -> None:
    with pytest.raises(ArchiveRefused, match="somebody else has to import it"):
        world.take_in(world.exporter)
    with reading(world.engine) as connection:
        assert list_standings(connection) == []
    row = {"signer": "city", "importer": "city", "at": NOW, "manifest": "{}"}
    with pytest.raises(IntegrityError), world.engine.begin() as connection:
        connection.execute(insert(import_table).values(hash="0" * 64, signature="0" * 128, **row))


def test_an_author_does_not_import_what_they_wrote(world: World) -> None:
    with world.engine.begin() as connection:
        key = public_key_of(world.author.private_key)
        add_actor(connection, "wang-here", key, ["approver"], by="clerk", now=NOW)
    with pytest.raises(ArchiveRefused, match="wang-here wrote a policy"):
        world.take_in(Signer(name="wang-here", private_key=world.author.private_key))


def test_an_archive_whose_signer_has_ended_here_is_refused(world: World) -> None:
    with world.engine.begin() as connection:
        retire_actor(connection, "city", by="clerk", now=NOW)
    with pytest.raises(ArchiveRefused, match="belongs to no actor here"):
        world.take_in()


def test_no_other_step_is_taken_with_a_release_of_an_archive(world: World) -> None:
    standing = world.take_in()
    for step, message in (
        ("submitted", "its review has begun"),
        ("reviewed", "the step before is missing"),
        ("published", "the step before is missing"),
        ("imported", "this step is done already"),
    ):
        with world.engine.begin() as connection:
            helper = make_actor(connection, f"h-{step}", "author", *DECIDING, now=NOW)
        with pytest.raises(ChangeRefused, match=message), world.engine.begin() as connection:
            insert_act(connection, standing, step, helper)


def test_only_the_importer_signs_for_an_archive(world: World) -> None:
    """A release of an archive entered by hand, and signed by another approver."""
    entry = world.archive.manifest.releases[0]
    with world.engine.begin() as connection:
        other = make_actor(connection, "sun", *DECIDING, now=NOW)
        connection.execute(
            insert(import_table).values(
                hash=world.archive.hash,
                signer="city",
                importer="zhou",
                at=NOW,
                manifest=world.archive.text,
                signature=world.archive.signature,
            )
        )
        connection.execute(
            insert(release_table).values(
                content_hash=entry.content_hash,
                policy=entry.policy,
                version=entry.version,
                adopted_by="",
                title_zh=entry.title_zh,
                title_en=entry.title_en,
                effective_from=date(2025, 1, 1),
                first_day=date(2025, 1, 1),
                import_hash=world.archive.hash,
            )
        )
    with reading(world.engine) as connection:
        (standing,) = list_standings(connection)
    with (
        pytest.raises(ChangeRefused, match="by whoever imports the archive"),
        world.engine.begin() as connection,
    ):
        insert_act(connection, standing, "imported", other)


def test_an_import_is_neither_changed_nor_deleted(world: World) -> None:
    world.take_in()
    for statement in (update(import_table).values(signer="zhou"), delete(import_table)):
        with (
            pytest.raises(ChangeRefused, match="never changed"),
            world.engine.begin() as connection,
            refusals(),
        ):
            connection.execute(statement)


def test_a_release_that_its_archive_does_not_hold_runs_nothing(world: World) -> None:
    """Content smuggled in under the name of an archive that was truly taken in."""
    world.take_in()
    text = select(import_table.c.hash)
    with world.engine.begin() as connection:
        name = connection.scalars(text).one()
        connection.execute(
            insert(release_table).values(
                content_hash="a" * 64,
                policy="smuggled",
                version="1",
                adopted_by="",
                title_zh="x",
                title_en="",
                effective_from=date(2025, 1, 1),
                first_day=date(2025, 1, 1),
                import_hash=name,
            )
        )
    with reading(world.engine) as connection:
        draft = next(one for one in list_standings(connection) if not one.acts)
    with world.engine.begin() as connection:
        insert_act(connection, draft, "imported", world.importer)
    with (
        reading(world.engine) as connection,
        pytest.raises(PublicationRefused, match="did not come with the archive"),
    ):
        choose_published(connection, TODAY)
