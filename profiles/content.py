"""One hash for the content of a frame, whatever wrote the file it came from.

Parquet files carry their writer's name and settings; this hashes the values alone.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from profiles.runs import starts_of
from profiles.text_bytes import bytes_of

BLOCK_ROWS = 1 << 20
"""Rows hashed at a time; part of the definition, as each column's values follow block by block."""

_Bytes = bytes | memoryview

_TAGS = {
    pl.Boolean(): "boolean",
    pl.Int64(): "integer",
    pl.Float64(): "number",
    pl.Date(): "date",
    pl.String(): "text",
}


_NOTHING: Mapping[pl.DataType, Any] = {
    pl.Boolean(): False,
    pl.Float64(): 0.0,
    pl.Date(): date(1970, 1, 1),
    pl.String(): "",
}
"""What a null counts as, beside its flag."""


def sort_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame in its canonical order: by every column from left to right, nulls first."""
    return frame.sort(frame.columns, nulls_last=False)


def hash_content(frame: pl.DataFrame) -> str:
    """SHA-256, in hexadecimal, of a frame's columns, their types and values, row by row in order.

    Sort with `sort_rows` first where the order of rows means nothing.
    """
    hasher = hashlib.sha256()
    layout = [[name, _TAGS[dtype]] for name, dtype in frame.schema.items()]
    hasher.update(json.dumps([layout, frame.height], ensure_ascii=True).encode())
    for start in range(0, frame.height, BLOCK_ROWS):
        for series in frame.slice(start, BLOCK_ROWS).iter_columns():
            for piece in _encode(series):
                hasher.update(piece)
    return hasher.hexdigest()


def hash_texts(texts: object) -> str:
    """SHA-256, in hexadecimal, of a JSON value written in one way only."""
    written = json.dumps(texts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256, in hexadecimal, of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encode(series: pl.Series) -> list[_Bytes]:
    """Null flags, then the values in little-endian order; a null counts as zero or no text.

    Texts are their lengths in bytes, then the texts. Where they repeat, as keys do in sorted rows,
    each run of equal ones stands once, behind the lengths of all runs.
    """
    nulls: _Bytes = bytes((len(series) + 7) // 8)
    if series.null_count():
        nulls = np.packbits(series.is_null().to_numpy()).data
        series = series.fill_null(_NOTHING.get(series.dtype, 0))
    if series.dtype == pl.String():
        return [nulls, *_encode_texts(series)]
    if series.dtype == pl.Float64():
        values = series.to_numpy().astype("<f8")
        return [nulls, np.where(values == 0, 0.0, values).data]
    if series.dtype == pl.Boolean():
        return [nulls, np.packbits(series.to_numpy()).data]
    return [nulls, series.to_physical().to_numpy().astype("<i8", copy=False).data]


def _encode_texts(texts: pl.Series) -> list[_Bytes]:
    starts = starts_of(texts)
    if len(starts) * 2 > len(texts):
        return [b"p", *_write_texts(texts)]
    lengths = np.diff(starts, append=len(texts))
    return [b"r", lengths.astype("<u4").data, *_write_texts(texts.gather(starts))]


def _write_texts(texts: pl.Series) -> list[_Bytes]:
    offsets, data = bytes_of(texts)
    return [np.diff(offsets).astype("<u4").data, data.data]
