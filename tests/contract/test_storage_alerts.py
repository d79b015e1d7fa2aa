"""Alerts and metrics from rows, on both databases: each when it is due, and not a moment before."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, update

from awards.award import award_table
from console.alert import Alert, Kind, Limits
from console.alert_words import NAMES, tell_alert
from console.alerts import FEWEST, find_alerts, has_jumped
from console.metrics import expose_metrics
from engine.brake import Excess, Held
from engine.brake import Figures as BrakeFigures
from engine.run import Run, accept_run, finish_run
from engine.run_instance import change_instance
from engine.run_policy import Decided, settle_policies
from engine.run_record import PolicyFigures, begin_pass, end_pass, keep_figures
from engine.schedule import pause_schedule
from ledger.database import reading
from ledger.journal import record, seal
from notifier.compose import compose_notices
from notifier.notice import delivery_table
from policies.load import load_policies
from tests.schedule_world import add, create, take
from tests.storage_world import (
    ACTOR,
    NOW,
    make_card,
    make_run,
    many_matches,
    minutes_later,
    take_in,
)
from tests.support.policy_texts import vocabulary

DAY = 24 * 60
HELD_TEXT = """
    policy: city
    version: "1"
    title: {zh: 示范补贴, en: Grant of the sample city}
    audience: enterprise
    authority: 示范市人社局
    level: city
    basis: [{document: 示范市补贴办法}]
    effective: {from: 2025-01-01}
    clauses: [{id: large, says: 人数不少于5人, source: 二, when: ui_insured_count >= 5}]
    benefit: {amount: 1000}
"""


def accepted(engine: Engine, snapshot: str = "a", minute: float = 0) -> Run:
    run = make_run(engine, snapshot)
    run = finish_run(
        engine, run.id, outcome_hash="c" * 64, outcome_path=f"outcomes/{run.id}",
        counts={"eligible": 4, "unknown": 1, "decisions": 9}, actor=ACTOR,
        now=minutes_later(minute),
    )  # fmt: skip
    return accept_run(engine, run.id, actor=ACTOR, now=minutes_later(minute))


def alerts(engine: Engine, minute: float, **limits: object) -> list[Alert]:
    with reading(engine) as connection:
        return find_alerts(connection, Limits(**limits), minutes_later(minute))  # type: ignore[arg-type]


def kinds(engine: Engine, minute: float, **limits: object) -> list[str]:
    return [alert.kind for alert in alerts(engine, minute, **limits)]


def metrics(engine: Engine) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(expose_metrics(engine).decode())
        for sample in family.samples
    }


def seal_all(engine: Engine) -> None:
    seal(engine, now=NOW)


def figures(unknown: int, subjects: int = 10_000, policy: str = "elder") -> PolicyFigures:
    return PolicyFigures(
        policy=policy, version="1", title_zh="津贴", title_en="allowance", outside=None,
        subjects=subjects, eligible=7, unknown=unknown, amount_fen=150, open_amounts=2, gained=3,
    )  # fmt: skip


def test_without_any_run_there_is_an_alert_and_no_moment_to_expose(database: Engine) -> None:
    (alert,) = alerts(database, 0)
    assert (alert.kind, alert.since) == ("no run", None)
    assert not [key for key in metrics(database) if "last_accepted" in key[0]]


def test_no_run_for_a_day_is_told_after_a_day(database: Engine) -> None:
    run = accepted(database, minute=5)
    seal_all(database)
    assert kinds(database, DAY + 5) == []
    (alert,) = alerts(database, DAY + 6)
    assert (alert.kind, alert.name, alert.since) == ("no run", run.id, minutes_later(5))
    assert kinds(database, 3 * DAY, without_run=timedelta(days=4)) == []
    found = metrics(database)
    moment = found["zhida_run_last_accepted_timestamp_seconds",]
    assert moment == pytest.approx(minutes_later(5).timestamp())
    assert found["zhida_run_last_accepted_unknown",] == 1


def test_a_run_that_does_not_end_is_told_after_four_hours(database: Engine) -> None:
    run = accepted(database)
    seal_all(database)
    number = begin_pass(database, run, trial=False, now=minutes_later(10))
    assert kinds(database, 10 + 240) == []
    (alert,) = alerts(database, 10 + 241)
    assert (alert.kind, alert.name, alert.since) == ("run unended", run.id, minutes_later(10))
    assert metrics(database)["zhida_run_passes_unended",] == 1
    started = metrics(database)["zhida_run_oldest_unended_start_timestamp_seconds",]
    assert started == minutes_later(10).timestamp()
    end_pass(database, number, now=minutes_later(10), seconds=9.0, content={})
    assert kinds(database, 10 + 241) == []
    assert metrics(database)["zhida_run_passes_unended",] == 0


@pytest.mark.parametrize(
    ("before", "now", "subjects", "jumps"),
    [
        (100, 200, 10_000, True),  # by one percent, to the double
        (100, 199, 10_000, False),  # by less than one percent
        (1_000, 1_500, 10_000, True),  # by half
        (1_000, 1_499, 10_000, False),  # by less than half
        (0, FEWEST, 1_000, True),
        (0, FEWEST - 1, 1_000, False),  # a few
        (200, 100, 10_000, False),
        (0, 0, 0, False),
    ],
)
def test_unknowns_jump_by_a_percent_by_half_and_not_by_a_few(
    before: int, now: int, subjects: int, jumps: bool
) -> None:
    assert has_jumped(figures(now, subjects), figures(before, subjects), Fraction(1, 100)) is jumps


def test_a_jump_is_told_against_the_run_accepted_before(database: Engine) -> None:
    first = accepted(database, "a", minute=1)
    second = accepted(database, "b", minute=2)
    seal_all(database)
    other = figures(5_000, policy="other")
    keep_figures(database, first, [figures(100), other], against=None, now=NOW)
    assert kinds(database, 3) == []
    keep_figures(database, second, [figures(900), other], against=first.id, now=NOW)
    (alert,) = alerts(database, 3)
    assert (alert.kind, alert.name, alert.since) == ("unknowns jumped", "elder", minutes_later(2))
    assert (alert.before, alert.figure) == (0.01, 0.09)
    assert kinds(database, 3, jump=Fraction(9, 100)) == []
    found = metrics(database)
    assert found["zhida_policy_unknown", "elder"] == 900
    assert found["zhida_policy_amount_yuan", "elder"] == 1.5
    assert found["zhida_policy_changes", "gained", "elder"] == 3
    assert found["zhida_policy_info", "elder", "1"] == 1


def test_what_is_unsealed_for_an_hour_is_told_until_it_is_sealed(database: Engine) -> None:
    accepted(database)
    seal_all(database)
    with database.begin() as connection:
        for minute in (10, 30):
            record(connection, kind="test", actor=ACTOR, body={}, now=minutes_later(minute))
    assert kinds(database, 70) == []
    (alert,) = alerts(database, 71)
    assert (alert.kind, alert.since, alert.figure) == ("journal unsealed", minutes_later(10), 2)
    found = metrics(database)
    assert found["zhida_journal_entries_unsealed",] == 2
    oldest = found["zhida_journal_oldest_unsealed_timestamp_seconds",]
    assert oldest == minutes_later(10).timestamp()
    sealed = found["zhida_journal_sealed_entries_total",]
    seal_all(database)
    assert kinds(database, 71) == []
    assert metrics(database)["zhida_journal_sealed_entries_total",] == sealed + 2


def test_deliveries_that_failed_or_wait_are_told_by_channel(database: Engine) -> None:
    take_in(database, many_matches(7))
    accepted(database)
    seal_all(database)
    cards = {"elder-allowance": make_card()}
    assert compose_notices(database, cards, now=NOW, channels=("inbox", "sms")) == 7
    columns = delivery_table.c
    with database.begin() as connection:
        connection.execute(
            update(delivery_table)
            .where(columns.channel == "sms", columns.notice_id <= 3)
            .values(state="failed", ended_at=minutes_later(8), reason="refused")
        )
        connection.execute(
            update(delivery_table)
            .where(columns.channel == "inbox")
            .values(state="sent", ended_at=minutes_later(1))
        )
    (failed,) = alerts(database, 6 * 60)
    assert (failed.kind, failed.name, failed.since) == (
        "deliveries failed", "sms", minutes_later(8),
    )  # fmt: skip
    found = metrics(database)
    assert failed.figure == found["zhida_deliveries", "sms", "failed"] == 3
    assert found["zhida_deliveries", "inbox", "sent"] == 7
    assert kinds(database, 6 * 60, failed=3) == []
    overdue = alerts(database, 6 * 60 + 1, failed=3)
    assert [(a.kind, a.name, a.figure, a.since) for a in overdue] == [
        ("deliveries overdue", "sms", 4, NOW)
    ]
    assert found["zhida_delivery_oldest_due_timestamp_seconds", "sms"] == NOW.timestamp()
    assert ("zhida_delivery_oldest_due_timestamp_seconds", "inbox") not in found


def test_a_policy_that_the_brake_holds_is_told_until_it_is_superseded(
    database: Engine, tmp_path: Path
) -> None:
    text = dedent(HELD_TEXT)
    (tmp_path / "city.yaml").write_text(text, encoding="utf-8")
    (policy,) = load_policies([tmp_path / "city.yaml"], vocabulary()).policies
    over = Held(excesses=(Excess(limit="gained", figure=89, allowed=Fraction(1)),))

    def settle(run: Run, held: Held | None) -> None:
        figures = BrakeFigures(audience=9, reached=9, eligible=9, amount_fen=9, gained=89)
        one = Decided(policy=policy, base_run=None, figures=figures, held=held)
        settle_policies(database, run, [one], actor=ACTOR, now=minutes_later(4))

    settle(accepted(database, "a"), over)
    seal_all(database)
    (alert,) = alerts(database, 5)
    assert (alert.kind, alert.name, alert.since) == ("policy held", "city", minutes_later(4))
    assert alert.figure == 89
    assert metrics(database)["zhida_policies_held",] == 1
    settle(accepted(database, "b"), None)
    seal_all(database)
    assert kinds(database, 5) == []
    assert metrics(database)["zhida_policies_held",] == 0


def test_a_schedule_that_nobody_looks_after_is_told_from_its_first_missed_time(
    database: Engine,
) -> None:
    accepted(database)
    seal_all(database)
    add(database, "hourly", cron="0 * * * *", zone="UTC")  # added at 8:00: due at 9:00
    add(database, "paused", cron="0 * * * *", zone="UTC")
    pause_schedule(database, "paused", actor=ACTOR, now=NOW)
    seal_all(database)
    assert kinds(database, 120) == []
    (alert,) = alerts(database, 121)
    assert (alert.kind, alert.name, alert.since) == ("schedule late", "hourly", minutes_later(60))
    create(database, minutes_later(121))  # somebody looks, and nobody begins
    seal_all(database)
    assert [alert.since for alert in alerts(database, 181)] == [minutes_later(60)]
    found = metrics(database)
    assert found["zhida_schedule_instances", "hourly", "queued"] == 2
    oldest = found["zhida_schedule_oldest_queued_timestamp_seconds", "hourly"]
    assert oldest == minutes_later(60).timestamp()
    assert (found["zhida_schedule_paused", "hourly"], found["zhida_schedule_paused", "paused"]) == (
        0, 1,
    )  # fmt: skip


def test_a_scheduled_run_that_failed_is_told_until_the_next_one_is_done(database: Engine) -> None:
    accepted(database)
    add(database, "hourly", cron="0 * * * *", zone="UTC")
    create(database, minutes_later(60))
    first = take(database, minutes_later(60))
    with database.begin() as connection:
        change_instance(
            connection, first.instance.id, state="failed", attempts=3,
            finished_at=minutes_later(62), reason="no register of 13912345678",
        )  # fmt: skip
    seal_all(database)
    (alert,) = alerts(database, 63)
    assert (alert.kind, alert.name, alert.figure) == ("schedule failed", "hourly", 3)
    assert alert.since == minutes_later(62)
    assert "13912345678" not in alert.detail
    assert "no register" in tell_alert(alert, "en").what
    with database.begin() as connection:
        change_instance(connection, first.instance.id, state="done")
    assert kinds(database, 63) == []
    done = metrics(database)["zhida_schedule_last_done_timestamp_seconds", "hourly"]
    assert done == minutes_later(62).timestamp()


def test_awards_are_counted_by_state(database: Engine) -> None:
    take_in(database, many_matches(5))
    with database.begin() as connection:
        connection.execute(
            update(award_table).where(award_table.c.amount_fen < 10_002).values(state="paid")
        )
    found = metrics(database)
    assert (found["zhida_awards", "opened"], found["zhida_awards", "paid"]) == (3, 2)


def test_stages_and_holds_are_those_of_the_passes(database: Engine) -> None:
    run = accepted(database)
    stages = [("evaluating", 5.0, 4.0), ("sealing", 1.0, 0.5)]
    for repeated in (1.0, 2.0):
        number = begin_pass(database, run, trial=False, now=NOW)
        content = {
            "stages": [
                {"stage": stage, "seconds": seconds * repeated, "processor_seconds": worked}
                for stage, seconds, worked in stages
            ],
            "held": [
                {"policy": "p", "matches": 2 * repeated, "why": ["x"]},
                {"policy": "p", "matches": 1, "why": ["y"]},
            ],
        }
        end_pass(database, number, now=NOW, seconds=6.0, content=content)
    found = metrics(database)
    # a repeated pass reads what was evaluated, and goes on with what follows
    assert found["zhida_run_stage_duration_seconds", "evaluating"] == 5.0
    assert found["zhida_run_stage_duration_seconds", "sealing"] == 3.0
    assert found["zhida_run_stage_processor_seconds", "sealing"] == 1.0
    assert found["zhida_run_last_accepted_duration_seconds",] == 8.0
    assert found["zhida_policy_matches_held", "p"] == found["zhida_matches_held",] == 5


def test_labels_never_carry_a_subject(database: Engine) -> None:
    take_in(database, many_matches(3))
    accepted(database)
    text = expose_metrics(database).decode()
    assert "Raaaaaaaaaaaa" not in text
    allowed = {"state", "stage", "policy", "version", "change", "channel", "schedule"}
    labels = {
        label
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for label in sample.labels
    }
    assert labels <= allowed


@pytest.mark.parametrize("kind", list(NAMES))
def test_every_alert_says_what_why_and_what_to_do_in_both_languages(kind: Kind) -> None:
    alert = Alert(
        kind=kind, name="somewhat", since=NOW, figure=0.5, limit=3, detail="clause-id fails",
        before=0.25,
    )  # fmt: skip
    zh, en = tell_alert(alert, "zh"), tell_alert(alert, "en")
    assert zh.what != en.what
    for told in (zh, en):
        assert told.what
        assert told.why
        assert told.remedy
        assert "{" not in told.what + told.why + told.remedy
    if kind == "clause constant":
        assert "clause-id" in en.what
        assert "everybody fails" in en.what
