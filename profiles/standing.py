"""Whether a release is in force: what a person decides of one that waits."""

import json
import os
from pathlib import Path
from typing import Literal

from profiles.errors import DecisionRefused, NoSuchRelease
from profiles.release import DECISION, Release, list_releases, read_manifest

Decision = Literal["accepted", "rejected"]


def find_release(root: Path, dataset: str, prefix: str) -> Release:
    """The release of a dataset whose hash begins so. Raises `NoSuchRelease` unless it is one."""
    found = [release for release in list_releases(root, dataset) if release.hash.startswith(prefix)]
    if len(found) != 1:
        what = "several releases" if found else "no release"
        raise NoSuchRelease(f'"{dataset}" has {what} beginning with "{prefix}"')
    return found[0]


def accept_release(release: Release, *, by: str, reason: str, at: str) -> Release:
    """Let a waiting release count. Raises `DecisionRefused` where nothing is to be decided."""
    return _decide(release, "accepted", by, reason, at)


def reject_release(release: Release, *, by: str, reason: str, at: str) -> Release:
    """Leave a waiting release out for good. Raises as `accept_release`."""
    return _decide(release, "rejected", by, reason, at)


def refuse_undecidable(release: Release, decision: Decision, reason: str) -> None:
    """Raise `DecisionRefused` where there is nothing to decide, or no reason is given."""
    if not reason.strip():
        raise DecisionRefused(f"why {release.hash[:12]} is {decision} is not said: give a reason")
    if release.standing != "waiting":
        raise DecisionRefused(
            f"{release.hash[:12]} of {release.dataset} is {release.standing} already"
        )


def _decide(release: Release, decision: Decision, by: str, reason: str, at: str) -> Release:
    refuse_undecidable(release, decision, reason)
    text = json.dumps(
        {"decision": decision, "by": by, "reason": reason, "at": at}, ensure_ascii=False, indent=1
    )
    try:
        # made only where there is none: of two people the first decides
        descriptor = os.open(release.path / DECISION, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise DecisionRefused(f"{release.hash[:12]} has just been decided by somebody") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return read_manifest(release.path)
