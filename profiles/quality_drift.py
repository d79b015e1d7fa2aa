"""Which columns of a release are spread otherwise than those of the release before.

A department's table changes a little every day. What changes a lot at once is a mistake more often
than news: a code list that was renumbered, amounts in another unit, a district left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np
import polars as pl

from profiles.dataset import Column, Dataset

NUMERIC = ("integer", "money", "ratio", "number")
COMPARED = (*NUMERIC, "boolean", "code")
PERSONAL = ("personal", "sensitive")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_VALUES = 20
FEW_VALUES = 20
OTHER = "…"
_CHANCE = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareShift:
    """How large a share of the values that are there has one value, before and now."""

    value: str
    before: float
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """A column before and now, over the rows that have a value.

    `missing_before` and `missing_now` are shares of all rows. `psi` is the population stability
    index, None where one side has no values; `chance` is what it stays below by chance alone.
    Numbers have `mean` and `quantiles` (of QUANTILES; money in fen), codes `shifts`, the largest
    first; personal columns, and those with fewer than FEW_VALUES values, have neither: a value may
    be somebody's.
    """

    column: str
    missing_before: float
    missing_now: float
    psi: float | None
    chance: float
    mean_before: float | None = None
    mean_now: float | None = None
    quantiles_before: tuple[float, ...] = ()
    quantiles_now: tuple[float, ...] = ()
    shifts: tuple[ShareShift, ...] = ()


def compare_columns(
    before: pl.DataFrame, now: pl.DataFrame, dataset: Dataset
) -> tuple[ColumnDrift, ...]:
    """Every column of numbers or codes before and now; names, texts, days and keys are none."""
    return tuple(
        compare_column(before[name], now[name], column)
        for name, column in dataset.columns.items()
        if name != dataset.key and column.identifier is None and column.type in COMPARED
    )


def compare_column(before: pl.Series, now: pl.Series, column: Column) -> ColumnDrift:
    """One column before and now."""
    was, has = before.drop_nulls(), now.drop_nulls()
    values: list[str] = []
    if column.type in NUMERIC:
        counts = bin_numbers(was, has)
    else:
        counts, values = count_values(was, has)
    found = ColumnDrift(
        column=column.name,
        missing_before=_share_missing(before),
        missing_now=_share_missing(now),
        psi=stability(counts) if was.len() and has.len() else None,
        chance=by_chance(counts),
    )
    if column.sensitivity in PERSONAL or min(was.len(), has.len()) < FEW_VALUES:
        return found
    if column.type not in NUMERIC:
        return replace(found, shifts=_shifts(counts, values))
    return replace(
        found,
        mean_before=_mean(was),
        mean_now=_mean(has),
        quantiles_before=_quantiles(was),
        quantiles_now=_quantiles(has),
    )


def bin_numbers(before: pl.Series, now: pl.Series) -> list[tuple[int, int]]:
    """How many values before and now fall between the deciles of those before, and on each.

    Values on a decile are counted apart, so that a column of few values is compared by these.
    """
    if before.is_empty():
        return [(0, now.len())]
    was, has = before.cast(pl.Float64).to_numpy(), now.cast(pl.Float64).to_numpy()
    deciles = np.unique(np.quantile(was, np.arange(1, 10) / 10, method="inverted_cdf"))
    size = 2 * len(deciles) + 1
    both = []
    for values in (was, has):
        places = np.searchsorted(deciles, values, "left") + np.searchsorted(
            deciles, values, "right"
        )
        both.append(np.bincount(places, minlength=size))
    return [(int(a), int(b)) for a, b in zip(*both, strict=True) if a or b]


def count_values(before: pl.Series, now: pl.Series) -> tuple[list[tuple[int, int]], list[str]]:
    """How often each value stands before and now; of many the most frequent, the rest together."""
    frames = [
        series.cast(pl.String).alias("value").value_counts(name=name)
        for series, name in ((before, "before"), (now, "now"))
    ]
    both = frames[0].join(frames[1], on="value", how="full", coalesce=True).fill_null(0)
    both = both.with_columns(total=pl.col("before") + pl.col("now"))
    both = both.sort("total", "value", descending=[True, False])
    kept, rest = both.head(MAX_VALUES), both.tail(-MAX_VALUES)
    counts = [(int(a), int(b)) for a, b in kept.select("before", "now").iter_rows()]
    values = kept["value"].to_list()
    if rest.height:
        counts.append((int(rest["before"].sum()), int(rest["now"].sum())))
        values.append(OTHER)
    return counts, values


def stability(counts: Sequence[tuple[int, int]]) -> float:
    """The population stability index: sum of (q - p) · ln(q / p) over the bins' shares p before and
    q now, with half a value more in every bin, so that an empty one counts and is finite."""
    size = len(counts)
    before = sum(a for a, _ in counts) + size / 2
    now = sum(b for _, b in counts) + size / 2
    total = 0.0
    for a, b in counts:
        p, q = (a + 0.5) / before, (b + 0.5) / now
        total += (q - p) * log(q / p)
    return total


def by_chance(counts: Sequence[tuple[int, int]]) -> float:
    """What the index stays below while nothing has changed: it is spread as χ² with a degree less
    than there are bins, times 1/n + 1/m for n values before and m now; four standard deviations."""
    before, now = sum(a for a, _ in counts), sum(b for _, b in counts)
    degrees = len(counts) - 1
    if not before or not now or degrees < 1:
        return 0.0
    return (degrees + _CHANCE * sqrt(2 * degrees)) * (1 / before + 1 / now)


def _shifts(counts: Iterable[tuple[int, int]], values: Iterable[str]) -> tuple[ShareShift, ...]:
    pairs = list(zip(counts, values, strict=True))
    before = sum(a for (a, _), _ in pairs) or 1
    now = sum(b for (_, b), _ in pairs) or 1
    shifts = [ShareShift(value=value, before=a / before, now=b / now) for (a, b), value in pairs]
    return tuple(sorted(shifts, key=lambda shift: (-abs(shift.now - shift.before), shift.value)))


def _share_missing(series: pl.Series) -> float:
    return series.null_count() / series.len() if series.len() else 0.0


def _mean(values: pl.Series) -> float | None:
    return None if values.is_empty() else float(values.cast(pl.Float64).to_numpy().mean())


def _quantiles(values: pl.Series) -> tuple[float, ...]:
    if values.is_empty():
        return ()
    found = np.quantile(values.cast(pl.Float64).to_numpy(), QUANTILES, method="inverted_cdf")
    return tuple(float(value) for value in found)
