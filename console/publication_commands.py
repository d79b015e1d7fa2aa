"""Commands of publication: what an author submits, others review, approve, publish (扎口发布)."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Connection

from console import show
from console.command import print_json, read_day, settings_of
from console.errors import NothingThere
from console.options import Adopt, Format, VocabularyPaths
from console.publishing import (
    check_examples,
    check_reason,
    compare_with_published,
    prepare_submissions,
    read_signer,
)
from console.settings import read_clock
from console.show_publication import describe_standing, show_signed, show_standings
from console.wiring import load_words, opened_database
from ledger.actor import find_actor, require_role
from ledger.database import reading
from ledger.journal import record
from ledger.signing import read_public_key
from policies.archive import read_archive, write_archive
from policies.importing import load_archive, take_in
from policies.load import load_policies
from policies.publication import (
    Standing,
    Step,
    find_standing,
    list_standings,
    submit,
    take_step,
)
from policies.published import check_acts
from policies.release import load_releases
from profiles.fact import Vocabulary

app = typer.Typer(
    no_args_is_help=True,
    help="Publication: submit, review, approve, publish, withdraw, list, export, import.",
)

As = Annotated[str | None, typer.Option("--as", help="Who acts (ZHIDA_ACTOR).")]
KeyFile = Annotated[
    Path | None, typer.Option(help="The actor's private key (default: HOME/keys/NAME.key).")
]
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
    prepared = prepare_submissions(loaded, words, adopt)
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


@app.command("export")
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The archive to write; it must not be there yet.")],
    acting: As = None,
    key_file: KeyFile = None,
) -> None:
    """Write all published policies with their acts as one signed archive."""
    settings = settings_of(context)
    now = read_clock()
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            actor = find_actor(connection, signer.name)
            require_role(actor, ("operator", "approver"), "export policies")
            published = [one for one in list_standings(connection) if one.published is not None]
            chosen = [one for one in published if one.withdrawn is None]
            check_acts(connection, chosen)
            content = write_archive(connection, chosen, signer=signer, now=now)
            body = {"policies": [one.release.key for one in chosen]}
            record(connection, kind="policies.exported", actor=signer.name, body=body, now=now)
            # a file that is there is left alone; without the file nothing is recorded
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(content)
    show.out.print(f"{len(chosen):,} published policies in {escape(str(out))}")
    for one in published:
        if one.withdrawn is not None:
            show.err.print(f"left out, withdrawn from {one.withdrawn.day}: {one.release.key}")


@app.command("import")
def import_policies(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An archive that zhida policy export has written.")],
    trust: Annotated[Path, typer.Option(help="The exporter's public key (PEM).")],
    acting: As = None,
    key_file: KeyFile = None,
    retroactive: Annotated[
        str, typer.Option(help="Why policies that begin before today are taken over.")
    ] = "",
    vocabulary: VocabularyPaths = None,
) -> None:
    """Take in the published policies of an archive, signed by an actor known here: all or none.

    Refused where anything was altered or is signed with another key than the one named.
    """
    settings = settings_of(context)
    words = load_words(vocabulary or ())
    archive = read_archive(file, read_public_key(trust))
    check_examples(load_archive(archive, words), words)
    now = read_clock()
    reason = check_reason(retroactive)
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            taken = take_in(connection, archive, signer=signer, reason=reason, now=now)
    for standing in taken.taken:
        show_signed(standing, now.date())
    show.out.print(f"{len(taken.taken):,} taken in, {len(taken.existing):,} there already")


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
