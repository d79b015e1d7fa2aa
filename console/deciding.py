"""How a run comes to its outcome: standing on the run before, or deciding everybody."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from console.processes import Deciding, deciding_here
from console.run_log import read_stopwatch
from engine.city_evaluation import KINDS, PartDone, evaluate_city
from engine.errors import IncrementDiffers, IncrementRefused, OutcomeRefused
from engine.increment_evaluation import drop_increment, evaluate_increment, why_in_full
from engine.outcome import Outcome, read_outcome
from engine.outcome_parts import has_outcome
from engine.program import Program
from engine.run import Run
from profiles.ingest import Progress
from profiles.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a run is decided: `former` finds the program of an accepted run that this one may stand
    on (None: everybody is decided), `by` is the executor that decides so many subjects."""

    former: Callable[[Run], Program | None]
    by: Callable[[int], Deciding] = deciding_here


IN_FULL = Way(former=lambda run: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An outcome, and how it came about.

    `again` is how many subjects were decided where all else was taken over from the run before;
    None where it was not, with why in `in_full`. `differed` is what a sample found amiss in what
    would have been taken over.
    """

    outcome: Outcome
    parts: tuple[PartDone, ...] = ()
    again: int | None = None
    in_full: str = ""
    differed: IncrementDiffers | None = None


def decide_snapshot(
    program: Program,
    snapshot: Snapshot,
    path: Path,
    tell: Progress,
    *,
    base: Outcome | None = None,
    former: Program | None = None,
    by: Callable[[int], Deciding] = deciding_here,
) -> Decided:
    """The outcome of a program over a snapshot, taken over from `base` where that is possible.

    Without `former`, the program that `base` was decided in, everybody is decided. An outcome that
    is there already is read: it would come out the same.
    """
    if has_outcome(path):
        return Decided(outcome=read_outcome(path), in_full="it was decided before")
    why, differed = "so it was asked for, or no run before can be stood on", None
    if base is not None and former is not None:
        why = why_in_full(program, snapshot, base, former) or ""
        if not why:
            try:
                done = evaluate_increment(program, snapshot, path, base, former, tell=tell)
                return Decided(outcome=done.outcome, again=done.again)
            except IncrementRefused as refused:
                why = str(refused)
            except IncrementDiffers as differs:
                why, differed = str(differs), differs
            drop_increment(path)
    sizes = sum(part.subjects for part in snapshot.all_parts if part.kind in KINDS)
    with by(sizes) as executor:
        outcome, parts = evaluate_snapshot(program, snapshot, path, tell, executor)
    return Decided(outcome=outcome, parts=parts, in_full=why, differed=differed)


def evaluate_snapshot(
    program: Program,
    snapshot: Snapshot,
    path: Path,
    tell: Progress,
    executor: Executor | None = None,
) -> tuple[Outcome, tuple[PartDone, ...]]:
    """The outcome of a program over a snapshot, and how each part was done.

    An outcome that is there already is read: it would come out the same.
    """

    def say(_part: PartDone, done: int, several: int) -> None:
        tell("evaluating", done, several)

    try:
        return evaluate_city(
            program, snapshot, path, executor=executor, on_part=say, clock=read_stopwatch
        )
    except OutcomeRefused:
        # somebody ran the same at once and was faster: what is there is what we would have written
        if not has_outcome(path):
            raise
        return read_outcome(path), ()
