"""Intake: current matches become awards, each at most once, under any crash, re-run or race.

Due is what matches now and has no award yet for its period: not what changed. A later difference
is an adjustment of the same award.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, insert, select, update

from awards.award import (
    Pace,
    adjustment_table,
    award_table,
    name_rows,
    write_in_batches,
    write_slices,
)
from awards.claims import keep_claims, renew_claims
from awards.errors import MatchesRefused
from engine.outcome import KEY, MATCH_SCHEMA
from ledger.bulk import insert_absent_columns
from ledger.database import reading
from ledger.entries import NewEntries, record_columns
from ledger.journal import NewEntry, record_all

_EXISTING = {
    "subject": pl.String(),
    "item": pl.String(),
    "id": pl.String(),
    "award_fen": pl.Int64(),
    "state": pl.String(),
    "origin": pl.String(),
}
_OPENING = (
    "version",
    "subject",
    "kind",
    "item",
    "amount_fen",
    "missing",
    "delivery",
    "rows",
    "rows_open",
    "claimed",
)
"""What differs among the matches of one policy and period and goes into award or journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What became of each match; the counts add up to the matches."""

    opened: int = 0
    unchanged: int = 0  # has its award already, with this amount
    adjusted: int = 0
    settled: int = 0  # the amount differs, but the award is imported, paid or ended: left as it is
    reopened: int = 0  # the amount was known and is now open: the award keeps the known one
    raced: int = 0  # somebody else wrote it between our look and our write


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intake:
    """What every step of one intake needs."""

    run_id: str
    actor: str
    now: datetime
    pace: Pace = field(default_factory=Pace)


def open_awards(
    engine: Engine,
    matches: pl.DataFrame,
    *,
    run_id: str,
    actor: str,
    now: datetime,
    on_progress: Callable[[int, int], None] | None = None,
    seconds: Callable[[], float] | None = None,
) -> IntakeReport:
    """Open an award for each match that has none, and adjust those whose amount differs.

    `matches` has the columns of MATCH_SCHEMA, and may have `missing`, names of the facts an open
    amount waits for, `delivery`, how the benefit reaches this subject, `rows` and `rows_open`, how
    many of its rows hold or are undecided, and `claimed`, what nobody else may hold: without it no
    award is opened (awards.claims). Awards, claims and their journal entries commit together, in
    transactions of at most 2,000 awards or, by the clock `seconds`, 250 ms. `on_progress` is told
    how many of how many matches were taken in. Raises MatchesRefused before anything is written.
    """
    _check_matches(matches)
    if "claimed" in matches.columns:
        renew_claims(engine, matches, now=now, pace=Pace(seconds=seconds))
    report = IntakeReport()
    done = 0
    for group in _groups(matches):
        start = done

        def tell(position: int, start: int = start) -> None:
            if on_progress:
                on_progress(start + position, matches.height)

        intake = _Intake(
            run_id=run_id, actor=actor, now=now, pace=Pace(seconds=seconds, on_progress=tell)
        )
        report = _add(report, _take_in(engine, group, intake))
        done += group.height
        tell(group.height)
    return report


def _take_in(engine: Engine, group: pl.DataFrame, intake: _Intake) -> IntakeReport:
    """The matches of one policy and period."""
    existing = _read_existing(engine, group["policy"][0], group["period"][0])
    compared = group.join(existing, on=["subject", "item"], how="left")
    is_new = pl.col("id").is_null()
    differs = pl.col("amount_fen").ne_missing(pl.col("award_fen"))
    adjustable = (pl.col("origin") == "run") & (pl.col("state") == "opened")
    is_open = pl.col("amount_fen").is_null()

    due = compared.filter(is_new)
    changed = compared.filter(~is_new & differs)
    differing = changed.filter(adjustable & ~is_open)

    opened = _open_due(engine, due, intake)
    adjusted = _adjust(engine, differing, intake)
    return IntakeReport(
        opened=opened,
        unchanged=compared.height - due.height - changed.height,
        adjusted=adjusted,
        settled=changed.filter(~adjustable).height,
        reopened=changed.filter(adjustable & is_open).height,
        raced=due.height - opened + differing.height - adjusted,
    )


def _open_due(engine: Engine, due: pl.DataFrame, intake: _Intake) -> int:
    ids = name_rows(due.height, intake.now)
    columns = {name: due[name].to_list() for name in due.columns if name in _OPENING}
    if told := columns.get("missing"):  # what a known amount waits for is no matter
        amounts = columns["amount_fen"]
        columns["missing"] = [
            names if amount is None else None for names, amount in zip(told, amounts, strict=True)
        ]

    def write(connection: Connection, some: slice) -> int:
        mine = {name: values[some] for name, values in columns.items()} | {"id": ids[some]}
        opened = insert_absent_columns(
            connection,
            award_table,
            shared={
                "policy": due["policy"][0],
                "period": due["period"][0],
                "state": "opened",
                "origin": "run",
                "run_id": intake.run_id,
                "opened_at": intake.now,
            },
            columns={
                "id": mine["id"],
                "policy_version": mine["version"],
                "subject": mine["subject"],
                "subject_kind": mine["kind"],
                "item": mine["item"],
                "amount_fen": mine["amount_fen"],
            },
        )
        if "claimed" in mine:
            claimed = dict(zip(mine["id"], mine["claimed"], strict=True))
            opened = keep_claims(connection, opened, claimed, intake.now)
        if len(opened) < len(mine["id"]):
            kept = [award_id in opened for award_id in mine["id"]]
            mine = {name: list(compress(values, kept)) for name, values in mine.items()}
        record_columns(connection, _openings_of(due, mine, intake))
        return len(opened)

    return write_slices(engine, due.height, write, intake.pace)


def _openings_of(due: pl.DataFrame, mine: Mapping[str, list[Any]], intake: _Intake) -> NewEntries:
    optional = {
        name: [value or None for value in mine[name]]
        for name in ("missing", "delivery", "rows")
        if name in mine
    }
    if "rows" in optional:
        undecided = mine.get("rows_open", [0] * len(mine["id"]))
        optional["rows_open"] = [
            None if rows is None else still_open or 0
            for rows, still_open in zip(optional["rows"], undecided, strict=True)
        ]
    return NewEntries(
        kind="award.opened",
        actor=intake.actor,
        now=intake.now,
        subjects=mine["subject"],
        shared={
            "policy": due["policy"][0],
            "period": due["period"][0],
            "run": intake.run_id,
        },
        columns={
            "award": mine["id"],
            "version": mine["version"],
            "item": mine["item"],
            "amount_fen": mine["amount_fen"],
        },
        optional=optional,
    )


def _adjust(engine: Engine, differing: pl.DataFrame, intake: _Intake) -> int:
    def write(connection: Connection, chunk: Sequence[dict[str, Any]]) -> int:
        mine = [row for row in chunk if _change_amount(connection, row)]
        if mine:
            names = ("id", "award_id", "run_id", "before_fen", "after_fen", "adjusted_at")
            connection.execute(
                insert(adjustment_table), [{name: row[name] for name in names} for row in mine]
            )
        record_all(connection, [_adjustment_of(row, intake) for row in mine])
        return len(mine)

    rows = [
        {
            **match,
            "id": adjustment_id,
            "award_id": match["id"],
            "run_id": intake.run_id,
            "before_fen": match["award_fen"],
            "after_fen": match["amount_fen"],
            "adjusted_at": intake.now,
        }
        for adjustment_id, match in zip(
            name_rows(differing.height, intake.now),
            differing.iter_rows(named=True),
            strict=True,
        )
    ]
    return write_in_batches(engine, rows, write, intake.pace)


def _change_amount(connection: Connection, row: dict[str, Any]) -> bool:
    """Set the new amount if the award is still as we saw it; False where somebody was faster."""
    columns = award_table.c
    changed = connection.execute(
        update(award_table)
        .where(columns.id == row["award_id"], columns.state == "opened")
        .where(columns.amount_fen.is_not_distinct_from(row["before_fen"]))
        .values(amount_fen=row["after_fen"])
    )
    return changed.rowcount == 1


def _adjustment_of(row: dict[str, Any], intake: _Intake) -> NewEntry:
    return NewEntry(
        kind="award.adjusted",
        actor=intake.actor,
        subject=row["subject"],
        body={
            "adjustment": row["id"],
            "award": row["award_id"],
            "policy": row["policy"],
            "version": row["version"],
            "period": row["period"],
            "item": row["item"],
            "before_fen": row["before_fen"],
            "amount_fen": row["after_fen"],
            "run": intake.run_id,
        },
        now=intake.now,
    )


def _read_existing(engine: Engine, policy: str, period: str) -> pl.DataFrame:
    columns = award_table.c
    statement = select(
        columns.subject,
        columns.item,
        columns.id,
        columns.amount_fen,
        columns.state,
        columns.origin,
    ).where(columns.policy == policy, columns.period == period)
    frames = [pl.DataFrame(schema=_EXISTING)]
    with reading(engine) as connection:
        rows = connection.execution_options(yield_per=50_000).execute(statement)
        for partition in rows.partitions():
            frames.append(
                pl.DataFrame([tuple(row) for row in partition], schema=_EXISTING, orient="row")
            )
    return pl.concat(frames)


def _groups(matches: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """By policy and period, each sorted: locks are taken in one order, indexes grow in theirs."""
    for group in matches.partition_by("policy", "period", maintain_order=True):
        yield group.sort("subject", "item")


def _check_matches(matches: pl.DataFrame) -> None:
    if missing := [name for name in MATCH_SCHEMA if name not in matches.columns]:
        raise MatchesRefused(f"matches lack the columns {', '.join(missing)}")
    for name, kind in MATCH_SCHEMA.items():
        if matches[name].dtype != kind:
            raise MatchesRefused(f'matches\' column "{name}" is {matches[name].dtype}, not {kind}')
        if name != "amount_fen" and matches[name].null_count():
            raise MatchesRefused(
                f'matches have gaps in "{name}" (a benefit paid once has the period "once")'
            )
    if (matches["amount_fen"] < 0).any():
        raise MatchesRefused("an amount is below 0 (let the policy end with at_least: 0)")
    twice = matches.filter(matches.select(KEY).is_duplicated())
    if twice.height:
        policies = ", ".join(sorted(set(twice["policy"])))
        raise MatchesRefused(
            f"{twice.height} matches share policy, subject, period and item (look at: {policies})"
        )


def _add(left: IntakeReport, right: IntakeReport) -> IntakeReport:
    return IntakeReport(
        opened=left.opened + right.opened,
        unchanged=left.unchanged + right.unchanged,
        adjusted=left.adjusted + right.adjusted,
        settled=left.settled + right.settled,
        reopened=left.reopened + right.reopened,
        raced=left.raced + right.raced,
    )
