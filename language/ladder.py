"""A column's codes against all values that tests compare them with, several at a time.

A range of codes is what lies up to its end and not up to the place before its beginning. Asked one
by one, comparisons take some microseconds each, and threads spend as long again handing over the
interpreter; asked together, each is had once, whichever tests share it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from language.bits import Flags, Words, pack, word_count
from language.coded import MAX_CODES, Coded, Codes
from language.settle import Run, Test

TOGETHER = 8
"""Steps that are compared at once."""
MAX_RUNS = 4
"""Of more ranges than these a table of all codes is quicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The codes of a column that tests ask for, in their order: `steps[n]` is `<= that code`."""

    coded: Coded
    steps: Codes
    places: dict[int, int]

    def climb(self, start: int, stop: int, room: Flags) -> npt.NDArray[np.uint64]:
        """For each step the rows from `start` up to `stop` that are not above it, as words.

        `room` has TOGETHER lines, each at least as long as the rows filled up to whole words; it
        is written over.
        """
        codes = self.coded.codes[start:stop]
        words = word_count(stop - start)
        found = np.empty((len(self.steps), words), np.uint64)
        for first in range(0, len(self.steps), TOGETHER):
            steps = self.steps[first : first + TOGETHER, np.newaxis]
            lines = room[: len(steps), : words * 64]
            lines[:, stop - start :] = False
            np.less_equal(codes, steps, out=lines[:, : stop - start])
            packed = np.packbits(lines, axis=1, bitorder="little")
            found[first : first + len(steps)] = packed.view(np.uint64)
        return found


def make_ladder(coded: Coded, tests: Iterable[Test]) -> Ladder:
    """All steps that the tests of one column need."""
    wanted: set[int] = set()
    first, end = _reach(coded)
    for test in tests:
        for runs in (test.runs, test.unknown or ()):
            if not _is_table(runs, first, end):
                for low, high in runs:
                    wanted.update(step for step in (low - 1, high) if first <= step < end)
    steps = sorted(wanted)
    return Ladder(
        coded=coded,
        steps=np.array(steps, dtype=coded.codes.dtype),
        places={step: place for place, step in enumerate(steps)},
    )


def in_runs(
    runs: tuple[Run, ...], ladder: Ladder, climbed: npt.NDArray[np.uint64], start: int, stop: int
) -> Words:
    """The rows from `start` up to `stop` whose code is in one of the runs."""
    first, end = _reach(ladder.coded)
    words = word_count(stop - start)
    if _is_table(runs, first, end):
        table = np.zeros(end - first + 1, np.bool_)
        for low, high in runs:
            table[low - first : high - first + 1] = True
        return pack(np.take(table, ladder.coded.codes[start:stop], mode="clip"))
    found: Words | None = None
    for low, high in runs:
        if high < first or low > end:
            continue
        hit = climbed[ladder.places[high]] if high < end else None
        if low > first:
            above = ~climbed[ladder.places[low - 1]]
            hit = above if hit is None else hit & above
        if hit is None:
            hit = np.full(words, ~np.uint64(0))
        found = hit if found is None else found | hit
    return np.zeros(words, np.uint64) if found is None else found


def _reach(coded: Coded) -> Run:
    """The least and the greatest code of a column."""
    if coded.wide:
        return coded.low, coded.low + coded.size - 1
    return 0, coded.size + 1


def _is_table(runs: tuple[Run, ...], first: int, end: int) -> bool:
    return len(runs) > MAX_RUNS and end - first < MAX_CODES
