"""The same simple policies in Zhida, OpenFisca and zen-engine over the same residents.

`python -m benchmarks.other_engines` takes about a minute. The two others run in an environment of
their own (`.venv-bench`, which `make bench` sets up), each in a process of its own.

Simple are the policies for residents whose conditions are thresholds, lists and flags, and whose
amount is constant or a share with a ceiling. Neither of the others knows an unknown: residents who
miss a fact are left out, and what does not apply is told by a flag beside it. OpenFisca holds whole
numbers in 32 bits: policies over sums beyond are left out. All three get the facts in memory, as
each likes them best, and give verdict and amount for everybody; each policy's number of eligible
residents and sum of amounts must be the same.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.catalogue_conditions import DAY, Simple
from benchmarks.catalogue_shapes import DISTRICTS, Draft, draw_drafts, write_policies
from benchmarks.decisions import describe_machine
from benchmarks.scale_city import make_city
from benchmarks.timing import Spent, time_once
from engine.evaluate import bind_audience, evaluate_part
from engine.program import Program, compile_policies
from engine.verdicts import plan_verdicts
from policies.load import load_policies
from profiles.dataset import builtin_datasets
from profiles.snapshot import Snapshot, read_part
from profiles.vocabulary_load import builtin_vocabulary

REGION = "hukou_region"
NOBODY = "nothing"
"""Stands for a code that does not apply."""
LARGEST = 2**31 - 1
HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent / ".venv-bench" / "bin" / "python"
Sums = dict[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an engine found over so many residents, and what it took."""

    rows: int
    sums: Sums
    spent: Spent


def choose_simple(drafts: Iterable[Draft], facts: pl.DataFrame) -> list[Draft]:
    """The policies for residents that all three can express over these facts."""
    delivered = facts.with_columns(age=pl.lit(0))

    def fits(name: str) -> bool:
        column = delivered[name]
        most = column.max() if column.dtype == pl.Int64 else 0
        return column.null_count() < column.len() and isinstance(most, int) and most <= LARGEST

    chosen = []
    for draft in drafts:
        shape = draft.shape
        if shape.audience != "resident" or shape.amount.simple is None:
            continue
        tests = [each.simple for clause in shape.clauses for each in clause.members]
        names = [shape.amount.simple.fact, *(test.fact for test in tests if test)]
        if all(tests) and all(fits(name) for name in names if name is not None):
            chosen.append(draft)
    return chosen


def specify(drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    """The policies for the other engines; the region is a list like others."""
    policies = []
    for draft in drafts:
        assert draft.shape.amount.simple is not None
        places = [draft.district] if draft.district else list(DISTRICTS)
        clauses: list[Any] = [("all", [(REGION, "in", places)])]
        for clause in draft.shape.clauses:
            tests = [_test(each.simple) for each in clause.members if each.simple]
            clauses.append((clause.group, tests))
        share = asdict(draft.shape.amount.simple)
        policies.append({"name": draft.name, "clauses": clauses, "share": share})
    return policies


def choose_facts(policies: Iterable[dict[str, Any]], facts: pl.DataFrame) -> pl.DataFrame:
    """The facts of those residents who miss none of them; with `age`, and none for null."""
    names = {REGION}
    for policy in policies:
        names |= {fact for _, tests in policy["clauses"] for fact, _, _ in tests}
        names |= {policy["share"]["fact"]} - {None}
    born = pl.col("birth_date").dt
    day = born.month().cast(pl.Int32) * 100 + born.day()
    age = DAY.year - born.year() - (day > DAY.month * 100 + DAY.day).cast(pl.Int32)
    columns = []
    for name in sorted(names):
        whole = name.replace("__", "::")
        column = age if name == "age" else pl.col(whole)
        if f"{name}::none" in facts.columns:
            filler = pl.lit(NOBODY) if facts.schema[name] == pl.String else pl.lit(0)
            column = pl.when(pl.col(f"{name}::none")).then(filler).otherwise(column)
        columns.append(column.alias(name))
    return facts.select("subject", *columns).drop_nulls()


def run_zhida(program: Program, part: pl.DataFrame) -> tuple[Told, pl.DataFrame]:
    """Verdicts and amounts from the facts in memory to the outcome's rows."""
    bounds = bind_audience(program, "resident", DAY)
    plan = plan_verdicts(bounds)
    (rows, _), spent = time_once(lambda: evaluate_part(bounds, part, "resident", plan=plan))
    if rows.filter(pl.col("verdict") != "eligible").height:
        raise SystemExit("a policy without a missing fact was not decided")
    names = [bound.policy.id for bound in bounds]
    return Told(rows=part.height, sums=sum_rows(rows, names), spent=spent), rows


def sum_rows(rows: pl.DataFrame, names: Iterable[str]) -> Sums:
    """Of each policy how many are eligible, and the sum of their amounts in fen."""
    counted = rows.group_by("policy").agg(pl.len(), pl.col("amount_fen").sum())
    found = {str(name): [int(count), int(fen)] for name, count, fen in counted.iter_rows()}
    return {name: found.get(name, [0, 0]) for name in names}


def run_child(python: Path, script: str, *words: str) -> Told:
    """Another engine in its own process and environment."""
    done = subprocess.run(
        [str(python), str(HERE / script), *words], check=True, stdout=subprocess.PIPE
    )
    told = json.loads(done.stdout)
    spent = Spent(told["seconds"], told["processors"])
    return Told(rows=told["rows"], sums=told["sums"], spent=spent)


def measure(city: Snapshot, count: int, rows: int, seconds: int, python: Path) -> list[str | Table]:
    """All three ways, their sums compared, and what is to be printed."""
    facts = pl.concat(
        read_part(city, part, datasets=[]).facts for part in city.parts("resident")
    ).head(rows)
    drafts = choose_simple(draw_drafts(count), facts)
    policies = specify(drafts)
    known = choose_facts(policies, facts)
    part = facts.filter(pl.col("subject").is_in(known["subject"].implode()))
    with tempfile.TemporaryDirectory(prefix="zhida-engines-") as folder:
        work = Path(folder)
        program = _compile(drafts, work / "policies")
        exported, codes = _encode(known.drop("subject"))
        exported.write_parquet(work / "facts.parquet")
        (work / "policies.json").write_text(json.dumps({"policies": policies, "codes": codes}))
        given = [str(work / "policies.json"), str(work / "facts.parquet")]
        zhida, outcome = run_zhida(program, part)
        openfisca = run_child(python, "openfisca_child.py", *given)
        zen = run_child(python, "zen_child.py", *given, str(seconds))
    _check(openfisca.sums, zhida.sums, "OpenFisca")
    first = outcome.filter(pl.col("subject").is_in(part["subject"].head(zen.rows).implode()))
    _check(zen.sums, sum_rows(first, zhida.sums), "zen-engine")
    table = Table(title=f"{len(drafts)} simple policies for residents")
    for number, head in enumerate(("engine", "residents", "seconds", "processor s",
                                   "ns a decision", "× Zhida", "by processor s")):  # fmt: skip
        table.add_column(head, justify="right" if number else "left")

    def cost(told: Told, spent: float) -> float:
        return spent / told.rows / len(drafts)

    for name, told in (("Zhida", zhida), ("OpenFisca", openfisca), ("zen-engine", zen)):
        clock = cost(told, told.spent.clock)
        work_ = cost(told, told.spent.processors) / cost(zhida, zhida.spent.processors)
        table.add_row(name, f"{told.rows:,}", f"{told.spent.clock:.2f}",
                      f"{told.spent.processors:.2f}", f"{clock * 1e9:,.1f}",
                      f"{clock / cost(zhida, zhida.spent.clock):,.1f}",
                      f"{work_:,.1f}")  # fmt: skip
    eligible = sum(count for count, _ in zhida.sums.values())
    return [
        table,
        f"{eligible:,} eligible of {part.height * len(drafts):,}; the same number and the same sum "
        f"of amounts of every policy ({facts.height - part.height:,} residents who miss a fact "
        "left out)",
    ]


def _compile(drafts: Iterable[Draft], folder: Path) -> Program:
    vocabulary = builtin_vocabulary(builtin_datasets())
    write_policies(folder, drafts)
    return compile_policies(load_policies([folder], vocabulary).policies, vocabulary)


def _test(simple: Simple) -> tuple[str, str, object]:
    return simple.fact.replace("::", "__"), simple.is_, simple.value


def _encode(facts: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Codes as numbers, and which code each number is."""
    codes = {
        name: [str(code) for code in facts[name].unique().sort()]
        for name, dtype in facts.schema.items()
        if dtype == pl.String
    }
    places = [
        pl.col(name).replace_strict(known, range(len(known)), return_dtype=pl.Int64)
        for name, known in codes.items()
    ]
    return facts.with_columns(places), codes


def _check(found: Sums, wanted: Sums, whose: str) -> None:
    differ = sorted(name for name in wanted if found[name] != wanted[name])
    if differ:
        raise SystemExit(f"{whose} differs on {len(differ)} policies: {', '.join(differ[:20])}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=1_000_000, help="how large the city is")
    parser.add_argument("--rows", type=int, default=1_000_000, help="residents at most")
    parser.add_argument("--policies", type=int, default=500, help="of which the simple are taken")
    parser.add_argument("--seconds", type=int, default=30, help="for zen-engine")
    parser.add_argument("--folder", type=Path, help="where the city is kept (default: nowhere)")
    parser.add_argument("--python", type=Path, default=ENVIRONMENT, help="of the other engines")
    chosen = parser.parse_args(arguments)
    if not chosen.python.exists():
        raise SystemExit(f"{chosen.python} is not there (make bench sets it up)")
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="zhida-cities-") as temporary:
        city = make_city(chosen.folder or Path(temporary), chosen.subjects)
        for shown in measure(city, chosen.policies, chosen.rows, chosen.seconds, chosen.python):
            console.print(shown)
    console.print(describe_machine())


if __name__ == "__main__":
    main()
