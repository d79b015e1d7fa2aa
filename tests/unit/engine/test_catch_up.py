"""What becomes of fire times: each catch-up and overlap, in every situation."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catch_up import CATCH_UPS, ON_TIME, OVERLAPS, CatchUp, Overlap, plan_instances

NOW = datetime(2026, 3, 1, 8, 1, tzinfo=UTC)
HOURS = [NOW - timedelta(hours=hours, minutes=1) for hours in (2, 1, 0)]
"""Three hours, the last of them a minute ago."""


def plan(due: list[datetime], catch_up: CatchUp, overlap: Overlap, **words: bool) -> list[str]:
    words = {"unfinished": False, **words}
    planned = plan_instances(due, now=NOW, catch_up=catch_up, overlap=overlap, **words)
    assert [one.fire_at for one in planned] == due
    return [one.reason for one in planned]


@pytest.mark.parametrize(
    ("catch_up", "on_time", "late"),
    [
        ("all", ["", "", ""], ["", "", ""]),
        ("latest", ["missed", "missed", ""], ["missed", "missed", ""]),
        ("none", ["missed", "missed", ""], ["missed", "missed", "missed"]),
    ],
)
def test_down_across_three_fire_times(
    catch_up: CatchUp, on_time: list[str], late: list[str]
) -> None:
    assert plan(HOURS, catch_up, "skip") == on_time
    earlier = [hour - ON_TIME for hour in HOURS]
    assert plan(earlier, catch_up, "skip") == late


def test_a_fire_time_while_one_is_unfinished_is_left_out_or_waits() -> None:
    on_time = HOURS[-1:]
    for catch_up in CATCH_UPS:
        assert plan(on_time, catch_up, "skip", unfinished=True) == ["overlap"]
        assert plan(on_time, catch_up, "queue", unfinished=True) == [""]
        assert plan(on_time, catch_up, "skip") == [""]


def test_what_was_missed_is_not_taken_for_an_overlap() -> None:
    earlier = [hour - ON_TIME for hour in HOURS]
    assert plan(earlier, "latest", "skip", unfinished=True) == ["missed", "missed", ""]
    assert plan(earlier, "all", "skip", unfinished=True) == ["", "", ""]


def test_of_so_many_that_not_all_are_looked_at_the_last_is_not_the_latest() -> None:
    assert plan(HOURS, "latest", "skip", more=True) == ["missed"] * 3
    assert plan(HOURS, "none", "skip", more=True) == ["missed"] * 3
    assert plan(HOURS, "all", "skip", more=True) == [""] * 3


@given(
    ages=st.lists(st.integers(0, 600), unique=True),
    catch_up=st.sampled_from(CATCH_UPS),
    overlap=st.sampled_from(OVERLAPS),
    unfinished=st.booleans(),
)
def test_every_fire_time_has_one_outcome_and_latest_runs_at_most_one(
    ages: list[int], catch_up: CatchUp, overlap: Overlap, unfinished: bool
) -> None:
    due = [NOW - timedelta(minutes=age) for age in sorted(ages, reverse=True)]
    reasons = plan(due, catch_up, overlap, unfinished=unfinished)
    ran = [at for at, reason in zip(due, reasons, strict=True) if not reason]
    if catch_up != "all":
        assert ran in ([], due[-1:])
    if catch_up == "none":
        assert all(NOW - at <= ON_TIME for at in ran)
    if overlap == "queue":
        assert "overlap" not in reasons
        if catch_up == "all":
            assert ran == due
