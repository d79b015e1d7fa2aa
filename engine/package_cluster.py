"""All subjects of one pattern while their packages are chosen, and what is written of each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from engine.package_pattern import Cap, Pattern, places_in, set_of
from engine.package_rules import PackageRules
from engine.package_solving import Amounts, Problem, Sets, Solution

DECISIONS = ("", "chosen", "lost", "held", "kept")
REASONS = (
    *("", "received", "requires", "highest", "instead", "tie", "cap"),
    *("open", "cap-unsure", "large", "unclear", "cut"),
)
Rows = npt.NDArray[np.int64]
"""Places of subjects in a cluster, or of offers in a frame."""
UNTOLD = -1
"""Where no amount is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What becomes of each offer, by its row in the frame of offers; `said` numbers the texts."""

    decision: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    by: npt.NDArray[np.int32]
    difference: Amounts
    paid: Amounts
    said: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The subjects of one pattern: a row each in `places`, `amounts`, `has` and `grows`.

    The columns are the pattern's offers: where each stands in the frame of offers, what it comes
    to, what an award has, and what the run would add to it.
    """

    pattern: Pattern
    rules: PackageRules
    places: Rows
    amounts: Amounts
    has: Amounts
    grows: Amounts
    found: Found


def begin(size: int) -> Found:
    """Nothing written yet for so many offers."""
    return Found(
        decision=np.zeros(size, dtype=np.int8),
        reason=np.zeros(size, dtype=np.int8),
        by=np.zeros(size, dtype=np.int32),
        difference=np.full(size, UNTOLD, dtype=np.int64),
        paid=np.full(size, UNTOLD, dtype=np.int64),
        said={"[]": 0},
    )


def write(
    cluster: Cluster,
    subjects: Rows,
    offer: int,
    decision: str,
    reason: str = "",
    *,
    by: str = "[]",
    difference: Amounts | None = None,
    paid: Amounts | None = None,
) -> None:
    """Write what becomes of one offer of these subjects."""
    found = cluster.found
    rows = cluster.places[subjects, offer]
    found.decision[rows] = DECISIONS.index(decision)
    found.reason[rows] = REASONS.index(reason)
    found.by[rows] = found.said.setdefault(by, len(found.said))
    if difference is not None:
        found.difference[rows] = difference
    if paid is not None:
        found.paid[rows] = paid


def name_offers(pattern: Pattern, members: int) -> str:
    """Offers as a JSON list of policy and period."""
    nodes = [pattern.nodes[i] for i in places_in(members)]
    return json.dumps([list(o) for o in dict.fromkeys((n.policy, n.period) for n in nodes)])


def take(matrix: Amounts, subjects: Rows, offers: list[int]) -> Amounts:
    """A copy of these subjects' rows with the columns of these offers."""
    return matrix[subjects][:, offers]


def measure_caps(cluster: Cluster, subjects: Rows, caps: list[Cap]) -> tuple[Amounts, Amounts]:
    """What each cap leaves beside the awards there are, and what these would still gain of it."""
    room = np.zeros((len(subjects), len(caps)), dtype=np.int64)
    grows = np.zeros((len(subjects), len(caps)), dtype=np.int64)
    for number, cap in enumerate(caps):
        awards = places_in(cap.received)
        has = take(cluster.has, subjects, awards).sum(axis=1)
        room[:, number] = np.maximum(cap.cap_fen - has, 0)
        grows[:, number] = take(cluster.grows, subjects, awards).sum(axis=1)
    return room, grows


def pose_problem(
    pattern: Pattern, offers: list[int], uncertain: int, *, requires: bool, caps: list[Cap]
) -> Problem:
    """The choice between some offers of a pattern, each by its place among them."""
    return Problem(
        size=len(offers),
        conflicts=tuple(to_local(pattern.conflicts[i], offers) for i in offers),
        requires=tuple(
            tuple(to_local(any_of, offers) for any_of in pattern.requires[i] if requires)
            for i in offers
        ),
        caps=tuple(to_local(cap.members, offers) for cap in caps),
        uncertain=to_local(uncertain, offers),
    )


def to_local(members: int, offers: list[int]) -> int:
    """A set of a pattern's offers as places among some of them; the others fall away."""
    return set_of(place for place, i in enumerate(offers) if members >> i & 1)


def to_pattern(members: int, offers: list[int]) -> int:
    """A set of places among some offers as the pattern's offers."""
    return set_of(offers[place] for place in places_in(members))


def unite(sets: Iterable[int]) -> int:
    """All that is in one of the sets."""
    result = 0
    for members in sets:
        result |= members
    return result


def alike(solution: Solution) -> Iterator[tuple[Rows, int, int]]:
    """The subjects for whom the same is chosen whatever comes, and the same in some case."""
    everybody = np.arange(len(solution.always))
    for always, ever, rows in pairs(solution.always, solution.ever, everybody):
        yield rows, always, ever


def pairs(one: Sets, other: Sets, rows: Rows) -> Iterator[tuple[int, int, Rows]]:
    """Each pair of sets that occurs, and the rows where it does."""
    if one.dtype == np.int64:
        frame = pl.DataFrame({"one": one, "other": other, "row": rows})
        groups = frame.group_by("one", "other", maintain_order=True).agg("row")
        for first, second, found in groups.iter_rows():
            yield first, second, np.array(found, dtype=np.int64)
        return
    by_pair: dict[tuple[int, int], list[int]] = {}
    for first, second, row in zip(one, other, rows, strict=True):
        by_pair.setdefault((int(first), int(second)), []).append(int(row))
    for (first, second), places in by_pair.items():
        yield first, second, np.array(places, dtype=np.int64)
