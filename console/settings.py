"""Where this installation keeps its things, from the command line and the environment.

Only this package reads the clock and the environment.
"""

import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.errors import KeyLost, NotInitialised, VariableMissing
from profiles.folder import write_json

THREADS = "POLARS_MAX_THREADS"
"""How many threads Polars works with, read when a process loads it."""

DEFAULT_HOME = "zhida-home"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The folder of one installation, its database, and the Dask scheduler whose workers decide."""

    home: Path
    database_url: str
    scheduler: str | None = None

    @property
    def key_file(self) -> Path:
        return self.home / "key"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def outcomes(self) -> Path:
        return self.home / "outcomes"

    @property
    def programs(self) -> Path:
        return self.home / "programs"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def limits(self) -> Path:
        return self.home / "limits.yaml"

    @property
    def maildir(self) -> Path:
        return self.home / "maildir"


def read_settings(home: Path | None) -> Settings:
    """Settings from `--home` or ZHIDA_HOME (default ./zhida-home), ZHIDA_DATABASE_URL and
    ZHIDA_SCHEDULER.

    Without a database's address it is a SQLite file in the home folder; without a scheduler this
    machine decides.
    """
    folder = home or Path(os.environ.get("ZHIDA_HOME") or DEFAULT_HOME)
    folder = folder.expanduser().resolve()
    url = os.environ.get("ZHIDA_DATABASE_URL") or f"sqlite:///{folder / 'zhida.db'}"
    scheduler = os.environ.get("ZHIDA_SCHEDULER") or None
    return Settings(home=folder, database_url=url, scheduler=scheduler)


def read_variable(name: str) -> str:
    """A variable of the environment that the command line names. Raises VariableMissing."""
    value = os.environ.get(name)
    if not value:
        raise VariableMissing(f"the environment has no {name}: set it to the database's address")
    return value


def read_acting(name: str | None) -> str:
    """Who acts: the name that the command line gives, else ZHIDA_ACTOR. Raises VariableMissing."""
    found = name or os.environ.get("ZHIDA_ACTOR")
    if not found:
        raise VariableMissing("say who acts: --as NAME, or set ZHIDA_ACTOR")
    return found


def names_actor(name: str | None) -> bool:
    """Whether the command line or the environment says who acts."""
    return bool(name or os.environ.get("ZHIDA_ACTOR"))


def read_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def read_account() -> str:
    """The account on this machine that runs the command: who did it, for the journal."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def make_home(settings: Settings) -> bool:
    """Make the folder and its secret key; False where there was one already."""
    settings.home.mkdir(parents=True, exist_ok=True)
    for folder in (settings.releases, settings.snapshots, settings.outcomes, settings.programs):
        folder.mkdir(exist_ok=True)
    if settings.key_file.exists():
        return False
    if any(settings.snapshots.iterdir()) or any(settings.releases.iterdir()):
        # under a new key everybody would be somebody else, and be paid a second time
        raise KeyLost(settings.key_file)
    # exclusive and private from the first byte: the key turns identity numbers into subject ids
    handle = os.open(settings.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    write_json(settings.home / "zhida.json", {"format": "zhida-home-1"})
    return True


def read_key(settings: Settings) -> bytes:
    """The key of this installation. Raises NotInitialised where there is no home, KeyLost
    where there is one without its key."""
    try:
        key = settings.key_file.read_bytes()
    except OSError:
        if (settings.home / "zhida.json").exists():
            raise KeyLost(settings.key_file) from None
        raise NotInitialised(settings.home) from None
    if len(key) != KEY_BYTES:
        raise KeyLost(settings.key_file)
    return key


@contextmanager
def one_thread_each() -> Iterator[None]:
    """While this holds, a process that is started works with one thread of Polars."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[THREADS]
        if before is not None:
            os.environ[THREADS] = before
