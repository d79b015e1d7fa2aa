"""Questions about everybody in a snapshot: how clauses come out, what missing facts hold back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from engine.city_evaluation import KINDS
from engine.clause_counts import PolicyCounts, count_clauses
from engine.evaluate import bind_audience, split_bounds
from engine.held_back import HeldBack, HeldBackTally, HeldByFact, HeldBySet
from engine.near_counts import NearCount, count_near
from engine.own_measures import add_own_measures, datasets_needed, group_bounds
from engine.program import Bound, Program
from engine.waiting import Held
from profiles.fact import Fact
from profiles.ingest import Progress
from profiles.snapshot import Part, Snapshot, read_part

JUDGED = "judged by "


def count_by_clause(
    program: Program,
    snapshot: Snapshot,
    policy: str | None,
    tell: Progress,
    *,
    sample: int | None = None,
) -> tuple[list[PolicyCounts], list[str]]:
    """The counts of the policies in force on the snapshot's day, or of one of them.

    Also the keys of those left out: policies that decide rows have no one column for a clause.
    `sample`: only so many subjects of each kind.
    """
    found, left_out = [], []
    chosen = [
        (kind, bound)
        for kind in KINDS
        for bound in bind_audience(program, kind, snapshot.as_of)
        if policy in (None, bound.policy.id, bound.policy.key)
    ]
    for number, (kind, bound) in enumerate(chosen):
        tell("counting by clause", number, len(chosen))
        if not split_bounds([bound])[0]:
            left_out.append(bound.policy.key)
            continue
        parts = choose_parts(snapshot, kind, sample)
        found.append(
            count_clauses(bound, (read_facts([bound], snapshot, *chosen) for chosen in parts))
        )
    tell("counting by clause", len(chosen), len(chosen))
    return found, left_out


def count_near_misses(
    program: Program, snapshot: Snapshot, tell: Progress, *, sample: int | None = None
) -> tuple[list[NearCount], list[str]]:
    """How far those are off who fail a policy by one clause alone, and the keys of those left out,
    as for `count_by_clause`."""
    found: list[NearCount] = []
    left_out = []
    bounds = [(kind, b) for kind in KINDS for b in bind_audience(program, kind, snapshot.as_of)]
    for number, (kind, bound) in enumerate(bounds):
        tell("measuring who is near", number, len(bounds))
        if not split_bounds([bound])[0]:
            left_out.append(bound.policy.key)
            continue
        parts = choose_parts(snapshot, kind, sample)
        frames = (read_facts([bound], snapshot, *chosen) for chosen in parts)
        found += count_near(bound, program.vocabulary, frames)
    tell("measuring who is near", len(bounds), len(bounds))
    return found, left_out


def list_held_back(
    program: Program, snapshot: Snapshot, tell: Progress, *, sample: int | None = None
) -> tuple[HeldBack, list[str]]:
    """The work list over every part of the snapshot and every policy in force, and the keys of
    those left out, which decide rows. `sample`: only so many subjects of each kind."""
    tally = HeldBackTally()
    left_out: dict[str, None] = {}
    todo = [chosen for kind in KINDS for chosen in choose_parts(snapshot, kind, sample)]
    for number, (part, most) in enumerate(todo):
        tell("asking what is missing", number, len(todo))
        bounds, apart = split_bounds(bind_audience(program, part.kind, snapshot.as_of))
        left_out |= dict.fromkeys(bound.policy.key for bound in apart)
        for group in group_bounds(bounds):
            tally.add(group, read_facts(group, snapshot, part, most), part.kind)
    tell("asking what is missing", len(todo), len(todo))
    return tally.result(), list(left_out)


def choose_parts(
    snapshot: Snapshot, kind: str, sample: int | None
) -> list[tuple[Part, int | None]]:
    """The parts of a kind, or those that hold its first `sample` subjects, and how many of each.

    Subjects stand in the order of their ids, which are keyed hashes: the first are like the others.
    """
    if sample is None:
        return [(part, None) for part in snapshot.parts(kind)]
    chosen: list[tuple[Part, int | None]] = []
    left = sample
    for part in snapshot.parts(kind):
        if left > 0:
            chosen.append((part, left))
        left -= part.subjects
    return chosen


def read_facts(
    bounds: Sequence[Bound], snapshot: Snapshot, part: Part, most: int | None = None
) -> pl.DataFrame:
    """A part's facts, with those that the policies measure themselves; of its first `most`."""
    frames = read_part(snapshot, part, datasets=datasets_needed(bounds))
    facts = frames.facts if most is None else frames.facts.head(most)
    return add_own_measures(bounds, facts, frames.rows, frames.doubtful)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who could deliver a fact: its labels, its dataset and that dataset's department."""

    label_zh: str
    label_en: str
    dataset: str
    department_zh: str
    department_en: str


def origins(program: Program, snapshot: Snapshot, names: set[str]) -> Mapping[str, Origin]:
    """Where each of these facts would come from; of a judgement the office that judges."""
    vocabulary = program.vocabulary
    known: dict[str, Fact] = {f.name: f for policy in program.policies for f in policy.facts}
    known |= vocabulary.facts
    found = {}
    for name in names:
        office = name.removeprefix(JUDGED) if name.startswith(JUDGED) else ""
        fact = known.get(name)
        source = snapshot.facts.get(name)
        dataset_name = source.dataset if source else ""
        if not dataset_name and fact is not None and fact.measure is not None:
            dataset_name = fact.measure.dataset
        dataset = vocabulary.datasets.get(dataset_name)
        label_zh = f"由{office}认定" if office else fact.label_zh if fact else name
        found[name] = Origin(
            label_zh=label_zh or name,
            label_en=(fact.label_en if fact else "") or name,
            dataset=dataset_name,
            department_zh=dataset.department.zh if dataset else office,
            department_en=(dataset.department.en or dataset.department.zh) if dataset else office,
        )
    return found


def held_back_as_json(
    found: HeldBack, where: Mapping[str, Origin], left_out: Sequence[str]
) -> dict[str, Any]:
    """The work list as plain data; amounts in yuan with two decimals."""
    return {
        "decisions": found.decisions,
        "unknown": found.unknown,
        "settled_by_no_fact": found.settled_by_no_fact,
        "left_out": list(left_out),
        "facts": [fact_as_json(fact, where[fact.fact]) for fact in found.by_fact],
        "sets": [set_as_json(held) for held in found.by_set],
    }


def fact_as_json(fact: HeldByFact, origin: Origin) -> dict[str, Any]:
    """One fact of the work list."""
    return {
        "fact": fact.fact,
        "label_zh": origin.label_zh,
        "label_en": origin.label_en,
        "kind": fact.kind,
        "dataset": origin.dataset,
        "department_zh": origin.department_zh,
        "department_en": origin.department_en,
        "subjects": fact.subjects,
        "subjects_alone": fact.subjects_alone,
        "alone": _held(fact.alone),
        "together": _held(fact.together),
        "open_awards": fact.open_awards,
        "policies": list(fact.policies),
    }


def set_as_json(held: HeldBySet) -> dict[str, Any]:
    """One set of facts of the work list."""
    return {
        "facts": list(held.facts),
        "kind": held.kind,
        "policies": list(held.policies),
        **_held(held.held),
    }


def _held(held: Held) -> dict[str, Any]:
    return {
        "decisions": held.decisions,
        "at_most_yuan": f"{held.amount_fen // 100}.{held.amount_fen % 100:02d}",
        "amount_not_known": held.unpriced,
    }
