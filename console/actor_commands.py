"""Commands for those who act here: actors, their roles and their keys (经办人与角色)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.text import Text

from console import show
from console.command import print_json, settings_of
from console.options import Format
from console.settings import read_account, read_clock
from console.wiring import opened_database
from ledger.actor import (
    ROLES,
    Role,
    add_actor,
    change_role,
    find_actor,
    list_actors,
    retire_actor,
)
from ledger.database import reading
from ledger.refusal import refusals
from ledger.signing import (
    make_private_key,
    public_key_of,
    read_public_key,
    write_private_key,
    write_public_key,
)

app = typer.Typer(no_args_is_help=True, help="Who acts here: add, list, roles, retire.")

Name = Annotated[str, typer.Argument(help="The actor's name; it stays for ever.")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help=f"A role, may be repeated: {', '.join(ROLES)}."),
]


@app.command("add")
def add(
    context: typer.Context,
    name: Name,
    role: Roles = None,
    public_key: Annotated[
        Path | None,
        typer.Option(help="The actor's own public key (PEM); no key is made then."),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="Where the private key is written (default: HOME/keys/NAME.key)."),
    ] = None,
) -> None:
    """Enter an actor with roles and a key; whoever holds the home folder may.

    Without a public key a pair is made: the private key goes into a file that only its owner
    reads, the public key into a file beside it (NAME.pub). The journal records it.
    """
    settings = settings_of(context)
    roles = _roles(role or [])
    if key_file is not None and key_file.suffix == ".pub":
        raise typer.BadParameter("the private key needs another name than NAME.pub: NAME.key")
    with opened_database(settings) as engine, engine.begin() as connection:
        private = None if public_key else make_private_key()
        key = read_public_key(public_key) if public_key else ""
        key = public_key_of(private) if private else key
        add_actor(connection, name, key, roles, by=read_account(), now=read_clock())
        # the file comes last, so that a refusal leaves none; without it nothing is committed
        target = key_file or settings.keys / f"{name}.key"
        if private is not None:
            write_private_key(target, private)
            write_public_key(target.with_suffix(".pub"), key)
    show.out.print(f"{escape(name)}: {', '.join(roles) or 'no role'}, key {key[:16]}…")
    if private is not None:
        show.out.print(f"private key in {escape(str(target))}: give it to {escape(name)} alone")


@app.command("list")
def list_all(context: typer.Context, output: Format = "table") -> None:
    """All actors with their roles and since when they hold them."""
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        actors = list_actors(connection)
    if output == "json":
        print_json(
            [
                {
                    "name": actor.name,
                    "roles": list(actor.roles),
                    "since": actor.since,
                    "until": actor.until,
                    "public_key": actor.public_key,
                    "history": [
                        {"role": span.role, "since": span.since, "until": span.until}
                        for span in actor.spans
                    ],
                }
                for actor in actors
            ]
        )
        return
    table = show.make_table("actor", "roles", "since", "until", "key", whole=(0, 2, 3, 4))
    for actor in actors:
        table.add_row(
            Text(actor.name, style="dim" if actor.until else "bold"),
            Text(", ".join(actor.roles), style="green"),
            f"{actor.since:%Y-%m-%d}",
            f"{actor.until:%Y-%m-%d}" if actor.until else "",
            actor.public_key[:16],
        )
    show.out.print(table if actors else "no actor yet (zhida actor add NAME --role author)")


@app.command("roles")
def roles(
    context: typer.Context,
    name: Name,
    grant: Annotated[list[str] | None, typer.Option(help="A role to grant.")] = None,
    revoke: Annotated[list[str] | None, typer.Option(help="A role to revoke.")] = None,
) -> None:
    """Grant or revoke roles from now on; what was done before stays as it is."""
    granted, revoked = _roles(grant or []), _roles(revoke or [])
    if not granted and not revoked:
        raise typer.BadParameter("name a role: --grant ROLE or --revoke ROLE")
    with opened_database(settings_of(context)) as engine, engine.begin() as connection:
        by, now = read_account(), read_clock()
        for role in revoked:
            change_role(connection, name, role, "revoked", by=by, now=now)
        for role in granted:
            change_role(connection, name, role, "granted", by=by, now=now)
        left = find_actor(connection, name).roles
    show.out.print(f"{escape(name)}: {', '.join(left) or 'no role'}")


@app.command("retire")
def retire(context: typer.Context, name: Name) -> None:
    """End an actor: it does nothing more here; what it has done stays."""
    with opened_database(settings_of(context)) as engine, engine.begin() as connection, refusals():
        retire_actor(connection, name, by=read_account(), now=read_clock())
    show.out.print(f"{escape(name)} has ended")


def _roles(names: list[str]) -> list[Role]:
    """Roles by their names."""
    unknown = [name for name in names if name not in ROLES]
    if unknown:
        raise typer.BadParameter(f'"{unknown[0]}" is no role ({", ".join(ROLES)})')
    return [role for role in ROLES if role in names]
