"""Sheets of workbooks (.xlsx), read by a process of its own with limits.

A small workbook may unpack to terabytes, say it has a billion rows or name files of this machine:
the process that reads it ends where it reaches a limit, and the delivery is refused.
"""

import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import polars as pl

from profiles import workbook_child
from profiles.column_mapping import ColumnMapping
from profiles.dataset import Dataset
from profiles.errors import DeliveryRefused
from profiles.heading import Heading, match_header
from profiles.row_block import NONE_BROKEN, RowBlock

BLOCK_ROWS = 20_000
DEADLINE_SECONDS = 1_200.0
LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "memory_bytes": 1536 * 1024**2,
        "seconds": 600,
        "unpacked_bytes": 4 * 1024**3,
        "rows": 1_048_576,
        "columns": 1_000,
        "characters": 32_767,
    }
)
"""Of the process that reads; rows and characters of a cell are those of the format (ECMA-376)."""


def read_workbook_rows(
    source: Path, dataset: Dataset, mapping: ColumnMapping | None, sheet: str | None
) -> Iterator[RowBlock]:
    """The rows of a sheet, by default the first that is not hidden, under its first filled row.

    Raises `DeliveryRefused` before the first of them, or where a limit is reached.
    """
    child = _Child(source, sheet)
    try:
        first = child.next_row()
        if first is None:
            raise DeliveryRefused(source.name, ["is empty: it has not even a header"])
        header = tuple(cell or "" for cell in first[1])
        heading = match_header(source.name, header, dataset, mapping)
    except BaseException:
        child.end()
        raise
    blocks = _read_blocks(child, heading)
    # Also where nobody ever asks for the first block.
    weakref.finalize(blocks, child.end)
    return blocks


class _Child:
    """The process that reads. Its `end` may be called at any time, and again."""

    def __init__(self, source: Path, sheet: str | None) -> None:
        self.file = source.name
        self.late = False
        arguments = [json.dumps(dict(LIMITS)), str(source.resolve())]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-I", workbook_child.__file__),
                *arguments,
                *([] if sheet is None else [sheet]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Threads of a library that is not needed would take more memory than there is.
            env={"OPENBLAS_NUM_THREADS": "1", "OPENPYXL_LXML": "False", "LANG": "C.UTF-8"},
        )
        assert self.process.stdout is not None
        self.output: IO[bytes] = self.process.stdout
        self.timer = threading.Timer(DEADLINE_SECONDS, self._stop)
        self.timer.daemon = True
        self.timer.start()

    def _stop(self) -> None:
        self.late = True
        self.process.kill()

    def next_row(self) -> tuple[int, list[str | None]] | None:
        """The number and cells of the next filled row; None after the last."""
        line = self.output.readline()
        if not line.endswith(b"\n"):
            raise DeliveryRefused(self.file, [self._tell_end()])
        first, *rest = json.loads(line)
        if first == "end":
            return None
        if first == "refused":
            raise DeliveryRefused(self.file, rest)
        cells: list[str | None] = rest[0]
        return int(first), cells

    def _tell_end(self) -> str:
        """Why the process ended without a word."""
        code = self.process.wait()
        seconds = DEADLINE_SECONDS if self.late else LIMITS["seconds"]
        if self.late or code in (-9, -24):  # killed, or SIGXCPU
            return f"takes more than {seconds:.0f} seconds to read: deliver it as CSV"
        return workbook_child.NO_WORKBOOK

    def end(self) -> None:
        self.timer.cancel()
        self.process.kill()
        self.output.close()
        self.process.wait()


def _read_blocks(child: _Child, heading: Heading) -> Iterator[RowBlock]:
    width = len(heading.cells)
    rows: list[tuple[int, list[str | None]]] = []
    broken: list[dict[str, Any]] = []
    try:
        while (row := child.next_row()) is not None:
            number, cells = row
            if len(cells) > width:
                reason = f"has {len(cells)} cells, not {width}"
                text = ",".join(cell or "" for cell in cells)
                broken.append({"line": number, "reason": reason, "text": text})
            else:
                rows.append((number, cells + [None] * (width - len(cells))))
            if len(rows) + len(broken) >= BLOCK_ROWS:
                yield _to_block(rows, broken, heading)
                rows, broken = [], []
        if rows or broken:
            yield _to_block(rows, broken, heading)
    finally:
        child.end()


def _to_block(
    rows: list[tuple[int, list[str | None]]], broken: list[dict[str, Any]], heading: Heading
) -> RowBlock:
    lines = [number for number, _ in rows]
    columns = {"line": pl.Series("line", lines, dtype=pl.Int64)}
    for place, name in enumerate(heading.names):
        if name is not None:
            texts = [cells[place] for _, cells in rows]
            columns[name] = pl.Series(name, texts, dtype=pl.String)
    done = max(lines[-1] if lines else 0, broken[-1]["line"] if broken else 0)
    return RowBlock(
        cells=pl.DataFrame(columns).select("line", *heading.columns),
        heading=heading.cells,
        columns=heading.columns,
        broken=pl.DataFrame(broken, schema=NONE_BROKEN.schema),
        done=done,
        total=done,
    )
