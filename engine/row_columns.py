"""The rows of a part decided as columns, and what they come to for each subject.

The rows are joined with their subject's columns, their conditions lowered over that frame, and
the result grouped by subject (and item). Agrees with `engine.rows` on every row.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import polars as pl

from engine.columns import (
    RowsLowered,
    check_size,
    lower_clause,
    lower_dates,
    lower_steps,
    lower_text,
)
from engine.program import Bound
from engine.rows import order_columns
from language import exact
from language.column import GIVEN, NOT_APPLICABLE, Column
from language.exact import INT64, INT128, Exact, TooWide, Whole, literal_whole
from language.expression import Name
from language.frame import Prepared, prepare
from language.lowering import Lowering
from policies.policy import Each, Limit

PLACE, HOLDS, ITEM, CLAIMED = "::place", "::holds", "::item", "::claimed"
TOTAL, COUNT, OPEN, CLAIMS = "::total", "::count", "::open", "::claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFrame:
    """The rows of a part: the column `subject`, the row set's columns, each measured fact of a row.

    `rows` is None where they were not delivered; `complete` are the subjects whose rows are all
    there are (None: everybody).
    """

    rows: pl.DataFrame | None
    complete: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSummed:
    """What the rows come to: one line a subject, or a line a subject and item.

    Columns `subject`, ITEM, HOLDS, TOTAL, COUNT (rows that hold), OPEN (undecided ones) and CLAIMS
    (a JSON list). TOTAL is a whole number, `scale` times the yuan. Only subjects with rows have
    lines.
    """

    frame: pl.DataFrame
    scale: int

    def lowered(self, joined: pl.DataFrame) -> RowsLowered:
        """The columns as a policy's conditions and amounts use them, once joined to subjects."""
        low, high = _ends(joined[TOTAL])
        most = _ends(joined[COUNT])[1]
        wide = joined.schema[TOTAL] == pl.Int128()
        return RowsLowered(
            holds=pl.col(HOLDS),
            total=Exact(
                numerator=Whole(expr=pl.col(TOTAL), low=low, high=high, wide=wide),
                denominator=literal_whole(self.scale),
            ),
            count=exact.column(pl.col(COUNT), low=0, high=most),
        )


def sum_rows_of_part(bound: Bound, subjects: pl.DataFrame, given: RowFrame) -> RowsSummed:
    """Decide the rows of a part; `subjects` has the facts of its subjects.

    Raises TooWide where 128 bits do not hold the numbers, or rows are added whose fractions have
    no common denominator.
    """
    each = bound.policy.each
    assert each is not None
    check_size(bound)
    if given.rows is None:
        return RowsSummed(frame=_NO_LINES, scale=1)
    prepared = prepare(_join(bound, each, subjects, given.rows), bound.row_types, bound.row_types)
    if bound.row_names & prepared.unscalable:
        raise TooWide("a column mixes magnitudes too far apart")
    lowering = Lowering(bound.row_scope, prepared.known)
    frame = _decide(bound, each, lowering, prepared)
    for limit in each.limits:
        frame = _share(limit, lowering, frame)
    amount = lower_steps(each.steps, lowering, {}, {}) if each.steps else exact.unknown()
    scale = amount.denominator.constant
    if scale is None:
        raise TooWide("the rows' amounts have no common denominator")
    number = amount.numerator
    if max(abs(number.low), abs(number.high)) * max(frame.height, 1) > INT128:
        raise TooWide("the rows' amounts can exceed 126 bits")
    held = pl.col(HOLDS)
    due = number.expr.cast(pl.Int128)
    frame = frame.with_columns(due.alias(TOTAL))
    summed = frame.group_by("subject", ITEM, maintain_order=True).agg(
        _any_row().alias(HOLDS),
        pl.when(~pl.col(TOTAL).filter(held).has_nulls())
        .then(pl.col(TOTAL).filter(held).sum())
        .alias(TOTAL),
        held.fill_null(False).sum().cast(pl.Int64).alias(COUNT),
        held.is_null().sum().cast(pl.Int64).alias(OPEN),
        pl.col(CLAIMED).filter(held).drop_nulls().unique().sort().alias(CLAIMS),
    )
    claims = [list_claims(found) for found in summed[CLAIMS].to_list()]
    return RowsSummed(
        frame=_narrow(summed.with_columns(pl.Series(CLAIMS, claims, dtype=pl.String))),
        scale=scale,
    )


_NO_LINES = pl.DataFrame(
    schema={
        "subject": pl.String,
        ITEM: pl.String,
        HOLDS: pl.Boolean,
        TOTAL: pl.Int64,
        COUNT: pl.Int64,
        OPEN: pl.Int64,
        CLAIMS: pl.String,
    }
)


def join_subjects(frame: pl.DataFrame, summed: RowsSummed, given: RowFrame) -> pl.DataFrame:
    """The subjects' frame with what their rows came to, a line for each item where there are.

    Where no row holds or is undecided, none holds, or it is unknown where more rows may exist;
    ITEM is then "".
    """
    lines = summed.frame.filter(pl.col(HOLDS).is_null() | pl.col(HOLDS))
    joined = frame.join(
        lines.with_columns(pl.lit(True).alias("::seen")),
        on="subject",
        how="left",
        maintain_order="left",
    )
    if given.rows is None:
        complete = pl.lit(False)
    elif given.complete is None:
        complete = pl.lit(True)
    else:
        complete = pl.col("subject").is_in(given.complete.implode())
    unseen = pl.col("::seen").is_null()
    return joined.with_columns(
        pl.when(~unseen).then(pl.col(HOLDS)).when(complete).then(False).alias(HOLDS),
        pl.when(unseen).then(0).otherwise(pl.col(TOTAL)).alias(TOTAL),
        pl.col(COUNT).fill_null(0),
        pl.col(OPEN).fill_null(0),
        pl.col(CLAIMS).fill_null(""),
        pl.col(ITEM).fill_null(""),
    ).drop("::seen")


def _join(bound: Bound, each: Each, subjects: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in their order, each with the facts of its subject that its conditions use."""
    order: list[pl.Expr] = []
    for name in order_columns(each):
        if name not in rows.columns:
            continue
        order.append(pl.col(name).is_null())
        if name + NOT_APPLICABLE in rows.columns:
            order.append(pl.col(name + NOT_APPLICABLE).fill_null(False))
        order.append(pl.col(name))
    wanted = set(bound.row_names) - set(each.names)
    wanted |= {name + suffix for name in wanted for suffix in (GIVEN, NOT_APPLICABLE)}
    shared = [name for name in subjects.columns if name in wanted and name not in rows.columns]
    ordered = rows.sort(order) if order else rows
    return ordered.join(
        subjects.select("subject", *shared), on="subject", how="inner", maintain_order="left"
    )


def _decide(bound: Bound, each: Each, lowering: Lowering, prepared: Prepared) -> pl.DataFrame:
    """The rows with HOLDS, ITEM and CLAIMED; of rows that claim the same only the first holds."""
    tests = [lower_clause(clause, lowering, {}) for clause in each.clauses]
    if each.dated:
        tests.append(lower_dates(bound, lowering))
    begins = next(iter(each.row_set.time_columns), None)
    if begins is not None and begins in prepared.frame.columns:
        # what does not say its time may be later than the run: unknown is not yes
        tests.append(pl.col(begins) <= bound.as_of)
    texts: dict[str, pl.Expr] = {}
    for key, name in ((CLAIMED, each.claim.of if each.claim else None), (ITEM, each.item)):
        texts[key] = pl.lit(None, dtype=pl.String)
        if name is not None:
            texts[key] = lower_text(name, lowering)
            # what is used up must be known: unknown is not yes
            tests.append(pl.when(texts[key].is_not_null()).then(True))
    holds = reduce(lambda a, b: a & b, tests, pl.lit(True))
    frame = prepared.frame.with_row_index(PLACE).with_columns(
        holds.alias(HOLDS), *(text.alias(key) for key, text in texts.items())
    )
    if each.claim is None:
        return frame
    held = pl.col(HOLDS).fill_null(False)
    first = pl.col(PLACE).filter(held).min().over("subject", CLAIMED)
    return frame.with_columns(
        pl.when(held & (pl.col(PLACE) > first)).then(False).otherwise(pl.col(HOLDS)).alias(HOLDS)
    )


def _any_row() -> pl.Expr:
    """Whether a row holds: true if one does, else unknown if one is undecided."""
    held = pl.col(HOLDS)
    return (
        pl.when(held.fill_null(False).any())
        .then(True)
        .when(held.is_null().any())
        .then(None)
        .otherwise(False)
    )


def _share(limit: Limit, lowering: Lowering, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with their parts of a limit, under its name."""
    asked: dict[str, pl.Expr] = {}
    for key, expression in (("quantity", limit.quantity), ("up_to", limit.up_to)):
        value = exact.literal(Fraction(1))
        if expression is not None:
            value = lowering.number(expression)
        asked[key] = value.numerator.expr
        asked[key + "::of"] = value.denominator.expr
    asked["order"] = pl.lit(0)
    if limit.order is not None:
        asked["order"] = _sortable(lowering.lower(Name(name=limit.order)))
    keys = [f"per::{number}" for number in range(len(limit.per))]
    for key, name in zip(keys, limit.per, strict=True):
        asked[key] = _sortable(lowering.lower(Name(name=name)))
    held = frame.with_columns(expr.alias(f"limit::{key}") for key, expr in asked.items())
    held = held.filter(pl.col(HOLDS))
    chosen = held.select(PLACE, "subject", *(pl.col(f"limit::{key}") for key in asked))
    parts = dict(
        _parts_of(chosen, [f"limit::{key}" for key in keys], ordered=limit.order is not None)
    )
    known = [part for part in parts.values() if part is not None]
    scale = math.lcm(*(part.denominator for part in known))
    wholes = [None if part is None else int(part * scale) for part in parts.values()]
    size = max((abs(whole) for whole in wholes if whole is not None), default=0)
    if size > INT128 or scale > INT128:
        raise TooWide("the parts of a limit have more than 126 bits")
    wide = size > INT64
    column = pl.Series(limit.name, wholes, dtype=pl.Int128 if wide else pl.Int64)
    found = pl.DataFrame({PLACE: pl.Series(list(parts), dtype=pl.UInt32), limit.name: column})
    lowering.known[limit.name] = Exact(
        numerator=Whole(expr=pl.col(limit.name), low=0, high=size, wide=wide),
        denominator=literal_whole(scale),
    )
    return frame.join(found, on=PLACE, how="left", maintain_order="left")


def _sortable(column: Column) -> pl.Expr:
    """A column by which rows are put in order or kept apart."""
    if isinstance(column, Exact):
        if column.denominator.constant is None:
            raise TooWide("rows are ordered by a number without a common denominator")
        return column.numerator.expr
    return column


def _parts_of(
    chosen: pl.DataFrame, keys: list[str], *, ordered: bool
) -> Iterator[tuple[int, Fraction | None]]:
    """Each row's part of a limit, row by row: what one row takes is gone for the next."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    unsure: set[str] = set()
    for row in chosen.iter_rows(named=True):
        group = (row["subject"], *(row[key] for key in keys))
        if None in group:
            unsure.add(row["subject"])
        groups.setdefault(group, []).append(row)
    for group, members in groups.items():
        lost = group[0] in unsure
        if ordered and len(members) > 1:
            lost = lost or any(row["limit::order"] is None for row in members)
            if not lost:
                members.sort(key=lambda row: row["limit::order"])
        taken: Fraction | None = Fraction(0)
        for row in members:
            whole = _quotient(row, "limit::quantity")
            most = _quotient(row, "limit::up_to")
            if lost or taken is None or whole is None or most is None:
                taken = None
                yield row[PLACE], None
                continue
            part = max(min(whole, most - taken), Fraction(0))
            taken += part
            yield row[PLACE], part


def _quotient(row: dict[str, Any], key: str) -> Fraction | None:
    above, below = row[key], row[key + "::of"]
    return None if above is None or below is None else Fraction(above, below)


def list_claims(found: Sequence[str]) -> str:
    """What is claimed as a JSON list, "" where nothing is."""
    return json.dumps(list(found), ensure_ascii=False) if found else ""


def _narrow(frame: pl.DataFrame) -> pl.DataFrame:
    """The sums in 64 bits where they fit."""
    low, high = _ends(frame[TOTAL])
    if max(abs(low), abs(high)) <= INT64:
        return frame.with_columns(pl.col(TOTAL).cast(pl.Int64))
    return frame


def _ends(series: pl.Series) -> tuple[int, int]:
    low, high = series.min(), series.max()
    return (low if isinstance(low, int) else 0, high if isinstance(high, int) else 0)
