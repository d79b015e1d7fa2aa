"""Seconds for the work list of missing facts and for counts by clause over many subjects.

`python -m benchmarks.unknowns --rows 1000000 --policies 30`; the defaults take a few seconds.
"""

import argparse
import resource
import time
from collections.abc import Sequence

from benchmarks.decisions import PART_ROWS, load_bounds
from benchmarks.generated_enterprises import draw_part
from engine.clause_counts import PolicyCounts, count_clauses
from engine.held_back import HeldBack, HeldBackTally
from engine.program import Bound
from profiles.dataset import builtin_datasets
from profiles.vocabulary_load import builtin_vocabulary


def run_work_list(bounds: Sequence[Bound], rows: int) -> tuple[float, HeldBack]:
    """Seconds over all parts, and what was found; drawing the profiles does not count."""
    tally, seconds = HeldBackTally(), 0.0
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        part = draw_part(min(PART_ROWS, rows - start), seed=number)
        begun = time.perf_counter()
        tally.add(bounds, part, "enterprise")
        seconds += time.perf_counter() - begun
    return seconds, tally.result()


def run_counts(bound: Bound, rows: int) -> tuple[float, PolicyCounts]:
    """Seconds for one policy's counts, and the counts."""
    parts = [
        draw_part(min(PART_ROWS, rows - start), seed=number)
        for number, start in enumerate(range(0, rows, PART_ROWS))
    ]
    begun = time.perf_counter()
    counts = count_clauses(bound, parts)
    return time.perf_counter() - begun, counts


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--policies", type=int, default=10)
    chosen = parser.parse_args(arguments)
    bounds = load_bounds(chosen.policies, builtin_vocabulary(builtin_datasets()))
    seconds, found = run_work_list(bounds, chosen.rows)
    print(
        f"work list: {seconds:.1f} s for {found.decisions:,} decisions, {found.unknown:,} unknown, "
        f"{len(found.by_fact)} facts, {len(found.by_set)} sets"
    )
    seconds, counts = run_counts(bounds[0], chosen.rows)
    print(
        f"counts by clause: {seconds:.2f} s for {counts.subjects:,} subjects and "
        f"{len(counts.clauses)} clauses of one policy"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
