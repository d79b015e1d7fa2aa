"""The way through the house: how a delivery becomes a notice, composed from the other packages."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from awards.granted import read_grants
from awards.intake import IntakeReport
from console.braking import Found, PolicyState, brake_run
from console.deciding import IN_FULL, Way, decide_snapshot
from console.errors import NothingThere
from console.following import follow_matches
from console.funding import BudgetReport
from console.holding import Held
from console.run_log import RunLog
from console.run_results import PolicyResult, count_results, figures_of, time_of
from console.settings import Settings, read_key
from engine.errors import IncrementDiffers
from engine.limits_file import read_limits
from engine.linked_policies import link_policies
from engine.outcome import read_outcome
from engine.outcome_reading import read_matches, read_rows
from engine.program import Program
from engine.run import (
    Run,
    accept_run,
    begin_run,
    finish_run,
    last_accepted_run,
    note_differed,
    try_run,
)
from engine.run_act import sign_start
from engine.run_policy import IN_FORCE, refuse_overtaken
from ledger.database import migrate, open_database, reading
from notifier.outbox import DeliveryReport
from policies.adoption import adopt
from policies.load import CATALOGUE, Loaded, load_policies
from policies.publication import Signer
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.snapshot import Snapshot, open_snapshot
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import BUILTIN, builtin_vocabulary, load_vocabulary

ACTOR = "operator"
SAMPLES = 1_000
"""Changes of one policy that a run's report holds at most."""


@contextmanager
def opened_database(settings: Settings) -> Iterator[Engine]:
    """The installation's database, migrated, for the length of a command.

    Raises NotInitialised where there is no home: a mistyped one is not made in silence.
    """
    read_key(settings)
    engine = open_database(settings.database_url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def load_words(vocabulary_files: Sequence[Path] = ()) -> Vocabulary:
    """The built-in vocabulary and datasets, or that of these files beside the built-in ones."""
    datasets = builtin_datasets()
    if not vocabulary_files:
        return builtin_vocabulary(datasets)
    return load_vocabulary([*BUILTIN.glob("*.yaml"), *vocabulary_files], datasets)


def load_chosen(
    paths: Sequence[Path], vocabulary: Vocabulary, adopted_by: str | None = None
) -> Loaded:
    """The policies of these files and folders (default: the catalogue), adopted by a region."""
    loaded = load_policies(paths or [CATALOGUE], vocabulary)
    if adopted_by is None:
        return loaded
    return replace(loaded, policies=tuple(adopt(policy, adopted_by) for policy in loaded.policies))


def take_snapshot(
    settings: Settings,
    vocabulary: Vocabulary,
    as_of: date,
    on_progress: Progress | None = None,
    *,
    base: Snapshot | None = None,
    on_anew: Callable[[str], None] | None = None,
    known_on: date | None = None,
) -> Snapshot:
    """Build the snapshot of a day from the releases delivered until then and our own awards.

    `base`, `on_anew` and `known_on` as for `profiles.snapshot_taking.build_snapshot`.
    """
    with opened_database(settings) as engine, reading(engine) as connection:
        grants = read_grants(connection, known_on)
    return build_snapshot(
        releases_root=settings.releases,
        snapshots_root=settings.snapshots,
        datasets=vocabulary.datasets,
        vocabulary=vocabulary,
        as_of=as_of,
        key=read_key(settings),
        on_progress=on_progress,
        made={"grants": grants},
        base=base,
        on_anew=on_anew,
        known_on=known_on,
    )


def newest_snapshot(settings: Settings) -> Snapshot:
    """The snapshot of the latest day. Raises NothingThere where there is none."""
    found = [
        open_snapshot(path)
        for path in sorted(settings.snapshots.glob("*"))
        if (path / "manifest.json").exists()
    ]
    if not found:
        raise NothingThere(
            "there is no snapshot yet (make one with: zhida snapshot; or, for trials, "
            "take a sample city: --sample 3000)"
        )
    latest = max(snapshot.as_of for snapshot in found)
    built = [snapshot for snapshot in found if snapshot.as_of == latest]
    return max(built, key=lambda snapshot: (snapshot.path / "manifest.json").stat().st_mtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run from the first part to the last notice.

    `matches` are those that nothing holds; of a trial no award is opened for them. `again`,
    `in_full` and `differed` are those of `console.deciding.Decided`.
    """

    run: Run
    results: tuple[PolicyResult, ...]
    changes: pl.DataFrame
    change_rows: pl.DataFrame
    first_run: bool
    policies: tuple[PolicyState, ...]
    trial: bool
    matches: int
    decisions: int
    by_reference: int
    again: int | None
    in_full: str
    differed: IncrementDiffers | None
    intake: IntakeReport
    held: tuple[Held, ...]
    budgets: tuple[BudgetReport, ...]
    notices: int
    deliveries: DeliveryReport

    @property
    def policies_held(self) -> tuple[PolicyState, ...]:
        """The policies of which nothing follows, because they changed too much."""
        return tuple(one for one in self.policies if one.state not in IN_FORCE)


def run_once(
    settings: Settings,
    engine: Engine,
    program: Program,
    snapshot: Snapshot,
    *,
    now: datetime,
    on_progress: Progress | None = None,
    trial: bool = False,
    starter: Signer | None = None,
    way: Way = IN_FULL,
) -> RunReport:
    """Evaluate, compare, open awards, tell the recipients; repeated, it goes on where it ended.

    Of policies that the brake holds nothing follows until people have decided. A trial ends before
    the first award: the run stays `evaluated`, no later one is compared with it, and the journal
    says that it was tried. `starter` signs the start; what is held is approved by somebody else.
    """
    tell = on_progress or (lambda what, done, total: None)
    limits = read_limits(settings.limits)  # before an hour of work, not after it
    run = begin_run(
        engine,
        as_of=snapshot.as_of,
        snapshot_hash=snapshot.hash,
        program_hash=program.hash,
        actor=ACTOR,
        now=now,
    )
    if starter is not None and not trial:
        with engine.begin() as connection:
            sign_start(connection, run, starter, now=now)
    if not trial:
        with reading(engine) as connection:
            refuse_overtaken(connection, run, [policy.id for policy in program.policies])
    log = RunLog(engine, run, tell, trial=trial, now=now)
    tell = log.watch
    path = settings.outcomes / run.id
    with reading(engine) as connection:
        before = last_accepted_run(connection)
    previous = None
    if before is not None and before.outcome_path is not None:
        previous = read_outcome(settings.home / before.outcome_path)
    former = None if before is None or previous is None else way.former(before)
    decided = decide_snapshot(
        program, snapshot, path, tell, base=previous, former=former, by=way.by
    )
    outcome = decided.outcome
    if decided.differed is not None:
        note_differed(engine, run, decided.differed, actor=ACTOR, now=now)
    by_reference = sum(part.by_reference for part in decided.parts)
    results = count_results(program, snapshot, outcome)
    decisions = sum(result.subjects for result in results)
    counts = {"eligible": outcome.eligible, "unknown": outcome.unknown, "decisions": decisions}
    run = finish_run(
        engine,
        run.id,
        outcome_hash=outcome.hash,
        outcome_path=str(path.relative_to(settings.home)),
        counts=counts,
        actor=ACTOR,
        now=now,
    )
    tell("comparing with the last accepted run", 0, 1)
    found = [
        Found(
            policy=result.policy,
            audience=result.subjects,
            eligible=result.eligible,
            amount_fen=result.amount_fen,
        )
        for result in results
        if result.outside is None  # what was not decided was not lost
    ]
    braked = brake_run(
        settings,
        engine,
        run,
        found,
        outcome,
        limits=limits,
        actor=ACTOR,
        now=now,
        recorded=not trial,
    )
    moved = {one.policy: one.figures for one in braked.policies}
    log.keep_policies(run, [figures_of(one, moved.get(one.policy.id)) for one in results])
    if trial:
        try_run(engine, run, actor=ACTOR, now=now)
    else:
        run = accept_run(engine, run.id, actor=ACTOR, now=now)
    followed = follow_matches(
        settings,
        engine,
        program,
        read_matches(outcome, braked.going),
        run,
        going=braked.going,
        actor=ACTOR,
        now=now,
        former=snapshot.former,
        tell=tell,
        recorded=not trial,
        beside=read_rows(outcome, _beside_each_other(program)),
        folder=path,
    )
    counts = {"decisions": decisions, "matches": followed.matches, "by_reference": by_reference}
    counts |= {"notices": followed.notices, **asdict(followed.intake)}
    log.end(
        held=followed.held,
        counts=counts | asdict(followed.deliveries),
        parts=[time_of(part) for part in decided.parts if not part.found],
    )
    return RunReport(
        run=run,
        results=results,
        changes=braked.changes,
        change_rows=braked.change_rows,
        first_run=braked.first_run,
        policies=braked.policies,
        trial=trial,
        matches=followed.matches,
        decisions=decisions,
        by_reference=by_reference,
        again=decided.again,
        in_full=decided.in_full,
        differed=decided.differed,
        intake=followed.intake,
        held=followed.held,
        budgets=followed.budgets,
        notices=followed.notices,
        deliveries=followed.deliveries,
    )


def _beside_each_other(program: Program) -> list[str]:
    """The policies that rules of packages or claims ask for."""
    linked = {name for group in link_policies(program.policies) for name in group}
    return sorted(linked | {p.id for p in program.policies if p.terms.stacking is not None})
