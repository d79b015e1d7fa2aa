"""Chance without state: every draw is a function of (seed, what it is about, subject, part).

A splitmix64 finaliser over these four gives 53 random bits. So any block of subjects, in any order
and of any size, gets the same values; a new attribute does not shift the others; and the history of
a subject does not depend on the day on which somebody looks. A `numpy.random.Generator` seeded by
block would tie the content to the size of the blocks.

Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014 (the finaliser and its constants).
"""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, about: str, subject: Ints, part: Ints | int | None = None) -> Floats:
    """Numbers strictly between 0 and 1, one for each subject (and part of it)."""
    word = _mix(np.atleast_1d(subject).astype(np.uint64) * _STEP + _stream(seed, about))
    if part is not None:
        word = _mix(word ^ (np.atleast_1d(np.asarray(part)).astype(np.uint64) * _STEP + _FIRST))
    # floor to 53 bits, then half a step up: never 0, never 1
    return (word >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def normal(seed: int, about: str, subject: Ints, part: Ints | int | None = None) -> Floats:
    """Standard normal deviates (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(uniform(seed, about, subject, part)))
    angle = uniform(seed, about + "/angle", subject, part)
    return np.asarray(radius * np.cos(2.0 * np.pi * angle), dtype=np.float64)


def exponential(seed: int, about: str, subject: Ints, part: Ints | int | None = None) -> Floats:
    """Exponential deviates of mean 1."""
    return np.asarray(-np.log(uniform(seed, about, subject, part)), dtype=np.float64)


def happens(
    seed: int, about: str, subject: Ints, share: Floats | float, part: Ints | int | None = None
) -> Flags:
    """True for about `share` of the subjects."""
    return np.asarray(uniform(seed, about, subject, part) < share, dtype=np.bool_)


def whole(seed: int, about: str, subject: Ints, below: int, part: Ints | int | None = None) -> Ints:
    """Whole numbers from 0 to below `below`, all as likely."""
    return np.floor(uniform(seed, about, subject, part) * below).astype(np.int64)


def pick(
    seed: int, about: str, subject: Ints, weights: Floats, part: Ints | int | None = None
) -> Ints:
    """Positions in `weights`, as often as they weigh."""
    bounds = np.cumsum(weights) / np.sum(weights)
    chosen = np.searchsorted(bounds, uniform(seed, about, subject, part), side="right")
    return np.minimum(chosen, len(weights) - 1).astype(np.int64)


def pick_by(seed: int, about: str, subject: Ints, row: Ints, table: Floats) -> Ints:
    """Positions in the row of `table` that each subject has, as often as they weigh there."""
    bounds = np.cumsum(table, axis=1) / np.sum(table, axis=1, keepdims=True)
    drawn = uniform(seed, about, subject)
    above = np.zeros(len(drawn), dtype=np.int64)
    for column in range(table.shape[1] - 1):
        above += drawn >= bounds[row, column]
    return above


def _mix(word: Words) -> Words:
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


@lru_cache(maxsize=1024)
def _stream(seed: int, about: str) -> np.uint64:
    name = f"{seed}/{about}".encode()
    return np.uint64(int.from_bytes(blake2b(name, digest_size=8).digest(), "little"))
