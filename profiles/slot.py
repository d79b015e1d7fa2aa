"""Slots: into which of a fixed number of places a key falls, the same in every release.

Rows of one key lie in one slot of every dataset, so that a part of a snapshot is made of some
slots of each release, and nothing ever has to be looked up in a whole city.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

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
    count = len(keys)
    texts = keys.fill_null("")
    lengths = texts.str.len_bytes()
    padded = np.zeros((count, _WIDTH), np.uint8)
    if count:
        sizes = lengths.to_numpy()
        width = int(sizes.max())
        if int(sizes.min()) != width or width > _WIDTH:
            texts = texts.str.head(_WIDTH).str.pad_end(_WIDTH, "\0")
            width = _WIDTH
        joined = texts.str.join("").item().encode()
        # characters beyond ASCII are longer than one byte: such keys are none, but have a slot
        if len(joined) == count * width:
            padded[:, :width] = np.frombuffer(joined, np.uint8).reshape(count, width)
        else:
            for place, text in enumerate(texts):
                held = text.encode()[:_WIDTH]
                padded[place, : len(held)] = np.frombuffer(held, np.uint8)
    return padded.view("<u8").astype(np.uint64, copy=False)
