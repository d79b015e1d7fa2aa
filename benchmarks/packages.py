"""How fast packages are chosen for a million subjects, beside a solver for each of them.

`python -m benchmarks.packages`; `--subjects` makes it shorter. Every subject has benefits that
conflict: exclusions in a chain, a required one, an exclusive group over months and a year, a group
of which the highest is paid, and a capped group with an exclusion of its own; one in ten has
awards already.

- Zhida: `engine.package.choose_packages` for all, explanations with it.
- scipy: `scipy.optimize.milp` for each subject of a sample, the model built outside of the clock.
- every subset: plain Python tries all sets of a subject's benefits, on the same sample.

The sum paid on the sample must be the same in all three, in whole fen. The time of the two others
is told for all subjects as if it grew with their number.
"""

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.decisions import describe_machine
from engine.package import choose_packages
from engine.package_rules import Group, PackageRules, overlap

CAP_FEN = 1_500_00
CAPPED = Group(name="capped", rule="sum-capped", cap_fen=CAP_FEN)
ONE_OF = Group(name="one of", rule="exclusive", cap_fen=None)
HIGHEST = Group(name="highest", rule="highest", cap_fen=None)
OFFERED = [
    *[(policy, "2025") for policy in ("a", "b", "c", "d", "needs-b")],
    *[("month", f"2025-{number:02d}") for number in (10, 11, 12)],
    *[("year", "2025"), ("quarter", "2025Q4")],
    *[(policy, "2025") for policy in ("high-1", "high-2", "high-3")],
    *[(policy, "2025") for policy in ("cap-1", "cap-2", "cap-3", "beside-cap")],
]
PAIRS = [("a", "b"), ("b", "c"), ("c", "d"), ("cap-1", "beside-cap")]
RULES = PackageRules(
    excludes={
        policy: frozenset(
            other for pair in PAIRS for other in pair if policy in pair and other != policy
        )
        for pair in PAIRS
        for policy in pair
    },
    requires={"needs-b": ("b",)},
    group_of={
        **dict.fromkeys(("month", "year", "quarter"), ONE_OF),
        **dict.fromkeys(("high-1", "high-2", "high-3"), HIGHEST),
        **dict.fromkeys(("cap-1", "cap-2", "cap-3"), CAPPED),
    },
    linked={
        policy: number
        for number, linked in enumerate(
            (
                ("a", "b", "c", "d", "needs-b"),
                ("month", "year", "quarter"),
                ("high-1", "high-2", "high-3"),
                ("cap-1", "cap-2", "cap-3", "beside-cap"),
            )
        )
        for policy in linked
    },
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A subject's benefit, or an award of it."""

    policy: str
    period: str
    fen: int
    received: bool


def draw_city(subjects: int) -> pl.DataFrame:
    """Rows as `choose_packages` takes them: about eight benefits for each subject."""
    chance = np.random.default_rng(20_251_127)
    frames = []
    ids = pl.Series([f"R{number:016d}" for number in range(subjects)])
    for place, (policy, period) in enumerate(OFFERED):
        # the first two exclude each other: everybody has a conflict
        mine = np.flatnonzero(chance.random(subjects) < (1.0 if place < 2 else 0.45))
        amounts = chance.integers(1, 200_000, len(mine))
        received = chance.random(len(mine)) < 0.01
        frames.append(
            pl.DataFrame(
                {
                    "subject": ids.gather(mine),
                    "policy": pl.repeat(policy, len(mine), eager=True),
                    "period": pl.repeat(period, len(mine), eager=True),
                    "status": pl.Series(["known", "received"])[received.astype(np.int64)],
                    "amount_fen": np.where(received, 0, amounts),
                    "has_fen": np.where(received, amounts, 0),
                    "grows_fen": np.zeros(len(mine), dtype=np.int64),
                }
            )
        )
    return pl.concat(frames)


def exclude(one: Offer, other: Offer) -> bool:
    """Whether two benefits must not both be drawn."""
    if one.policy == other.policy or not overlap(one.period, other.period):
        return False
    group = RULES.group_of.get(one.policy)
    together = group is not None and group == RULES.group_of.get(other.policy)
    return other.policy in RULES.excludes.get(one.policy, ()) or (together and group != CAPPED)


def split(offers: Sequence[Offer]) -> tuple[list[Offer], list[Offer], int]:
    """What can be chosen, what stands, and what the cap still leaves."""
    awards = [o for o in offers if o.received]
    free = [o for o in offers if not o.received and not any(exclude(o, a) for a in awards)]
    has_b = any(o.policy == "b" for o in [*free, *awards])
    free = [o for o in free if o.policy != "needs-b" or has_b]
    capped = sum(o.fen for o in awards if RULES.group_of.get(o.policy) == CAPPED)
    return free, awards, max(CAP_FEN - capped, 0)


def try_subsets(offers: Sequence[Offer]) -> int:
    """The greatest sum of all allowed sets, in fen."""
    free, awards, room = split(offers)
    given = any(o.policy == "b" for o in awards)
    best = 0
    allowed: list[tuple[Offer, ...]] = [()]
    for offer in free:  # sets that are not allowed are not grown further
        allowed += [(*some, offer) for some in allowed if not any(exclude(offer, o) for o in some)]
    for some in allowed:
        names = {o.policy for o in some}
        if "needs-b" in names and "b" not in names and not given:
            continue
        capped = sum(o.fen for o in some if RULES.group_of.get(o.policy) == CAPPED)
        rest = sum(o.fen for o in some if RULES.group_of.get(o.policy) != CAPPED)
        best = max(best, rest + min(capped, room))
    return best


def pose(
    offers: Sequence[Offer],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], LinearConstraint, Bounds] | None:
    """A subject's package as a mixed integer program; its last variable is paid under the cap."""
    free, awards, room = split(offers)
    size = len(free) + 1
    rows, high = [], []
    for one, other in combinations(range(len(free)), 2):
        if exclude(free[one], free[other]):
            row = np.zeros(size)
            row[[one, other]] = 1
            rows.append(row)
            high.append(1.0)
    if not any(o.policy == "b" for o in awards):
        for place, offer in enumerate(free):
            if offer.policy == "needs-b":
                row = np.zeros(size)
                row[place] = 1
                row[[i for i, o in enumerate(free) if o.policy == "b"]] = -1
                rows.append(row)
                high.append(0.0)
    of_cap = np.array([RULES.group_of.get(o.policy) == CAPPED for o in free] + [False])
    amounts = np.array([float(o.fen) for o in free] + [1.0])
    row = np.where(of_cap, -amounts, 0)
    row[-1] = 1
    rows.append(row)
    high.append(0.0)
    upper = np.ones(size)
    upper[-1] = room
    return (
        np.where(of_cap, 0, -amounts),
        LinearConstraint(np.array(rows), ub=np.array(high)),
        Bounds(0, upper),
    )


def read_sample(rows: pl.DataFrame, size: int) -> list[list[Offer]]:
    """The offers of the first subjects."""
    some = rows.filter(pl.col("subject") < f"R{size:016d}")
    found: dict[str, list[Offer]] = {}
    for subject, policy, period, status, amount, has, _ in some.iter_rows():
        received = status == "received"
        found.setdefault(subject, []).append(
            Offer(policy, period, has if received else amount, received)
        )
    return list(found.values())


def race(subjects: int, sample: int) -> Table:
    """Measure all three; raises AssertionError where their sums differ."""
    rows = draw_city(subjects)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, processors = time.perf_counter(), time.process_time()
    choices = choose_packages(rows, RULES)
    spent, busy = time.perf_counter() - clock, time.process_time() - processors
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    cities = read_sample(rows, sample)
    problems = [pose(offers) for offers in cities]
    clock = time.perf_counter()
    by_solver = 0
    for problem in problems:
        assert problem is not None
        costs, constraint, bounds = problem
        integrality = np.ones(len(costs))
        integrality[-1] = 0
        solved = milp(costs, constraints=constraint, bounds=bounds, integrality=integrality)
        by_solver += round(-solved.fun)
    solver = time.perf_counter() - clock
    clock = time.perf_counter()
    by_subsets = sum(try_subsets(offers) for offers in cities)
    subsets = time.perf_counter() - clock
    chosen = choices.filter(pl.col("decision") == "chosen")
    mine = int(chosen.filter(pl.col("subject") < f"R{sample:016d}")["paid_fen"].sum())
    assert mine == by_solver == by_subsets, (mine, by_solver, by_subsets)

    each = spent / subjects
    table = Table(title="Packages", caption=(
        f"{rows.height:,} benefits of {subjects:,} subjects, {chosen.height:,} chosen, "
        f"{choices.filter(pl.col('decision') == 'lost').height:,} not, each with its reason; the "
        f"same sum, {mine / 100:,.2f} yuan, on {sample:,} subjects in all three; memory "
        f"{before / 1e6:.2f} GB with the rows before, {after / 1e6:.2f} GB at its peak"
    ))  # fmt: skip
    for name in ("way", "subjects", "seconds", "processor s", "for all, s", "× Zhida's time"):
        table.add_column(name, justify="left" if name == "way" else "right")
    table.add_row("Zhida", f"{subjects:,}", f"{spent:.1f}", f"{busy:.1f}", f"{spent:.1f}", "1")
    for name, seconds in (("scipy.optimize.milp", solver), ("every subset in Python", subsets)):
        ratio = seconds / sample / each
        table.add_row(
            name, f"{sample:,}", f"{seconds:.1f}", "", f"{seconds / sample * subjects:,.0f}",
            f"{ratio:,.1f}",
        )  # fmt: skip
    return table


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subjects", type=int, default=1_000_000)
    options.add_argument("--sample", type=int, default=1_000)
    asked = options.parse_args()
    console = Console()
    console.print(race(asked.subjects, min(asked.sample, asked.subjects)))
    console.print(describe_machine())


if __name__ == "__main__":
    main()
