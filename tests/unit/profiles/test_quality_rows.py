"""Rows seen some slots at a time are counted and compared as whole releases would be."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

import profiles.quality_rows
from profiles.quality_drift import compare_columns
from profiles.quality_rows import see_rows
from profiles.release import Release, read_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

INSURANCE = DATASETS["unemployment-insurance"]
HEADER = "uscc,month,insured,premium,paid_in_full"
FIRMS = 400


def two_releases(home: Path) -> tuple[Release, Release]:
    """A month later every tenth firm is gone, some are new, and some pay for one person more."""
    rng = Random(7)
    before = {n: rng.randint(1, 60) for n in range(FIRMS)}
    now = {n: staff + (n % 9 == 0) for n, staff in before.items() if n % 10}
    now |= {FIRMS + n: 5 for n in range(30)}
    found = [
        deliver(
            home,
            INSURANCE,
            HEADER,
            *(f"{credit_code(n)},2025-01,{staff},{staff}.5,true" for n, staff in firms.items()),
            on=DAY + timedelta(days=day),
        ).release
        for day, firms in ((0, before), (30, now))
    ]
    return found[0], found[1]


def test_counts_are_those_of_two_dictionaries(tmp_path: Path) -> None:
    before, now = two_releases(tmp_path)
    seen = see_rows(now, before, INSURANCE)
    gone = len(range(0, FIRMS, 10))
    more = len([n for n in range(FIRMS) if n % 10 and n % 9 == 0])
    assert seen.rows == FIRMS - gone + 30
    assert seen.drift is not None
    changed = seen.drift.changed
    assert (changed.new, changed.vanished, changed.changed) == (30, gone, more)
    assert seen.drift.same == FIRMS - gone - more
    assert (seen.drift.rows_before, seen.drift.rows_now) == (FIRMS, seen.rows)
    assert seen.missing.total() == 0


def test_columns_are_compared_over_all_slots(tmp_path: Path) -> None:
    before, now = two_releases(tmp_path)
    seen = see_rows(now, before, INSURANCE)
    assert seen.drift is not None
    was, has = read_release(before, INSURANCE), read_release(now, INSURANCE)
    assert seen.drift.columns == compare_columns(was, has, INSURANCE)
    assert len(seen.drift.columns) == 3


def test_a_sample_of_whole_slots_stands_for_a_large_release_and_counts_stay_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = two_releases(tmp_path)
    exact = see_rows(now, before, INSURANCE)
    monkeypatch.setattr(profiles.quality_rows, "SAMPLE_ROWS", 100)
    sampled = see_rows(now, before, INSURANCE)
    assert exact.drift is not None
    assert sampled.drift is not None
    assert sampled.drift.changed == exact.drift.changed
    assert sampled.rows == exact.rows
    assert sampled.drift.columns != exact.drift.columns
    for column, whole in zip(sampled.drift.columns, exact.drift.columns, strict=True):
        assert column.chance >= whole.chance


def test_a_first_release_has_no_drift(tmp_path: Path) -> None:
    before, _ = two_releases(tmp_path)
    seen = see_rows(before, None, INSURANCE)
    assert (seen.rows, seen.drift, seen.outdated) == (FIRMS, None, False)


def test_a_release_before_of_other_columns_is_said_to_be_so(tmp_path: Path) -> None:
    before, _ = two_releases(tmp_path)
    short = {n: c for n, c in INSURANCE.columns.items() if n != "premium"}
    other = replace(INSURANCE, columns=short)
    line = f"{credit_code(1)},2025-02,5,true"
    now = deliver(tmp_path / "after", other, ",".join(short), line).release
    seen = see_rows(now, before, other)
    assert (seen.rows, seen.drift, seen.outdated) == (1, None, True)
