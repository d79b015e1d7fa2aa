"""Recall: what a mistaken run opened is withdrawn, what it adjusted is set back, again and again.

A recall that was cut off is simply repeated: each award is recalled at most once for a run, by a
database constraint, together with its journal entry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, insert, select, update

from awards.award import (
    Pace,
    adjustment_table,
    award_table,
    name_rows,
    recall_table,
    write_in_batches,
)
from ledger.database import insert_absent, reading
from ledger.journal import NewEntry, record_all

_AWARD = award_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ToRecover:
    """An award that was paid, wholly or in part by mistake: people have to ask for it back."""

    award: str
    subject: str
    policy: str
    period: str
    item: str
    before_fen: int | None
    paid_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallReport:
    """What this call did; `left` are amounts that somebody has changed since."""

    withdrawn: int = 0
    set_back: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recall:
    run_id: str
    policy: str
    actor: str
    reason: str
    now: datetime


def recall_awards(
    engine: Engine,
    *,
    run_id: str,
    policy: str,
    actor: str,
    reason: str,
    now: datetime,
    seconds: Callable[[], float] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> RecallReport:
    """Withdraw what a run opened of a policy and nobody was paid, set back what it adjusted.

    In transactions of at most 2,000 awards, or 250 ms by the clock `seconds`. What was declined or
    closed stays. May be repeated at any time.
    """
    recall = _Recall(run_id=run_id, policy=policy, actor=actor, reason=reason, now=now)
    pace = Pace(seconds=seconds, on_progress=on_progress)
    opened, adjusted = _read_opened(engine, recall), _read_adjusted(engine, recall)
    withdrawn = write_in_batches(
        engine, _named(opened, now), lambda c, rows: _withdraw(c, rows, recall), pace
    )
    still = [row for row in adjusted if row["amount_fen"] == row["after_fen"]]
    set_back = write_in_batches(
        engine, _named(still, now), lambda c, rows: _set_back(c, rows, recall), pace
    )
    paid = _read_paid(engine, recall)
    write_in_batches(engine, _named(paid, now), lambda c, rows: _note_paid(c, rows, recall), pace)
    return RecallReport(withdrawn=withdrawn, set_back=set_back, left=len(adjusted) - set_back)


def list_to_recover(connection: Connection, run_id: str) -> list[ToRecover]:
    """The awards of a recalled run that had been paid, by policy and subject."""
    rows = connection.execute(
        select(recall_table.c.before_fen, recall_table.c.after_fen, award_table)
        .join_from(recall_table, award_table, recall_table.c.award_id == _AWARD.id)
        .where(recall_table.c.run_id == run_id, recall_table.c.what == "recover")
        .order_by(_AWARD.policy, _AWARD.subject, _AWARD.period, _AWARD.item)
    )
    return [
        ToRecover(
            award=row.id,
            subject=row.subject,
            policy=row.policy,
            period=row.period,
            item=row.item,
            before_fen=row.after_fen,
            paid_fen=row.before_fen,
        )
        for row in rows
    ]


_COLUMNS = (
    _AWARD.id.label("award_id"),
    _AWARD.subject,
    _AWARD.period,
    _AWARD.item,
    _AWARD.policy_version,
    _AWARD.amount_fen,
)


def _read_opened(engine: Engine, recall: _Recall) -> list[dict[str, Any]]:
    """What the run opened and is still open, in the order of the unique index."""
    return _read(
        engine,
        select(*_COLUMNS)
        .where(_AWARD.policy == recall.policy, _AWARD.run_id == recall.run_id)
        .where(_AWARD.state == "opened")
        .order_by(_AWARD.period, _AWARD.subject, _AWARD.item),
    )


def _read_adjusted(engine: Engine, recall: _Recall) -> list[dict[str, Any]]:
    """The last amount that the run gave to each open award of another run, not yet recalled."""
    last: dict[str, dict[str, Any]] = {}
    for row in _read(engine, _adjusted_by(recall).where(_AWARD.state == "opened")):
        # what was there before the first of them is what the award is set back to
        row["before_fen"] = last.get(row["award_id"], row)["before_fen"]
        last[row["award_id"]] = row
    return list(last.values())


def _read_paid(engine: Engine, recall: _Recall) -> list[dict[str, Any]]:
    """What was paid of what the run opened (before: nothing) or adjusted."""
    opened = (
        select(*_COLUMNS)
        .where(_AWARD.policy == recall.policy, _AWARD.run_id == recall.run_id)
        .where(_AWARD.state == "paid")
        .order_by(_AWARD.period, _AWARD.subject, _AWARD.item)
    )
    rows = [row | {"before_fen": None} for row in _read(engine, opened)]
    first: dict[str, dict[str, Any]] = {}
    for row in _read(engine, _adjusted_by(recall).where(_AWARD.state == "paid")):
        first.setdefault(row["award_id"], row)
    return rows + list(first.values())


def _adjusted_by(recall: _Recall) -> Select[Any]:
    columns = adjustment_table.c
    done = select(recall_table.c.id).where(
        recall_table.c.award_id == _AWARD.id, recall_table.c.run_id == recall.run_id
    )
    return (
        select(*_COLUMNS, columns.before_fen, columns.after_fen)
        .join_from(adjustment_table, award_table, columns.award_id == _AWARD.id)
        .where(columns.run_id == recall.run_id, _AWARD.policy == recall.policy)
        .where(_AWARD.run_id.is_distinct_from(recall.run_id), ~done.exists())
        .order_by(columns.adjusted_at, columns.id)
    )


def _read(engine: Engine, statement: Select[Any]) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return [dict(row._mapping) for row in connection.execute(statement)]


def _named(rows: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The rows with the ids of what will be written of them."""
    return [row | {"id": name} for row, name in zip(rows, name_rows(len(rows), now), strict=True)]


def _withdraw(connection: Connection, rows: Sequence[dict[str, Any]], recall: _Recall) -> int:
    """Withdraw those that are still open, whoever was paid or has declined meanwhile."""
    done = set(
        connection.scalars(
            update(award_table)
            .where(_AWARD.id.in_([row["award_id"] for row in rows]))
            .where(_AWARD.state == "opened", _AWARD.run_id == recall.run_id)
            .values(state="withdrawn")
            .returning(_AWARD.id)
        )
    )
    mine = [row for row in rows if row["award_id"] in done]
    _note(connection, mine, "withdrawn", recall)
    entries = [
        _entry("award.withdrawn", row, recall, {"amount_fen": row["amount_fen"]}) for row in mine
    ]
    record_all(connection, entries)
    return len(mine)


def _set_back(connection: Connection, rows: Sequence[dict[str, Any]], recall: _Recall) -> int:
    """Give the amounts of before to those that still have the one the run gave them."""
    mine = []
    for row in rows:
        changed = connection.execute(
            update(award_table)
            .where(_AWARD.id == row["award_id"], _AWARD.state == "opened")
            .where(_AWARD.amount_fen.is_not_distinct_from(row["after_fen"]))
            .values(amount_fen=row["before_fen"])
        )
        if changed.rowcount == 1:
            mine.append(row)
    if mine:
        connection.execute(
            insert(adjustment_table),
            [
                {
                    "id": row["id"],
                    "award_id": row["award_id"],
                    "run_id": recall.run_id,
                    "before_fen": row["after_fen"],
                    "after_fen": row["before_fen"],
                    "adjusted_at": recall.now,
                }
                for row in mine
            ],
        )
    turned = [
        row | {"amount_fen": row["after_fen"], "after_fen": row["before_fen"]} for row in mine
    ]
    _note(connection, turned, "set back", recall)
    entries = []
    for row in mine:
        amounts = {"before_fen": row["after_fen"], "amount_fen": row["before_fen"]}
        entries.append(_entry("award.set-back", row, recall, amounts | {"adjustment": row["id"]}))
    record_all(connection, entries)
    return len(mine)


def _note_paid(connection: Connection, rows: Sequence[dict[str, Any]], recall: _Recall) -> int:
    """List what was paid, once: nothing is taken back from anybody by this."""
    turned = [row | {"after_fen": row["before_fen"]} for row in rows]
    noted = set(_note(connection, turned, "recover", recall))
    mine = [row for row in rows if row["id"] in noted]
    entries = [
        _entry("award.to-recover", row, recall, {"amount_fen": row["amount_fen"]}) for row in mine
    ]
    record_all(connection, entries)
    return len(mine)


def _note(
    connection: Connection, rows: Sequence[dict[str, Any]], what: str, recall: _Recall
) -> Sequence[str]:
    """Write what was done with each award, once for a run; the ids of those that are new."""
    if not rows:
        return []
    values = [
        {
            "id": row["id"],
            "award_id": row["award_id"],
            "run_id": recall.run_id,
            "what": what,
            "before_fen": row["amount_fen"],
            "after_fen": row.get("after_fen") if what != "withdrawn" else None,
            "recalled_at": recall.now,
        }
        for row in rows
    ]
    added = insert_absent(connection, recall_table).returning(recall_table.c.id)
    return connection.scalars(added, values).all()


def _entry(kind: str, row: dict[str, Any], recall: _Recall, amounts: dict[str, Any]) -> NewEntry:
    """A journal entry that names the award and the run that opened or adjusted it by mistake."""
    return NewEntry(
        kind=kind,
        actor=recall.actor,
        subject=row["subject"],
        body={
            "award": row["award_id"],
            "policy": recall.policy,
            "version": row["policy_version"],
            "period": row["period"],
            "item": row["item"],
            "run": recall.run_id,
            "recall": row["id"],
            "reason": recall.reason,
            **amounts,
        },
        now=recall.now,
    )
