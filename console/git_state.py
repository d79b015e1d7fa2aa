"""A policy file as it was at a revision of its git repository, with what stands beside it."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.errors import NothingThere


@contextmanager
def at_revision(file: Path, revision: str) -> Iterator[Path]:
    """The file as it was then, in a folder of its own; tables beside it are there, too.

    Raises NothingThere where git, the repository, the revision or the file is not.
    """
    folder = file.resolve().parent
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options",
                 f"{revision}^{{commit}}")  # fmt: skip
    if found is None:
        raise NothingThere(f'{file}: there is no revision "{revision}" of it in git')
    packed = _git(folder, "archive", "--format=tar", found.decode("ascii").strip())
    with tempfile.TemporaryDirectory(prefix="zhida-git-") as name:
        if packed:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(name, filter="data")
        then = Path(name) / file.name
        if not then.is_file():
            raise NothingThere(f'{file}: it is not in revision "{revision}"')
        yield then


def _git(folder: Path, *words: str) -> bytes | None:
    """What git says in a folder, None where it refuses."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError:
        raise NothingThere("git cannot be run: is it installed?") from None
    return done.stdout if done.returncode == 0 else None
