"""A profile says of each fact what it is, where it is from, and why it is missing where it is."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from profiles.errors import ReleaseGone
from profiles.revealed_rows import find_identifier, read_revealed
from profiles.snapshot import Snapshot
from profiles.subject_profile import Profile, build_profile
from tests.unit.profiles.delivery_world import (
    DATASETS,
    DAY,
    KEY,
    credit_code,
    deliver,
    resident_number,
)
from tests.unit.profiles.test_city_snapshot import (
    FIRMS,
    PERSONS,
    VOCABULARY,
    build,
    deliver_city,
    firm,
    id_of,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    deliver_city(tmp_path)
    deliver(tmp_path, "zombie-list", "uscc,listed_on,removed_on", f"{FIRMS[2]},2024-05-01,")
    # of the third firm one row is unreadable, of the fourth there is none in an incomplete list
    deliver(
        tmp_path,
        "annual-accounts",
        ",".join(DATASETS["annual-accounts"].columns),
        f"{FIRMS[0]},2024,12,80000,1000000,",
        f"{FIRMS[2]},2024,many,80000,1000000,5",
    )
    return tmp_path


def profile_of(snapshot: Snapshot, code: str) -> Profile:
    (part,) = snapshot.parts("enterprise")
    return build_profile(snapshot, part, id_of(code), VOCABULARY)


def standings(profile: Profile) -> dict[str, str]:
    return {told.fact.name: told.standing for told in profile.facts}


def facts_of(dataset: str) -> list[str]:
    return [
        name
        for name, fact in VOCABULARY.facts.items()
        if fact.measure is not None
        and fact.measure.dataset == dataset
        and fact.of == "enterprise"
        and "::" not in name
    ]


def test_known_facts_have_exact_values_and_their_source(home: Path) -> None:
    snapshot = build(home)
    profile = profile_of(snapshot, FIRMS[0])
    known = {told.fact.name: told for told in profile.facts}
    assert known["ui_premium_prev_year"].value == Fraction(1206)  # 12 months of 100.5
    assert known["ent_region"].value == "990101"
    assert known["is_zombie"].value is False
    source = profile.sources["unemployment-insurance"]
    assert source.delivered_on == DAY
    assert source.rows.height == 12
    assert (source.stale, source.set_aside) == (False, False)
    days = DATASETS["unemployment-insurance"].fresh_within_days
    assert days is not None
    assert source.fresh_until is not None
    assert (source.fresh_until - DAY).days == days
    used = {release.dataset: release.hash for release in snapshot.releases}
    assert source.release == used["unemployment-insurance"]


def test_each_way_to_be_missing_is_told_apart(home: Path) -> None:
    snapshot = build(home)
    first, third, fourth = (profile_of(snapshot, FIRMS[n]) for n in (0, 2, 3))
    accounts = facts_of("annual-accounts")
    assert accounts
    assert {standings(third)[name] for name in accounts} == {"set aside"}
    assert third.sources["annual-accounts"].set_aside
    assert {standings(fourth)[name] for name in accounts} <= {"no row"}
    assert standings(first)["credit_serious_dishonest"] == "never delivered"
    # its research expense is an empty cell
    empty = [t for t in first.facts if t.dataset == "annual-accounts" and t.standing != "known"]
    assert {told.standing for told in empty} <= {"rows do not say"}
    assert first.sources["zombie-list"].rows.is_empty()
    assert third.sources["zombie-list"].rows["listed_on"].to_list() == [date(2024, 5, 1)]


def test_a_stale_release_is_named_with_its_day(home: Path) -> None:
    days = DATASETS["unemployment-insurance"].fresh_within_days
    assert days is not None
    late = date.fromordinal(DAY.toordinal() + days + 1)
    profile = profile_of(build(home, late), FIRMS[0])
    source = profile.sources["unemployment-insurance"]
    assert source.stale
    assert source.delivered_on == DAY
    assert {standings(profile)[name] for name in facts_of("unemployment-insurance")} == {"stale"}


def test_what_does_not_apply_is_not_missing(home: Path) -> None:
    deliver(home, "titles", ",".join(DATASETS["titles"].columns))
    told = {fact.fact.name: fact for fact in profile_of(build(home), FIRMS[0]).facts}["title"]
    assert (told.standing, told.value) == ("does not apply", None)


def test_a_fact_that_cannot_be_worked_out_names_what_it_lacks(tmp_path: Path) -> None:
    header = ",".join(DATASETS["registration"].columns)
    deliver(tmp_path, "registration", header, *map(firm, FIRMS))
    told = {t.fact.name: t for t in profile_of(build(tmp_path), FIRMS[0]).facts}
    rate = told["layoff_rate_pct"]
    assert (rate.value, rate.standing) == (None, "not worked out")
    assert "ui_benefit_recipients" in rate.missing
    assert {told[name].standing for name in rate.missing} == {"never delivered"}
    # from 2020-01-01 to 2025-06-01
    assert told["months_since_registration"].value == 65


def test_an_average_stands_with_the_dataset_it_is_made_from(home: Path) -> None:
    snapshot = build(home)
    told = {t.fact.name: t for t in profile_of(snapshot, FIRMS[0]).facts}
    average = told["ui_insured_avg_prev_year"]
    assert average.dataset == "unemployment-insurance"
    # 10, 11, … 21 insured in the twelve months of 2024
    assert average.value == Fraction(sum(range(10, 22)), 12)
    none = {t.fact.name: t for t in profile_of(snapshot, FIRMS[3]).facts}[average.fact.name]
    assert (none.standing, none.missing) == ("no row", ())


def test_nobody_else_is_in_a_profile(home: Path) -> None:
    snapshot = build(home)
    (part,) = snapshot.parts("enterprise")
    with pytest.raises(ValueError, match="does not hold"):
        build_profile(snapshot, part, "E" + "a" * 16, VOCABULARY)


def test_personal_columns_come_from_the_release_alone(home: Path) -> None:
    snapshot = build(home)
    benefit = DATASETS["unemployment-benefit"]
    in_snapshot = profile_of(snapshot, FIRMS[0]).sources["unemployment-benefit"].rows
    assert not set(PERSONS) & set(in_snapshot["person_id"])
    shown = read_revealed(snapshot, home / "releases", benefit, FIRMS[0])
    assert sorted(shown["person_id"]) == sorted(PERSONS)
    assert "uscc" not in shown.columns
    register = read_revealed(snapshot, home / "releases", DATASETS["registration"], FIRMS[1])
    assert register["legal_representative"].to_list() == ["某某"]
    assert read_revealed(snapshot, home / "releases", benefit, FIRMS[1]).height == 0
    never = DATASETS["serious-dishonesty-list"]
    assert read_revealed(snapshot, home / "releases", never, FIRMS[0]).height == 0


def test_a_surrogate_id_is_turned_back_by_the_register_of_the_snapshot(home: Path) -> None:
    snapshot, register = build(home), DATASETS["registration"]
    found = find_identifier(snapshot, home / "releases", register, id_of(FIRMS[4]), KEY)
    assert found == FIRMS[4]
    stranger = id_of(credit_code(999))
    assert find_identifier(snapshot, home / "releases", register, stranger, KEY) is None


def test_rows_are_those_of_the_snapshot_even_after_a_later_delivery(home: Path) -> None:
    snapshot = build(home)
    person = resident_number(77)
    line = f"{FIRMS[0]},{person},2024-07-01"
    deliver(home, "unemployment-benefit", "uscc,person_id,started_on", line, on=date(2025, 6, 2))
    benefit = DATASETS["unemployment-benefit"]
    shown = read_revealed(snapshot, home / "releases", benefit, FIRMS[0])
    assert person not in shown["person_id"].to_list()
    for folder in (home / "releases" / benefit.name).iterdir():
        folder.rename(home / folder.name)
    with pytest.raises(ReleaseGone, match=r"delivered 2025-06-01, is kept no longer"):
        read_revealed(snapshot, home / "releases", benefit, FIRMS[0])


def test_columns_that_are_personal_make_a_fact_masked(home: Path) -> None:
    masked = {told.fact.name for told in profile_of(build(home), FIRMS[0]).facts if told.masked}
    expected = {
        name
        for name, fact in VOCABULARY.facts.items()
        if fact.of in ("enterprise", "region") and fact.type == "text" and fact.formula is None
    }
    assert expected <= masked
    for name in masked - expected:
        fact = VOCABULARY.facts[name]
        assert fact.measure is not None
        column = DATASETS[fact.measure.dataset].columns[fact.measure.column]
        assert column.sensitivity in ("personal", "sensitive")


def test_rows_of_others_are_not_shown(home: Path) -> None:
    snapshot = build(home)
    seen = [profile_of(snapshot, code).sources["unemployment-insurance"].rows for code in FIRMS]
    (part,) = snapshot.parts("enterprise")
    assert [frame.height for frame in seen] == [12, 1, 0, 0, 0]
    assert isinstance(seen[0], pl.DataFrame)
    assert part.subjects == len(FIRMS)
