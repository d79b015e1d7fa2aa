"""What the console tells its user."""

from collections.abc import Iterable
from pathlib import Path


class ConsoleError(Exception):
    """Root of everything this package raises: a sentence for the user, an exit code."""

    exit_code = 1


class NotInitialised(ConsoleError):
    """There is no installation in the home folder."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"{home} is no home of Zhida (make one with: zhida --home {home} init)")


class KeyLost(ConsoleError):
    """A home whose key is gone or cut: its subjects cannot be told any more."""

    def __init__(self, key_file: Path) -> None:
        super().__init__(
            f"{key_file} is missing or not what it was; restore it from a backup (with a new key "
            "everybody would be somebody else, and be paid a second time)"
        )


class VariableMissing(ConsoleError):
    """A variable of the environment that the command line names is not set."""


class NothingThere(ConsoleError):
    """What a command needs has not been made yet."""


class MachinesRefused(ConsoleError):
    """Other machines that cannot decide parts: nobody answers, or not with the same software."""


class DecidersLost(ConsoleError):
    """Who decided parts is gone: a process was ended from outside, or a scheduler."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} was lost while parts were decided, for want of memory or stopped by somebody "
            "(repeat the command: it goes on with the parts that were not written)"
        )


class WouldOverwrite(ConsoleError):
    """A file of the user's stands where one would be written."""

    def __init__(self, files: Iterable[Path], remedy: str) -> None:
        named = ", ".join(str(file) for file in files)
        super().__init__(f"{named}: 文件已存在，未作改动 (exists and is left as it is; {remedy})")


class PolicyUnready(ConsoleError):
    """A policy, or what is said of it, that cannot be submitted or signed as it is."""


class NotPublished(ConsoleError):
    """Policies that a run may not decide, because they are not published."""


class HeldUnready(ConsoleError):
    """What the brake holds, decided by halves or not as it was looked at."""
