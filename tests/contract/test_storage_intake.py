"""Intake: at most one award for a match, under re-runs, races and a broken database."""

import json
import threading
from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine, event, exc, insert, text, update

from awards.award import adjustment_table, award_table
from awards.errors import MatchesRefused
from awards.intake import IntakeReport, open_awards
from ledger.journal import journal_entry
from tests.storage_world import (
    ACTOR,
    NOW,
    all_rows,
    count_rows,
    make_match,
    make_matches,
    make_run,
    many_matches,
    minutes_later,
    subject_of,
    take_in,
)

NATURAL_KEY = ("policy", "subject", "period", "item")


def opened_in_journal(engine: Engine) -> list[tuple[Any, ...]]:
    """Award id, natural key and amount of each opening in the journal."""
    rows = [row for row in all_rows(engine, journal_entry) if row.kind == "award.opened"]
    bodies = [json.loads(row.body) | {"subject": row.subject} for row in rows]
    return sorted(
        tuple(body[name] for name in ("award", *NATURAL_KEY, "amount_fen")) for body in bodies
    )


def opened_in_table(engine: Engine) -> list[tuple[Any, ...]]:
    rows = [row for row in all_rows(engine, award_table) if row.origin == "run"]
    return sorted(
        tuple(row._mapping[name] for name in ("id", *NATURAL_KEY, "amount_fen")) for row in rows
    )


def test_each_match_opens_one_award_with_its_journal_entry(database: Engine) -> None:
    matches = many_matches(5)
    assert take_in(database, matches) == IntakeReport(opened=5)
    rows = all_rows(database, award_table)
    assert {row.subject for row in rows} == set(matches["subject"])
    assert {(row.state, row.origin, row.opened_at) for row in rows} == {("opened", "run", NOW)}
    assert opened_in_journal(database) == opened_in_table(database)


def test_a_second_intake_opens_nothing(database: Engine) -> None:
    take_in(database, many_matches(5))
    before = all_rows(database, award_table)
    assert take_in(database, many_matches(7)) == IntakeReport(opened=2, unchanged=5)
    assert set(before) <= set(all_rows(database, award_table))


def test_an_unchanged_match_of_the_next_month_opens_a_new_award(database: Engine) -> None:
    take_in(database, many_matches(3, period="2025-11"))
    assert take_in(database, many_matches(3, period="2025-12")).opened == 3


def test_a_new_version_of_the_policy_opens_no_second_award(database: Engine) -> None:
    take_in(database, many_matches(3, version="2025.1"))
    assert take_in(database, many_matches(3, version="2025.2")) == IntakeReport(unchanged=3)


def test_items_have_awards_of_their_own(database: Engine) -> None:
    items = make_matches(*(make_match(item=item) for item in ("", "first", "second")))
    assert take_in(database, items).opened == 3


def test_the_database_itself_refuses_a_second_award(database: Engine) -> None:
    take_in(database, many_matches(1))
    award = all_rows(database, award_table)[0]._asdict() | {"id": "another"}
    with database.begin() as connection, pytest.raises(exc.IntegrityError):
        connection.execute(insert(award_table).values(award))


def test_intakes_at_the_same_time_open_each_award_once(open_engine: Callable[[], Engine]) -> None:
    engines = [open_engine() for _ in range(3)]
    make_run(engines[0])
    matches = many_matches(1_500)
    barrier = threading.Barrier(len(engines))
    reports: list[IntakeReport] = []

    def work(engine: Engine) -> None:
        barrier.wait()
        reports.append(take_in(engine, matches))

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count_rows(engines[0], award_table) == 1_500
    assert sum(report.opened for report in reports) == 1_500
    assert [r.opened + r.unchanged + r.raced for r in reports] == [1_500] * 3
    assert opened_in_journal(engines[0]) == opened_in_table(engines[0])


def test_an_award_written_after_our_look_is_left_as_it_is(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import awards.intake

    def look_too_early(*_arguments: object) -> pl.DataFrame:
        return pl.DataFrame(schema=awards.intake._EXISTING)

    take_in(database, many_matches(4))
    monkeypatch.setattr(awards.intake, "_read_existing", look_too_early)
    assert take_in(database, many_matches(5)) == IntakeReport(opened=1, raced=4)
    assert opened_in_journal(database) == opened_in_table(database)


def test_a_different_amount_is_one_adjustment_of_the_same_award(database: Engine) -> None:
    take_in(database, make_matches(make_match(amount_fen=100)))
    higher = make_matches(make_match(amount_fen=150))
    assert take_in(database, higher, snapshot="b") == IntakeReport(adjusted=1)
    assert take_in(database, higher, snapshot="b") == IntakeReport(unchanged=1)
    award = all_rows(database, award_table)[0]
    line = all_rows(database, adjustment_table)
    assert award.amount_fen == 150
    assert [(row.award_id, row.before_fen, row.after_fen) for row in line] == [(award.id, 100, 150)]
    entry = all_rows(database, journal_entry)[-1]
    body = json.loads(entry.body)
    assert (entry.kind, entry.subject) == ("award.adjusted", award.subject)
    assert (body["award"], body["before_fen"], body["amount_fen"]) == (award.id, 100, 150)
    assert body["adjustment"] == line[0].id


def test_an_open_amount_becomes_known_by_an_adjustment(database: Engine) -> None:
    take_in(database, make_matches(make_match(amount_fen=None, missing="ent_size")))
    assert json.loads(all_rows(database, journal_entry)[-1].body)["missing"] == "ent_size"
    known = make_matches(make_match(amount_fen=700))
    assert take_in(database, known, snapshot="b").adjusted == 1
    line = all_rows(database, adjustment_table)[0]
    assert (line.before_fen, line.after_fen) == (None, 700)
    assert all_rows(database, award_table)[0].amount_fen == 700


def test_a_known_amount_stays_when_a_fact_goes_missing(database: Engine) -> None:
    take_in(database, make_matches(make_match(amount_fen=700)))
    gone = make_matches(make_match(amount_fen=None))
    assert take_in(database, gone, snapshot="b") == IntakeReport(reopened=1)
    assert all_rows(database, award_table)[0].amount_fen == 700
    assert all_rows(database, adjustment_table) == []


@pytest.mark.parametrize(
    "settled", [{"state": "paid"}, {"state": "withdrawn"}, {"origin": "imported"}]
)
def test_what_is_settled_is_never_adjusted(database: Engine, settled: dict[str, str]) -> None:
    take_in(database, make_matches(make_match(amount_fen=100)))
    with database.begin() as connection:
        connection.execute(update(award_table).values(**settled))
    higher = make_matches(make_match(amount_fen=150))
    assert take_in(database, higher, snapshot="b") == IntakeReport(settled=1)
    assert all_rows(database, award_table)[0].amount_fen == 100


@pytest.mark.parametrize("meanwhile", ["state = 'paid'", "amount_fen = 150", "amount_fen = 120"])
def test_an_award_changed_after_our_look_is_not_adjusted(database: Engine, meanwhile: str) -> None:
    take_in(database, make_matches(make_match(amount_fen=100)))
    run = make_run(database, "b")

    def change_first(connection: Any) -> None:
        if not connection.get_execution_options().get("zhida_reading"):
            connection.exec_driver_sql(f"UPDATE award SET {meanwhile}")

    event.listen(database, "begin", change_first)
    higher = make_matches(make_match(amount_fen=150))
    report = open_awards(database, higher, run_id=run.id, actor=ACTOR, now=NOW)
    event.remove(database, "begin", change_first)
    assert report == IntakeReport(raced=1)
    assert count_rows(database, adjustment_table) == 0


def ticking(step: float) -> Callable[[], float]:
    ticks = count()
    return lambda: next(ticks) * step


@pytest.mark.parametrize(
    ("step", "most"),
    [
        (0.0, 2_000),  # by number
        (0.126, 1_000),  # 0.252 s after two chunks
        (0.3, 500),  # each chunk is too slow already
    ],
)
def test_transactions_end_after_2000_awards_or_250_ms(
    database: Engine, step: float, most: int
) -> None:
    make_run(database)
    sizes = [0]

    def note(connection: Any) -> None:
        opened = connection.exec_driver_sql("SELECT count(*) FROM award").scalar()
        sizes.append(opened)

    event.listen(database, "commit", note)
    told: list[tuple[int, int]] = []
    report = take_in(
        database,
        many_matches(4_500),
        seconds=ticking(step),
        on_progress=lambda *progress: told.append(progress),
    )
    event.remove(database, "commit", note)
    assert report.opened == 4_500
    written = [after - before for before, after in pairwise(sizes)]
    assert max(written) == most
    assert told == sorted(told)
    assert told[-1] == (4_500, 4_500)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"period": None}, "once"),
        ({"subject": None}, "subject"),
        ({"amount_fen": -1}, "below 0"),
    ],
)
def test_matches_without_a_sense_are_refused_as_a_whole(
    database: Engine, change: dict[str, Any], said: str
) -> None:
    matches = make_matches(make_match(1), make_match(2, **change))
    with pytest.raises(MatchesRefused, match=said):
        take_in(database, matches)
    assert count_rows(database, award_table) == 0


def test_two_matches_for_one_award_are_refused(database: Engine) -> None:
    with pytest.raises(MatchesRefused, match="elder-allowance"):
        take_in(database, make_matches(make_match(1), make_match(1, amount_fen=5)))


def test_amounts_that_are_not_whole_fen_are_refused(database: Engine) -> None:
    matches = many_matches(1).with_columns(pl.col("amount_fen").cast(pl.Float64))
    with pytest.raises(MatchesRefused, match="Float64"):
        take_in(database, matches)


def test_no_matches_open_nothing(database: Engine) -> None:
    assert take_in(database, many_matches(0)) == IntakeReport()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_rolls_back_and_the_rest_follows_later(database: Engine) -> None:
    tight = database
    make_run(tight)

    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 500").close()

    tight.dispose()
    event.listen(tight, "connect", limit)
    with pytest.raises(exc.OperationalError, match="full"):
        take_in(tight, many_matches(6_000))
    opened = opened_in_table(tight)
    assert 0 < len(opened) < 6_000
    assert opened_in_journal(tight) == opened
    event.remove(tight, "connect", limit)
    tight.dispose()
    report = take_in(tight, many_matches(6_000))
    assert report.opened == 6_000 - len(opened)
    assert opened_in_journal(tight) == opened_in_table(tight)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_lost_at_commit_leaves_all_or_nothing(
    database: Engine, postgresql_server: str, moment: str
) -> None:
    make_run(database)
    commits = count(1)

    def lose(connection: Any) -> None:
        if next(commits) != 3:  # the first belongs to the run
            return
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        if moment == "after":  # the commit arrives, its confirmation does not
            connection.exec_driver_sql("COMMIT")
        with psycopg.connect(postgresql_server, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        connection.exec_driver_sql("SELECT 1")  # where the answer would have come

    event.listen(database, "commit", lose)
    with pytest.raises(exc.OperationalError):
        take_in(database, many_matches(5_000))
    event.remove(database, "commit", lose)
    opened = opened_in_table(database)
    assert len(opened) == (2_000 if moment == "before" else 4_000)
    assert opened_in_journal(database) == opened
    assert take_in(database, many_matches(5_000)).unchanged == len(opened)
    assert count_rows(database, award_table) == 5_000
    assert opened_in_journal(database) == opened_in_table(database)


def test_ids_tell_nothing_of_the_subject_and_grow(database: Engine) -> None:
    take_in(database, many_matches(3))
    take_in(database, many_matches(3, period="2025-12"), now=minutes_later(1))
    rows = all_rows(database, award_table)
    assert [row.period for row in rows] == ["2025-11"] * 3 + ["2025-12"] * 3
    assert [row.subject for row in rows] == [subject_of(number) for number in range(3)] * 2
    assert all(len(row.id) == 32 for row in rows)


def test_awards_of_a_run_that_is_not_recorded_are_refused(database: Engine) -> None:
    with pytest.raises(exc.IntegrityError):
        open_awards(database, many_matches(1), run_id="none", actor=ACTOR, now=NOW)
    with database.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM journal_entry")) == 0
