"""The way of a policy to its publication: steps that people take and sign (扎口发布).

draft (submitted) → reviewed → approved → published → withdrawn, or imported in place of all before
withdrawn. Expired is what the dates say. Who may take which step when, and that nobody decides
what they wrote, is enforced by the database (`ledger/migrations/versions/v0003_publication.py`);
what is asked here first only says it better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select

from ledger.actor import Actor, Role, find_actor, require_role
from ledger.errors import KeyRefused
from ledger.journal import record
from ledger.refusal import refusals
from ledger.signing import public_key_of, sign
from policies.act import (
    Act,
    Standing,
    Step,
    act_table,
    list_standings,
    read_standing,
    signed_text,
)
from policies.errors import PublicationRefused
from policies.policy import Policy
from policies.release import Files, Release, list_releases, release_of, release_table, write_release

NEEDED: dict[Step, tuple[Role, ...]] = {
    "submitted": ("author",),
    "reviewed": ("reviewer",),
    "approved": ("approver",),
    "published": ("operator",),
    "imported": ("approver",),
    "withdrawn": ("approver", "operator"),
}
"""The roles of which one is needed for a step."""
_VERBS: dict[Step, str] = {
    "submitted": "submit",
    "reviewed": "review",
    "approved": "approve",
    "published": "publish",
    "imported": "import",
    "withdrawn": "withdraw",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An actor with its private key."""

    name: str
    private_key: Ed25519PrivateKey


def submit(
    connection: Connection,
    policy: Policy,
    files: Files,
    *,
    adopted_by: str = "",
    signer: Signer,
    now: datetime,
    reason: str = "",
) -> Standing:
    """Enter a policy as a draft, or put one's name to content that somebody else has submitted.

    Raises PublicationRefused where the version is published with other content.
    """
    actor = _acting(connection, signer, "submitted")
    _refuse_taken(connection, policy.id, policy.version, policy.content_hash)
    release = release_of(policy, adopted_by=adopted_by, author=actor.name)
    there = list_releases(connection, [release.content_hash])
    if there:
        release = there[0]
    else:
        write_release(connection, release, files)
    _take(connection, release, "submitted", signer, now, _day_of(now), reason)
    return read_standing(connection, release)


def take_step(
    connection: Connection,
    standing: Standing,
    step: Step,
    *,
    signer: Signer,
    now: datetime,
    day: date | None = None,
    reason: str = "",
) -> Standing:
    """Review, approve, publish or withdraw a release; `day` is from when it is withdrawn.

    Raises PublicationRefused, ActorRefused or ChangeRefused.
    """
    release = standing.release
    _acting(connection, signer, step)
    if step in ("published", "imported"):
        _lock(connection, release.policy)
        _refuse_taken(connection, release.policy, release.version, release.content_hash)
        _refuse_overlap(connection, release)
        if release.effective_from < _day_of(now) and not reason.strip():
            raise PublicationRefused(
                f"{release.key} begins {told_begin(release)}, before the day of its publication: "
                "say why (--retroactive REASON)"
            )
    if step == "withdrawn" and not reason.strip():
        raise PublicationRefused(f"a withdrawal of {release.key} needs a reason (--reason …)")
    _take(connection, release, step, signer, now, day or _day_of(now), reason)
    return read_standing(connection, release)


def told_begin(release: Release) -> str:
    """From when a policy is law; one without a first day reaches back without end."""
    begins = release.effective_from
    return "without a first day" if begins.year == 1 else f"on {begins}"


def _day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _acting(connection: Connection, signer: Signer, step: Step) -> Actor:
    """The actor of a step, whose key it is and who holds the role."""
    actor = find_actor(connection, signer.name)
    require_role(actor, NEEDED[step], f"{_VERBS[step]} a policy")
    if public_key_of(signer.private_key) != actor.public_key:
        raise KeyRefused(f"that key is not the one of {actor.name} (name its file: --key-file)")
    return actor


def _take(
    connection: Connection,
    release: Release,
    step: Step,
    signer: Signer,
    now: datetime,
    day: date,
    reason: str,
) -> None:
    act = Act(step=step, actor=signer.name, at=now, day=day, reason=reason.strip(), signature="")
    signature = sign(signer.private_key, signed_text(release, act))
    with refusals():
        connection.execute(
            insert(act_table).values(
                content_hash=release.content_hash,
                step=step,
                actor=act.actor,
                at=act.at,
                day=act.day,
                reason=act.reason,
                signature=signature,
            )
        )
    body = {"policy": release.key, "content_hash": release.content_hash, "day": day.isoformat()}
    if act.reason:
        body["reason"] = act.reason
    if release.adopted_by:
        body["adopted_by"] = release.adopted_by
    if step in ("published", "imported") and release.effective_from < day:
        body["retroactive_from"] = release.effective_from.isoformat()
    record(connection, kind=f"policy.{step}", actor=act.actor, body=body, now=now)


def _lock(connection: Connection, policy: str) -> None:
    """Let one publication of a policy at a time look whether there is another."""
    columns = release_table.c
    connection.execute(
        select(columns.content_hash)
        .where(columns.policy == policy)
        .order_by(columns.content_hash)
        .with_for_update()
    )


def _refuse_taken(connection: Connection, policy: str, version: str, content_hash: str) -> None:
    for other in _published(connection, policy):
        if other.release.version == version and other.release.content_hash != content_hash:
            raise PublicationRefused(
                f"{policy}@{version} is published already with other content "
                f"({other.release.content_hash[:12]}): give what has changed a new version"
            )


def _refuse_overlap(connection: Connection, release: Release) -> None:
    """Two versions in force on one day would decide the same award twice."""
    for other in _published(connection, release.policy):
        if other.release.content_hash == release.content_hash:
            continue
        ends = [one.last_day or date.max for one in (release, other.release)]
        withdrawn = other.withdrawn
        first = max(release.first_day, other.release.first_day)
        if first <= min(ends) and (withdrawn is None or first < withdrawn.day):
            raise PublicationRefused(
                f"{other.release.key} is published and in force on {first}, as {release.key} would "
                f"be: withdraw it first (zhida policy withdraw {other.release.key} --from {first} "
                "--reason …)"
            )


def _published(connection: Connection, policy: str) -> Sequence[Standing]:
    return [one for one in list_standings(connection, policy) if one.published is not None]
