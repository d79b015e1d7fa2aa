"""What the commands of publication do before the ledger: keys, files, what is doubtful of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from console.change_words import ChangeWords
from console.errors import NothingThere, PolicyUnready
from console.settings import Settings, read_acting
from engine.examples import run_examples
from engine.shown_value import mask
from ledger.signing import read_private_key
from policies.act import Standing, list_standings
from policies.adoption import adopt
from policies.difference import compare_versions
from policies.load import Loaded
from policies.policy import Policy
from policies.publication import Signer
from policies.release import files_of, load_releases
from profiles.fact import Vocabulary

_REGION = re.compile(r"\d{6}(?:\d{3}|\d{6})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A policy that may be submitted, with its files and the region that adopts it, or ""."""

    policy: Policy
    files: dict[str, bytes]
    adopted_by: str


def read_signer(settings: Settings, name: str | None, key_file: Path | None) -> Signer:
    """Who acts, with the private key of the file or of HOME/keys. Raises KeyRefused."""
    acting = read_acting(name)
    path = key_file or settings.keys / f"{Path(acting).name}.key"
    if key_file is None and not path.exists():
        raise NothingThere(
            f"there is no key of {acting} in {settings.keys} (name its file: --key-file; zhida "
            "actor list shows who acts here)"
        )
    return Signer(name=acting, private_key=read_private_key(path))


def check_reason(reason: str) -> str:
    """A reason as it goes into the journal: one with somebody's number is refused."""
    if mask(reason) != reason:
        raise PolicyUnready(
            "the reason holds something like an identity number, a phone or an account: it goes "
            "into the journal for good (leave it out)"
        )
    return reason.strip()


def prepare_submissions(loaded: Loaded, adopted_by: str | None) -> list[Submission]:
    """The policies of files, adopted, each with its files. Raises PolicyUnready."""
    if adopted_by is not None and not _REGION.fullmatch(adopted_by):
        raise PolicyUnready(
            f'"{adopted_by}" is no region\'s code (6 digits of GB/T 2260, such as 110000; a town '
            "has 9 or 12)"
        )
    made = []
    for policy in loaded.policies:
        adopted = policy if adopted_by is None else adopt(policy, adopted_by)
        region = adopted_by or "" if adopted.content_hash != policy.content_hash else ""
        files = files_of(policy, loaded)
        made.append(Submission(policy=adopted, files=files, adopted_by=region))
    return made


def check_examples(policies: Iterable[Policy], vocabulary: Vocabulary) -> None:
    """Raise PolicyUnready with every example that does not come out as it says."""
    failed = [
        f"{policy.key}: example {result.example!r}: {difference}"
        for policy in policies
        for result in run_examples(policy, vocabulary)
        for difference in result.differences
    ]
    if failed:
        raise PolicyUnready("\n".join([*failed, "nothing was submitted (zhida check tells more)"]))


def compare_with_published(
    connection: Connection, standing: Standing, vocabulary: Vocabulary
) -> tuple[str | None, list[str]]:
    """The version of a policy that was published last, and every change from it, in words."""
    others = [
        (other.published.at, other.release)
        for other in list_standings(connection, standing.release.policy)
        if other.published is not None
        and other.release.content_hash != standing.release.content_hash
    ]
    if not others:
        return None, []
    _, last = max(others, key=lambda one: one[0])
    old, new = load_releases(connection, [last, standing.release], vocabulary)
    difference = compare_versions(old, new, vocabulary)
    words = ChangeWords(difference, vocabulary, "zh")
    lines = []
    for change in difference.changes:
        was, now = words.sides(change)
        told = f" {was or '—'} → {now or '—'}" if was or now else ""
        lines.append(words.headline(change) + told)
    return last.key, lines
