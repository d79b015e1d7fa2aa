"""What the engine refuses, and what it found damaged."""

from pathlib import Path


class EngineError(Exception):
    """Root of everything this package raises."""


class OutcomeRefused(EngineError):
    """Rows that are no outcome: a column is missing, or two matches stand for one award."""


class OutcomeDamaged(EngineError):
    """A stored outcome is not what was written; nothing is derived from it.

    `part` is the damaged part's name, "" for the manifest.
    """

    def __init__(self, *, path: Path, part: str, reason: str) -> None:
        self.path = path
        self.part = part
        self.reason = reason
        where = f'{path}: part "{part}"' if part else f"{path}: manifest.json"
        super().__init__(
            f"{where}: {reason} (move the directory away and run again: "
            "the same snapshot and policies give the same outcome)"
        )


class ScheduleRefused(EngineError):
    """A schedule that cannot be as it is asked for, or that is not there."""


class RunRefused(EngineError):
    """A step that this run's state does not allow."""


class RunOvertaken(RunRefused):
    """A run of an older day than one whose outcome counts already: it is never accepted."""


class RunNotReproduced(EngineError):
    """The same policies over the same snapshot gave another outcome than before."""

    def __init__(self, *, run_id: str, before: str, now: str) -> None:
        self.run_id = run_id
        self.before = before
        self.now = now
        super().__init__(
            f"run {run_id}: outcome {now[:12]} differs from the {before[:12]} it had before "
            "(a run must give the same again: keep both outcomes and report this)"
        )


class IncrementRefused(EngineError):
    """A run that is better decided in full than on the one before; the message says why."""


class IncrementDiffers(EngineError):
    """A run that stood on the one before did not say what a decision in full says."""

    def __init__(self, *, policies: tuple[str, ...], subjects: int) -> None:
        self.policies, self.subjects = policies, subjects
        named = ", ".join(policies[:5]) + (" and others" if len(policies) > 5 else "")
        super().__init__(
            f"what was taken over from the run before is not what {subjects} subjects decided in "
            f"full come to ({named}): everybody was decided instead (please report this, with the "
            "outcomes of both runs)"
        )
