"""Commands for budgets: what there is, who waits, and changing an amount (预算)."""

import re
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Connection

from awards.budget import BudgetKey, BudgetState, list_budgets, read_budget, set_budget
from awards.reservation import place_in, read_all
from awards.waiting import advance_waiting, count_waiting
from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere, PolicyUnready
from console.options import As, Format, KeyFile
from console.publishing import check_reason, read_signer
from console.settings import read_clock
from console.show_budget import describe_budget, describe_reservation, show_budgets, show_queue
from console.wiring import ACTOR, opened_database
from ledger.actor import find_actor, require_role
from ledger.database import reading
from ledger.errors import ActorRefused
from ledger.signing import public_key_of
from policies.publication import Signer

app = typer.Typer(
    no_args_is_help=True, help="Budgets of policies: list, show who waits, set, advance."
)

Policy = Annotated[str, typer.Argument(help="The policy's id, without version.")]
Period = Annotated[
    str | None,
    typer.Argument(help="The budget's period: 2025, 2025Q4, once (default: the last there is)."),
]


@app.command("list")
def list_all(
    context: typer.Context,
    policy: Annotated[str | None, typer.Argument(help="Only those of this policy.")] = None,
    output: Format = "table",
) -> None:
    """Each budget: its amount, what is reserved, what is left, how many wait."""
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        found = [(one, count_waiting(connection, one.key)) for one in list_budgets(connection)]
    found = [pair for pair in found if policy is None or pair[0].key.policy == policy]
    if output == "json":
        print_json([describe_budget(budget, waiting) for budget, waiting in found])
    else:
        show_budgets(found)


@app.command("show")
def show_one(
    context: typer.Context,
    policy: Policy,
    period: Period = None,
    top: Annotated[int, typer.Option(min=0, help="So many of those that wait.")] = 20,
    output: Format = "table",
) -> None:
    """A budget with the first that wait, in their order, by surrogate id."""
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        budget = find_budget(connection, policy, period)
        everybody = read_all(connection, budget.key)
    known = [one for one in everybody if one.wanted_fen is not None]
    queue = [one for one in known if one.state == "waiting"]
    queue.sort(key=lambda one: place_in(budget.order, one))
    still_open = [one for one in everybody if one.wanted_fen is None]
    wanted = sum(one.wanted_fen or 0 for one in known)
    waiting = len(queue) + len(still_open)
    if output == "json":
        print_json(
            describe_budget(budget, waiting)
            | {
                "wanted_fen": wanted,
                "open_amounts": len(still_open),
                "queue": [
                    describe_reservation(place, one)
                    for place, one in enumerate(queue[:top], start=1)
                ],
            }
        )
        return
    show_budgets([(budget, waiting)])
    show_queue(queue, len(still_open), wanted, top)


@app.command("set")
def set_amount(
    context: typer.Context,
    policy: Policy,
    yuan: Annotated[str, typer.Argument(help="The new amount in yuan, such as 1200000 or 99.50.")],
    period: Period = None,
    acting: As = None,
    key_file: KeyFile = None,
    reason: Annotated[
        str, typer.Option(help="Why; it goes into the journal, without personal data.")
    ] = "",
) -> None:
    """Change the amount of a budget, never below what is reserved; then serve who waits.

    It needs the role finance, and a reason.
    """
    settings = settings_of(context)
    why, fen, now = check_reason(reason), read_fen(yuan), read_clock()
    if not why:
        raise PolicyUnready("a budget is changed for a reason (say it: --reason TEXT)")
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            check_finance(connection, signer)
            before = find_budget(connection, policy, period)
            set_budget(connection, before.key, fen, reason=why, actor=signer.name, now=now)
        served = advance_waiting(engine, before.key, actor=ACTOR, now=now)
        with reading(engine) as connection:
            after = read_budget(connection, before.key)
    show_budgets([(after, served.waiting)])
    show.out.print(
        f"before {before.amount_fen / 100:,.2f} yuan; {served.reserved:,} awards got money; "
        "they are told with the next run",
        soft_wrap=True,
    )


@app.command("advance")
def advance(
    context: typer.Context,
    policy: Annotated[str | None, typer.Argument(help="Only the budgets of this policy.")] = None,
) -> None:
    """Take back what ended awards hold and serve who waits; each run does it, too."""
    now = read_clock()
    with opened_database(settings_of(context)) as engine:
        with reading(engine) as connection:
            keys = [one.key for one in list_budgets(connection, policy)]
        for key in keys:
            served = advance_waiting(engine, key, actor=ACTOR, now=now)
            show.out.print(
                f"[bold]{escape(key.policy)}[/] {key.period}: {served.returned:,} gave back, "
                f"{served.reserved:,} got money, {served.waiting:,} wait"
            )
    if not keys:
        show_budgets([])


def find_budget(connection: Connection, policy: str, period: str | None) -> BudgetState:
    """The budget of a period, or the last one opened. Raises NothingThere, BudgetRefused."""
    if period is not None:
        return read_budget(connection, BudgetKey(policy=policy, period=period))
    there = list_budgets(connection, policy)
    if not there:
        raise NothingThere(
            f'there is no budget of "{policy}" (zhida budget list shows them; the first run of a '
            "policy that states one opens it)"
        )
    return max(there, key=lambda one: one.key.period)


def check_finance(connection: Connection, signer: Signer) -> None:
    """Raise ActorRefused unless the key is that of an actor with the role finance."""
    actor = find_actor(connection, signer.name)
    require_role(actor, ["finance"], "set a budget")
    if public_key_of(signer.private_key) != actor.public_key:
        raise ActorRefused(f"that is not the key of {actor.name} (name its file: --key-file)")


def read_fen(yuan: str) -> int:
    """An amount in fen. Raises BadParameter where the text is no amount of whole fen."""
    found = re.fullmatch(r"(\d{1,15})(?:\.(\d{1,2}))?", yuan.replace(",", ""), re.ASCII)
    if found is None:
        raise typer.BadParameter(f'"{yuan}" is no amount in yuan such as 1200000 or 99.50')
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
