"""A whole run: policies with the shapes of the catalogue over a whole city, from its snapshot on
disk to an outcome on disk and what has changed, beside the same by hand in Polars with equal sums.

`python -m benchmarks.scale --subjects 10000000 --folder PATH` makes a city of 9 million residents
and a million firms once, which takes a quarter of an hour and some gigabytes in PATH, and keeps it
there; the default size is for trying out. Each step is a process of its own, with its peak memory.
What was measured stands in docs/performance.md.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.catalogue_shapes import REGION_OF, Draft, change_some, draw_drafts, write_policies
from benchmarks.city_by_hand import decide_city_by_hand
from benchmarks.city_changes import change_by_hand, change_by_zhida
from benchmarks.decisions import describe_machine
from benchmarks.outcome_sums import check_equal, sum_by_hand, sum_outcome
from benchmarks.scale_city import find_city, make_city
from console.deciding import evaluate_snapshot
from console.processes import deciding_processes, processes_for
from engine.program import Program, compile_policies
from policies.load import load_policies
from profiles.dataset import builtin_datasets
from profiles.snapshot import Snapshot
from profiles.vocabulary_load import builtin_vocabulary

NOW, BEFORE = "now", "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a step is about: the city's folder and size, how many policies, where it may write."""

    folder: Path
    subjects: int
    policies: int
    work: Path

    @property
    def processes(self) -> int:
        """Those that decide, as in a run."""
        return processes_for(self.subjects)

    def city(self) -> Snapshot:
        """The snapshot, which is there."""
        found = find_city(self.folder, self.subjects)
        assert found is not None
        return found

    def drafts(self, when: str) -> list[Draft]:
        """The policies of now, or as they were before some were amended."""
        drafts = draw_drafts(self.policies)
        return list(drafts if when == NOW else change_some(drafts))

    def outcome(self, way: str, when: str) -> Path:
        return self.work / f"{way}-{when}"


def compile_drafts(drafts: Iterable[Draft], folder: Path) -> Program:
    """The policies as YAML text through the real loader."""
    vocabulary = builtin_vocabulary(builtin_datasets())
    write_policies(folder, drafts)
    return compile_policies(load_policies([folder], vocabulary).policies, vocabulary)


def decide_by_zhida(task: Task, when: str) -> Callable[[], None]:
    """The run over the city; policies are compiled before."""
    program = compile_drafts(task.drafts(when), task.work / f"policies-{when}")

    def work() -> None:
        with deciding_processes(task.processes) as pool:
            evaluate_snapshot(
                program, task.city(), task.outcome("zhida", when), lambda *told: None, pool
            )

    return work


def decide_by_polars(task: Task, when: str) -> Callable[[], None]:
    """The same by hand."""
    drafts = task.drafts(when)
    return lambda: decide_city_by_hand(drafts, task.city(), task.outcome("hand", when))


def change(task: Task, way: str, tell: Callable[[Path, Path], pl.DataFrame]) -> Callable[[], None]:
    """What has changed, written beside the outcomes."""

    def work() -> None:
        found = tell(task.outcome(way, NOW), task.outcome(way, BEFORE))
        found.write_parquet(task.work / f"changes-{way}.parquet")

    return work


STEPS: dict[str, Callable[[Task], Callable[[], object]]] = {
    "city": lambda task: lambda: make_city(task.folder, task.subjects),
    "zhida-before": lambda task: decide_by_zhida(task, BEFORE),
    "zhida": lambda task: decide_by_zhida(task, NOW),
    "zhida-changes": lambda task: change(task, "zhida", change_by_zhida),
    "hand-before": lambda task: decide_by_polars(task, BEFORE),
    "hand": lambda task: decide_by_polars(task, NOW),
    "hand-changes": lambda task: change(task, "hand", change_by_hand),
}
TITLES = {
    "zhida": "Zhida: decide and write",
    "zhida-changes": "Zhida: what has changed",
    "hand": "by hand in Polars: decide and write",
    "hand-changes": "by hand in Polars: what has changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds by the clock and of all processors, and the peak memory in bytes."""

    seconds: float
    processors: float
    peak: int


def run_step(step: str, task: Task) -> Took:
    """A step in a process of its own."""
    words = ["--step", step, "--folder", str(task.folder), "--subjects", str(task.subjects)]
    words += ["--policies", str(task.policies), "--work", str(task.work)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *words], check=True, stdout=subprocess.PIPE
    )
    return Took(**json.loads(done.stdout))


def do_step(step: str, task: Task) -> Took:
    """The step itself; what it makes ready is not counted. Processes of its own are."""
    work = STEPS[step](task)
    started, worked = time.perf_counter(), _processor_seconds()
    work()
    own, children = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return Took(
        seconds=time.perf_counter() - started,
        processors=_processor_seconds() - worked,
        peak=(own + children * task.processes) * 1024,  # of the largest child, for each of them
    )


def _processor_seconds() -> float:
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(task: Task, console: Console) -> None:
    """All steps, the checks of their sums, and the table."""
    made = run_step("city", task)
    took = {step: run_step(step, task) for step in STEPS if step != "city"}
    sums = sum_outcome(task.outcome("zhida", NOW), task.city())
    check_equal(sums, sum_by_hand(task.outcome("hand", NOW)), "by hand")
    changes = pl.read_parquet(task.work / "changes-zhida.parquet")
    check_equal(changes, pl.read_parquet(task.work / "changes-hand.parquet"), "what has changed")
    sizes = {kind: sum(p.subjects for p in task.city().parts(kind)) for kind in REGION_OF}
    decisions = sum(sizes[draft.shape.audience] for draft in task.drafts(NOW))
    table = Table(title=f"A run of {task.policies:,} policies over a city of {task.subjects:,}")
    for number, head in enumerate(("step", "seconds", "processor s", "decisions/s", "GiB", "MB")):
        table.add_column(head, justify="right" if number else "left")
    for step, title in TITLES.items():
        spent = took[step]
        written = step in ("zhida", "hand")
        table.add_row(
            title,
            f"{spent.seconds:.1f}",
            f"{spent.processors:.1f}",
            f"{decisions / spent.seconds:,.0f}" if written else "",
            f"{spent.peak / 2**30:.2f}",
            f"{_bytes_in(task.outcome(step, NOW)) / 1e6:,.0f}" if written else "",
        )
    console.print(table)
    whole, hand = (sum(took[s].seconds for s in (w, f"{w}-changes")) for w in ("zhida", "hand"))
    eligible, unknown = (int(sums[name].sum()) for name in ("eligible", "unknown"))
    console.print(
        f"{decisions:,} decisions over {sizes['resident']:,} residents, {sizes['enterprise']:,} "
        f"firms and {sizes['household']:,} households: {eligible:,} eligible "
        f"({eligible / decisions:.2%}), {unknown:,} unknown ({unknown / decisions:.2%}), "
        f"{int(changes.select(pl.sum_horizontal(pl.exclude('policy'))).sum().item()):,} changes; "
        "equal counts, rows, amounts and changes both ways"
    )
    console.print(
        f"decided, written and compared in {whole:.1f} s; by hand it takes "
        f"{hand / whole:.2f} times as long (the city itself: {made.seconds:.0f} s)"
    )
    console.print(describe_machine())


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="where the city is kept (default: nowhere)")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    kept = chosen.folder or Path(tempfile.mkdtemp(prefix="zhida-cities-"))
    kept.mkdir(parents=True, exist_ok=True)
    work = chosen.work or Path(tempfile.mkdtemp(prefix="zhida-scale-", dir=chosen.folder))
    task = Task(folder=kept, subjects=chosen.subjects, policies=chosen.policies, work=work)
    if chosen.step:
        told = do_step(chosen.step, task)
        print(
            json.dumps({"seconds": told.seconds, "processors": told.processors, "peak": told.peak})
        )
        return
    try:
        measure(task, Console(width=110))
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if chosen.folder is None:
            shutil.rmtree(kept, ignore_errors=True)


if __name__ == "__main__":
    main()
