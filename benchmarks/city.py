"""A whole city: written, taken in, made a snapshot, each step in a process of its own with its peak
memory; 24 aggregates over its months of insurance, beside the same by hand; and a snapshot made
from the one before, where the months of one person in a hundred have changed.

`python -m benchmarks.city` takes a quarter of an hour with 7.6 million residents and 1 million
firms, and some 10 GB of disk; `--residents` makes it smaller. What was measured stands in
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

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.decisions import describe_machine
from profiles.changeset import REMOVED
from profiles.dataset import builtin_datasets
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.ingest import ingest
from profiles.release import newest_release, read_release
from profiles.runs import runs_of
from profiles.sample_city import write_city
from profiles.slot import SLOTS
from profiles.snapshot import Snapshot, open_snapshot, read_changes
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import builtin_vocabulary, load_vocabulary

DAY = date(2025, 10, 31)
MONTHS = 12
PARTS = 16
LARGEST = "medical-insurance"
FIRMS_PER_RESIDENT = 1 / 7.6
SPANS = ("this year", "last year", "last 3 months", "last 6 months", "last 9 months", "2025-05")
"""Each with four aggregates: months, months paid, the first and the last month paid."""


def write(work: Path, residents: int) -> int:
    """The city's files in bounded memory."""
    firms = max(1, round(residents * FIRMS_PER_RESIDENT))
    report = write_city(
        work / "files", firms=firms, residents=residents, as_of=DAY, insured_months=MONTHS
    )
    largest = pl.scan_parquet(work / "files" / f"{LARGEST}.parquet")
    (work / "csv").mkdir()
    largest.sink_csv(work / "csv" / f"{LARGEST}.csv")
    return sum(report.rows.values())


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
    rows = pl.read_parquet(work / "files" / f"{LARGEST}.parquet")
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


def aggregates() -> Vocabulary:
    """The aggregates as facts of a vocabulary."""
    facts = {}
    for number, span in enumerate(SPANS):
        common = ["of: resident", f"from: {LARGEST}", f"over: {span}"]
        facts[f"months_{number}"] = [*common, "type: integer", "count: rows"]
        facts[f"paid_{number}"] = [*common, "type: integer", "where: paid", "count: rows"]
        facts[f"first_{number}"] = [*common, "type: date", "where: paid", "min: month"]
        facts[f"last_{number}"] = [*common, "type: date", "where: paid", "max: month"]
    lines = ["facts:"]
    for name, keys in facts.items():
        lines += [f"  {name}:", f"    label: {{zh: {name}}}", *(f"    {key}" for key in keys)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "aggregates.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load_vocabulary([path], builtin_datasets())


def by_zhida(work: Path) -> int:
    """The aggregates of everybody over the release, part by part; their checksum."""
    vocabulary = aggregates()
    dataset = vocabulary.datasets[LARGEST]
    release = newest_release(work / "releases", LARGEST, DAY)
    assert release is not None
    checksum = 0
    for part in range(PARTS):
        slots = range(part * SLOTS // PARTS, (part + 1) * SLOTS // PARTS)
        rows = read_release(release, dataset, slots).rename({dataset.key: "subject"})
        subjects = runs_of(rows["subject"]).values
        facts = compute_facts(vocabulary, "resident", subjects, {LARGEST: rows}, DAY)
        sums = facts.drop("subject").select(pl.all().to_physical().cast(pl.Int64).sum())
        checksum += int(sum(sums.row(0)))
    return checksum


def _bounds() -> list[tuple[date, date]]:
    return [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2024, 1, 1), date(2024, 12, 31)),
        (date(2025, 7, 1), date(2025, 9, 30)),
        (date(2025, 4, 1), date(2025, 9, 30)),
        (date(2025, 1, 1), date(2025, 9, 30)),
        (date(2025, 5, 1), date(2025, 5, 31)),
    ]


def by_polars(work: Path) -> int:
    """The same by hand, over the department's file; months after the day are not seen."""
    exprs = []
    month, paid = pl.col("month"), pl.col("paid")
    for number, (first, last) in enumerate(_bounds()):
        held = month.is_between(first, min(last, DAY))
        exprs += [
            held.sum().alias(f"months_{number}"),
            (held & paid).sum().alias(f"paid_{number}"),
            month.filter(held & paid).min().alias(f"first_{number}"),
            month.filter(held & paid).max().alias(f"last_{number}"),
        ]
    rows = pl.scan_parquet(work / "files" / f"{LARGEST}.parquet")
    found = rows.group_by("id_number").agg(exprs).drop("id_number")
    sums = found.select(pl.all().to_physical().cast(pl.Int64).sum()).collect(engine="streaming")
    return int(sum(sums.row(0)))


def by_duckdb(work: Path) -> int:
    """The same by hand in SQL, over the department's file."""
    parts, sums = [], []
    for number, (first, last) in enumerate(_bounds()):
        held = f"month BETWEEN DATE '{first}' AND DATE '{min(last, DAY)}'"
        parts += [
            f"count(*) FILTER ({held}) AS months_{number}",
            f"count(*) FILTER ({held} AND paid) AS paid_{number}",
            f"min(month) FILTER ({held} AND paid) AS first_{number}",
            f"max(month) FILTER ({held} AND paid) AS last_{number}",
        ]
        sums += [f"sum(months_{number})", f"sum(paid_{number})"]
        for name in ("first", "last"):
            sums.append(f"sum({name}_{number} - DATE '1970-01-01')")
    path = work / "files" / f"{LARGEST}.parquet"
    query = (
        f"SELECT {' + '.join(sums)} FROM (SELECT id_number, {', '.join(parts)} "
        f"FROM read_parquet('{path}') GROUP BY id_number)"
    )
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{work}'")
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _files(work: Path) -> list[Path]:
    return sorted((work / "files").iterdir())


STEPS: dict[str, tuple[str, Callable[[Path, int], int]]] = {
    "write": ("write the city", write),
    "parquet": (
        f"take in {LARGEST}.parquet",
        lambda work, _: take_in(work, [work / "files" / f"{LARGEST}.parquet"], "releases"),
    ),
    "csv": (
        f"take in {LARGEST}.csv",
        lambda work, _: take_in(work, [work / "csv" / f"{LARGEST}.csv"], "from-csv"),
    ),
    "others": (
        "take in the other files",
        lambda work, _: take_in(work, [f for f in _files(work) if f.stem != LARGEST], "releases"),
    ),
    "snapshot": ("snapshot", snapshot),
    "zhida": ("24 aggregates, Zhida", lambda work, _: by_zhida(work)),
    "polars": ("24 aggregates, by hand in Polars", lambda work, _: by_polars(work)),
    "duckdb": ("24 aggregates, by hand in DuckDB", lambda work, _: by_duckdb(work)),
    "change": ("take in months of 1 % of persons", change),
    "increment": ("snapshot from the one before", increment),
}
RACED = ("zhida", "polars", "duckdb")
LATER = ("change", "increment")


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
    times: dict[str, list[float]] = {name: [] for name in RACED}
    checksums = set()
    rows = 0
    seconds = {}
    first = [step for step in STEPS if step not in LATER]
    for step in (*first, *RACED, *RACED, *LATER):
        found = run_step(step, work, residents)
        value = int(found["value"])
        seconds[step] = found["seconds"]
        if step in RACED:
            times[step].append(found["seconds"])
            checksums.add(value)
            value = rows
        if step == "parquet":
            rows = value
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
    best = {name: min(seconds) for name, seconds in times.items()}
    for name in ("duckdb", "polars"):
        console.print(f"{best[name] / best['zhida']:.2f} times as fast as {STEPS[name][0]}, "
                      "the same checksum")  # fmt: skip
    share = seconds["increment"] / seconds["snapshot"]
    console.print(
        f"the snapshot from the one before in {share:.1%} of the time of one from nothing"
    )
    console.print(describe_machine())


if __name__ == "__main__":
    main()
