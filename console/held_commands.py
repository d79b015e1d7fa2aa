"""Commands for what the brake holds: list it, look at it, approve or discard it (待复核)."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from console import show
from console.command import print_json, settings_of
from console.deciding_held import find_approved, find_held, follow_approved, refuse_parts_of_group
from console.errors import NothingThere
from console.following import Followed
from console.held_causes import CausesFound, causes_as_json, find_causes_of_held
from console.held_difference import Compared, compare_held
from console.options import As, Format, KeyFile
from console.publishing import check_reason, read_signer
from console.settings import Settings, read_clock
from console.show_held import describe_held, samples_as_json, show_compared, show_held_list
from console.wiring import ACTOR, opened_database
from engine.run_act import approve_held, discard_held, persons_behind
from engine.run_policy import RunPolicy, list_held
from ledger.database import reading
from profiles.errors import ProfilesError

app = typer.Typer(no_args_is_help=True, help="What the brake holds: list, show, approve, discard.")

Named = Annotated[list[str], typer.Argument(metavar="POLICY…", help="Ids of held policies.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the journal, without personal data.")]
Hash = Annotated[str, typer.Option("--hash", help="The outcome's hash must begin so.")]


@app.command("list")
def list_them(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also what was held and is decided.")
    ] = False,
    output: Format = "table",
) -> None:
    """The policies that wait for a second person, the newest first."""
    with opened_database(settings_of(context)) as engine, reading(engine) as connection:
        held = list_held(connection, waiting=not every)
        behind = {one.id: persons_behind(connection, one) for one in held}
    if output == "json":
        print_json([describe_held(one, behind[one.id]) for one in held])
    else:
        show_held_list(held)


@app.command("show")
def show_them(
    context: typer.Context,
    policies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[POLICY…]", help="Ids of held policies (default: all)."),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="So many subjects of each kind of change.")
    ] = 5,
    output: Format = "table",
) -> None:
    """What held policies would change: figures, limits, clauses responsible, samples by id."""
    settings = settings_of(context)
    with opened_database(settings) as engine, reading(engine) as connection:
        held = find_held(connection, policies or [])
        told = [
            (compare_held(settings, connection, one), persons_behind(connection, one))
            for one in held
        ]
    if output == "json":
        print_json(
            [
                describe_held(compared.one, behind)
                | {
                    "outcome": compared.run.outcome_hash,
                    "samples": samples_as_json(compared, samples),
                    "causes": causes_as_json(_causes(settings, compared)),
                }
                for compared, behind in told
            ]
        )
        return
    for compared, behind in told:
        show_compared(compared, _causes(settings, compared), behind, samples)
    if not told:
        show_held_list([])


def _causes(settings: Settings, compared: Compared) -> CausesFound | None:
    """The clauses responsible; where a snapshot or program is gone, why they cannot be told."""
    try:
        return find_causes_of_held(settings, compared)
    except (NothingThere, ProfilesError) as gone:
        show.err.print(f"[yellow]the clauses responsible cannot be told: {escape(str(gone))}[/]")
        return None


@app.command("approve")
def approve(
    context: typer.Context,
    policies: Named,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    reason: Reason = "",
) -> None:
    """Approve held policies, all of them or none: their awards are opened, recipients told.

    Whoever started the run or wrote the policy cannot; the database refuses it.
    """
    settings = settings_of(context)
    told, now = check_reason(reason), read_clock()
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            again = find_approved(connection, policies)
            there = {one.policy for one in again}
            left = [name for name in policies if name.partition("@")[0] not in there]
            chosen = find_held(connection, left, hash_prefix) if left else []
            refuse_parts_of_group(connection, chosen)
            done = [approve_held(connection, one, signer, now=now, reason=told) for one in chosen]
        for one in done:
            what = "is approved" if one.state == "approved" else "waits for one more approver"
            show.out.print(f"[bold]{escape(one.key)}[/] of run {one.run_id} {what}")
    follow_all(settings, [*again, *(one for one in done if one.state == "approved")])


@app.command("discard")
def discard(
    context: typer.Context,
    policies: Named,
    acting: As = None,
    key_file: KeyFile = None,
    hash_prefix: Hash = "",
    reason: Reason = "",
) -> None:
    """Discard held policies: nothing follows, the next run compares with what counted before."""
    settings = settings_of(context)
    told, now = check_reason(reason), read_clock()
    with opened_database(settings) as engine:
        signer = read_signer(settings, acting, key_file)
        with engine.begin() as connection:
            done = [
                discard_held(connection, one, signer, now=now, reason=told)
                for one in find_held(connection, policies, hash_prefix)
            ]
    for one in done:
        show.out.print(f"[bold]{escape(one.key)}[/] of run {one.run_id} is discarded")


def follow_all(settings: Settings, approved: Sequence[RunPolicy]) -> None:
    """Let follow what was approved, run by run, and tell what became of it."""
    for run_id in dict.fromkeys(one.run_id for one in approved):
        mine = [one for one in approved if one.run_id == run_id]
        with opened_database(settings) as engine, show.progress() as tell:
            followed = follow_approved(
                settings, engine, run_id, mine, actor=ACTOR, now=read_clock(), tell=tell
            )
        show_followed(run_id, followed)


def show_followed(run_id: str, followed: Followed) -> None:
    """What became of the matches of an approval."""
    intake = followed.intake
    show.out.print(
        f"run {run_id}: {intake.opened:,} awards opened, {intake.adjusted:,} adjusted, "
        f"{intake.unchanged:,} there already; {followed.notices:,} notices, "
        f"{followed.deliveries.sent:,} deliveries"
    )
    for held in followed.held:
        why = escape("; ".join(held.why))
        show.out.print(f"[red]held[/] {held.policy}: {held.matches:,} matches, no award: {why}")
