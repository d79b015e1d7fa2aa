"""Budgets and who waits for their money, in the terminal and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.text import Text

from awards.budget import BudgetState
from awards.reservation import Reservation
from console import show

ORDER_WORDS = {
    "earliest": ("先到先得", "earliest first"),
    "highest": ("金额高者优先", "highest first"),
    "lowest": ("金额低者优先", "lowest first"),
    "ratio": ("按比例分配", "in proportion"),
}


def describe_budget(budget: BudgetState, waiting: int) -> dict[str, Any]:
    """A budget as JSON has it; money in fen."""
    return {
        "policy": budget.key.policy,
        "period": budget.key.period,
        "order": budget.order,
        "amount_fen": budget.amount_fen,
        "reserved_fen": budget.reserved_fen,
        "left_fen": budget.left_fen,
        "waiting": waiting,
        "stated_version": budget.stated_version,
        "stated_fen": budget.stated_fen,
    }


def describe_reservation(place: int, one: Reservation) -> dict[str, Any]:
    """One that waits as JSON has it, with its place in the queue."""
    return {
        "place": place,
        "award": one.award_id,
        "subject": one.subject,
        "period": one.period,
        "item": one.item,
        "seen_on": one.seen_on,
        "wanted_fen": one.wanted_fen,
        "reserved_fen": one.reserved_fen,
    }


def show_budgets(found: Sequence[tuple[BudgetState, int]]) -> None:
    """A line for each budget."""
    if not found:
        show.out.print("no budget was used yet (the first run of a policy with `budget:` opens it)")
        return
    heads = (
        "政策 policy",
        "期间 period",
        "预算 yuan",
        "已预留 reserved",
        "余额 left",
        "等待 waiting",
    )
    table = show.make_table(*heads, "次序 order", numbers=(2, 3, 4, 5), whole=(1,))
    for budget, waiting in found:
        table.add_row(
            Text(budget.key.policy),
            budget.key.period,
            _yuan(budget.amount_fen),
            _yuan(budget.reserved_fen),
            _yuan(budget.left_fen),
            Text(f"{waiting:,}", style="yellow" if waiting else "dim"),
            " ".join(ORDER_WORDS[budget.order]),
        )
    show.out.print(table)


def show_queue(queue: Sequence[Reservation], still_open: int, wanted: int, top: int) -> None:
    """The first that wait, in their order."""
    show.out.print(f"all awards together come to {_yuan(wanted)} yuan")
    if still_open:
        show.out.print(
            f"{still_open:,} wait for their amount first: they have no place and hold nobody up"
        )
    if not queue:
        return
    heads = (
        "#",
        "对象 subject",
        "所属期 period",
        "标的 item",
        "金额 yuan",
        "已有 has",
        "首次 seen",
    )
    table = show.make_table(*heads, numbers=(0, 4, 5), whole=(1, 2, 6))
    for place, one in enumerate(queue[:top], start=1):
        table.add_row(
            str(place),
            one.subject,
            one.period,
            escape(one.item),
            _yuan(one.wanted_fen or 0),
            _yuan(one.reserved_fen),
            one.seen_on.isoformat(),
        )
    show.out.print(table)
    if len(queue) > top:
        show.out.print(f"… and {len(queue) - top:,} more")


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
