"""The rows of an outcome: of its own parts, and of the outcomes that it stands on."""

from collections.abc import Callable, Iterable, Iterator

import polars as pl

from engine.outcome import Increment, Outcome, read_replaced
from engine.outcome_parts import read_part
from engine.part_outcome import OUTCOME_SCHEMA, Key, PartOutcome, list_rows
from engine.same_subjects import leave_out


def read_whole(
    outcome: Outcome, wanted: Callable[[str], bool] = lambda name: True
) -> Iterator[PartOutcome]:
    """The parts in bits (of names that are `wanted`) with what is taken over from other outcomes.

    A subject may be in several of them, each time with other policies.
    """
    increment = outcome.increment
    if increment is not None:
        replaced = {kind: read_replaced(outcome, kind) for kind in increment.replaced}
        nobody = pl.Series("subject", [], dtype=pl.String)
        for part in read_whole(increment.base, wanted):
            yield leave_out(part, replaced.get(part.kind, nobody), _kept_of(increment, part.kind))
    for own in outcome.parts:
        if wanted(own.name):
            yield read_part(outcome.path, own)


def _kept_of(increment: Increment, kind: str) -> dict[Key, str]:
    return {
        (policy, version, before): period
        for (of, policy, version, before), period in increment.kept.items()
        if of == kind
    }


def read_parts(outcome: Outcome, policies: Iterable[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows (of these policies only), part by part, verified before anything is derived."""
    wanted = None if policies is None else frozenset(policies)
    for part in read_whole(outcome):
        yield list_rows(part, wanted)


def read_rows(outcome: Outcome, policies: Iterable[str] | None = None) -> pl.DataFrame:
    """The rows of all parts (of these policies only) in the columns OUTCOME_SCHEMA."""
    return pl.concat([pl.DataFrame(schema=OUTCOME_SCHEMA), *read_parts(outcome, policies)])


def read_matches(outcome: Outcome, policies: Iterable[str] | None = None) -> pl.DataFrame:
    """The eligible rows of all parts, in the columns of matches, `missing` and `delivery`."""
    frames = [
        rows.filter(pl.col("verdict") == "eligible").drop("verdict")
        for rows in read_parts(outcome, policies)
    ]
    schema = {name: kind for name, kind in OUTCOME_SCHEMA.items() if name != "verdict"}
    return pl.concat([pl.DataFrame(schema=schema), *frames])
