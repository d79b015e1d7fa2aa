"""Slots: into which of a fixed number of places a key falls, the same in every release.

Rows of one key lie in one slot of every dataset, so that a part of a snapshot is made of some
slots of each release, and nothing ever has to be looked up in a whole city.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles.text_bytes import bytes_of, rows_of_bytes

SLOTS = 64
_WIDTH = 24
"""Bytes of a key that count: credit codes and identity numbers have 18."""
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))
_BITS = np.uint64(64 - SLOTS.bit_length() + 1)


def slots_of(keys: pl.Series) -> npt.NDArray[np.uint8]:
    """The slot of each key (from 0), a multiplicative hash of its bytes; null is slot 0.

    Part of the form of releases: another function would part them otherwise. It is no secret and
    needs none, since keys lie beside it.
    """
    words = _words_of(keys)
    mixed = np.zeros(len(keys), np.uint64)
    for word in words.T:
        mixed ^= word
        mixed *= _MIX[0]
        mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX[1]
    return (mixed >> _BITS).astype(np.uint8)


def _words_of(keys: pl.Series) -> npt.NDArray[np.uint64]:
    """The keys' bytes as little-endian words, filled up with zeros; longer ones are cut."""
    texts = keys.fill_null("")
    padded = np.zeros((len(keys), _WIDTH), np.uint8)
    rows = rows_of_bytes(texts)
    if rows is not None:
        width = min(rows.shape[1], _WIDTH)
        padded[:, :width] = rows[:, :width]
    else:
        offsets, data = bytes_of(texts)
        lengths = np.minimum(np.diff(offsets), _WIDTH)
        for place in range(int(lengths.max(initial=0))):
            longer = lengths > place
            padded[longer, place] = data[offsets[:-1][longer] + place]
    return padded.view("<u8").astype(np.uint64, copy=False)
