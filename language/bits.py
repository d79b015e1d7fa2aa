"""Three values for many rows at once: two bits a row, packed 64 to a word.

`true` holds where a condition is known to hold, `possible` where it is not known to fail. Kleene's
`and`, `or` and `not` are then two operations on words each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

WORD = 64
_STRETCH = 1024
"""Words that are unpacked together: they fit the processor's nearest cache."""


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
    rows, flags = np.empty(count, np.uint32), np.empty(count, np.bool_)
    at = 0
    for start in range(0, len(possible), _STRETCH):
        stretch = slice(start, start + _STRETCH)
        if possible[stretch].any():
            found = np.flatnonzero(_unpack(possible[stretch]))
            end = at + len(found)
            np.take(_unpack(true[stretch]), found, out=flags[at:end], mode="clip")
            np.add(found, start * WORD, out=rows[at:end], casting="unsafe")
            at = end
    return rows, flags


def _unpack(words: Words) -> Flags:
    return np.unpackbits(words.view(np.uint8), bitorder="little").view(np.bool_)
