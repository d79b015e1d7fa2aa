"""What a run's report is made of: what was written down of it, and what is counted when asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from console.errors import NothingThere
from console.kept_program import load_kept
from console.population import Origin, count_near_misses, list_held_back, origins
from console.settings import Settings
from engine.held_back import HeldBack
from engine.near_counts import NearCount
from engine.program import Program
from engine.run import Run, list_runs, newest_run
from engine.run_policy import RunPolicy, list_run_policies
from engine.run_record import Pass, PolicyFigures, RunFigures, list_passes, read_figures
from ledger.database import reading
from profiles.ingest import Progress
from profiles.snapshot import Snapshot, open_snapshot

BEFORE_ACCEPTANCE = ("evaluating", "comparing")
"""Stages that a repeated pass has no share in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted over a run's snapshot when the report is made.

    `sample`: over so many subjects of each kind, None for everybody. `left_out` are policies that
    decide rows, which have no one column for a clause. `near` is None where nobody asked.
    """

    sample: int | None
    held_back: HeldBack
    origins: Mapping[str, Origin]
    near: tuple[NearCount, ...] | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReportData:
    """A run with its figures, those of the run that it was compared with, and its passes.

    `figures` is None where the run never came to compare. `states` say what has become of each
    policy by now: accepted, or held by the brake and decided by people. `counted` is None where its
    snapshot or its policies are gone, which `note` says.
    """

    run: Run
    figures: RunFigures | None
    before: RunFigures | None
    passes: tuple[Pass, ...]
    states: tuple[RunPolicy, ...] = ()
    counted: Counted | None = None
    note: str = ""

    @property
    def last(self) -> Pass | None:
        """The pass that ended last."""
        ended = [one for one in self.passes if one.ended_at is not None]
        return ended[-1] if ended else None

    @property
    def evaluating(self) -> Pass | None:
        """The pass that evaluated the parts: the first that ended."""
        return next((one for one in self.passes if one.ended_at is not None), None)

    @property
    def held(self) -> Mapping[str, tuple[int, tuple[str, ...]]]:
        """The matches of each policy that are held as of the last pass, and why."""
        found: dict[str, tuple[int, tuple[str, ...]]] = {}
        for one in self.last.content.get("held", []) if self.last else []:
            matches, why = found.get(one["policy"], (0, ()))
            found[one["policy"]] = (matches + one["matches"], (*why, *one["why"]))
        return found

    @property
    def braked(self) -> Mapping[str, RunPolicy]:
        """Policies of which the brake held something, whatever became of them since."""
        return {one.policy: one for one in self.states if one.state != "accepted"}

    @property
    def unknown_before(self) -> Mapping[str, int]:
        """How many were unknown in the run before, by policy."""
        policies = self.before.policies if self.before else ()
        return {one.policy: one.unknown for one in policies if one.outside is None}

    def total(self, name: str) -> int:
        """A count that adds up over the passes: awards opened, notices, deliveries sent."""
        return sum(int(one.content.get("counts", {}).get(name, 0)) for one in self.passes)

    def sum_of(self, name: str) -> int:
        """A figure over all policies that were decided."""
        policies: Sequence[PolicyFigures] = self.figures.policies if self.figures else ()
        return sum(int(getattr(one, name)) for one in policies if one.outside is None)


def find_report_run(connection: Connection, wanted: str | None) -> Run:
    """The run of this id, or of an id that begins so; without one the newest.

    Raises NothingThere where there is none, or more than one.
    """
    if wanted is None:
        newest = newest_run(connection)
        if newest is None:
            raise NothingThere("there is no run yet (make one with: zhida run)")
        return newest
    found = [run for run in list_runs(connection) if run.id.startswith(wanted)]
    exact = [run for run in found if run.id == wanted]
    if len(exact or found) != 1:
        several = f"{len(found)} runs begin" if found else "no run begins"
        raise NothingThere(f'{several} with "{wanted}" (zhida report without a name: the newest)')
    return (exact or found)[0]


def gather_report(engine: Engine, wanted: str | None) -> RunReportData:
    """What was written down of a run."""
    with reading(engine) as connection:
        run = find_report_run(connection, wanted)
        figures = read_figures(connection, run.id)
        before = None
        if figures is not None and figures.against is not None:
            before = read_figures(connection, figures.against)
        return RunReportData(
            run=run,
            figures=figures,
            before=before,
            passes=tuple(list_passes(connection, run.id)),
            states=tuple(list_run_policies(connection, run.id)),
        )


def open_run(settings: Settings, run: Run) -> tuple[Program, Snapshot]:
    """The policies and the snapshot of a run. Raises NothingThere where one of them is gone."""
    path = settings.snapshots / run.snapshot_hash
    if not (path / "manifest.json").is_file():
        raise NothingThere(
            f"the snapshot of run {run.id} is gone ({path}); without it nothing can be counted"
        )
    return load_kept(settings, run.program_hash), open_snapshot(path)


def count_report(
    settings: Settings, run: Run, tell: Progress, *, sample: int | None, near: bool
) -> Counted:
    """Which facts hold back most over a run's snapshot and, where asked, who is how far off."""
    program, built = open_run(settings, run)
    held_back, left_out = list_held_back(program, built, tell, sample=sample)
    misses = None
    if near:
        misses = tuple(count_near_misses(program, built, tell, sample=sample)[0])
    return Counted(
        sample=sample,
        held_back=held_back,
        origins=origins(program, built, {fact.fact for fact in held_back.by_fact}),
        near=misses,
        left_out=tuple(left_out),
    )


def stage_times(passes: Sequence[Pass]) -> list[tuple[str, float, float]]:
    """The stages of a run in their order with seconds and processor seconds.

    A run that is repeated reads what was evaluated, so its evaluation is that of the first pass
    that ended; what follows goes on where it ended, so its passes add up.
    """
    ended = [one for one in passes if one.ended_at is not None]
    found: dict[str, tuple[float, float]] = {}
    for number, one in enumerate(ended):
        for stage in one.content.get("stages", []):
            name = stage["stage"]
            if number and name in BEFORE_ACCEPTANCE:
                continue
            seconds, worked = found.get(name, (0.0, 0.0))
            found[name] = (seconds + stage["seconds"], worked + stage["processor_seconds"])
    return [(name, *times) for name, times in found.items()]


def parts_of(one: Pass | None) -> list[Mapping[str, Any]]:
    """The parts that a pass evaluated, with their seconds."""
    return list(one.content.get("parts", [])) if one else []
