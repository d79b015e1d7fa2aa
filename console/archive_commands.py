"""`policy export` and `policy import`: published policies from one installation to another."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.command import settings_of
from console.options import As, KeyFile, VocabularyPaths
from console.publishing import check_examples, check_reason, read_signer
from console.settings import read_clock
from console.show_publication import show_signed
from console.wiring import load_words, opened_database
from ledger.actor import find_actor, require_role
from ledger.journal import record
from ledger.signing import read_public_key
from policies.act import list_standings
from policies.archive import read_archive, write_archive
from policies.importing import load_archive, take_in
from policies.published import check_acts


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
