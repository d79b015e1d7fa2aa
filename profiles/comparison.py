"""Whether two snapshots hold the same, part by part: an increment, and one built from nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from profiles.snapshot import Part, Snapshot, read_answered, read_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that two snapshots do not both hold: of which part, what (a fact, rows of a
    dataset, doubt, answers, or who is in it), and of how many subjects."""

    kind: str
    number: int
    what: str
    subjects: int


def compare_snapshots(
    one: Snapshot, other: Snapshot, on_part: Callable[[int, int], None] | None = None
) -> list[Difference]:
    """What one of two snapshots holds and the other does not; nothing where they are the same.

    Raises `SnapshotDamaged` where a file is not what was written.
    """
    theirs = {(part.kind, part.number): part for part in other.all_parts}
    ours = {(part.kind, part.number): part for part in one.all_parts}
    found: list[Difference] = []
    places = sorted(ours.keys() | theirs.keys())
    for done, place in enumerate(places, start=1):
        if place in ours and place in theirs:
            found += _compare_parts(one, ours[place], other, theirs[place])
        else:
            part = ours.get(place) or theirs[place]
            found.append(_differs(part, "subjects", part.subjects))
        if on_part is not None:
            on_part(done, len(places))
    return found


def _compare_parts(
    one: Snapshot, ours: Part, other: Snapshot, theirs: Part
) -> Iterator[Difference]:
    mine, whole = read_part(one, ours), read_part(other, theirs)
    here, there = mine.facts["subject"], whole.facts["subject"]
    if not here.equals(there):
        strangers = set(here) ^ set(there)
        yield _differs(ours, "subjects", len(strangers))
    both = pl.DataFrame({"subject": here}).join(whole.facts.select("subject"), on="subject")
    left = both.join(mine.facts, on="subject", how="left", maintain_order="left")
    right = both.join(whole.facts, on="subject", how="left", maintain_order="left")
    for name in sorted(set(left.columns) | set(right.columns)):
        if name not in left.columns or name not in right.columns:
            yield _differs(ours, name, both.height)
        elif several := int(left[name].ne_missing(right[name]).sum()):
            yield _differs(ours, name, several)
    for name in sorted(mine.rows.keys() | whole.rows.keys()):
        several = _count_differing(mine.rows.get(name), whole.rows.get(name))
        if several:
            yield _differs(ours, f"rows of {name}", several)
    if several := _count_differing(mine.doubtful, whole.doubtful):
        yield _differs(ours, "doubt", several)
    if ours.kind != "region":
        several = _count_differing(read_answered(one, ours), read_answered(other, theirs))
        if several:
            yield _differs(ours, "answers", several)


def _differs(part: Part, what: str, subjects: int) -> Difference:
    return Difference(kind=part.kind, number=part.number, what=what, subjects=subjects)


def _count_differing(one: pl.DataFrame | None, other: pl.DataFrame | None) -> int:
    """Of how many subjects two frames of one form hold other rows, or stand in another order."""
    if one is None or other is None:
        frame = one if one is not None else other
        return 0 if frame is None else frame["subject"].n_unique()
    if one.equals(other):
        return 0
    if one.schema != other.schema:
        return max(one["subject"].n_unique(), other["subject"].n_unique())
    counted = pl.concat(
        [frame.with_columns(pl.lit(sign).alias("::n")) for frame, sign in ((one, 1), (other, -1))]
    )
    totals = counted.group_by(one.columns).agg(pl.col("::n").sum())
    return totals.filter(pl.col("::n") != 0)["subject"].n_unique() or 1
