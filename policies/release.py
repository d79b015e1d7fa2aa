"""Releases of policies: one content of one version, with the files it was read from (政策版本).

The ledger keeps the files' bytes, so that what runs is what was signed, whatever became of the
files. A release is named by the hash of its content; other content is another release.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    insert,
    select,
)

from language.errors import FilesRefused
from ledger.database import Instant, metadata
from ledger.refusal import refusals
from policies.adoption import adopt
from policies.dating import span_of
from policies.errors import PublicationRefused
from policies.load import Loaded, load_policies
from policies.policy import Policy
from profiles.fact import Vocabulary

MAX_FILE = 4 * 1024 * 1024
"""Bytes of one file; nothing larger is read as a policy or a table either."""

file_table = Table(
    "policy_file",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

import_table = Table(
    "policy_import",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("signer", String(60), ForeignKey("actor.name"), nullable=False),
    Column("importer", String(60), ForeignKey("actor.name"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("manifest", Text, nullable=False),  # canonical JSON, as it was signed
    Column("signature", String(128), nullable=False),
    CheckConstraint("signer <> importer", name="two_persons"),
)

release_table = Table(
    "policy_release",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("policy", String(100), nullable=False),
    Column("version", String(40), nullable=False),
    Column("adopted_by", String(12), nullable=False),  # a region's code, or ""
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date),
    Column("author", String(60), ForeignKey("actor.name")),
    Column("import_hash", String(64), ForeignKey("policy_import.hash")),
    CheckConstraint("(author IS NULL) <> (import_hash IS NULL)", name="origin"),
)
Index("ix_policy_release_policy", release_table.c.policy, release_table.c.version)

release_file_table = Table(
    "release_file",
    metadata,
    Column("content_hash", String(64), ForeignKey("policy_release.content_hash"), primary_key=True),
    Column("path", String(300), primary_key=True),
    Column("file_hash", String(64), ForeignKey("policy_file.hash"), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One content of one version of a policy, and who brought it here.

    `adopted_by` is the region that adopted it, or "". `author` is None where it came in an archive.
    `effective_from` is since when it is law (in the year 1: without a first day), `first_day` and
    `last_day` are those on which runs may decide it.
    """

    content_hash: str
    policy: str
    version: str
    adopted_by: str
    title_zh: str
    title_en: str
    effective_from: date
    first_day: date
    last_day: date | None
    author: str | None
    import_hash: str | None

    @property
    def key(self) -> str:
        """The policy with its version."""
        return f"{self.policy}@{self.version}"


Files = Mapping[str, bytes]
"""The files of a release by their paths, each with its content."""


def release_of(
    policy: Policy,
    *,
    adopted_by: str = "",
    author: str | None = None,
    import_hash: str | None = None,
) -> Release:
    """What the ledger says of a policy beside its files."""
    first, last = span_of(policy)
    begins = policy.effective_from
    if begins.year == 1 and policy.window_from is not None:
        begins = policy.window_from
    return Release(
        content_hash=policy.content_hash,
        policy=policy.id,
        version=policy.version,
        adopted_by=adopted_by,
        title_zh=policy.title_zh,
        title_en=policy.title_en,
        effective_from=begins,
        first_day=first,
        last_day=None if last == date.max else last,
        author=author,
        import_hash=import_hash,
    )


def files_of(policy: Policy, loaded: Loaded) -> dict[str, bytes]:
    """The file of a policy, that of its frame, and the tables that stand beside them."""
    found: dict[str, bytes] = {}
    written = {"policy": policy.file}
    if policy.frame is not None and policy.frame.file != policy.file:
        written["frame"] = policy.frame.file
    for folder, name in written.items():
        path = Path(name)
        found[f"{folder}/{folder}.yaml"] = path.read_bytes()
        for table in loaded.beside.get(path, ()):
            found[f"{folder}/{table}"] = (path.parent / table).read_bytes()
    return found


def check_path(path: str) -> str:
    """A path of a file of a release. Raises PublicationRefused where it leads elsewhere."""
    parts = PurePosixPath(path).parts
    if (
        path != "/".join(parts)
        or len(parts) < 2
        or len(path) > 300
        or ".." in parts
        or any(sign in path for sign in ("\\", ":", "\0"))
        or parts[0] not in ("policy", "frame")
    ):
        raise PublicationRefused("a file of a release leads elsewhere (it must lie below policy/)")
    return path


def hash_file(content: bytes) -> str:
    """The name of a file's content."""
    return hashlib.sha256(content).hexdigest()


def write_release(connection: Connection, release: Release, files: Files) -> None:
    """Enter a release and its files; files that are there already are not written twice."""
    with refusals():
        values = {column.name: getattr(release, column.name) for column in release_table.c}
        connection.execute(insert(release_table).values(values))
        for path, content in files.items():
            name = hash_file(content)
            known = select(file_table.c.hash).where(file_table.c.hash == name)
            if connection.scalar(known) is None:
                connection.execute(insert(file_table).values(hash=name, content=content))
            connection.execute(
                insert(release_file_table).values(
                    content_hash=release.content_hash, path=check_path(path), file_hash=name
                )
            )


def list_releases(connection: Connection, hashes: Iterable[str] | None = None) -> list[Release]:
    """All releases, or those of these hashes, by policy, version and hash."""
    columns = release_table.c
    statement = select(release_table).order_by(
        columns.policy, columns.version, columns.content_hash
    )
    if hashes is not None:
        statement = statement.where(columns.content_hash.in_(list(hashes)))
    return [Release(**row._mapping) for row in connection.execute(statement)]


def read_files(connection: Connection, content_hash: str) -> dict[str, bytes]:
    """The files of a release. Raises PublicationRefused where one is not what was submitted."""
    rows = connection.execute(
        select(release_file_table.c.path, file_table.c.hash, file_table.c.content)
        .join(file_table, file_table.c.hash == release_file_table.c.file_hash)
        .where(release_file_table.c.content_hash == content_hash)
        .order_by(release_file_table.c.path)
    )
    found = {}
    for row in rows:
        content = bytes(row.content)
        if hash_file(content) != row.hash:
            raise PublicationRefused(
                f"a file of release {content_hash[:12]} is not what was submitted: "
                "the database was altered (restore a backup)"
            )
        found[check_path(row.path)] = content
    return found


def load_releases(
    connection: Connection, releases: Sequence[Release], vocabulary: Vocabulary
) -> list[Policy]:
    """The policies of releases, read from the ledger's files, in the order of the releases.

    Raises PublicationRefused where one does not come out as the content that its hash names.
    """
    groups: dict[tuple[tuple[str, str], ...], dict[str, Policy]] = {}
    found = []
    for release in releases:
        files = read_files(connection, release.content_hash)
        # a file of many policies is read once for all of them
        group = tuple((path, hash_file(content)) for path, content in files.items())
        if group not in groups:
            groups[group] = load_files(files, vocabulary, release.key)
        found.append(match_release(groups[group], release))
    return found


def load_files(files: Files, vocabulary: Vocabulary, key: str) -> dict[str, Policy]:
    """The policies of the files of a release by their keys. Raises PublicationRefused."""
    with tempfile.TemporaryDirectory(prefix="zhida-") as folder:
        for path, content in files.items():
            target = Path(folder) / check_path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            loaded = load_policies([Path(folder)], vocabulary)
        except FilesRefused as refusal:
            problem = refusal.problems[0]
            raise PublicationRefused(
                f"{key} cannot be read as it was submitted: line {problem.line}, {problem.message} "
                "(if it was submitted with --vocabulary, name the same files again)"
            ) from None
    return {policy.key: policy for policy in loaded.policies}


def match_release(policies: Mapping[str, Policy], release: Release) -> Policy:
    """The policy that a release names. Raises PublicationRefused unless it is exactly that."""
    policy = policies.get(release.key)
    if policy is not None:
        policy = replace(policy, file=f"the release of {release.key}")
        if release.adopted_by:
            policy = adopt(policy, release.adopted_by)
        described = release_of(
            policy,
            adopted_by=release.adopted_by,
            author=release.author,
            import_hash=release.import_hash,
        )
        if described == release:
            return policy
    raise PublicationRefused(
        f"{release.key} does not come out as it was submitted ({release.content_hash[:12]}): "
        "it was altered, or this version of Zhida reads it otherwise (then submit it anew)"
    )
