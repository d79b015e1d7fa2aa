"""Who is how far off: of those who fail a policy by one clause alone, by how much.

Only counts are told. A distance is that of an ordered comparison, as a share of its threshold or in
days; what time alone brings about is counted by the day on which it does.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

import polars as pl

from engine.clause_counts import find_one_short
from engine.near_miss import NearMiss, find_near_misses
from engine.program import Bound
from engine.shown_value import unit_of
from engine.telling import Teller
from engine.why_not import wanted_values
from language.frame import facts_of_row
from language.reference import Reference
from policies.policy import leaves_of
from profiles.fact import Vocabulary

Measure = Literal["share", "days", "by time"]
SHARES = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2))
"""Where one band of distances ends, as a share of the threshold; the last band has no end."""
DAYS = (31, 92, 183, 366)
"""Where one band ends in days: about a month, a quarter, half a year, a year."""
MOST = 500
"""So many of those who are one clause short are looked at closely, of each clause and part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A comparison that stands in the way, and how many are how far from it.

    `bands` has one count more than the limits of its measure, SHARES or DAYS. `by time`: it comes
    true by itself so many days after the day of the run.
    """

    measured_zh: str
    measured_en: str
    direction: str  # below, above
    limit_zh: str
    limit_en: str
    measure: Measure
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCount:
    """One clause: `one_short` fail the policy by it alone, of whom `asked` were looked at.

    `several` have more than one comparison in the way, `unmeasured` none that is ordered.
    """

    policy: str
    clause: str
    says_zh: str
    says_en: str
    one_short: int
    asked: int
    several: int
    unmeasured: int
    distances: tuple[Distance, ...]


def count_near(
    bound: Bound, vocabulary: Vocabulary, parts: Iterable[pl.DataFrame]
) -> list[NearCount]:
    """Count over parts: frames with a column `subject` and one for each fact.

    Clauses by which nobody fails alone are left out.
    """
    tally = _Tally(bound, vocabulary)
    for frame in parts:
        tally.add(frame)
    return tally.result()


class _Tally:
    def __init__(self, bound: Bound, vocabulary: Vocabulary) -> None:
        self.bound = bound
        self.teller = Teller(bound, vocabulary, {}, {})
        self.wanted: Mapping[str, bool] = wanted_values(bound.policy.clauses)
        self.one_short: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.several: Counter[str] = Counter()
        self.unmeasured: Counter[str] = Counter()
        self.bands: dict[tuple[str, tuple[str, ...], Measure], list[int]] = {}

    def add(self, frame: pl.DataFrame) -> None:
        found = find_one_short(self.bound, frame)
        for leaf in leaves_of(self.bound.policy.clauses):
            rows = found[leaf.id]
            self.one_short[leaf.id] += rows.len()
            if leaf.when is None:
                self.unmeasured[leaf.id] += rows.len()
                self.asked[leaf.id] += rows.len()
                continue
            for row in frame[rows.head(MOST)].iter_rows(named=True):
                reference = Reference(self.bound.scope, facts_of_row(row, self.bound.types))
                misses = find_near_misses(leaf.when, reference, wanted=self.wanted[leaf.id])
                self.asked[leaf.id] += 1
                if len(misses) == 1:
                    self._count(leaf.id, misses[0])
                elif misses:
                    self.several[leaf.id] += 1
                else:
                    self.unmeasured[leaf.id] += 1

    def _count(self, clause: str, miss: NearMiss) -> None:
        zh, en = self.teller.condition(miss.measured)
        unit = unit_of(miss.measured, self.teller.known)
        limit_zh, limit_en = self.teller.condition(miss.limit, unit)
        measure, band = band_of(miss, self.bound.as_of)
        key = (clause, (zh, en, miss.direction, limit_zh, limit_en), measure)
        limits = SHARES if measure == "share" else DAYS
        self.bands.setdefault(key, [0] * (len(limits) + 1))[band] += 1

    def result(self) -> list[NearCount]:
        return [
            NearCount(
                policy=self.bound.policy.id,
                clause=leaf.id,
                says_zh=leaf.says or leaf.id,
                says_en=leaf.says_en or leaf.id,
                one_short=self.one_short[leaf.id],
                asked=self.asked[leaf.id],
                several=self.several[leaf.id],
                unmeasured=self.unmeasured[leaf.id],
                distances=tuple(
                    Distance(
                        measured_zh=words[0],
                        measured_en=words[1],
                        direction=words[2],
                        limit_zh=words[3],
                        limit_en=words[4],
                        measure=measure,
                        bands=tuple(bands),
                    )
                    for (clause, words, measure), bands in sorted(self.bands.items())
                    if clause == leaf.id
                ),
            )
            for leaf in leaves_of(self.bound.policy.clauses)
            if self.one_short[leaf.id]
        ]


def band_of(miss: NearMiss, as_of: date) -> tuple[Measure, int]:
    """How a distance is measured, and the band it falls into; a limit belongs to its band."""
    if miss.holds_on is not None:
        return "by time", _band(Fraction((miss.holds_on - as_of).days), DAYS)
    if isinstance(miss.threshold, date):
        return "days", _band(miss.gap, DAYS)
    if not miss.threshold:
        return "share", len(SHARES)  # no share of nothing
    return "share", _band(miss.gap / abs(miss.threshold), SHARES)


def _band(value: Fraction, limits: Iterable[Fraction | int]) -> int:
    return sum(value > limit for limit in limits)
