"""A program over a whole snapshot, part by part, in this process or by any executor.

An executor is what `concurrent.futures` calls one: processes of this machine, or those of many
machines that see the same snapshot and outcome folders. Each part is decided from its files to its
files; what comes back is what it came to. A part that was written before is not decided again.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from engine.evaluate import bind_audience, evaluate_in_bits, split_bounds
from engine.outcome import Origin, Outcome, finish_outcome, read_outcome
from engine.outcome_parts import Part, find_part, has_outcome, write_part
from engine.own_measures import datasets_needed
from engine.program import Bound, Program
from engine.verdicts import Plan, plan_verdicts
from language.frame import flag_columns
from profiles.snapshot import Part as SnapshotPart
from profiles.snapshot import Snapshot, open_snapshot, read_part

KINDS = ("enterprise", "resident", "household")
Clock = Callable[[], tuple[float, float]]
"""Seconds that have passed, and those that this process has worked, since some moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTask:
    """All that a process needs to decide one part; `program` is pickled once for all parts.

    `clock` is a function of a module, so that it can be sent to another process.
    """

    program: bytes
    snapshot: Path
    kind: str
    number: int
    outcome: Path
    clock: Clock


def no_clock() -> tuple[float, float]:
    """Stands still."""
    return 0.0, 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """A part that was written, by how many rows of the reference, and in which time.

    `found` is that it lay there already.
    """

    part: Part
    by_reference: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    found: bool = False


def origin_of(program: Program, snapshot: Snapshot) -> Origin:
    """Where an outcome of a program over a snapshot comes from."""
    return Origin(
        as_of=snapshot.as_of,
        snapshot_hash=snapshot.hash,
        policy_hashes={policy.key: policy.content_hash for policy in program.policies},
    )


def evaluate_city(
    program: Program,
    snapshot: Snapshot,
    path: Path,
    *,
    executor: Executor | None = None,
    on_part: Callable[[PartDone, int, int], None] | None = None,
    clock: Clock = no_clock,
) -> tuple[Outcome, tuple[PartDone, ...]]:
    """The outcome of a program over a snapshot, written to `path`.

    An outcome that is there already is read: it would come out the same. `on_part` is told each
    part that is there, how many are and how many there are to be; what it raises ends the run,
    which goes on with the next part when it is repeated.
    """
    if has_outcome(path):
        return read_outcome(path), ()
    audiences = {policy.audience for policy in program.policies}
    todo = [part for kind in KINDS if kind in audiences for part in snapshot.parts(kind)]
    done: list[PartDone] = []
    for part in _decide_parts(program, snapshot, todo, path, executor, clock):
        done.append(part)
        if on_part is not None:
            on_part(part, len(done), len(todo))
    outcome = finish_outcome(
        path,
        origin_of(program, snapshot),
        [each.part for each in done],
        parting=snapshot.parting,
    )
    return outcome, tuple(done)


def _decide_parts(
    program: Program,
    snapshot: Snapshot,
    todo: Iterable[SnapshotPart],
    path: Path,
    executor: Executor | None,
    clock: Clock,
) -> Iterator[PartDone]:
    """The parts as they are done; the largest are begun first."""
    left = []
    for part in sorted(todo, key=lambda part: -part.subjects):
        found = find_part(path, name_part(part.kind, part.number))
        if found is None:
            left.append(part)
        else:
            yield PartDone(part=found, found=True)
    if executor is None:
        for part in left:
            yield decide_and_write(program, snapshot, part, path, clock)
        return
    raw = pickle.dumps(program)
    tasks = [
        PartTask(
            program=raw,
            snapshot=snapshot.path,
            kind=part.kind,
            number=part.number,
            outcome=path,
            clock=clock,
        )
        for part in left
    ]
    waiting = [executor.submit(do_task, task) for task in tasks]
    try:
        for future in as_completed(waiting):
            yield future.result()
    finally:  # where one fails, those that wait are given up
        for future in waiting:
            future.cancel()


def do_task(task: PartTask) -> PartDone:
    """What a process of an executor does with one task."""
    snapshot = _open(task.snapshot)
    part = next(p for p in snapshot.parts(task.kind) if p.number == task.number)
    return decide_and_write(_load_program(task.program), snapshot, part, task.outcome, task.clock)


@lru_cache(maxsize=2)
def _load_program(raw: bytes) -> Program:
    program = pickle.loads(raw)
    assert isinstance(program, Program)
    return program


@lru_cache(maxsize=2)
def _open(path: Path) -> Snapshot:
    return open_snapshot(path)


def name_part(kind: str, number: int) -> str:
    """The name of an outcome's part, that of the snapshot's."""
    return f"{kind}-{number:04d}"


def decide_and_write(
    program: Program, snapshot: Snapshot, part: SnapshotPart, path: Path, clock: Clock = no_clock
) -> PartDone:
    """Decide one part and write what comes out."""
    started, worked = clock()
    ready = make_ready(program, part.kind, snapshot.as_of)
    frames = read_part(snapshot, part, datasets=ready.datasets, columns=ready.columns)
    found, by_reference = evaluate_in_bits(
        ready.bounds,
        frames.facts,
        part.kind,
        plan=ready.plan,
        rows=frames.rows,
        doubtful=frames.doubtful,
    )
    written = write_part(path, name_part(part.kind, part.number), found)
    ended, work = clock()
    return PartDone(
        part=written,
        by_reference=by_reference,
        seconds=ended - started,
        processor_seconds=work - worked,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The policies for one kind of subjects on one day, and what they read of a part."""

    bounds: list[Bound]
    plan: Plan
    datasets: frozenset[str]
    columns: frozenset[str]


@lru_cache(maxsize=8)
def make_ready(program: Program, kind: str, as_of: date) -> Ready:
    """The policies in force for one kind of subjects, bound to a day and planned."""
    bounds = bind_audience(program, kind, as_of)
    return Ready(
        bounds=bounds,
        plan=plan_verdicts(split_bounds(bounds)[0]),
        datasets=datasets_needed(bounds),
        columns=columns_needed(bounds),
    )


def columns_needed(bounds: Iterable[Bound]) -> frozenset[str]:
    """The columns of facts that these policies read."""
    names: set[str] = set()
    for bound in bounds:
        names |= bound.names | bound.row_names
        for own in bound.own_measures:
            names |= own.uses
    return frozenset({*names, *flag_columns(names)})
