"""What is written down while a run goes on: how long each stage took, and what came of the pass."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from console.events import say_event
from console.holding import Held
from engine.run import Run, last_accepted_run
from engine.run_record import PolicyFigures, begin_pass, end_pass, keep_figures
from ledger.database import reading
from profiles.ingest import Progress

LOG = logging.getLogger("zhida.run")
STAGES: Mapping[str, str] = {
    "evaluating": "evaluating",
    "comparing with the last accepted run": "comparing",
    "opening awards": "opening awards",
    "sealing the journal": "sealing",
    "composing notices": "composing",
    "delivering notices": "delivering",
}
"""The stages of a run, in their order, by what its progress is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """How long a stage took; `processor_seconds` are those of this process alone."""

    stage: str
    seconds: float
    processor_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTime:
    """How long one part of the snapshot took to evaluate, wherever that was done."""

    part: str
    subjects: int
    seconds: float
    processor_seconds: float


def read_stopwatch() -> tuple[float, float]:
    """Seconds that have passed, and those that this process has worked, since some moment."""
    return time.perf_counter(), time.process_time()


class StageWatch:
    """Progress that is passed on, and timed: a stage lasts until another one is told of.

    So whatever tells its progress is measured, without a clock of its own.
    """

    def __init__(
        self,
        run_id: str,
        tell: Progress,
        clock: Callable[[], tuple[float, float]] = read_stopwatch,
    ) -> None:
        self.run_id = run_id
        self.tell = tell
        self.clock = clock
        self.stage = next(iter(STAGES.values()))
        self.done = self.total = 0
        self.since = self.began = clock()
        self.times: dict[str, StageTime] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take note of progress, and pass it on."""
        stage = STAGES.get(what, what)
        if stage != self.stage:
            self._close()
            self.stage = stage
        self.done, self.total = done, total
        self.tell(what, done, total)

    def end(self) -> tuple[StageTime, ...]:
        """The stages in the order in which they began; the last one ends now."""
        self._close()
        return tuple(self.times.values())

    @property
    def seconds(self) -> float:
        """What has passed since the beginning."""
        return self.clock()[0] - self.began[0]

    def _close(self) -> None:
        now = self.clock()
        seconds, worked = now[0] - self.since[0], now[1] - self.since[1]
        before = self.times.get(self.stage)
        self.since = now
        self.times[self.stage] = StageTime(
            stage=self.stage,
            seconds=seconds + (before.seconds if before else 0.0),
            processor_seconds=worked + (before.processor_seconds if before else 0.0),
        )
        say_event(
            LOG,
            "stage ended",
            run=self.run_id,
            stage=self.stage,
            done=self.done,
            seconds=round(seconds, 3),
            processor_seconds=round(worked, 3),
        )
        self.done = self.total = 0


class RunLog:
    """One pass of a run: its watch, and where what it came to is written."""

    def __init__(self, engine: Engine, run: Run, tell: Progress, *, trial: bool, now: datetime):
        self.engine = engine
        self.run = run
        self.now = now
        self.watch = StageWatch(run.id, tell)
        with reading(engine) as connection:
            before = last_accepted_run(connection)
        self.against = before.id if before and before.id != run.id else None
        self.number = begin_pass(engine, run, trial=trial, now=now)
        say_event(LOG, "run started", run=run.id, as_of=run.as_of, state=run.state, trial=trial)

    def keep_policies(self, run: Run, found: Sequence[PolicyFigures]) -> None:
        """Write what the run found, before anything follows from it; `run` is as it stands now."""
        keep_figures(self.engine, run, found, against=self.against, now=self.now)

    def end(
        self,
        *,
        held: Sequence[Held],
        counts: Mapping[str, int],
        parts: Sequence[PartTime] = (),
    ) -> None:
        """Write what the pass came to and how long it took."""
        stages = self.watch.end()
        seconds = self.watch.seconds
        content: dict[str, Any] = {
            "stages": [asdict(stage) for stage in stages],
            "parts": [asdict(part) for part in parts],
            "held": [asdict(one) for one in held],
            "counts": dict(counts),
        }
        end_pass(self.engine, self.number, now=self.now, seconds=seconds, content=content)
        say_event(LOG, "run ended", run=self.run.id, seconds=round(seconds, 3), **counts)
