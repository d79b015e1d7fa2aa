"""Notices: one for each award and each adjustment, saying what is owed to be said."""

import re
import threading
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

import notifier.compose
from ledger.database import reading
from ledger.journal import read_cursor, seal
from notifier.compose import READER, compose_notices
from notifier.errors import CardMissing, NoticeRefused
from notifier.notice import PolicyCard, delivery_table, notice_table
from tests.storage_world import (
    NOW,
    all_rows,
    count_rows,
    make_card,
    make_match,
    make_matches,
    many_matches,
    minutes_later,
    subject_of,
    take_in,
)

CARDS = {"elder-allowance": make_card()}


def tell(engine: Engine, card: PolicyCard | None = None, **options: Any) -> int:
    seal(engine, now=NOW)
    cards = CARDS if card is None else {card.policy: card}
    return compose_notices(engine, cards, now=NOW, **options)


def only_notice(engine: Engine) -> Any:
    rows = all_rows(engine, notice_table)
    assert len(rows) == 1
    return rows[0]


def test_each_award_is_told_once(database: Engine) -> None:
    take_in(database, many_matches(3))
    assert tell(database) == 3
    assert tell(database) == 0
    rows = all_rows(database, notice_table)
    assert [row.recipient for row in rows] == [subject_of(number) for number in range(3)]
    assert {row.kind for row in rows} == {"award_opened"}


def test_nobody_is_told_of_what_is_not_sealed(database: Engine) -> None:
    take_in(database, many_matches(3))
    assert compose_notices(database, CARDS, now=NOW) == 0


def test_each_adjustment_is_told_once(database: Engine) -> None:
    for snapshot, amount in zip("abc", (None, 150_000, 123_456_789), strict=True):
        take_in(database, make_matches(make_match(amount_fen=amount)), snapshot=snapshot)
        assert tell(database) == 1
    rows = all_rows(database, notice_table)
    assert [row.kind for row in rows] == ["award_opened", "amount_changed", "amount_changed"]
    assert len({row.message_id for row in rows}) == 3
    assert "金额待定" in rows[0].body_zh
    assert "1,500.00元（原为待定）" in rows[1].body_zh
    assert "由1,500.00元改为1,234,567.89元" in rows[2].body_zh
    assert "CNY 1,234,567.89 instead of CNY 1,500.00" in rows[2].body_en


def test_a_notice_says_what_is_owed_to_be_said(database: Engine) -> None:
    card = make_card(not_modelled=("未享受同类补贴",), basis=("办法 第三条", "通知 二"))
    take_in(database, make_matches(make_match(amount_fen=123_456_789, item="sibling-2")))
    tell(database, card)
    notice = only_notice(database)
    owed_zh = [
        "高龄津贴",
        "示范市民政局",
        "2025年11月",
        "1,234,567.89元",
        "1. 年满80周岁\n2. 具有本市户籍",
        "未享受同类补贴",
        "标的：sibling-2",
        "无需操作",
        "第二十四条",
        "人工复核",
        "这项关于我的信息不对",
        "- 办法 第三条\n- 通知 二",
        "养老服务科 990-12345",
    ]
    owed_en = [
        "Old-age allowance",
        "November 2025",
        "CNY 1,234,567.89",
        "1. aged 80 or more\n2. registered in this city",
        "Item: sibling-2",
        "Nothing to do",
        "article 24",
        "have a person review it",
        "this fact about me is wrong",
        "养老服务科 990-12345",
    ]
    assert [words for words in owed_zh if words not in notice.body_zh] == []
    assert [words for words in owed_en if words not in notice.body_en] == []
    assert notice.title_zh == "无需申请，即可享受：高龄津贴（2025年11月）"
    assert notice.title_en == "Yours without applying: Old-age allowance (November 2025)"
    for body in (notice.body_zh, notice.body_en):
        assert not re.search(r"\{|\}|\n\n\n|None|[ \t]\n", body)


@pytest.mark.parametrize(
    ("delivery", "said_zh", "said_en"),
    [
        ("direct", "无需操作", "Nothing to do"),
        ("confirm", "请确认", "Please confirm"),
        ("invite", "请申请", "Please apply"),
    ],
)
@pytest.mark.parametrize("snapshots", ["a", "ab"])
def test_what_happens_next_follows_the_delivery(
    database: Engine, delivery: str, said_zh: str, said_en: str, snapshots: str
) -> None:
    for amount, snapshot in enumerate(snapshots, start=1):
        take_in(database, make_matches(make_match(amount_fen=amount)), snapshot=snapshot)
    tell(database, make_card(delivery=delivery))
    notice = all_rows(database, notice_table)[-1]
    following_zh = notice.body_zh.split("下一步")[1].split("您的权利")[0]
    following_en = notice.body_en.split("What happens next")[1].split("Your rights")[0]
    assert said_zh in following_zh
    assert said_en in following_en
    others = {"无需操作", "请确认", "请申请"} - {said_zh}
    assert not [words for words in others if words in following_zh]


def test_an_open_amount_names_what_is_missing(database: Engine) -> None:
    card = make_card(fact_labels={"ent_size": ("企业规模", "size of the enterprise")})
    missing = make_match(amount_fen=None, missing="ent_size,other_fact")
    take_in(database, make_matches(missing))
    tell(database, card)
    notice = only_notice(database)
    assert "金额待定：尚缺企业规模、other_fact，" in notice.body_zh
    assert "size of the enterprise, other_fact not known yet" in notice.body_en


def test_an_amount_that_somebody_decides_is_open_too(database: Engine) -> None:
    take_in(database, make_matches(make_match(amount_fen=None)))
    tell(database)
    assert "金额待定：由主管部门核定" in only_notice(database).body_zh


def test_imported_awards_and_runs_tell_nobody(database: Engine) -> None:
    take_in(database, many_matches(0))
    assert tell(database) == 0
    with reading(database) as connection:
        assert read_cursor(connection, READER) == 1  # the run's entry was read


def test_a_missing_card_stops_before_anybody_is_told(database: Engine) -> None:
    take_in(database, make_matches(make_match(1), make_match(2, policy="other", version="7")))
    with pytest.raises(CardMissing) as caught:
        tell(database)
    assert caught.value.policies == ["other@7"]
    assert count_rows(database, notice_table) == 0
    cards = {**CARDS, "other": make_card("other", version="7")}
    assert compose_notices(database, cards, now=NOW) == 2


def test_an_award_is_explained_by_the_version_that_decided_it(database: Engine) -> None:
    take_in(database, many_matches(1, version="2024.1"))
    seal(database, now=NOW)
    with pytest.raises(CardMissing):
        compose_notices(database, CARDS, now=NOW)
    former = make_card(version="2024.1", title_zh="旧题")
    cards = {**CARDS, "elder-allowance@2024.1": former}
    assert compose_notices(database, cards, now=NOW) == 1
    assert "旧题" in only_notice(database).title_zh


def test_each_notice_goes_out_by_each_channel(database: Engine) -> None:
    take_in(database, many_matches(2))
    tell(database, channels=("inbox", "maildir"))
    rows = all_rows(database, delivery_table)
    assert [(row.channel, row.state, row.due_at) for row in rows] == [
        (channel, "pending", NOW) for _ in range(2) for channel in ("inbox", "maildir")
    ]


def test_composers_at_the_same_time_tell_everybody_once(
    open_engine: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier.compose, "BATCH", 20)
    engines = [open_engine() for _ in range(3)]
    take_in(engines[0], many_matches(200))
    seal(engines[0], now=NOW)
    barrier = threading.Barrier(len(engines))
    counts: list[int] = []

    def work(engine: Engine) -> None:
        barrier.wait()
        counts.append(compose_notices(engine, CARDS, now=NOW))

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.append(compose_notices(engines[0], CARDS, now=minutes_later(1)))
    assert sum(counts) == count_rows(engines[0], notice_table) == 200
    assert count_rows(engines[0], delivery_table) == 200
    assert len({row.recipient for row in all_rows(engines[0], notice_table)}) == 200


@pytest.mark.parametrize(
    "personal",
    ["990101194003077731", "13800000000", "6222020200112233445", "91990100MA0000000X"],
)
def test_a_notice_with_personal_data_never_leaves(database: Engine, personal: str) -> None:
    take_in(database, many_matches(1))
    card = make_card(reasons_zh=(f"户口簿登记的号码（{personal}）",))
    with pytest.raises(NoticeRefused) as caught:
        tell(database, card)
    assert personal not in str(caught.value)
    assert count_rows(database, notice_table) == 0


def test_an_office_may_publish_its_mobile_number(database: Engine) -> None:
    take_in(database, many_matches(1))
    assert tell(database, make_card(contact_zh="养老服务科 13800000000")) == 1


def test_a_notice_says_how_many_rows_hold_and_are_open(database: Engine) -> None:
    counted = make_matches(make_match(1)).with_columns(
        rows=pl.lit(3, dtype=pl.Int64), rows_open=pl.lit(2, dtype=pl.Int64)
    )
    take_in(database, counted)
    tell(database)
    notice = only_notice(database)
    assert "3项符合，另有2项待定" in notice.body_zh
    assert "3 hold, 2 still open" in notice.body_en
