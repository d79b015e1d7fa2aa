"""How fast a proposal is tried on a million firms, beside separate evaluations that give the same.

`python -m benchmarks.simulate`; `--firms` makes it shorter. Three ways of one question, by turns:
what a proposal gives beside the version in force and at ten other values.

- Zhida: one pass decides all twelve, and tells classes, clauses and months besides.
- evaluated one by one: the same engine runs over all parts once for each of the twelve.
- DuckDB: the verdicts and amounts of the twelve as SQL written by hand over the same columns.

The number of eligible firms and the money of each must be the same in all three.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.decisions import describe_machine
from benchmarks.generated_enterprises import AS_OF, draw_part
from benchmarks.timing import least, time_by_turns, time_once
from engine.evaluate import evaluate_part
from engine.program import bind
from engine.simulation import Variant, plan_simulation, simulate_frames
from policies.load import load_policies
from policies.policy import Policy
from policies.varied import vary_parameter
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.snapshot import PartFrames
from profiles.vocabulary_load import builtin_vocabulary

PART_ROWS = 500_000
POLICY = """\
policy: retention
version: {version}
title: {{zh: 稳岗返还}}
audience: enterprise
authority: 示范市人力资源和社会保障局
level: city
basis: [{{document: 办法}}]
effective: {{from: 2025-01-01}}
per: year
parameters:
  months: {{value: {months}, source: 一}}
  rate: {{value: 60%, source: 一}}
clauses:
  - {{id: insured, says: 一, when: ui_paid_months >= months}}
  - {{id: excluded, says: 二, none: [{{id: listed, says: 二, when: credit_serious_dishonest}}]}}
benefit: {{kind: cash, amount: [ui_premium_prev_year * rate, {{at_most: 60万}}]}}
"""
VALUES = [Fraction(n) for n in range(1, 11)]
Found = list[tuple[int, int]]


def load(folder: Path, version: str, months: int, vocabulary: Vocabulary) -> Policy:
    """The policy with so many months."""
    path = folder / f"{version}.yaml"
    path.write_text(POLICY.format(version=version, months=months), encoding="utf-8")
    (policy,) = load_policies([path], vocabulary).policies
    return policy


def one_by_one(
    policies: Sequence[Policy], parts: Sequence[pl.DataFrame], words: Vocabulary
) -> Found:
    """Every policy over all parts, one after the other."""
    found = []
    for policy in policies:
        eligible, fen = 0, 0
        bound = bind(policy, words, AS_OF)
        for part in parts:
            rows, _ = evaluate_part([bound], part, "enterprise")
            kept = rows.filter(pl.col("verdict") == "eligible")
            eligible += kept.height
            fen += int(kept["amount_fen"].sum())
        found.append((eligible, fen))
    return found


def in_duckdb(limits: Sequence[Fraction], firms: pl.DataFrame) -> Found:
    """The same counted by SQL."""
    found = []
    with duckdb.connect() as connection:
        connection.register("firms", firms.to_arrow())
        for limit in limits:
            row = connection.execute(
                # least() passes over null: what is missing would become the ceiling
                "SELECT count(*), coalesce(sum(CASE WHEN ui_premium_prev_year IS NOT NULL THEN "
                "least((ui_premium_prev_year * 60 + 50) // 100, 60000000) END), 0) FROM firms "
                "WHERE ui_paid_months >= ? AND NOT credit_serious_dishonest",
                [int(limit)],
            ).fetchone()
            assert row is not None
            found.append((int(row[0]), int(row[1])))
    return found


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--firms", type=int, default=1_000_000)
    options.add_argument("--repeat", type=int, default=3)
    asked = options.parse_args()
    words = builtin_vocabulary(builtin_datasets())
    sizes = [PART_ROWS] * (asked.firms // PART_ROWS)
    sizes += [asked.firms % PART_ROWS] if asked.firms % PART_ROWS else []
    parts = [draw_part(size, seed) for seed, size in enumerate(sizes)]
    doubtful = pl.DataFrame(schema={"subject": pl.String, "dataset": pl.String})
    frames = [PartFrames(facts=part, rows={}, doubtful=doubtful) for part in parts]
    with tempfile.TemporaryDirectory() as name:
        before, after = (load(Path(name), v, m, words) for v, m in (("1", 12), ("2", 6)))
    variants = [
        Variant(values=(n,), policy=vary_parameter(after, "months", (), n, AS_OF)) for n in VALUES
    ]
    whole = [after, before, *(variant.policy for variant in variants)]
    limits = [Fraction(6), Fraction(12), *VALUES]
    columns = ["ui_paid_months", "ui_premium_prev_year", "credit_serious_dishonest"]
    firms = pl.concat([part.select(columns) for part in parts])

    def simulate_all(by_month: bool) -> Found:
        plan = plan_simulation(after, before, words, AS_OF, variants=variants, by_month=by_month)
        told = simulate_frames(plan, frames)
        assert told.before is not None
        standings = [told.after, told.before, *(point.standing for point in told.sweep)]
        return [(one.eligible, one.amount_fen) for one in standings]

    ways: dict[str, Callable[[], Found]] = {
        "Zhida, one pass": lambda: simulate_all(False),
        "evaluated one by one": lambda: one_by_one(whole, parts, words),
        "DuckDB, SQL by hand": lambda: in_duckdb(limits, firms),
    }
    results = {name: work() for name, work in ways.items()}
    if len({tuple(result) for result in results.values()}) != 1:
        raise SystemExit(f"the ways differ: {results}")
    spent = {name: least(times) for name, times in time_by_turns(ways, repeat=asked.repeat).items()}
    monthly = time_once(lambda: simulate_all(True))[1]
    table = Table(title=f"{asked.firms:,} firms, 12 policies", title_justify="left")
    for head in ("way", "seconds", "of processors", "ratio to Zhida"):
        table.add_column(head, justify="left" if head == "way" else "right")
    base = spent["Zhida, one pass"].clock
    for name, one in spent.items():
        table.add_row(name, f"{one.clock:.2f}", f"{one.processors:.2f}", f"{one.clock / base:.2f}")
    table.add_row(
        "Zhida, and the twelve months",
        f"{monthly.clock:.2f}",
        f"{monthly.processors:.2f}",
        f"{monthly.clock / base:.2f}",
    )
    out = Console(width=110)
    out.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    out.print(f"eligible {results['Zhida, one pass'][0][0]:,}; peak memory {peak:.2f} GiB")
    out.print(describe_machine())


if __name__ == "__main__":
    main()
