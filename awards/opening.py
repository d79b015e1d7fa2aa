"""Writing new awards: many at a time, each with its journal entry, in short transactions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, select

from awards.award import Pace, award_table, name_rows, write_slices
from awards.claims import keep_claims
from awards.errors import MatchesRefused
from awards.funding import Funds, lock_funds, reserve_opened
from engine.run_policy import list_stopped
from ledger.bulk import insert_absent_columns
from ledger.entries import NewEntries, record_columns

_NAMES = {
    "policy": "policy",
    "version": "policy_version",
    "subject": "subject",
    "kind": "subject_kind",
    "period": "period",
    "item": "item",
    "amount_fen": "amount_fen",
}
"""Columns of matches, and what awards call them."""
_TOLD = ("missing", "delivery", "rows", "rows_open")
"""Columns of matches that only the journal is told of."""
_SAID = (*_TOLD, "funds")
_TAKEN = (*_NAMES, *_TOLD, "claimed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What all awards of one intake have in common."""

    run_id: str
    actor: str
    now: datetime
    funds: Funds | None = None


def open_due(engine: Engine, due: pl.DataFrame, intake: Intake, pace: Pace) -> int:
    """Open an award for each of `due`; how many, without those that somebody else opened first."""
    columns = {"id": name_rows(due.height, intake.now)} | columns_of(due)

    def write(connection: Connection, some: slice) -> int:
        mine = {name: values[some] for name, values in columns.items()}
        if intake.funds is not None:
            lock_funds(connection, intake.funds, mine["policy"])
        refuse_stopped(connection, intake, mine["policy"])
        opened = insert_absent_columns(
            connection,
            award_table,
            shared={
                "state": "opened",
                "origin": "run",
                "run_id": intake.run_id,
                "opened_at": intake.now,
            },
            columns={"id": mine["id"], **{_NAMES[name]: mine[name] for name in _NAMES}},
        )
        if "claimed" in mine:
            claimed = dict(zip(mine["id"], mine["claimed"], strict=True))
            opened = keep_claims(connection, opened, claimed, intake.now)
        if len(opened) < len(mine["id"]):
            kept = [award_id in opened for award_id in mine["id"]]
            mine = {name: list(compress(values, kept)) for name, values in mine.items()}
        if intake.funds is not None:
            names = ("id", "policy", "period", "subject", "item", "amount_fen")
            new = zip(*(mine[name] for name in names), strict=True)
            told = reserve_opened(connection, intake.funds, list(new))
            mine["funds"] = [told.get(award_id) for award_id in mine["id"]]
        record_columns(connection, openings_of(mine, intake))
        return len(opened)

    def recount(connection: Connection, some: slice) -> int | None:
        """How many were opened if these were committed: the ids are nobody else's."""
        ids = columns["id"][some]
        there = select(award_table.c.id).where(award_table.c.id.in_(ids))
        return len(connection.execute(there).all()) or None

    return write_slices(engine, due.height, write, pace, recount=recount)


def refuse_stopped(connection: Connection, intake: Intake, policies: Iterable[str]) -> None:
    """Raise MatchesRefused where people have recalled a policy in this run, or it is held in it.

    Nobody recalls one before this transaction has ended, so that a recall misses no award.
    """
    if stopped := list_stopped(connection, intake.run_id, policies):
        raise MatchesRefused(
            f"{', '.join(stopped)} of run {intake.run_id} was recalled or is held: "
            "nothing more is opened"
        )


def columns_of(matches: pl.DataFrame) -> dict[str, list[Any]]:
    """What goes of matches into awards and journal, by column."""
    columns = {name: matches[name].to_list() for name in _TAKEN if name in matches.columns}
    _leave_untold(columns)
    return columns


def _leave_untold(columns: dict[str, list[Any]]) -> None:
    """None for what the journal need not say of an award."""
    for name in ("missing", "delivery", "rows"):
        if name in columns:
            columns[name] = [value or None for value in columns[name]]
    if "missing" in columns:  # what a known amount waits for is no matter
        pairs = zip(columns["missing"], columns["amount_fen"], strict=True)
        columns["missing"] = [names if amount is None else None for names, amount in pairs]
    if "rows" in columns:
        undecided = columns.get("rows_open", [0] * len(columns["rows"]))
        columns["rows_open"] = [
            None if rows is None else still_open or 0
            for rows, still_open in zip(columns["rows"], undecided, strict=True)
        ]
    else:
        columns.pop("rows_open", None)


def openings_of(
    mine: Mapping[str, list[Any]], intake: Intake, kind: str = "award.opened"
) -> NewEntries:
    """The journal's entries on awards just opened; with `recall` among the columns on those opened
    again, each with the recall that it undoes."""
    return NewEntries(
        kind=kind,
        actor=intake.actor,
        now=intake.now,
        subjects=mine["subject"],
        shared={"run": intake.run_id},
        columns={
            "award": mine["id"],
            **{name: mine[name] for name in ("policy", "version", "period", "item", "amount_fen")},
        },
        optional={name: mine[name] for name in (*_SAID, "recall") if name in mine},
    )
