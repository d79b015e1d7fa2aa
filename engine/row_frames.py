"""The rows that a policy decides, with the facts that are measured for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from engine.measured import outer_names
from engine.program import Bound
from engine.row_columns import RowFrame
from language.column import GIVEN, NOT_APPLICABLE
from language.definition import Definition, Given
from language.expression import Logic, Name
from language.types import FactType
from policies.policy import Each
from profiles.derivation import measure_fact
from profiles.fact import Fact
from profiles.hand_frame import HandFrame, overlay
from profiles.row_frame import frame_of_rows, source_of
from profiles.row_set import RowColumn, RowSet
from profiles.span import Moment

SAME, OWNER = "::same", "::owner"
_NOBODY = pl.Series([], dtype=pl.String)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows that may be measured: their frame (None: not delivered) and whose rows are all there.

    Of the subjects in `doubtful` some rows were set aside: what is measured over them is missing.
    """

    row_set: RowSet
    frame: pl.DataFrame | None
    listed: pl.Series | None
    doubtful: pl.Series | None = None


def row_frame_by_hand(bound: Bound, hand: HandFrame) -> RowFrame:
    """The rows that subjects gave by hand; a list is all the rows there are."""
    each = bound.policy.each
    assert each is not None
    given = hand.rows.get(each.row_set.name)
    if given is None:
        return RowFrame(rows=None)
    sources = {}
    for name in measured_rows(each):
        row_set = bound.row_sets[name]
        source = source_of(row_set, hand.rows)
        frames = {key: rows.frame for key, rows in hand.rows.items()}
        sources[name] = Source(
            row_set=row_set,
            frame=frame_of_rows(row_set, frames),
            listed=hand.rows[source].listed if source is not None else _NOBODY,
        )
    rows = add_measured(bound, each, given.frame, hand.frame, sources)
    return RowFrame(rows=rows, complete=given.listed)


def row_frame_of_part(
    bound: Bound,
    subjects: pl.DataFrame,
    rows: Mapping[str, pl.DataFrame],
    doubtful: pl.DataFrame | None,
) -> RowFrame:
    """The rows of a part of a snapshot that a policy decides; none where it decides no rows.

    `subjects` has the facts of the subjects, `rows` the rows by dataset. Of the subjects in
    `doubtful`, whose rows could not be read whole, these may not be all there are.
    """
    each = bound.policy.each
    if each is None:
        return RowFrame(rows=None)
    sources = {}
    for name, row_set in bound.row_sets.items():
        known = subjects["subject"] if row_set.complete else _NOBODY
        unsure = _NOBODY
        if doubtful is not None:
            unsure = doubtful.filter(pl.col("dataset") == (row_set.dataset or name))["subject"]
        sources[name] = Source(
            row_set=row_set,
            frame=frame_of_rows(row_set, rows),
            listed=known.filter(~known.is_in(unsure.implode())),
            doubtful=unsure,
        )
    mine = sources[each.row_set.name]
    if mine.frame is None:
        return RowFrame(rows=None)
    measured = add_measured(bound, each, mine.frame, subjects, sources)
    return RowFrame(rows=measured, complete=mine.listed)


def measured_rows(each: Each) -> frozenset[str]:
    """The row sets that the facts of a row are measured over."""
    return frozenset(fact.measure.rows for fact in each.facts if fact.measure is not None)


def add_measured(
    bound: Bound,
    each: Each,
    rows: pl.DataFrame,
    subjects: pl.DataFrame,
    sources: Mapping[str, Source],
) -> pl.DataFrame:
    """The rows with the facts that are measured for each of them, where they were not given."""
    for fact in each.facts:
        if fact.measure is None:
            continue
        found = pl.DataFrame(_measure(bound, fact, rows, subjects, sources[fact.measure.rows]))
        everybody = pl.repeat(True, rows.height, eager=True, dtype=pl.Boolean)
        rows = overlay(rows, fact.name, found, everybody)
    return rows


def _measure(
    bound: Bound, fact: Fact, rows: pl.DataFrame, subjects: pl.DataFrame, source: Source
) -> list[pl.Series]:
    """The fact for each row: over the source's rows of its subject that match it.

    Each row stands in for a subject, so that it is measured as facts of subjects are. A row of the
    source whose match is not known is undecided.
    """
    measure = fact.measure
    assert measure is not None
    ids = pl.Series(OWNER, [str(number) for number in range(rows.height)], dtype=pl.String)
    owners = rows.select("subject", *measure.match).with_columns(ids)
    listed = source.listed
    if listed is not None:
        listed = owners.filter(pl.col("subject").is_in(listed.implode()))[OWNER]
    moment = Moment(as_of=bound.as_of, period=(bound.period.start, bound.period.end))
    if source.frame is None:
        return measure_fact(fact, source.row_set, None, ids, moment, listed)
    scope, types, shared = _beside(bound, fact, source.row_set, subjects)
    here = owners.rename({name: f"::here::{name}" for name in measure.match})
    same = pl.lit(True)
    for name in measure.match:
        same = same & (pl.col(name) == pl.col(f"::here::{name}"))
    matched = (
        source.frame.join(here, on="subject", how="inner")
        .join(shared, on="subject", how="left")
        .with_columns(same.alias(SAME))
        .filter(pl.col(SAME).is_null() | pl.col(SAME))
        .with_columns(pl.col(OWNER).alias("subject"))
    )
    test: Name | Logic = Name(name=SAME)
    if measure.where is not None:
        test = Logic(operator="and", operands=(Name(name=SAME), measure.where))
    alike = replace(fact, measure=replace(measure, where=test))
    columns = measure_fact(
        alike, source.row_set, matched, ids, moment, listed, scope=scope, types=types
    )
    # who the row is about may be missing, or rows of its subject: so is what is measured of them
    known = pl.lit(True)
    for name in measure.match:
        known = known & pl.col(name).is_not_null()
    if source.doubtful is not None:
        known = known & ~pl.col("subject").is_in(source.doubtful.implode())
    sure = rows.select(known.alias("sure")).to_series()
    if len(sure) != rows.height:
        return columns  # nothing to ask of any row
    frame = pl.DataFrame(columns)
    return frame.select(
        pl.when(pl.lit(sure)).then(pl.col(name)).alias(name) for name in frame.columns
    ).get_columns()


def _beside(
    bound: Bound, fact: Fact, row_set: RowSet, subjects: pl.DataFrame
) -> tuple[dict[str, Definition], dict[str, FactType], pl.DataFrame]:
    """What names mean in the fact's filter: the source's columns, then what the subject has."""
    measure = fact.measure
    assert measure is not None
    scope = dict(bound.scope) | row_set.scope() | {SAME: Given(name=SAME, type=FactType.BOOLEAN)}
    used = outer_names(measure, row_set, bound.scope) - set(row_set.columns)
    types = {name: kind for name, kind in bound.types.items() if name in used}
    wanted = {name + suffix for name in used for suffix in ("", GIVEN, NOT_APPLICABLE)}
    names = ["subject", *(name for name in subjects.columns if name in wanted)]
    return scope, types | {SAME: FactType.BOOLEAN}, subjects.select(names)


def as_column(fact: Fact) -> RowColumn:
    """A fact of each row as what a row may give by hand."""
    return RowColumn(
        name=fact.name,
        type=fact.type,
        label_zh=fact.label_zh,
        label_en=fact.label_en,
        unit=fact.unit,
        system=fact.system,
        values=fact.values,
        may_not_apply=fact.may_not_apply,
    )
