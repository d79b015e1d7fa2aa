"""Deliveries of changes, against a dictionary that is changed in the same way."""

import dataclasses
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.changeset import compare_rows
from profiles.dataset import Limits
from profiles.errors import DeliveryRefused, ReleaseDamaged
from profiles.release import (
    Release,
    chain_of,
    list_releases,
    newest_release,
    read_delivered,
    read_release,
)
from profiles.standing import reject_release
from tests.unit.profiles.delivery_world import DATASETS, DAY, credit_code, deliver

UNLIMITED = Limits(vanished=Fraction(100), changed=Fraction(100))
SIZES = dataclasses.replace(DATASETS["size-class"], limits=UNLIMITED)
LISTED = dataclasses.replace(DATASETS["zombie-list"], unique=None)
SIZE_HEADER, LIST_HEADER = "uscc,year,ent_size", "uscc,listed_on,removed_on"
CHANGES = ",removed"
WORDS = ("large", "medium", "small", "micro")

drawn = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(2020, 2023)), st.sampled_from(WORDS), min_size=1
)
changes = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(2020, 2023)),
    st.tuples(st.sampled_from(WORDS), st.booleans()),
    min_size=1,
)


def sizes_of(release: Release) -> dict[tuple[str, int], str]:
    rows = read_release(release, SIZES).rows()
    return {(code, year.year): size for code, year, size in rows}


@settings(max_examples=40, deadline=None)
@given(drawn, st.lists(changes, max_size=4))
def test_changes_follow_a_dictionary(tmp_path_factory, start, deliveries):
    home = tmp_path_factory.mktemp("home")
    model = {(credit_code(n), year): size for (n, year), size in start.items()}
    lines = [f"{code},{year},{size}" for (code, year), size in model.items()]
    release = deliver(home, SIZES, SIZE_HEADER, *lines).release
    for number, delivery in enumerate(deliveries, start=1):
        lines = []
        for (n, year), (size, removed) in delivery.items():
            lines.append(f"{credit_code(n)},{year},{size},{'是' if removed else '否'}")
            if removed:
                model.pop((credit_code(n), year), None)
            else:
                model[credit_code(n), year] = size
        day = DAY + timedelta(days=number)
        release = deliver(
            home, SIZES, SIZE_HEADER + CHANGES, *lines, on=day, mode="incremental"
        ).release
        assert newest_release(home / "releases", "size-class", day) == release
    assert sizes_of(release) == model
    assert len(read_release(release, SIZES)) == len(model)


def test_an_earlier_day_still_has_its_own_rows(tmp_path):
    a, b = credit_code(1), credit_code(2)
    first = deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small", f"{b},2024,micro").release
    day = DAY + timedelta(days=1)
    second = deliver(
        tmp_path, SIZES, SIZE_HEADER + CHANGES, f"{a},2024,large,N", on=day, mode="incremental"
    ).release
    root = tmp_path / "releases"
    assert newest_release(root, "size-class", DAY) == first
    assert sizes_of(first) == {(a, 2024): "small", (b, 2024): "micro"}
    assert sizes_of(second) == {(a, 2024): "large", (b, 2024): "micro"}
    assert second.base == first.hash
    assert len(read_delivered(second, SIZES)) == 1


def test_without_columns_that_tell_rows_apart_all_rows_of_a_key_are_replaced(tmp_path):
    a, b = credit_code(1), credit_code(2)
    lines = [f"{a},2020-01-01,2020-02-01", f"{a},2021-01-01,", f"{b},2022-01-01,"]
    deliver(tmp_path, LISTED, LIST_HEADER, *lines)
    release = deliver(
        tmp_path,
        LISTED,
        LIST_HEADER + CHANGES,
        f"{a},2021-01-01,2021-06-01,0",
        f"{b},2022-01-01,,1",
        on=DAY + timedelta(days=1),
        mode="incremental",
    ).release
    found = read_release(release, LISTED).rows()
    assert found == [(a, date(2021, 1, 1), date(2021, 6, 1))]


def test_the_same_changes_twice_are_one_release(tmp_path):
    a = credit_code(1)
    deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small")
    day = DAY + timedelta(days=1)
    line = f"{a},2024,large,N"
    header = SIZE_HEADER + CHANGES
    first = deliver(tmp_path, SIZES, header, line, on=day, mode="incremental")
    again = deliver(tmp_path, SIZES, header, line, on=day, mode="incremental")
    assert first.created
    assert not again.created
    assert again.release == first.release
    assert len(list_releases(tmp_path / "releases", "size-class")) == 2


def test_changes_of_nothing_are_refused(tmp_path):
    with pytest.raises(DeliveryRefused, match="deliver all rows first"):
        deliver(tmp_path, SIZES, SIZE_HEADER + CHANGES, mode="incremental")


def test_changes_must_say_what_is_removed(tmp_path):
    a = credit_code(1)
    deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small")
    with pytest.raises(DeliveryRefused, match=r'"removed" \(已删除\) is missing'):
        deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,large", mode="incremental")


def test_a_chain_without_its_beginning_is_named(tmp_path):
    a = credit_code(1)
    first = deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small").release
    header = SIZE_HEADER + CHANGES
    second = deliver(tmp_path, SIZES, header, f"{a},2024,large,N", mode="incremental").release
    assert [link.hash for link in chain_of(second)] == [first.hash, second.hash]
    first.path.rename(tmp_path / "gone")
    with pytest.raises(ReleaseDamaged, match=f"{first.hash[:12]} that it changes is gone"):
        read_release(second, SIZES)


def test_a_report_says_what_is_new_changed_and_gone(tmp_path):
    a, b, c = (credit_code(number) for number in range(3))
    deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small", f"{b},2024,micro")
    day = DAY + timedelta(days=1)
    report = deliver(
        tmp_path,
        SIZES,
        SIZE_HEADER,
        f"{a},2024,large",
        f"{c},2024,micro",
        f"{c},2023,micro",
        on=day,
    )
    changed = report.release.changed
    assert (changed.new, changed.changed, changed.vanished, changed.before) == (2, 1, 1, 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_events_that_nothing_tells_apart_are_counted_one_by_one(before, after):
    def frame(days: list[int]) -> pl.DataFrame:
        dates = pl.Series("listed_on", [date(2024, 1, 1 + day) for day in days], dtype=pl.Date)
        code, open_end = pl.lit(credit_code(1)), pl.lit(None, dtype=pl.Date)
        return dates.to_frame().select(
            code.alias("uscc"), "listed_on", open_end.alias("removed_on")
        )

    kept = sum(min(before.count(day), after.count(day)) for day in range(5))
    changed = compare_rows(frame(before), frame(after), LISTED)
    assert (changed.new, changed.vanished) == (len(after) - kept, len(before) - kept)


def test_a_dataset_with_other_columns_is_delivered_anew(tmp_path):
    a = credit_code(1)
    before = {name: c for name, c in SIZES.columns.items() if name != "ent_size"}
    narrow = dataclasses.replace(SIZES, columns=before)
    deliver(tmp_path, narrow, "uscc,year", f"{a},2024")
    line = f"{a},2024,small,N"
    with pytest.raises(DeliveryRefused, match="have other columns: deliver all rows anew"):
        deliver(tmp_path, SIZES, SIZE_HEADER + CHANGES, line, mode="incremental")
    release = deliver(tmp_path, SIZES, SIZE_HEADER, f"{a},2024,small").release
    assert (release.changed.new, release.changed.before) == (1, 0)
    assert sizes_of(release) == {(a, 2024): "small"}


def test_changes_are_refused_while_a_newer_delivery_waits(tmp_path):
    limited = DATASETS["size-class"]
    lines = [f"{credit_code(number)},2024,small" for number in range(100)]
    deliver(tmp_path, limited, SIZE_HEADER, *lines)
    later = DAY + timedelta(days=1)
    waiting = deliver(tmp_path, limited, SIZE_HEADER, *lines[:9], on=later).release
    change = (SIZE_HEADER + CHANGES, f"{credit_code(1)},2024,large,N")
    with pytest.raises(DeliveryRefused, match=rf"{waiting.hash[:12]} .* waits for a decision"):
        deliver(tmp_path, limited, *change, on=later, mode="incremental")
    reject_release(waiting, by="reviewer", reason="cut off", at="2025-06-02T09:00:00")
    release = deliver(tmp_path, limited, *change, on=later, mode="incremental").release
    assert sizes_of(release)[credit_code(1), 2024] == "large"


def test_changes_are_refused_after_a_later_delivery(tmp_path):
    line, later = f"{credit_code(1)},2024,small", DAY + timedelta(days=2)
    deliver(tmp_path, SIZES, SIZE_HEADER, line)
    deliver(tmp_path, SIZES, SIZE_HEADER, line, on=later)
    change = (SIZE_HEADER + CHANGES, f"{credit_code(1)},2024,large,N")
    with pytest.raises(DeliveryRefused, match=f"delivered on {later} would not hold them"):
        deliver(tmp_path, SIZES, *change, on=DAY + timedelta(days=1), mode="incremental")
    assert deliver(tmp_path, SIZES, *change, on=later, mode="incremental").created
