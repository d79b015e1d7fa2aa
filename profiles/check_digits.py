"""Identifiers that are right as they are written, told from their bytes alone.

GB 32100-2015 (credit codes) and GB 11643-1999 (resident numbers) both give each character a
value, weigh the values by place, and ask for one remainder of the sum. Nearly every identifier
of a delivery passes at once; what does not is looked at more closely in `profiles.identifier`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

LENGTH = 18
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: digits and capitals without I, O, S, V and Z."""
_RESIDENT_ALPHABET = "0123456789X"
_NOT_IN_ALPHABET = 255
_CHUNK_ROWS = 1 << 14
"""Rows looked at together: their bytes and floats stay in the processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheme:
    """How an identifier is checked.

    `values` translates a byte into its value; `lowest` and `highest` are the values allowed at
    each place; the sum of `weights` times values leaves `remainder` modulo `modulus`.
    """

    values: bytes
    lowest_first: int
    highest: tuple[int, ...]
    weights: tuple[int, ...]
    modulus: int
    remainder: int
    has_birth_date: bool


def right_as_written(identifier: str, texts: pl.Series) -> pl.Series:
    """Whether each text is an identifier in normal form without fault; null is not.

    `identifier` is `uscc` or `resident_id`.
    """
    scheme = _SCHEMES[identifier]
    long_enough = (texts.str.len_bytes() == LENGTH).fill_null(False)
    if long_enough.all():
        return pl.Series(_agree(scheme, _to_bytes(texts)), dtype=pl.Boolean)
    places = long_enough.arg_true()
    right = np.zeros(len(texts), dtype=np.bool_)
    right[places.to_numpy()] = _agree(scheme, _to_bytes(texts.gather(places)))
    return pl.Series(right, dtype=pl.Boolean)


def _agree(scheme: _Scheme, content: memoryview) -> npt.NDArray[np.bool_]:
    """For each 18 bytes whether they are an identifier of the scheme."""
    rows = len(content) // LENGTH
    right = np.ones(rows, dtype=np.bool_)
    highest = np.tile(np.array(scheme.highest, dtype=np.uint8), min(rows, _CHUNK_ROWS))
    sums = _sums(scheme)
    for start in range(0, rows, _CHUNK_ROWS):
        chunk = right[start : start + _CHUNK_ROWS]
        raw = bytes(content[start * LENGTH : (start + len(chunk)) * LENGTH])
        values = np.frombuffer(raw.translate(scheme.values), dtype=np.uint8)
        matrix = values.reshape(-1, LENGTH)
        beyond = values > highest[: len(values)]
        if beyond.any():
            chunk &= ~beyond.reshape(-1, LENGTH).any(axis=1)
        if scheme.lowest_first:
            chunk &= matrix[:, 0] >= scheme.lowest_first
        # Whole numbers below 2^24, which 32 bits of floating point hold exactly.
        summed = (matrix.astype(np.float32) @ sums).astype(np.int32)
        chunk &= summed[:, 0] % scheme.modulus == scheme.remainder
        if scheme.has_birth_date:
            # Places that hold no digit are false already: what they add up to may be anything.
            years = _YEARS[np.minimum(summed[:, 1], len(_YEARS) - 1)]
            chunk &= (years & _DAYS[np.minimum(summed[:, 2], len(_DAYS) - 1)]) != 0
    return right


def _sums(scheme: _Scheme) -> npt.NDArray[np.float32]:
    """Columns of weights: of the check, of the year of birth, of the month and day of birth."""
    columns = [scheme.weights]
    if scheme.has_birth_date:
        decimal = (1000, 100, 10, 1)
        columns.append((*(0,) * 6, *decimal, *(0,) * 8))
        columns.append((*(0,) * 10, *decimal, *(0,) * 4))
    return np.array(columns, dtype=np.float32).T.copy()


def _to_bytes(texts: pl.Series) -> memoryview:
    """The bytes of texts of 18 bytes each, one after the other."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    content = array.buffers()[2]
    if content is None:
        return memoryview(b"")
    start = int(np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset])
    return memoryview(content)[start : start + len(texts) * LENGTH]


def _translation(alphabet: str) -> bytes:
    values = bytearray([_NOT_IN_ALPHABET] * 256)
    for value, sign in enumerate(alphabet.encode("ascii")):
        values[sign] = value
    return bytes(values)


def _list_years() -> npt.NDArray[np.uint8]:
    """For each year of four digits 1 where somebody in a file may be born in it, 3 in leap years.

    Nobody in a file was born before 1800.
    """
    years = np.zeros(10_000, dtype=np.uint8)
    for year in range(1800, 2200):
        years[year] = 3 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 1
    return years


def _list_days() -> npt.NDArray[np.uint8]:
    """For each month and day of four digits 1 where every year has it, 2 where leap years do."""
    days = np.zeros(10_000, dtype=np.uint8)
    for month, length in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1):
        days[month * 100 + 1 : month * 100 + length + 1] = 1
    days[229] = 2
    return days


_YEARS = _list_years()
_DAYS = _list_days()
_SCHEMES: Mapping[str, _Scheme] = MappingProxyType(
    {
        "uscc": _Scheme(
            values=_translation(USCC_ALPHABET),
            lowest_first=1,
            highest=(*(30,) * 2, *(9,) * 6, *(30,) * 10),
            weights=(*(pow(3, place, 31) for place in range(17)), 1),
            modulus=31,
            remainder=0,
            has_birth_date=False,
        ),
        "resident_id": _Scheme(
            values=_translation(_RESIDENT_ALPHABET),
            lowest_first=0,
            highest=(*(9,) * 17, 10),
            weights=tuple(pow(2, 17 - place, 11) for place in range(18)),
            modulus=11,
            remainder=1,
            has_birth_date=True,
        ),
    }
)
