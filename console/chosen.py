"""Which policies a run decides: published ones, from the ledger; for a trial also any files."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from console.errors import NotPublished
from console.kept_program import keep_program, keep_releases
from console.settings import Settings
from console.wiring import load_chosen
from engine.program import Program, compile_policies
from policies.act import Standing, list_standings
from policies.policy import Policy
from policies.published import choose_published
from policies.release import load_releases
from profiles.fact import Vocabulary


def choose_program(
    settings: Settings,
    connection: Connection,
    paths: Sequence[Path],
    vocabulary: Vocabulary,
    *,
    day: date,
    adopted_by: str | None = None,
    vocabulary_files: Sequence[Path] = (),
) -> Program:
    """The published policies of a day, or those of these files if all of them are published.

    What runs is read from the ledger in both cases. Raises NotPublished with every policy that is
    not, and why.
    """
    standings = choose_published(connection, day)
    if paths:
        wanted = load_chosen(paths, vocabulary, adopted_by).policies
        hashes = {policy.content_hash for policy in wanted}
        _refuse_unpublished(connection, wanted, standings, day)
        standings = [one for one in standings if one.release.content_hash in hashes]
    if not standings:
        raise NotPublished(
            f"no policy is published for {day}: nothing runs (zhida policy submit FILE --as NAME; "
            "to see what files would do: run --trial --policies FILE)"
        )
    policies = load_releases(connection, [one.release for one in standings], vocabulary)
    _refuse_two_versions(policies, day)
    program = compile_policies(policies, vocabulary)
    keep_releases(settings, program, vocabulary_files)
    return program


def choose_trial(
    settings: Settings,
    paths: Sequence[Path],
    vocabulary: Vocabulary,
    *,
    adopted_by: str | None = None,
    vocabulary_files: Sequence[Path] = (),
) -> Program:
    """The policies of files (default: the catalogue), whether they are published or not."""
    loaded = load_chosen(paths, vocabulary, adopted_by)
    program = compile_policies(loaded.policies, vocabulary)
    keep_program(settings, program, loaded, adopted_by, vocabulary_files)
    return program


def _refuse_unpublished(
    connection: Connection, wanted: Sequence[Policy], running: Sequence[Standing], day: date
) -> None:
    published = {one.release.content_hash for one in running}
    missing = [policy for policy in wanted if policy.content_hash not in published]
    if not missing:
        return
    known = list_standings(connection)
    lines = [f"{policy.key} {_why(policy, known, day)}" for policy in missing]
    remedy = "nothing was run; to see what these files would do: run --trial"
    raise NotPublished("\n".join([*lines, remedy]))


def _why(policy: Policy, known: Sequence[Standing], day: date) -> str:
    """Why a policy does not run on a day."""
    for one in known:
        if one.release.content_hash == policy.content_hash:
            if one.withdrawn is not None:
                return f"is withdrawn from {one.withdrawn.day} (the snapshot is of {day})"
            return f"is only {one.state(day)}, not published"
    mine = f"this content ({policy.content_hash[:12]})"
    for one in known:
        if one.release.key == policy.key:
            what = "published" if one.published is not None else one.state(day)
            return f"is {what} with other content ({one.release.content_hash[:12]}), not {mine}"
    return f"was never submitted: {mine} is not published"


def _refuse_two_versions(policies: Sequence[Policy], day: date) -> None:
    """One award is decided by one version; publication sees to it, and this looks once more."""
    seen: dict[str, Policy] = {}
    for policy in policies:
        if policy.in_force(day) is None and seen.setdefault(policy.id, policy) is not policy:
            raise NotPublished(
                f"{seen[policy.id].key} and {policy.key} are both published and in force on {day} "
                "(withdraw one of them: zhida policy withdraw)"
            )
