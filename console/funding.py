"""The budgets of a run: opened at first use, reserved from, and moved on for those who wait."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine

from awards.budget import BudgetKey, BudgetState, name_budget_period, read_budget, state_budget
from awards.errors import BudgetRefused
from awards.funding import prepare_funds
from awards.intake import IntakeReport, open_awards
from awards.waiting import advance_waiting, count_waiting
from ledger.database import reading
from policies.policy import Policy
from profiles.ingest import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBudgets:
    """The budgets of a run's policies, and why some cannot be used, by the policy's id."""

    keys: tuple[BudgetKey, ...] = ()
    refused: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReport:
    """A budget after a run, and how many wait for its money."""

    budget: BudgetState
    waiting: int


def state_budgets(
    engine: Engine, policies: Iterable[Policy], *, as_of: date, actor: str, now: datetime
) -> StatedBudgets:
    """Open the budgets that policies state for the run's day, or follow what a new version states.

    Of several versions in one run the latest speaks.
    """
    latest: dict[str, Policy] = {}
    for policy in sorted(policies, key=lambda one: one.effective_from):
        latest[policy.id] = policy
    keys, refused = [], {}
    for policy in sorted(latest.values(), key=lambda one: one.id):
        budget = policy.terms.budget
        if budget is None:
            continue
        key = BudgetKey(policy=policy.id, period=name_budget_period(budget, as_of))
        try:
            with engine.begin() as connection:
                state_budget(
                    connection,
                    key,
                    budget,
                    version=policy.version,
                    effective_from=policy.effective_from,
                    actor=actor,
                    now=now,
                )
        except BudgetRefused as error:
            refused[policy.id] = str(error)
        else:
            keys.append(key)
    return StatedBudgets(keys=tuple(keys), refused=refused)


def open_funded_awards(
    engine: Engine,
    matches: pl.DataFrame,
    budgets: Sequence[BudgetKey],
    *,
    run_id: str,
    as_of: date,
    actor: str,
    now: datetime,
    tell: Progress,
) -> tuple[IntakeReport, tuple[BudgetReport, ...]]:
    """Open the awards of a run, each with what it reserves; then serve who waits for money."""
    funds = None
    if budgets:
        funds = prepare_funds(engine, matches, budgets, as_of=as_of, actor=actor, now=now)
    intake = open_awards(
        engine,
        matches,
        run_id=run_id,
        actor=actor,
        now=now,
        on_progress=lambda done, total: tell("opening awards", done, total),
        seconds=time.monotonic,
        funds=funds,
    )
    for number, key in enumerate(budgets):
        tell("serving who waits for money", number, len(budgets))
        advance_waiting(engine, key, actor=actor, now=now)
    with reading(engine) as connection:
        reports = tuple(
            BudgetReport(
                budget=read_budget(connection, key), waiting=count_waiting(connection, key)
            )
            for key in budgets
        )
    return intake, reports
