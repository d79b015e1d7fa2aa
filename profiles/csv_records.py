"""The records of a piece of a CSV file: regular lines read at once, odd ones looked at singly.

A line is regular if it has the right number of cells, its quotes stand at the ends of cells, and
nothing in it is no text. Odd lines are those of quoted cells that hold quotes or line breaks, and
those that are no records, which are told with a reason (RFC 4180).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.csv_encoding import FOREIGN
from profiles.row_block import NONE_BROKEN

LONGEST_RECORD = 20
"""Lines that one quoted cell may go on for."""
UNREADABLE = "\ufffd"
NO_TEXT = "holds bytes that are no text in the file's encoding"

_WELL_FORMED = r'^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$'
_QUOTED = r'"(?:[^"]|"")*"'
_MANY = 0.1
"""The share of lines above which those that look odd are told apart first."""
_CACHED_BYTES = 1 << 18
"""Bytes looked at together: they stay in the processor's cache."""
_LINE_BREAK, _COMMA, _QUOTE = 0x0A, 0x2C, 0x22


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """`cells` as text with their `line`, and `broken`: `line`, `reason` and `text` of the rest.

    `lines` were read for them, empty ones too.
    """

    cells: pl.DataFrame
    broken: pl.DataFrame
    lines: int


def read_records(
    content: bytes, names: list[str], first_line: int, foreign: Sequence[int] = ()
) -> Records:
    """The records of whole lines in UTF-8, each ended by LF alone, under the names given.

    `foreign` are places of lines that were written in another encoding.
    """
    ends, odd = _find_odd_lines(content, len(names))
    odd[list(foreign)] = True
    numbers = pl.int_range(first_line, first_line + len(ends), eager=True).alias("line")
    if not odd.any():
        cells = _read_cells(content, names).insert_column(len(names), numbers)
        return Records(cells=cells, broken=NONE_BROKEN, lines=len(ends))
    places = np.flatnonzero(odd)
    starts = np.concatenate([[0], ends[:-1] + 1])
    regular = _cut_out(content, starts[places], ends[places] + 1)
    cells = _read_cells(regular, names).with_columns(numbers.filter(pl.Series(~odd)))
    texts = [
        content[start:end].decode()
        for start, end in zip(starts[places].tolist(), ends[places].tolist(), strict=True)
    ]
    lines = pl.DataFrame(
        {
            "text": pl.Series(texts, dtype=pl.String),
            "line": numbers.gather(places),
            "foreign": pl.Series(np.isin(places, foreign), dtype=pl.Boolean),
        }
    )
    single, broken = _look_singly(lines, names)
    if single.height:
        cells = cells.merge_sorted(single, key="line")
    return Records(cells=cells, broken=broken, lines=len(ends))


def _find_odd_lines(
    content: bytes, several: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where the lines end, and which of them are not regular."""
    signs = np.frombuffer(content, dtype=np.uint8)
    separators = _find(signs, _COMMA, _LINE_BREAK)
    ends = separators[signs[separators] == _LINE_BREAK]
    cells = np.diff(np.flatnonzero(signs[separators] == _LINE_BREAK), prepend=-1)
    odd = np.zeros(len(ends), dtype=np.bool_)
    if b'"' in content:
        odd = _find_not_plainly_quoted(signs, separators, ends)
        if odd.mean() > _MANY:
            odd[:] = False
            cells -= _count_quoted(signs, separators, ends, odd)
    odd |= cells != several
    for sign in (b"\0", UNREADABLE.encode()):
        if sign in content:
            places = [found.start() for found in re.finditer(re.escape(sign), content)]
            odd[np.searchsorted(ends, places)] = True
    if several == 1:
        # A line of spaces would be a cell of its own.
        odd[:] = True
    return ends, odd


def _find(signs: npt.NDArray[np.uint8], sign: int, other: int) -> npt.NDArray[np.int64]:
    """Where one of two signs stands."""
    found = []
    for start in range(0, len(signs), _CACHED_BYTES):
        piece = signs[start : start + _CACHED_BYTES]
        found.append(np.flatnonzero((piece == sign) | (piece == other)) + start)
    return np.concatenate(found)


def _find_not_plainly_quoted(
    signs: npt.NDArray[np.uint8],
    separators: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Lines with other quotes than one at each end of a cell without commas.

    Regular ones are among them, too; to tell them takes longer (`_count_quoted`).
    """
    begins = np.concatenate([[0], separators[:-1] + 1])
    opened = signs[begins] == _QUOTE
    closed = signs[separators - 1] == _QUOTE
    closed[separators == begins] = False
    misfit = (opened != closed) | (opened & (separators - begins < 2))
    first = np.concatenate([[0], np.flatnonzero(signs[separators] == _LINE_BREAK)[:-1] + 1])
    starts = np.concatenate([[0], ends[:-1] + 1])
    quotes = np.add.reduceat(signs == _QUOTE, starts, dtype=np.int64)
    odd: npt.NDArray[np.bool_] = np.logical_or.reduceat(misfit, first)
    odd |= quotes != 2 * np.add.reduceat(opened, first, dtype=np.int64)
    _mark_open(odd, quotes)
    return odd


def _mark_open(odd: npt.NDArray[np.bool_], quotes: npt.NDArray[np.int64]) -> None:
    """Mark lines with an odd number of quotes, and those that may belong to their cells."""
    unclosed = np.flatnonzero(quotes % 2 == 1)
    odd[unclosed] = True
    for start, end in zip(unclosed[:-1].tolist(), unclosed[1:].tolist(), strict=True):
        if end - start < LONGEST_RECORD:
            odd[start:end] = True


def _count_quoted(
    signs: npt.NDArray[np.uint8],
    separators: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    odd: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """For each line the commas within quotes, which part no cells; marks odd lines on the way."""
    places = _find(signs, _QUOTE, _QUOTE)
    lines = np.searchsorted(ends, places)
    counts = np.bincount(lines, minlength=len(ends))
    _mark_open(odd, counts)
    closes = (np.arange(len(places)) - (np.cumsum(counts) - counts)[lines]) % 2 == 1
    # The file's first line has no sign before it, but its last has one behind it: the line's end.
    ahead = np.where(places == 0, _LINE_BREAK, signs[places - 1])
    neighbour = np.where(closes, signs[places + 1], ahead)
    misplaced = (neighbour != _COMMA) & (neighbour != _LINE_BREAK)
    odd[lines[misplaced]] = True
    commas = np.searchsorted(separators, places)
    closing = np.flatnonzero(closes)
    quoted = commas[closing] - commas[closing - 1]
    return np.bincount(lines[closing], weights=quoted, minlength=len(ends)).astype(np.int64)


def _cut_out(content: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> bytes:
    kept = []
    place = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if place < start:
            kept.append(content[place:start])
        place = end
    kept.append(content[place:])
    return b"".join(kept)


def _look_singly(frame: pl.DataFrame, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells of lines that are records after all, and the lines that are none."""
    frame = frame.with_columns(quotes=pl.col("text").str.count_matches('"', literal=True))
    if (frame["quotes"] % 2 == 1).any():
        frame = _join_quoted_lines(frame, len(names))
    frame = frame.filter(pl.col("text").str.strip_chars() != "").with_columns(
        cells=_count_cells(pl.col("text"), pl.col("quotes"))
    )
    several = len(names)
    found = pl.format("has {} cells, not " + str(several), pl.col("cells"))
    reasons = frame.with_columns(
        pl.when("foreign")
        .then(pl.lit(FOREIGN))
        .when(pl.col("text").str.contains(UNREADABLE, literal=True))
        .then(pl.lit(NO_TEXT))
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
    content = (whole["text"].str.join("\n").item() + "\n").encode() if whole.height else b""
    return _read_cells(content, names).with_columns(line=whole["line"]), broken


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

    Walks over the lines with an odd number of quotes only; the lines between two of them that may
    belong together are all there.
    """
    odd = (frame["quotes"] % 2 == 1).arg_true().to_list()
    numbers = frame["line"].gather(odd).to_list()
    gone: list[int] = []
    starts: list[int] = []
    joined: list[str] = []
    foreign: list[bool] = []
    place = 0
    while place + 1 < len(odd):
        start, end = odd[place], odd[place + 1]
        if numbers[place + 1] - numbers[place] < LONGEST_RECORD:
            # The line break inside the cell becomes a space.
            text = " ".join(frame["text"][start : end + 1])
            if _count_quoted_cells(text) == several:
                starts.append(start)
                joined.append(text)
                foreign.append(frame["foreign"][start : end + 1].any())
                gone += range(start + 1, end + 1)
                place += 2
                continue
        place += 1
    if not starts:
        return frame
    return frame.with_columns(
        frame["text"].scatter(starts, joined),
        frame["quotes"].scatter(starts, [2] * len(starts)),
        frame["foreign"].scatter(starts, foreign),
        kept=pl.repeat(True, frame.height, eager=True).scatter(gone, False),
    ).filter("kept")


def _count_quoted_cells(text: str) -> int | None:
    """As `_count_cells`, for one record."""
    if not re.fullmatch(_WELL_FORMED, text):
        return None
    return re.sub(_QUOTED, "", text).count(",") + 1


def _read_cells(content: bytes, names: list[str]) -> pl.DataFrame:
    """Well-formed records of the right number of cells as columns of text."""
    schema = dict.fromkeys(names, pl.String())
    if not content:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        content,
        has_header=False,
        schema=schema,
        quote_char='"' if b'"' in content else None,
        comment_prefix=None,
        null_values=None,
        try_parse_dates=False,
    )
