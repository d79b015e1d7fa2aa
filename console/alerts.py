"""What somebody should look at: each alert says what, since when, why it matters, what to do.

Alerts are read from the database, and for clauses counted over two snapshots, so any process that
asks tells the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from sqlalchemy import Connection, func, select

from console.population import count_by_clause
from console.run_report import open_run
from console.settings import Settings
from engine.clause_counts import ClauseCount, PolicyCounts
from engine.run import Run, list_accepted
from engine.run_record import PolicyFigures, list_unended, read_figures
from ledger.journal import count_unsealed, oldest_unsealed
from notifier.notice import delivery_table
from profiles.ingest import Progress

Kind = Literal[
    "no run", "run unended", "unknowns jumped", "clause constant", "journal unsealed",
    "deliveries failed", "deliveries overdue",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on somebody is alerted.

    `jump` is by how much more of a policy's subjects are unknown, as a share of them, and at least
    by half of what was unknown before.
    """

    without_run: timedelta = timedelta(hours=24)
    unended: timedelta = timedelta(hours=4)
    jump: Fraction = Fraction(1, 100)
    unsealed: timedelta = timedelta(hours=1)
    overdue: timedelta = timedelta(hours=6)
    failed: int = 0


FEWEST = 20
"""A jump of fewer subjects than this is none."""
FEWEST_OTHERS = 10
"""So many have to have come out otherwise before: that none does now, is then no chance. (Of a
sample as large, none of them is seen again with a probability below 1 in 10,000.)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to look at. `since`: from when on it is so, None where that is not known.

    `figure` is what was found and `limit` what is allowed, in the unit of the kind; `name` is a
    policy, a run or a channel, never anybody; `detail` is a clause or what it has become.
    """

    kind: Kind
    name: str
    since: datetime | None
    figure: float
    limit: float
    detail: str = ""
    before: float = 0.0


def find_alerts(connection: Connection, limits: Limits, now: datetime) -> list[Alert]:
    """All alerts that the database tells of; those about clauses are `find_constant_clauses`."""
    return [
        *_without_run(connection, limits, now),
        *_unended(connection, limits, now),
        *_jumped(connection, limits),
        *_unsealed(connection, limits, now),
        *_failed(connection, limits),
        *_overdue(connection, limits, now),
    ]


def _without_run(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    last = next(iter(list_accepted(connection, 1)), None)
    allowed = limits.without_run.total_seconds() / 3600
    if last is None or last.decided_at is None:
        yield Alert(kind="no run", name="", since=None, figure=0, limit=allowed)
    elif now - last.decided_at > limits.without_run:
        hours = (now - last.decided_at).total_seconds() / 3600
        yield Alert(kind="no run", name=last.id, since=last.decided_at, figure=hours, limit=allowed)


def _unended(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    for one in list_unended(connection):
        if now - one.started_at > limits.unended:
            yield Alert(
                kind="run unended",
                name=one.run_id,
                since=one.started_at,
                figure=(now - one.started_at).total_seconds() / 3600,
                limit=limits.unended.total_seconds() / 3600,
            )


def _jumped(connection: Connection, limits: Limits) -> Iterator[Alert]:
    runs = list_accepted(connection, 2)
    if len(runs) < 2:
        return
    now, before = (read_figures(connection, run.id) for run in runs)
    if now is None or before is None:
        return
    former = {one.policy: one for one in before.policies if one.outside is None}
    for one in now.policies:
        was = former.get(one.policy)
        if one.outside is None and was is not None and has_jumped(one, was, limits.jump):
            yield Alert(
                kind="unknowns jumped",
                name=one.policy,
                since=runs[0].decided_at,
                figure=one.unknown / one.subjects,
                limit=float(limits.jump),
                before=was.unknown / was.subjects if was.subjects else 0.0,
            )


def has_jumped(now: PolicyFigures, before: PolicyFigures, jump: Fraction) -> bool:
    """Whether so many more are unknown: by `jump` of all subjects, by half, and not by a few."""
    if not now.subjects or not before.subjects:
        return False
    share, was = Fraction(now.unknown, now.subjects), Fraction(before.unknown, before.subjects)
    return (
        share - was >= jump and 2 * share >= 3 * was and now.unknown - was * now.subjects >= FEWEST
    )


def _unsealed(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    oldest = oldest_unsealed(connection)
    if oldest is not None and now - oldest > limits.unsealed:
        yield Alert(
            kind="journal unsealed",
            name="",
            since=oldest,
            figure=count_unsealed(connection),
            limit=limits.unsealed.total_seconds() / 60,
        )


def _failed(connection: Connection, limits: Limits) -> Iterator[Alert]:
    columns = delivery_table.c
    rows = connection.execute(
        select(columns.channel, func.count(), func.min(columns.ended_at))
        .where(columns.state == "failed")
        .group_by(columns.channel)
        .order_by(columns.channel)
    )
    for channel, count, since in rows:
        if count > limits.failed:
            yield Alert(
                kind="deliveries failed",
                name=channel,
                since=since,
                figure=count,
                limit=limits.failed,
            )


def _overdue(connection: Connection, limits: Limits, now: datetime) -> Iterator[Alert]:
    columns = delivery_table.c
    rows = connection.execute(
        select(columns.channel, func.count(), func.min(columns.due_at))
        .where(columns.state == "pending", columns.due_at < now - limits.overdue)
        .group_by(columns.channel)
        .order_by(columns.channel)
    )
    for channel, count, since in rows:
        yield Alert(
            kind="deliveries overdue",
            name=channel,
            since=since,
            figure=count,
            limit=limits.overdue.total_seconds() / 3600,
        )


def find_constant_clauses(
    settings: Settings, runs: Sequence[Run], tell: Progress, *, sample: int | None
) -> list[Alert]:
    """Clauses that came out alike for everybody in the first of two runs, and not in the second.

    `runs` are the two accepted last, the newer first; with fewer there is nothing to compare.
    Counted over `sample` subjects of each kind, or everybody. Raises NothingThere where the
    snapshot or the policies of a run are gone.
    """
    if len(runs) < 2:
        return []
    counted = [
        {counts.policy: counts for counts in count_by_clause(*open_run(settings, run), None, tell,
                                                             sample=sample)[0]}
        for run in runs[:2]
    ]  # fmt: skip
    now, before = counted
    return [
        alert
        for policy, counts in now.items()
        if policy in before
        for alert in compare_clauses(counts, before[policy], runs[0].decided_at)
    ]


def compare_clauses(now: PolicyCounts, before: PolicyCounts, since: datetime | None) -> list[Alert]:
    """The clauses of a policy that turned constant; groups follow from their members."""
    former = {one.id: one for one in before.clauses}
    found = []
    for one in now.clauses:
        was = former.get(one.id)
        if was is None or (one.group not in ("", "portion") and one.id != "region"):
            continue
        constant, others = constant_of(one), _others(was, constant_of(one))
        if constant and others >= FEWEST_OTHERS:
            found.append(
                Alert(
                    kind="clause constant",
                    name=now.policy,
                    since=since,
                    figure=now.subjects,
                    limit=FEWEST_OTHERS,
                    detail=f"{one.id} {constant}",
                    before=others,
                )
            )
    return found


def constant_of(one: ClauseCount) -> str:
    """As what a clause came out for everybody: passes, fails, unknown; "" where it differs."""
    counts = {"passes": one.passes, "fails": one.fails, "unknown": one.unknown}
    there = [name for name, count in counts.items() if count]
    return there[0] if len(there) == 1 else ""


def _others(one: ClauseCount, constant: str) -> int:
    """How many came out otherwise."""
    counts = {"passes": one.passes, "fails": one.fails, "unknown": one.unknown}
    return sum(count for name, count in counts.items() if name != constant)
