"""Whom a decision concerns, by place, size, industry and age.

Counts by class are shown to people who draw up policies. A class of few is hidden there
(`hide_few`), and with it the next smallest, so that nobody can be told apart by subtraction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from engine.side_by_side import Side, Turn

Dimension = Literal["district", "size", "industry", "age"]
FEW = 5
"""Below so many subjects a class does not say how many."""
UNKNOWN = "?"
"""The class of those of whom the fact is missing."""
AGES = (18, 35, 60, 70, 80, 90)
"""Where one age band ends and the next begins, in completed years."""
EVENTS = ("subjects", "eligible", "unknown", "gained", "lost", "unsettled", "changed")
"""What is counted of each class; `changed` stay eligible for another amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """How one class of subjects fares; the money is that of those eligible, and what moves."""

    name: str
    counts: Mapping[str, int]
    amount_fen: int
    difference_fen: int


def dimensions_of(kind: str, columns: Sequence[str], as_of: date) -> dict[Dimension, pl.Expr]:
    """The classes that the facts at hand can tell, as expressions over a part's frame of facts."""
    found: dict[Dimension, pl.Expr] = {}
    regions = {"enterprise": "ent_region", "resident": "hukou_region", "household": "hh_region"}
    region = regions.get(kind, "")
    if region in columns:
        found["district"] = pl.col(region).cast(pl.String).str.slice(0, 6)
    if "ent_size" in columns:
        found["size"] = pl.col("ent_size").cast(pl.String)
    if "gbt4754_code" in columns:
        found["industry"] = pl.col("gbt4754_code").cast(pl.String).str.slice(0, 1)
    if "birth_date" in columns:
        found["age"] = _age_band(pl.col("birth_date"), as_of)
    return {name: expression.fill_null(UNKNOWN) for name, expression in found.items()}


def _age_band(born: pl.Expr, as_of: date) -> pl.Expr:
    """`00-17`, `18-34`, … by completed years; who was born on 29 February has the day before."""
    # months and days come in 8 bits, too few for the two together
    month, day = born.dt.month().cast(pl.Int32), born.dt.day().cast(pl.Int32)
    turned = month * 100 + day <= as_of.month * 100 + as_of.day
    years = as_of.year - born.dt.year() - (~turned).cast(pl.Int32)
    bands = [0, *AGES]
    band: Any = pl.when(years.is_null()).then(None)
    for low, high in zip(bands, [*AGES, None], strict=True):
        name = f"{low:02d}+" if high is None else f"{low:02d}-{high - 1}"
        held = years >= low if high is None else (years >= low) & (years < high)
        band = band.when(held).then(pl.lit(name))
    chosen: pl.Expr = band.otherwise(None)
    return chosen


class Breakdown:
    """Counts by class, gathered part by part."""

    def __init__(self) -> None:
        self._pieces: dict[Dimension, list[pl.DataFrame]] = {}

    def add(
        self,
        facts: pl.DataFrame,
        dimensions: Mapping[Dimension, pl.Expr],
        after: Side,
        turn: Turn,
    ) -> None:
        """Take in a part: its facts, what the policy gives, and what became of everybody."""
        if not dimensions:
            return
        counted = facts.select(e.alias(name) for name, e in dimensions.items()).with_columns(
            eligible=pl.Series(after.eligible),
            unknown=pl.Series(after.unknown),
            gained=pl.Series(turn.gained),
            lost=pl.Series(turn.lost),
            unsettled=pl.Series(turn.unsettled),
            changed=pl.Series(turn.changed),
            amount_fen=pl.Series(after.amount_fen),
            difference_fen=pl.Series(turn.difference_fen),
        )
        for name in dimensions:
            self._pieces.setdefault(name, []).append(
                counted.group_by(pl.col(name).alias("class")).agg(
                    pl.len().cast(pl.Int64).alias("subjects"),
                    pl.col(*EVENTS[1:]).sum().cast(pl.Int64),
                    pl.col("amount_fen", "difference_fen").sum(),
                )
            )

    def result(self) -> dict[Dimension, tuple[ClassCount, ...]]:
        """Every class by its dimension, in the order of their names, the unknown last."""
        found: dict[Dimension, tuple[ClassCount, ...]] = {}
        for name, pieces in self._pieces.items():
            rows = pl.concat(pieces).group_by("class").sum().rows(named=True)
            rows.sort(key=lambda row: (row["class"] == UNKNOWN, row["class"]))
            found[name] = tuple(
                ClassCount(
                    name=row["class"],
                    counts={event: row[event] for event in EVENTS},
                    amount_fen=row["amount_fen"],
                    difference_fen=row["difference_fen"],
                )
                for row in rows
            )
        return found


def hide_few(counts: Sequence[int], few: int = FEW) -> frozenset[int]:
    """Which counts of a column are not shown: those from 1 to `few` - 1.

    Where it is a single one its number would follow from the column's sum, so the next smallest
    count that is not 0 is hidden, too.
    """
    hidden = {index for index, count in enumerate(counts) if 0 < count < few}
    if len(hidden) == 1:
        others = [(n, index) for index, n in enumerate(counts) if n > 0 and index not in hidden]
        hidden |= {min(others)[1]} if others else set()
    return frozenset(hidden)
