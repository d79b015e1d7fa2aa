"""What can go wrong with deliveries, releases and snapshots: one root, errors that carry fields."""

from datetime import date
from pathlib import Path


class ProfilesError(Exception):
    """Root of everything this package raises."""


class DeliveryRefused(ProfilesError):
    """A delivery that cannot be used as a whole; nothing of it was released."""

    def __init__(self, file: str, problems: list[str]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))


class FrameRefused(DeliveryRefused):
    """A data frame that cannot be used as a whole: no table, or columns that have lost digits."""


class HeadingRefused(DeliveryRefused):
    """A delivery whose heading does not fit its dataset; `heading` are its cells."""

    def __init__(self, file: str, problems: list[str], heading: tuple[str, ...]) -> None:
        self.heading = heading
        super().__init__(file, problems)


class ReleaseDamaged(ProfilesError):
    """A release whose files are not what was released."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(
            f"{path}: {what} (restore this release from a backup, or remove its folder and "
            "ingest the delivery again)"
        )


class ReleaseOutdated(ProfilesError):
    """A release made for other columns than its dataset declares today."""

    def __init__(self, path: Path, dataset: str) -> None:
        self.path = path
        self.dataset = dataset
        super().__init__(
            f'{path}: its columns are not those that "{dataset}" declares today (ingest the '
            "delivery again)"
        )


class ReleaseGone(ProfilesError):
    """A release that a snapshot was built from and that is kept no longer."""

    def __init__(self, dataset: str, release: str, delivered_on: date) -> None:
        self.dataset = dataset
        self.release = release
        super().__init__(
            f'release {release} of "{dataset}", delivered {delivered_on}, is kept no longer: its '
            "rows can be shown as the snapshot has them only (without --reveal)"
        )


class SnapshotDamaged(ProfilesError):
    """A snapshot whose files are not what was built."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(
            f"{path}: {what} (remove this snapshot and build it again from its releases)"
        )


class NothingRegistered(ProfilesError):
    """There is no register of subjects to build a snapshot from."""


class WrongKey(ProfilesError):
    """The key for surrogate ids is not 32 bytes."""


class SubjectsRefused(ProfilesError):
    """A table of subjects with facts given by hand that cannot be read."""


class NoSuchRelease(ProfilesError):
    """A release that was named and is not there, or not clearly."""


class DecisionRefused(ProfilesError):
    """A decision of a release that cannot be made."""


class LinkModelDamaged(ProfilesError):
    """A model of record linkage that cannot be used."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(f"{path}: {what} (restore the file that came with Zhida)")


class NotLinkable(ProfilesError):
    """A dataset that does not say by which columns its rows may be linked."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(
            f'"{dataset}" does not say by which columns rows without a key may be linked '
            "(declare them: link: {name: …, address: …, representative: …, region: …})"
        )


class LinkRefused(ProfilesError):
    """A decision of a link that cannot be made."""


class NothingToLearn(ProfilesError):
    """A register with too few firms that have both a business scope and an industry code."""

    def __init__(self, firms: int) -> None:
        self.firms = firms
        super().__init__(
            f"only {firms} firms have a business scope and a code that enough others have: there "
            "is nothing to learn from (deliver a register with codes first)"
        )
