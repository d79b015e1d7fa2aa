"""Three values for many rows at once: two bits a row, packed 64 to a word.

`true` holds where a condition is known to hold, `possible` where it is not known to fail. Kleene's
`and`, `or` and `not` are then two operations on words each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

WORD = 64
_STRETCH = 4096
"""Words that are unpacked together: few enough for the processor's cache, many enough that threads
do not wait for the interpreter between operations."""
_THIN = 20
"""With fewer than one row in so many, most bytes are empty, and are passed over."""


@dataclass(frozen=True, slots=True)
class Bits:
    """One condition over a block of rows; both arrays are the same where nothing is unknown."""

    true: Words
    possible: Words


def word_count(rows: int) -> int:
    """How many words hold so many rows."""
    return -(-rows // WORD)


def pack(flags: npt.NDArray[Any]) -> Words:
    """Flags as words, the last one filled up with zeros."""
    packed = np.packbits(flags, bitorder="little")
    short = -len(packed) % 8
    if short:
        packed = np.concatenate([packed, np.zeros(short, np.uint8)])
    return packed.view(np.uint64)


def words_of(flags: pl.Series) -> Words:
    """A column of flags as words: its own bits, of which missing ones and the rest are zeros."""
    array = flags.fill_null(False).rechunk().to_arrow()
    start, beyond = divmod(array.offset, 8)
    count = len(flags)
    if beyond:  # a slice within a byte
        return pack(flags.fill_null(False).to_numpy())
    words = np.zeros(word_count(count), np.uint64)
    held = words.view(np.uint8)
    taken = -(-count // 8)
    held[:taken] = np.frombuffer(array.buffers()[1], np.uint8)[start : start + taken]
    if count % 8:
        held[taken - 1] &= (1 << count % 8) - 1
    return words


def constant(value: bool | None, words: int) -> Bits:
    """The same value in every row; None is unknown."""
    none, every = np.zeros(words, np.uint64), np.full(words, ~np.uint64(0))
    return Bits(every if value else none, none if value is False else every)


def both(parts: Sequence[Bits]) -> Bits:
    """Kleene `and`."""
    true, possible = parts[0].true, parts[0].possible
    for part in parts[1:]:
        same = true is possible and part.true is part.possible
        possible = possible & part.possible
        true = possible if same else true & part.true
    return Bits(true, possible)


def either(parts: Sequence[Bits]) -> Bits:
    """Kleene `or`."""
    true, possible = parts[0].true, parts[0].possible
    for part in parts[1:]:
        same = true is possible and part.true is part.possible
        possible = possible | part.possible
        true = possible if same else true | part.true
    return Bits(true, possible)


def opposite(part: Bits) -> Bits:
    """Kleene `not`."""
    true = ~part.possible
    return Bits(true, true if part.true is part.possible else ~part.true)


def find_rows(possible: Words, true: Words) -> tuple[Rows, Flags]:
    """The numbers of the rows whose `possible` bit is set, ascending, and whether `true` is."""
    count = int(np.bitwise_count(possible).sum())
    if count * _THIN < len(possible) * WORD:
        return _find_few(possible, true)
    rows, flags = np.empty(count, np.uint32), np.empty(count, np.bool_)
    at = 0
    for start in range(0, len(possible), _STRETCH):
        stretch = slice(start, start + _STRETCH)
        found = np.flatnonzero(_unpack(possible[stretch]))
        end = at + len(found)
        np.take(_unpack(true[stretch]), found, out=flags[at:end], mode="clip")
        np.add(found, start * WORD, out=rows[at:end], casting="unsafe")
        at = end
    return rows, flags


def _find_few(possible: Words, true: Words) -> tuple[Rows, Flags]:
    """As `find_rows`, by way of the bytes that are not empty."""
    held = possible.view(np.uint8)
    places = np.flatnonzero(held)
    found = np.flatnonzero(_unpack(held[places]))
    rows = (places[found >> 3] * 8 + (found & 7)).astype(np.uint32)
    return rows, _unpack(true.view(np.uint8)[places])[found]


def _unpack(words: npt.NDArray[Any]) -> Flags:
    return np.unpackbits(words.view(np.uint8), bitorder="little").view(np.bool_)
