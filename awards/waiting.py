"""Those that wait for money: served in the budget's order as soon as there is some again.

Each step is a transaction of its own, so a service that was killed goes on
where it was, and of two at a time the second finds what the first has left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from awards.budget import BudgetKey, lock_budgets, read_budget, take_money
from awards.reservation import (
    AT_ONCE,
    Reservation,
    ReservationState,
    Reserving,
    change_reservations,
    entry_of,
    find_changed,
    find_ended,
    read_reservations,
    reservation_table,
)
from awards.serving import serve_queue
from awards.sharing import share_out
from ledger.database import reading
from ledger.journal import record_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one pass over a budget did: awards whose money came back, that got some, that wait."""

    returned: int = 0
    reserved: int = 0
    waiting: int = 0


def advance_waiting(
    engine: Engine,
    key: BudgetKey,
    *,
    actor: str,
    now: datetime,
    on_progress: Callable[[int], None] | None = None,
) -> Served:
    """Follow what became of awards without us, then serve who waits; may be repeated at any time.

    What ended awards hold is taken back; what a recall set back or opened again asks anew.

    To be called when money came back, the budget was raised, or awards were opened. By `ratio` all
    shares are worked out anew where somebody waits or the budget was changed.
    """
    with reading(engine) as connection:
        budget = read_budget(connection, key)
        ended = find_ended(connection, key)
        changed = [one.award_id for one in find_changed(connection, key)]
    returned = 0
    for start in range(0, len(ended), AT_ONCE):
        with engine.begin() as connection:
            lock_budgets(connection, [key.policy])
            some = ended[start : start + AT_ONCE]
            returned += return_funds(connection, some, actor=actor, now=now)
    for start in range(0, len(changed), AT_ONCE):
        with engine.begin() as connection:
            lock_budgets(connection, [key.policy])
            _follow_awards(connection, key, changed[start : start + AT_ONCE], actor, now)
    if budget.order == "ratio":
        reserved = share_out(engine, key, actor=actor, now=now)
    else:
        reserved = 0
        while served := _serve(engine, key, actor, now):
            reserved += served
            if on_progress:
                on_progress(reserved)
    with reading(engine) as connection:
        waiting = count_waiting(connection, key)
    return Served(returned=returned, reserved=reserved, waiting=waiting)


def return_funds(
    connection: Connection, awards: Sequence[str], *, actor: str, now: datetime
) -> int:
    """Give back what these awards hold, in the transaction that declines or withdraws them.

    How many held a reservation. `lock_budgets` for their policies comes before the awards are
    written; who waits is served by `advance_waiting` afterwards.
    """
    named = {one.key.policy for one in read_reservations(connection, awards)}
    lock_budgets(connection, named)
    # only now nobody else changes them
    held = [one for one in read_reservations(connection, awards) if one.state != "returned"]
    changed: list[Reserving] = []
    for key in sorted({one.key for one in held}):
        mine = [_give_back(one) for one in held if one.key == key]
        done = change_reservations(connection, mine, now)
        take_money(connection, key, -sum(change.was.reserved_fen for change in done), now)
        changed += done
    entries = [entry_of("budget.returned", change, actor=actor, now=now) for change in changed]
    record_all(connection, entries)
    return len(changed)


def count_waiting(connection: Connection, key: BudgetKey) -> int:
    """How many wait, also those whose amount is still open."""
    columns = reservation_table.c
    query = select(func.count()).where(
        columns.policy == key.policy,
        columns.budget_period == key.period,
        columns.state == "waiting",
    )
    return connection.scalar(query) or 0


def _follow_awards(
    connection: Connection, key: BudgetKey, awards: Sequence[str], actor: str, now: datetime
) -> None:
    """Let reservations want what their awards come to by now; money is only given back."""
    changes: list[Reserving] = []
    for one in read_reservations(connection, awards):
        wanted = one.award_fen
        if one.award_state != "opened" or (one.state != "returned" and wanted == one.wanted_fen):
            continue  # somebody was faster
        has = min(one.reserved_fen, wanted or 0)
        state: ReservationState = "reserved" if has == wanted else "waiting"
        changes.append(Reserving(was=one, wanted_fen=wanted, reserved_fen=has, state=state))
    done = change_reservations(connection, changes, now)
    take_money(connection, key, sum(c.reserved_fen - c.was.reserved_fen for c in done), now)
    waiting = [c for c in done if c.state == "waiting" and c.wanted_fen is not None]
    entries = [entry_of("budget.waiting", c, actor=actor, now=now) for c in waiting]
    record_all(connection, entries)


def _give_back(one: Reservation) -> Reserving:
    return Reserving(was=one, wanted_fen=one.wanted_fen, reserved_fen=0, state="returned")


def _serve(engine: Engine, key: BudgetKey, actor: str, now: datetime) -> int:
    """One transaction of serving; how many."""
    with engine.begin() as connection:
        lock_budgets(connection, [key.policy])
        done = serve_queue(connection, key, now)
        entries = [entry_of("budget.reserved", change, actor=actor, now=now) for change in done]
        record_all(connection, entries)
        return len(done)
