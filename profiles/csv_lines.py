"""CSV files as departments write them, read in blocks so that no bad line costs a good one.

A record ends with its line unless a quoted cell goes on; where quotes do not close, the line
itself is set aside and the next one read for its own sake (RFC 4180 for the rest).
"""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from profiles.errors import DeliveryRefused

BLOCK_BYTES = 32 * 1024 * 1024
LONGEST_HEADER = 100_000
LONGEST_RECORD = 20
"""Lines that one quoted cell may go on for."""

_WELL_FORMED = r'^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$'
_QUOTED = r'"(?:[^"]|"")*"'
_SAMPLED_LINES = 20_000
_LONGEST_TAIL = 1_000
_UNREADABLE = "�"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Records of a file: `cells` as text with their `line`, and lines that are no records."""

    cells: pl.DataFrame
    broken: pl.DataFrame
    bytes_read: int


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
        encoding = _detect_encoding(path)
        lines = 0
        for raw in file:
            lines += 1
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
        raise DeliveryRefused(name, ["is not text: it holds NUL bytes"])
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
        rest = b""
        ended = False
        while not ended:
            read = file.read(block_bytes)
            ended = len(read) < block_bytes
            chunk = rest + read
            if not ended:
                cut = chunk.rfind(b"\n") + 1
                chunk, rest = chunk[:cut], chunk[cut:]
            lines, kept_back = _split_lines(chunk, source.encoding, keep_open=not ended)
            if kept_back:
                rest = chunk[_find_last_lines(chunk, kept_back) :] + rest
            height = len(lines)
            if height:
                yield _read_records(
                    lines, pl.int_range(line, line + height, eager=True), names, file.tell()
                )
            line += height


def _detect_encoding(path: Path) -> str:
    """UTF-8, or GB18030 (which holds GBK) where most lines that tell are not UTF-8.

    Single bad bytes do not turn a UTF-8 file into another; their lines are set aside later.
    """
    with path.open("rb") as file:
        telling = list(itertools.islice((raw for raw in file if not raw.isascii()), _SAMPLED_LINES))
    utf8 = sum(_is_utf8(raw) for raw in telling)
    return "utf-8" if 2 * utf8 >= len(telling) else "gb18030"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _split_lines(chunk: bytes, encoding: str, *, keep_open: bool) -> tuple[pl.Series, int]:
    """Lines of a chunk, and how many at its end may belong to a cell that the next one ends."""
    text = chunk.decode(encoding, errors="replace")
    lines = pl.Series([text.removesuffix("\n")], dtype=pl.String).str.split("\n").explode()
    if not chunk:
        return lines.clear(), 0
    lines = lines.str.strip_suffix("\r")
    kept_back = _count_open_lines(lines) if keep_open else 0
    return lines.head(len(lines) - kept_back), kept_back


def _count_open_lines(lines: pl.Series) -> int:
    """Lines at the end from the first of the last ones with an odd number of quotes on."""
    tail = lines.tail(_LONGEST_TAIL)
    start = len(tail)
    for place in reversed((tail.str.count_matches('"', literal=True) % 2 == 1).arg_true()):
        if start - place > LONGEST_RECORD:
            break
        start = int(place)
    return len(tail) - start


def _find_last_lines(chunk: bytes, several: int) -> int:
    """Where the last lines of a chunk that ends with a line begin."""
    place = len(chunk) - 1
    for _ in range(several):
        place = chunk.rfind(b"\n", 0, place)
    return place + 1


def _read_records(lines: pl.Series, numbers: pl.Series, names: list[str], bytes_read: int) -> Block:
    frame = pl.DataFrame({"text": lines, "line": numbers}).with_columns(
        quotes=pl.col("text").str.count_matches('"', literal=True)
    )
    if (frame["quotes"] % 2 == 1).any():
        frame = _join_quoted_lines(frame, len(names))
    frame = frame.filter(pl.col("text").str.strip_chars() != "").with_columns(
        cells=_count_cells(pl.col("text"), pl.col("quotes"))
    )
    several = len(names)
    found = pl.format("has {} cells, not " + str(several), pl.col("cells"))
    reasons = frame.with_columns(
        pl.when(pl.col("text").str.contains(_UNREADABLE, literal=True))
        .then(pl.lit("holds bytes that are no text in the file's encoding"))
        .when(pl.col("text").str.contains("\0", literal=True))
        .then(pl.lit("holds NUL bytes"))
        .when(pl.col("cells").is_null())
        .then(pl.lit("a quotation mark stands inside a cell or is not closed"))
        .when(pl.col("cells") != several)
        .then(found)
        .otherwise(None)
        .alias("reason")
    )
    whole = reasons.filter(pl.col("reason").is_null())
    broken = reasons.filter(pl.col("reason").is_not_null()).select("line", "reason", "text")
    cells = _read_cells(whole["text"], names)
    return Block(cells=cells.with_columns(line=whole["line"]), broken=broken, bytes_read=bytes_read)


def _count_cells(text: pl.Expr, quotes: pl.Expr) -> pl.Expr:
    """Cells of each record, null where its quotes are out of order."""
    bare = text.str.replace_all(_QUOTED, "")
    return (
        pl.when(quotes == 0)
        .then(text.str.count_matches(",", literal=True) + 1)
        .when(text.str.contains(_WELL_FORMED))
        .then(bare.str.count_matches(",", literal=True) + 1)
        .otherwise(None)
    )


def _join_quoted_lines(frame: pl.DataFrame, several: int) -> pl.DataFrame:
    """Lines whose quoted cell goes on, joined with those that end it; the rest as it stands.

    Walks over the lines with an odd number of quotes only.
    """
    odd = (frame["quotes"] % 2 == 1).arg_true().to_list()
    gone: list[int] = []
    starts: list[int] = []
    joined: list[str] = []
    place = 0
    while place + 1 < len(odd):
        start, end = odd[place], odd[place + 1]
        if end - start < LONGEST_RECORD:
            # The line break inside the cell becomes a space.
            text = " ".join(frame["text"][start : end + 1])
            if _count_quoted_cells(text) == several:
                starts.append(start)
                joined.append(text)
                gone += range(start + 1, end + 1)
                place += 2
                continue
        place += 1
    if not starts:
        return frame
    return frame.with_columns(
        frame["text"].scatter(starts, joined),
        frame["quotes"].scatter(starts, [2] * len(starts)),
        kept=pl.repeat(True, frame.height, eager=True).scatter(gone, False),
    ).filter("kept")


def _count_quoted_cells(text: str) -> int | None:
    """As `_count_cells`, for one record."""
    if not re.fullmatch(_WELL_FORMED, text):
        return None
    return re.sub(_QUOTED, "", text).count(",") + 1


def _read_cells(texts: pl.Series, names: list[str]) -> pl.DataFrame:
    """Well-formed records of the right number of cells as columns of text."""
    schema = dict.fromkeys(names, pl.String())
    if not len(texts):
        return pl.DataFrame(schema=schema)
    joined = texts.str.join("\n").item() + "\n"
    return pl.read_csv(
        io.BytesIO(joined.encode()),
        has_header=False,
        schema=schema,
        quote_char='"',
        comment_prefix=None,
        null_values=None,
        try_parse_dates=False,
    )
