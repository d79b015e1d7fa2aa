"""Serving the queue of a budget, one step: the first that wait, as far as the money goes."""

from datetime import datetime

from sqlalchemy import Connection

from awards.budget import BudgetKey, read_budget, take_money
from awards.reservation import AT_ONCE, Reserving, change_reservations, read_queue


def serve_queue(connection: Connection, key: BudgetKey, now: datetime) -> list[Reserving]:
    """Reserve for the first few hundred that wait; whose budget is locked already.

    Nobody is passed over: where the first does not fit into what is left, the others wait behind
    it, also one that would fit. The journal is the caller's.
    """
    budget = read_budget(connection, key)
    left, changes = budget.left_fen, []
    for one in read_queue(connection, key, budget.order, AT_ONCE):
        if one.need_fen > left:
            break
        left -= one.need_fen
        wanted = one.wanted_fen or 0
        changes.append(Reserving(was=one, wanted_fen=wanted, reserved_fen=wanted, state="reserved"))
    done = change_reservations(connection, changes, now)
    take_money(connection, key, sum(change.was.need_fen for change in done), now)
    return done
