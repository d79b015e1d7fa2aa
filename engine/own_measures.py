"""The facts that policies measure over rows themselves, as columns beside the shared facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from engine.measured import OwnMeasure
from engine.program import Bound
from language.column import GIVEN, NOT_APPLICABLE
from language.frame import flag_columns
from profiles.derivation import measure_fact
from profiles.hand import Subject
from profiles.hand_frame import HandFrame, overlay
from profiles.row_frame import frame_of_rows, source_of
from profiles.span import Moment

_NOBODY = pl.Series([], dtype=pl.String)


def datasets_needed(bounds: Iterable[Bound]) -> frozenset[str]:
    """The datasets and joined rows of a part that these policies measure or decide rows of."""
    names: set[str] = set()
    for bound in bounds:
        row_sets = [own.row_set for own in bound.own_measures]
        for row_set in [*row_sets, *bound.row_sets.values()]:
            names |= {row_set.name, row_set.dataset or row_set.name}
    return frozenset(names)


def group_bounds(bounds: Sequence[Bound]) -> list[list[Bound]]:
    """The policies in groups, within each of which a name means the same column to all.

    Mostly one group: a policy that measures a fact under a shared name goes apart from those that
    use the shared fact, and from those that measure another one under that name.
    """
    groups: list[_Group] = []
    for bound in bounds:
        measured = {own.fact.name for own in bound.own_measures}
        read = bound.names.union(measured, *(own.uses for own in bound.own_measures))
        for group in groups:
            if not (measured & group.read or group.measured & read):
                break
        else:
            group = _Group()
            groups.append(group)
        group.bounds.append(bound)
        group.measured |= measured
        group.read |= read
    return [group.bounds for group in groups]


@dataclass(slots=True, kw_only=True)
class _Group:
    """Policies that agree, the columns that they read, and those that they measure themselves."""

    bounds: list[Bound] = field(default_factory=list)
    measured: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)


def add_own_measures(
    bounds: Iterable[Bound],
    frame: pl.DataFrame,
    rows: Mapping[str, pl.DataFrame],
    doubtful: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The part's facts with those that policies of one group measure themselves.

    `rows` are the part's rows by dataset; `doubtful` (`dataset`, `subject`) names the subjects some
    of whose rows were set aside: what is measured over these is missing.
    """
    for bound in bounds:
        for own in bound.own_measures:
            found = frame_of_rows(own.row_set, rows)
            listed = None if own.row_set.complete else _NOBODY
            columns = pl.DataFrame(_measure(own, bound, frame, found, listed))
            if doubtful is not None and own.row_set.dataset is not None:
                columns = _withhold(columns, own, frame["subject"], doubtful)
            frame = frame.with_columns(columns.get_columns())
    return frame


def add_given_measures(bound: Bound, hand: HandFrame, subjects: Sequence[Subject]) -> pl.DataFrame:
    """Facts given by hand with those that the policy measures over the rows that were given.

    A fact that a subject gave is not measured. A list is all the rows there are; who gave none has
    the measure missing.
    """
    frame = hand.frame
    frames = {name: found.frame for name, found in hand.rows.items()}
    for own in bound.own_measures:
        name = own.fact.name
        source = source_of(own.row_set, frames)
        found = frame_of_rows(own.row_set, frames)
        listed = hand.rows[source].listed if source is not None else _NOBODY
        computed = pl.DataFrame(_measure(own, bound, frame, found, listed))
        if name in frame.columns:
            # a shared fact of this name, measured over other rows, is not meant here
            given = [name in subject.facts for subject in subjects]
            frame = frame.with_columns(pl.Series(name + GIVEN, given, dtype=pl.Boolean))
        frame = overlay(frame, name, computed, frame["subject"].is_in(listed.implode()))
    return frame


def _measure(
    own: OwnMeasure,
    bound: Bound,
    frame: pl.DataFrame,
    rows: pl.DataFrame | None,
    listed: pl.Series | None,
) -> list[pl.Series]:
    """The columns of one measure for the subjects of a frame of facts."""
    if rows is not None:
        known = set(frame.columns)
        outer = sorted(own.uses - set(own.row_set.columns))
        beside = [name for name in [*outer, *flag_columns(outer)] if name in known]
        rows = rows.join(
            frame.select("subject", *beside), on="subject", how="left", maintain_order="left"
        )
    period = (bound.period.start, bound.period.end)
    return measure_fact(
        own.fact,
        own.row_set,
        rows,
        frame["subject"],
        Moment(as_of=bound.as_of, period=period),
        listed,
        scope=own.scope,
        types=own.types,
    )


def _withhold(
    columns: pl.DataFrame, own: OwnMeasure, subjects: pl.Series, doubtful: pl.DataFrame
) -> pl.DataFrame:
    unsure = doubtful.filter(pl.col("dataset") == own.row_set.dataset)["subject"]
    known = pl.lit(~subjects.is_in(unsure.implode()))
    name, flag = own.fact.name, own.fact.name + NOT_APPLICABLE
    kept = [pl.when(known).then(pl.col(name)).alias(name)]
    if flag in columns.columns:
        kept.append((pl.col(flag) & known).alias(flag))
    return columns.select(kept)
