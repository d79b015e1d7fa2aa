"""The way of a policy to its publication: steps that people take and sign (扎口发布).

draft (submitted) → reviewed → approved → published → withdrawn, or imported in place of all before
withdrawn. Expired is what the dates say. Who may take which step when, and that nobody decides
what they wrote, is enforced by the database (`ledger/migrations/versions/v0003_publication.py`);
what is asked here first only says it better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)

from ledger.actor import Actor, Role, find_actor, require_role
from ledger.database import SERIAL, Instant, metadata
from ledger.errors import KeyRefused
from ledger.journal import record
from ledger.refusal import refusals
from ledger.signing import public_key_of, sign
from policies.errors import PublicationRefused
from policies.policy import Policy
from policies.release import Files, Release, list_releases, release_of, release_table, write_release

Step = Literal["submitted", "reviewed", "approved", "published", "imported", "withdrawn"]
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

act_table = Table(
    "policy_act",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("content_hash", String(64), ForeignKey("policy_release.content_hash"), nullable=False),
    Column("step", String(10), nullable=False),
    Column("actor", String(60), ForeignKey("actor.name"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("day", Date, nullable=False),  # of a withdrawal: from which day on
    Column("reason", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    UniqueConstraint("content_hash", "step", "actor"),
    CheckConstraint(
        "step IN ('submitted', 'reviewed', 'approved', 'published', 'imported', 'withdrawn')",
        name="step",
    ),
    CheckConstraint("length(signature) = 128", name="signature"),
)
Index(
    "uq_policy_act_once",
    act_table.c.content_hash,
    act_table.c.step,
    unique=True,
    sqlite_where=act_table.c.step != "submitted",
    postgresql_where=act_table.c.step != "submitted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step that somebody has taken; `day` is that of the act, of a withdrawal its first day."""

    step: str
    actor: str
    at: datetime
    day: date
    reason: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An actor with its private key."""

    name: str
    private_key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A release with what has been done with it, in order."""

    release: Release
    acts: tuple[Act, ...]

    def act(self, *steps: str) -> Act | None:
        """The first act of one of these steps."""
        return next((act for act in self.acts if act.step in steps), None)

    @property
    def published(self) -> Act | None:
        """The act by which it was published, here or with an archive."""
        return self.act("published", "imported")

    @property
    def withdrawn(self) -> Act | None:
        """The act by which it was withdrawn; its day may be to come."""
        return self.act("withdrawn")

    def runs_on(self, day: date) -> bool:
        """Whether a run as of this day may decide it: published, and not withdrawn by then."""
        withdrawn = self.withdrawn
        return self.published is not None and (withdrawn is None or day < withdrawn.day)

    def state(self, day: date) -> str:
        """Its state on a day: the last step that was taken, or that its dates have expired."""
        withdrawn, ends = self.withdrawn, self.release.last_day
        if withdrawn is not None and withdrawn.day <= day:
            return "withdrawn"
        if self.published is not None:
            return "expired" if ends is not None and ends < day else "published"
        return self.acts[-1].step if self.acts else "draft"


def signed_text(release: Release, act: Act) -> dict[str, Any]:
    """What the actor of an act signs."""
    return {
        "form": "zhida-policy-act-1",
        "policy": release.key,
        "content_hash": release.content_hash,
        "step": act.step,
        "actor": act.actor,
        "at": act.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "day": act.day.isoformat(),
        "reason": act.reason,
    }


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


def read_standing(connection: Connection, release: Release) -> Standing:
    """A release with its acts."""
    rows = connection.execute(
        select(act_table)
        .where(act_table.c.content_hash == release.content_hash)
        .order_by(act_table.c.id)
    )
    return Standing(release=release, acts=tuple(_act_of(row) for row in rows))


def list_standings(connection: Connection, policy: str | None = None) -> list[Standing]:
    """Every release with its acts, by policy and version; or those of one policy by its id."""
    columns = release_table.c
    statement = select(act_table).order_by(act_table.c.id)
    if policy is not None:
        wanted = select(columns.content_hash).where(columns.policy == policy)
        statement = statement.where(act_table.c.content_hash.in_(wanted))
    acts: dict[str, list[Act]] = {}
    for row in connection.execute(statement):
        acts.setdefault(row.content_hash, []).append(_act_of(row))
    return [
        Standing(release=release, acts=tuple(acts.get(release.content_hash, ())))
        for release in list_releases(connection)
        if policy in (None, release.policy)
    ]


def find_standing(connection: Connection, key: str, hash_prefix: str = "") -> Standing:
    """The release of ID@VERSION that was submitted last, or the one whose hash begins so.

    Raises PublicationRefused where there is none, or where the prefix is another one's.
    """
    found = [
        one
        for one in list_standings(connection, key.partition("@")[0])
        if one.release.key == key and one.acts
    ]
    if not found:
        raise PublicationRefused(f'nothing is submitted as "{key}" (zhida policy list shows all)')
    if hash_prefix:
        fitting = [one for one in found if one.release.content_hash.startswith(hash_prefix)]
        if len(fitting) != 1:
            raise PublicationRefused(
                f"the content of {key} that is submitted is "
                f"{', '.join(one.release.content_hash[:12] for one in found)}, not {hash_prefix}"
            )
        return fitting[0]
    published = [one for one in found if one.published is not None]
    if published:
        return published[0]
    # the times of two submissions may be the same, their places in the table are not
    last = connection.scalar(
        select(act_table.c.content_hash)
        .where(act_table.c.content_hash.in_([one.release.content_hash for one in found]))
        .where(act_table.c.step == "submitted")
        .order_by(act_table.c.id.desc())
        .limit(1)
    )
    return next(one for one in found if one.release.content_hash == last)


def _act_of(row: Any) -> Act:
    return Act(
        step=row.step,
        actor=row.actor,
        at=row.at,
        day=row.day,
        reason=row.reason,
        signature=row.signature,
    )


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
