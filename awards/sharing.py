"""Sharing out by `ratio`: all awards of a budget scaled alike, so that their sum fits.

An award's share is its amount times what there is over what all of them come to, rounded down to a
fen. What the rounding leaves, less than a fen for each award, stays in the budget. What was paid
already stays as it is: the others share the rest. The verdict and the award's own amount are not
scaled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from awards.budget import BudgetKey, lock_budgets, note_sharing, read_budget, take_money
from awards.reservation import (
    AT_ONCE,
    Reservation,
    Reserving,
    change_reservations,
    entry_of,
    read_all,
)
from ledger.database import reading
from ledger.journal import record_all

_ROUNDS = 5
"""So often shares are worked out again where others changed something meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The shares as they should be: who gives, then who gets; `due` where there is a reason to."""

    due: bool
    lower: list[Reserving]
    higher: list[Reserving]


def share_out(engine: Engine, key: BudgetKey, *, actor: str, now: datetime) -> int:
    """Bring every award to its share; how many changed.

    It happens where somebody waits or the amount was changed: money that came back alone moves
    nobody's share by a few fen. First all that get less give back, then the others take, in short
    transactions: at no moment is more reserved than there is. Killed in the middle, it is repeated.
    """
    changed = 0
    for _ in range(_ROUNDS):
        with reading(engine) as connection:
            budget = read_budget(connection, key)
            plan = plan_shares(budget.amount_fen, read_all(connection, key), anew=budget.to_share)
        if not plan.due:
            return changed
        moved = _write(engine, key, plan.lower, actor, now)
        moved += _write(engine, key, plan.higher, actor, now)
        changed += moved
        if moved == len(plan.lower) + len(plan.higher):
            with engine.begin() as connection:
                lock_budgets(connection, [key.policy])
                if read_budget(connection, key).amount_fen == budget.amount_fen:
                    note_sharing(connection, key, False)
    return changed


def plan_shares(amount_fen: int, all_of_them: Sequence[Reservation], *, anew: bool) -> _Plan:
    """What each should have, of all reservations that are not returned."""
    known = [one for one in all_of_them if one.wanted_fen is not None]
    due = anew or any(one.state == "waiting" for one in known)
    open_to_change = [one for one in known if one.award_state != "paid"]
    paid = sum(one.reserved_fen for one in known if one.award_state == "paid")
    wanted = sum(one.wanted_fen or 0 for one in open_to_change)
    there = amount_fen - paid
    changes = []
    for one in open_to_change:
        asks = one.wanted_fen or 0
        share = asks if wanted <= there else asks * there // wanted
        if share != one.reserved_fen or one.state != "reserved":
            changes.append(
                Reserving(was=one, wanted_fen=asks, reserved_fen=share, state="reserved")
            )
    changes.sort(key=lambda change: change.was.award_id)
    lower = [change for change in changes if change.reserved_fen < change.was.reserved_fen]
    higher = [change for change in changes if change.reserved_fen >= change.was.reserved_fen]
    return _Plan(due=due, lower=lower, higher=higher)


def _write(
    engine: Engine, key: BudgetKey, changes: Sequence[Reserving], actor: str, now: datetime
) -> int:
    """Write in transactions of a few hundred, leaving out what does not fit any more."""
    written = 0
    for start in range(0, len(changes), AT_ONCE):
        with engine.begin() as connection:
            lock_budgets(connection, [key.policy])
            left = read_budget(connection, key).left_fen
            fitting = []
            for change in changes[start : start + AT_ONCE]:
                more = change.reserved_fen - change.was.reserved_fen
                if more <= left:
                    left -= more
                    fitting.append(change)
            done = change_reservations(connection, fitting, now)
            moved = sum(change.reserved_fen - change.was.reserved_fen for change in done)
            take_money(connection, key, moved, now)
            entries = [entry_of("budget.reserved", change, actor=actor, now=now) for change in done]
            record_all(connection, entries)
            written += len(done)
    return written
