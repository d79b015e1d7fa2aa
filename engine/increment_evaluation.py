"""A run over an increment of a snapshot, decided for those only for whom something is other.

Decided are subjects whose facts changed, or for whom a test turns with the day, under all
policies, and everybody under policies that changed. All else is taken over from the outcome that
the run stands on, by reference. What comes out has the hash of a run over everybody.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from engine.city_evaluation import (
    KINDS,
    columns_needed,
    name_part,
    origin_of,
)
from engine.day_moves import Moves, facts_of_turned, find_moves, find_turned
from engine.errors import IncrementDiffers, IncrementRefused
from engine.evaluate import bind_audience, evaluate_in_bits
from engine.outcome import (
    Increment,
    Outcome,
    PolicyKey,
    finish_outcome,
    write_replaced,
)
from engine.outcome_parts import SOFTWARE, Part, has_outcome, write_part
from engine.outcome_reading import read_whole
from engine.own_measures import datasets_needed
from engine.paired_parts import AGAIN, ANEW, names_of
from engine.part_outcome import KEY, Counts, PartOutcome, count_part, list_rows
from engine.program import Bound, Program
from engine.same_subjects import subset
from language.frame import flag_columns
from profiles.snapshot import Part as SnapshotPart
from profiles.snapshot import (
    PartFrames,
    Snapshot,
    find_part,
    read_changes,
    read_doubtful,
    read_part,
    read_replaced,
)

MOST_CHAIN = 7
"""Outcomes that stand on one another at most: each makes reading slower."""
FEW = 2_000
"""So many subjects are decided again without asking whether in full would be less work."""
GROUP = 250_000
"""Subjects of several parts that are decided again together at most: what bounds the memory."""
SAMPLE = 500
"""Subjects of each kind that are decided once more in full, to compare."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementDone:
    """An outcome that stands on another: how many subjects were decided again, how many policies
    for everybody, and how many subjects were compared with a decision in full."""

    outcome: Outcome
    again: int
    anew: int
    compared: int


def why_in_full(program: Program, snapshot: Snapshot, base: Outcome, former: Program) -> str | None:
    """Why a run cannot stand on an outcome that `former` was decided in; None where it can."""
    if base.software != SOFTWARE:
        return f"the run before was decided by release {base.software} of Zhida"
    if former.words_hash != program.words_hash:
        return "facts mean something else than in the run before"
    if _steps_to(snapshot, base.origin.snapshot_hash) is None:
        return "the snapshot is no increment of the one that was run over"
    if base.chain >= MOST_CHAIN:
        return f"{MOST_CHAIN} runs stand on one another already"
    if not program.policies:
        return "there are no policies"
    return None


def _steps_to(snapshot: Snapshot, snapshot_hash: str) -> list[Snapshot] | None:
    """The increments from a snapshot back to one, that one not among them."""
    steps, at = [], snapshot
    while at.hash != snapshot_hash:
        if at.base is None:
            return None
        steps.append(at)
        at = at.base
    return steps


def evaluate_increment(
    program: Program,
    snapshot: Snapshot,
    path: Path,
    base: Outcome,
    former: Program,
    *,
    tell: Tell = lambda what, done, several: None,
    sample: int = SAMPLE,
) -> IncrementDone:
    """The outcome of a program over a snapshot, standing on `base`, which `former` was decided in.

    There must be no reason against it (`why_in_full`), and no outcome in `path`. Raises
    IncrementRefused where most subjects are other, and IncrementDiffers, before anything is an
    outcome, where a sample decided in full came out otherwise.
    """
    steps = _steps_to(snapshot, base.origin.snapshot_hash)
    assert steps is not None
    parts: list[Part] = []
    kept: dict[PolicyKey, str] = {}
    replaced: dict[str, pl.Series] = {}
    taken_off: dict[PolicyKey, Counts] = {}
    again = anew = 0
    works = {kind: _Work(program, former, snapshot, steps, base, kind) for kind in KINDS}
    for work in works.values():
        work.check_few()  # of all kinds before anything is decided
    for number, (kind, work) in enumerate(works.items()):
        tell("deciding what is other", number, len(KINDS))
        if not (work.moves.kept or work.moves.anew or work.before):
            continue
        anew += len(work.moves.anew)
        for place, found in enumerate(work.decide_again(), start=1):
            again += found.height
            parts.append(write_part(path, f"{kind}-{AGAIN}-{place:04d}", found))
        for part in snapshot.parts(kind) if work.moves.anew else ():
            name = f"{name_part(kind, part.number)}-{ANEW}"
            parts.append(write_part(path, name, work.decide_anew(part)))
        for bound, was in work.moves.kept:
            key = (kind, was.policy.id, was.policy.version, was.period.name)
            kept[key] = bound.period.name
        replaced[kind] = work.replaced()
        taken_off |= work.taken_off(replaced[kind])
    increment = Increment(
        base=base,
        kept=kept,
        replaced={kind: write_replaced(path, kind, who) for kind, who in replaced.items()},
        taken_off={key: counts for key, counts in taken_off.items() if key in kept},
    )
    draft = Outcome(
        path=path,
        origin=origin_of(program, snapshot),
        parts=tuple(parts),
        parting=snapshot.parting,
        counts={},
        hash="",
        increment=increment,
    )
    tell("comparing a sample decided in full", 0, 1)
    compared = compare_sample(program, snapshot, draft, sample)
    outcome = finish_outcome(
        path, draft.origin, parts, parting=snapshot.parting, increment=increment
    )
    return IncrementDone(outcome=outcome, again=again, anew=anew, compared=compared)


def drop_increment(path: Path) -> None:
    """Take away what an increment that came to nothing has written."""
    if has_outcome(path):
        return
    for kind in KINDS:
        (path / f"replaced-{kind}.parquet").unlink(missing_ok=True)
        for part in [*path.glob(f"parts/{kind}-{AGAIN}-*"), *path.glob(f"parts/{kind}-*-{ANEW}")]:
            shutil.rmtree(part)


class _Work:
    """What is to be decided again of one kind of subjects."""

    def __init__(
        self,
        program: Program,
        former: Program,
        snapshot: Snapshot,
        steps: list[Snapshot],
        base: Outcome,
        kind: str,
    ) -> None:
        self.snapshot, self.steps, self.base, self.kind = snapshot, steps, base, kind
        self.before = bind_audience(former, kind, base.origin.as_of)
        self.moves: Moves = find_moves(bind_audience(program, kind, snapshot.as_of), self.before)
        self.kept: list[Bound] = [bound for bound, _ in self.moves.kept]
        self.columns = columns_needed(self.kept)
        self.datasets = datasets_needed(self.kept)
        self.parts: tuple[SnapshotPart, ...] = snapshot.parts(kind)
        self.who = {part.number: self._find(part) for part in self.parts}

    def _find(self, part: SnapshotPart) -> pl.Series:
        """Who of a part, or who was of it, is to be decided again."""
        found = [pl.Series("subject", [], dtype=pl.String)]
        names = {name.removesuffix("::none") for name in self.columns}
        for step in self.steps:
            mine = find_part(step, part)
            changes = read_changes(step, mine)
            asked = pl.col("fact").is_null() | pl.col("fact").is_in(list(names))
            found.append(changes.filter(asked)["subject"])
            rows = read_replaced(step, mine)
            found.append(rows.filter(pl.col("source").is_in(list(self.datasets)))["subject"])
            if self.datasets and mine.hashes and step.base is not None:
                doubts = [
                    read_doubtful(step, mine),
                    read_doubtful(step.base, find_part(step.base, part)),
                ]
                wanted = pl.col("dataset").is_in(list(self.datasets))
                both = [doubt.filter(wanted) for doubt in doubts]
                for one, other in (both, both[::-1]):
                    found.append(one.join(other, on=one.columns, how="anti")["subject"])
        if self.moves.turned:
            asked_facts = facts_of_turned(self.moves.turned)
            columns = frozenset({*asked_facts, *flag_columns(asked_facts)})
            facts = read_part(self.snapshot, part, datasets=[], columns=columns).facts
            turns = find_turned(self.moves.turned, self.moves.types, facts)
            found.append(facts["subject"].filter(pl.Series(turns)))
        return pl.concat(found).unique().sort()

    def check_few(self) -> None:
        """Raises IncrementRefused where more than half of the subjects are other: deciding all,
        part by part and by all processes, is then less work."""
        other = sum(len(who) for who in self.who.values())
        several = sum(part.subjects for part in self.parts)
        if other > FEW and 2 * other > several:
            raise IncrementRefused(f"{other:,} of {several:,} subjects ({self.kind}) are other")

    def decide_again(self) -> Iterator[PartOutcome]:
        """Those who are other, under the policies that are taken over for everybody else, in
        groups of the parts that they are in."""
        for group in self._groups():
            frames = join_frames(
                [
                    read_part(
                        self.snapshot,
                        part,
                        datasets=self.datasets,
                        columns=self.columns,
                        only=self.who[part.number],
                    )
                    for part in group
                ]
            )
            found, _ = evaluate_in_bits(
                self.kept, frames.facts, self.kind, rows=frames.rows, doubtful=frames.doubtful
            )
            yield found

    def _groups(self) -> Iterator[list[SnapshotPart]]:
        """The parts with somebody who is other, so many together that a group is not too large."""
        group: list[SnapshotPart] = []
        several = 0
        for part in self.parts:
            other = len(self.who[part.number])
            if group and several + other > GROUP:
                yield group
                group, several = [], 0
            if other:
                group.append(part)
                several += other
        if group:
            yield group

    def decide_anew(self, part: SnapshotPart) -> PartOutcome:
        """Everybody of a part under the policies that are not taken over."""
        bounds = list(self.moves.anew)
        frames = read_part(
            self.snapshot,
            part,
            datasets=datasets_needed(bounds),
            columns=columns_needed(bounds),
        )
        found, _ = evaluate_in_bits(
            bounds, frames.facts, self.kind, rows=frames.rows, doubtful=frames.doubtful
        )
        return found

    def replaced(self) -> pl.Series:
        """Whose rows are not taken over: who left is among them."""
        empty = pl.Series("subject", [], dtype=pl.String)
        return pl.concat([empty, *self.who.values()]).unique().sort()

    def taken_off(self, who: pl.Series) -> dict[PolicyKey, Counts]:
        """What those came to who are not taken over."""
        found: dict[PolicyKey, Counts] = {}
        for part in read_whole(self.base, names_of(self.kind)):
            for key, counts in count_part(subset(part, who)).items():
                whose = (self.kind, *key)
                found[whose] = found.get(whose, Counts()) + counts
        return {key: counts for key, counts in found.items() if counts != Counts()}


def join_frames(frames: list[PartFrames]) -> PartFrames:
    """Frames of several parts as one, sorted by subject."""
    names = {name for each in frames for name in each.rows}
    return PartFrames(
        facts=pl.concat([each.facts for each in frames], how="diagonal").sort("subject"),
        rows={
            name: pl.concat(
                [each.rows[name] for each in frames if name in each.rows], how="diagonal"
            ).sort("subject", maintain_order=True)
            for name in sorted(names)
        },
        doubtful=pl.concat([each.doubtful for each in frames]),
    )


def compare_sample(program: Program, snapshot: Snapshot, outcome: Outcome, size: int) -> int:
    """Decide some subjects of one part of each kind in full, and compare; how many there were.

    Who they are is drawn from the snapshot's hash. Raises IncrementDiffers.
    """
    chance = np.random.default_rng(int(snapshot.hash[:15], 16))
    compared = 0
    for kind in KINDS:
        parts = [part for part in snapshot.parts(kind) if part.subjects]
        bounds = bind_audience(program, kind, snapshot.as_of)
        if not parts or not bounds or not size:
            continue
        part = parts[int(chance.integers(len(parts)))]
        subjects = read_part(snapshot, part, datasets=[], columns=()).facts["subject"]
        places = np.sort(chance.choice(len(subjects), min(size, len(subjects)), replace=False))
        chosen = subjects.gather(pl.Series(places))
        frames = read_part(
            snapshot,
            part,
            datasets=datasets_needed(bounds),
            columns=columns_needed(bounds),
            only=chosen,
        )
        full, _ = evaluate_in_bits(
            bounds, frames.facts, kind, rows=frames.rows, doubtful=frames.doubtful
        )
        found = [
            list_rows(subset(some, chosen))
            for some in read_whole(outcome, names_of(kind, part.number))
        ]
        _check_same(list_rows(full), pl.concat([list_rows(full).clear(), *found]))
        compared += len(chosen)
    return compared


def _check_same(full: pl.DataFrame, found: pl.DataFrame) -> None:
    order = [*KEY, "version"]
    one, other = full.sort(order), found.sort(order)
    if one.equals(other):
        return
    differing = pl.concat(
        [
            one.join(other, on=one.columns, how="anti", nulls_equal=True),
            other.join(one, on=one.columns, how="anti", nulls_equal=True),
        ]
    )
    raise IncrementDiffers(
        policies=tuple(sorted(differing["policy"].unique())),
        subjects=differing["subject"].n_unique(),
    )
