"""A firm or a person under two identifiers is one subject, whichever way parts are cut."""

import tempfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awards.granted import GRANT_SCHEMA
from profiles.release import newest_release
from profiles.renumbering import Renumbered, find_renumbered
from profiles.snapshot import Snapshot, read_part
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    credit_code,
    deliver,
    resident_number,
)
from tests.unit.profiles.test_city_snapshot import (
    INSURANCE,
    REGISTRATION,
    build,
    facts_of,
    firm,
    id_of,
)
from tests.unit.profiles.test_increment import assert_same

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


def doubtful_of(snapshot: Snapshot, code: str) -> set[str]:
    parts = [read_part(snapshot, part, datasets=()) for part in snapshot.parts("enterprise")]
    return set(pl.concat([part.doubtful for part in parts]).filter(subject=id_of(code))["dataset"])


@pytest.mark.parametrize("part_size", [1, 100])
def test_of_identifiers_whose_changes_contradict_each_other_nothing_is_known(tmp_path, part_size):
    aside = credit_code(404)
    fork = change(OLD, NEW), change(OLD, OTHER, day="2024-06-01")
    deliver_firm(tmp_path, *fork, registered=(OLD, NEW, OTHER, aside))
    deliver(tmp_path, "disability-employment-ratio", "region,year,ratio_pct", "990000,2024,1.5")
    grants = pl.DataFrame(schema=GRANT_SCHEMA)
    snapshot = build(tmp_path, part_size=part_size, made={"grants": grants})
    assert subjects_of(snapshot) == {id_of(code) for code in (OLD, NEW, OTHER, aside)}
    for code in (OLD, NEW, OTHER):
        facts = facts_of(snapshot, code)
        known = {name for name, value in facts.items() if value is not None}
        assert {name for name in known if not name.endswith("::none")} == {"subject"}
        assert not any(facts[name] for name in known - {"subject"})
        about_firms = {"registration", "enterprise-identifier-changes", "unemployment-insurance"}
        assert doubtful_of(snapshot, code) == about_firms | {"grants"}
    assert facts_of(snapshot, aside)["ui_paid_months"] == 0
    assert facts_of(snapshot, aside)["ent_region"] == "990101"
    assert facts_of(snapshot, aside)["p_disabled_ratio_pct"] == 1.5
    assert doubtful_of(snapshot, aside) == set()
    assert snapshot.unclear == tuple(sorted(map(id_of, (OLD, NEW, OTHER))))
    (note,) = [note for note in snapshot.notes if "contradict each other" in note]
    assert note.startswith("3 identifiers")


def test_a_circle_leaves_nothing_known_and_a_corrected_row_ends_it(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW), change(NEW, OLD, day="2024-06-01"))
    circle = build(tmp_path)
    assert facts_of(circle, OLD)["ui_paid_months"] is None
    assert facts_of(circle, NEW)["ui_paid_months"] is None
    assert facts_of(circle, OTHER)["ui_paid_months"] == 1
    deliver(tmp_path, "enterprise-identifier-changes", CHANGES, change(OLD, NEW))
    assert facts_of(build(tmp_path), NEW)["ui_paid_months"] == 6


def test_who_a_change_that_cannot_be_read_is_about_is_not_known(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW, day="some day"), change(credit_code(9), OTHER))
    snapshot = build(tmp_path)
    assert facts_of(snapshot, NEW)["ui_paid_months"] is None
    assert facts_of(snapshot, OTHER)["ui_paid_months"] == 1


def test_an_old_list_of_changes_still_counts(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW))
    later = date(2026, 7, 7)
    rows = [*months(OLD, 1, 2, 3, year=2025), *months(NEW, 4, year=2025)]
    for name, header, lines in (
        ("registration", REGISTRATION, map(firm, (OLD, NEW, OTHER))),
        ("unemployment-insurance", INSURANCE, rows),
    ):
        deliver(tmp_path, name, header, *lines, on=later)
    snapshot = build(tmp_path, later)
    assert {used.dataset for used in snapshot.releases if used.stale} == {
        "enterprise-identifier-changes"
    }
    assert subjects_of(snapshot) == {id_of(NEW), id_of(OTHER)}
    assert facts_of(snapshot, NEW)["ui_paid_months"] == 4


def test_the_register_is_not_read_under_a_former_identifier(tmp_path):
    deliver_firm(tmp_path, change(OLD, NEW))
    elsewhere, broken = firm(OLD, region="990102"), firm(OLD, region="nowhere")
    for row in (elsewhere, broken):
        rows = [firm(NEW), firm(OTHER), row]
        deliver(tmp_path, "registration", REGISTRATION, *rows, on=date(2025, 6, 1))
        snapshot = build(tmp_path)
        assert subjects_of(snapshot) == {id_of(NEW), id_of(OTHER)}
        assert facts_of(snapshot, NEW)["ent_region"] == "990101"
        assert doubtful_of(snapshot, NEW) == set()


def test_a_chain_ends_at_the_last_identifier_that_is_registered(tmp_path):
    unknown = credit_code(404)
    changes = change(OLD, NEW), change(NEW, unknown, day="2024-06-01")
    deliver_firm(tmp_path, *changes)
    snapshot = build(tmp_path)
    assert subjects_of(snapshot) == {id_of(NEW), id_of(OTHER)}
    assert facts_of(snapshot, NEW)["ui_paid_months"] == 6


@pytest.mark.parametrize("part_size", [1, 100])
def test_an_increment_is_made_only_where_the_same_identifiers_are_unclear(tmp_path, part_size):
    fork = change(OLD, NEW), change(OLD, OTHER, day="2024-06-01")
    deliver_firm(tmp_path, *fork[:1], registered=(OLD, NEW))
    made = {"grants": pl.DataFrame(schema=GRANT_SCHEMA)}
    reasons: list[str] = []
    options = {"part_size": part_size, "made": made, "on_anew": reasons.append}
    base = build(tmp_path, **options)
    deliver(tmp_path, "enterprise-identifier-changes", CHANGES, *fork)
    forked = build(tmp_path, base=base, **options)
    assert (forked.base, reasons) == (None, ["identifiers have changed"])
    late = credit_code(505)
    rows = [*months(OLD, 1, 2), *months(NEW, 4, 5, 6, 7), *months(late, 1)]
    deliver(tmp_path, "unemployment-insurance", INSURANCE, *rows)
    deliver(tmp_path, "registration", REGISTRATION, *map(firm, (OLD, NEW, OTHER, late)))
    increment = build(tmp_path, base=forked, **options)
    whole = build(tmp_path, **options)
    if part_size == 100:
        assert increment.base == forked
    assert facts_of(increment, NEW)["ui_paid_months"] is None
    assert facts_of(increment, late)["ui_paid_months"] == 1
    assert_same(increment, whole)
    # the same contradiction the other way round: as many are unclear, and others
    turned = change(NEW, OLD), change(NEW, credit_code(404), day="2024-06-01")
    deliver(tmp_path, "enterprise-identifier-changes", CHANGES, *turned)
    assert build(tmp_path, base=whole, **options).base is None
    assert reasons[-1] == "identifiers have changed"


EVE = date(2025, 5, 31)
CODES = [credit_code(number) for number in range(6)]
EDGES = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.sampled_from(CODES),
        st.sampled_from(["2025-04-30", "2025-05-31", "2025-06-01"]),
        st.sampled_from(["corrected", "corrected", "converted", "merged"]),
    ),
    max_size=7,
    unique_by=lambda edge: edge[:3],
)


def expect(edges: list[tuple[str, str]], registered: set[str]) -> tuple[set[str], dict[str, str]]:
    """What a careful clerk finds: whom nothing is known of, and who became whom."""
    after: dict[str, set[str]] = {}
    for old, new in edges:
        if old != new:
            after.setdefault(old, set()).add(new)
    groups = {code: {code} for code in CODES}
    for old, news in after.items():
        for new in news:
            together = groups[old] | groups[new]
            groups |= dict.fromkeys(together, together)
    unclear: set[str] = set()
    for code in CODES:
        seen, here = [code], code
        while len(after.get(here, ())) == 1 and seen.count(here) == 1:
            (here,) = after[here]
            seen.append(here)
        if here in after:
            unclear |= groups[code]
    became = {}
    for code in set(CODES) - unclear:
        here = code
        while here in after:
            (here,) = after[here]
            if here in registered:
                became[code] = here
    return unclear, became


@settings(max_examples=40)
@given(EDGES, st.sets(st.sampled_from(CODES), min_size=1))
def test_whatever_the_changes_each_number_is_one_subjects_or_nobodys(edges, registered):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows = [change(old, new, kind, day) for old, new, day, kind in edges]
        deliver(home, "registration", REGISTRATION, *map(firm, sorted(registered)))
        deliver(home, "enterprise-identifier-changes", CHANGES, *rows)
        register, changes = (
            (DATASETS[name], release)
            for name in ("registration", "enterprise-identifier-changes")
            if (release := newest_release(home / "releases", name, DAY)) is not None
        )
        found = find_renumbered([changes], [register], EVE)
    told = [
        (old, new) for old, new, day, kind in edges if day <= EVE.isoformat() and kind != "merged"
    ]
    unclear, became = expect(told, registered)
    assert set(found.unclear_of("enterprise")) == unclear
    assert dict(found.of("enterprise").iter_rows()) == became


def test_a_household_keeps_its_number_when_the_person_under_it_gets_another(tmp_path):
    old, new = resident_number(1), resident_number(2)
    changed = Renumbered(pairs={"resident": pl.DataFrame({"identifier": [old], "resolved": [new]})})
    keys = pl.Series("key", [old, "other"])
    assert changed.replace_keys("household", keys).to_list() == [old, "other"]
    assert changed.replace_keys("resident", keys).to_list() == [new, "other"]


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


def test_persons_of_whom_nobody_can_tell_who_they_are_are_not_counted_twice(tmp_path):
    old, new, other, sure = (resident_number(number) for number in range(4))
    header = ",".join(DATASETS["household-register"].columns)
    lines = [f"{n},某,male,1990-01-01,990101,,户,head,," for n in (old, new, other, sure)]
    deliver(tmp_path, "household-register", header, *lines)
    header = "id_number,old_identifier,change,effective_on,authority"
    fork = [f"{n},{old},duplicate_cancelled,2024-01-01,公安局" for n in (new, other)]
    deliver(tmp_path, "resident-identifier-changes", header, *fork)
    deliver(tmp_path, "registration", REGISTRATION, firm(NEW), firm(OTHER))
    drew = [f"{NEW},{old},2024-07-01", f"{NEW},{new},2024-08-01", f"{OTHER},{sure},2024-08-01"]
    deliver(tmp_path, "unemployment-benefit", "uscc,person_id,started_on", *drew)
    snapshot = build(tmp_path)
    # they may be one person or two
    assert facts_of(snapshot, NEW)["ui_benefit_recipients"] is None
    assert facts_of(snapshot, OTHER)["ui_benefit_recipients"] == 1


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
