"""Commands of publication: what an author submits, others review, approve, publish (扎口发布)."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape
from sqlalchemy import Connection

from console import archive_commands, show
from console.command import print_json, read_day, settings_of
from console.errors import NothingThere
from console.options import Adopt, As, Format, KeyFile, Spoken, VocabularyPaths, one_of
from console.policy_page import build_page
from console.publishing import (
    check_examples,
    check_reason,
    compare_with_published,
    prepare_submissions,
    read_signer,
)
from console.settings import read_clock
from console.show_page import show_page, write_page
from console.show_publication import describe_standing, show_signed, show_standings
from console.wiring import load_words, opened_database
from engine.wording import Language
from ledger.database import reading
from policies.act import Standing, Step, find_standing, list_standings
from policies.load import load_policies
from policies.publication import submit, take_step
from policies.release import load_releases
from profiles.fact import Vocabulary

app = typer.Typer(
    no_args_is_help=True,
    help="Publication: submit, review, approve, publish, withdraw, list, show, export, import.",
)

Keys = Annotated[list[str], typer.Argument(metavar="ID@VERSION…", help="One or several policies.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the journal, without personal data.")]
Hash = Annotated[str, typer.Option("--hash", help="The content's hash must begin so.")]


@app.command("submit")
def submit_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Policy files or folders.")],
    acting: As = None,
    key_file: KeyFile = None,
    adopt: Adopt = None,
    vocabulary: VocabularyPaths = None,
    output: Format = "table",
) -> None:
    """Submit policies: their files are kept in the ledger as they are now.

    Refused as a whole where check would refuse a file, or an example fails.
    """
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    loaded = load_policies(files, words)
    check_examples(loaded.policies, words)
    prepared = prepare_submissions(loaded, adopt)
    if not prepared:
        raise NothingThere("there is no policy in these files (a frame comes with its policies)")
    now, done, same = read_clock(), [], []
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            known = {one.release.content_hash: one for one in list_standings(connection)}
            for one in prepared:
                before = known.get(one.policy.content_hash)
                if before and any(act.actor == signer.name for act in before.acts):
                    same.append(before)
                    continue
                standing = submit(
                    connection,
                    one.policy,
                    one.files,
                    adopted_by=one.adopted_by,
                    signer=signer,
                    now=now,
                )
                done.append(standing)
    if output == "json":
        print_json([describe_standing(one, now.date()) for one in [*done, *same]])
        return
    for warning in loaded.warnings:
        show.err.print(f"[yellow]warning[/] {escape(str(warning))}")
    for standing in done:
        show_signed(standing, now.date())
    for standing in same:
        show.out.print(f"[dim]{escape(standing.release.key)} is there already with this content[/]")


@app.command("review")
def review(
    context: typer.Context,
    policies: Keys,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    reason: Reason = "",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Say that a submitted policy says what the law says."""
    _act(context, policies, "reviewed", acting, key_file, hash_prefix, reason, vocabulary)


@app.command("approve")
def approve(
    context: typer.Context,
    policies: Keys,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    reason: Reason = "",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Approve a reviewed policy: title, content, and what is other than in the published version.

    Whoever wrote or submitted it cannot; the database refuses it.
    """
    _act(context, policies, "approved", acting, key_file, hash_prefix, reason, vocabulary)


@app.command("publish")
def publish(
    context: typer.Context,
    policies: Keys,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    retroactive: Annotated[
        str, typer.Option(help="Why it begins before today; needed where it does.")
    ] = "",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Publish an approved policy: from now on runs decide it."""
    _act(context, policies, "published", acting, key_file, hash_prefix, retroactive, vocabulary)


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    policies: Keys,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    begins: Annotated[
        str | None, typer.Option("--from", help="From this day on (default: today).")
    ] = None,
    reason: Reason = "",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Withdraw a published policy from a day on: runs leave it out, awards opened stay."""
    day = read_day(begins, read_clock().date())
    _act(context, policies, "withdrawn", acting, key_file, hash_prefix, reason, vocabulary, day)


@app.command("list")
def list_policies(context: typer.Context, output: Format = "table") -> None:
    """Every release: its state today, and who did what when."""
    today = read_clock().date()
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        standings = list_standings(connection)
    if output == "json":
        print_json([describe_standing(one, today) for one in standings])
    else:
        show_standings(standings, today)


@app.command("show")
def show_release(
    context: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="ID@VERSION", help="A submitted policy.")],
    hash_prefix: Hash = "",
    language: Spoken = "zh",
    output: Annotated[str, typer.Option("--format", help="text or html.")] = "text",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Print a submitted policy as a page, from the ledger: what a reviewer and approver sign."""
    one_of(language, "zh", "en")
    one_of(output, "text", "html")
    words = load_words(vocabulary or ())
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        standing = find_standing(connection, policy, hash_prefix)
        (found,) = load_releases(connection, [standing.release], words)
    page = build_page(found, words, cast(Language, language))
    if output == "html":
        sys.stdout.write(write_page([page]))
        return
    show_page(page)
    show.out.print(f"content {standing.release.content_hash}", soft_wrap=True)


app.command("export")(archive_commands.export)
app.command("import")(archive_commands.import_policies)


def _act(
    context: typer.Context,
    keys: list[str],
    step: Step,
    acting: str | None,
    key_file: Path | None,
    hash_prefix: str,
    reason: str,
    vocabulary: list[Path] | None,
    day: date | None = None,
) -> None:
    """Take one step with each of these policies, or with none of them, and show what was signed."""
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    told, now = check_reason(reason), read_clock()
    done = []
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            for key in dict.fromkeys(keys):
                standing = find_standing(connection, key, hash_prefix)
                changed = _changes(connection, standing, words, step)
                after = take_step(
                    connection, standing, step, signer=signer, now=now, day=day, reason=told
                )
                done.append((after, changed))
    for standing, changed in done:
        show_signed(standing, now.date(), changed)


def _changes(
    connection: Connection, standing: Standing, words: Vocabulary, step: Step
) -> tuple[str | None, list[str]]:
    """What is other than in the published version; raises where the content is not what was sent.

    A withdrawal asks for neither: it must succeed also where a release cannot be read any more.
    """
    if step == "withdrawn":
        return None, []
    load_releases(connection, [standing.release], words)
    return compare_with_published(connection, standing, words)
