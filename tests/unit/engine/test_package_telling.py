"""A package in words: every decision has its sentence, and the sums in it are those of the data."""

import json
from typing import Any

import pytest

from engine.package import CHOICE_SCHEMA
from engine.package_cluster import REASONS
from engine.package_telling import _SAID, show_money, tell_package

TITLES = {
    "a": {"zh": "护理补贴", "en": "care allowance"},
    "b": {"zh": "生活补贴", "en": "living allowance"},
}


def row(decision: str, reason: str = "", *by: tuple[str, str], **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"policy": "b", "period": "2025"}
    values |= {"decision": decision, "reason": reason}
    values |= {"by": json.dumps(by), "amount_fen": 80_000, "paid_fen": None}
    return dict.fromkeys(CHOICE_SCHEMA) | values | changes


def test_what_is_instead_says_by_how_much_it_is_more() -> None:
    (told,) = tell_package([row("lost", "instead", ("a", "2025"), difference_fen=320_000)], TITLES)
    assert told.says == {
        "zh": "以护理补贴代替生活补贴：多3,200元",
        "en": "care allowance instead of living allowance: 3,200 yuan more",
    }
    assert told.by == (("a", "2025"),)
    assert told.title == TITLES["b"]


def test_another_period_and_a_policy_without_a_name_are_said() -> None:
    (told,) = tell_package([row("lost", "received", ("a", "2025-11"), ("old-one", ""))], TITLES)
    assert told.says["en"] == (
        "care allowance (2025-11) and old-one was awarded already and excludes it"
    )
    assert told.says["zh"] == "已兑现护理补贴（2025-11）、old-one，不得同享"


@pytest.mark.parametrize(
    ("difference", "zh", "en"),
    [
        (150, "就高享受：护理补贴更高1.50元", "only the highest: care allowance instead: "
         "1.50 yuan more"),
        (None, "就高享受：护理补贴更高", "only the highest: care allowance instead"),
        (0, "就高享受：护理补贴在前（金额相同）", "only the highest: care allowance instead: "
         "worth the same, and first in order"),
    ],
)  # fmt: skip
def test_only_the_highest_is_said_with_what_it_is_more(
    difference: int | None, zh: str, en: str
) -> None:
    (told,) = tell_package(
        [row("lost", "highest", ("a", "2025"), difference_fen=difference)], TITLES
    )
    assert told.says == {"zh": zh, "en": en}


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    reasons = {said.partition(" ")[2] for said in _SAID}
    assert reasons == {*REASONS, "claim"}
    for said in _SAID:
        decision, _, reason = said.partition(" ")
        (told,) = tell_package([row(decision, reason, ("a", "2025"))], TITLES)
        assert all(text and "{" not in text for text in told.says.values())


def test_the_package_comes_first_then_what_is_not_in_it() -> None:
    rows = [
        row("waiting", policy="c"), row("held", "open", policy="d"), row("lost", "tie", policy="e"),
        row("free", policy="f"), row("chosen", policy="h"), row("chosen", policy="g"),
        row("kept", policy="i"),
    ]  # fmt: skip
    assert [one.policy for one in tell_package(rows, {})] == ["i", "g", "h", "f", "e", "d", "c"]


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "0 yuan"), (5, "0.05 yuan"), (100, "1 yuan"), (123_456_789, "1,234,567.89 yuan")],
)
def test_money_is_shown_exactly(fen: int, shown: str) -> None:
    assert show_money(fen, "en") == shown
    assert show_money(None, "zh") == "未定"
