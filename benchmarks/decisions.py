"""Decisions a second against rule-engine's row loop over the same rows in the same run.

`python -m benchmarks.decisions --rows 1000000 --policies 300`; the defaults take half a minute.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.floats import measure_cost
from benchmarks.generated_enterprises import draw_part, write_policies
from benchmarks.row_loop import Sums, decide_rows, prepare_policies, prepare_rows
from engine.evaluate import Tally, evaluate_part
from engine.program import Bound, bind
from policies.load import load_policies
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.vocabulary_load import builtin_vocabulary

AS_OF = date(2025, 10, 31)
PART_ROWS = 100_000


def load_bounds(count: int, vocabulary: Vocabulary) -> list[Bound]:
    """The generated policies, bound to the day of the run."""
    with tempfile.TemporaryDirectory() as folder:
        write_policies(Path(folder), count)
        loaded = load_policies([Path(folder)], vocabulary)
    return [bind(policy, vocabulary, AS_OF) for policy in loaded.policies]


def sum_outcome(outcome: pl.DataFrame) -> Sums:
    """What the baseline sums too."""
    eligible = outcome.filter(pl.col("verdict") == "eligible")
    return Sums(
        eligible=eligible.height,
        unknown=outcome.height - eligible.height,
        amount_fen=int(eligible["amount_fen"].sum()),
    )


def run_columns(bounds: Sequence[Bound], rows: int) -> tuple[float, list[Tally]]:
    """Seconds of evaluation over all parts; drawing the profiles does not count."""
    seconds, tallies = 0.0, []
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        part = draw_part(min(PART_ROWS, rows - start), seed=number)
        begun = time.perf_counter()
        _, tally = evaluate_part(bounds, part, "enterprise")
        seconds += time.perf_counter() - begun
        tallies.append(tally)
    return seconds, tallies


def run_baseline(bounds: Sequence[Bound], count: int) -> float:
    """Seconds of the row loop over the first rows; both ways must give the same sums."""
    sample = draw_part(PART_ROWS, seed=0).head(count)
    policies, rows = prepare_policies(bounds), prepare_rows(sample)
    begun = time.perf_counter()
    wanted = decide_rows(policies, rows)
    seconds = time.perf_counter() - begun
    outcome, _ = evaluate_part(bounds, sample, "enterprise")
    found = sum_outcome(outcome)
    if found != wanted:
        raise SystemExit(f"the two ways differ: columns {found}, rule-engine {wanted}")
    return seconds


def describe_machine() -> str:
    """Processor, cores and versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("polars", "rule-engine", "numpy"))
    return (
        f"{model or platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {libraries}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--policies", type=int, default=300)
    parser.add_argument("--sample", type=int, default=500, help="rows of the baseline")
    chosen = parser.parse_args(arguments)
    console = Console()
    begun = time.perf_counter()
    vocabulary = builtin_vocabulary(builtin_datasets())
    bounds = load_bounds(chosen.policies, vocabulary)
    loading = time.perf_counter() - begun
    sample = min(chosen.sample, chosen.rows, PART_ROWS)
    baseline = run_baseline(bounds, sample)
    seconds, tallies = run_columns(bounds, chosen.rows)
    cost = measure_cost(vocabulary, draw_part(min(chosen.rows, PART_ROWS), seed=0, missing=0.0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    decisions = sum(tally.decisions for tally in tallies)
    rate, baseline_rate = decisions / seconds, sample * len(bounds) / baseline

    table = Table(title="Decisions a second, amounts included")
    for heading in ("way", "rows", "policies", "seconds", "decisions/s", "ratio"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    table.add_row("rule-engine row loop", f"{sample:,}", f"{len(bounds):,}", f"{baseline:.2f}",
                  f"{baseline_rate:,.0f}", "1")  # fmt: skip
    table.add_row("exact columns", f"{chosen.rows:,}", f"{len(bounds):,}", f"{seconds:.2f}",
                  f"{rate:,.0f}", f"{rate / baseline_rate:,.0f}")  # fmt: skip
    console.print(table)
    eligible = sum(tally.eligible for tally in tallies)
    unknown = sum(tally.unknown for tally in tallies)
    console.print(
        f"{eligible:,} eligible, {unknown:,} unknown, "
        f"{sum(tally.by_reference for tally in tallies):,} rows left to the reference; "
        f"eligible, unknown and sums of amounts equal on the sample of {sample:,} rows"
    )
    table = Table(title="What exactness costs: 50 comparisons, 20 % of them computed")
    for heading in ("way", "best ms", "median ms", "comparisons/s", "ratio", "median"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    least, middle = min(cost.float_seconds), median(cost.float_seconds)
    for name, spent in (("plain floats", cost.float_seconds), ("exact", cost.exact_seconds)):
        table.add_row(name, f"{min(spent) * 1000:.2f}", f"{median(spent) * 1000:.2f}",
                      f"{cost.comparisons / min(spent):,.0f}", f"{min(spent) / least:.2f}",
                      f"{median(spent) / middle:.2f}")  # fmt: skip
    console.print(table)
    console.print(f"floats decide {cost.different:,} of {cost.comparisons:,} comparisons otherwise")
    console.print(f"loading {loading:.1f} s, peak memory {memory:.2f} GiB")
    console.print(describe_machine())


if __name__ == "__main__":
    main()
