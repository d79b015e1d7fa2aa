"""The command `zhida`: every step of the way from a department's file to somebody's inbox."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from awards.errors import AwardsError
from console import (
    actor_commands,
    alerts_command,
    budget_commands,
    catalogue_commands,
    check_command,
    dataset_commands,
    delivery_commands,
    diff_command,
    explanation_commands,
    export_commands,
    held_commands,
    industry_command,
    ingest_command,
    link_commands,
    metrics_command,
    new_command,
    package_command,
    policy_commands,
    profile_commands,
    publication_commands,
    quality_commands,
    recall_command,
    release_commands,
    report_command,
    run_commands,
    schedule_commands,
    schema_command,
    show,
    simulate_command,
    table_commands,
    test_command,
    verify_command,
    work_command,
)
from console.command import REFUSED
from console.errors import ConsoleError
from console.events import Form, logs_json, say_failure, set_up_log
from console.failure import show_database_failure
from console.options import one_of
from console.settings import read_settings
from engine.errors import EngineError
from engine.shown_value import mask
from language.errors import FilesRefused
from ledger.errors import LedgerError
from notifier.errors import NotifierError
from policies.errors import PoliciesError
from profiles.errors import ProfilesError

app = typer.Typer(
    name="zhida",
    help="直达: the policy finds the person. Benefits matched to everybody who is owed them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
COMMANDS: Mapping[str, Callable[..., None]] = {
    "init": delivery_commands.make_installation,
    "sample-city": delivery_commands.write_sample_city,
    "ingest": ingest_command.ingest_sources,
    "snapshot": delivery_commands.build_snapshot,
    "verify-data": verify_command.verify_holdings,
    "diff": diff_command.compare_files,
    "check": check_command.check_policies,
    "test": test_command.run_tests,
    "show": policy_commands.show_policy,
    "schema": schema_command.write_schema,
    "new": new_command.write_new,
    "simulate": simulate_command.simulate_policies,
    "evaluate": policy_commands.evaluate_by_hand,
    "run": run_commands.run_policies,
    "report": report_command.report_run,
    "alerts": alerts_command.tell_alerts,
    "metrics": metrics_command.tell_metrics,
    "recall": recall_command.recall_run,
    "work": work_command.work_schedules,
    "explain": explanation_commands.explain_subject,
    "clauses": explanation_commands.clauses_of_everybody,
    "unknowns": explanation_commands.list_unknowns,
    "suggest-industry": industry_command.suggest_codes,
    "package": package_command.show_package,
    "profile": profile_commands.show_profile,
    "quality": quality_commands.tell_quality,
    "export": export_commands.export_table,
    "inbox": run_commands.show_received,
    "import-awards": run_commands.import_awards,
    "verify": run_commands.verify_journal,
    "demo": run_commands.show_demo,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(dataset_commands.app, name="dataset")
app.add_typer(release_commands.app, name="release")
app.add_typer(link_commands.app, name="link")
app.add_typer(table_commands.app, name="table")
app.add_typer(actor_commands.app, name="actor")
app.add_typer(catalogue_commands.app, name="catalogue")
app.add_typer(publication_commands.app, name="policy")
app.add_typer(held_commands.app, name="held")
app.add_typer(budget_commands.app, name="budget")
app.add_typer(schedule_commands.app, name="schedule")


@app.callback()
def home(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder of this installation (ZHIDA_HOME, ./zhida-home)."),
    ] = None,
    log: Annotated[
        str,
        typer.Option("--log", help="Events on the error stream: text, json, or off."),
    ] = "off",
) -> None:
    """直达: the policy finds the person."""
    one_of(log, "text", "json", "off")
    set_up_log(cast(Form, log))
    context.obj = read_settings(home)


KNOWN_ERRORS = (
    FilesRefused,
    ConsoleError,
    ProfilesError,
    PoliciesError,
    EngineError,
    AwardsError,
    NotifierError,
    LedgerError,
)


def main() -> None:
    """The entry point: whatever is refused ends with its reasons, not with a traceback."""
    try:
        app()
    except KNOWN_ERRORS as error:
        for line in str(error).splitlines():
            _say_error(line)
        sys.exit(REFUSED)
    except BrokenPipeError:
        sys.exit(0)
    except SQLAlchemyError as error:
        _say_error(show_database_failure(error))
        sys.exit(REFUSED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say_error(f"{where}{error.strerror or error}")
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        show.err.print("stopped; the same command goes on where it ended")
        sys.exit(130)


def _say_error(line: str) -> None:
    if logs_json():
        say_failure(line)
    else:
        show.err.print(f"[red]error[/] {escape(mask(line))}", soft_wrap=True)


if __name__ == "__main__":
    main()
