"""Why not: the smallest sets of clauses whose being otherwise would make the subject eligible.

The tree of clauses reads each leaf once, so the sets follow from it by algebra: what must all be
otherwise is joined from every member, what may be otherwise is any one member's. Sets of the
members of one group share no leaf, so every set that arises is minimal, and the smallest of the
whole come from the smallest of its parts (a read-once formula's prime implicants; for the notion
see Reiter 1987, "A theory of diagnosis from first principles").
"""

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

from policies.policy import Clause, Leaf

MAX_SETS = 16
"""So many sets are told; how many there are is told too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Ids that would all have to be otherwise: `change` failed, `settle` are not decided yet."""

    change: tuple[str, ...]
    settle: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """What counts first is how many failed, then how many are open."""
        return len(self.change), len(self.settle)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """The smallest corrections, smallest first, and how many there are in all."""

    corrections: tuple[Correction, ...]
    count: int

    @property
    def bounded(self) -> bool:
        """Whether there are more than are told."""
        return self.count > len(self.corrections)

    @property
    def asks_nothing(self) -> bool:
        """Whether it is as wanted already."""
        return bool(self.corrections) and self.corrections[0].size == (0, 0)


NOTHING = WhyNot(corrections=(Correction(change=(), settle=()),), count=1)
"""Nothing needs to be otherwise."""
IMPOSSIBLE = WhyNot(corrections=(), count=0)
"""Nothing that may change brings it about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of the tree: how many sets to keep, and whether what failed may change."""

    limit: int
    changeable: bool


def find_corrections(
    clauses: Sequence[Clause],
    values: Mapping[str, bool | None],
    *,
    scope: Mapping[str, bool | None],
    alternatives: Mapping[str, bool | None],
    wanted: bool = True,
    changeable: bool = True,
    limit: int = MAX_SETS,
) -> WhyNot:
    """The corrections that make the verdict `wanted`.

    `values` holds every leaf's truth value, `scope` those of the dates and region, which must all
    hold, `alternatives` those of the portions, of which one must (none: nothing is asked). Unless
    `changeable` what is decided stays as it is, and only what is open may come out either way.
    """
    question = _Question(limit=limit, changeable=changeable)
    parts = [_of_test(name, value, wanted, question) for name, value in scope.items()]
    parts += [_of_clause(clause, values, wanted, question) for clause in clauses]
    if alternatives:
        tests = [_of_test(name, value, wanted, question) for name, value in alternatives.items()]
        parts.append(_join(tests, question, every=not wanted))
    return _join(parts, question, every=wanted)


def wanted_values(clauses: Sequence[Clause], *, wanted: bool = True) -> dict[str, bool]:
    """For each leaf the value that brings the verdict nearer to `wanted`."""
    found: dict[str, bool] = {}
    for clause in clauses:
        if isinstance(clause, Leaf):
            found[clause.id] = wanted
        else:
            inner = not wanted if clause.group == "none" else wanted
            found |= wanted_values(clause.members, wanted=inner)
    return found


def _of_test(name: str, value: bool | None, wanted: bool, question: _Question) -> WhyNot:
    if value is wanted:
        return NOTHING
    if value is None:
        return WhyNot(corrections=(Correction(change=(), settle=(name,)),), count=1)
    if not question.changeable:
        return IMPOSSIBLE
    return WhyNot(corrections=(Correction(change=(name,), settle=()),), count=1)


def _of_clause(
    clause: Clause, values: Mapping[str, bool | None], wanted: bool, question: _Question
) -> WhyNot:
    if isinstance(clause, Leaf):
        return _of_test(clause.id, values[clause.id], wanted, question)
    inner = not wanted if clause.group == "none" else wanted
    members = [_of_clause(member, values, inner, question) for member in clause.members]
    # `all` and `none` ask something of every member to hold, `any` of every member to fail
    every = wanted if clause.group in ("all", "none") else not wanted
    return _join(members, question, every=every)


def _join(parts: Sequence[WhyNot], question: _Question, *, every: bool) -> WhyNot:
    """What all of the parts ask together, or what any one of them asks."""
    if every:
        return WhyNot(
            corrections=reduce(lambda a, b: _pairs(a, b, question), parts, NOTHING).corrections,
            count=prod(part.count for part in parts),
        )
    if any(part.asks_nothing for part in parts):
        return NOTHING
    corrections = [correction for part in parts for correction in part.corrections]
    return WhyNot(
        corrections=_smallest(corrections, question),
        count=sum(part.count for part in parts),
    )


def _pairs(left: WhyNot, right: WhyNot, question: _Question) -> WhyNot:
    joined = (
        Correction(change=a.change + b.change, settle=a.settle + b.settle)
        for a, b in itertools.product(left.corrections, right.corrections)
    )
    return WhyNot(corrections=_smallest(joined, question), count=left.count * right.count)


def _smallest(corrections: Iterable[Correction], question: _Question) -> tuple[Correction, ...]:
    # the sizes of joined sets add up, so nothing larger in a part belongs to the smallest whole
    return tuple(heapq.nsmallest(question.limit, corrections, key=lambda found: found.size))
