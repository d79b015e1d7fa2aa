"""What a held policy would change, against the outcome it was compared with: by row, and samples.

Samples are spread evenly over the subjects, the same each time; subjects appear by surrogate id.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from console.errors import NothingThere
from console.settings import Settings
from engine.changes import CHANGE_SCHEMA, diff_outcomes
from engine.outcome import read_outcome
from engine.outcome_reading import read_rows
from engine.run import Run, find_run
from engine.run_policy import RunPolicy

KINDS = ("gained", "lost", "unsettled", "amount_changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A policy of a run with the run it was compared with (None: with none), and every change."""

    one: RunPolicy
    run: Run
    base: Run | None
    changes: pl.DataFrame

    def counts(self) -> Mapping[str, int]:
        """How many changes of each kind there are."""
        counted = dict(self.changes.group_by("change").len().iter_rows())
        return {kind: counted.get(kind, 0) for kind in KINDS}

    def sample(self, kind: str, most: int) -> pl.DataFrame:
        """At most so many changes of a kind, spread evenly over all of them."""
        return spread(self.changes.filter(pl.col("change") == kind), most)


def spread(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most `most` rows, evenly from first to last."""
    if rows.height <= most:
        return rows
    return rows[[number * rows.height // most for number in range(most)]]


def compare_held(settings: Settings, connection: Connection, one: RunPolicy) -> Compared:
    """The changes that a policy of a run makes. Raises OutcomeDamaged, NothingThere."""
    run = find_run(connection, one.run_id)
    base = None if one.base_run is None else find_run(connection, one.base_run)
    if run is None:
        raise NothingThere(f"there is no run {one.run_id}")
    previous = None if base is None else _rows_of(settings, base, one.policy)
    changes = diff_outcomes(_rows_of(settings, run, one.policy), previous)
    return Compared(one=one, run=run, base=base, changes=changes.select(*CHANGE_SCHEMA))


def _rows_of(settings: Settings, run: Run, policy: str) -> pl.DataFrame:
    if run.outcome_path is None:
        raise NothingThere(f"run {run.id} has no outcome")
    return read_rows(read_outcome(settings.home / run.outcome_path), [policy])
