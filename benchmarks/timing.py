"""Timing by turns: what else the machine does slows all ways alike, so ratios hold."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one pass: by the clock, and of all processors together."""

    clock: float
    processors: float


def time_once(work: Callable[[], T]) -> tuple[T, Spent]:
    """What the work gives, and what it took."""
    clock, processors = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - clock, time.process_time() - processors)


def time_by_turns(
    ways: Mapping[str, Callable[[], object]], *, repeat: int
) -> dict[str, list[Spent]]:
    """Every way once unmeasured, then `repeat` times one after the other."""
    for work in ways.values():
        work()
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for _ in range(repeat):
        for name, work in ways.items():
            spent[name].append(time_once(work)[1])
    return spent


def least(spent: list[Spent]) -> Spent:
    """The least of each, which other work on the machine disturbed least."""
    return Spent(min(s.clock for s in spent), min(s.processors for s in spent))
