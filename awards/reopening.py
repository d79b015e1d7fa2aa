"""Awards that a recall withdrew and a later run finds right: opened again, as the same awards."""

from collections.abc import Mapping
from itertools import compress
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, select, update

from awards.award import Pace, award_table, recall_table, write_slices
from awards.claims import retake_claims
from awards.opening import Intake, columns_of, openings_of, refuse_stopped
from ledger.database import reading
from ledger.entries import record_columns


def read_recalled(engine: Engine, policy: str, period: str) -> pl.DataFrame:
    """The awards of a policy and period that a recall withdrew: `id`, and `recall`, its id."""
    columns = award_table.c
    mine = recall_table.c.award_id == columns.id
    statement = (
        select(columns.id, recall_table.c.id)
        .join_from(award_table, recall_table, mine)
        .where(columns.policy == policy, columns.period == period, columns.state == "withdrawn")
        .where(recall_table.c.what == "withdrawn", recall_table.c.reopened_at.is_(None))
    )
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(statement)]
    return pl.DataFrame(rows, schema={"id": pl.String, "recall": pl.String}, orient="row")


def open_again(engine: Engine, again: pl.DataFrame, intake: Intake, pace: Pace) -> int:
    """Open each award once more for its match; how many, without those that somebody was faster
    with, or whose claims another award holds by now."""
    columns = columns_of(again) | {name: again[name].to_list() for name in ("id", "recall")}

    def write(connection: Connection, some: slice) -> int:
        mine = {name: values[some] for name, values in columns.items()}
        refuse_stopped(connection, intake, mine["policy"])
        claimed = dict(zip(mine["id"], mine.get("claimed", ()), strict=False))
        without = retake_claims(connection, claimed, intake.now)
        kept = [
            award not in without and _undo_recall(connection, mine, place, intake)
            for place, award in enumerate(mine["id"])
        ]
        mine = {name: list(compress(values, kept)) for name, values in mine.items()}
        record_columns(connection, openings_of(mine, intake, "award.reopened"))
        return sum(kept)

    return write_slices(engine, again.height, write, pace)


def _undo_recall(
    connection: Connection, mine: Mapping[str, list[Any]], place: int, intake: Intake
) -> bool:
    """Open one award if that recall still counts; False where somebody was faster."""
    recall, award = recall_table.c, award_table.c
    changed = connection.execute(
        update(recall_table)
        .where(recall.id == mine["recall"][place], recall.reopened_at.is_(None))
        .values(reopened_at=intake.now)
    )
    if changed.rowcount != 1:
        return False
    connection.execute(
        update(award_table)
        .where(award.id == mine["id"][place])
        .values(
            state="opened",
            amount_fen=mine["amount_fen"][place],
            policy_version=mine["version"][place],
            run_id=intake.run_id,
            opened_at=intake.now,
        )
    )
    return True
