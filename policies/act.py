"""Acts: the steps that people have taken with a release, and how it stands after them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

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
    select,
)

from ledger.database import SERIAL, Instant, metadata
from policies.errors import PublicationRefused
from policies.release import Release, list_releases, release_table

Step = Literal["submitted", "reviewed", "approved", "published", "imported", "withdrawn"]

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
