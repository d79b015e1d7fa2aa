"""A policy tried on a snapshot before anybody is told: the sandbox (政策沙盘).

Nothing is written: no run, no award, no notice. One pass over the parts decides the proposal, the
version in force, the values of a sweep, and the months of the year; a test that several of them
share is worked out once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from engine.breakdown import Breakdown, ClassCount, Dimension, dimensions_of
from engine.clause_counts import PolicyCounts, add_counts, count_clauses
from engine.evaluate import split_bounds
from engine.monthly_pace import MonthPace, Pace, bind_months
from engine.own_measures import add_own_measures, datasets_needed
from engine.program import Bound, bind
from engine.side_by_side import (
    add_moves,
    add_standings,
    decide_side_by_side,
    moves_of,
    nobody,
    standing_of,
    turn_between,
)
from engine.version_moves import AFTER, BEFORE, Moves, Standing
from policies.as_if import as_if_in_force
from policies.policy import Policy
from profiles.fact import Vocabulary
from profiles.snapshot import PartFrames, Snapshot, read_part

Tell = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The proposal with other values of parameters; `values` are those, in the order asked."""

    values: tuple[Fraction, ...]
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """What the proposal gives with these values, and what moves against itself unvaried."""

    values: tuple[Fraction, ...]
    standing: Standing
    moves: Moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """All that a proposal does to the subjects of a snapshot.

    `before` is None where nothing of the kind is in force; then all is gained. `valued_on` is the
    day whose values the proposal has: that of the snapshot where it is in force then. `clauses` is
    None where the policy decides rows, so that a clause has no one value for a subject.
    """

    policy: Policy
    baseline: Policy | None
    as_of: date
    valued_on: date
    before: Standing | None
    after: Standing
    moves: Moves
    by_class: Mapping[Dimension, tuple[ClassCount, ...]]
    clauses: PolicyCounts | None
    pace: tuple[MonthPace, ...]
    sweep: tuple[SweepPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """All that is to be decided: the proposal, what is in force, other values, and the months.

    `bounds` are the first three by the names that stand in for their versions.
    """

    policy: Policy
    baseline: Policy | None
    as_of: date
    valued_on: date
    bounds: Mapping[str, Bound]
    months: tuple[Bound, ...]
    variants: tuple[Variant, ...]

    @property
    def asked(self) -> dict[str, Bound]:
        """Every one by the name of its version, the months that are out of force left out."""
        months = {one.policy.version: one for one in self.months if one.outside is None}
        return {**self.bounds, **months}


def plan_simulation(
    policy: Policy,
    baseline: Policy | None,
    vocabulary: Vocabulary,
    as_of: date,
    *,
    variants: Sequence[Variant] = (),
    by_month: bool = True,
) -> SimulationPlan:
    """A proposal beside the version in force, both as if in force on a day.

    The months of the year are decided by the days that the proposal says. A baseline for another
    kind of subjects is left out: whom it stood for cannot be compared one by one.
    """
    if baseline is not None and baseline.audience != policy.audience:
        baseline = None
    opened, valued_on = as_if_in_force(policy, as_of)
    bounds = {AFTER: _bind(opened, policy.id, AFTER, vocabulary, as_of)}
    if baseline is not None:
        before, _ = as_if_in_force(baseline, as_of)
        bounds[BEFORE] = _bind(before, policy.id, BEFORE, vocabulary, as_of)
    for number, variant in enumerate(variants):
        varied, _ = as_if_in_force(variant.policy, as_of)
        bounds[_name(number)] = _bind(varied, policy.id, _name(number), vocabulary, as_of)
    return SimulationPlan(
        policy=policy,
        baseline=baseline,
        as_of=as_of,
        valued_on=valued_on,
        bounds=bounds,
        months=bind_months(policy, vocabulary, valued_on.year) if by_month else (),
        variants=tuple(variants),
    )


def simulate(
    policy: Policy,
    baseline: Policy | None,
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    *,
    variants: Sequence[Variant] = (),
    by_month: bool = True,
    tell: Tell = lambda what, done, total: None,
) -> Simulation:
    """Try a proposal on everybody in a snapshot, as `plan_simulation` says."""
    plan = plan_simulation(
        policy, baseline, vocabulary, snapshot.as_of, variants=variants, by_month=by_month
    )
    parts = list(snapshot.parts(policy.audience))
    wanted = datasets_needed(plan.asked.values())

    def frames() -> Iterator[PartFrames]:
        for number, part in enumerate(parts):
            tell("trying the policy", number, len(parts))
            yield read_part(snapshot, part, datasets=wanted)
        tell("trying the policy", len(parts), len(parts))

    return simulate_frames(plan, frames())


def simulate_frames(plan: SimulationPlan, parts: Iterable[PartFrames]) -> Simulation:
    """Try it on parts of subjects, each part once, whatever their number."""
    kind, bounds = plan.policy.audience, plan.bounds
    standings: dict[str, list[Standing]] = {name: [] for name in bounds}
    moves: dict[str, list[Moves]] = {name: [] for name in bounds if name != BEFORE}
    breakdown, pace = Breakdown(), Pace(plan.months)
    counted = count_clauses(bounds[AFTER], ()) if split_bounds([bounds[AFTER]])[0] else None
    for frames in parts:
        sides = decide_side_by_side(plan.asked, frames, kind)
        for name in bounds:
            standings[name].append(standing_of(sides[name]))
        proposed = sides[AFTER]
        for name in moves:
            side = sides[name]
            before = proposed if name != AFTER else sides.get(BEFORE, nobody(frames.facts.height))
            turn = turn_between(before, side)
            moves[name].append(moves_of(turn, before, side))
            if name == AFTER:
                classes = dimensions_of(kind, frames.facts.columns, plan.as_of)
                breakdown.add(frames.facts, classes, side, turn)
        pace.add(sides)
        if counted is not None:
            facts = add_own_measures([bounds[AFTER]], frames.facts, frames.rows, frames.doubtful)
            counted = add_counts(counted, count_clauses(bounds[AFTER], [facts]))
    return Simulation(
        policy=plan.policy,
        baseline=plan.baseline,
        as_of=plan.as_of,
        valued_on=plan.valued_on,
        before=add_standings(standings[BEFORE]) if BEFORE in standings else None,
        after=add_standings(standings[AFTER]),
        moves=add_moves(moves[AFTER]),
        by_class=breakdown.result(),
        clauses=counted,
        pace=pace.result() if plan.months else (),
        sweep=tuple(
            SweepPoint(
                values=variant.values,
                standing=add_standings(standings[_name(number)]),
                moves=add_moves(moves[_name(number)]),
            )
            for number, variant in enumerate(plan.variants)
        ),
    )


def _bind(policy: Policy, one_id: str, version: str, vocabulary: Vocabulary, as_of: date) -> Bound:
    """Under one id, so that the outcomes can be compared."""
    return bind(replace(policy, id=one_id, version=version), vocabulary, as_of)


def _name(number: int) -> str:
    return f"value {number:03d}"
