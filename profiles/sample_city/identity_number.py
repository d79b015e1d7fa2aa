"""Identity numbers with right check digits, made by columns.

Firms: GB 32100-2015 (unified social credit code), whose places 9 to 17 are an organisation code
with a check digit of its own (GB 11714-1997); before 2015 registration numbers (GS 15-2006).
Persons: GB 11643-1999. The region digits are always 9901xx, which GB/T 2260 gives to no place, so
that no number can be a real one.
"""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from profiles.sample_city.draw import Ints

Letters = npt.NDArray[np.uint8]

_USCC_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
_USCC_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_ORGANISATION_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_RESIDENT_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_RESIDENT_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_BODIES = 31**6
_SCATTER = 611_953_447  # not a multiple of 31: index -> body is one to one below 31**6


def credit_codes(kind: npt.NDArray[np.bytes_], region: Ints, index: Ints) -> pl.Series:
    """Unified social credit codes: `kind` is the first two characters, `index` below 31^6."""
    text = np.empty((len(index), 18), dtype=np.uint8)
    text[:, 0:2] = _letters(kind, 2)
    text[:, 2:8] = _digits(region, 6)
    text[:, 8:10] = np.frombuffer(b"MA", dtype=np.uint8)
    body = (index * _SCATTER + 97) % _BODIES
    for place in range(15, 9, -1):
        text[:, place] = _USCC_ALPHABET[body % 31]
        body //= 31
    letters = text[:, 8:16].astype(np.int64)
    values = np.where(letters >= ord("A"), letters - ord("A") + 10, letters - ord("0"))
    text[:, 16] = _ORGANISATION_CHECKS[(11 - values @ _ORGANISATION_WEIGHTS % 11) % 11]
    places = np.zeros(128, dtype=np.int64)
    places[_USCC_ALPHABET] = np.arange(31)
    text[:, 17] = _USCC_ALPHABET[(31 - places[text[:, :17]] @ _USCC_WEIGHTS % 31) % 31]
    return _column(text)


def resident_numbers(region: Ints, birth_day: Ints, order: Ints) -> pl.Series:
    """Citizens' identity numbers from the region, the day of birth and the order of the day.

    The order is odd for men and even for women, 1 to 999.
    """
    text = np.empty((len(region), 18), dtype=np.uint8)
    text[:, 0:6] = _digits(region, 6)
    month = birth_day.astype("datetime64[D]").astype("datetime64[M]")
    number = month.astype(np.int64)
    day = birth_day - month.astype("datetime64[D]").astype(np.int64) + 1
    date = (number // 12 + 1970) * 10_000 + (number % 12 + 1) * 100 + day
    text[:, 6:14] = _digits(date, 8)
    text[:, 14:17] = _digits(order, 3)
    sums = (text[:, :17].astype(np.int64) - ord("0")) @ _RESIDENT_WEIGHTS
    text[:, 17] = _RESIDENT_CHECKS[sums % 11]
    return _column(text)


def registration_numbers(region: Ints, index: Ints) -> pl.Series:
    """Registration numbers of the time before credit codes (GS 15-2006), `index` below 10^7.

    The last digit checks the others (ISO 7064, MOD 11,10); the first of the sequence, 1, is one
    that domestic firms have.
    """
    text = np.empty((len(index), 15), dtype=np.uint8)
    text[:, 0:6] = _digits(region, 6)
    text[:, 6:14] = _digits(index + 10_000_000, 8)
    product = np.full(len(index), 10, dtype=np.int64)
    for place in range(14):
        total = (product + text[:, place] - ord("0")) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    text[:, 14] = (11 - product) % 10 + ord("0")
    return _column(text)


def _digits(numbers: Ints, width: int) -> Letters:
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def _letters(texts: npt.NDArray[np.bytes_], width: int) -> Letters:
    return np.ascontiguousarray(texts.astype(f"S{width}")).view(np.uint8).reshape(-1, width)


def _column(text: Letters) -> pl.Series:
    """Rows of letters as a column of text, without a Python object for each."""
    rows, width = text.shape
    offsets = np.arange(0, rows * width + 1, width, dtype=np.int32)
    array = pa.StringArray.from_buffers(
        rows, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text.tobytes())
    )
    return pl.Series(array)
