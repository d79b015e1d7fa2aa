"""How fast policies are decided, each figure beside a baseline of the same run that gives the same.

`python -m benchmarks.decisions` takes a few minutes; `--rows`, `--policies` and `--repeat` make it
shorter. The figures that were measured, and how, stand in docs/performance.md.
"""

import argparse
import os
import platform
import resource
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.floats import measure_cost
from benchmarks.generated_enterprises import draw_part
from benchmarks.row_loop import Sums, decide_rows, prepare_policies, prepare_rows
from benchmarks.single import ONE_ROW, compile_generated, time_single
from benchmarks.timing import Spent, least
from benchmarks.verdicts import BY_HAND, ZHIDA, Raced, race_verdicts
from engine.evaluate import evaluate_part
from engine.program import Bound
from engine.verdicts import plan_verdicts
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.vocabulary_load import builtin_vocabulary

PART_ROWS = 500_000
ROW_LOOP, WHOLE = "rule-engine row loop", "Zhida, amounts and outcome"
SINGLE = 20
"""Subjects that are decided one by one."""
WIDTH = 110


def load_bounds(count: int, vocabulary: Vocabulary) -> list[Bound]:
    """The generated policies, bound to the day of the run."""
    return list(compile_generated(count, vocabulary).bounds)


def sum_outcome(outcome: pl.DataFrame) -> Sums:
    """What the baseline sums too."""
    eligible = outcome.filter(pl.col("verdict") == "eligible")
    return Sums(
        eligible=eligible.height,
        unknown=outcome.height - eligible.height,
        amount_fen=int(eligible["amount_fen"].sum()),
    )


def run_row_loop(bounds: Sequence[Bound], part: pl.DataFrame) -> Spent:
    """The row loop over the first rows; the whole evaluation must give the same sums."""
    policies, rows = prepare_policies(bounds), prepare_rows(part)
    clock, processors = time.perf_counter(), time.process_time()
    wanted = decide_rows(policies, rows)
    spent = Spent(time.perf_counter() - clock, time.process_time() - processors)
    outcome, _ = evaluate_part(bounds, part, "enterprise")
    found = sum_outcome(outcome)
    if found != wanted:
        raise SystemExit(f"the two ways differ: Zhida {found}, rule-engine {wanted}")
    return spent


def run_whole(bounds: Sequence[Bound], parts: Sequence[pl.DataFrame]) -> Spent:
    """The whole evaluation once over all parts: verdicts, amounts and the outcome's rows."""
    plan = plan_verdicts(bounds)
    clock, processors = time.perf_counter(), time.process_time()
    for part in parts:
        evaluate_part(bounds, part, "enterprise", plan=plan)
    return Spent(time.perf_counter() - clock, time.process_time() - processors)


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
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--policies", type=int, default=300)
    parser.add_argument("--sample", type=int, default=300, help="rows of the row loop")
    parser.add_argument("--compiled", type=int, default=500, help="policies for one subject")
    parser.add_argument("--repeat", type=int, default=5)
    chosen = parser.parse_args(arguments)
    console = Console(width=WIDTH)
    vocabulary = builtin_vocabulary(builtin_datasets())
    compile_generated(min(10, chosen.compiled), vocabulary)  # the grammar's tables are built once
    bounds = load_bounds(chosen.policies, vocabulary)
    starts = range(0, chosen.rows, PART_ROWS)
    parts = [draw_part(min(PART_ROWS, chosen.rows - at), seed=n) for n, at in enumerate(starts)]
    sample = parts[0].head(chosen.sample)
    raced = race_verdicts(bounds, parts, repeat=chosen.repeat)
    row_loop = run_row_loop(bounds, sample)
    whole = run_whole(bounds, parts)
    _print_decisions(console, raced, row_loop, whole, sample.height, chosen.rows, len(bounds))
    _print_single(console, chosen.compiled, vocabulary, parts[0].head(SINGLE), chosen.repeat)
    _print_exactness(console, vocabulary, draw_part(min(chosen.rows, 100_000), 0, missing=0.0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    console.print(f"{chosen.rows:,} rows of {parts[0].width - 1} facts, 8 % of them missing, "
                  f"{len(bounds):,} policies; peak memory {memory:.2f} GiB, the profiles "
                  "included")  # fmt: skip
    console.print(describe_machine())


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _print_decisions(
    console: Console,
    raced: Raced,
    row_loop: Spent,
    whole: Spent,
    sample: int,
    rows: int,
    policies: int,
) -> None:
    spent = {ROW_LOOP: row_loop, BY_HAND: least(raced.spent[BY_HAND]),
             ZHIDA: least(raced.spent[ZHIDA]), WHOLE: whole}  # fmt: skip
    table = _table("Decisions", "way", "rows", "seconds", "processor s", "decisions/s",
                   "× row loop", "× by hand")  # fmt: skip
    loop_rate = sample * policies / row_loop.clock
    hand_rate = rows * policies / spent[BY_HAND].clock
    for name, seconds in spent.items():
        count = sample if name == ROW_LOOP else rows
        rate = count * policies / seconds.clock
        table.add_row(name, f"{count:,}", f"{seconds.clock:.2f}", f"{seconds.processors:.2f}",
                      f"{rate:,.0f}", f"{rate / loop_rate:,.0f}",
                      f"{rate / hand_rate:.4g}")  # fmt: skip
    console.print(table)
    pairs = zip(raced.spent[BY_HAND], raced.spent[ZHIDA], strict=True)
    ratio = median(hand.clock / zhida.clock for hand, zhida in pairs)
    total = rows * policies
    console.print(
        f"{raced.eligible:,} eligible ({raced.eligible / total:.1%}) and {raced.unknown:,} unknown "
        f"({raced.unknown / total:.1%}), the same rows by hand and by Zhida, {raced.tests:,} "
        f"distinct tests; by hand takes {ratio:.2f} times as long, in the median of pairs; "
        f"the row loop has the same verdicts and sums of amounts on its {sample:,} rows"
    )


def _print_single(
    console: Console, count: int, vocabulary: Vocabulary, part: pl.DataFrame, repeat: int
) -> None:
    runs = [compile_generated(count, vocabulary) for _ in range(min(repeat, 3))]
    best = min(runs, key=lambda run: run.all.clock)
    table = _table(f"From YAML text to program: {count:,} policies", "stage", "seconds",
                   "processor s")  # fmt: skip
    for name, spent in best.stages.items():
        table.add_row(name, f"{spent.clock:.2f}", f"{spent.processors:.2f}")
    table.add_row("all", f"{best.all.clock:.2f}", f"{best.all.processors:.2f}")
    console.print(table)
    table = _table(f"One subject against {count:,} policies", "way", "best ms", "median ms",
                   "processor ms", "ratio")  # fmt: skip
    singly = time_single(best, vocabulary, part, repeat=repeat)
    baseline = median(s.clock for s in singly[ONE_ROW])
    for name, times in singly.items():
        middle = median(s.clock for s in times)
        table.add_row(name, f"{least(times).clock * 1000:.1f}", f"{middle * 1000:.1f}",
                      f"{least(times).processors * 1000:.1f}",
                      f"{middle / baseline:.2f}")  # fmt: skip
    console.print(table)


def _print_exactness(console: Console, vocabulary: Vocabulary, part: pl.DataFrame) -> None:
    cost = measure_cost(vocabulary, part)
    table = _table("What exactness costs: 50 comparisons, 20 % of them computed", "way",
                   "best ms", "median ms", "comparisons/s", "ratio", "median")  # fmt: skip
    least_floats, middle = min(cost.float_seconds), median(cost.float_seconds)
    for name, spent in (("plain floats", cost.float_seconds), ("exact", cost.exact_seconds)):
        table.add_row(name, f"{min(spent) * 1000:.2f}", f"{median(spent) * 1000:.2f}",
                      f"{cost.comparisons / min(spent):,.0f}", f"{min(spent) / least_floats:.2f}",
                      f"{median(spent) / middle:.2f}")  # fmt: skip
    console.print(table)
    console.print(f"floats decide {cost.different:,} of {cost.comparisons:,} comparisons otherwise")


if __name__ == "__main__":
    main()
