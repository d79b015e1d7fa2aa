"""What missing facts hold back: whom each keeps from a decision, and how much money at most.

A decision is held by every fact whose arrival could settle it; by one alone where nothing else is
missing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from engine.awarding import prepare_part
from engine.clause_counts import truth_columns, verdict_of
from engine.program import Bound
from engine.waiting import Asked, Group, Held, open_awards, waiting_groups

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
MAX_SETS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldByFact:
    """What one fact holds back: alone, and with others; subjects are counted once.

    `open_awards` are eligible already, but how much they get waits for it.
    """

    fact: str
    kind: str
    alone: Held
    together: Held
    subjects: int
    subjects_alone: int
    open_awards: int
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBySet:
    """What a set of facts holds back that are all of what is missing for these decisions."""

    facts: tuple[str, ...]
    kind: str
    held: Held
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldByReason:
    """Decisions of one policy that something else than a missing fact leaves open.

    `reason` is that of a value without a result: "undefined" where something is divided by zero,
    "no row" of a parameter that holds none. A decision with two reasons counts under each.
    """

    policy: str
    reason: str
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """The work list. `settled_by_no_fact` wait for a day, or for arithmetic with a result."""

    decisions: int
    unknown: int
    by_fact: tuple[HeldByFact, ...]
    by_set: tuple[HeldBySet, ...]
    settled_by_no_fact: int
    by_reason: tuple[HeldByReason, ...] = ()


@dataclass(slots=True, kw_only=True)
class _OfFact:
    alone: Held = field(default_factory=Held)
    together: Held = field(default_factory=Held)
    subjects: int = 0
    subjects_alone: int = 0
    open_awards: int = 0
    policies: set[str] = field(default_factory=set)


class HeldBackTally:
    """Adds up part after part."""

    def __init__(self) -> None:
        self.decisions = 0
        self.unknown = 0
        self.no_fact = 0
        self.asked: Asked = {}
        self.facts: dict[tuple[str, str], _OfFact] = {}
        self.sets: dict[tuple[str, tuple[str, ...]], tuple[Held, set[str]]] = {}
        self.reasons: Counter[tuple[str, str]] = Counter()

    def add(self, bounds: Sequence[Bound], frame: pl.DataFrame, kind: str) -> None:
        """Add a part: `frame` has a column `subject` and one for each fact."""
        part = prepare_part(bounds, frame, kind)
        masks: dict[str, tuple[Mask, Mask]] = {}
        for bound in bounds:
            self.decisions += frame.height
            truths = truth_columns(bound, part.frame, part.prepared)
            verdict = truths.select(verdict_of(bound, truths.columns)).to_series()
            unknown = verdict.is_null().arg_true()
            for group in waiting_groups(bound, part, truths, unknown, self.asked):
                self._add_group(bound, kind, group, masks, frame.height)
            for name, count in open_awards(bound, part, verdict.arg_true()).items():
                fact = self.facts.setdefault((kind, name), _OfFact())
                fact.open_awards += count
                fact.policies.add(bound.policy.id)
        for name, (anyhow, alone) in masks.items():
            fact = self.facts[(kind, name)]
            fact.subjects += int(anyhow.sum())
            fact.subjects_alone += int(alone.sum())

    def _add_group(
        self,
        bound: Bound,
        kind: str,
        group: Group,
        masks: dict[str, tuple[Mask, Mask]],
        height: int,
    ) -> None:
        self.unknown += group.held.decisions
        for reason in group.reasons:
            self.reasons[bound.policy.id, reason] += group.held.decisions
        if not group.missing:
            self.no_fact += group.held.decisions
            return
        alone = len(group.missing) == 1 and group.whole
        for name in group.missing:
            fact = self.facts.setdefault((kind, name), _OfFact())
            fact.policies.add(bound.policy.id)
            if alone:
                fact.alone += group.held
            else:
                fact.together += group.held
            if name not in masks:
                masks[name] = (np.zeros(height, np.bool_), np.zeros(height, np.bool_))
            for mask in masks[name] if alone else masks[name][:1]:
                mask[group.rows] = True
        held, policies = self.sets.get((kind, group.missing), (Held(), set()))
        self.sets[(kind, group.missing)] = (held + group.held, policies | {bound.policy.id})

    def result(self) -> HeldBack:
        """What was found: the facts that alone hold back most come first."""
        by_fact = [
            HeldByFact(
                fact=name,
                kind=kind,
                alone=found.alone,
                together=found.together,
                subjects=found.subjects,
                subjects_alone=found.subjects_alone,
                open_awards=found.open_awards,
                policies=tuple(sorted(found.policies)),
            )
            for (kind, name), found in self.facts.items()
        ]
        by_fact.sort(key=lambda f: (-f.alone.decisions, -f.together.decisions, f.kind, f.fact))
        by_set = [
            HeldBySet(facts=names, kind=kind, held=held, policies=tuple(sorted(policies)))
            for (kind, names), (held, policies) in self.sets.items()
        ]
        by_set.sort(key=lambda s: (-s.held.decisions, s.kind, s.facts))
        return HeldBack(
            decisions=self.decisions,
            unknown=self.unknown,
            by_fact=tuple(by_fact),
            by_set=tuple(by_set[:MAX_SETS]),
            settled_by_no_fact=self.no_fact,
            by_reason=tuple(
                HeldByReason(policy=policy, reason=reason, decisions=count)
                for (policy, reason), count in sorted(self.reasons.items())
            ),
        )


def find_held_back(
    parts: Iterable[tuple[Sequence[Bound], pl.DataFrame, str]],
) -> HeldBack:
    """The work list over parts, each with the policies of its kind of subjects."""
    tally = HeldBackTally()
    for bounds, frame, kind in parts:
        tally.add(bounds, frame, kind)
    return tally.result()
