"""The command `alerts`: what somebody should look at, for people, programs and cron."""

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any

import typer
from rich.markup import escape

from console import show
from console.alert import Alert, Limits
from console.alert_words import NAMES, tell_alert
from console.alerts import find_alerts
from console.clause_alerts import find_constant_clauses
from console.command import print_json, settings_of
from console.errors import NothingThere
from console.options import Format, one_of
from console.settings import read_clock
from console.wiring import opened_database
from engine.run import list_accepted
from ledger.database import reading

ALERTED = 1
"""The exit code where there is any alert."""
SAMPLE = 20_000
_DEFAULT = Limits()


def tell_alerts(
    context: typer.Context,
    hours: Annotated[
        float, typer.Option(min=0, help="Alert after so many hours without an accepted run.")
    ] = _DEFAULT.without_run.total_seconds() / 3600,
    unended: Annotated[
        float, typer.Option(min=0, help="… after so many hours of a run that does not end.")
    ] = _DEFAULT.unended.total_seconds() / 3600,
    jump: Annotated[
        float,
        typer.Option(min=0, max=100, help="… so many percent more of a policy's are unknown."),
    ] = float(_DEFAULT.jump * 100),
    unsealed: Annotated[
        float, typer.Option(min=0, help="… entries of the journal unsealed for so many minutes.")
    ] = _DEFAULT.unsealed.total_seconds() / 60,
    overdue: Annotated[
        float, typer.Option(min=0, help="… deliveries overdue by so many hours.")
    ] = _DEFAULT.overdue.total_seconds() / 3600,
    late: Annotated[
        float, typer.Option(min=0, help="… a schedule that nobody begins for so many hours.")
    ] = _DEFAULT.late.total_seconds() / 3600,
    failed: Annotated[
        int, typer.Option(min=0, help="… more than so many deliveries of a channel failed.")
    ] = _DEFAULT.failed,
    clauses: Annotated[
        bool,
        typer.Option(
            "--clauses/--no-clauses", help="Count whether a clause turned constant: some seconds."
        ),
    ] = True,
    sample: Annotated[
        int, typer.Option(min=1, help="Count clauses over so many subjects of each kind.")
    ] = SAMPLE,
    output: Format = "table",
) -> None:
    """What to look at: no run, jumped unknowns, constant clauses, what is unsealed or unsent.

    Ends with 1 where there is anything.
    """
    one_of(output, "table", "json")
    settings = settings_of(context)
    limits = Limits(
        without_run=timedelta(hours=hours),
        unended=timedelta(hours=unended),
        jump=Fraction(str(jump)) / 100,
        unsealed=timedelta(minutes=unsealed),
        overdue=timedelta(hours=overdue),
        late=timedelta(hours=late),
        failed=failed,
    )
    with opened_database(settings) as engine, reading(engine) as connection:
        found = find_alerts(connection, limits, read_clock())
        runs = list_accepted(connection, 2)
    if clauses:
        try:
            with show.progress() as tell:
                found += find_constant_clauses(settings, runs, tell, sample=sample)
        except NothingThere as gone:
            show.err.print(f"[yellow]clauses are not compared[/]: {escape(str(gone))}")
    if output == "json":
        print_json([alert_as_json(alert) for alert in found])
    else:
        show_alerts(found)
    if found:
        raise typer.Exit(ALERTED)


def alert_as_json(alert: Alert) -> dict[str, Any]:
    """An alert as plain data, with its words."""
    zh, en = tell_alert(alert, "zh"), tell_alert(alert, "en")
    return {
        "alert": alert.kind,
        "name": alert.name,
        "detail": alert.detail,
        "since": alert.since.isoformat() if alert.since else None,
        "figure": alert.figure,
        "limit": alert.limit,
        "before": alert.before,
        "what": {"zh": zh.what, "en": en.what},
        "why": {"zh": zh.why, "en": en.why},
        "remedy": {"zh": zh.remedy, "en": en.remedy},
    }


def show_alerts(found: list[Alert]) -> None:
    """Each alert with since when, why and what to do."""
    if not found:
        show.out.print("[green]没有需要处理的事[/]  [dim]nothing to look at[/]")
        return
    for alert in found:
        zh, en = tell_alert(alert, "zh"), tell_alert(alert, "en")
        since = alert.since.isoformat(sep=" ", timespec="minutes") if alert.since else "—"
        name_zh, name_en = NAMES[alert.kind]
        show.out.print(f"[red]![/] [bold]{name_zh}[/] {name_en}  [dim]自 since {since}[/]")
        for told in (zh, en):
            show.out.print(f"  {escape(told.what)}", soft_wrap=True)
            show.out.print(f"  [dim]{escape(told.why)}[/]", soft_wrap=True)
            show.out.print(f"  [cyan]{escape(told.remedy)}[/]", soft_wrap=True)
