"""The demonstration: a synthetic city, two deliveries a month apart, two runs, explained."""

import shutil
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from console import show
from console.chosen import choose_program
from console.publishing import prepare_submissions
from console.settings import Settings, make_home, read_account, read_clock
from console.show_explanation import show_explanation
from console.subject import FoundSubject, bounds_for, find_subject
from console.wiring import (
    RunReport,
    load_words,
    opened_database,
    run_once,
    take_snapshot,
)
from engine.explain import explain
from engine.program import Program
from ledger.actor import Role, add_actor
from ledger.database import reading
from ledger.signing import make_private_key, public_key_of, write_private_key
from notifier.channels.inbox import read_inbox
from policies.act import Step
from policies.load import CATALOGUE, load_policies
from policies.publication import Signer, submit, take_step
from profiles.fact import Vocabulary
from profiles.ingest import ingest
from profiles.sample_city import DEFAULT_SEED, write_city
from profiles.snapshot import Snapshot

DELIVERIES = (date(2025, 10, 31), date(2025, 11, 30))
CITY = "990100"
AUTHOR, APPROVER = "示范起草人", "示范审批人"
ACTORS: Mapping[str, tuple[Role, ...]] = {
    AUTHOR: ("author",),
    APPROVER: ("reviewer", "approver", "operator"),
}
RETROACTIVE = "演示所用的交付早于发布日 the demonstration's deliveries are of days before today"


def run_demo(settings: Settings, *, firms: int, residents: int) -> None:
    """Run it in a fresh home: what was in `demo-home` from the last time is removed."""
    home = settings.home.parent / "demo-home"
    if home.exists():
        shutil.rmtree(home)
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'zhida.db'}")
    make_home(settings)
    vocabulary = load_words()
    show.out.rule("[bold]直达 Zhida[/]: the policy finds the person", align="left")
    with opened_database(settings) as engine:
        published = publish_catalogue(settings, engine, vocabulary)
        with reading(engine) as connection:
            program = choose_program(settings, connection, [], vocabulary, day=DELIVERIES[-1])
    show.out.print(
        f"A synthetic city (示范市 {CITY}, a code that is given to nobody) of {firms:,} firms and "
        f"{residents:,} residents,\nand {published} real policies from "
        f"{_short(CATALOGUE)}; for this demonstration the city adopts those of other places.\n"
        f"Only published policies run: {AUTHOR} (author) has submitted them, {APPROVER} (approver) "
        "has\nreviewed, approved and published them, each step signed."
    )
    report: RunReport | None = None
    snapshot: Snapshot | None = None
    for number, day in enumerate(DELIVERIES):
        show.out.print()
        show.out.rule(f"[bold]{number + 1}. Delivery and run of {day}[/]", align="left")
        snapshot = deliver(settings, vocabulary, day, firms, residents)
        with opened_database(settings) as engine, show.progress() as tell:
            now = read_clock() + timedelta(microseconds=number)
            report = run_once(settings, engine, program, snapshot, now=now, on_progress=tell)
        show.show_run(report)
    assert report is not None
    assert snapshot is not None
    subject = explain_two(settings, vocabulary, program, snapshot, report)
    tell_next(home, subject)


def publish_catalogue(settings: Settings, engine: Engine, vocabulary: Vocabulary) -> int:
    """Two invented people take every step with every policy, each with a key of their own.

    The examples of the catalogue are left to `zhida check`, for they take as long as a run.
    """
    prepared = prepare_submissions(load_policies([CATALOGUE], vocabulary), CITY)
    now = read_clock()
    signers = {}
    for name, roles in ACTORS.items():
        private = make_private_key()
        write_private_key(settings.keys / f"{name}.key", private)
        signers[name] = Signer(name=name, private_key=private)
        with engine.begin() as connection:
            add_actor(connection, name, public_key_of(private), roles, by=read_account(), now=now)
    with engine.begin() as connection:
        for one in prepared:
            standing = submit(
                connection,
                one.policy,
                one.files,
                adopted_by=one.adopted_by,
                signer=signers[AUTHOR],
                now=now,
            )
            steps: tuple[Step, ...] = ("reviewed", "approved", "published")
            for step in steps:
                reason = RETROACTIVE if step == "published" else ""
                standing = take_step(
                    connection, standing, step, signer=signers[APPROVER], now=now, reason=reason
                )
    return len(prepared)


def deliver(
    settings: Settings, vocabulary: Vocabulary, day: date, firms: int, residents: int
) -> Snapshot:
    """Write the departments' files of a day, take them in like anybody's, build the snapshot."""
    with tempfile.TemporaryDirectory() as folder, show.progress() as tell:
        report = write_city(
            Path(folder),
            firms=firms,
            residents=residents,
            seed=DEFAULT_SEED,
            as_of=day,
            on_progress=lambda done, total: tell("writing the departments' files", done, total),
        )
        reports = []
        for number, (name, file) in enumerate(sorted(report.files.items())):
            tell("taking in the deliveries", number, len(report.files))
            reports.append(
                ingest(
                    file,
                    vocabulary.datasets[name],
                    root=settings.releases,
                    delivered_on=day,
                )
            )
        built = take_snapshot(settings, vocabulary, day, tell)
    rows = sum(r.release.rows_in for r in reports)
    bad = sum(sum(r.release.reasons.values()) for r in reports)
    show.out.print(f"{len(reports)} department files, {rows:,} rows, {bad:,} of them quarantined")
    show.show_snapshot(built)
    show.out.print()
    return built


def explain_two(
    settings: Settings,
    vocabulary: Vocabulary,
    program: Program,
    snapshot: Snapshot,
    report: RunReport,
) -> str:
    """One firm and one resident, clause by clause in both languages, and an inbox: whose it is.

    In a very small city the second run may find nobody new: then it is nobody's, "".
    """
    wanted = [
        ("enterprise", "e01-job-retention-refund-shandong"),
        ("resident", "r06-disability-subsidies-shanghai"),
    ]
    chosen = [one for kind, policy in wanted if (one := choose_gained(report, kind, policy))]
    show.out.print()
    if not chosen:
        show.out.print("The second run found nobody new: try a larger city (--firms, --residents).")
        show.out.print()
        return ""
    show.out.rule("[bold]3. Why: one firm and one resident[/]", align="left")
    for subject, policy in chosen:
        found = find_subject(settings, snapshot, vocabulary.datasets, subject)
        assert found is not None
        _explain(vocabulary, program, snapshot, found, policy)
    subject, _ = chosen[-1]
    show.out.rule(f"[bold]4. The inbox of {subject}[/]", align="left")
    with opened_database(settings) as engine, reading(engine) as connection:
        messages = read_inbox(connection, subject)
    show.show_inbox(messages[:1], "zh")
    show.show_inbox(messages[:1], "en")
    if len(messages) > 1:
        show.out.print(f"[dim]… and {len(messages) - 1} more[/]")
    show.out.print()
    return subject


def choose_gained(report: RunReport, kind: str, policy: str) -> tuple[str, str] | None:
    """A subject that the second run found newly eligible, and for what; None where nobody is."""
    rows = report.change_rows.filter(
        (pl.col("kind") == kind)
        & (pl.col("change") == "gained")
        & pl.col("amount_fen").is_not_null()
    )
    wanted = rows.filter(pl.col("policy") == policy)
    for row in (wanted if wanted.height else rows).sort("subject").iter_rows(named=True):
        return row["subject"], row["policy"]
    return None


def _explain(
    vocabulary: Vocabulary,
    program: Program,
    snapshot: Snapshot,
    found: FoundSubject,
    policy: str,
) -> None:
    for bound in bounds_for(program, found.kind, snapshot.as_of, policy):
        told = explain(
            bound,
            vocabulary,
            found.facts(bound),
            found.subject,
            found.sources(bound),
            rows=found.rows(bound),
        )
        for language in ("zh", "en"):
            show_explanation(told, language)
            show.out.print()


def tell_next(home: Path, subject: str) -> None:
    """Four things to try."""
    shown = _short(home)
    show.out.rule("[bold]Next[/]", align="left")
    show.out.print(
        f"  .venv/bin/zhida --home {shown} explain {subject or 'SUBJECT'}\n"
        "                                     why somebody has what, and why not the rest\n"
        f"  .venv/bin/zhida check policies/catalogue\n"
        "                                     the policies, with their worked cases run\n"
        f"  .venv/bin/zhida --home {shown} run --trial --policies FILE --adopt {CITY}\n"
        "                                     a copy of a policy of yours, with a number changed\n"
        f"  .venv/bin/zhida --home {shown} policy list\n"
        "                                     who submitted, approved and published what"
    )


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
