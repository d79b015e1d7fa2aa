"""A firm or a person under two identifiers is one subject, whichever way parts are cut."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from awards.granted import GRANT_SCHEMA
from profiles.snapshot import Snapshot, read_part
from tests.unit.profiles.delivery_world import credit_code, deliver, resident_number
from tests.unit.profiles.test_city_snapshot import (
    INSURANCE,
    REGISTRATION,
    build,
    facts_of,
    firm,
    id_of,
)

OLD, NEW, OTHER = (credit_code(number) for number in (101, 202, 303))
CHANGES = "uscc,old_identifier,change,effective_on,authority"


def months(code: str, *numbers: int, premium: str = "100", year: int = 2024) -> list[str]:
    return [f"{code},{year}-{month:02},9,{premium},true" for month in numbers]


def deliver_firm(
    home: Path, *changes: str, registered: tuple[str, ...] = (OLD, NEW, OTHER)
) -> None:
    deliver(home, "registration", REGISTRATION, *map(firm, registered))
    deliver(home, "enterprise-identifier-changes", CHANGES, *changes)
    rows = [*months(OLD, 1, 2, 3, 4), *months(NEW, 4, 5, 6), *months(OTHER, 1)]
    deliver(home, "unemployment-insurance", INSURANCE, *rows)


def change(old: str, new: str, kind: str = "corrected", day: str = "2024-05-01") -> str:
    return f"{new},{old},{kind},{day},登记机关"


def subjects_of(snapshot: Snapshot) -> set[str]:
    parts = [read_part(snapshot, part, datasets=()) for part in snapshot.parts("enterprise")]
    return set(pl.concat([part.facts["subject"] for part in parts]))


@pytest.mark.parametrize("part_size", [1, 2, 100])
def test_rows_under_the_old_identifier_count_for_the_new_one(tmp_path, part_size):
    deliver_firm(tmp_path, change(OLD, NEW))
    snapshot = build(tmp_path, part_size=part_size)
    assert subjects_of(snapshot) == {id_of(NEW), id_of(OTHER)}
    # April stands under both and says the same: once
    assert facts_of(snapshot, NEW)["ui_paid_months"] == 6
    assert facts_of(snapshot, OTHER)["ui_paid_months"] == 1


def test_a_merged_firm_does_not_bring_its_months(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW, kind="merged"))
    snapshot = build(tmp_path)
    assert facts_of(snapshot, NEW)["ui_paid_months"] == 3


def test_where_both_say_different_things_nothing_is_known(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW))
    deliver(
        tmp_path,
        "unemployment-insurance",
        INSURANCE,
        *months(OLD, 1, 4, premium="7"),
        *months(NEW, 4, 5),
        on=date(2025, 6, 1),
    )
    facts = facts_of(build(tmp_path), NEW)
    assert facts["ui_paid_months"] is None
    assert facts["ui_premium_prev_year"] is None


def test_who_would_be_lost_keeps_its_identifier(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW), registered=(OLD, OTHER))
    snapshot = build(tmp_path)
    assert subjects_of(snapshot) == {id_of(OLD), id_of(OTHER)}
    assert facts_of(snapshot, OLD)["ui_paid_months"] == 4


def test_changes_that_contradict_each_other_change_nothing_and_are_noted(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW), change(OLD, OTHER, day="2024-06-01"))
    snapshot = build(tmp_path)
    assert facts_of(snapshot, OLD)["ui_paid_months"] == 4
    (note,) = [note for note in snapshot.notes if "contradict each other" in note]
    assert note.startswith("1 identifiers")


def test_rows_set_aside_under_the_old_identifier_make_the_new_one_doubtful(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW))
    rows = [*months(OLD, 1), f"{OLD},2024-02,none,1,true", *months(NEW, 5)]
    deliver(tmp_path, "unemployment-insurance", INSURANCE, *rows)
    assert facts_of(build(tmp_path), NEW)["ui_paid_months"] is None


def test_persons_named_in_rows_of_others_are_named_by_the_number_that_counts(tmp_path):
    old, new = resident_number(1), resident_number(2)
    register = (
        "id_number,name,sex,birth_date,region,moved_in_on,household_no,relation,phone,died_on"
    )
    lines = [f"{number},某,male,1990-01-01,990101,,户,head,," for number in (old, new)]
    deliver(tmp_path, "household-register", register, *lines)
    deliver(
        tmp_path,
        "resident-identifier-changes",
        "id_number,old_identifier,change,effective_on,authority",
        f"{new},{old},duplicate_cancelled,2024-01-01,公安局",
    )
    deliver(tmp_path, "registration", REGISTRATION, firm(NEW))
    header = "uscc,person_id,started_on"
    lines = [f"{NEW},{old},2024-07-01", f"{NEW},{new},2024-08-01"]
    deliver(tmp_path, "unemployment-benefit", header, *lines)
    snapshot = build(tmp_path)
    assert facts_of(snapshot, NEW)["ui_benefit_recipients"] == 1
    (part,) = snapshot.parts("resident")
    assert read_part(snapshot, part).facts.height == 1


def test_our_own_rows_under_the_former_id_come_along_and_the_snapshot_names_it(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW))
    grants = pl.DataFrame(
        [("enterprise", id_of(OLD), "p", "2024", "", None, 100, 12, date(2024, 1, 1), None)],
        schema=GRANT_SCHEMA,
        orient="row",
    )
    snapshot = build(tmp_path, made={"grants": grants})
    assert snapshot.former == ((id_of(OLD), id_of(NEW)),)
    frames = [read_part(snapshot, part) for part in snapshot.parts("enterprise")]
    found = pl.concat([frame.rows["grants"] for frame in frames])
    assert found["subject"].to_list() == [id_of(NEW)]
