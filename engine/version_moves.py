"""Two versions of a policy tried on one snapshot: who gains, who loses, and the money that moves.

Nothing is written: no run, no award, no notice. Each change that can be made by itself is tried by
itself as well, all in the one pass over the parts that tries the two versions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from engine.changes import diff_outcomes
from engine.evaluate import evaluate_part
from engine.own_measures import datasets_needed
from engine.program import Bound, amounts_of, bind, row_expressions_of
from language.check import check
from language.errors import ConditionRefused
from language.types import Kind
from policies.as_if import as_if_in_force
from policies.difference import Difference
from policies.policy import Policy, leaves_of
from policies.single_change import Part, change_alone, parts_of
from profiles.fact import Vocabulary
from profiles.snapshot import Snapshot, read_part

BEFORE, AFTER = "before", "after"
Tell = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one version gives: how many are eligible or unknown, the money, amounts left open."""

    subjects: int = 0
    eligible: int = 0
    unknown: int = 0
    amount_fen: int = 0
    open_amounts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What becomes of those whom the older version decided.

    `unsettled` were eligible and are unknown; `raised` and `lowered` stay eligible for another
    amount, `reopened` for one that is open on one side. The money is of known amounts.
    """

    gained: int = 0
    lost: int = 0
    unsettled: int = 0
    raised: int = 0
    lowered: int = 0
    reopened: int = 0
    gained_fen: int = 0
    lost_fen: int = 0
    changed_fen: int = 0

    @property
    def difference_fen(self) -> int:
        """How much more the later version pays."""
        return self.gained_fen - self.lost_fen + self.changed_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMoves:
    """What a part of the change does by itself; None where it cannot be made by itself."""

    part: Part
    moves: Moves | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionMoves:
    """All that two versions do to the subjects of a snapshot.

    `old_day` and `new_day` are the days whose values each version has.
    """

    as_of: date
    old_day: date
    new_day: date
    before: Standing
    after: Standing
    moves: Moves
    parts: tuple[PartMoves, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The versions to try on the parts of a snapshot.

    `bounds` are they by the names that stand in for their versions: `before`, `after`, and the
    older one with each of `parts` that can be changed alone.
    """

    as_of: date
    old_day: date
    new_day: date
    bounds: Mapping[str, Bound]
    parts: tuple[Part, ...]


def prepare_trial(difference: Difference, vocabulary: Vocabulary, as_of: date) -> Trial:
    """Both versions as if in force on the day, and the older one with each change alone."""
    old, old_day = as_if_in_force(difference.old, as_of)
    new, new_day = as_if_in_force(difference.new, as_of)
    held = replace(difference, old=old, new=new)
    parts = parts_of(difference)
    variants: dict[str, Policy | None] = {BEFORE: old, AFTER: new}
    variants |= {_name(number): change_alone(held, part) for number, part in enumerate(parts)}
    bounds = {}
    for name, policy in variants.items():
        if policy is not None:
            # one id, so that their outcomes can be compared
            bound = bind(replace(policy, id=old.id, version=name), vocabulary, as_of)
            if name in (BEFORE, AFTER) or _fits_together(bound):
                bounds[name] = bound
    return Trial(as_of=as_of, old_day=old_day, new_day=new_day, bounds=bounds, parts=parts)


def _name(number: int) -> str:
    return f"part {number:03d}"


def _fits_together(bound: Bound) -> bool:
    """Whether every name has a meaning, and of the kind that is needed where it stands."""
    policy = bound.policy
    each = policy.each
    if each is not None and each.dated and policy.effective_at not in each.names:
        return False  # the day of a column decides, which the other version does not have
    tests = [leaf.when for leaf in leaves_of(policy.clauses)]
    tests += [portion.when for portion in policy.portions]
    row_tests = [leaf.when for leaf in leaves_of(policy.each.clauses)] if policy.each else []
    try:
        for test in tests:
            if test is not None and check(test, bound.scope) is not Kind.BOOLEAN:
                return False
        for test in row_tests:
            if test is not None and check(test, bound.row_scope) is not Kind.BOOLEAN:
                return False
        for amount in amounts_of(policy):
            check(amount, bound.scope, amount=True)
        for formula in row_expressions_of(policy):
            check(formula, bound.row_scope, amount=True)
    except ConditionRefused:
        return False
    return bound.names <= bound.scope.keys()


def try_versions(trial: Trial, snapshot: Snapshot, tell: Tell) -> VersionMoves:
    """What both versions give to the subjects of a snapshot, and what moves between them."""
    standings = {name: Standing() for name in (BEFORE, AFTER)}
    moves = {name: Moves() for name in trial.bounds if name != BEFORE}
    sizes: dict[str, int] = {}
    for kind in dict.fromkeys(bound.policy.audience for bound in trial.bounds.values()):
        bounds = [b for b in trial.bounds.values() if b.policy.audience == kind and not b.outside]
        parts = list(snapshot.parts(kind))
        sizes[kind] = sum(part.subjects for part in parts)
        for number, part in enumerate(parts if bounds else ()):
            tell("trying both versions", number, len(parts))
            frames = read_part(snapshot, part, datasets=datasets_needed(bounds))
            rows, _ = evaluate_part(
                bounds, frames.facts, kind, rows=frames.rows, doubtful=frames.doubtful
            )
            found = {name: rows.filter(pl.col("version") == name) for name in trial.bounds}
            for name in standings:
                standings[name] = _add_standing(standings[name], found[name])
            for name in moves:
                # what stands for subjects of another kind was not asked about these
                if name == AFTER or trial.bounds[name].policy.audience == kind:
                    changes = diff_outcomes(found[name], found[BEFORE])
                    moves[name] = _add_moves(moves[name], changes)
    before_kind, after_kind = (trial.bounds[name].policy.audience for name in (BEFORE, AFTER))
    return VersionMoves(
        as_of=trial.as_of,
        old_day=trial.old_day,
        new_day=trial.new_day,
        before=replace(standings[BEFORE], subjects=sizes.get(before_kind, 0)),
        after=replace(standings[AFTER], subjects=sizes.get(after_kind, 0)),
        moves=moves[AFTER],
        parts=tuple(
            PartMoves(part=part, moves=moves.get(_name(number)))
            for number, part in enumerate(trial.parts)
        ),
    )


def _add_standing(standing: Standing, rows: pl.DataFrame) -> Standing:
    eligible = rows.filter(pl.col("verdict") == "eligible")
    return replace(
        standing,
        eligible=standing.eligible + eligible.height,
        unknown=standing.unknown + rows.height - eligible.height,
        amount_fen=standing.amount_fen + int(eligible["amount_fen"].sum()),
        open_amounts=standing.open_amounts + eligible["amount_fen"].null_count(),
    )


def _add_moves(moves: Moves, changes: pl.DataFrame) -> Moves:
    was, now = pl.col("amount_before_fen"), pl.col("amount_fen")
    amount = pl.col("change") == "amount_changed"
    gone = pl.col("change").is_in(["lost", "unsettled"])
    found = changes.select(
        gained=(pl.col("change") == "gained").sum(),
        lost=(pl.col("change") == "lost").sum(),
        unsettled=(pl.col("change") == "unsettled").sum(),
        raised=(amount & (now > was)).sum(),
        lowered=(amount & (now < was)).sum(),
        reopened=(amount & (now.is_null() | was.is_null())).sum(),
        gained_fen=now.filter(pl.col("change") == "gained").sum(),
        lost_fen=was.filter(gone).sum(),
        changed_fen=now.filter(amount).sum() - was.filter(amount).sum(),
    ).row(0, named=True)
    return Moves(**{name: getattr(moves, name) + int(count) for name, count in found.items()})
