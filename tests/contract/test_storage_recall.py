"""Recall: what a mistaken run opened is withdrawn, once, told, and may be opened again."""

from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, insert, select, text, update

import awards.award
from awards.award import adjustment_table, award_table, recall_table
from awards.claims import claim_table
from awards.errors import MatchesRefused
from awards.granted import read_awarded, read_grants
from awards.intake import IntakeReport
from awards.recall import RecallReport, list_to_recover, recall_awards
from awards.standing import read_standing
from engine.run import run_table
from engine.run_policy import run_policy_table
from ledger.database import migrate, reading
from ledger.journal import seal, sealed_entries, verify
from notifier.compose import compose_notices
from notifier.notice import notice_table
from tests.storage_world import (
    ACTOR,
    AS_OF,
    NOW,
    all_rows,
    count_rows,
    make_card,
    make_match,
    make_matches,
    make_run,
    many_matches,
    minutes_later,
    subject_of,
    take_in,
)

POLICY = "elder-allowance"
WHY = "年龄条件写错"


def recall(engine: Engine, snapshot: str = "a", **options: Any) -> RecallReport:
    options = {"policy": POLICY, "now": minutes_later(5), **options}
    run = make_run(engine, snapshot)
    return recall_awards(engine, run_id=run.id, actor=ACTOR, reason=WHY, **options)


def states(engine: Engine) -> dict[str, str]:
    return {row.subject: row.state for row in all_rows(engine, award_table)}


def amounts(engine: Engine) -> dict[str, int | None]:
    return {row.subject: row.amount_fen for row in all_rows(engine, award_table)}


def entries(engine: Engine, *kinds: str) -> list[Any]:
    seal(engine, now=NOW)
    with reading(engine) as connection:
        verify(connection)
        found = sealed_entries(connection, 0)
    return [entry for entry in found if entry.kind in kinds]


def set_state(engine: Engine, number: int, **values: Any) -> None:
    with engine.begin() as connection:
        mine = award_table.c.subject == subject_of(number)
        connection.execute(update(award_table).where(mine).values(**values))


def tell(engine: Engine) -> list[Any]:
    seal(engine, now=NOW)
    compose_notices(engine, {POLICY: make_card()}, now=NOW)
    return all_rows(engine, notice_table)


def test_what_a_run_opened_of_a_policy_is_withdrawn_and_nothing_else(database: Engine) -> None:
    take_in(database, many_matches(3))
    take_in(database, make_matches(make_match(7)), snapshot="b")
    take_in(database, make_matches(make_match(8, policy="other")))
    assert recall(database) == RecallReport(withdrawn=3)
    found = states(database)
    assert [found[subject_of(number)] for number in (0, 1, 2, 7, 8)] == [
        "withdrawn", "withdrawn", "withdrawn", "opened", "opened",
    ]  # fmt: skip
    opened = {e.body["award"]: e for e in entries(database, "award.opened")}
    withdrawn = entries(database, "award.withdrawn")
    assert len(withdrawn) == 3
    for entry in withdrawn:
        before = opened[entry.body["award"]]
        assert entry.subject == before.subject
        assert entry.body["run"] == before.body["run"] == make_run(database).id
        assert entry.body["reason"] == WHY
    with reading(database) as connection:
        assert read_grants(connection)["subject"].to_list() == [subject_of(7), subject_of(8)]


def test_a_recall_may_be_repeated_and_changes_nothing_more(database: Engine) -> None:
    take_in(database, many_matches(3))
    recall(database)
    before = (all_rows(database, award_table), all_rows(database, recall_table))
    assert recall(database) == RecallReport()
    assert (all_rows(database, award_table), all_rows(database, recall_table)) == before
    assert len(entries(database, "award.withdrawn")) == 3


def test_a_recall_cut_off_in_its_middle_is_resumed(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awards.award, "MOST_AWARDS", {"sqlite": 4, "postgresql": 4})
    monkeypatch.setattr(awards.award, "CHUNK", {"sqlite": 2, "postgresql": 2})
    take_in(database, many_matches(11))

    def cut(done: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recall(database, on_progress=cut)
    assert sum(state == "withdrawn" for state in states(database).values()) == 4
    assert len(entries(database, "award.withdrawn")) == 4
    assert recall(database) == RecallReport(withdrawn=7)
    assert set(states(database).values()) == {"withdrawn"}
    assert len(entries(database, "award.withdrawn")) == count_rows(database, recall_table) == 11


def test_what_is_declined_or_closed_stays_and_what_is_paid_is_listed(database: Engine) -> None:
    take_in(database, many_matches(4))
    for number, state in ((0, "declined"), (1, "closed"), (2, "paid")):
        set_state(database, number, state=state)
    assert recall(database) == RecallReport(withdrawn=1)
    recall(database)
    assert [states(database)[subject_of(n)] for n in range(4)] == [
        "declined", "closed", "paid", "withdrawn",
    ]  # fmt: skip
    with reading(database) as connection:
        (paid,) = list_to_recover(connection, make_run(database).id)
    assert (paid.subject, paid.before_fen, paid.paid_fen) == (subject_of(2), None, 10_002)
    (entry,) = entries(database, "award.to-recover")
    assert entry.subject == subject_of(2)
    # the paid one is told nothing: people have to speak to it
    kinds = [row.kind for row in tell(database)]
    assert sorted(kinds) == ["award_opened"] * 4 + ["withdrawn_in_error"]


def test_amounts_that_the_run_adjusted_are_set_back_also_to_open(database: Engine) -> None:
    take_in(database, make_matches(make_match(1), make_match(2, amount_fen=None)))
    later = make_matches(make_match(1, amount_fen=70), make_match(2, amount_fen=80))
    take_in(database, later, snapshot="b", now=minutes_later(1))
    assert recall(database, "b") == RecallReport(set_back=2)
    assert amounts(database) == {subject_of(1): 10_001, subject_of(2): None}
    assert recall(database, "b") == RecallReport()
    rows = [(row.before_fen, row.after_fen) for row in all_rows(database, adjustment_table)]
    assert sorted(rows, key=str) == sorted(
        [(10_001, 70), (None, 80), (70, 10_001), (80, None)], key=str
    )
    told = [row for row in tell(database) if row.kind == "amount_set_back"]
    assert [row.recipient for row in told] == [subject_of(1), subject_of(2)]
    assert "仍为100.01元" in told[0].body_zh
    assert "（0.70元）有误" in told[0].body_zh
    assert "still open, as before" in told[1].body_en
    assert WHY in told[0].body_zh
    # as it was known on the day before the recall
    with reading(database) as connection:
        known = read_grants(connection, AS_OF)
    assert known.is_empty()


def test_an_amount_that_somebody_changed_since_is_left(database: Engine) -> None:
    take_in(database, make_matches(make_match(1)))
    for snapshot, fen in (("b", 70), ("c", 90)):
        later = make_matches(make_match(1, amount_fen=fen))
        take_in(database, later, snapshot=snapshot, now=minutes_later(1))
    assert recall(database, "b") == RecallReport(left=1)
    assert amounts(database) == {subject_of(1): 90}
    assert recall(database, "c") == RecallReport(set_back=1)
    assert amounts(database) == {subject_of(1): 70}


def test_an_award_adjusted_twice_by_one_run_goes_back_to_what_was_before_both(
    database: Engine,
) -> None:
    take_in(database, make_matches(make_match(1)))
    for minute, fen in ((1, 70), (2, 90)):
        later = make_matches(make_match(1, amount_fen=fen))
        take_in(database, later, snapshot="b", now=minutes_later(minute))
    assert recall(database, "b") == RecallReport(set_back=1)
    assert amounts(database) == {subject_of(1): 10_001}


def test_a_later_run_opens_what_was_recalled_once_more_as_the_same_award(
    database: Engine,
) -> None:
    take_in(database, many_matches(2))
    ids = {row.subject: row.id for row in all_rows(database, award_table)}
    recall(database)
    tell(database)
    right = make_matches(make_match(1, amount_fen=33, version="2025.1"))
    assert take_in(database, right, snapshot="b", now=minutes_later(9)).opened == 1
    assert take_in(database, right, snapshot="b", now=minutes_later(9)).unchanged == 1
    rows = {row.subject: row for row in all_rows(database, award_table)}
    again = rows[subject_of(1)]
    assert (again.id, again.state, again.amount_fen) == (ids[subject_of(1)], "opened", 33)
    assert (again.run_id, again.opened_at) == (make_run(database, "b").id, minutes_later(9))
    assert rows[subject_of(0)].state == "withdrawn"
    (entry,) = entries(database, "award.reopened")
    (undone,) = [r for r in all_rows(database, recall_table) if r.award_id == again.id]
    assert entry.body["recall"] == undone.id
    assert undone.reopened_at == minutes_later(9)
    kinds = [row.kind for row in tell(database) if row.recipient == subject_of(1)]
    assert kinds == ["award_opened", "withdrawn_in_error", "award_opened"]
    # and that run may be mistaken too
    assert recall(database, "b", now=minutes_later(12)) == RecallReport(withdrawn=1)
    assert take_in(database, right, snapshot="c", now=minutes_later(15)).opened == 1


def test_what_was_withdrawn_otherwise_is_never_opened_again(database: Engine) -> None:
    take_in(database, many_matches(2))
    recall(database)
    take_in(database, make_matches(make_match(1)), snapshot="b", now=minutes_later(9))
    set_state(database, 1, state="withdrawn")
    report = take_in(database, make_matches(make_match(1)), snapshot="c")
    assert (report.opened, report.unchanged) == (0, 1)
    subjects = [subject_of(0), subject_of(1)]
    with reading(database) as connection:
        # what a recall withdrew may be offered again under a new id, what was withdrawn else not
        assert read_awarded(connection, subjects)["subject"].to_list() == [subject_of(1)]


def test_withdrawal_is_told_in_plain_words_with_its_reason(database: Engine) -> None:
    take_in(database, make_matches(make_match(1)))
    recall(database)
    (told,) = [row for row in tell(database) if row.kind == "withdrawn_in_error"]
    assert told.title_zh == "通知有误，现予撤回：高龄津贴（2025年11月）"
    assert "原因：年龄条件写错" in told.body_zh
    assert "款项尚未发放" in told.body_zh
    assert "we apologise" in told.body_en
    assert "CNY 100.01, which will not be paid" in told.body_en


def test_of_a_policy_that_is_recalled_in_a_run_nothing_more_is_opened(database: Engine) -> None:
    run = make_run(database)
    row = {
        "run_id": run.id, "policy": POLICY, "version": "1", "content_hash": "a" * 64,
        "state": "held", "counts": "{}", "reasons": "{}", "decided_by": ACTOR, "decided_at": NOW,
    }  # fmt: skip
    with database.begin() as connection:
        connection.execute(insert(run_policy_table).values(row))
    with pytest.raises(MatchesRefused, match="nothing more is opened"):
        take_in(database, many_matches(2))
    assert states(database) == {}


def accept(engine: Engine, snapshot: str, counts: str = "{}") -> None:
    """Note that a run of the policy was accepted, with these figures."""
    row = {
        "run_id": make_run(engine, snapshot).id, "policy": POLICY, "version": "1",
        "content_hash": "a" * 64, "state": "accepted", "counts": counts, "reasons": "{}",
        "decided_by": ACTOR, "decided_at": NOW,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(run_policy_table).values(row))


@pytest.mark.parametrize("period", ["2025-12", "2025-11"])
def test_a_later_run_of_another_period_leaves_what_the_run_repeated_has_to_adjust(
    database: Engine, period: str
) -> None:
    take_in(database, many_matches(1), snapshot="b")
    accept(database, "a", '{"period": "2025-11"}')
    accept(database, "b", f'{{"period": "{period}"}}')
    found = take_in(database, make_matches(make_match(0, amount_fen=7)))
    if period == "2025-12":
        assert found == IntakeReport(adjusted=1)
    else:
        assert found == IntakeReport(settled=1)


def test_a_run_repeated_opens_what_is_missing_and_adjusts_nothing_that_a_later_one_decided(
    database: Engine,
) -> None:
    take_in(database, many_matches(1), snapshot="b")
    for snapshot in ("a", "b"):
        accept(database, snapshot)
    other = make_matches(make_match(0, amount_fen=7), make_match(1))
    assert take_in(database, other) == IntakeReport(opened=1, settled=1)
    assert amounts(database) == {subject_of(0): 10_000, subject_of(1): 10_001}
    # the later one itself does
    assert take_in(database, other, snapshot="b") == IntakeReport(adjusted=1, unchanged=1)
    assert amounts(database)[subject_of(0)] == 7


def test_the_widened_tables_keep_their_rows_and_their_rules(database: Engine) -> None:
    take_in(database, many_matches(2))
    tell(database)
    migrate(database)
    assert count_rows(database, notice_table) == 2
    row = dict(all_rows(database, notice_table)[0]._mapping)
    wrong = {**row, "id": 99, "message_id": "x", "kind": "anything", "about": "z"}
    with pytest.raises(Exception, match="ck_notice_kind"), database.begin() as connection:
        connection.execute(insert(notice_table).values(wrong))
    if database.dialect.name == "sqlite":
        with reading(database) as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
    with reading(database) as connection:
        assert connection.scalar(select(run_table.c.state)) == "started"


def test_an_award_opened_again_holds_what_it_claims_or_is_not_opened(database: Engine) -> None:
    def claiming(number: int, *claimed: str) -> pl.DataFrame:
        values = pl.Series("claimed", [[f"hiring\n{one}" for one in claimed]])
        return make_matches(make_match(number)).with_columns(values)

    take_in(database, claiming(1, "p1"))
    take_in(database, claiming(2, "p2"))
    recall(database)
    # somebody else has taken what the first one held
    assert take_in(database, claiming(3, "p1"), snapshot="b").opened == 1
    both = pl.concat([claiming(1, "p1"), claiming(2, "p2")])
    assert take_in(database, both, snapshot="b") == IntakeReport(opened=1, raced=1)
    found = states(database)
    assert [found[subject_of(n)] for n in (1, 2, 3)] == ["withdrawn", "opened", "opened"]
    owner = {row.claimed: row.award_id for row in all_rows(database, claim_table)}
    ids = {row.subject: row.id for row in all_rows(database, award_table)}
    assert owner == {"p1": ids[subject_of(3)], "p2": ids[subject_of(2)]}


def test_a_package_is_chosen_as_if_what_was_recalled_had_never_been_offered(
    database: Engine,
) -> None:
    take_in(database, many_matches(2))
    set_state(database, 1, state="declined")
    recall(database)
    with reading(database) as connection:
        standing = read_standing(connection, [POLICY], {})
    assert standing.select("subject", "state").rows() == [(subject_of(1), "declined")]
