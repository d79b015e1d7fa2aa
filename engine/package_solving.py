"""The best set of offers, exactly: for all subjects of one pattern at once, or one by one.

The best is the one with the greatest sum of what is paid; of several such the one with more offers;
of several such the one that has the first offer, in the order of policy and period, that they do
not share. So there is always exactly one.

What a cap leaves goes to the highest chosen first; an offer of which it leaves nothing still counts
as one of the set. But what another one requires must be drawn, not in name only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.package_pattern import places_in, set_of

MOST_SETS = 2_000
"""More sets than this are not summed one by one; the search cuts off what cannot be best."""
MOST_TRIED = 20_000
MOST_BITS = 60
"""So many offers fit a whole number of a column; larger sets are searched one by one."""
MOST_STEPS = 300_000
"""A search that is longer is given up, and said to be."""

Amounts = npt.NDArray[np.int64]
Sets = npt.NDArray[np.object_] | npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Offers to choose from, by place; sets are whole numbers with a bit for each place.

    `uncertain` may or may not come, with any amount.
    """

    size: int
    conflicts: tuple[int, ...]
    requires: tuple[tuple[int, ...], ...]
    caps: tuple[int, ...] = ()
    uncertain: int = 0

    @property
    def needed(self) -> int:
        """What is under a cap and required by another offer."""
        required, capped = 0, 0
        for any_ofs in self.requires:
            for any_of in any_ofs:
                required |= any_of
        for cap in self.caps:
            capped |= cap
        return required & capped


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """For each subject: what is chosen whatever comes, and what in some case, as sets.

    `total` and `with_total` (-1: not possible at all), `with_best`: the sum of the best set, and
    sum and set of the best one that has the offer at a place; not worked out with uncertain ones.
    """

    always: Sets
    ever: Sets
    total: Amounts
    with_total: Amounts
    with_best: Sets


def solve(problem: Problem, amounts: Amounts, room: Amounts, grows: Amounts) -> Solution | None:
    """The best sets: a row for each subject, in fen.

    `amounts` has a column for each offer; `room` one for each cap, what it still leaves; `grows`
    what awards under the cap would gain of it after the chosen. None where it would take too long.
    """
    sets = feasible_sets(problem)
    if sets is not None:
        return _solve_by_columns(problem, sets, amounts, room, grows)
    if problem.uncertain:
        return None
    return _search_each(problem, amounts, room, grows)


@lru_cache(maxsize=4_096)
def feasible_sets(problem: Problem) -> tuple[int, ...] | None:
    """All sets that the rules allow and that can be best, the preferred first; None: too many.

    A set is never best if an offer can be added to it, unless a cap then leaves nothing of what is
    required; which of the uncertain ones come is not chosen, so sets are only compared where these
    are the same.
    """
    if problem.size > MOST_BITS:
        return None
    found: list[int] = []
    for tried, members in enumerate(_independent(problem)):
        if tried > MOST_TRIED or len(found) > MOST_SETS:
            return None
        if all(
            any_of & members for place in places_in(members) for any_of in problem.requires[place]
        ):
            found.append(members)
    if not problem.needed:
        found = _maximal(found, problem.uncertain)
    return tuple(sorted(found, key=lambda members: preference(members, problem.size), reverse=True))


def preference(members: int, size: int) -> tuple[int, int]:
    """What decides between sets of one sum: more offers, then the first place not shared."""
    mirrored = int(f"{members:0{size}b}"[::-1], 2) if size else 0
    return members.bit_count(), mirrored


def pay_in_order(amounts: Amounts, room: Amounts) -> Amounts:
    """What a cap leaves of each amount: the highest first, of equal ones the first in order."""
    order = np.argsort(-amounts, axis=1, kind="stable")
    ordered = np.take_along_axis(amounts, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    paid = np.clip(room[:, None] - before, 0, ordered)
    result = np.empty_like(amounts)
    np.put_along_axis(result, order, paid, axis=1)
    return result


def _independent(problem: Problem) -> Iterator[int]:
    """All sets without a conflict, the empty one among them."""
    stack = [(0, 0, 0)]
    while stack:
        place, members, barred = stack.pop()
        if place == problem.size:
            yield members
            continue
        stack.append((place + 1, members, barred))
        if not barred >> place & 1:
            stack.append((place + 1, members | 1 << place, barred | problem.conflicts[place]))


def _maximal(sets: list[int], uncertain: int) -> list[int]:
    """Those of which no other is a superset, among sets that agree in the uncertain ones."""
    kept: list[int] = []
    for members in sorted(sets, key=int.bit_count, reverse=True):
        if not any(
            members & other == members and (members ^ other) & uncertain == 0 for other in kept
        ):
            kept.append(members)
    return kept


def _solve_by_columns(
    problem: Problem, sets: Sequence[int], amounts: Amounts, room: Amounts, grows: Amounts
) -> Solution:
    """Every set's sum as a column; the first of the greatest is kept, as sets come preferred."""
    rows = len(amounts)
    capped = 0
    for cap in problem.caps:
        capped |= cap
    always = np.full(rows, (1 << problem.size) - 1, dtype=np.int64)
    ever = np.zeros(rows, dtype=np.int64)
    total = np.zeros(rows, dtype=np.int64)
    with_total = np.full((rows, problem.size), -1, dtype=np.int64)
    with_best = np.zeros((rows, problem.size), dtype=np.int64)
    cases: dict[int, list[int]] = {}
    for members in sets:
        cases.setdefault(members & problem.uncertain, []).append(members)
    for alike in cases.values():
        best = np.full(rows, -1, dtype=np.int64)
        chosen = np.zeros(rows, dtype=np.int64)
        for members in alike:
            paid = _sum_paid(problem, members, capped, amounts, room, grows)
            better = paid > best
            best[better] = paid[better]
            chosen[better] = members
            if problem.uncertain:
                continue
            for place in places_in(members):
                better = paid > with_total[:, place]
                with_total[better, place] = paid[better]
                with_best[better, place] = members
        always &= chosen
        ever |= chosen
        total = best
    return Solution(
        always=always, ever=ever, total=total, with_total=with_total, with_best=with_best
    )


def _sum_paid(
    problem: Problem,
    members: int,
    capped: int,
    amounts: Amounts,
    room: Amounts,
    grows: Amounts,
) -> Amounts:
    """What a set pays each subject; -1 where a cap leaves nothing of what is required."""
    paid = np.zeros(len(amounts), dtype=np.int64)
    for place in places_in(members & ~capped):
        paid += amounts[:, place]
    drawn = np.ones(len(amounts), dtype=bool)
    for number, cap in enumerate(problem.caps):
        places = places_in(members & cap)
        of_cap = amounts[:, places]
        paid += np.minimum(room[:, number], of_cap.sum(axis=1) + grows[:, number])
        if members & cap & problem.needed:
            left = pay_in_order(of_cap, room[:, number])
            for column, place in enumerate(places):
                if problem.needed >> place & 1:
                    drawn &= (of_cap[:, column] == 0) | (left[:, column] > 0)
    return np.where(drawn, paid, -1)


class _TooLong(Exception):
    """A search has taken more steps than it may."""


def _search_each(
    problem: Problem, amounts: Amounts, room: Amounts, grows: Amounts
) -> Solution | None:
    """One subject after the other, by branch and bound."""
    rows = len(amounts)
    chosen = np.zeros(rows, dtype=object)
    total = np.zeros(rows, dtype=np.int64)
    with_total = np.full((rows, problem.size), -1, dtype=np.int64)
    with_best = np.zeros((rows, problem.size), dtype=object)
    try:
        for row in range(rows):
            search = _Search(
                problem, amounts[row].tolist(), room[row].tolist(), grows[row].tolist()
            )
            total[row], chosen[row] = search.run(0)
            for place in range(problem.size):
                if chosen[row] >> place & 1:
                    with_total[row, place], with_best[row, place] = total[row], chosen[row]
                else:
                    with_total[row, place], with_best[row, place] = search.run(1 << place)
    except _TooLong:
        return None
    return Solution(
        always=chosen, ever=chosen, total=total, with_total=with_total, with_best=with_best
    )


class _Search:
    """Branch and bound over the offers of one subject.

    The bound: of offers that all exclude each other one can be had, the highest; what is under a
    cap gives at most what the cap leaves.
    """

    def __init__(
        self, problem: Problem, amounts: list[int], room: list[int], grows: list[int]
    ) -> None:
        self.problem = problem
        self.amounts = amounts
        self.room = room
        self.grows = grows
        self.cap_of = [
            next((n for n, cap in enumerate(problem.caps) if cap >> i & 1), -1)
            for i in range(problem.size)
        ]
        self.order = sorted(range(problem.size), key=lambda i: (-amounts[i], i))
        self.cliques = self._cover()
        self.steps = 0
        self.best: tuple[int, int, int] = (-1, 0, 0)
        self.found = 0

    def run(self, forced: int) -> tuple[int, int]:
        """The sum and the set of the best that has the forced offers; -1 where there is none."""
        self.steps = 0
        self.best, self.found = (-1, 0, 0), 0
        barred = 0
        for place in places_in(forced):
            barred |= self.problem.conflicts[place]
        if not barred & forced:
            self._branch(forced, set_of(range(self.problem.size)) & ~forced & ~barred)
        return self.best[0], self.found

    def _branch(self, members: int, left: int) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _TooLong
        if not self._drawn(members) or not self._possible(members, left):
            return
        if self._bound(members, left) < self.best:
            return
        if not left:
            value = self._value(members)
            if value > self.best:
                self.best, self.found = value, members
            return
        place = next(i for i in self.order if left >> i & 1)
        rest = left & ~(1 << place)
        self._branch(members | 1 << place, rest & ~self.problem.conflicts[place])
        self._branch(members, rest)

    def _possible(self, members: int, left: int) -> bool:
        """Whether what the members require can still be had."""
        return all(
            any_of & (members | left)
            for place in places_in(members)
            for any_of in self.problem.requires[place]
        )

    def _drawn(self, members: int) -> bool:
        """Whether the caps leave something of each member that another one requires."""
        for number, cap in enumerate(self.problem.caps):
            under = sorted(places_in(members & cap), key=lambda i: (-self.amounts[i], i))
            before = 0
            for i in under:
                needed = self.problem.needed >> i & 1 and self.amounts[i]
                if needed and before >= self.room[number]:
                    return False
                before += self.amounts[i]
        return True

    def _value(self, members: int) -> tuple[int, int, int]:
        return (self._paid(members, []), *preference(members, self.problem.size))

    def _bound(self, members: int, left: int) -> tuple[int, int, int]:
        more = []
        count = members.bit_count()
        for clique in self.cliques:
            if mine := clique & left:
                more.append(max(places_in(mine), key=lambda i: self.amounts[i]))
                count += 1
        return self._paid(members, more), count, (1 << self.problem.size) - 1

    def _paid(self, members: int, more: list[int]) -> int:
        paid, under = 0, [0] * len(self.room)
        for place in [*places_in(members), *more]:
            if (number := self.cap_of[place]) < 0:
                paid += self.amounts[place]
            else:
                under[number] += self.amounts[place]
        for number, whole in enumerate(under):
            paid += min(self.room[number], whole + self.grows[number])
        return paid

    def _cover(self) -> list[int]:
        """All offers in sets whose members all exclude each other and share a cap, or none."""
        cliques: list[int] = []
        for place in self.order:
            for number, clique in enumerate(cliques):
                first = places_in(clique)[0]
                if (
                    clique & self.problem.conflicts[place] == clique
                    and self.cap_of[first] == self.cap_of[place]
                ):
                    cliques[number] |= 1 << place
                    break
            else:
                cliques.append(1 << place)
        return cliques
