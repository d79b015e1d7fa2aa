"""What is written down of a run beside its outcome: its figures by policy, and each pass it took.

A run is repeated until nothing is left to do, so it can have several passes. Its figures are those
from before it was decided: later ones would compare the run with itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from engine.run import Run, run_table
from ledger.database import SERIAL, Instant, metadata, upsert
from ledger.journal import canonical_json

run_figures_table = Table(
    "run_figures",
    metadata,
    Column("run_id", String(40), ForeignKey(run_table.c.id), primary_key=True),
    Column("against", String(40), ForeignKey(run_table.c.id)),  # null: there was none before
    Column("recorded_at", Instant, nullable=False),
    Column("policies", Text, nullable=False),  # canonical JSON: a list of PolicyFigures
)

run_pass_table = Table(
    "run_pass",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("run_id", String(40), ForeignKey(run_table.c.id), nullable=False),
    Column("trial", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),  # null: it is on its way, or was killed
    Column("seconds", Float),
    Column("content", Text, nullable=False),  # canonical JSON: stages, parts, what came of it
)
Index("ix_run_pass_run_id", run_pass_table.c.run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFigures:
    """What a run found for one policy, and what is different from the run before.

    `outside` says why it was not decided: `effective`, `window`. `unsettled` were eligible and are
    unknown now. The difference is that of known amounts.
    """

    policy: str  # the family, without version
    version: str
    title_zh: str
    title_en: str
    outside: str | None
    subjects: int
    eligible: int
    unknown: int
    amount_fen: int
    open_amounts: int
    gained: int = 0
    lost: int = 0
    unsettled: int = 0
    amount_changed: int = 0
    difference_fen: int = 0

    @property
    def key(self) -> str:
        """The policy with its version."""
        return f"{self.policy}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of a run; `against` is the run that it was compared with."""

    run_id: str
    against: str | None
    recorded_at: datetime
    policies: tuple[PolicyFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass of a run, from its first part to its last notice; `ended_at` None: it did not end.

    `content` is plain data: `stages` and `parts` with their seconds, `held`, and counts of what
    came of it.
    """

    run_id: str
    trial: bool
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    content: Mapping[str, Any]


def keep_figures(
    engine: Engine,
    run: Run,
    policies: Sequence[PolicyFigures],
    *,
    against: str | None,
    now: datetime,
) -> None:
    """Write the figures of a run; of one that is decided already, only where there are none.

    A trial may be followed by the run itself, compared with another run by then.
    """
    row = {
        "run_id": run.id,
        "against": against,
        "recorded_at": now,
        "policies": canonical_json([_plain(figures) for figures in policies]),
    }
    with engine.begin() as connection:
        statement = upsert(connection, run_figures_table).values(row)
        if run.state in ("accepted", "discarded"):
            connection.execute(statement.on_conflict_do_nothing())
        else:
            connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=row))


def read_figures(connection: Connection, run_id: str) -> RunFigures | None:
    """The figures of a run; None where it was never compared, or ran before there were any."""
    columns = run_figures_table.c
    row = connection.execute(
        select(run_figures_table).where(columns.run_id == run_id)
    ).one_or_none()
    if row is None:
        return None
    return RunFigures(
        run_id=row.run_id,
        against=row.against,
        recorded_at=row.recorded_at,
        policies=tuple(PolicyFigures(**one) for one in json.loads(row.policies)),
    )


def begin_pass(engine: Engine, run: Run, *, trial: bool, now: datetime) -> int:
    """Note that a pass of a run has begun; the number to end it by."""
    values = {"run_id": run.id, "trial": trial, "started_at": now, "content": "{}"}
    with engine.begin() as connection:
        number = connection.scalar(
            insert(run_pass_table).values(values).returning(run_pass_table.c.id)
        )
    assert number is not None
    return int(number)


def end_pass(
    engine: Engine, number: int, *, now: datetime, seconds: float, content: Mapping[str, Any]
) -> None:
    """Note what a pass that was begun at `now` came to, and how long it took."""
    values = {
        "ended_at": now + timedelta(seconds=seconds),
        "seconds": seconds,
        "content": canonical_json(content),
    }
    with engine.begin() as connection:
        connection.execute(
            update(run_pass_table).where(run_pass_table.c.id == number).values(values)
        )


def list_passes(connection: Connection, run_id: str) -> list[Pass]:
    """The passes of a run in their order."""
    columns = run_pass_table.c
    rows = connection.execute(
        select(run_pass_table).where(columns.run_id == run_id).order_by(columns.id)
    )
    return [_pass_of(row) for row in rows]


def list_unended(connection: Connection) -> list[Pass]:
    """The last pass of each run that did not end, the longest begun first: on their way or killed.

    What a killed pass left undone is made good by whichever pass ends after it, of the same run or
    of a later one: awards are due from current matches. Trials leave nothing undone.
    """
    columns = run_pass_table.c
    ended = select(func.max(columns.id)).where(columns.ended_at.is_not(None), ~columns.trial)
    rows = connection.execute(
        select(run_pass_table)
        .where(columns.ended_at.is_(None), ~columns.trial)
        .where(columns.id > func.coalesce(ended.scalar_subquery(), 0))
        .order_by(columns.id)
    )
    newest = {row.run_id: _pass_of(row) for row in rows}
    return sorted(newest.values(), key=lambda one: one.started_at)


def _pass_of(row: Row[Any]) -> Pass:
    return Pass(
        run_id=row.run_id,
        trial=row.trial,
        started_at=row.started_at,
        ended_at=row.ended_at,
        seconds=row.seconds,
        content=json.loads(row.content),
    )


def _plain(figures: PolicyFigures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in PolicyFigures.__dataclass_fields__}
