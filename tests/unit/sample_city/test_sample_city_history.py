"""The same city again, in other blocks, and a month later."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from profiles.sample_city import write_city

SMALL: dict[str, Any] = {"firms": 300, "residents": 900, "seed": 11, "as_of": date(2025, 10, 31)}


def changed(before: pl.DataFrame, after: pl.DataFrame, key: list[str], column: str) -> pl.DataFrame:
    """Rows of both files with the same unique key whose column differs."""
    before = before.filter(before.select(key).is_unique())
    after = after.filter(after.select(key).is_unique())
    return before.join(after, on=key, suffix="_after").filter(
        pl.col(column).ne_missing(pl.col(column + "_after"))
    )


def test_the_same_arguments_write_the_same_bytes(tmp_path):
    first = write_city(tmp_path / "a", **SMALL)
    second = write_city(tmp_path / "b", **SMALL)
    assert first.planted == second.planted
    for name, path in first.files.items():
        assert path.read_bytes() == second.files[name].read_bytes(), name


def test_the_size_of_blocks_changes_nothing(tmp_path, reader):
    whole = write_city(tmp_path / "a", **SMALL)
    blocks = write_city(tmp_path / "b", **SMALL, block=97)
    assert whole.rows == blocks.rows
    assert whole.planted == blocks.planted
    for name, path in whole.files.items():
        other = blocks.files[name]
        if path.suffix == ".csv":
            assert path.read_bytes() == other.read_bytes(), name
        else:
            assert reader(path).equals(reader(other)), name


def test_another_seed_is_another_city(tmp_path, reader):
    first = write_city(tmp_path / "a", **SMALL)
    other = write_city(tmp_path / "b", **(SMALL | {"seed": 12}))
    a, b = reader(first.files["household-register"]), reader(other.files["household-register"])
    assert len(a.join(b, on="id_number", how="semi")) < len(a) / 20


def test_progress_ends_at_the_total(tmp_path):
    told = []
    write_city(tmp_path, **SMALL, block=100, on_progress=lambda *step: told.append(step))
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]
    assert len(told) > 5


def test_a_month_later_nearly_everybody_is_still_there(october, november):
    for name, key in (("registration", "uscc"), ("household-register", "id_number")):
        before, after = october.files[name], november.files[name]
        assert before.join(after, on=key, how="anti").is_empty()
        same = before.join(after, on=before.columns, how="semi", nulls_equal=True)
        assert len(same) > 0.98 * len(before)


def test_a_month_later_there_are_new_firms_and_closed_ones(october, november):
    before, after = october.files["registration"], november.files["registration"]
    new = after.join(before, on="uscc", how="anti")
    assert 0.003 < new["uscc"].n_unique() / len(before) < 0.01
    days = new["registered_on"].filter(new["registered_on"].str.contains("-"))
    assert days.min() > "2025-10-31"
    closed = changed(before, after, ["uscc"], "deregistered_on")
    assert len(closed) > 0
    assert closed["deregistered_on"].null_count() == len(closed)
    assert (
        closed["deregistered_on_after"].is_between(pl.lit("2025-11-01"), pl.lit("2025-11-30")).all()
    )


def test_a_month_later_there_are_births_deaths_and_arrivals(october, november):
    before, after = october.files["household-register"], november.files["household-register"]
    new = after.join(before, on="id_number", how="anti")
    assert (new["birth_date"] > "2025-10-01").sum() > 0
    assert new["moved_in_on"].is_not_null().sum() > 0
    died = changed(before, after, ["id_number"], "died_on")
    assert len(died) > 0
    assert (died["died_on_after"] > "2025-09-01").all()


def test_a_month_later_there_is_one_more_month_of_insurance(october, november):
    for name, month in (
        ("unemployment-insurance", "2025-10"),
        ("employee-insurance", "2025-10-01"),
    ):
        before, after = october.files[name]["month"], november.files[name]["month"]
        assert before.max() < month
        assert after.max() == month


def test_at_least_twenty_four_months_of_insurance_are_there(october):
    assert october.files["unemployment-insurance"]["month"].n_unique() >= 24
    assert october.files["employee-insurance"]["month"].n_unique() == 24


def test_a_month_later_lists_and_certificates_have_new_rows(october, november):
    for name, day in (
        ("serious-dishonesty-list", "listed_on"),
        ("abnormal-operation-list", "listed_on"),
        ("disability-certificates", "issued_on"),
        ("unemployment-benefit", "started_on"),
        ("social-assistance", "from_on"),
    ):
        before, after = october.files[name], november.files[name]
        key = [after.columns[0], day]
        new = after.join(before, on=key, how="anti")
        assert len(new) > 0, name
        assert (
            new[day].str.to_date("%Y-%m-%d", strict=False).drop_nulls() > date(2025, 9, 20)
        ).all()


def test_a_month_later_residents_have_new_jobs_and_have_left_others(october, november):
    before, after = october.files["employment"], november.files["employment"]
    at_home = october.files["household-register"]
    new = after.join(before, on=["person_id", "hired_on"], how="anti")
    new = new.join(at_home, left_on="person_id", right_on="id_number", how="semi")
    assert len(new) > 0
    assert (new["hired_on"] > "2025-09-20").all()
    left = changed(before, after, ["person_id", "hired_on"], "left_on")
    assert len(left) > 0
    assert left["left_on"].null_count() == len(left)


def test_values_are_corrected_filled_in_and_delivered_late(october, november):
    sizes = october.files["size-class"], november.files["size-class"]
    assert len(changed(*sizes, ["uscc", "year"], "ent_size")) > 0
    late = sizes[1].join(sizes[0], on=["uscc", "year"], how="anti")
    assert len(late) > 0
    before, after = october.files["registration"], november.files["registration"]
    filled = changed(before, after, ["uscc"], "industry_code")
    assert len(filled) > 0
    assert filled["industry_code"].null_count() == len(filled)
    paid = changed(
        october.files["unemployment-insurance"],
        november.files["unemployment-insurance"],
        ["uscc", "month"],
        "paid_in_full",
    )
    assert len(paid) > 0
    assert set(paid["paid_in_full"]) == {"false"}


@pytest.mark.parametrize(
    "name", ["graduation", "vat-filing", "hnte-certificates", "titles", "ecology-review"]
)
def test_events_that_were_known_stay_known(october, november, name):
    before, after = october.files[name], november.files[name]
    key = [before.columns[0], before.columns[1]]
    assert before.join(after, on=key, how="anti").is_empty()


def test_a_year_earlier_it_is_a_smaller_city(tmp_path, reader):
    earlier = write_city(tmp_path / "a", **(SMALL | {"as_of": date(2024, 10, 31)}))
    later = write_city(tmp_path / "b", **SMALL)
    before, after = (reader(report.files["registration"]) for report in (earlier, later))
    assert len(before) < len(after)
    assert before.join(after, on="uscc", how="anti").is_empty()
