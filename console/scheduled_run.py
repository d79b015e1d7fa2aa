"""What an instance of a schedule does: the run of `zhida run`, over the snapshot of its day."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from console.chosen import choose_program
from console.deciding import Way
from console.kept_program import find_former, load_kept
from console.machines import choose_by
from console.settings import Settings
from console.wiring import RunReport, load_words, newest_snapshot, run_once, take_snapshot
from engine.claiming import note_progress
from engine.program import Program
from engine.run_instance import Instance
from ledger.database import reading
from profiles.fact import Vocabulary
from profiles.ingest import Progress
from profiles.snapshot import Snapshot, open_snapshot


def perform_run(
    settings: Settings,
    instance: Instance,
    engine: Engine,
    *,
    now: Callable[[], datetime],
    on_progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Build the snapshot of the instance's day where its schedule says so, and run the published
    policies over it.

    An attempt goes on with the snapshot and the policies of the one before: awards that it has
    opened, or a policy published since, would make another run of it.
    """
    options = instance.options
    vocabulary_files = [Path(name) for name in options.vocabulary]
    words = load_words(vocabulary_files)
    snapshot = _find_snapshot(settings, instance, words, on_progress)
    program = _find_program(settings, instance, engine, words, vocabulary_files, snapshot)
    note_progress(engine, instance, {"snapshot": snapshot.hash, "program": program.hash})
    report = run_once(
        settings,
        engine,
        program,
        snapshot,
        now=now(),
        on_progress=on_progress,
        trial=options.trial,
        way=Way(former=lambda run: find_former(settings, run), by=choose_by(settings)),
    )
    return summarise_run(report)


def summarise_run(report: RunReport) -> Mapping[str, Any]:
    """A run in the few figures that its instance keeps."""
    return {
        "run": report.run.id,
        "trial": report.trial,
        "matches": report.matches,
        "opened": report.intake.opened,
        "adjusted": report.intake.adjusted,
        "held": sum(held.matches for held in report.held),
        "policies_held": [state.policy for state in report.policies_held],
        "notices": report.notices,
    }


def _find_snapshot(
    settings: Settings, instance: Instance, words: Vocabulary, on_progress: Progress | None
) -> Snapshot:
    settled = instance.progress.get("snapshot")
    if settled is not None:
        return open_snapshot(settings.snapshots / settled)
    if instance.options.build_snapshot:
        return take_snapshot(settings, words, instance.day, on_progress)
    return newest_snapshot(settings)


def _find_program(
    settings: Settings,
    instance: Instance,
    engine: Engine,
    words: Vocabulary,
    vocabulary_files: list[Path],
    snapshot: Snapshot,
) -> Program:
    settled = instance.progress.get("program")
    if settled is not None:
        return load_kept(settings, settled)
    with reading(engine) as connection:
        return choose_program(
            settings,
            connection,
            [],
            words,
            day=snapshot.as_of,
            vocabulary_files=vocabulary_files,
        )
