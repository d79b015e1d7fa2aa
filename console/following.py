"""What follows from matches that were accepted: awards are opened and the recipients told.

One way for a run, for a policy that people have approved, and for a run that is repeated.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from awards.intake import IntakeReport
from console.funding import BudgetReport, StatedBudgets, open_funded_awards, state_budgets
from console.holding import Held, hold_matches
from console.notices import tell_recipients
from console.settings import Settings, read_key
from engine.program import Program
from engine.run import Run
from notifier.outbox import DeliveryReport
from profiles.ingest import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What became of matches; `matches` are those that nothing holds."""

    matches: int
    held: tuple[Held, ...]
    intake: IntakeReport = field(default_factory=IntakeReport)
    budgets: tuple[BudgetReport, ...] = ()
    notices: int = 0
    deliveries: DeliveryReport = field(default_factory=DeliveryReport)


def follow_matches(
    settings: Settings,
    engine: Engine,
    program: Program,
    matches: pl.DataFrame,
    run: Run,
    *,
    going: Collection[str],
    actor: str,
    now: datetime,
    former: Sequence[tuple[str, str]],
    tell: Progress,
    recorded: bool,
    beside: pl.DataFrame,
    folder: Path | None = None,
) -> Followed:
    """Hold what must not become an award, open awards for the others, tell the recipients.

    `going` are the ids of the policies that `matches` are of, also of those without any: who waits
    for their money is served, too. What is not `recorded` ends before the first award. May be
    repeated: it goes on where it ended. `beside` has the rows of the outcome that may come to match
    later; `folder` gets what each subject's package is, and why.
    """
    stated = StatedBudgets(refused={})
    if recorded:
        mine = [policy for policy in program.policies if policy.id in going]
        stated = state_budgets(engine, mine, as_of=run.as_of, actor=actor, now=now)
    free, held = hold_matches(
        engine,
        matches,
        program.policies,
        run.id,
        actor=actor,
        now=now,
        former=former,
        recorded=recorded,
        beside=beside,
        key=read_key(settings),
        folder=folder,
        seconds=time.monotonic,
        refused=stated.refused,
    )
    if not recorded:
        return Followed(matches=free.height, held=held)
    tell("opening awards", 0, free.height)
    intake, budgets = open_funded_awards(
        engine,
        free,
        stated.keys,
        run_id=run.id,
        as_of=run.as_of,
        actor=actor,
        now=now,
        tell=tell,
    )
    notices, deliveries = tell_recipients(settings, engine, program, now=now, tell=tell)
    return Followed(
        matches=free.height,
        held=held,
        intake=intake,
        budgets=budgets,
        notices=notices,
        deliveries=deliveries,
    )
