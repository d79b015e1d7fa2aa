"""Columns that were renamed overnight: a heading beside that of the delivery before."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from profiles.dataset import Dataset
from profiles.errors import HeadingRefused
from profiles.heading import hide_digits
from profiles.release import load_manifest, newest_release


@contextmanager
def telling_renamed(root: Path, dataset: Dataset, delivered_on: date) -> Iterator[None]:
    """Adds to a heading that is refused what has changed in it since the delivery before."""
    try:
        yield
    except HeadingRefused as refused:
        before = newest_release(root, dataset.name, delivered_on)
        if before is None:
            raise
        heading = load_manifest(before.path)["source"].get("heading", ())
        told = _tell_changes(refused.heading, heading)
        if not told:
            raise
        problem = f"since the delivery of {before.delivered_on} {told}"
        raise HeadingRefused(refused.file, [*refused.problems, problem], refused.heading) from None


def _tell_changes(heading: Sequence[str], before: Sequence[str]) -> str:
    """Which columns are gone and which are new, in words; nothing where none is."""
    gone = [cell for cell in before if cell not in heading]
    new = [cell for cell in heading if cell not in before]
    told = []
    if gone:
        told.append(f"{_quote(gone)} {'is' if len(gone) == 1 else 'are'} gone")
    if new and before:
        told.append(f"{_quote(new)} {'is' if len(new) == 1 else 'are'} new")
    remedy = ": if renamed, give the old name back or map the new one (--columns)"
    return " and ".join(told) + (remedy if gone and new else "") if told else ""


def _quote(cells: Sequence[str]) -> str:
    return ", ".join(f'"{hide_digits(cell)}"' for cell in cells)
