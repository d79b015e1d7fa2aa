"""`zhida package`: one subject's package of the last run, what is in it, what is not and why."""

from dataclasses import asdict
from typing import Annotated

import polars as pl
import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, select

from awards.award import award_table
from console import show
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.kept_program import load_kept
from console.options import Format, Spoken, one_of
from console.packaging import read_choices
from console.settings import Settings
from console.subject import FoundSubject, find_subject, say_former
from console.wiring import load_words, opened_database
from engine.outcome import read_outcome
from engine.package import CHOICE_SCHEMA
from engine.package_telling import FREE, Told, show_money, tell_package
from engine.paired_parts import read_subject
from engine.run import Run, last_accepted_run
from engine.shown_value import mask
from ledger.database import reading
from profiles.snapshot import open_snapshot

_WORDS = {
    "zh": {
        "package of": "套餐", "as of": "截至", "benefit": "待遇", "period": "所属期",
        "amount": "金额", "paid": "实付", "state": "兑现状态", "why": "说明",
        "nothing": "无匹配", "opened": "已开立", "paid out": "已支付", "declined": "已放弃",
        "withdrawn": "已撤回", "closed": "已关闭",
    },
    "en": {
        "package of": "package of", "as of": "as of", "benefit": "benefit", "period": "period",
        "amount": "amount", "paid": "paid", "state": "award", "why": "why",
        "nothing": "no matches", "opened": "opened", "paid out": "paid", "declined": "declined",
        "withdrawn": "withdrawn", "closed": "closed",
    },
}  # fmt: skip


def show_package(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="A subject id, or a firm's credit code.")],
    language: Spoken = "zh",
    output: Format = "table",
) -> None:
    """A subject's package of the last run: what is in it, what is not and why."""
    one_of(language, "zh", "en")
    one_of(output, "table", "json")
    settings = settings_of(context)
    with opened_database(settings) as engine, reading(engine) as connection:
        run = last_accepted_run(connection)
        if run is None or run.outcome_path is None:
            raise NothingThere("there is no run yet (make one with: zhida run)")
        snapshot = open_snapshot(settings.snapshots / run.snapshot_hash)
        found = find_subject(settings, snapshot, load_words().datasets, subject)
        if found is None:
            raise NothingThere(f'"{mask(subject)}" is nobody in the snapshot as of {run.as_of}')
        say_former(found, subject)
        states = _states(connection, found.subject)
    told = tell_package(_choices(settings, run, found), _titles(settings, run))
    if output == "json":
        print_json(
            {
                "subject": found.subject,
                "run": run.id,
                "as_of": run.as_of,
                "offers": [
                    asdict(one) | {"award": states.get((one.policy, one.period))} for one in told
                ],
            }
        )
    else:
        _show(found.subject, run, told, states, language)


def _choices(settings: Settings, run: Run, found: FoundSubject) -> list[dict[str, object]]:
    """The choices of the run for one subject, and the matches of which no rule speaks."""
    assert run.outcome_path is not None
    folder = settings.home / run.outcome_path
    ruled = read_choices(folder).filter(pl.col("subject") == found.subject)
    outcome = read_outcome(folder)
    rows = read_subject(outcome, found.kind, found.part.number, found.subject)
    free = [
        {
            **dict.fromkeys(CHOICE_SCHEMA),
            "policy": policy,
            "period": period,
            "decision": FREE,
            "reason": "",
            "by": "[]",
            "amount_fen": None if open_ones else amount,
            "paid_fen": None if open_ones else amount,
        }
        for policy, period, amount, open_ones in rows.filter(pl.col("verdict") == "eligible")
        .join(ruled, on=["policy", "period"], how="anti")
        .group_by("policy", "period")
        .agg(
            pl.col("amount_fen").sum().alias("amount"),
            pl.col("amount_fen").is_null().any().alias("open"),
        )
        .iter_rows()
    ]
    return [*ruled.to_dicts(), *free]


def _titles(settings: Settings, run: Run) -> dict[str, dict[str, str]]:
    program = load_kept(settings, run.program_hash)
    return {
        policy.id: {"zh": policy.title_zh, "en": policy.title_en or policy.title_zh}
        for policy in program.policies
    }


def _states(connection: Connection, subject: str) -> dict[tuple[str, str], str]:
    """The states of a subject's awards by policy and period; of several items the first's."""
    columns = award_table.c
    query = select(columns.policy, columns.period, columns.state).where(columns.subject == subject)
    found = connection.execute(query.order_by(columns.item.desc()))
    return {(policy, period): state for policy, period, state in found}


def _show(
    subject: str,
    run: Run,
    told: tuple[Told, ...],
    states: dict[tuple[str, str], str],
    language: str,
) -> None:
    words = _WORDS[language]
    if not told:
        show.out.print(f"{subject}: {words['nothing']} ({words['as of']} {run.as_of})")
        return
    table = Table(title=f"{words['package of']} {subject}, {words['as of']} {run.as_of}")
    for name in ("benefit", "period", "amount", "paid", "state", "why"):
        table.add_column(words[name], justify="right" if name in ("amount", "paid") else "left")
    for one in told:
        drawn = one.decision in ("kept", "chosen", FREE)
        amount = show_money(one.amount_fen, language)
        paid = one.amount_fen if one.paid_fen is None else one.paid_fen
        state = states.get((one.policy, one.period), "")
        table.add_row(
            escape(one.title[language]),
            one.period,
            amount,
            show_money(paid, language) if drawn else "",
            words.get("paid out" if state == "paid" else state, state),
            escape(one.says[language]),
        )
    show.out.print(table)
