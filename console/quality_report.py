"""What `zhida quality` tells, gathered: datasets, facts, and what policies need and do not get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from console.errors import NothingThere
from console.kept_program import load_kept
from console.population import list_held_back
from console.settings import Settings
from console.wiring import load_chosen, newest_snapshot, opened_database
from engine.city_evaluation import KINDS
from engine.evaluate import bind_audience
from engine.held_back import HeldByFact
from engine.needed_facts import NeededFact, find_needed
from engine.program import Program, compile_policies
from engine.run import last_accepted_run
from ledger.database import reading
from profiles.dataset import Dataset
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.quality import DatasetQuality, Limits, measure_quality
from profiles.quality_facts import Disagreement, FactQuality, SeenFacts, measure_facts
from profiles.snapshot import Snapshot

OWN_ROWS = "grants"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The quality of an installation's data on a day.

    `facts`, `disagreements` and `snapshot_as_of` are those of the newest snapshot, empty without
    one. `held` says by kind and fact whom it keeps from a decision, None where that was not
    counted.
    """

    as_of: date
    datasets: tuple[DatasetQuality, ...]
    snapshot_as_of: date | None
    facts: tuple[FactQuality, ...]
    disagreements: tuple[Disagreement, ...]
    needed: tuple[NeededFact, ...]
    held: Mapping[tuple[str, str], HeldByFact] | None


def gather_quality(
    settings: Settings,
    words: Vocabulary,
    names: Sequence[str],
    as_of: date,
    *,
    policies: Sequence[Path] = (),
    adopt: str | None = None,
    count: bool = False,
    tell: Progress,
) -> QualityReport:
    """Measure the datasets named (default: all), and unless some are named all facts as well.

    `count`: also ask of every subject what its open decisions wait for, which takes as long as a
    run. Needs follow from the policies of the last accepted run, or from those that are named.
    """
    chosen = _choose(words, names)
    measured = []
    for number, dataset in enumerate(chosen):
        tell("measuring datasets", number, len(chosen))
        measured.append(measure_quality(settings.releases, dataset, as_of, Limits()))
    tell("measuring datasets", len(chosen), len(chosen))
    snapshot = None if names else _snapshot_or_none(settings)
    seen = SeenFacts(facts=(), disagreements=())
    if snapshot is not None:
        seen = measure_facts(snapshot, words, tell)
    needed: tuple[NeededFact, ...] = ()
    held = None
    if not names:
        program = _program(settings, words, policies, adopt)
        delivered = {q.dataset.name: q.stale for q in measured if q.newest} | {OWN_ROWS: False}
        bounds = [bound for kind in KINDS for bound in bind_audience(program, kind, as_of)]
        needed = find_needed(bounds, program.vocabulary, delivered)
        if count and snapshot is not None:
            found, _ = list_held_back(program, snapshot, tell)
            held = {(fact.kind, fact.fact): fact for fact in found.by_fact}
    return QualityReport(
        as_of=as_of,
        datasets=tuple(measured),
        snapshot_as_of=snapshot.as_of if snapshot else None,
        facts=seen.facts,
        disagreements=seen.disagreements,
        needed=needed,
        held=held,
    )


def _choose(words: Vocabulary, names: Sequence[str]) -> list[Dataset]:
    unknown = [name for name in names if name not in words.datasets]
    if unknown:
        raise NothingThere(f"there is no dataset {', '.join(unknown)}")
    return [words.datasets[name] for name in sorted(names or words.datasets)]


def _snapshot_or_none(settings: Settings) -> Snapshot | None:
    try:
        return newest_snapshot(settings)
    except NothingThere:
        return None


def _program(
    settings: Settings, words: Vocabulary, policies: Sequence[Path], adopt: str | None
) -> Program:
    """The policies of the last accepted run; those named, or the catalogue, where there is none."""
    if not policies and adopt is None:
        with opened_database(settings) as engine, reading(engine) as connection:
            last = last_accepted_run(connection)
        if last is not None:
            return load_kept(settings, last.program_hash)
    return compile_policies(load_chosen(policies, words, adopt).policies, words)
