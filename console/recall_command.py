"""Recall: awards that a mistaken run opened are withdrawn, by two people, and recipients told."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Connection, Engine

from awards.recall import RecallReport, ToRecover, list_to_recover, recall_awards
from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.kept_program import load_kept
from console.notices import tell_recipients
from console.options import As, Format, KeyFile
from console.publishing import check_reason, read_signer
from console.settings import Settings, read_clock
from console.wiring import ACTOR, opened_database
from engine.run import find_run
from engine.run_act import check_recall, list_run_acts, recall_policy
from engine.run_policy import IN_FORCE, RunPolicy, list_run_policies
from ledger.database import reading
from policies.publication import Signer


def recall_run(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="The id of the mistaken run.")],
    policies: Annotated[
        list[str] | None,
        typer.Option("--policy", help="Only this policy of it, may be repeated (default: all)."),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; recipients read it, and it goes into the journal.")
    ] = "",
    acting: As = None,
    key_file: KeyFile = None,
    output: Format = "table",
) -> None:
    """Withdraw what a run opened by mistake and nobody was paid yet, and tell the recipients.

    Two people sign, each by this command; with the second it is carried out. Amounts that the run
    adjusted are set back, paid awards are listed to be recovered. Repeated, it goes on.
    """
    settings = settings_of(context)
    told = check_reason(reason)
    with opened_database(settings) as engine:
        with reading(engine) as connection:
            waiting = [one for one in find_recallable(connection, run, policies or ())
                       if one.state != "recalled"]  # fmt: skip
        # what two people have signed is only carried out once more
        signer = read_signer(settings, acting, key_file) if waiting else None
        with engine.begin() as connection:
            chosen = find_recallable(connection, run, policies or ())
            signed = [_sign(connection, one, signer, told) for one in chosen]
        recalled = [one for one in signed if one.state == "recalled"]
        reports = carry_out_recall(settings, engine, run, recalled)
        with reading(engine) as connection:
            recover = list_to_recover(connection, run)
    if output == "json":
        print_json(
            {
                "run": run,
                "policies": [
                    {"policy": one.policy, "version": one.version, "state": one.state}
                    | asdict(reports.get(one.policy, RecallReport()))
                    for one in signed
                ],
                "to_recover": [asdict(one) for one in recover],
            }
        )
        return
    _show(signed, reports, recover)


def find_recallable(
    connection: Connection, run_id: str, policies: Sequence[str]
) -> list[RunPolicy]:
    """The policies of a run of which awards may have been opened. Raises NothingThere."""
    there = list_run_policies(connection, run_id)
    if not there:
        raise NothingThere(f'no policy was accepted in a run "{run_id}" (zhida run tells its id)')
    found = {one.policy: one for one in there if one.state in (*IN_FORCE, "recalled")}
    unknown = [name for name in policies if name not in found]
    if unknown or not found:
        what = ", ".join(unknown) or "any policy"
        raise NothingThere(f"nothing was opened of {what} in run {run_id}")
    return [found[name] for name in dict.fromkeys(policies)] if policies else list(found.values())


def _sign(connection: Connection, one: RunPolicy, signer: Signer | None, reason: str) -> RunPolicy:
    if one.state == "recalled" or signer is None:
        return one
    return recall_policy(connection, one, signer, now=read_clock(), reason=reason)


def carry_out_recall(
    settings: Settings, engine: Engine, run_id: str, recalled: Sequence[RunPolicy]
) -> dict[str, RecallReport]:
    """Withdraw and set back, policy by policy, and tell the recipients; may be repeated."""
    if not recalled:
        return {}
    reports = {}
    with reading(engine) as connection:
        run = find_run(connection, run_id)
        reasons = {}
        for one in recalled:
            check_recall(connection, one)
            acts = list_run_acts(connection, run_id, one.policy)
            # the first of the two has said why
            reasons[one.policy] = next(act.reason for act in acts if act.step == "recalled")
    assert run is not None  # a foreign key
    with show.progress() as tell:
        for one in recalled:

            def count(done: int, policy: str = one.policy) -> None:
                tell(f"recalling {policy}", done, done)

            reports[one.policy] = recall_awards(
                engine,
                run_id=run_id,
                policy=one.policy,
                actor=ACTOR,
                reason=reasons[one.policy],
                now=read_clock(),
                seconds=time.monotonic,
                on_progress=count,
            )
        program = load_kept(settings, run.program_hash)
        tell_recipients(settings, engine, program, now=read_clock(), tell=tell)
    return reports


def _show(
    signed: Sequence[RunPolicy], reports: dict[str, RecallReport], recover: Sequence[ToRecover]
) -> None:
    for one in signed:
        if one.state != "recalled":
            show.out.print(
                f"[bold]{escape(one.key)}[/]: one has signed; a second person must as well, with "
                "the same command and --as NAME",
                soft_wrap=True,
            )
            continue
        done = reports[one.policy]
        left = f", {done.left:,} amounts changed since are left" if done.left else ""
        show.out.print(
            f"[bold]{escape(one.key)}[/]: {done.withdrawn:,} awards withdrawn, {done.set_back:,} "
            f"amounts set back{left}",
            soft_wrap=True,
        )
    if not recover:
        return
    show.out.print(f"[yellow]{len(recover):,} were paid already: to be recovered by people[/]")
    table = show.make_table("policy", "subject", "period", "item", "yuan due", "yuan paid",
                            numbers=(4, 5), whole=(0, 1))  # fmt: skip
    for paid in recover:
        table.add_row(
            paid.policy,
            paid.subject,
            paid.period,
            paid.item,
            "—" if paid.before_fen is None else f"{paid.before_fen / 100:,.2f}",
            "open" if paid.paid_fen is None else f"{paid.paid_fen / 100:,.2f}",
        )
    show.out.print(table)
