"""A part's columns as small whole numbers, on which most tests are one comparison of bytes.

Every value of a fact gets a code in the order of the values, so that `age >= 80`, `registered_on <
$date(2020, 1, 1)` and `$starts_with(code, "C3")` are each a range of codes. Above the values stand
two codes more: the fact does not apply, and it is missing.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from language.bits import Words, words_of
from language.column import NOT_APPLICABLE, Bounds
from language.frame import Prepared
from language.types import FactType, Kind, kind_of

MAX_CODES = 2**16
_SAMPLE, _FEW = 16_384, 2048

Codes = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """One fact of all rows of a part.

    `codes` are `value - low` for numbers and dates (as whole numbers), places in `texts` for texts.
    `size` is how many codes values have; then follow `size` for what does not apply and `size + 1`
    for what is missing. A wide column has no codes: `codes` are its values, anything where missing.
    `missing` are the rows that are missing as bits, None where none is.
    """

    kind: Kind
    codes: Codes
    low: int
    size: int
    texts: tuple[str, ...]
    scale: int
    wide: bool
    may_not_apply: bool
    missing: Words | None


def code_columns(
    prepared: Prepared, types: Mapping[str, FactType], names: Iterable[str], executor: Executor
) -> dict[str, Coded]:
    """The columns among `names` that can be coded: all but texts of too many values."""
    frame = prepared.frame
    wanted = [name for name in names if name in frame.columns and name not in prepared.unscalable]

    def code(name: str) -> Coded | None:
        return code_column(frame, name, kind_of(types[name]), prepared.known.bounds.get(name))

    found = zip(wanted, executor.map(code, wanted), strict=True)
    return {name: coded for name, coded in found if coded is not None}


def code_numbers(series: pl.Series, scale: int) -> Coded | None:
    """The codes of whole numbers that are each `scale` times the value."""
    low, high = _ends(series)
    return code_column(
        series.to_frame(), series.name, Kind.NUMBER, Bounds(low=low, high=high, scale=scale)
    )


def code_column(frame: pl.DataFrame, name: str, kind: Kind, bounds: Bounds | None) -> Coded | None:
    """The codes of one column; None where it has too many values for codes."""
    series = frame[name]
    flag = name + NOT_APPLICABLE
    absent = frame[flag].fill_null(False) & series.is_null() if flag in frame.columns else None
    may_not_apply = absent is not None and bool(absent.any())
    missing = series.is_null() & ~absent if absent is not None and may_not_apply else None
    if missing is None and series.null_count():
        missing = series.is_null()
    texts: tuple[str, ...] = ()
    low = 0
    match kind:
        case Kind.TEXT:
            found = _code_texts(series)
            if found is None:
                return None
            whole, texts = found
            size = len(texts)
        case Kind.BOOLEAN:
            whole, size = series.cast(pl.UInt8), 2
        case Kind.DATE:
            whole = series.to_physical()
            low, high = _ends(whole)
            size = high - low + 1
        case Kind.NUMBER:
            assert bounds is not None
            whole, low, size = series, bounds.low, bounds.high - bounds.low + 1
    wide = size > MAX_CODES - 2
    if wide and (kind is not Kind.NUMBER or may_not_apply):
        return None
    flags = None if missing is None or not missing.any() else missing
    return Coded(
        kind=kind,
        codes=whole.fill_null(0).to_numpy() if wide else _number(whole, low, size, absent),
        low=low,
        size=size,
        texts=texts,
        scale=bounds.scale if bounds is not None else 1,
        wide=wide,
        may_not_apply=may_not_apply,
        missing=None if flags is None else words_of(flags),
    )


def _code_texts(series: pl.Series) -> tuple[pl.Series, tuple[str, ...]] | None:
    """Each text's place among those there are, in their order; None where they are too many."""
    few = series.head(_SAMPLE).unique().drop_nulls()
    if len(few) <= _FEW:
        # most codes have few values: the first rows show them all, and one look is enough
        texts = tuple(sorted(few))
        coded = series.cast(pl.Enum(texts), strict=False)
        if coded.null_count() == series.null_count():
            return coded.to_physical(), texts
    texts = tuple(sorted(series.unique().drop_nulls()))
    if len(texts) > MAX_CODES - 2:
        return None
    return series.cast(pl.Enum(texts)).to_physical(), texts


def _ends(whole: pl.Series) -> tuple[int, int]:
    low, high = whole.min(), whole.max()
    return (low, high) if isinstance(low, int) and isinstance(high, int) else (0, 0)


def _number(whole: pl.Series, low: int, size: int, absent: pl.Series | None) -> Codes:
    """Values as codes, in the smallest type that holds them."""
    dtype = pl.UInt8 if size + 2 <= 2**8 else pl.UInt16
    value = pl.col("value").cast(pl.Int64) - low if low else pl.col("value")
    coded = value.cast(dtype).fill_null(size + 1)
    codes = whole.to_frame("value").select(coded).to_series()
    if absent is None:
        return codes.to_numpy()
    return codes.set(absent, size).to_numpy()


def distinct_values(coded: Coded, name: str) -> pl.DataFrame:
    """One row for each code of a column, in order, in the form that conditions read."""
    values: pl.Series
    match coded.kind:
        case Kind.TEXT:
            values = pl.Series(name, coded.texts, dtype=pl.String)
        case Kind.BOOLEAN:
            values = pl.Series(name, [False, True])
        case Kind.DATE:
            values = pl.Series(name, np.arange(coded.low, coded.low + coded.size, dtype=np.int32))
            values = values.cast(pl.Date)
        case Kind.NUMBER:
            values = pl.Series(name, np.arange(coded.low, coded.low + coded.size, dtype=np.int64))
    frame = values.extend_constant(None, 2).to_frame()
    if not coded.may_not_apply:
        return frame
    flags = np.arange(frame.height) == coded.size
    return frame.with_columns(pl.Series(name + NOT_APPLICABLE, flags))
