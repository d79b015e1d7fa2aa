"""Texts as bytes in arrays and back, whole columns at a time."""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]


def bytes_of(texts: pl.Series) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Where each text begins and the next one (the last: where it ends), and all their bytes.

    `texts` has no nulls; the bytes are UTF-8.
    """
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    if not len(texts) or offsets is None:
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(texts) + 1]
    held = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return places - places[0], held[places[0] : places[-1]]


def rows_of_bytes(texts: pl.Series) -> Bytes | None:
    """A row of bytes for each text; None where they are not all of one length, or there are none.

    `texts` has no nulls.
    """
    offsets, data = bytes_of(texts)
    count = len(offsets) - 1
    width = int(offsets[1]) if count else 0
    if not width or (np.diff(offsets) != width).any():
        return None
    return data.reshape(count, width)


def texts_of(rows: Bytes) -> pl.Series:
    """The texts whose bytes these rows are."""
    count, width = rows.shape
    offsets = np.arange(count + 1, dtype=np.int64) * width
    held = np.ascontiguousarray(rows)
    array = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(held))
    return pl.Series(values=pl.from_arrow(array), dtype=pl.String)
