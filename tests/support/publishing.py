"""Publication for tests: invented actors with keys, and files published through the real steps."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from console.publishing import prepare_submissions
from console.wiring import load_words
from ledger.actor import Role, add_actor, list_actors
from ledger.database import migrate, open_database
from ledger.signing import make_private_key, public_key_of, read_private_key, write_private_key
from policies.act import Standing, Step
from policies.load import CATALOGUE, load_policies
from policies.publication import Signer, submit, take_step

AUTHOR, OTHER = "author-one", "approver-two"
DECIDING: tuple[Role, ...] = ("reviewer", "approver", "operator")


def make_actor(connection: Connection, name: str, *roles: Role, now: datetime) -> Signer:
    """An actor with a key of its own."""
    private = make_private_key()
    add_actor(connection, name, public_key_of(private), roles, by="tests", now=now)
    return Signer(name=name, private_key=private)


def take_steps(
    connection: Connection, standing: Standing, *steps: Step, signer: Signer, now: datetime
) -> Standing:
    """Several steps by one person, each with the reason that a late publication needs."""
    for step in steps:
        standing = take_step(connection, standing, step, signer=signer, now=now, reason="a test")
    return standing


def publish_files(
    home: Path,
    *files: Path,
    adopt: str | None = None,
    database_url: str | None = None,
    vocabulary: Sequence[Path] = (),
) -> list[Standing]:
    """Publish policy files (default: the catalogue) in a home, by two people with keys there."""
    words = load_words(vocabulary)
    prepared = prepare_submissions(load_policies(files or [CATALOGUE], words), adopt)
    now = datetime.now(UTC)
    engine = open_database(database_url or f"sqlite:///{home / 'zhida.db'}")
    try:
        migrate(engine)
        author, other = _two_people(engine, home, now)
        with engine.begin() as connection:
            standings = []
            for one in prepared:
                draft = submit(
                    connection,
                    one.policy,
                    one.files,
                    adopted_by=one.adopted_by,
                    signer=author,
                    now=now,
                )
                done = take_steps(
                    connection, draft, "reviewed", "approved", "published", signer=other, now=now
                )
                standings.append(done)
            return standings
    finally:
        engine.dispose()


def _two_people(engine: Engine, home: Path, now: datetime) -> list[Signer]:
    wanted: dict[str, tuple[Role, ...]] = {AUTHOR: ("author",), OTHER: DECIDING}
    with engine.begin() as connection:
        known = {actor.name for actor in list_actors(connection)}
        for name, roles in wanted.items():
            if name not in known:
                signer = make_actor(connection, name, *roles, now=now)
                write_private_key(home / "keys" / f"{name}.key", signer.private_key)
    return [
        Signer(name=name, private_key=read_private_key(home / "keys" / f"{name}.key"))
        for name in wanted
    ]
