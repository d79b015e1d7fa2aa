"""Metrics for Prometheus, read from the database: any process that asks tells the same.

Names follow Prometheus' conventions: base units, `_total` for what only grows, moments as seconds
since 1970. Labels are names of policies, stages, states and channels, never anybody's.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine, func, select

from awards.award import award_table
from console.run_report import stage_times
from engine.run import last_accepted_run, run_table
from engine.run_instance import instance_table
from engine.run_policy import list_held
from engine.run_record import (
    Pass,
    RunFigures,
    list_passes,
    list_unended,
    read_figures,
)
from engine.schedule import list_schedules
from ledger.database import reading
from ledger.journal import count_unsealed, oldest_unsealed, read_checkpoint
from notifier.notice import delivery_table

CHANGES = ("gained", "lost", "unsettled", "amount_changed")


class DatabaseMetrics(Collector):
    """All metrics, read anew each time that they are asked for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def collect(self) -> Iterator[Metric]:
        with reading(self.engine) as connection:
            for read in READERS:
                yield from read(connection)


def expose_metrics(engine: Engine) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseMetrics(engine))
    return generate_latest(registry)


def _runs(connection: Connection) -> Iterator[Metric]:
    states = _labelled("zhida_runs", "Runs by state.", "state")
    counts = select(run_table.c.state, func.count()).group_by(run_table.c.state)
    for state, count in sorted(connection.execute(counts)):
        states.add_metric([state], count)
    yield states
    unended = list_unended(connection)
    yield _gauge("zhida_run_passes_unended", "Passes of runs on their way or killed.", len(unended))
    if unended:
        yield _moment(
            "zhida_run_oldest_unended_start_timestamp_seconds",
            "When the oldest of these passes began.",
            unended[0].started_at,
        )


def _last_run(connection: Connection) -> Iterator[Metric]:
    run = last_accepted_run(connection)
    if run is None:
        return
    if run.decided_at is not None:
        yield _moment(
            "zhida_run_last_accepted_timestamp_seconds",
            "When the last run was accepted.",
            run.decided_at,
        )
    yield _moment(
        "zhida_run_last_accepted_as_of_timestamp_seconds",
        "The day whose facts that run decided, at midnight UTC.",
        datetime.combine(run.as_of, time(), UTC),
    )
    for name in ("decisions", "eligible", "unknown"):
        yield _gauge(
            f"zhida_run_last_accepted_{name}",
            f"Of the run accepted last: {name}.",
            run.counts.get(name, 0),
        )
    yield from _times(list_passes(connection, run.id))
    figures = read_figures(connection, run.id)
    if figures is not None:
        yield from _policies(figures)


def _times(passes: list[Pass]) -> Iterator[Metric]:
    """How long each stage of the run took, and what it holds as of its last pass."""
    ended = [one for one in passes if one.ended_at is not None]
    if not ended:
        return
    times = stage_times(ended)
    yield _gauge(
        "zhida_run_last_accepted_duration_seconds",
        "How long that run took: its stages together.",
        sum(passed for _, passed, _ in times),
    )
    seconds = _labelled(
        "zhida_run_stage_duration_seconds", "How long each stage of it took.", "stage"
    )
    worked = _labelled(
        "zhida_run_stage_processor_seconds",
        "Seconds that the process worked in each stage.",
        "stage",
    )
    for name, passed, busy in times:
        seconds.add_metric([name], passed)
        worked.add_metric([name], busy)
    yield from (seconds, worked)
    held = _labelled("zhida_policy_matches_held", "Matches that are held, by policy.", "policy")
    found: dict[str, int] = {}
    for part in ended[-1].content.get("held", []):
        found[part["policy"]] = found.get(part["policy"], 0) + part["matches"]
    for policy, matches in sorted(found.items()):
        held.add_metric([policy], matches)
    yield held
    yield _gauge(
        "zhida_matches_held",
        "Matches of the run accepted last that are held, in all.",
        sum(found.values()),
    )


def _policies(figures: RunFigures) -> Iterator[Metric]:
    decided = [one for one in figures.policies if one.outside is None]
    for name, told in (
        ("subjects", "Subjects that the policy was evaluated for."),
        ("eligible", "Subjects, rows or items that are eligible."),
        ("unknown", "Subjects whose verdict is unknown."),
        ("open_amounts", "Eligible, for an amount that is still open."),
    ):
        family = _labelled(f"zhida_policy_{name}", told, "policy")
        for one in decided:
            family.add_metric([one.policy], getattr(one, name))
        yield family
    yuan = _labelled("zhida_policy_amount_yuan", "The known amounts of a policy.", "policy")
    info = GaugeMetricFamily(
        "zhida_policy_info", "The version that was decided; always 1.", labels=["policy", "version"]
    )
    moved = GaugeMetricFamily(
        "zhida_policy_changes",
        "What is different from the run accepted before.",
        labels=["policy", "change"],
    )
    for one in decided:
        yuan.add_metric([one.policy], one.amount_fen / 100)
        info.add_metric([one.policy, one.version], 1)
        for change in CHANGES:
            moved.add_metric([one.policy, change], getattr(one, change))
    yield from (yuan, info, moved)


def _awards(connection: Connection) -> Iterator[Metric]:
    family = _labelled("zhida_awards", "Awards by state.", "state")
    counts = select(award_table.c.state, func.count()).group_by(award_table.c.state)
    for state, count in sorted(connection.execute(counts)):
        family.add_metric([state], count)
    yield family


def _journal(connection: Connection) -> Iterator[Metric]:
    sealed = CounterMetricFamily("zhida_journal_sealed_entries", "Entries of the journal's chain.")
    sealed.add_metric([], read_checkpoint(connection).sequence)
    yield sealed
    yield _gauge(
        "zhida_journal_entries_unsealed",
        "Entries that no reader sees yet.",
        count_unsealed(connection),
    )
    oldest = oldest_unsealed(connection)
    if oldest is not None:
        yield _moment(
            "zhida_journal_oldest_unsealed_timestamp_seconds",
            "When the oldest unsealed entry was written.",
            oldest,
        )


def _deliveries(connection: Connection) -> Iterator[Metric]:
    columns = delivery_table.c
    family = GaugeMetricFamily(
        "zhida_deliveries", "Deliveries by channel and state.", labels=["channel", "state"]
    )
    counts = select(columns.channel, columns.state, func.count()).group_by(
        columns.channel, columns.state
    )
    for channel, state, count in sorted(connection.execute(counts)):
        family.add_metric([channel, state], count)
    yield family
    due = _labelled(
        "zhida_delivery_oldest_due_timestamp_seconds",
        "When the longest waiting delivery of a channel is or was due.",
        "channel",
    )
    oldest = (
        select(columns.channel, func.min(columns.due_at))
        .where(columns.state == "pending")
        .group_by(columns.channel)
    )
    for channel, moment in sorted(connection.execute(oldest)):
        due.add_metric([channel], moment.timestamp())
    yield due


def _held(connection: Connection) -> Iterator[Metric]:
    yield _gauge(
        "zhida_policies_held",
        "Policies that the brake holds until two people have decided.",
        len(list_held(connection)),
    )


def _schedules(connection: Connection) -> Iterator[Metric]:
    paused = _labelled("zhida_schedule_paused", "1 where a schedule does not fire.", "schedule")
    for schedule in list_schedules(connection):
        paused.add_metric([schedule.name], schedule.paused_at is not None)
    yield paused
    columns = instance_table.c
    family = GaugeMetricFamily(
        "zhida_schedule_instances",
        "Fire times of a schedule by what became of them.",
        labels=["schedule", "state"],
    )
    counts = select(columns.schedule, columns.state, func.count()).group_by(
        columns.schedule, columns.state
    )
    for schedule_name, state, count in sorted(connection.execute(counts)):
        family.add_metric([schedule_name, state], count)
    yield family
    done = _labelled(
        "zhida_schedule_last_done_timestamp_seconds",
        "When a run of this schedule was done last.",
        "schedule",
    )
    queued = _labelled(
        "zhida_schedule_oldest_queued_timestamp_seconds",
        "The oldest fire time of a schedule that waits for a worker.",
        "schedule",
    )
    for metric, moment, state in (
        (done, func.max(columns.finished_at), "done"),
        (queued, func.min(columns.fire_at), "queued"),
    ):
        found = select(columns.schedule, moment).where(columns.state == state)
        for schedule_name, when in sorted(connection.execute(found.group_by(columns.schedule))):
            metric.add_metric([schedule_name], when.timestamp())
    yield from (done, queued)


READERS: tuple[Callable[[Connection], Iterator[Metric]], ...] = (
    _runs,
    _last_run,
    _awards,
    _journal,
    _deliveries,
    _held,
    _schedules,
)
"""What is asked of the database, in this order."""


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _moment(name: str, told: str, moment: datetime) -> Metric:
    return GaugeMetricFamily(name, told, value=moment.timestamp())


def _labelled(name: str, told: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, labels=[label])
