"""Deciding what the brake holds: find it, sign for it, and let follow what was approved."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from console.errors import HeldUnready, NothingThere
from console.following import Followed, follow_matches
from console.kept_program import load_kept
from console.settings import Settings
from engine.errors import RunRefused
from engine.outcome import read_outcome
from engine.outcome_reading import read_matches, read_rows
from engine.run import find_run
from engine.run_act import check_approval
from engine.run_policy import RunPolicy, find_bases, list_held, list_run_policies
from ledger.database import reading
from profiles.ingest import Progress
from profiles.snapshot import open_snapshot


def find_held(
    connection: Connection, policies: Sequence[str], hash_prefix: str = ""
) -> list[RunPolicy]:
    """What waits of these policies (default: of all), by id or id@version.

    Raises NothingThere where nothing of a policy waits, HeldUnready where its outcome is another
    than the one that was looked at.
    """
    waiting = {one.policy: one for one in list_held(connection)}
    if not policies:
        return [waiting[policy] for policy in sorted(waiting)]
    found = []
    for name in dict.fromkeys(policies):
        policy, _, version = name.partition("@")
        one = waiting.get(policy)
        if one is None or (version and version != one.version):
            raise NothingThere(f'nothing of "{name}" is held (zhida held list shows what waits)')
        run = find_run(connection, one.run_id)
        outcome = (run.outcome_hash if run else None) or ""
        if not outcome.startswith(hash_prefix):
            raise HeldUnready(
                f"what is held of {one.key} is of the outcome {outcome[:12]}, not {hash_prefix} "
                "(look at it again: zhida held show)"
            )
        found.append(one)
    return found


def find_approved(connection: Connection, policies: Sequence[str]) -> list[RunPolicy]:
    """Those of these policies that were approved and that nothing has decided since.

    What follows from an approval can be cut off; it is then followed once more.
    """
    last = {one.policy: one for one in reversed(list_held(connection, waiting=False))}
    named = [last.get(name.partition("@")[0]) for name in dict.fromkeys(policies)]
    bases = find_bases(connection, [one.policy for one in named if one is not None])
    return [
        one
        for one in named
        if one is not None and one.state == "approved" and bases[one.policy] == one.run_id
    ]


def refuse_parts_of_group(connection: Connection, chosen: Sequence[RunPolicy]) -> None:
    """Raise HeldUnready where a policy is approved while one it is linked with still waits."""
    waiting = list_held(connection)
    named = {one.policy for one in chosen}
    for one in chosen:
        group = _linked_with(one, [other for other in waiting if other.run_id == one.run_id])
        if left := sorted(group - named):
            raise HeldUnready(
                f"{one.policy} is decided together with {', '.join(left)} "
                "(approve them in one command, or discard the others first)"
            )


def _linked_with(one: RunPolicy, waiting: Sequence[RunPolicy]) -> set[str]:
    """The waiting policies of a run that hang together with one of them, itself among them."""
    ties = [{other.policy, *other.held.linked} for other in waiting]
    group: set[str] = {one.policy}
    wider = group.union(*(tied for tied in ties if tied & group))
    while wider != group:
        group = wider
        wider = group.union(*(tied for tied in ties if tied & group))
    return group & {other.policy for other in waiting}


def approved_with(
    connection: Connection, run_id: str, approved: Sequence[RunPolicy]
) -> list[RunPolicy]:
    """All that was approved of a run and is not decided since, and these; by policy."""
    there = [one for one in list_run_policies(connection, run_id) if one.state == "approved"]
    bases = find_bases(connection, [one.policy for one in there])
    named = {one.policy for one in approved}
    return [one for one in there if one.policy in named or bases.get(one.policy) == run_id]


def follow_approved(
    settings: Settings,
    engine: Engine,
    run_id: str,
    approved: Sequence[RunPolicy],
    *,
    actor: str,
    now: datetime,
    tell: Progress,
) -> Followed:
    """Open the awards of policies of one run that were approved, and tell the recipients.

    With them goes whatever else of the run was approved and counts still.
    By the program, snapshot and outcome of that run, as the run itself would have done. May be
    repeated. Raises RunRefused where an approval was not signed by its people.
    """
    with reading(engine) as connection:
        run = find_run(connection, run_id)
        together = approved_with(connection, run_id, approved)
        for one in together:
            check_approval(connection, one)
    if run is None or run.outcome_path is None:
        raise NothingThere(f"there is no outcome of run {run_id}")
    outcome = read_outcome(settings.home / run.outcome_path)
    if outcome.hash != run.outcome_hash:
        raise RunRefused(f"run {run_id}: its outcome is not the one that was approved")
    program = load_kept(settings, run.program_hash)
    snapshot = open_snapshot(settings.snapshots / run.snapshot_hash)
    # packages are chosen among all that counts of the run: one of a linked pair alone is another
    wanted = [one.policy for one in together]
    return follow_matches(
        settings,
        engine,
        program,
        read_matches(outcome, wanted),
        run,
        going=wanted,
        actor=actor,
        now=now,
        former=snapshot.former,
        tell=tell,
        recorded=True,
        beside=read_rows(outcome, wanted),
    )
