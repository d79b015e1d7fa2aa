"""Budgets in a real database for the tests: runs of one policy, declining, looking."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import count
from typing import Any

from sqlalchemy import Engine, select, update

from awards.award import award_table
from awards.budget import (
    BudgetKey,
    BudgetState,
    lock_budgets,
    name_budget_period,
    read_budget,
    state_budget,
)
from awards.funding import prepare_funds
from awards.intake import IntakeReport, open_awards
from awards.reservation import reservation_table
from awards.waiting import advance_waiting, return_funds
from engine.run import begin_run
from ledger.database import reading
from policies.terms import Budget
from policies.terms_file import BudgetOrder
from tests.storage_world import ACTOR, AS_OF, NOW, make_match, make_matches

ORDERS: tuple[BudgetOrder, ...] = ("earliest", "highest", "lowest", "ratio")
RUNS = count(1)


def make_budget(
    engine: Engine, policy: str, fen: int, order: BudgetOrder = "earliest", **changes: Any
) -> BudgetKey:
    budget = Budget(amount=Fraction(fen, 100), period="year", order=order)
    key = BudgetKey(policy=policy, period=name_budget_period(budget, AS_OF))
    values = {"version": "1", "effective_from": date(2025, 1, 1), **changes}
    with engine.begin() as connection:
        state_budget(connection, key, budget, actor=ACTOR, now=NOW, **values)
    return key


def run_with(
    engine: Engine,
    key: BudgetKey,
    amounts: Mapping[str, int | None],
    *,
    day: date = AS_OF,
    advance: bool = True,
    name: str | None = None,
) -> IntakeReport:
    """A run of one policy: its matches by subject; `name` makes it the same run again."""
    run = begin_run(
        engine,
        as_of=day,
        snapshot_hash=name or f"{next(RUNS):064x}",
        program_hash="f" * 64,
        actor=ACTOR,
        now=NOW,
    )
    matches = make_matches(
        *(
            make_match(policy=key.policy, version="1", subject=subject, amount_fen=fen)
            for subject, fen in amounts.items()
        )
    )
    funds = prepare_funds(engine, matches, [key], as_of=day, actor=ACTOR, now=NOW)
    report = open_awards(engine, matches, run_id=run.id, actor=ACTOR, now=NOW, funds=funds)
    if advance:
        advance_waiting(engine, key, actor=ACTOR, now=NOW)
    return report


def decline(engine: Engine, key: BudgetKey, subject: str) -> None:
    with engine.begin() as connection:
        lock_budgets(connection, [key.policy])
        columns = award_table.c
        ids = list(
            connection.scalars(
                update(award_table)
                .where(columns.policy == key.policy, columns.subject == subject)
                .values(state="declined")
                .returning(columns.id)
            )
        )
        return_funds(connection, ids, actor=ACTOR, now=NOW)


def look(engine: Engine, key: BudgetKey) -> tuple[BudgetState, dict[str, Any]]:
    """The budget, and the reservations of its awards by subject."""
    columns = reservation_table.c
    with reading(engine) as connection:
        rows = connection.execute(select(reservation_table).where(columns.policy == key.policy))
        return read_budget(connection, key), {row.subject: row for row in rows}


def stand(engine: Engine, key: BudgetKey) -> dict[str, tuple[str, int]]:
    return {subject: (row.state, row.reserved_fen) for subject, row in look(engine, key)[1].items()}
