"""Budgets: what a policy may spend in a period, and how much of it is reserved for awards.

A budget's row is the one place where its money is given out. Whoever gives some out locks the row
first (`lock_budgets`), before writing any award, so that of several only one does at a time; and
the database itself keeps what is reserved within the amount.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Row,
    String,
    Table,
    and_,
    select,
    update,
)

from awards.errors import BudgetRefused
from ledger.database import Instant, insert_absent, metadata
from ledger.journal import record
from policies.period import period_of
from policies.terms import Budget
from policies.terms_file import BudgetOrder

MOST_FEN = 2**63 - 1
"""The most that the database's whole numbers hold."""

budget_table = Table(
    "budget",
    metadata,
    Column("policy", String(100), primary_key=True),  # the family, without version
    Column("period", String(20), primary_key=True),  # of the budget, not of an award
    Column("amount_fen", BigInteger, nullable=False),
    Column("reserved_fen", BigInteger, nullable=False),
    Column("queue_order", String(10), nullable=False),
    Column("stated_version", String(40), nullable=False),  # the policy's that said so last
    Column("stated_from", Date, nullable=False),  # from when that version is in force
    Column("stated_fen", BigInteger, nullable=False),  # what it said: people may have set another
    Column("to_share", Boolean, nullable=False),  # `ratio`: the shares are to be worked out anew
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("reserved_fen >= 0 AND reserved_fen <= amount_fen", name="reserved_fen"),
    CheckConstraint(
        "queue_order IN ('earliest', 'highest', 'lowest', 'ratio')", name="queue_order"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BudgetKey:
    """Which budget: the policy's family and the budget's period (`2025`, `2025Q4`, `once`)."""

    policy: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """A budget as it stands; money in fen."""

    key: BudgetKey
    amount_fen: int
    reserved_fen: int
    order: BudgetOrder
    stated_version: str
    stated_from: date
    stated_fen: int
    to_share: bool

    @property
    def left_fen(self) -> int:
        """What nobody has reserved."""
        return self.amount_fen - self.reserved_fen


def name_budget_period(budget: Budget, as_of: date) -> str:
    """The budget's period in which a run spends: that of the run's day, not of the award."""
    return period_of(budget.period, "this", as_of, as_of, None).name


def stated_amount(budget: Budget) -> int:
    """What a policy's text states, in fen; a part of a fen is left out."""
    return int(budget.amount * 100)


def state_budget(
    connection: Connection,
    key: BudgetKey,
    budget: Budget,
    *,
    version: str,
    effective_from: date,
    actor: str,
    now: datetime,
) -> BudgetState:
    """The budget that a version of a policy states, opened at its first use.

    Once it is there, only a later version that states something else changes it: what people have
    set stays where the text is the same. Raises BudgetRefused where the text states less than is
    reserved, or more than can be counted; nothing is changed then.
    """
    amount = stated_amount(budget)
    if amount > MOST_FEN:
        raise BudgetRefused(
            f"the budget of {key.policy} in {key.period} is too large to be counted in fen"
        )
    stated: dict[str, Any] = {
        "stated_version": version,
        "stated_from": effective_from,
        "stated_fen": amount,
        "queue_order": budget.order,
    }
    opened = connection.scalar(
        insert_absent(connection, budget_table)
        .values(
            policy=key.policy,
            period=key.period,
            amount_fen=amount,
            reserved_fen=0,
            to_share=False,
            opened_at=now,
            changed_at=now,
            **stated,
        )
        .returning(budget_table.c.policy)
    )
    if opened is not None:
        body = {
            "policy": key.policy,
            "version": version,
            "period": key.period,
            "amount_fen": amount,
            "order": budget.order,
        }
        record(connection, kind="budget.opened", actor=actor, body=body, now=now)
        return read_budget(connection, key)
    lock_budgets(connection, [key.policy])
    there = read_budget(connection, key)
    same = (there.stated_fen, there.order) == (amount, budget.order)
    if same or version == there.stated_version or effective_from < there.stated_from:
        return there
    if amount != there.stated_fen:
        reason = f"version {version} of the policy states it"
        set_budget(connection, key, amount, reason=reason, actor=actor, now=now)
    if budget.order != there.order:
        body = {
            "policy": key.policy,
            "version": version,
            "period": key.period,
            "before": there.order,
            "order": budget.order,
        }
        record(connection, kind="budget.reordered", actor=actor, body=body, now=now)
        stated["to_share"] = budget.order == "ratio"
    connection.execute(update(budget_table).where(_is(key)).values(**stated))
    return read_budget(connection, key)


def set_budget(
    connection: Connection,
    key: BudgetKey,
    amount_fen: int,
    *,
    reason: str,
    actor: str,
    now: datetime,
) -> BudgetState:
    """Change the amount of a budget that is there; the journal says why.

    Raises BudgetRefused where it is below what is reserved, or there is no such budget.
    """
    lock_budgets(connection, [key.policy])
    there = read_budget(connection, key)
    if not 0 <= amount_fen <= MOST_FEN:
        raise BudgetRefused("a budget is an amount from 0 up that can be counted in fen")
    if amount_fen < there.reserved_fen:
        raise BudgetRefused(
            f"the budget of {key.policy} in {key.period} cannot become "
            f"{_yuan(amount_fen)} yuan: {_yuan(there.reserved_fen)} are reserved for awards "
            "(decline or withdraw some of them first)"
        )
    columns = budget_table.c
    changed = connection.execute(
        update(budget_table)
        .where(_is(key), columns.reserved_fen <= amount_fen)
        .values(amount_fen=amount_fen, to_share=columns.queue_order == "ratio", changed_at=now)
    )
    if changed.rowcount != 1:
        raise BudgetRefused(f"the budget of {key.policy} changed meanwhile (repeat it)")
    body = {
        "policy": key.policy,
        "period": key.period,
        "before_fen": there.amount_fen,
        "amount_fen": amount_fen,
        "reason": reason,
    }
    record(connection, kind="budget.set", actor=actor, body=body, now=now)
    return read_budget(connection, key)


def lock_budgets(connection: Connection, policies: Iterable[str]) -> None:
    """Hold all budgets of these policies until the transaction ends, always in one order.

    To be called before any award of theirs is written: two that lock in different orders would
    wait for each other. On SQLite the transaction itself is the one that writes.
    """
    connection.execute(
        select(budget_table.c.policy)
        .where(budget_table.c.policy.in_(sorted(set(policies))))
        .order_by(budget_table.c.policy, budget_table.c.period)
        .with_for_update()
    ).all()


def read_budget(connection: Connection, key: BudgetKey) -> BudgetState:
    """A budget as it stands. Raises BudgetRefused where there is none."""
    row = connection.execute(select(budget_table).where(_is(key))).one_or_none()
    if row is None:
        raise BudgetRefused(
            f"there is no budget of {key.policy} in {key.period} (zhida budget list shows them; "
            "the first run of a policy that states one opens it)"
        )
    return _state_of(row)


def list_budgets(connection: Connection, policy: str | None = None) -> list[BudgetState]:
    """All budgets, or those of a policy, by policy and period."""
    query = select(budget_table).order_by(budget_table.c.policy, budget_table.c.period)
    if policy is not None:
        query = query.where(budget_table.c.policy == policy)
    return [_state_of(row) for row in connection.execute(query)]


def take_money(connection: Connection, key: BudgetKey, fen: int, now: datetime) -> None:
    """Count so much more as reserved, or less where it is negative; never over the amount.

    Raises BudgetRefused where it is not there: who has locked the row and looked does not see it.
    """
    if fen == 0:
        return
    columns = budget_table.c
    taken = connection.execute(
        update(budget_table)
        .where(_is(key), columns.amount_fen - columns.reserved_fen >= fen)
        .values(reserved_fen=columns.reserved_fen + fen, changed_at=now)
    )
    if taken.rowcount != 1:
        raise BudgetRefused(
            f"the budget of {key.policy} in {key.period} does not hold {_yuan(fen)} yuan more"
        )


def note_sharing(connection: Connection, key: BudgetKey, to_share: bool) -> None:
    """Note whether the shares of a budget by `ratio` are to be worked out anew."""
    connection.execute(update(budget_table).where(_is(key)).values(to_share=to_share))


def _is(key: BudgetKey) -> Any:
    return and_(budget_table.c.policy == key.policy, budget_table.c.period == key.period)


def _state_of(row: Row[Any]) -> BudgetState:
    return BudgetState(
        key=BudgetKey(policy=row.policy, period=row.period),
        amount_fen=row.amount_fen,
        reserved_fen=row.reserved_fen,
        order=row.queue_order,
        stated_version=row.stated_version,
        stated_from=row.stated_from,
        stated_fen=row.stated_fen,
        to_share=row.to_share,
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
