"""A whole city: written, taken in, made a snapshot, each step in a process of its own with its peak
memory; 24 aggregates over its months of insurance, beside the same by hand over the file by person
and over the one month by month; and a snapshot made from the one before, where the months of one
person in a hundred have changed.

`python -m benchmarks.city` takes a quarter of an hour with 7.6 million residents and 1 million
firms, and some 11 GB of disk; `--residents` makes it smaller. What was measured stands in
docs/performance.md.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.city_aggregates import DAY, LARGEST, by_duckdb, by_polars, by_zhida
from benchmarks.decisions import describe_machine
from profiles.changeset import REMOVED
from profiles.dataset import builtin_datasets
from profiles.ingest import ingest
from profiles.sample_city import write_city
from profiles.snapshot import Snapshot, open_snapshot, read_changes
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import builtin_vocabulary

MONTHS = 12
FROM_PARQUET, FROM_CSV, FROM_MONTHS = "releases", "from-csv", "from-months"
WRITTEN_AT_ONCE = 2**20
FIRMS_PER_RESIDENT = 1 / 7.6


def write(work: Path, residents: int) -> int:
    """The city's files in bounded memory."""
    firms = max(1, round(residents * FIRMS_PER_RESIDENT))
    report = write_city(
        work / "files", firms=firms, residents=residents, as_of=DAY, insured_months=MONTHS
    )
    (work / "csv").mkdir()
    pl.scan_parquet(by_person(work)).sink_csv(work / "csv" / f"{LARGEST}.csv")
    write_by_month(by_person(work), by_month(work))
    return sum(report.rows.values())


def write_by_month(source: Path, target: Path) -> None:
    """The same rows as a department delivers them that collects month by month: in the order of
    the months, the persons of each shuffled; no more than one month in memory."""
    rows = pl.scan_parquet(source)
    months = rows.select(pl.col("month").unique().sort()).collect(engine="streaming")["month"]
    target.parent.mkdir()
    with pq.ParquetWriter(target, pq.read_schema(source)) as writer:
        for number, month in enumerate(months):
            held = rows.filter(pl.col("month") == month).collect(engine="streaming")
            order = np.random.default_rng(number).permutation(held.height)
            for some in held[order].iter_slices(WRITTEN_AT_ONCE):
                writer.write_table(some.to_arrow().cast(writer.schema))


def by_person(work: Path) -> Path:
    """The months of insurance, all months of a person together."""
    return work / "files" / f"{LARGEST}.parquet"


def by_month(work: Path) -> Path:
    """The months of insurance, all persons of a month together."""
    return work / "by-month" / f"{LARGEST}.parquet"


def take_in(work: Path, sources: Sequence[Path], releases: str) -> int:
    """Releases of these files; the rows that came in."""
    datasets = builtin_datasets()
    rows = 0
    for file in sources:
        dataset = datasets[file.stem]
        report = ingest(file, dataset, root=work / releases, delivered_on=DAY)
        rows += report.release.rows_in
    return rows


def snapshot(work: Path, residents: int) -> int:
    """The city's snapshot; how many subjects it has."""
    return sum(part.subjects for part in take(work, None).all_parts)


def take(work: Path, base: Snapshot | None) -> Snapshot:
    """A snapshot of the day, from nothing or from another."""
    datasets = builtin_datasets()
    return build_snapshot(
        releases_root=work / "releases",
        snapshots_root=work / "snapshots",
        datasets=datasets,
        vocabulary=builtin_vocabulary(datasets),
        as_of=DAY,
        key=bytes(32),
        base=base,
    )


def change(work: Path, residents: int) -> int:
    """A delivery of other months of one person in a hundred, taken in; its rows."""
    rows = pl.read_parquet(by_person(work))
    some = rows.filter(rows["id_number"].hash(1) % 100 == 0).with_columns(
        pl.col("paid") ^ (pl.col("month") == date(2025, 9, 1)), pl.lit(False).alias(REMOVED)
    )
    path = work / "changes.parquet"
    some.write_parquet(path)
    dataset = builtin_datasets()[LARGEST]
    root = work / "releases"
    report = ingest(path, dataset, root=root, delivered_on=DAY, mode="incremental")
    return report.release.rows_in


def increment(work: Path, residents: int) -> int:
    """The snapshot after those changes, from the one before; how many subjects have changed."""
    (path,) = (work / "snapshots").iterdir()
    built = take(work, open_snapshot(path))
    assert built.base is not None
    changes = (read_changes(built, part) for part in built.all_parts)
    return sum(frame["subject"].n_unique() for frame in changes)


def _files(work: Path) -> list[Path]:
    return sorted((work / "files").iterdir())


STEPS: dict[str, tuple[str, Callable[[Path, int], int]]] = {
    "write": ("write the city", write),
    "parquet": (
        f"take in {LARGEST}.parquet",
        lambda work, _: take_in(work, [by_person(work)], FROM_PARQUET),
    ),
    "csv": (
        f"take in {LARGEST}.csv",
        lambda work, _: take_in(work, [work / "csv" / f"{LARGEST}.csv"], FROM_CSV),
    ),
    "months": (
        f"take in {LARGEST}.parquet, month by month",
        lambda work, _: take_in(work, [by_month(work)], FROM_MONTHS),
    ),
    "others": (
        "take in the other files",
        lambda work, _: take_in(work, [f for f in _files(work) if f.stem != LARGEST], FROM_PARQUET),
    ),
    "snapshot": ("snapshot", snapshot),
    "zhida": ("24 aggregates, Zhida", lambda work, _: by_zhida(work)),
    "polars": ("24 aggregates, Polars", lambda work, _: by_polars(by_person(work))),
    "duckdb": ("24 aggregates, DuckDB", lambda work, _: by_duckdb(by_person(work), work)),
    "polars-months": (
        "24 aggregates, Polars, month by month",
        lambda work, _: by_polars(by_month(work)),
    ),
    "duckdb-months": (
        "24 aggregates, DuckDB, month by month",
        lambda work, _: by_duckdb(by_month(work), work),
    ),
    "change": ("take in months of 1 % of persons", change),
    "increment": ("snapshot from the one before", increment),
}
RACED = ("zhida", "polars", "duckdb", "polars-months", "duckdb-months")
"""By hand over the file by person and over the one by month; Zhida over the release, which is the
same of both."""
LATER = ("change", "increment")


def check_releases(work: Path) -> None:
    """However the rows came, they are one release: its name is the hash of what it holds."""
    names = {
        path.name
        for releases in (FROM_PARQUET, FROM_CSV, FROM_MONTHS)
        for path in (work / releases / LARGEST).iterdir()
        if path.is_dir()
    }
    if len(names) != 1:
        raise SystemExit(f"the releases differ: {sorted(names)}")


def run_step(step: str, work: Path, residents: int) -> dict[str, float]:
    """A step in a process of its own: what it gives, its seconds and its peak memory in bytes."""
    words = ["--step", step, "--work", str(work), "--residents", str(residents)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.city", *words], check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=7_600_000)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--step", choices=list(STEPS))
    chosen = parser.parse_args(arguments)
    if chosen.step:
        started, processors = time.perf_counter(), time.process_time()
        value = STEPS[chosen.step][1](chosen.work, chosen.residents)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told = {"value": value, "seconds": time.perf_counter() - started, "peak": peak,
                "processors": time.process_time() - processors}  # fmt: skip
        print(json.dumps(told))
        return
    with tempfile.TemporaryDirectory(prefix="zhida-city-", dir=chosen.work) as folder:
        measure_city(Path(folder), chosen.residents)


def measure_city(work: Path, residents: int) -> None:
    """All steps one after the other, the raced ones by turns, and the table of them."""
    console = Console(width=110)
    table = Table(title=f"A city of {residents:,} residents, {MONTHS} months of insurance")
    for number, head in enumerate(("step", "rows", "seconds", "processor s", "a second", "GiB")):
        table.add_column(head, justify="right" if number else "left")
    races: dict[str, list[dict[str, float]]] = {name: [] for name in RACED}
    checksums = set()
    rows = 0
    seconds = {}
    first = [step for step in STEPS if step not in LATER]
    for step in (*first, *RACED, *RACED, *LATER):
        found = run_step(step, work, residents)
        value = int(found["value"])
        seconds[step] = found["seconds"]
        if step in RACED:
            races[step].append(found)
            checksums.add(value)
            value = rows
        if step == "parquet":
            rows = value
        if step == "months":
            check_releases(work)
        table.add_row(
            STEPS[step][0],
            f"{value:,}",
            f"{found['seconds']:.1f}",
            f"{found['processors']:.1f}",
            f"{value / found['seconds']:,.0f}",
            f"{found['peak'] / 2**30:.2f}",
        )
    console.print(table)
    if len(checksums) != 1:
        raise SystemExit(f"the ways differ: {sorted(checksums)}")
    best = {
        name: [min(found[unit] for found in race) for unit in ("seconds", "processors")]
        for name, race in races.items()
    }
    for name in RACED[1:]:
        wall, processors = (
            other / own for other, own in zip(best[name], best["zhida"], strict=True)
        )
        other = STEPS[name][0].removeprefix("24 aggregates, ")
        console.print(
            f"24 aggregates: Zhida {wall:.2f} times as fast as {other}; "
            f"{processors:.2f} times by processor seconds"
        )
    console.print("all with the same checksum")
    share = seconds["increment"] / seconds["snapshot"]
    console.print(
        f"the snapshot from the one before in {share:.1%} of the time of one from nothing"
    )
    console.print(describe_machine())


if __name__ == "__main__":
    main()
