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
from console.errors import NothingThere
from console.following import follow_matches
from console.holding import Held
from console.run_log import RunLog
from console.settings import Settings, read_key
from engine.brake import Figures
from engine.errors import OutcomeRefused
from engine.evaluate import bind_audience, evaluate_part, split_bounds
from engine.limits_file import read_limits
from engine.outcome import (
    OUTCOME_SCHEMA,
    Origin,
    Outcome,
    finish_outcome,
    has_outcome,
    read_matches,
    read_outcome,
    write_part,
)
from engine.outcome import read_parts as read_outcome_parts
from engine.own_measures import datasets_needed
from engine.program import Program
from engine.run import Run, accept_run, begin_run, finish_run, try_run
from engine.run_act import sign_start
from engine.run_policy import IN_FORCE
from engine.run_record import PolicyFigures
from engine.verdicts import plan_verdicts
from ledger.database import migrate, open_database, reading
from notifier.outbox import DeliveryReport
from policies.adoption import adopt
from policies.load import CATALOGUE, Loaded, load_policies
from policies.policy import Policy
from policies.publication import Signer
from profiles.dataset import builtin_datasets
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.snapshot import Snapshot, open_snapshot, read_part
from profiles.snapshot_taking import build_snapshot
from profiles.vocabulary_load import BUILTIN, builtin_vocabulary, load_vocabulary

KINDS = ("enterprise", "resident", "household")
ACTOR = "operator"


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
class PolicyResult:
    """What a run found for one policy."""

    policy: Policy
    outside: str | None
    subjects: int
    eligible: int
    unknown: int
    amount_fen: int
    open_amounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run from the first part to the last notice.

    `matches` are those that nothing holds; of a trial no award is opened for them.
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
    intake: IntakeReport
    held: tuple[Held, ...]
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
    log = RunLog(engine, run, tell, trial=trial, now=now)
    tell = log.watch
    path = settings.outcomes / run.id
    try:
        outcome, by_reference = evaluate_snapshot(program, snapshot, path, tell)
    except OutcomeRefused:
        # somebody ran the same at once and was faster: what is there is what we would have written
        if not has_outcome(path):
            raise
        outcome, by_reference = read_outcome(path), 0
    rows = _all_rows(outcome)
    results = count_results(program, snapshot, rows)
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
        settings, engine, run, found, rows, limits=limits, actor=ACTOR, now=now, recorded=not trial
    )
    moved = {one.policy: one.figures for one in braked.policies}
    log.keep_policies(run, [_figures(one, moved.get(one.policy.id)) for one in results])
    if trial:
        try_run(engine, run, actor=ACTOR, now=now)
    else:
        run = accept_run(engine, run.id, actor=ACTOR, now=now)
    followed = follow_matches(
        settings,
        engine,
        program,
        read_matches(outcome).filter(pl.col("policy").is_in(braked.going)),
        run.id,
        actor=ACTOR,
        now=now,
        former=snapshot.former,
        tell=tell,
        recorded=not trial,
        beside=rows,
        folder=path,
    )
    counts = {"decisions": decisions, "matches": followed.matches, "by_reference": by_reference}
    counts |= {"notices": followed.notices, **asdict(followed.intake)}
    log.end(held=followed.held, counts=counts | asdict(followed.deliveries))
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
        intake=followed.intake,
        held=followed.held,
        notices=followed.notices,
        deliveries=followed.deliveries,
    )


def evaluate_snapshot(
    program: Program, snapshot: Snapshot, path: Path, tell: Progress
) -> tuple[Outcome, int]:
    """The outcome of a program over a snapshot, and how many rows the reference decided.

    An outcome that is there already is read: it would come out the same.
    """
    if has_outcome(path):
        return read_outcome(path), 0
    written = []
    by_reference = 0
    todo = [part for kind in KINDS for part in snapshot.parts(kind)]
    bound = {kind: bind_audience(program, kind, snapshot.as_of) for kind in KINDS}
    plans = {kind: plan_verdicts(split_bounds(bounds)[0]) for kind, bounds in bound.items()}
    for number, part in enumerate(todo):
        tell("evaluating", number, len(todo))
        bounds = bound[part.kind]
        if not bounds:
            continue
        frames = read_part(snapshot, part, datasets=datasets_needed(bounds))
        rows, tally = evaluate_part(
            bounds,
            frames.facts,
            part.kind,
            plan=plans[part.kind],
            rows=frames.rows,
            doubtful=frames.doubtful,
        )
        by_reference += tally.by_reference
        written.append(write_part(path, f"{part.kind}-{part.number:04d}", rows))
    tell("evaluating", len(todo), len(todo))
    origin = Origin(
        as_of=snapshot.as_of,
        snapshot_hash=snapshot.hash,
        policy_hashes={policy.key: policy.content_hash for policy in program.policies},
    )
    return finish_outcome(path, origin, written), by_reference


def count_results(
    program: Program, snapshot: Snapshot, rows: pl.DataFrame
) -> tuple[PolicyResult, ...]:
    """The outcome's rows counted by policy."""
    eligible = pl.col("verdict") == "eligible"
    counted = rows.group_by("policy", "version").agg(
        eligible.sum().alias("eligible"),
        (~eligible).sum().alias("unknown"),
        pl.col("amount_fen").filter(eligible).sum().alias("amount"),
        pl.col("amount_fen").filter(eligible).is_null().sum().alias("open"),
    )
    found = {f"{row['policy']}@{row['version']}": row for row in counted.iter_rows(named=True)}
    sizes = {kind: sum(part.subjects for part in snapshot.parts(kind)) for kind in KINDS}
    results = []
    for policy in program.policies:
        row = found.get(policy.key, {})
        outside = policy.in_force(snapshot.as_of)
        results.append(
            PolicyResult(
                policy=policy,
                outside=outside,
                subjects=0 if outside else sizes[policy.audience],
                eligible=row.get("eligible", 0),
                unknown=row.get("unknown", 0),
                amount_fen=row.get("amount", 0),
                open_amounts=row.get("open", 0),
            )
        )
    return tuple(results)


def _figures(result: PolicyResult, moved: Figures | None) -> PolicyFigures:
    """A policy's result as it is written down; `moved` is what the brake saw of it."""
    policy = result.policy
    figures = PolicyFigures(
        policy=policy.id,
        version=policy.version,
        title_zh=policy.title_zh,
        title_en=policy.title_en or policy.title_zh,
        outside=result.outside,
        subjects=result.subjects,
        eligible=result.eligible,
        unknown=result.unknown,
        amount_fen=result.amount_fen,
        open_amounts=result.open_amounts,
    )
    if moved is None or result.outside is not None:
        return figures
    return replace(
        figures,
        gained=moved.gained,
        lost=moved.lost,
        unsettled=moved.unsettled,
        amount_changed=moved.amount_changed,
        difference_fen=moved.difference_fen,
    )


def _all_rows(outcome: Outcome) -> pl.DataFrame:
    empty = pl.DataFrame(schema=OUTCOME_SCHEMA)
    return pl.concat([empty, *(frame for _, frame in read_outcome_parts(outcome))])
