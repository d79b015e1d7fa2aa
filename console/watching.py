"""Doing something again whenever a file changes."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

PAUSE_S = 0.4
"""Between two looks: short enough to follow a save, long enough to cost nothing."""

Stamps = Mapping[Path, tuple[int, int]]


def stamp_files(paths: Iterable[Path]) -> Stamps:
    """When each file was last written, and how long it is; what is not there has no stamp."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def watch_files(
    files: Callable[[], Iterable[Path]], *, wait: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Path, ...]]:
    """Yields nothing at first, then the changed files each time one is written, made or removed.

    `files` is asked at every look, so that new files are seen.
    """
    before = stamp_files(files())
    yield ()
    while True:
        wait(PAUSE_S)
        now = stamp_files(files())
        if now != before:
            changed = [p for p in {**before, **now} if before.get(p) != now.get(p)]
            before = now
            yield tuple(sorted(changed))
