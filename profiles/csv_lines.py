"""CSV files as departments write them, read in blocks so that no bad line costs a good one.

A record ends with its line unless a quoted cell goes on; where quotes do not close, the line
itself is set aside and the next one read for its own sake (RFC 4180 for the rest).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from profiles.csv_encoding import can_be, detect_encoding, to_plain
from profiles.csv_records import LONGEST_RECORD, read_records
from profiles.errors import DeliveryRefused

BLOCK_BYTES = 8 * 1024 * 1024
LONGEST_HEADER = 100_000
LONGEST_LINE = 32 * 1024 * 1024
_LONGEST_TAIL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Records of a file: `cells` as text with their `line`, and lines that are no records.

    `ended` is false of the last one where its last line has no line break.
    """

    cells: pl.DataFrame
    broken: pl.DataFrame
    bytes_read: int
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """A CSV file's encoding and its header."""

    path: Path
    encoding: str
    header: tuple[str, ...]
    header_bytes: int
    header_lines: int


def open_csv(path: Path) -> CsvFile:
    """The header of a CSV file. Raises `DeliveryRefused` where it has none."""
    name = path.name
    with path.open("rb") as file:
        start = file.read(4)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise DeliveryRefused(name, ["is UTF-16 text: save it as CSV (UTF-8)"])
        if start[:2] == b"PK":
            raise DeliveryRefused(name, ["is a workbook or an archive: save it as CSV (UTF-8)"])
        file.seek(0)
        encoding = detect_encoding(path)
        lines = 0
        for raw in file:
            lines += 1
            if not can_be(raw, encoding):
                raise DeliveryRefused(name, [_other_heading(encoding)])
            text = raw.decode(encoding, errors="replace").lstrip("\ufeff").rstrip("\r\n")
            if text.strip():
                break
            if lines > 100:
                raise DeliveryRefused(name, ["begins with 100 empty lines"])
        else:
            raise DeliveryRefused(name, ["is empty: it has not even a header"])
        end = file.tell()
    if len(text) > LONGEST_HEADER:
        raise DeliveryRefused(name, ["its first line is too long for a header"])
    if "\0" in text:
        raise DeliveryRefused(name, ["holds NUL bytes, as UTF-16 does: save it as CSV (UTF-8)"])
    if "\r" in text:
        raise DeliveryRefused(name, ["its lines end in CR alone: save it with LF or CRLF"])
    header = tuple(cell.strip() for cell in next(csv.reader([text], strict=False)))
    if len(header) == 1:
        for sign, word in (("\t", "tabs"), (";", "semicolons"), ("|", "bars")):
            if sign in text:
                raise DeliveryRefused(name, [f"its cells are parted by {word}: part them by ,"])
    return CsvFile(
        path=path, encoding=encoding, header=header, header_bytes=end, header_lines=lines
    )


def read_blocks(source: CsvFile, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The file's records under its header's names, in order, block by block."""
    names = [f"cell_{place}" for place in range(len(source.header))]
    line = source.header_lines + 1
    with source.path.open("rb") as file:
        file.seek(source.header_bytes)
        for lines in _read_lines(source.path.name, file, block_bytes):
            # Spaces behind the last line are no line that was cut off.
            ended = not lines[lines.rfind(b"\n") + 1 :].strip()
            whole = lines if lines.endswith(b"\n") else lines + b"\n"
            plain, foreign = to_plain(whole, source.encoding)
            records = read_records(plain, names, line, foreign)
            yield Block(
                cells=records.cells, broken=records.broken, bytes_read=file.tell(), ended=ended
            )
            line += records.lines


def _read_lines(name: str, file: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    """Whole lines, as many as fit a block; lines of one record are never parted.

    The last may have no line break. Raises `DeliveryRefused` where a line has no end.
    """
    rest = b""
    while read := file.read(block_bytes):
        chunk = rest + read
        cut = chunk.rfind(b"\n") + 1
        cut -= _count_open_bytes(chunk[:cut])
        rest = chunk[cut:]
        if cut:
            yield chunk[:cut]
        elif len(rest) > LONGEST_LINE:
            size = f"{LONGEST_LINE // 1024**2} MB"
            raise DeliveryRefused(name, [f"goes on for {size} without a line break: is it CSV?"])
    if rest:
        yield rest


def _count_open_bytes(lines: bytes) -> int:
    """Bytes from the first of the last lines with an odd number of quotes on.

    They may belong to a cell that goes on behind them. The bytes of a quote and of a line break
    stand for nothing else in either encoding.
    """
    tail = lines.rsplit(b"\n", _LONGEST_TAIL + 1)[:-1][-_LONGEST_TAIL:] if b'"' in lines else []
    start = len(tail)
    for place in range(len(tail) - 1, -1, -1):
        if tail[place].count(b'"') % 2 == 1:
            if start - place > LONGEST_RECORD:
                break
            start = place
    return sum(len(line) + 1 for line in tail[start:])


def _other_heading(encoding: str) -> str:
    written = "UTF-8" if encoding == "utf-8" else "GB 18030"
    return f"its heading is not written in {written}, unlike most of its rows: save all as UTF-8"
