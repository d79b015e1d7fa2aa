"""One hash for the content of a frame, whatever wrote the file it came from.

Parquet files carry their writer's name and settings; this hashes the values alone.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl

from profiles.runs import runs_of

BLOCK_ROWS = 1 << 20
"""Rows hashed at a time; part of the definition, as each column's values follow block by block."""

_TAGS = {
    pl.Boolean(): "boolean",
    pl.Int64(): "integer",
    pl.Float64(): "number",
    pl.Date(): "date",
    pl.String(): "text",
}


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


def _encode(series: pl.Series) -> list[bytes]:
    """Null flags, then the values in little-endian order; a null counts as zero or no text.

    Texts are their lengths in bytes, then the texts. Where they repeat, as keys do in sorted rows,
    each run of equal ones stands once, behind the lengths of all runs.
    """
    nulls = np.packbits(series.is_null().to_numpy()).tobytes()
    if series.dtype == pl.String():
        return [nulls, *_encode_texts(series.fill_null(""))]
    if series.dtype == pl.Float64():
        values = series.fill_null(0.0).to_numpy().astype("<f8")
        return [nulls, np.where(values == 0, 0.0, values).astype("<f8").tobytes()]
    if series.dtype == pl.Boolean():
        return [nulls, np.packbits(series.fill_null(False).to_numpy()).tobytes()]
    return [
        nulls,
        series.to_physical().fill_null(0).cast(pl.Int64).to_numpy().astype("<i8").tobytes(),
    ]


def _encode_texts(texts: pl.Series) -> list[bytes]:
    runs = runs_of(texts)
    if len(runs.starts) * 2 > len(texts):
        return [b"p", *_write_texts(texts)]
    return [b"r", runs.lengths.astype("<u4").tobytes(), *_write_texts(runs.values)]


def _write_texts(texts: pl.Series) -> list[bytes]:
    lengths = texts.str.len_bytes().to_numpy().astype("<u4").tobytes()
    return [lengths, (texts.str.join("").item() or "").encode()]
