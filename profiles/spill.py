"""Rows of a delivery on their way to a release: in memory while they are few, else in files.

However many there are, only a share of them (some slots) is in memory at once.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import polars as pl

from profiles.runs import runs_of
from profiles.slot import SLOTS, slots_of

IN_MEMORY = 3_000_000
"""Rows that are gathered before they go to files."""
SHARES = 16
"""Into so many shares rows are parted once they go to files."""
SLOT = "::slot"


class Spill:
    """Takes frames of one form and gives them back in shares of slots, each with its rows' slot.

    A context: what it wrote is gone at its end.
    """

    def __init__(self, key: str, empty: pl.DataFrame, folder: Path) -> None:
        """`empty` has the form of the frames, `key` is the column that says the slot.

        `folder` is for files, and is made when there are any.
        """
        self.key = key
        self.empty = empty
        self.folder = folder
        self.height = 0
        self._held: list[pl.DataFrame] = []
        self._held_rows = 0
        self._rounds = 0

    def __enter__(self) -> "Spill":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows in."""
        if not rows.height:
            return
        self._held.append(rows)
        self._held_rows += rows.height
        self.height += rows.height
        if self._held_rows >= IN_MEMORY:
            self._write()

    def shares(self) -> Iterator[tuple[range, pl.DataFrame]]:
        """All slots, share by share, and their rows in the order in which they came."""
        if not self._rounds:
            rows = pl.concat([self.empty, *self._held])
            self._held.clear()
            yield range(SLOTS), rows
            return
        self._write()
        size = SLOTS // SHARES
        for share in range(SHARES):
            paths = sorted(self.folder.glob(f"{share:02d}-*.arrow"))
            held = [pl.read_ipc(path) for path in paths]
            for path in paths:
                path.unlink()
            rows = pl.concat([self.empty, *held])
            held.clear()
            yield range(share * size, (share + 1) * size), rows

    def _write(self) -> None:
        if not self._held:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = pl.concat(self._held)
        self._held.clear()
        self._held_rows = 0
        runs = runs_of(rows[self.key])
        shares = runs.spread(slots_of(runs.values) // (SLOTS // SHARES))
        order = np.argsort(shares, kind="stable")
        ends = np.cumsum(np.bincount(shares, minlength=SHARES))
        for share, end in enumerate(ends):
            start = 0 if share == 0 else int(ends[share - 1])
            if end > start:
                path = self.folder / f"{share:02d}-{self._rounds:06d}.arrow"
                rows[order[start:end]].write_ipc(path, compression="uncompressed")
        self._rounds += 1
