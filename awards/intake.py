"""Intake: current matches become awards, each at most once, under any crash, re-run or race.

Due is what matches now and has no award yet for its period: not what changed. A later difference
is an adjustment of the same award.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, insert, update

from awards.award import Pace, adjustment_table, award_table, name_rows, write_in_batches
from awards.claims import CLAIMED_BY_AWARD, renew_claims
from awards.errors import MatchesRefused
from awards.existing import read_existing
from awards.funding import Funds, lock_funds, reserve_adjusted
from awards.opening import Intake, open_due, refuse_stopped
from awards.reopening import open_again, read_recalled
from engine.part_outcome import KEY, MATCH_SCHEMA
from engine.run_policy import find_overtaken
from ledger.database import reading
from ledger.journal import NewEntry, record_all

AT_ONCE = 50_000
"""New awards that wait for each other, so that policies with few fill transactions together."""

Matches = pl.DataFrame | Iterable[pl.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReport:
    """What became of each match; the counts add up to the matches."""

    opened: int = 0  # among them awards that a recall had withdrawn
    unchanged: int = 0  # has its award already, with this amount
    adjusted: int = 0
    settled: int = 0  # the amount differs, but the award is imported, paid, ended or decided later
    reopened: int = 0  # the amount was known and is now open: the award keeps the known one
    raced: int = 0  # somebody else wrote it between our look and our write


def open_awards(
    engine: Engine,
    matches: Matches,
    *,
    run_id: str,
    actor: str,
    now: datetime,
    on_progress: Callable[[int, int], None] | None = None,
    seconds: Callable[[], float] | None = None,
    total: int | None = None,
    funds: Funds | None = None,
) -> IntakeReport:
    """Open an award for each match that has none, and adjust those whose amount differs.

    `matches` has the columns of MATCH_SCHEMA, and may have `missing`, names of the facts an open
    amount waits for, `delivery`, how the benefit reaches this subject, `rows` and `rows_open`, how
    many of its rows hold or are undecided, and `claimed`, what nobody else may hold: without it no
    award is opened (awards.claims). A city's matches come as frames one after the other, best with
    all matches of a policy and period in one: its awards are read for each frame. Awards, claims,
    what they reserve from `funds` and their journal entries commit together, in transactions of at
    most MOST_AWARDS or, by the clock `seconds`, 250 ms. `on_progress` is told how many of how many
    matches were taken in: `total`, or those of the frames so far. Raises MatchesRefused before
    anything of a frame is written.
    """
    frames = [matches] if isinstance(matches, pl.DataFrame) else matches
    intake = Intake(run_id=run_id, actor=actor, now=now, funds=funds)
    report = IntakeReport()
    waiting: list[pl.DataFrame] = []
    come = done = 0

    def tell(position: int) -> None:
        if on_progress:
            on_progress(done + position, total or come)

    pace = Pace(seconds=seconds, on_progress=tell)

    def open_waiting() -> None:
        nonlocal report, done
        due = pl.concat(waiting, how="diagonal")
        waiting.clear()
        opened = open_due(engine, due, intake, pace)
        report = _add(report, IntakeReport(opened=opened, raced=due.height - opened))
        done += due.height

    for frame in frames:
        check_matches(frame)
        lacking: set[str] = set()
        if "claimed" in frame.columns:
            lacking = renew_claims(engine, frame, now=now, pace=Pace(seconds=seconds))
        come += frame.height
        for group in _groups(frame):
            compared = _compare(engine, group)
            compared, reopening = _reopen_recalled(engine, compared, intake, pace)
            due = compared.filter(pl.col("id").is_null())
            report = _add(report, reopening)
            report = _add(report, _adjust_differing(engine, compared, lacking, intake, pace))
            done += group.height - due.height
            if due.height:
                waiting.append(due)
            if sum(map(len, waiting)) >= AT_ONCE:
                open_waiting()
    if waiting:
        open_waiting()
    if come:
        tell(0)
    return report


def _groups(matches: pl.DataFrame) -> list[pl.DataFrame]:
    """By policy and period, each sorted: locks are taken in one order, indexes grow in theirs."""
    groups = matches.partition_by("policy", "period", as_dict=True)
    return [groups[key].sort("subject", "item") for key in sorted(groups)]


def _compare(engine: Engine, group: pl.DataFrame) -> pl.DataFrame:
    """The matches of one policy and period with what their awards say; null where there is none."""
    existing = read_existing(engine, group["policy"][0], group["period"][0])
    return group.join(existing, on=["subject", "item"], how="left", maintain_order="left")


def _reopen_recalled(
    engine: Engine, compared: pl.DataFrame, intake: Intake, pace: Pace
) -> tuple[pl.DataFrame, IntakeReport]:
    """Open again what a recall withdrew; the others of the policy and period, and how many."""
    withdrawn = compared.filter(pl.col("state") == "withdrawn")
    if withdrawn.is_empty():
        return compared, IntakeReport()
    recalled = read_recalled(engine, compared["policy"][0], compared["period"][0])
    again = withdrawn.join(recalled, on="id", how="inner", maintain_order="left")
    opened = open_again(engine, again, intake, Pace(seconds=pace.seconds))
    left = compared.join(again.select("id"), on="id", how="anti", maintain_order="left")
    return left, IntakeReport(opened=opened, raced=again.height - opened)


def _adjust_differing(
    engine: Engine, compared: pl.DataFrame, lacking: Collection[str], intake: Intake, pace: Pace
) -> IntakeReport:
    """Adjust the awards of one policy and period; what became of the matches that have one.

    Those `lacking` a part of what they claim, by id, are not raised: the journal says why.
    """
    is_new = pl.col("id").is_null()
    differs = pl.col("amount_fen").ne_missing(pl.col("award_fen"))
    adjustable = (pl.col("origin") == "run") & (pl.col("state") == "opened")
    if not compared.is_empty():
        with reading(engine) as connection:
            # its amounts are older than those that count: it opens what is missing, no more
            decided = [(compared["policy"][0], compared["period"][0])]
            overtaken = find_overtaken(connection, intake.run_id, decided)
        adjustable &= pl.lit(not overtaken)
    is_open = pl.col("amount_fen").is_null()

    known = compared.filter(~is_new)
    changed = known.filter(differs)
    differing = changed.filter(adjustable & ~is_open)
    raised = pl.col("award_fen").is_null() | (pl.col("amount_fen") > pl.col("award_fen"))
    left_so = differing.filter(raised & pl.col("id").is_in(sorted(lacking)))
    differing = differing.join(left_so.select("id"), on="id", how="anti", maintain_order="left")
    _record_lacking(engine, left_so, intake, pace)
    adjusted = _adjust(engine, differing, intake, pace)
    return IntakeReport(
        unchanged=known.height - changed.height,
        adjusted=adjusted,
        settled=changed.filter(~adjustable).height + left_so.height,
        reopened=changed.filter(adjustable & is_open).height,
        raced=differing.height - adjusted,
    )


def _record_lacking(engine: Engine, left_so: pl.DataFrame, intake: Intake, pace: Pace) -> None:
    """Say of each award that is not raised that another one holds what it claims."""
    entries = [
        NewEntry(
            kind="match.held",
            actor=intake.actor,
            subject=row["subject"],
            body={
                "award": row["id"],
                **{name: row[name] for name in ("policy", "version", "period", "item")},
                "run": intake.run_id,
                "why": CLAIMED_BY_AWARD,
            },
            now=intake.now,
        )
        for row in left_so.iter_rows(named=True)
    ]

    def write(connection: Connection, chunk: Sequence[NewEntry]) -> int:
        record_all(connection, chunk)
        return len(chunk)

    write_in_batches(engine, entries, write, pace)


def _adjust(engine: Engine, differing: pl.DataFrame, intake: Intake, pace: Pace) -> int:
    def write(connection: Connection, chunk: Sequence[dict[str, Any]]) -> int:
        if intake.funds is not None:
            lock_funds(connection, intake.funds, {row["policy"] for row in chunk})
        refuse_stopped(connection, intake, [row["policy"] for row in chunk])
        # accepted since we looked: that run's amounts count
        decided = {(row["policy"], row["period"]) for row in chunk}
        overtaken = find_overtaken(connection, intake.run_id, decided)
        mine = [
            row
            for row in chunk
            if (row["policy"], row["period"]) not in overtaken and _change_amount(connection, row)
        ]
        if mine:
            names = ("id", "award_id", "run_id", "before_fen", "after_fen", "adjusted_at")
            connection.execute(
                insert(adjustment_table), [{name: row[name] for name in names} for row in mine]
            )
        told: Mapping[str, Any] = {}
        if intake.funds is not None:
            after = {row["award_id"]: row["after_fen"] for row in mine}
            told = reserve_adjusted(connection, intake.funds, after)
        record_all(connection, [_adjustment_of(row, told, intake) for row in mine])
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
    return write_in_batches(engine, rows, write, Pace(seconds=pace.seconds))


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


def _adjustment_of(row: dict[str, Any], told: Mapping[str, Any], intake: Intake) -> NewEntry:
    body = {
        "adjustment": row["id"],
        "award": row["award_id"],
        "policy": row["policy"],
        "version": row["version"],
        "period": row["period"],
        "item": row["item"],
        "before_fen": row["before_fen"],
        "amount_fen": row["after_fen"],
        "run": intake.run_id,
    }
    if row["award_id"] in told:
        body["funds"] = told[row["award_id"]]
    return NewEntry(
        kind="award.adjusted",
        actor=intake.actor,
        subject=row["subject"],
        body=body,
        now=intake.now,
    )


def check_matches(matches: pl.DataFrame) -> None:
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
