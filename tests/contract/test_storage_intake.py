"""Intake: at most one award for a match, under re-runs, races and a broken database."""

import json
import threading
from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, event, exc, insert, text, update

from awards.award import CHUNK, MOST_AWARDS, adjustment_table, award_table
from awards.errors import MatchesRefused
from awards.existing import EXISTING, read_existing
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
    opened_in_journal,
    opened_in_table,
    subject_of,
    take_in,
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
        return EXISTING.to_frame()

    take_in(database, many_matches(4))
    monkeypatch.setattr(awards.intake, "read_existing", look_too_early)
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


def test_transactions_are_small_on_sqlite_for_it_has_one_writer() -> None:
    assert MOST_AWARDS["sqlite"] <= 2_000


@pytest.mark.parametrize(
    ("step", "chunks"),
    [
        (0.0, None),  # by number
        (0.126, 2),  # 0.252 s after two chunks
        (0.3, 1),  # each chunk is too slow already
    ],
)
def test_transactions_end_after_so_many_awards_or_250_ms(
    database: Engine, step: float, chunks: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = database.dialect.name
    monkeypatch.setitem(MOST_AWARDS, "postgresql", 2_000)
    monkeypatch.setitem(CHUNK, "postgresql", 500)
    most = chunks * CHUNK[backend] if chunks else MOST_AWARDS[backend]
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


def test_frames_one_after_the_other_open_what_one_frame_does(database: Engine) -> None:
    take_in(database, many_matches(3))
    frames = [
        many_matches(5),
        many_matches(0),
        pl.concat([many_matches(2, policy="b"), many_matches(3, period="2025-12")]),
        many_matches(5, policy="b")[2:],  # the same policy and period, other subjects
        many_matches(1, policy="c").with_columns(missing=pl.lit("")),
    ]
    told: list[tuple[int, int]] = []
    report = take_in(
        database,
        iter(frames),
        now=minutes_later(1),
        on_progress=lambda *progress: told.append(progress),
        total=14,
    )
    assert report == IntakeReport(opened=11, unchanged=3)
    assert told == sorted(told)
    assert told[-1] == (14, 14)
    assert opened_in_journal(database) == opened_in_table(database)
    assert take_in(database, pl.concat(frames, how="diagonal")) == IntakeReport(unchanged=14)


def test_a_match_in_two_frames_opens_one_award(database: Engine) -> None:
    report = take_in(database, iter([many_matches(4), many_matches(4)]))
    assert report == IntakeReport(opened=4, raced=4)
    assert opened_in_journal(database) == opened_in_table(database)


def test_policies_with_few_matches_share_a_transaction(database: Engine) -> None:
    make_run(database)
    commits: list[object] = []
    event.listen(database, "commit", commits.append)
    matches = pl.concat([many_matches(3, policy=f"policy-{n}") for n in range(50)])
    assert take_in(database, matches).opened == 150
    assert len(commits) == 2  # the other is that of the run


def test_existing_awards_are_read_as_they_are(database: Engine) -> None:
    items = ["", '"', "a,b", 'say "x"', "补贴", "\\N", "NULL", "a\nb", "\r", " ", "0"]
    matches = make_matches(
        *(make_match(number, item=item) for number, item in enumerate(items)),
        make_match(99, amount_fen=None),
        make_match(98, amount_fen=0),
    )
    take_in(database, matches)
    read = read_existing(database, "elder-allowance", "2025-11").sort("id")
    expected = [
        (row.subject, row.item, row.id, row.amount_fen, row.state, row.origin)
        for row in all_rows(database, award_table)
    ]
    assert read.rows() == expected
    assert read.schema == EXISTING
    assert read_existing(database, "elder-allowance", "2025-10").rows() == []
    assert read_existing(database, "elder'--%s", "2025-10").schema == EXISTING


def test_many_existing_awards_are_read_in_portions(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awards.existing.ROWS", 7)
    take_in(database, many_matches(25))
    assert read_existing(database, "elder-allowance", "2025-11").height == 25


def test_no_matches_open_nothing(database: Engine) -> None:
    assert take_in(database, many_matches(0)) == IntakeReport()


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
