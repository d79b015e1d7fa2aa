"""What another day, other versions or other parameters change of the policies of a program.

A policy that stands as it was still means something else on another day where it asks for ages,
dates or periods. Its tests of both days are put side by side: where only some of them differ, only
subjects for whom one of these comes out otherwise have to be decided again; where amounts, rows or
measures of its own hang on the day, everybody has to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.awarding import award_names
from engine.program import Bound
from engine.verdicts import decide_bits, list_tests, plan_predicates
from language.frame import prepare
from language.predicate import Predicate
from language.types import FactType

Turned = tuple[Predicate, Predicate]
"""A test of the former day and the same of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """The policies of one kind of subjects between two days.

    `kept` are taken over for whom nothing turns, each with what it was; `anew` are to be decided
    for everybody. `turned` are the tests of the kept ones that differ.
    """

    kept: tuple[tuple[Bound, Bound], ...]
    anew: tuple[Bound, ...]
    turned: tuple[Turned, ...]

    @property
    def types(self) -> dict[str, FactType]:
        """The types of the facts that the tests ask for."""
        found: dict[str, FactType] = {}
        for bound, _ in self.kept:
            found |= bound.types
        return found


def find_moves(now: Sequence[Bound], before: Sequence[Bound]) -> Moves:
    """The policies of now beside the same of the former day."""
    former = {bound.policy.key: bound for bound in before}
    kept, anew, turned = [], [], set()
    for bound in now:
        was = former.get(bound.policy.key)
        tests = None if was is None else _compare(bound, was)
        if was is None or tests is None:
            anew.append(bound)
        else:
            kept.append((bound, was))
            turned |= tests
    return Moves(kept=tuple(kept), anew=tuple(anew), turned=tuple(sorted(turned, key=repr)))


def _compare(bound: Bound, was: Bound) -> set[Turned] | None:
    """The tests that differ; None where everybody has to be decided again."""
    policy = bound.policy
    if policy.content_hash != was.policy.content_hash or bound.types != was.types:
        return None
    if policy.each is not None or policy.item is not None or bound.own_measures:
        # rows are seen as of the day, and nobody kept which of them come to count when
        return set() if _means_the_same(bound, was) else None
    names = award_names(bound)
    if any(bound.scope.get(name) != was.scope.get(name) for name in names):
        return None
    mine, theirs = list_tests(bound), list_tests(was)
    if len(mine) != len(theirs):
        return None
    found = set()
    for test, former in zip(mine, theirs, strict=True):
        if isinstance(test, Predicate) and isinstance(former, Predicate):
            if test != former:
                found.add((former, test))
        elif test is not former:
            return None
    return found


def _means_the_same(bound: Bound, was: Bound) -> bool:
    return (bound.as_of, bound.period) == (was.as_of, was.period) and (
        bound.scope == was.scope and bound.row_scope == was.row_scope
    )


def find_turned(
    turned: Sequence[Turned], types: Mapping[str, FactType], frame: pl.DataFrame
) -> npt.NDArray[np.bool_]:
    """For whom of a part one of the tests comes out otherwise than on the former day.

    Where no column can hold a test, everybody counts as turned.
    """
    found = np.zeros(frame.height, np.bool_)
    if not turned or not frame.height:
        return found
    predicates = list(dict.fromkeys(test for pair in turned for test in pair))
    numbers = {predicate: number for number, predicate in enumerate(predicates)}
    decided = decide_bits(plan_predicates(predicates), prepare(frame, types, types), types)
    if len(decided) < len(predicates):
        return ~found
    differ = np.zeros_like(decided[0].true)
    for former, test in turned:
        one, other = decided[numbers[former]], decided[numbers[test]]
        differ |= (one.true ^ other.true) | (one.possible ^ other.possible)
    bits = np.unpackbits(differ.view(np.uint8), bitorder="little")[: frame.height]
    turns: npt.NDArray[np.bool_] = bits.astype(np.bool_)
    return turns


def facts_of_turned(turned: Sequence[Turned]) -> frozenset[str]:
    """The facts that the tests ask for."""
    return frozenset(name for pair in turned for test in pair for name in test.given)
