"""What is due for review: days before and after each limit."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from policies.policy import BasisLine, Policy
from policies.review import Due, find_due, issued_on
from tests.support.policy_texts import load_one

DAY = date(2025, 6, 30)
BODY = "clauses: [{id: x, says: {zh: 某}, when: is_zombie}]\nbenefit: {amount: 1}\n"
PROMISE = "service: {promise_day: 5}\n"


def policy_of(folder: Path, text: str) -> Policy:
    return load_one(folder, text + BODY)


def due(policy: Policy, *reasons: str, day: date = DAY, within: int = 90) -> list[Due]:
    found = find_due([policy], day, timedelta(days=within))
    return [one for one in found if one.reason in reasons] if reasons else found


@pytest.mark.parametrize(
    ("end", "reasons"),
    [
        ("2025-06-29", ["ended"]),
        ("2025-06-30", ["ends"]),
        ("2025-09-28", ["ends"]),
        ("2025-09-29", []),
    ],
)
def test_the_end_is_told_from_ninety_days_ahead(
    tmp_path: Path, end: str, reasons: list[str]
) -> None:
    policy = policy_of(tmp_path, f"effective: {{from: 2024-01-01, to: {end}}}\n")
    assert [one.reason for one in due(policy, "ends", "ended")] == reasons


def test_a_version_that_another_follows_need_not_be_renewed(tmp_path: Path) -> None:
    old = policy_of(tmp_path, "effective: {from: 2024-01-01, to: 2025-06-01}\n")
    new = replace(old, version="2", effective_from=date(2025, 6, 2), effective_to=None)
    found = find_due([old, new], DAY, timedelta(days=90))
    assert [one for one in found if one.reason in ("ends", "ended")] == []


@pytest.mark.parametrize(("day", "told"), [("2025-06-29", True), ("2025-06-30", False)])
def test_a_planned_last_day_that_has_passed_is_told(tmp_path: Path, day: str, told: bool) -> None:
    policy = policy_of(tmp_path, f"service: {{plan_cancel_date: {day}}}\n")
    assert bool(due(policy, "cancelled")) is told


def test_a_value_that_ends_soon_is_told(tmp_path: Path) -> None:
    text = (
        "parameters: {rate: {label: {zh: 标准}, values: "
        "[{from: 2025-01-01, to: 2025-08-31, value: 5}]}}\n"
    )
    policy = load_one(tmp_path, text + BODY.replace("amount: 1", "amount: rate"))
    (one,) = due(policy, "value ends")
    assert (one.day, one.about) == (date(2025, 8, 31), "rate")
    assert due(policy, "value ends", within=30) == []


@pytest.mark.parametrize(
    ("number", "issued", "expected"),
    [
        ("示民发〔2019〕4号", "", date(2019, 12, 31)),
        ("示民发〔2019〕4号", "2019-03-04", date(2019, 3, 4)),
        ("公告2019年第4号", "", date(2019, 12, 31)),
        ("", "2020-02", date(2020, 2, 29)),
        ("", "2020-12", date(2020, 12, 31)),
        ("", "2021", date(2021, 12, 31)),
        ("示民发4号", "", None),
        ("〔0004〕号", "", None),
    ],
)
def test_a_document_is_as_old_as_it_says(number: str, issued: str, expected: object) -> None:
    assert issued_on(BasisLine(document="", number=number, article="", issued=issued)) == expected


@pytest.mark.parametrize(
    ("issued", "reasons"),
    [("2020-06-29", ["old basis"]), ("2020-06-30", []), ("2020", []), ("", ["undated basis"])],
)
def test_a_basis_is_old_after_five_years(tmp_path: Path, issued: str, reasons: list[str]) -> None:
    policy = policy_of(tmp_path, "")
    line = BasisLine(document="办法", number="", article="", issued=issued)
    found = due(replace(policy, basis=(line,)), "old basis", "undated basis")
    assert [one.reason for one in found] == reasons


@pytest.mark.parametrize(
    ("service", "reasons"),
    [
        ("{promise_day: 21, anticipate_day: 20}", ["promise late"]),
        ("{promise_day: 20, anticipate_day: 20}", []),
        ("{promise_day: 20}", []),
        ("{anticipate_day: 20}", ["promise missing"]),
        ("{promise_day: 21, promise_type: 日, anticipate_day: 20, anticipate_type: 工作日}",
         ["promise unclear"]),
    ],
)  # fmt: skip
def test_a_promise_is_held_against_the_law(
    tmp_path: Path, service: str, reasons: list[str]
) -> None:
    policy = policy_of(tmp_path, f"service: {service}\n")
    found = due(policy, "promise late", "promise missing", "promise unclear")
    assert [one.reason for one in found] == reasons


def test_a_policy_in_order_is_not_told(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, PROMISE)
    assert [one.reason for one in due(policy)] == ["undated basis"]
