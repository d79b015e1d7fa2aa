"""Fingerprints of outcomes: sums over rows, the same in any order, by any number of processes.

A row's fingerprint is 128 bits made of what it says and of whom; that of an outcome is the sum of
its rows' (modulo 2^64 in two lanes). So the parts of an outcome can be added up in any order,
and what changes can be taken off and added without reading what stays. Two outcomes that differ by
accident have the same sum once in 2^128 cases. A sum is no seal against somebody who wants two to
be the same: files are sealed by SHA-256, and the journal by its chain.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Lane = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Where the two lanes start: the fractions of the golden ratio and of xxHash's second prime."""
_MULTIPLIERS = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_SHIFT, _ODD = np.uint64(33), np.uint64(1)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Two numbers of 64 bits for each row."""

    first: Lane
    second: Lane

    def __getitem__(self, rows: npt.NDArray[np.generic]) -> "Lanes":
        return Lanes(self.first[rows], self.second[rows])

    def total(self) -> "Sum":
        """The sum over all rows."""
        return Sum(int(self.first.sum(dtype=np.uint64)), int(self.second.sum(dtype=np.uint64)))


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of fingerprints, each lane modulo 2^64."""

    first: int = 0
    second: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum((self.first + other.first) & _MASK, (self.second + other.second) & _MASK)

    def __sub__(self, other: "Sum") -> "Sum":
        return Sum((self.first - other.first) & _MASK, (self.second - other.second) & _MASK)

    def times(self, factor: "Sum") -> "Sum":
        """The sum of rows that all say the same: what they say is a factor of each."""
        return Sum((self.first * factor.first) & _MASK, (self.second * factor.second) & _MASK)

    def __str__(self) -> str:
        return f"{self.first:016x}{self.second:016x}"


NO_ROWS = Sum()


def parse_sum(text: str) -> Sum:
    """The sum that a text of 32 hexadecimal digits stands for."""
    return Sum(int(text[:16], 16), int(text[16:], 16))


def mix_texts(texts: pl.Series) -> Lanes:
    """Two numbers for each text, by its bytes in UTF-8: eight at a time, then how many they are."""
    lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
    count = len(lengths)
    longest = int(lengths.max()) if count else 0
    words = -(-longest // 8)
    joined = np.frombuffer((texts.str.join("").item() or "").encode(), np.uint8)
    if count and longest and (lengths == longest).all():
        room = np.zeros((count, words * 8), np.uint8)
        room[:, :longest] = joined.reshape(count, longest)
    else:
        room = np.zeros((count, words * 8), np.uint8)
        places = np.arange(words * 8) < lengths[:, None]
        room[places] = joined
    columns = room.view("<u8").reshape(count, words) if words else np.zeros((count, 0), "<u8")
    first, second = np.full(count, _FIRST), np.full(count, _SECOND)
    for number in range(words):
        inside = lengths > number * 8
        word = columns[:, number].astype(np.uint64)
        first = np.where(inside, mix(first ^ word), first)
        second = np.where(inside, mix(second ^ word), second)
    size = lengths.astype(np.uint64)
    return Lanes(mix(first ^ size), mix(second ^ size))


def weigh(lanes: Lanes, numbers: npt.NDArray[np.int64]) -> Lanes:
    """Each row's fingerprint times the factor of a number that it says."""
    words = numbers.view(np.uint64)
    return Lanes(
        lanes.first * (mix(words ^ _FIRST) | _ODD), lanes.second * (mix(words ^ _SECOND) | _ODD)
    )


def factor_of_number(number: int) -> Sum:
    """The factor of a number that many rows say."""
    one = np.ones(1, np.uint64)
    return weigh(Lanes(one, one), np.array([number], np.int64)).total()


def join_lanes(lanes: Lanes, others: Lanes) -> Lanes:
    """Each row's fingerprint with that of a text that it says."""
    return Lanes(mix(lanes.first ^ others.first), mix(lanes.second ^ others.second))


def factor_of(texts: Sequence[str]) -> Sum:
    """What many rows say alike, as an odd factor in each lane: SHA-256 of the texts' lengths and
    bytes."""
    digest = hashlib.sha256()
    for text in texts:
        raw = text.encode()
        digest.update(len(raw).to_bytes(8, "little") + raw)
    found = digest.digest()
    return Sum(int.from_bytes(found[:8], "little") | 1, int.from_bytes(found[8:16], "little") | 1)


def mix(numbers: Lane) -> Lane:
    """The finaliser of MurmurHash3 (fmix64): every bit hangs on every bit."""
    mixed = numbers ^ (numbers >> _SHIFT)
    for multiplier in _MULTIPLIERS:
        mixed *= multiplier
        mixed ^= mixed >> _SHIFT
    return mixed
