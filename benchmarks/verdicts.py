"""Verdicts of all policies over all parts: Zhida's, and the same written by hand in Polars."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from benchmarks.by_hand import decide_by_hand, write_tests
from benchmarks.generated_enterprises import draw_drafts
from benchmarks.timing import Spent, time_by_turns
from engine.program import Bound
from engine.verdicts import Plan, Verdicts, decide_part, plan_verdicts
from language.frame import prepare
from language.types import FactType

BY_HAND, ZHIDA = "written by hand in Polars", "Zhida"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raced:
    """Seconds of each way over all parts, and what came out, the same by both."""

    spent: dict[str, list[Spent]]
    eligible: int
    unknown: int
    tests: int


def race_verdicts(bounds: Sequence[Bound], parts: Sequence[pl.DataFrame], *, repeat: int) -> Raced:
    """Both ways by turns. Raises SystemExit where a row of any policy differs."""
    plan = plan_verdicts(bounds)
    exprs, needed = write_tests(list(draw_drafts(len(bounds))))
    order = sorted(range(len(bounds)), key=lambda number: bounds[number].policy.id)
    eligible = unknown = 0
    for part in parts:
        by_hand = decide_by_hand(exprs, needed, part)
        found = decide_zhida(plan, bounds, part)
        for number, (wanted, open_rows) in zip(order, by_hand, strict=True):
            rows, held = found[number].rows, found[number].eligible
            if rows[held].tolist() != wanted.tolist() or rows[~held].tolist() != open_rows.tolist():
                raise SystemExit(f"the two ways differ on {bounds[number].policy.id}")
            eligible, unknown = eligible + len(wanted), unknown + len(open_rows)

    def over_parts(decide: Callable[[pl.DataFrame], object]) -> Callable[[], None]:
        def work() -> None:
            for part in parts:
                decide(part)

        return work

    ways = {
        BY_HAND: over_parts(lambda part: decide_by_hand(exprs, needed, part)),
        ZHIDA: over_parts(lambda part: decide_zhida(plan, bounds, part)),
    }
    spent = time_by_turns(ways, repeat=repeat)
    return Raced(spent=spent, eligible=eligible, unknown=unknown, tests=len(plan.predicates))


def decide_zhida(plan: Plan, bounds: Iterable[Bound], part: pl.DataFrame) -> list[Verdicts]:
    """The numbers of each policy's eligible and unknown rows, the part made ready included."""
    types: dict[str, FactType] = {}
    for bound in bounds:
        types |= bound.types
    decided = decide_part(plan, prepare(part, types, types), types)
    return [decided[number] for number in sorted(decided)]
