"""A part's columns made ready for conditions: every number a whole number with known bounds."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl

from language.column import GIVEN, NOT_APPLICABLE, Bounds, Frame
from language.definition import Given, Scope
from language.reference import NONE, Facts
from language.types import FactType, Kind, kind_of

MAX_EXACT_FLOAT = 2**53
MAX_DECIMALS = 12
_SAMPLE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The part's frame with whole-number columns, what lowering must know of it, and the names of
    number columns that mix magnitudes so far apart that no one scale holds them all."""

    frame: pl.DataFrame
    known: Frame
    unscalable: frozenset[str]


def prepare(frame: pl.DataFrame, types: Mapping[str, FactType], names: Iterable[str]) -> Prepared:
    """Scale the number columns among `names` to whole numbers and find their bounds.

    Ratios and numbers are decimals of up to 15 significant digits held in float64: the scale is
    the smallest power of ten that turns every value of the part into a whole number.
    """
    columns = set(frame.columns)
    used = [name for name in dict.fromkeys(names) if name in columns and name in types]
    bounds: dict[str, Bounds] = {}
    unscalable: set[str] = set()
    numbers = [name for name in used if kind_of(types[name]) is Kind.NUMBER]
    for name in numbers:
        if types[name] in (FactType.RATIO, FactType.NUMBER):
            scaled = _scale_column(frame[name])
            if scaled is None:
                unscalable.add(name)
                continue
            series, scale = scaled
            frame = frame.with_columns(series)
        else:
            scale = 100 if types[name] is FactType.MONEY else 1
        low, high = frame[name].min(), frame[name].max()
        bounds[name] = Bounds(low=_whole(low), high=_whole(high), scale=scale)
    known = Frame(columns=frozenset(columns), bounds=bounds)
    return Prepared(frame=frame, known=known, unscalable=frozenset(unscalable))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _scale_column(series: pl.Series) -> tuple[pl.Series, int] | None:
    if series.dtype.is_integer():
        return series.cast(pl.Int64), 1
    values = series.cast(pl.Float64).to_numpy()  # NumPy: Polars divides by a reciprocal
    missing = ~np.isfinite(values)  # neither is a number that anybody delivered
    values = np.where(missing, 0, values)
    # what the first rows need, all need: the others are not looked at for less
    sample = _make_whole(values[:_SAMPLE], 0)
    found = None if sample is None else _make_whole(values, sample[1])
    if found is None:
        return None
    whole, decimals = found
    numbers = pl.Series(series.name, whole.astype(np.int64))
    if missing.any():
        frame = pl.select(pl.when(pl.lit(~missing)).then(pl.lit(numbers)).alias(series.name))
        numbers = frame.to_series()
    return numbers, 10**decimals


def _make_whole(
    values: npt.NDArray[np.float64], least: int
) -> tuple[npt.NDArray[np.float64], int] | None:
    """The values times the smallest power of ten from `least` on that makes all of them whole."""
    for decimals in range(least, MAX_DECIMALS + 1):
        scale = 10**decimals
        whole = np.rint(values * scale)
        if len(whole) and max(-whole.min(), whole.max()) > MAX_EXACT_FLOAT:
            return None
        # equal after the way back: the decimal that this float stands for is whole / scale
        if np.array_equal(whole / scale, values):
            return whole, decimals
    return None


def types_of(scope: Scope) -> dict[str, FactType]:
    """The types of the given facts of a scope."""
    return {
        name: definition.type for name, definition in scope.items() if isinstance(definition, Given)
    }


def flag_columns(names: Iterable[str]) -> list[str]:
    """The companion columns that a fact's column may have."""
    return [name + suffix for name in names for suffix in (GIVEN, NOT_APPLICABLE)]


def facts_of_row(row: Mapping[str, object], types: Mapping[str, FactType]) -> Facts:
    """A frame's row as the reference reads it: exact numbers, None missing, absent not given."""
    facts: dict[str, object] = {}
    for name, value in row.items():
        fact_type = types.get(name)
        if fact_type is None or row.get(name + GIVEN) is False:
            continue
        if value is None:
            facts[name] = NONE if row.get(name + NOT_APPLICABLE) else None
        elif fact_type is FactType.MONEY:
            facts[name] = Fraction(int(str(value)), 100)
        elif fact_type in (FactType.INTEGER, FactType.NUMBER, FactType.RATIO):
            finite = not isinstance(value, float) or math.isfinite(value)
            facts[name] = Fraction(repr(value)) if finite else None
        else:
            facts[name] = value
    return facts  # type: ignore[return-value]  # each value is of its column's type
