"""Commands that run policies and look at what came of it."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from awards.past import import_past_awards
from console import show
from console.chosen import choose_program, choose_trial
from console.command import SET_ASIDE, print_json, settings_of
from console.deciding import Way
from console.demo import run_demo
from console.errors import NothingThere
from console.kept_program import find_former
from console.machines import choose_by
from console.options import Adopt, As, Format, KeyFile, VocabularyPaths, one_of
from console.publishing import read_signer
from console.settings import names_actor, read_clock, read_key
from console.show_budget import describe_budget
from console.show_held import describe_state
from console.subject import find_subject, say_former
from console.wiring import ACTOR, load_words, newest_snapshot, opened_database, run_once
from engine.shown_value import mask
from ledger.database import reading
from ledger.journal import seal, verify
from notifier.channels.inbox import read_inbox


def run_policies(
    context: typer.Context,
    policies: Annotated[
        list[Path] | None,
        typer.Option(
            "--policies",
            "-p",
            help="Only the published policies of these files (default: all that are published).",
        ),
    ] = None,
    adopt: Adopt = None,
    trial: Annotated[
        bool,
        typer.Option(
            "--trial",
            help="Only show what would come of it, also of files that are not published.",
        ),
    ] = False,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry",
            help="Only show what this run of published policies would do, and what would be held.",
        ),
    ] = False,
    acting: As = None,
    key_file: KeyFile = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Decide everybody, also where the run before could be taken over."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes that decide (default: one a processor)."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Let the workers of this Dask scheduler decide (ZHIDA_SCHEDULER).",
        ),
    ] = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Evaluate the published policies over the newest snapshot, open awards, tell the recipients.

    With --trial any files (default: the catalogue): no award is opened and nobody is told. So with
    --dry, of the policies that the run would decide. Of a policy that changes more than the limits
    allow nothing follows until other people approve it: zhida held list.
    """
    settings = settings_of(context)
    if scheduler is not None and processes is not None:
        raise typer.BadParameter("either --processes of this machine or --scheduler of others")
    if scheduler is not None:
        settings = replace(settings, scheduler=scheduler)
    read_key(settings)
    words = load_words(vocabulary or ())
    if adopt is not None and not trial and not policies:
        raise typer.BadParameter(
            "published policies stand as they are published: adopt them with zhida policy submit "
            "--adopt, or try it with --trial"
        )
    built = newest_snapshot(settings)
    paths, beside = policies or [], vocabulary or []
    starter = None
    if not trial and not dry and names_actor(acting):
        starter = read_signer(settings, acting, key_file)
    with opened_database(settings) as engine, show.progress() as tell:
        if trial:
            program = choose_trial(
                settings, paths, words, adopted_by=adopt, vocabulary_files=beside
            )
        else:
            with reading(engine) as connection:
                program = choose_program(
                    settings,
                    connection,
                    paths,
                    words,
                    day=built.as_of,
                    adopted_by=adopt,
                    vocabulary_files=beside,
                )
        way = Way(
            former=lambda run: None if full else find_former(settings, run),
            by=choose_by(settings, processes),
        )
        report = run_once(
            settings,
            engine,
            program,
            built,
            now=read_clock(),
            on_progress=tell,
            trial=trial or dry,
            starter=starter,
            way=way,
        )
    if output == "json":
        print_json(
            {
                "run": report.run.id,
                "as_of": report.run.as_of,
                "trial": report.trial,
                "decided_again": report.again,
                "in_full": report.in_full,
                "policies": [
                    {
                        "policy": result.policy.key,
                        "outside": result.outside,
                        "subjects": result.subjects,
                        "eligible": result.eligible,
                        "unknown": result.unknown,
                        "amount_fen": result.amount_fen,
                        "open_amounts": result.open_amounts,
                    }
                    for result in report.results
                ],
                "changes": report.changes.to_dicts(),
                "awards_opened": report.intake.opened,
                "awards_adjusted": report.intake.adjusted,
                "awards_there_already": report.intake.unchanged,
                "policies_held": [describe_state(one) for one in report.policies_held],
                "matches_held": [asdict(held) for held in report.held],
                "budgets": [describe_budget(one.budget, one.waiting) for one in report.budgets],
                "notices": report.notices,
            }
        )
    else:
        show.show_run(report)


def show_received(
    context: typer.Context,
    subject: Annotated[str, typer.Argument(help="A subject id, or a firm's credit code.")],
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    output: Format = "table",
) -> None:
    """The notices that a subject has received."""
    settings = settings_of(context)
    words = load_words()
    one_of(language, "zh", "en")
    built = newest_snapshot(settings)
    found = find_subject(settings, built, words.datasets, subject)
    if found is not None:
        say_former(found, subject)
    wanted = found.subject if found else subject
    with opened_database(settings) as engine, reading(engine) as connection:
        messages = read_inbox(connection, wanted)
    if found is None and not messages:
        raise NothingThere(f'"{mask(subject)}" is nobody in the snapshot as of {built.as_of}')
    if output == "json":
        print_json(
            [
                {
                    "id": message.message_id,
                    "received_at": message.received_at,
                    "title": {"zh": message.title_zh, "en": message.title_en},
                    "body": {"zh": message.body_zh, "en": message.body_en},
                }
                for message in messages
            ]
        )
    else:
        show.show_inbox(messages, language)


def import_awards(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV: policy, kind, identifier, period, amount, …")],
) -> None:
    """Take in awards paid before Zhida, so that no run opens them again."""
    settings = settings_of(context)
    with opened_database(settings) as engine:
        report = import_past_awards(
            engine, file, key=read_key(settings), actor=ACTOR, now=read_clock()
        )
    show.out.print(f"{report.imported:,} imported, {report.existing:,} there already")
    for bad in report.bad:
        show.err.print(f"[yellow]{escape(mask(f'line {bad.line}: {bad.reason}'))}[/]")
    if report.bad:
        raise typer.Exit(SET_ASIDE)


def verify_journal(context: typer.Context) -> None:
    """Check the journal's chain from its first entry to its last."""
    with opened_database(settings_of(context)) as engine:
        seal(engine, now=read_clock())  # what is not in the chain yet could not be verified
        with reading(engine) as connection:
            checkpoint = verify(connection)
    show.out.print(f"the journal is whole: {checkpoint.sequence:,} entries, {checkpoint.hash[:16]}")


def show_demo(
    context: typer.Context,
    firms: Annotated[int, typer.Option(min=1)] = 20_000,
    residents: Annotated[int, typer.Option(min=1)] = 60_000,
) -> None:
    """A synthetic city, two deliveries a month apart, two runs, explained."""
    run_demo(settings_of(context), firms=firms, residents=residents)
