"""Rows go through files without being lost, and a release is the same whichever way they went."""

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import profiles.spill
from profiles.release import read_release
from profiles.slot import SLOTS, slots_of
from profiles.spill import Spill
from tests.unit.profiles.delivery_world import DATASETS, credit_code, deliver, resident_number


@given(st.lists(st.text(max_size=30)))
def test_every_key_has_a_slot_that_does_not_depend_on_its_neighbours(keys):
    series = pl.Series("key", keys, dtype=pl.String)
    slots = slots_of(series)
    assert ((slots >= 0) & (slots < SLOTS)).all()
    for key, slot in zip(keys, slots, strict=True):
        assert slots_of(pl.Series([key]))[0] == slot


def test_slots_stay_what_they_are():
    # releases on disk rest on it
    keys = pl.Series([credit_code(1), credit_code(2), resident_number(1), "990101", ""])
    assert slots_of(keys).tolist() == [13, 23, 61, 20, 0]


def test_slots_are_filled_evenly():
    for make in (credit_code, lambda n: resident_number(n % 1000, f"19{n // 1000 + 10}0101")):
        keys = pl.Series([make(number) for number in range(20_000)])
        counts = np.bincount(slots_of(keys), minlength=SLOTS)
        mean = 20_000 / SLOTS
        # a binomial count leaves five deviations once in a million
        assert np.abs(counts - mean).max() < 5 * mean**0.5


def test_shares_hold_every_row_once(tmp_path, monkeypatch):
    monkeypatch.setattr(profiles.spill, "IN_MEMORY", 50)
    rows = pl.DataFrame({"key": [credit_code(n % 90) for n in range(400)], "line": range(400)})
    with Spill("key", rows.clear(), tmp_path / "spilled") as spill:
        for start in range(0, 400, 30):
            spill.add(rows.slice(start, 30))
        assert spill.height == 400
        found = []
        for slots, share in spill.shares():
            assert np.isin(slots_of(share["key"]), list(slots)).all()
            assert share["line"].is_sorted()
            found.append(share)
    assert pl.concat(found).sort("line").equals(rows)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("in_memory", [10, 100])
def test_a_release_is_the_same_whichever_way_its_rows_went(tmp_path, monkeypatch, in_memory):
    dataset = DATASETS["size-class"]
    lines = [f"{credit_code(n % 200)},{2020 + n // 200},small" for n in range(600)]
    lines += [f"{credit_code(7)},2020,small", f"{credit_code(8)},2020,large", "x,2020,small"]
    header = "uscc,year,ent_size"
    plain = deliver(tmp_path / "plain", dataset, header, *lines).release
    monkeypatch.setattr(profiles.spill, "IN_MEMORY", in_memory)
    monkeypatch.setattr("profiles.csv_lines.BLOCK_BYTES", 4096, raising=False)
    random.Random(1).shuffle(lines)
    spilled = deliver(tmp_path / "spilled", dataset, header, *lines).release
    assert spilled.hash == plain.hash
    assert (spilled.repeated, spilled.quarantined) == (1, 3) == (plain.repeated, plain.quarantined)
    assert read_release(spilled, dataset).equals(read_release(plain, dataset))


@pytest.mark.parametrize("in_memory", [10, 10_000])
@pytest.mark.parametrize("several", [1, 2, 8, 64])
def test_the_slots_of_a_release_make_up_the_whole(tmp_path, monkeypatch, in_memory, several):
    dataset = DATASETS["size-class"]
    lines = [f"{credit_code(n)},2024,small" for n in range(40)]
    monkeypatch.setattr(profiles.spill, "IN_MEMORY", in_memory)
    release = deliver(tmp_path, dataset, "uscc,year,ent_size", *lines).release
    size = SLOTS // several
    parts = [
        read_release(release, dataset, range(n * size, (n + 1) * size)) for n in range(several)
    ]
    assert pl.concat(parts).equals(read_release(release, dataset))
    for number, part in enumerate(parts):
        assert set(slots_of(part["uscc"]) // size) <= {number}
