"""Budgets: never over, in the policy's order, against a ledger in plain Python."""

import json
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, exc, select, update

import awards.award
import awards.reservation
import awards.serving
import awards.sharing
import awards.waiting
from awards.award import award_table
from awards.budget import (
    BudgetKey,
    budget_table,
    name_budget_period,
    set_budget,
    take_money,
)
from awards.errors import BudgetRefused
from awards.waiting import advance_waiting
from ledger.database import reading
from ledger.journal import journal_entry, seal
from notifier.compose import compose_notices
from notifier.notice import notice_table
from policies.terms import Budget
from policies.terms_file import BudgetOrder, BudgetPeriod
from tests.storage_world import (
    ACTOR,
    AS_OF,
    NOW,
    all_rows,
    make_card,
    make_match,
    make_matches,
    subject_of,
    take_in,
)
from tests.support.budget_model import BudgetModel
from tests.support.budget_world import ORDERS, decline, look, make_budget, run_with, stand

POLICIES = count(1)


@pytest.fixture
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that the order of a few awards goes through several."""
    monkeypatch.setattr(awards.award, "CHUNK", dict.fromkeys(awards.award.CHUNK, 2))
    monkeypatch.setattr(awards.award, "MOST_AWARDS", dict.fromkeys(awards.award.MOST_AWARDS, 4))
    for module in (awards.reservation, awards.serving, awards.sharing, awards.waiting):
        monkeypatch.setattr(module, "AT_ONCE", 2)


SUBJECTS = [subject_of(number) for number in range(8)]
A, B, C, D = SUBJECTS[:4]
FEN = st.one_of(st.none(), st.integers(0, 120))
steps = st.one_of(
    st.tuples(
        st.just("run"),
        st.dictionaries(st.sampled_from(SUBJECTS), FEN, max_size=6),
        st.booleans(),
    ),
    st.tuples(st.just("decline"), st.sampled_from(SUBJECTS), st.booleans()),
    st.tuples(st.just("set"), st.integers(0, 500), st.booleans()),
    st.tuples(st.just("advance"), st.none(), st.just(True)),
)


def take_step(engine: Engine, key: BudgetKey, model: BudgetModel, day: date, step: Any) -> None:
    """One step in the database and in the model."""
    what, value, advance = step
    match what:
        case "run":
            run_with(engine, key, value, day=day, advance=False)
            model.run(value, day)
        case "decline" if value in model.awards:
            decline(engine, key, value)
            model.decline(value)
        case "set":
            allowed = model.set(value)
            try:
                with engine.begin() as connection:
                    set_budget(connection, key, value, reason="more", actor=ACTOR, now=NOW)
            except BudgetRefused:
                assert not allowed
            else:
                assert allowed
    if advance:
        advance_waiting(engine, key, actor=ACTOR, now=NOW)
        model.advance()


def check_against(engine: Engine, key: BudgetKey, model: BudgetModel) -> None:
    budget, rows = look(engine, key)
    assert {
        subject: (row.state, row.wanted_fen, row.reserved_fen) for subject, row in rows.items()
    } == {subject: (one.state, one.wanted, one.reserved) for subject, one in model.awards.items()}
    assert budget.amount_fen == model.amount
    assert budget.reserved_fen == sum(row.reserved_fen for row in rows.values())
    assert budget.reserved_fen <= budget.amount_fen
    columns = award_table.c
    with reading(engine) as connection:
        awards = connection.execute(
            select(columns.subject, columns.amount_fen).where(columns.policy == key.policy)
        )
        assert dict(map(tuple, awards)) == {row.subject: row.wanted_fen for row in rows.values()}


@pytest.mark.parametrize("order", ORDERS)
@given(amount=st.integers(0, 400), taken=st.lists(steps, max_size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_comes_out_as_in_plain_python(
    small_transactions: None, database: Engine, order: BudgetOrder, amount: int, taken: list[Any]
) -> None:
    key = make_budget(database, f"policy-{next(POLICIES)}", amount, order)
    model = BudgetModel(amount=amount, order=order)
    for number, step in enumerate(taken):
        take_step(database, key, model, AS_OF + timedelta(days=number), step)
        check_against(database, key, model)


# one fact each


def test_who_gets_nothing_has_an_award_all_the_same(database: Engine) -> None:
    key = make_budget(database, "p", 250)
    run_with(database, key, {A: 100, B: 100, C: 100})
    assert stand(database, key) == {A: ("reserved", 100), B: ("reserved", 100), C: ("waiting", 0)}
    rows = all_rows(database, award_table)
    assert [(row.state, row.amount_fen) for row in rows] == [("opened", 100)] * 3


@pytest.mark.parametrize(
    ("order", "served"),
    [("earliest", {A, B}), ("highest", {C}), ("lowest", {A, B})],
)
def test_the_order_says_who_is_served(
    database: Engine, order: BudgetOrder, served: set[str]
) -> None:
    key = make_budget(database, "p", 300, order)
    run_with(database, key, {A: 100, B: 150, C: 300})
    assert {s for s, (state, _) in stand(database, key).items() if state == "reserved"} == served


def test_by_ratio_all_are_scaled_and_rounded_down(database: Engine) -> None:
    key = make_budget(database, "p", 100, "ratio")
    run_with(database, key, {A: 100, B: 100, C: 100})
    assert stand(database, key) == {s: ("reserved", 33) for s in (A, B, C)}
    assert look(database, key)[0].left_fen == 1
    assert {row.amount_fen for row in all_rows(database, award_table)} == {100}


def test_by_ratio_what_is_paid_stays_and_the_others_share_the_rest(database: Engine) -> None:
    key = make_budget(database, "p", 120, "ratio")
    run_with(database, key, {A: 100})
    with database.begin() as connection:
        connection.execute(update(award_table).values(state="paid"))
    run_with(database, key, {B: 40, C: 40})
    assert stand(database, key) == {A: ("reserved", 100), B: ("reserved", 10), C: ("reserved", 10)}


def test_by_ratio_money_that_came_back_alone_moves_no_share(database: Engine) -> None:
    key = make_budget(database, "p", 100, "ratio")
    run_with(database, key, {A: 100, B: 100})
    decline(database, key, A)
    advance_waiting(database, key, actor=ACTOR, now=NOW)
    assert stand(database, key)[B] == ("reserved", 50)
    run_with(database, key, {C: 100})
    assert stand(database, key) == {A: ("returned", 0), B: ("reserved", 50), C: ("reserved", 50)}


def test_an_open_amount_waits_and_is_not_zero(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: None, B: 60, C: 60})
    assert stand(database, key) == {A: ("waiting", 0), B: ("reserved", 60), C: ("waiting", 0)}
    assert look(database, key)[1][A].wanted_fen is None
    # once known it stands where it was seen: before C
    run_with(database, key, {A: 41}, day=AS_OF + timedelta(days=1))
    assert stand(database, key)[A] == ("waiting", 0)
    decline(database, key, B)
    advance_waiting(database, key, actor=ACTOR, now=NOW)
    assert stand(database, key) == {A: ("reserved", 41), B: ("returned", 0), C: ("waiting", 0)}


def test_a_raise_waits_for_its_difference(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 60, B: 30})
    run_with(database, key, {A: 80})
    assert stand(database, key)[A] == ("waiting", 60)
    with database.begin() as connection:
        set_budget(connection, key, 110, reason="more", actor=ACTOR, now=NOW)
    advance_waiting(database, key, actor=ACTOR, now=NOW)
    assert stand(database, key)[A] == ("reserved", 80)


def test_what_is_lowered_serves_who_waits(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 60, B: 60})
    run_with(database, key, {A: 40})
    assert stand(database, key) == {A: ("reserved", 40), B: ("reserved", 60)}


def test_nobody_is_passed_over_who_waits(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 70, B: 50})
    run_with(database, key, {C: 10}, day=AS_OF + timedelta(days=1))
    assert stand(database, key) == {A: ("reserved", 70), B: ("waiting", 0), C: ("waiting", 0)}


def test_an_award_ended_without_us_gives_back_at_the_next_pass(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 100, B: 100})
    with database.begin() as connection:
        columns = award_table.c
        ended = update(award_table).where(columns.subject == A)
        connection.execute(ended.values(state="withdrawn"))
    served = advance_waiting(database, key, actor=ACTOR, now=NOW)
    assert (served.returned, served.reserved, served.waiting) == (1, 1, 0)
    assert stand(database, key) == {A: ("returned", 0), B: ("reserved", 100)}


def test_an_award_reopened_or_set_back_by_a_recall_asks_anew(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 60, B: 40})
    decline(database, key, A)
    columns = award_table.c
    with database.begin() as connection:
        again = update(award_table).where(columns.subject == A)
        connection.execute(again.values(state="opened", amount_fen=50))
        connection.execute(update(award_table).where(columns.subject == B).values(amount_fen=None))
    advance_waiting(database, key, actor=ACTOR, now=NOW)
    assert stand(database, key) == {A: ("reserved", 50), B: ("waiting", 0)}
    assert look(database, key)[0].reserved_fen == 50


def test_a_budget_is_never_set_below_what_is_reserved(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 90})
    with pytest.raises(BudgetRefused, match=r"0\.90 are reserved"), database.begin() as connection:
        set_budget(connection, key, 89, reason="less", actor=ACTOR, now=NOW)
    with database.begin() as connection:
        set_budget(connection, key, 90, reason="less", actor=ACTOR, now=NOW)
    body = json.loads(
        next(row.body for row in all_rows(database, journal_entry) if row.kind == "budget.set")
    )
    assert (body["before_fen"], body["amount_fen"], body["reason"]) == (100, 90, "less")


def test_the_database_itself_keeps_what_is_reserved_within_the_amount(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    with pytest.raises(exc.IntegrityError), database.begin() as connection:
        connection.execute(update(budget_table).values(reserved_fen=101))
    with pytest.raises(BudgetRefused), database.begin() as connection:
        take_money(connection, key, 101, NOW)
    with pytest.raises(exc.IntegrityError), database.begin() as connection:
        connection.execute(update(budget_table).values(reserved_fen=-1))


def test_a_later_version_changes_a_budget_and_an_older_one_does_not(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    with database.begin() as connection:
        set_budget(connection, key, 150, reason="more", actor=ACTOR, now=NOW)
    make_budget(database, "p", 100, version="2", effective_from=date(2025, 6, 1))
    assert look(database, key)[0].amount_fen == 150  # the text says the same as before
    make_budget(database, "p", 120, "highest", version="3", effective_from=date(2025, 7, 1))
    budget = look(database, key)[0]
    assert (budget.amount_fen, budget.order) == (120, "highest")
    make_budget(database, "p", 90, version="2", effective_from=date(2025, 6, 1))
    assert look(database, key)[0] == budget


def test_a_version_that_states_less_than_is_reserved_changes_nothing(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 90})
    before = look(database, key)[0]
    with pytest.raises(BudgetRefused, match="reserved"):
        make_budget(database, "p", 80, version="2", effective_from=date(2025, 6, 1))
    assert look(database, key)[0] == before


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("year", "2026"),
        ("half", "2026H1"),
        ("quarter", "2026Q1"),
        ("month", "2026-01"),
        ("once", "once"),
    ],
)
def test_the_day_of_the_run_says_which_budget(period: BudgetPeriod, name: str) -> None:
    budget = Budget(amount=Fraction(1), period=period, order="earliest")
    assert name_budget_period(budget, date(2026, 1, 10)) == name


def test_a_budget_too_large_to_count_is_refused(database: Engine) -> None:
    with pytest.raises(BudgetRefused, match="too large"):
        make_budget(database, "p", 10**20)


def test_awards_from_before_the_budget_are_not_counted(database: Engine) -> None:
    take_in(database, make_matches(make_match(policy="p", version="1", subject=A, amount_fen=500)))
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 600, B: 50})
    assert stand(database, key) == {B: ("reserved", 50)}


def test_sums_beyond_64_bits_do_not_wrap_around(database: Engine) -> None:
    key = make_budget(database, "p", 2**62, "highest")
    run_with(database, key, dict.fromkeys([A, B, C, D], 2**62))
    assert sorted(state for state, _ in stand(database, key).values()) == [
        "reserved",
        *["waiting"] * 3,
    ]


# what recipients are told


def test_who_waits_is_told_so_and_told_again_when_there_is_money(database: Engine) -> None:
    key = make_budget(database, "elder-allowance", 100)
    run_with(database, key, {A: 100, B: 60, C: None})
    decline(database, key, A)
    advance_waiting(database, key, actor=ACTOR, now=NOW)
    seal(database, now=NOW)
    compose_notices(database, {"elder-allowance": make_card(version="1")}, now=NOW)
    rows = all_rows(database, notice_table)
    assert Counter((row.recipient, row.kind) for row in rows) == {
        (A, "award_opened"): 1,
        (B, "waiting_for_funds"): 1,
        (B, "funded"): 1,
        (C, "award_opened"): 1,
    }
    told = {row.kind: row for row in rows if row.recipient == B}
    waiting, funded = told["waiting_for_funds"], told["funded"]
    assert waiting.title_zh == "等待资金：高龄津贴（2025年11月）"
    assert waiting.title_en == "Waiting for funds: Old-age allowance (November 2025)"
    assert "金额：0.60元" in waiting.body_zh
    assert "Amount: CNY 0.60" in waiting.body_en
    assert funded.title_zh == "资金已落实：高龄津贴（2025年11月）"
    assert "Funds reserved for you: CNY 0.60" in funded.body_en


def test_a_share_is_told_as_what_it_is(database: Engine) -> None:
    key = make_budget(database, "elder-allowance", 100, "ratio")
    run_with(database, key, {A: 100, B: 100})
    seal(database, now=NOW)
    compose_notices(database, {"elder-allowance": make_card(version="1")}, now=NOW)
    told = [row for row in all_rows(database, notice_table) if row.kind == "funded"]
    assert [row.title_en for row in told] == [
        "Funds are there in part: Old-age allowance (November 2025)"
    ] * 2
    assert all(
        "已落实资金：0.50元" in row.body_zh and "金额：1.00元" in row.body_zh for row in told
    )


def test_a_raise_that_waits_is_told_with_what_is_there_already(database: Engine) -> None:
    key = make_budget(database, "elder-allowance", 100)
    run_with(database, key, {A: 100})
    run_with(database, key, {A: 150})
    seal(database, now=NOW)
    compose_notices(database, {"elder-allowance": make_card(version="1")}, now=NOW)
    rows = all_rows(database, notice_table)
    assert Counter(row.kind for row in rows) == {
        "award_opened": 1,
        "amount_changed": 1,
        "waiting_for_funds": 1,
    }
    (waiting,) = (row for row in rows if row.kind == "waiting_for_funds")
    assert "Funds there already: CNY 1.00" in waiting.body_en
    assert "the rest waits" in waiting.body_en


def test_the_journal_says_what_each_award_reserved(database: Engine) -> None:
    key = make_budget(database, "p", 100)
    run_with(database, key, {A: 70, B: 50})
    bodies = [
        json.loads(row.body)
        for row in all_rows(database, journal_entry)
        if row.kind == "award.opened"
    ]
    assert [body["funds"] for body in bodies] == [
        {"state": "reserved", "reserved_fen": 70, "budget": "2025"},
        {"state": "waiting", "reserved_fen": 0, "budget": "2025"},
    ]
