"""Funding at the moment an award is opened or adjusted, in the same transaction.

Awards are opened in the order of their subjects, money goes in the order of the policy. So before
the first is opened it is worked out how far the money reaches (`prepare_funds`): who stands within
that reach reserves as soon as it is opened, the others wait. While the budget's row is locked it is
looked at once more, so that nobody gets more than there is or overtakes one who waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, select

from awards.award import award_table
from awards.budget import BudgetKey, BudgetState, lock_budgets, read_budget, take_money
from awards.reservation import (
    LAST,
    Place,
    Reservation,
    ReservationState,
    Reserving,
    change_reservations,
    entry_of,
    insert_reservations,
    place_of,
    read_all,
    read_head,
    read_reservations,
)
from awards.serving import serve_queue
from ledger.database import reading
from ledger.journal import record_all
from policies.terms_file import BudgetOrder

_AWARD = ["subject", "period", "item"]

Opened = tuple[str, str, str, str, str, int | None]
"""An award just opened: its id, policy, period, subject, item and amount in fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far the money of a budget reaches: `until` this place, None where nobody new gets any.

    `enough`: nobody waits, and there is enough for all that come and all that are raised.
    """

    key: BudgetKey
    order: BudgetOrder
    until: Place | None
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """What a run reserves from, by policy, and the run's day (when its matches were seen)."""

    as_of: date
    actor: str
    now: datetime
    reaches: Mapping[str, Reach]


def prepare_funds(
    engine: Engine,
    matches: pl.DataFrame,
    budgets: Iterable[BudgetKey],
    *,
    as_of: date,
    actor: str,
    now: datetime,
) -> Funds:
    """How far each budget reaches among the matches that have no award yet; writes nothing."""
    reaches = {}
    with reading(engine) as connection:
        for key in budgets:
            mine = matches.filter(pl.col("policy") == key.policy)
            there = _read_amounts(connection, mine)
            due = mine.join(there, on=_AWARD, how="anti")
            raised = mine.join(there, on=_AWARD).select(
                (pl.col("amount_fen") - pl.col("before_fen").fill_null(0)).clip(lower_bound=0)
            )
            reaches[key.policy] = _find_reach(
                connection,
                read_budget(connection, key),
                due,
                raised=sum(raised.drop_nulls().to_series().to_list()),
                as_of=as_of,
            )
    return Funds(as_of=as_of, actor=actor, now=now, reaches=reaches)


def lock_funds(connection: Connection, funds: Funds, policies: Iterable[str]) -> None:
    """Lock the budgets of those policies that have one, before their awards are written."""
    funded = set(policies) & funds.reaches.keys()
    if funded:
        lock_budgets(connection, funded)


def reserve_opened(
    connection: Connection, funds: Funds, opened: Sequence[Opened]
) -> dict[str, dict[str, Any]]:
    """Reserve for awards just opened, their budgets locked before (`lock_funds`).

    What the journal says of it, by award; nothing of policies without a budget.
    """
    told: dict[str, dict[str, Any]] = {}
    mine: dict[str, list[Opened]] = {}
    for one in opened:
        if one[1] in funds.reaches:
            mine.setdefault(one[1], []).append(one)
    for policy in sorted(mine):
        told |= _reserve_from(connection, funds, funds.reaches[policy], mine[policy])
    return told


def _reserve_from(
    connection: Connection, funds: Funds, reach: Reach, opened: Sequence[Opened]
) -> dict[str, dict[str, Any]]:
    """Reserve for new awards of one budget."""
    budget = read_budget(connection, reach.key)
    head = read_head(connection, reach.key, budget.order) or LAST
    until = reach.until if budget.order == reach.order else None
    left = budget.left_fen
    placed = []
    for one in opened:
        _, _, period, subject, item, wanted = one
        place = LAST  # an amount still open asks for nothing
        if wanted is not None:
            place = place_of(budget.order, wanted, funds.as_of, subject, period, item)
        placed.append((place, one))
    rows, told = [], {}
    for place, (award_id, policy, _, subject, _, wanted) in sorted(placed, key=lambda p: p[0]):
        within = until is not None and place <= until and place < head
        state, reserved = "waiting", 0
        if wanted is not None:
            if wanted == 0 or (within and wanted <= left):
                state, reserved = "reserved", wanted
                left -= wanted
            else:
                head = min(head, place)
        rows.append(
            {
                "award_id": award_id,
                "policy": policy,
                "budget_period": reach.key.period,
                "subject": subject,
                "seen_on": funds.as_of,
                "wanted_fen": wanted,
                "reserved_fen": reserved,
                "state": state,
                "revision": 0,
                "made_at": funds.now,
                "changed_at": funds.now,
            }
        )
        told[award_id] = _told(reach.key, state, reserved)
    insert_reservations(connection, rows)
    take_money(connection, reach.key, budget.left_fen - left, funds.now)
    return told


def reserve_adjusted(
    connection: Connection, funds: Funds, after: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Reserve or give back where awards of a policy were adjusted, locked before (`lock_funds`).

    `after` is what each award now comes to. What was lowered gives back, what was raised asks for
    the difference, and all who wait are served in their order. An award that was opened before its
    policy had a budget has no reservation, and gets none. What the journal says of it, by award.
    """
    kept = [one for one in read_reservations(connection, list(after)) if one.state != "returned"]
    told = {}
    for key in sorted({one.key for one in kept}):
        changes = [_adjust_one(one, after[one.award_id]) for one in kept if one.key == key]
        done = change_reservations(connection, changes, funds.now)
        back = sum(change.reserved_fen - change.was.reserved_fen for change in done)
        take_money(connection, key, back, funds.now)
        reach = funds.reaches.get(key.policy)
        enough = reach is not None and reach.key == key and reach.enough
        # else who is adjusted first would come first, not who is first in the order
        served = serve_queue(connection, key, funds.now) if enough else []
        got = {change.was.award_id: change for change in served}
        finally_so = [got.get(change.was.award_id, change) for change in done]
        for change in finally_so:
            told[change.was.award_id] = _told(key, change.state, change.reserved_fen)
        asked = {change.was.award_id for change in done}
        others = [change for change in served if change.was.award_id not in asked]
        waiting = [
            change for change in done if _begins_to_wait(change) and change.was.award_id not in got
        ]
        for kind, some in (("budget.reserved", others), ("budget.waiting", waiting)):
            record_all(
                connection,
                [entry_of(kind, c, actor=funds.actor, now=funds.now) for c in some],
            )
    return told


def _adjust_one(one: Reservation, wanted: int) -> Reserving:
    """What becomes of a reservation whose award now comes to `wanted`, before anything is given."""
    has = min(one.reserved_fen, wanted)
    # of a share by `ratio` that is lowered nothing begins to wait
    lowered = one.state == "reserved" and wanted <= (one.wanted_fen or 0)
    state: ReservationState = "reserved" if has == wanted or lowered else "waiting"
    return Reserving(was=one, wanted_fen=wanted, reserved_fen=has, state=state)


def _begins_to_wait(change: Reserving) -> bool:
    return change.state == "waiting" and change.was.need_fen == 0


def _find_reach(
    connection: Connection, budget: BudgetState, due: pl.DataFrame, *, raised: int, as_of: date
) -> Reach:
    known = due.filter(pl.col("amount_fen") > 0)
    head = read_head(connection, budget.key, budget.order)
    new = sum(known["amount_fen"].to_list())
    if budget.order == "ratio":
        # also what earlier shares lack is asked for again
        lacking = sum(one.need_fen for one in read_all(connection, budget.key))
        enough = new + raised + lacking <= budget.left_fen
        until = LAST if enough else None
        return Reach(key=budget.key, order=budget.order, until=until, enough=enough)
    enough = head is None and new + raised <= budget.left_fen
    sign = {"highest": -1, "lowest": 1}.get(budget.order, 0)
    # the sum of what a city wants can exceed 64 bits, and would wrap around below the budget
    within = (
        known.with_columns(rank=pl.col("amount_fen") * sign)
        .sort("rank", *_AWARD)
        .with_columns(sum=pl.col("amount_fen").cast(pl.Int128).cum_sum())
        .filter(pl.col("sum") <= budget.left_fen)
    )
    until = None
    if within.height:
        last = within.row(-1, named=True)
        until = (last["rank"], as_of, last["subject"], last["period"], last["item"])
        if head is not None:
            until = min(until, head)  # nobody behind the one who waits
    return Reach(key=budget.key, order=budget.order, until=until, enough=enough)


def _read_amounts(connection: Connection, matches: pl.DataFrame) -> pl.DataFrame:
    """The awards there are for the periods of these matches of one policy, with their amounts."""
    columns = award_table.c
    schema = {**dict.fromkeys(_AWARD, pl.String()), "before_fen": pl.Int64()}
    found = [pl.DataFrame(schema=schema)]
    periods = matches["period"].unique().to_list()
    for policy in matches["policy"].unique():
        query = select(columns.subject, columns.period, columns.item, columns.amount_fen).where(
            columns.policy == policy, columns.period.in_(periods)
        )
        for chunk in connection.execute(query).partitions(50_000):
            rows = [tuple(row) for row in chunk]
            found.append(pl.DataFrame(rows, schema=schema, orient="row"))
    return pl.concat(found)


def _told(key: BudgetKey, state: str, reserved_fen: int) -> dict[str, Any]:
    return {"state": state, "reserved_fen": reserved_fen, "budget": key.period}
