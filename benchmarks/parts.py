"""How large a part of a snapshot should be, and how its rows should stand: the same city built in
parts of several sizes, each in a process of its own with its peak memory; and the facts of a
part written and read in several orders.

`python -m benchmarks.parts --residents 760000` takes a few minutes. What was measured stands in
docs/performance.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.city import FROM_PARQUET, take_in
from benchmarks.city_aggregates import DAY
from benchmarks.decisions import describe_machine
from profiles.dataset import builtin_datasets
from profiles.part_files import facts_file
from profiles.sample_city import write_city
from profiles.snapshot import open_snapshot
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import builtin_vocabulary

SIZES = (31_250, 62_500, 125_000, 250_000, 500_000, 1_000_000)
ORDERS = (("subject",), ("hukou_region", "subject"), ("birth_date", "subject"))
TIMES = 5


def build(work: Path, part_size: int) -> dict[str, float]:
    """The city's snapshot in parts of a size: seconds, peak memory and bytes on disk."""
    datasets = builtin_datasets()
    started, processors = time.perf_counter(), time.process_time()
    snapshot = build_snapshot(
        releases_root=work / FROM_PARQUET,
        snapshots_root=work / f"snapshots-{part_size}",
        datasets=datasets,
        vocabulary=builtin_vocabulary(datasets),
        as_of=DAY,
        key=bytes(32),
        part_size=part_size,
    )
    return {
        "seconds": time.perf_counter() - started,
        "processors": time.process_time() - processors,
        "parts": len(snapshot.all_parts),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "bytes": sum(path.stat().st_size for path in snapshot.path.rglob("*.parquet")),
    }


def time_orders(work: Path, part_size: int) -> list[tuple[str, float, float, int]]:
    """The facts of one part of residents by order: seconds to write and to read, bytes."""
    (path,) = (work / f"snapshots-{part_size}").iterdir()
    part = open_snapshot(path).parts("resident")[0]
    facts = pl.read_parquet(path / facts_file("resident", part.number))
    found = []
    for order in ORDERS:
        frame, target = facts.sort(order), work / "order.parquet"
        wrote, read = [], []
        for _ in range(TIMES):
            started = time.perf_counter()
            frame.write_parquet(target, compression_level=1)
            wrote.append(time.perf_counter() - started)
            started = time.perf_counter()
            pl.read_parquet(target)
            read.append(time.perf_counter() - started)
        found.append((", ".join(order), min(wrote), min(read), target.stat().st_size))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=760_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--part-size", type=int)
    chosen = parser.parse_args(arguments)
    if chosen.part_size:
        print(json.dumps(build(chosen.work, chosen.part_size)))
        return
    with tempfile.TemporaryDirectory(prefix="zhida-parts-", dir=chosen.work) as folder:
        measure_parts(Path(folder), chosen.residents)


def measure_parts(work: Path, residents: int) -> None:
    """All sizes and orders, and the tables of them."""
    firms = max(1, round(residents / 7.6))
    write_city(work / "files", firms=firms, residents=residents, as_of=DAY, insured_months=12)
    take_in(work, sorted((work / "files").iterdir()), FROM_PARQUET)
    console = Console(width=110)
    table = Table(title=f"A snapshot of {residents:,} residents by the size of its parts")
    for head in ("subjects a part", "parts", "seconds", "processor s", "GiB", "MB on disk"):
        table.add_column(head, justify="right")
    for size in SIZES:
        words = ["--part-size", str(size), "--work", str(work)]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.parts", *words], check=True, stdout=subprocess.PIPE
        )
        told = json.loads(done.stdout)
        table.add_row(
            f"{size:,}",
            f"{told['parts']:,}",
            f"{told['seconds']:.1f}",
            f"{told['processors']:.1f}",
            f"{told['peak'] / 2**30:.2f}",
            f"{told['bytes'] / 1e6:.1f}",
        )
    console.print(table)
    orders = Table(title="The facts of a part of residents by the order of its rows")
    for number, head in enumerate(("sorted by", "s to write", "s to read", "MB")):
        orders.add_column(head, justify="right" if number else "left")
    for order, wrote, read, size in time_orders(work, 500_000):
        orders.add_row(order, f"{wrote:.3f}", f"{read:.3f}", f"{size / 1e6:.2f}")
    console.print(orders)
    console.print(describe_machine())


if __name__ == "__main__":
    main()
