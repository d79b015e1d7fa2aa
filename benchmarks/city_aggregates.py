"""24 aggregates over a city's months of insurance: as facts of a vocabulary over the release, and
the same by hand in Polars and in DuckDB over the department's file."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from profiles.dataset import builtin_datasets
from profiles.derivation import compute_facts
from profiles.fact import Vocabulary
from profiles.release import newest_release, read_release
from profiles.runs import runs_of
from profiles.slot import SLOTS
from profiles.snapshot_build import AT_ONCE
from profiles.vocabulary_load import load_vocabulary

DAY = date(2025, 10, 31)
PARTS = 16
LARGEST = "medical-insurance"
SPANS = ("this year", "last year", "last 3 months", "last 6 months", "last 9 months", "2025-05")
"""Each with four aggregates: months, months paid, the first and the last month paid."""


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
    """The aggregates of everybody over the release, by parts as a snapshot works out its facts;
    their checksum."""
    vocabulary = aggregates()
    dataset = vocabulary.datasets[LARGEST]
    release = newest_release(work / "releases", LARGEST, DAY)
    assert release is not None

    def sum_part(part: int) -> int:
        slots = range(part * SLOTS // PARTS, (part + 1) * SLOTS // PARTS)
        rows = read_release(release, dataset, slots).rename({dataset.key: "subject"})
        subjects = runs_of(rows["subject"]).values
        facts = compute_facts(vocabulary, "resident", subjects, {LARGEST: rows}, DAY)
        return _sum_row(facts.select(_sums()))

    with ThreadPoolExecutor(AT_ONCE) as executor:
        return sum(executor.map(sum_part, range(PARTS)))


def _bounds() -> list[tuple[date, date]]:
    return [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2024, 1, 1), date(2024, 12, 31)),
        (date(2025, 7, 1), date(2025, 9, 30)),
        (date(2025, 4, 1), date(2025, 9, 30)),
        (date(2025, 1, 1), date(2025, 9, 30)),
        (date(2025, 5, 1), date(2025, 5, 31)),
    ]


def by_polars(path: Path) -> int:
    """The same by hand, over a department's file; months after the day are not seen."""
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
    found = pl.scan_parquet(path).group_by("id_number").agg(exprs)
    return _sum_row(
        found.rename({"id_number": "subject"}).select(_sums()).collect(engine="streaming")
    )


def _sums() -> pl.Expr:
    """Of each aggregate the sum of everybody's; days as numbers."""
    return pl.exclude("subject").to_physical().cast(pl.Int64).sum()


def _sum_row(sums: pl.DataFrame) -> int:
    return int(sum(sums.row(0)))


def by_duckdb(path: Path, spill: Path) -> int:
    """The same by hand in SQL, over a department's file; what does not fit in memory goes to
    `spill`."""
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
    query = (
        f"SELECT {' + '.join(sums)} FROM (SELECT id_number, {', '.join(parts)} "
        f"FROM read_parquet('{path}') GROUP BY id_number)"
    )
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{spill}'")
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
